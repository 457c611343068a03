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

// -----

module attributes {tx.model = {max_length = 17 : i64}} {
  tx.kernel @count(%ids: tensor<?xi32>, %o: tensor<?xi32>) -> tensor<?xi32> {
    %0 = tx.positions column %ids, %o : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
    tx.return %0 : tensor<?xi32>
  }
  tx.kernel @embed(%t: tensor<?x?xf32>, %i: tensor<?xi32>) -> tensor<?x?xf32> {
    %0 = tx.embedding %t, %i : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  // expected-error @below {{takes sequences of 17 tokens, but its table of positions has rows for 16}}
  func.func @packed(%ids: tensor<?xi32> {tx.name = "input_ids"}, %o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 36, sequence = 0, fixed = 0>} {
    %t = tx.param dense<1.0> : tensor<16x8xf32>
    %p = tx.call @count(%ids, %o) {places = [#tx.place<token, 0>]} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
    %x = tx.call @embed(%t, %p) {places = [#tx.place<token, 4>]} : (tensor<16x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
    return
  }
}

// -----

/// Positions that skip padding begin behind its id: no row is left.
tx.kernel @count(%ids: tensor<?xi32>, %o: tensor<?xi32>) -> tensor<?xi32> {
  %0 = tx.positions non_pad %ids, %o {pad_id = 15 : i64} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  tx.return %0 : tensor<?xi32>
}
tx.kernel @embed(%t: tensor<?x?xf32>, %i: tensor<?xi32>) -> tensor<?x?xf32> {
  %0 = tx.embedding %t, %i : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
// expected-error @below {{takes sequences of 1 tokens, but its table of positions has rows for 0}}
func.func @packed(%ids: tensor<?xi32> {tx.name = "input_ids"}, %o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 36, sequence = 0, fixed = 0>} {
  %t = tx.param dense<1.0> : tensor<16x8xf32>
  %p = tx.call @count(%ids, %o) {places = [#tx.place<token, 0>]} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  %x = tx.call @embed(%t, %p) {places = [#tx.place<token, 4>]} : (tensor<16x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return
}

// -----

tx.kernel @pack(%mask: tensor<?x?xi32>, %ids: tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>) {
  %0:3 = tx.pack_tokens column %mask, %ids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  tx.return %0#0, %0#1 : tensor<?xi32>, tensor<?xi32>
}
// expected-error @below {{is padded and has output 'tokens' with a row for each token, which callers cannot count; put tokens back with tx.unpack_tokens}}
func.func @padded(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"}) -> (tensor<?xi32> {tx.name = "tokens"})
    attributes {tx.entry = "padded", tx.workspace = #tx.workspace<token = 0, sequence = 4, fixed = 0>} {
  %p:2 = tx.call @pack(%mask, %ids) {places = [#tx.place<output, 0>, #tx.place<sequence, 0>]} : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>)
  return %p#0 : tensor<?xi32>
}

// -----

/// Indices are checked where they enter; these never do.
tx.kernel @embed(%t: tensor<?x?xf32>, %i: tensor<?xi32>) -> tensor<?x?xf32> {
  // expected-error @below {{'tx.embedding' op takes indices that nothing checks: they are neither positions nor an input of the entry}}
  %0 = tx.embedding %t, %i : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @packed(%o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 36, sequence = 0, fixed = 0>} {
  %t = tx.param dense<1.0> : tensor<16x8xf32>
  %i = tx.param dense<[0, 16]> : tensor<2xi32>
  %x = tx.call @embed(%t, %i) {places = [#tx.place<fixed, 0>]} : (tensor<16x8xf32>, tensor<2xi32>) -> tensor<2x8xf32>
  return
}

// -----

/// Offsets count tokens, of which there are more than a table has rows.
tx.kernel @pack(%mask: tensor<?x?xi32>, %ids: tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>) {
  %0:3 = tx.pack_tokens column %mask, %ids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  tx.return %0#0, %0#1 : tensor<?xi32>, tensor<?xi32>
}
tx.kernel @embed(%t: tensor<?x?xf32>, %i: tensor<?xi32>) -> tensor<?x?xf32> {
  // expected-error @below {{'tx.embedding' op takes indices that nothing checks: they are neither positions nor an input of the entry}}
  %0 = tx.embedding %t, %i : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @padded(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"})
    attributes {tx.entry = "padded", tx.workspace = #tx.workspace<token = 36, sequence = 36, fixed = 0>} {
  %t = tx.param dense<1.0> : tensor<16x8xf32>
  %p:2 = tx.call @pack(%mask, %ids) {places = [#tx.place<token, 0>, #tx.place<sequence, 0>]} : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>)
  %x = tx.call @embed(%t, %p#1) {places = [#tx.place<sequence, 4>]} : (tensor<16x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return
}

// -----

tx.kernel @embed(%t: tensor<?x?xf32>, %i: tensor<?xi32>) -> tensor<?x?xf32> {
  // expected-error @below {{'tx.embedding' op reads a table with no rows, in which no index can be checked}}
  %0 = tx.embedding %t, %i : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @packed(%ids: tensor<?xi32> {tx.name = "input_ids"}, %o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 36, sequence = 0, fixed = 0>} {
  %t = tx.param dense<> : tensor<0x8xf32>
  %x = tx.call @embed(%t, %ids) {places = [#tx.place<token, 0>]} : (tensor<0x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return
}

// -----

tx.kernel @embed(%t: tensor<?x?xf32>, %i: tensor<?xi32>) -> tensor<?x?xf32> {
  // expected-error @below {{'tx.embedding' op reads a table with an unknown number of rows, in which no index can be checked}}
  %0 = tx.embedding %t, %i : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @packed(%t: tensor<?x8xf32>, %ids: tensor<?xi32> {tx.name = "input_ids"}, %o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 36, sequence = 0, fixed = 0>} {
  %x = tx.call @embed(%t, %ids) {places = [#tx.place<token, 0>]} : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return
}
