// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-verify-phase=phase=normalize

// expected-error @below {{phase normalize guarantees that the target is known, but the module has no tx.target}}
module {
  func.func @packed(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
    %0 = tx.softmax %x : tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}

// -----

func.func @packed(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  // expected-error @below {{guarantees that no composite is left, but there is 'tx.ffn'}}
  %0 = tx.ffn relu %x up %w down %w : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @packed(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{guarantees that entries are self-contained, but one calls a function}}
  %0 = call @other(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @other(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %0 = tx.softmax %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
