// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-verify-phase=phase=import

// expected-error @below {{phase import guarantees that there is an entry, but no function has tx.entry}}
module {
}

// -----

// expected-error @below {{guarantees that functions have bodies, but @declared has none}}
func.func private @declared(%x: tensor<?x8xf32>) -> tensor<?x8xf32>

// -----

// expected-error @below {{guarantees that functions have one block, but @two_blocks has more}}
func.func @two_blocks(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  cf.br ^end
^end:
  return %x : tensor<?x8xf32>
}

// -----

// expected-error @below {{guarantees that entries are public, but @hidden is private}}
func.func private @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %0 = tx.softmax %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @foreign_op(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{guarantees that a module holds functions on model-level tx ops, but there is 'arith.addf'}}
  %0 = arith.addf %x, %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @plan_before_fusion(%o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x2xi32> attributes {tx.entry = "packed"} {
  // expected-error @below {{but there is 'tx.plan_tiles'}}
  %0 = tx.plan_tiles %o rows 64 : (tensor<?xi32>) -> tensor<?x2xi32>
  return %0 : tensor<?x2xi32>
}
