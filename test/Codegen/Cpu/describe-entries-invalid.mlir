// RUN: tx-opt %s --tx-describe-entries --split-input-file --verify-diagnostics

/// Checks what the C interface cannot express.

// expected-error @below {{is packed and expects an input 'offsets' of type tensor<?xi32>}}
func.func @packed(%ids: tensor<?xi32> {tx.name = "input_ids"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>} {
  return
}

// -----

// expected-error @below {{is padded and expects an input 'attention_mask' of type tensor<?x?xi32>}}
func.func @padded(%ids: tensor<?x?xi32> {tx.name = "input_ids"}) attributes {tx.entry = "padded", tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>} {
  return
}

// -----

// expected-error @below {{has no workspace; run tx-plan-memory first}}
func.func @packed(%offsets: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed"} {
  return
}

// -----

/// An input without a name is called by its number.
// expected-error @below {{has two inputs called 'input1'}}
func.func @packed(%o: tensor<?xi32> {tx.name = "input1"}, %p: tensor<?xi32>) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>} {
  return
}

// -----

// expected-error @below {{has input or output 'x' of type 'tensor<?x8xf16>', expected a tensor of f32 or i32 with at most 4 dimensions}}
func.func @packed(%x: tensor<?x8xf16> {tx.name = "x"}, %o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>} {
  return
}

// -----

func.func @a(%o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>} {
  return
}
// expected-error @below {{is the second entry called "packed"}}
func.func @b(%o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>} {
  return
}
