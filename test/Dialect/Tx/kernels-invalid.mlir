// RUN: tx-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{'tx.kernel' op expects a body of one block}}
tx.kernel @kernel_c1__blocks(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  cf.br ^end
^end:
  tx.return %x : tensor<?x?xf32>
}

// -----

// expected-error @+1 {{'tx.kernel' op expects a body that ends in tx.return of 'tensor<?xf32>'}}
tx.kernel @kernel_c1__result_type(%x: tensor<?x?xf32>) -> tensor<?xf32> {
  tx.return %x : tensor<?x?xf32>
}

// -----

// expected-error @+1 {{'tx.kernel' op expects a body that ends in tx.return of 'tensor<?x?xf32>'}}
tx.kernel @kernel_c1__result_count(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  tx.return
}

// -----

// expected-error @+1 {{'tx.kernel' op expects ranked tensors in its signature, got 'i64'}}
tx.kernel @kernel_c2(%x: tensor<?x?xf32>, %n: i64) -> tensor<?x?xf32> {
  tx.return %x : tensor<?x?xf32>
}

// -----

// expected-error @+1 {{'tx.kernel' op expects a body of one block}}
tx.kernel @kernel_c1__no_body(%x: tensor<?x?xf32>) -> tensor<?x?xf32>

// -----

tx.kernel @kernel__not_isolated(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // expected-error @+1 {{use of undeclared SSA value name}}
  tx.return %y : tensor<?x?xf32>
}

// -----

func.func @return_outside(%x: tensor<?x?xf32>) {
  // expected-error @+1 {{'tx.return' op expects parent op 'tx.kernel'}}
  tx.return %x : tensor<?x?xf32>
}

// -----

func.func @call_c1__missing(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{'tx.call' op calls @k, which is no kernel of this module}}
  %0 = tx.call @k(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @call_c1__function(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{'tx.call' op calls @call_c1__function, which is no kernel of this module}}
  tx.call @call_c1__function(%x) : (tensor<?x8xf32>) -> ()
  return
}

// -----

tx.kernel @k(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  tx.return %x : tensor<?x?xf32>
}
func.func @call_c2__count(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{'tx.call' op has 2 operands and 1 results, but @k has 1 and 1}}
  %0 = tx.call @k(%x, %x) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return
}

// -----

tx.kernel @k(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  tx.return %x : tensor<?x?xf32>
}
func.func @call_c2__rank(%x: tensor<8xf32>) {
  // expected-error @+1 {{'tx.call' op has operand 0 of type 'tensor<8xf32>', but @k expects 'tensor<?x?xf32>'}}
  %0 = tx.call @k(%x) : (tensor<8xf32>) -> tensor<?x8xf32>
  return
}

// -----

tx.kernel @k(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  tx.return %x : tensor<?x8xf32>
}
func.func @call_c2__size(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{'tx.call' op has result 0 of type 'tensor<?x9xf32>', but @k returns 'tensor<?x8xf32>'}}
  %0 = tx.call @k(%x) : (tensor<?x8xf32>) -> tensor<?x9xf32>
  return
}

// -----

tx.kernel @k(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  tx.return %x : tensor<?x?xf32>
}
func.func @call_c2__layout(%x: tensor<16x8xf32, #tx.layout<panels = 16>>) {
  // expected-error @+1 {{'tx.call' op has operand 0 of type 'tensor<16x8xf32, #tx.layout<panels = 16>>', but @k expects 'tensor<?x?xf32>'}}
  %0 = tx.call @k(%x) : (tensor<16x8xf32, #tx.layout<panels = 16>>) -> tensor<16x8xf32>
  return
}

// -----

tx.kernel @k(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  tx.return %x : tensor<?x?xf32>
}
func.func @call_c3__count(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{'tx.call' op expects one #tx.place per result, got [#tx.place<token, 0>, #tx.place<token, 64>]}}
  %0 = tx.call @k(%x) {places = [#tx.place<token, 0>, #tx.place<token, 64>]} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return
}

// -----

tx.kernel @k(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  tx.return %x : tensor<?x?xf32>
}
func.func @call_c3__kind(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{'tx.call' op expects one #tx.place per result, got [0]}}
  %0 = tx.call @k(%x) {places = [0]} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return
}

// -----

tx.kernel @k(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // expected-error @+1 {{'tx.call' op does not belong into a kernel}}
  %0 = tx.call @k(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
