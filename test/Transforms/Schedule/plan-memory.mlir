// RUN: tx-opt %s --split-input-file --tx-plan-memory | FileCheck %s
// RUN: tx-opt %s --split-input-file --tx-plan-memory --tx-plan-memory | FileCheck %s

tx.kernel @op(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.softmax %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @add(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.add %x, %y : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

/// In a chain, two buffers take turns; what is returned is the caller's.
// CHECK-LABEL: func.func @chain_reuses_two_buffers
// CHECK-SAME: tx.workspace = #tx.workspace<token = 64, sequence = 0, fixed = 0>
// CHECK: places = [#tx.place<token, 0>]
// CHECK: places = [#tx.place<token, 32>]
// CHECK: places = [#tx.place<token, 0>]
// CHECK: places = [#tx.place<output, 0>]
func.func @chain_reuses_two_buffers(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %0 = tx.call @op(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = tx.call @op(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %2 = tx.call @op(%1) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %3 = tx.call @op(%2) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

/// A value lives until its last use: %0 is still there when %2 is computed.
// CHECK-LABEL: func.func @residual_stays
// CHECK-SAME: tx.workspace = #tx.workspace<token = 96, sequence = 0, fixed = 0>
// CHECK: places = [#tx.place<token, 0>]
// CHECK: places = [#tx.place<token, 32>]
// CHECK: places = [#tx.place<token, 64>]
// CHECK: places = [#tx.place<output, 0>]
func.func @residual_stays(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %0 = tx.call @op(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = tx.call @op(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %2 = tx.call @op(%1) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %3 = tx.call @add(%0, %2) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

/// The largest buffer is placed first; smaller ones that do not live with it
/// lie in the same bytes.
// CHECK-LABEL: func.func @largest_first
// CHECK-SAME: tx.workspace = #tx.workspace<token = 160, sequence = 0, fixed = 0>
// CHECK: places = [#tx.place<token, 128>]
// CHECK: places = [#tx.place<token, 0>]
// CHECK: places = [#tx.place<token, 128>]
// CHECK: places = [#tx.place<token, 0>]
// CHECK: places = [#tx.place<output, 0>]
func.func @largest_first(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %u = tx.param dense<1.0> : tensor<32x8xf32>
  %d = tx.param dense<1.0> : tensor<8x32xf32>
  %0 = tx.call @op(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = tx.call @linear(%0, %u) : (tensor<?x8xf32>, tensor<32x8xf32>) -> tensor<?x32xf32>
  %2 = tx.call @linear(%1, %d) : (tensor<?x32xf32>, tensor<8x32xf32>) -> tensor<?x8xf32>
  %3 = tx.call @op(%2) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %4 = tx.call @op(%3) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}

/// A result that nobody reads needs bytes while its kernel runs.
// CHECK-LABEL: func.func @unused_result
// CHECK-SAME: tx.workspace = #tx.workspace<token = 32, sequence = 0, fixed = 0>
// CHECK: places = [#tx.place<token, 0>]
// CHECK: places = [#tx.place<output, 0>]
func.func @unused_result(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %0 = tx.call @op(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = tx.call @op(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

/// Each output is a value of its own.
// CHECK-LABEL: func.func @returned_twice
// CHECK: %[[A:.*]] = tx.call @op({{.*}}places = [#tx.place<output, 0>]
// CHECK-NEXT: %[[B:.*]] = tx.call @op({{.*}}places = [#tx.place<output, 1>]
// CHECK-NEXT: return %[[A]], %[[B]]
func.func @returned_twice(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {tx.entry = "packed"} {
  %0 = tx.call @op(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0, %0 : tensor<?x8xf32>, tensor<?x8xf32>
}

/// What depends on parameters alone is in the fixed arena, in steps of 64 bytes.
// CHECK-LABEL: func.func @fixed_arena
// CHECK-SAME: tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 128>
// CHECK: places = [#tx.place<fixed, 0>]
// CHECK: places = [#tx.place<fixed, 64>]
// CHECK: places = [#tx.place<output, 0>]
func.func @fixed_arena() -> tensor<1x3xf32> attributes {tx.entry = "packed"} {
  %p = tx.param dense<1.0> : tensor<1x3xf32>
  %0 = tx.call @op(%p) : (tensor<1x3xf32>) -> tensor<1x3xf32>
  %1 = tx.call @op(%0) : (tensor<1x3xf32>) -> tensor<1x3xf32>
  %2 = tx.call @op(%1) : (tensor<1x3xf32>) -> tensor<1x3xf32>
  return %2 : tensor<1x3xf32>
}

// -----

tx.kernel @pack(%mask: tensor<?x?xi32>, %ids: tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) {
  %0:3 = tx.pack_tokens column %mask, %ids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  tx.return %0#0, %0#1, %0#2 : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
}
tx.kernel @plan(%o: tensor<?xi32>) -> tensor<?x?xi32> {
  %0 = tx.plan_tiles %o rows 64 : (tensor<?xi32>) -> tensor<?x?xi32>
  tx.return %0 : tensor<?x?xi32>
}
tx.kernel @embed(%t: tensor<?x?xf32>, %i: tensor<?xi32>) -> tensor<?x?xf32> {
  %0 = tx.embedding %t, %i : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x?xi32>) -> tensor<?x?xf32> {
  %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @pool(%x: tensor<?x?xf32>, %o: tensor<?xi32>) -> tensor<?x?xf32> {
  %0 = tx.pool mean %x, %o : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @normalize(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.normalize %x {eps = 0.0 : f32} : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @unpack(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %mask: tensor<?x?xi32>) -> tensor<?x?x?xf32> {
  %0 = tx.unpack_tokens %x, %o, %mask : (tensor<?x?xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x?xf32>
  tx.return %0 : tensor<?x?x?xf32>
}

/// Tokens, work items of a plan (at most one for each token) and positions grow
/// with tokens; offsets and what was pooled with sequences; a padded value can
/// only be an output. Nobody reads the positions.
// CHECK-LABEL: func.func @every_kind_of_size
// CHECK-SAME: tx.workspace = #tx.workspace<token = 72, sequence = 36, fixed = 0>
// CHECK: tx.call @pack{{.*}}places = [#tx.place<token, 32>, #tx.place<sequence, 32>, #tx.place<token, 0>]
// CHECK: tx.call @plan{{.*}}places = [#tx.place<token, 64>]
// CHECK: tx.call @embed{{.*}}places = [#tx.place<token, 0>]
// CHECK: tx.call @attention{{.*}}places = [#tx.place<token, 32>]
// CHECK: tx.call @pool{{.*}}places = [#tx.place<sequence, 0>]
// CHECK: tx.call @normalize{{.*}}places = [#tx.place<output, 1>]
// CHECK: tx.call @unpack{{.*}}places = [#tx.place<output, 0>]
func.func @every_kind_of_size(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"}) -> (tensor<?x?x8xf32>, tensor<?x8xf32>) attributes {tx.entry = "padded"} {
  %t = tx.param dense<1.0> : tensor<100x8xf32>
  %p:3 = tx.call @pack(%mask, %ids) : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  %tiles = tx.call @plan(%p#1) : (tensor<?xi32>) -> tensor<?x2xi32>
  %x = tx.call @embed(%t, %p#0) : (tensor<100x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %a = tx.call @attention(%x, %p#1, %tiles) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
  %m = tx.call @pool(%a, %p#1) : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %n = tx.call @normalize(%m) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %u = tx.call @unpack(%a, %p#1, %mask) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return %u, %n : tensor<?x?x8xf32>, tensor<?x8xf32>
}

// -----

//===----------------------------------------------------------------------===//
// Negative tests
//===----------------------------------------------------------------------===//

/// Functions that are no entries have no workspace.
// CHECK-LABEL: func.func @no_change__not_an_entry
// CHECK-NOT: tx.workspace
// CHECK: tx.softmax
func.func @no_change__not_an_entry(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tx.softmax %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
