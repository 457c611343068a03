// input_ids -> logits: rows of a table; sequences may be of any length.
func.func @packed(%ids: tensor<?xi32> {tx.name = "input_ids"}, %offsets: tensor<?xi32> {tx.name = "offsets"})
    -> (tensor<?x4xf32> {tx.name = "logits"}) attributes {tx.entry = "packed"} {
  %table = tx.param dense<1.0> : tensor<8x4xf32>
  %0 = tx.embedding %table, %ids : (tensor<8x4xf32>, tensor<?xi32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
