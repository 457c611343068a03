// One layer of a BERT encoder, as a person would write it: parameters, then
// the two blocks. Also the example of docs/dialect.md.

// RUN: tx-opt %s | FileCheck %s
// RUN: tx-opt %s | tx-opt | FileCheck %s
// RUN: tx-opt %s --emit-bytecode | tx-opt | FileCheck %s

// CHECK-LABEL: func.func @layer(
// CHECK-SAME: %[[X:.*]]: tensor<?x384xf32>, %[[OFFSETS:.*]]: tensor<?xi32>
func.func @layer(%x: tensor<?x384xf32>, %o: tensor<?xi32>) -> tensor<?x384xf32> {
  // CHECK-NEXT: %query.weight = tx.param #tx.external<"layer.safetensors", "query.weight"> : tensor<384x384xf32>
  %wq = tx.param #tx.external<"layer.safetensors", "query.weight"> : tensor<384x384xf32>
  %bq = tx.param #tx.external<"layer.safetensors", "query.bias"> : tensor<384xf32>
  %wk = tx.param #tx.external<"layer.safetensors", "key.weight"> : tensor<384x384xf32>
  %bk = tx.param #tx.external<"layer.safetensors", "key.bias"> : tensor<384xf32>
  %wv = tx.param #tx.external<"layer.safetensors", "value.weight"> : tensor<384x384xf32>
  %bv = tx.param #tx.external<"layer.safetensors", "value.bias"> : tensor<384xf32>
  %wo = tx.param #tx.external<"layer.safetensors", "output.weight"> : tensor<384x384xf32>
  %bo = tx.param #tx.external<"layer.safetensors", "output.bias"> : tensor<384xf32>
  %wu = tx.param #tx.external<"layer.safetensors", "up.weight"> : tensor<1536x384xf32>
  %bu = tx.param #tx.external<"layer.safetensors", "up.bias"> : tensor<1536xf32>
  %wd = tx.param #tx.external<"layer.safetensors", "down.weight"> : tensor<384x1536xf32>
  %bd = tx.param #tx.external<"layer.safetensors", "down.bias"> : tensor<384xf32>
  %g = tx.param dense<1.0> : tensor<384xf32>
  %z = tx.param dense<0.0> : tensor<384xf32>
  // CHECK: %[[QUERY:.*]] = tx.linear %[[X]], %query.weight bias %query.bias :
  %q = tx.linear %x, %wq bias %bq : (tensor<?x384xf32>, tensor<384x384xf32>, tensor<384xf32>) -> tensor<?x384xf32>
  // CHECK-NEXT: %[[KEY:.*]] = tx.linear %[[X]], %key.weight bias %key.bias :
  %k = tx.linear %x, %wk bias %bk : (tensor<?x384xf32>, tensor<384x384xf32>, tensor<384xf32>) -> tensor<?x384xf32>
  // CHECK-NEXT: %[[VALUE:.*]] = tx.linear %[[X]], %value.weight bias %value.bias :
  %v = tx.linear %x, %wv bias %bv : (tensor<?x384xf32>, tensor<384x384xf32>, tensor<384xf32>) -> tensor<?x384xf32>
  // CHECK-NEXT: %[[MIXED:.*]] = tx.attention full %[[QUERY]], %[[KEY]], %[[VALUE]] offsets %[[OFFSETS]], %[[OFFSETS]] {
  %a = tx.attention full %q, %k, %v offsets %o, %o {num_heads = 12, num_kv_heads = 12, scale = 0.1767767 : f32}
    : (tensor<?x384xf32>, tensor<?x384xf32>, tensor<?x384xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x384xf32>
  // CHECK-NEXT: %[[OUTPUT:.*]] = tx.linear %[[MIXED]], %output.weight bias %output.bias :
  %p = tx.linear %a, %wo bias %bo : (tensor<?x384xf32>, tensor<384x384xf32>, tensor<384xf32>) -> tensor<?x384xf32>
  // CHECK-NEXT: %[[SUM:.*]] = tx.add %[[OUTPUT]], %[[X]] : tensor<?x384xf32>
  %s = tx.add %p, %x : tensor<?x384xf32>
  // CHECK-NEXT: %[[NORMED:.*]] = tx.layer_norm %[[SUM]],
  %n = tx.layer_norm %s, %g, %z {eps = 1.0e-12 : f32} : tensor<?x384xf32>, tensor<384xf32>, tensor<384xf32>
  // CHECK-NEXT: %[[FFN:.*]] = tx.ffn gelu %[[NORMED]] up %up.weight bias %up.bias down %down.weight down_bias %down.bias :
  %f = tx.ffn gelu %n up %wu bias %bu down %wd down_bias %bd
    : (tensor<?x384xf32>, tensor<1536x384xf32>, tensor<1536xf32>, tensor<384x1536xf32>, tensor<384xf32>) -> tensor<?x384xf32>
  // CHECK-NEXT: tx.add %[[FFN]], %[[NORMED]] : tensor<?x384xf32>
  %t = tx.add %f, %n : tensor<?x384xf32>
  // CHECK-NEXT: tx.layer_norm
  %y = tx.layer_norm %t, %g, %z {eps = 1.0e-12 : f32} : tensor<?x384xf32>, tensor<384xf32>, tensor<384xf32>
  return %y : tensor<?x384xf32>
}
