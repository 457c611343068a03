// Names and attributes that JSON has no text or number for.
module attributes {tx.model = {"\FF" = 1 : i64, huge = 170141183460469231731687303715884105727 : i128, inf = 0x7F800000 : f32, max_length = 16 : i64, nested = {"\FE" = [unit]}}} {
  func.func @packed(%ids: tensor<?xi32> {tx.name = "input_ids"}, %offsets: tensor<?xi32> {tx.name = "offsets"}) -> (tensor<?x2xf32> {tx.name = "out\FF"}) attributes {tx.entry = "packed"} {
    %t = tx.param dense<[[0.0, 1.0], [2.0, 3.0]]> : tensor<2x2xf32>
    %0 = tx.embedding %t, %ids : (tensor<2x2xf32>, tensor<?xi32>) -> tensor<?x2xf32>
    return %0 : tensor<?x2xf32>
  }
}
