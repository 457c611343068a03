// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-plan-memory

func.func @returns_an_argument(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{returns as result 0 a value that no kernel computes, expected the result of a tx.call: outputs are written by kernels}}
  return %x : tensor<?x8xf32>
}

// -----

func.func @returns_a_parameter() -> tensor<8xf32> attributes {tx.entry = "packed"} {
  %p = tx.param dense<1.0> : tensor<8xf32>
  // expected-error @below {{returns as result 0 a value that no kernel computes}}
  return %p : tensor<8xf32>
}

// -----

func.func @computes_outside_of_kernels(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{'tx.softmax' op is not in a kernel; run tx-form-kernels first}}
  %0 = tx.softmax %x : tensor<?x8xf32>
  %1 = tx.call @softmax(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
tx.kernel @softmax(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.softmax %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

tx.kernel @unpack(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %mask: tensor<?x?xi32>) -> tensor<?x?x?xf32> {
  %0 = tx.unpack_tokens %x, %o, %mask : (tensor<?x?xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x?xf32>
  tx.return %0 : tensor<?x?x?xf32>
}
tx.kernel @pack(%mask: tensor<?x?xi32>, %ids: tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) {
  %0:3 = tx.pack_tokens column %mask, %ids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  tx.return %0#0, %0#1, %0#2 : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
}
tx.kernel @embed(%t: tensor<?x?xf32>, %i: tensor<?xi32>) -> tensor<?x?xf32> {
  %0 = tx.embedding %t, %i : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @padded_intermediate(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"}) -> tensor<?x8xf32> attributes {tx.entry = "padded"} {
  %t = tx.param dense<1.0> : tensor<100x8xf32>
  %p:3 = tx.call @pack(%mask, %ids) : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  %x = tx.call @embed(%t, %p#0) : (tensor<100x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  // expected-error @below {{has a result of type 'tensor<?x?x8xf32>' whose size is not proportional to tokens or to sequences; only outputs may have such a size}}
  %u = tx.call @unpack(%x, %p#1, %mask) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return %x : tensor<?x8xf32>
}
