module attributes {tx.model = {family = "bert", head = "encoder", max_length = 512 : i64, position_base = 0 : i64}, tx.phase = "import"} {
  func.func private @encoder(%ids: tensor<?xi32>, %types: tensor<?xi32>, %positions: tensor<?xi32>, %offsets: tensor<?xi32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
    %words = tx.param #tx.external<"m.safetensors", "words"> : tensor<100x8xf32>
    %tt = tx.param #tx.external<"m.safetensors", "types"> : tensor<2x8xf32>
    %pt = tx.param #tx.external<"m.safetensors", "positions"> : tensor<512x8xf32>
    %g = tx.param #tx.external<"m.safetensors", "g"> : tensor<8xf32>
    %b = tx.param #tx.external<"m.safetensors", "b"> : tensor<8xf32>
    %wq = tx.param #tx.external<"m.safetensors", "wq"> : tensor<8x8xf32>
    %wk = tx.param #tx.external<"m.safetensors", "wk"> : tensor<8x8xf32>
    %wv = tx.param #tx.external<"m.safetensors", "wv"> : tensor<8x8xf32>
    %wo = tx.param #tx.external<"m.safetensors", "wo"> : tensor<8x8xf32>
    %wu = tx.param #tx.external<"m.safetensors", "wu"> : tensor<32x8xf32>
    %bu = tx.param #tx.external<"m.safetensors", "bu"> : tensor<32xf32>
    %wd = tx.param #tx.external<"m.safetensors", "wd"> : tensor<8x32xf32>
    %e0 = tx.embedding %words, %ids : (tensor<100x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
    %e1 = tx.embedding %tt, %types : (tensor<2x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
    %e2 = tx.embedding %pt, %positions : (tensor<512x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
    %s0 = tx.add %e0, %e1 : tensor<?x8xf32>
    %s1 = tx.add %s0, %e2 : tensor<?x8xf32>
    %h0 = tx.layer_norm %s1, %g, %b {eps = 1.0e-12 : f32} : tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>
    %q = tx.linear %h0, %wq bias %b : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
    %k = tx.linear %h0, %wk bias %b : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
    %v = tx.linear %h0, %wv bias %b : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
    %a = tx.attention full %q, %k, %v offsets %offsets, %offsets {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
    %o = tx.linear %a, %wo bias %b : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
    %r0 = tx.add %o, %h0 : tensor<?x8xf32>
    %h1 = tx.layer_norm %r0, %g, %b {eps = 1.0e-12 : f32} : tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>
    %f = tx.ffn gelu %h1 up %wu bias %bu down %wd down_bias %b
      : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<32xf32>, tensor<8x32xf32>, tensor<8xf32>) -> tensor<?x8xf32>
    %r1 = tx.add %f, %h1 : tensor<?x8xf32>
    %h2 = tx.layer_norm %r1, %g, %b {eps = 1.0e-12 : f32} : tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>
    %p = tx.pool cls %h2, %offsets : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
    %pl = tx.linear %p, %wq bias %b : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
    %pt0 = tx.activation tanh %pl : tensor<?x8xf32>
    return %h2, %pt0 : tensor<?x8xf32>, tensor<?x8xf32>
  }
  func.func @packed(%ids: tensor<?xi32> {tx.name = "input_ids"}, %types: tensor<?xi32> {tx.name = "token_type_ids"}, %offsets: tensor<?xi32> {tx.name = "offsets"})
      -> (tensor<?x8xf32> {tx.name = "last_hidden_state"}, tensor<?x8xf32> {tx.name = "pooler_output"}) attributes {tx.entry = "packed"} {
    %p = tx.positions column %ids, %offsets : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
    %r:2 = call @encoder(%ids, %types, %p, %offsets) : (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) -> (tensor<?x8xf32>, tensor<?x8xf32>)
    return %r#0, %r#1 : tensor<?x8xf32>, tensor<?x8xf32>
  }
  func.func @padded(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"}, %types: tensor<?x?xi32> {tx.name = "token_type_ids"})
      -> (tensor<?x?x8xf32> {tx.name = "last_hidden_state"}, tensor<?x8xf32> {tx.name = "pooler_output"}) attributes {tx.entry = "padded"} {
    %i, %t, %offsets, %p = tx.pack_tokens column %mask, %ids, %types
      : (tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
    %r:2 = call @encoder(%i, %t, %p, %offsets) : (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) -> (tensor<?x8xf32>, tensor<?x8xf32>)
    %u = tx.unpack_tokens %r#0, %offsets, %mask : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
    return %u, %r#1 : tensor<?x?x8xf32>, tensor<?x8xf32>
  }
}
