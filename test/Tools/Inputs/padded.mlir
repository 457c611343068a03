// input_ids -> logits: rows of a table times a matrix.
func.func @padded(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"})
    -> (tensor<?x?x4xf32> {tx.name = "logits"}) attributes {tx.entry = "padded"} {
  %table = tx.param dense<1.0> : tensor<8x4xf32>
  %weight = tx.param dense<0.5> : tensor<4x4xf32>
  %0:3 = tx.pack_tokens column %mask, %ids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  %1 = tx.embedding %table, %0#0 : (tensor<8x4xf32>, tensor<?xi32>) -> tensor<?x4xf32>
  %2 = tx.linear %1, %weight : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
  %3 = tx.unpack_tokens %2, %0#1, %mask : (tensor<?x4xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x4xf32>
  return %3 : tensor<?x?x4xf32>
}
