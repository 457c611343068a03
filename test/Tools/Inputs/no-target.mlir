// A fused module whose target got lost.
module attributes {tx.model = {max_length = 16 : i64}, tx.phase = "fuse"} {
  tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  tx.kernel @embedding(%t: tensor<?x?xf32>, %ids: tensor<?xi32>) -> tensor<?x?xf32> {
    %0 = tx.embedding %t, %ids : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%ids: tensor<?xi32> {tx.name = "input_ids"}, %offsets: tensor<?xi32> {tx.name = "offsets"}) -> (tensor<?x2xf32> {tx.name = "out"}) attributes {tx.entry = "packed"} {
    %t = tx.param dense<[[0.0, 1.0], [2.0, 3.0]]> : tensor<2x2xf32>
    %0 = tx.call @embedding(%t, %ids) {tx.flops = array<i64: 0, 0, 0>} : (tensor<2x2xf32>, tensor<?xi32>) -> tensor<?x2xf32>
    %1 = tx.call @linear(%0, %t) {tx.flops = array<i64: 8, 0, 0>} : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
    return %1 : tensor<?x2xf32>
  }
}
