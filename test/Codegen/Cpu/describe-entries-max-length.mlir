// RUN: tx-opt %s --split-input-file --tx-describe-entries | FileCheck %s

/// Where the model says nothing, sequences are as long as tables have rows for
/// their positions.

tx.kernel @count(%ids: tensor<?xi32>, %o: tensor<?xi32>) -> tensor<?xi32> {
  %0 = tx.positions column %ids, %o : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  tx.return %0 : tensor<?xi32>
}
tx.kernel @embed(%t: tensor<?x?xf32>, %i: tensor<?xi32>) -> tensor<?x?xf32> {
  %0 = tx.embedding %t, %i : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
// CHECK-LABEL: func.func @columns
// CHECK-SAME: max_length = 16 : i64
func.func @columns(%ids: tensor<?xi32> {tx.name = "input_ids"}, %o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 36, sequence = 0, fixed = 0>} {
  %t = tx.param dense<1.0> : tensor<16x8xf32>
  %p = tx.call @count(%ids, %o) {places = [#tx.place<token, 0>]} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  %x = tx.call @embed(%t, %p) {places = [#tx.place<token, 4>]} : (tensor<16x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return
}

// -----

/// Row pad_id + 1 is the first that a token reads.
tx.kernel @pack(%mask: tensor<?x?xi32>, %ids: tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) {
  %0:3 = tx.pack_tokens non_pad %mask, %ids {pad_id = 1 : i64} : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  tx.return %0#0, %0#1, %0#2 : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
}
tx.kernel @embed(%t: tensor<?x?xf32>, %i: tensor<?xi32>) -> tensor<?x?xf32> {
  %0 = tx.embedding %t, %i : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
// CHECK-LABEL: func.func @without_padding
// CHECK-SAME: max_length = 14 : i64
func.func @without_padding(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"}) attributes {tx.entry = "padded", tx.workspace = #tx.workspace<token = 40, sequence = 4, fixed = 0>} {
  %t = tx.param dense<1.0> : tensor<16x8xf32>
  %p:3 = tx.call @pack(%mask, %ids) {places = [#tx.place<token, 0>, #tx.place<sequence, 0>, #tx.place<token, 4>]} : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  %x = tx.call @embed(%t, %p#2) {places = [#tx.place<token, 8>]} : (tensor<16x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return
}

// -----

/// What the model says may be less.
module attributes {tx.model = {max_length = 12 : i64}} {
  tx.kernel @rows(%ids: tensor<?xi32>, %o: tensor<?xi32>, %t: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %0 = tx.positions column %ids, %o : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
    %1 = tx.embedding %t, %0 : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
    tx.return %1 : tensor<?x?xf32>
  }
  // CHECK-LABEL: func.func @given
  // CHECK-SAME: max_length = 12 : i64
  func.func @given(%ids: tensor<?xi32> {tx.name = "input_ids"}, %o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 32, sequence = 0, fixed = 0>} {
    %t = tx.param dense<1.0> : tensor<16x8xf32>
    %x = tx.call @rows(%ids, %o, %t) {places = [#tx.place<token, 0>]} : (tensor<?xi32>, tensor<?xi32>, tensor<16x8xf32>) -> tensor<?x8xf32>
    return
  }
}

// -----

/// Positions that no table is read by limit nothing.
tx.kernel @count(%ids: tensor<?xi32>, %o: tensor<?xi32>) -> tensor<?xi32> {
  %0 = tx.positions column %ids, %o : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  tx.return %0 : tensor<?xi32>
}
// CHECK-LABEL: func.func @no_table
// CHECK-SAME: max_length = 2147483647 : i64
func.func @no_table(%ids: tensor<?xi32> {tx.name = "input_ids"}, %o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 4, sequence = 0, fixed = 0>} {
  %p = tx.call @count(%ids, %o) {places = [#tx.place<token, 0>]} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  return
}
