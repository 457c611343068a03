// RUN: tx-opt %s --split-input-file --tx-form-kernels | FileCheck %s
// RUN: tx-opt %s --split-input-file --tx-form-kernels --tx-form-kernels | FileCheck %s

/// A linear op takes the elementwise ops behind it as its epilogue, and the
/// kernel forgets sizes. The work of the call is kept: 2 * 8 * 32 + 2 * 32.
// CHECK-LABEL: func.func @fuses_epilogue_into_linear
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x8xf32> {{.*}}, %[[R:[a-z0-9]+]]: tensor<?x32xf32>
// CHECK: %[[W:.*]] = tx.param
// CHECK: %[[B:.*]] = tx.param
// CHECK-NEXT: %[[Y:.*]] = tx.call @linear_gelu_add(%[[X]], %[[W]], %[[B]], %[[R]]) {tx.flops = array<i64: 576, 0, 0>} : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
// CHECK-NEXT: return %[[Y]]
func.func @fuses_epilogue_into_linear(%x: tensor<?x8xf32> {tx.name = "x"}, %residual: tensor<?x32xf32> {tx.name = "residual"}) -> tensor<?x32xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<32x8xf32>
  %b = tx.param dense<1.0> : tensor<32xf32>
  %0 = tx.linear %x, %w bias %b : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<32xf32>) -> tensor<?x32xf32>
  %1 = tx.activation gelu %0 : tensor<?x32xf32>
  %2 = tx.add %residual, %1 : tensor<?x32xf32>
  return %2 : tensor<?x32xf32>
}
// CHECK: tx.kernel @linear_gelu_add(%[[X:.*]]: tensor<?x?xf32>, %[[W:.*]]: tensor<?x?xf32>, %[[B:.*]]: tensor<?xf32>, %[[R:.*]]: tensor<?x?xf32>) -> tensor<?x?xf32> {
// CHECK-NEXT: %[[L:.*]] = tx.linear %[[X]], %[[W]] bias %[[B]]
// CHECK-NEXT: %[[A:.*]] = tx.activation gelu %[[L]]
// CHECK-NEXT: %[[Y:.*]] = tx.add %[[R]], %[[A]]
// CHECK-NEXT: tx.return %[[Y]]

// -----

/// Row-wise ops that alone use one another are one kernel.
// CHECK-LABEL: func.func @groups_row_wise_ops
// CHECK-SAME: %[[IDS:[a-z0-9]+]]: tensor<?xi32> {{.*}}, %[[TYPES:[a-z0-9]+]]: tensor<?xi32>
// CHECK: %[[Y:.*]] = tx.call @rows_embedding_add_layer_norm(%{{.*}}, %[[IDS]], %{{.*}}, %[[TYPES]], %{{.*}}, %{{.*}})
// CHECK-NEXT: return %[[Y]]
func.func @groups_row_wise_ops(%ids: tensor<?xi32> {tx.name = "ids"}, %types: tensor<?xi32> {tx.name = "types"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %words = tx.param dense<1.0> : tensor<100x8xf32>
  %kinds = tx.param dense<1.0> : tensor<2x8xf32>
  %g = tx.param dense<1.0> : tensor<8xf32>
  %b = tx.param dense<0.0> : tensor<8xf32>
  %0 = tx.embedding %words, %ids : (tensor<100x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %1 = tx.embedding %kinds, %types : (tensor<2x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %2 = tx.add %0, %1 : tensor<?x8xf32>
  %3 = tx.layer_norm %2, %g, %b {eps = 1.0e-12 : f32} : tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>
  return %3 : tensor<?x8xf32>
}
// CHECK: tx.kernel @rows_embedding_add_layer_norm(
// CHECK-NEXT: tx.embedding
// CHECK-NEXT: tx.embedding
// CHECK-NEXT: tx.add
// CHECK-NEXT: tx.layer_norm
// CHECK-NEXT: tx.return

// -----

/// Kernels that differ in sizes only are one, across entries; kernels that
/// differ otherwise get a suffix, also where a function has taken the name.
// CHECK-LABEL: func.func @linear
// CHECK: tx.call @linear_1(%{{.*}}, %{{.*}}) {{.*}} -> tensor<?x32xf32>
// CHECK: tx.call @linear_1(%{{.*}}, %{{.*}}) {{.*}} -> tensor<?x8xf32>
// CHECK: tx.call @linear_2(%{{.*}}, %{{.*}}, %{{.*}}) {{.*}} -> tensor<?x8xf32>
func.func @linear(%x: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {tx.entry = "packed"} {
  %wu = tx.param dense<1.0> : tensor<32x8xf32>
  %wd = tx.param dense<1.0> : tensor<8x32xf32>
  %b = tx.param dense<1.0> : tensor<8xf32>
  %0 = tx.linear %x, %wu : (tensor<?x8xf32>, tensor<32x8xf32>) -> tensor<?x32xf32>
  %1 = tx.linear %0, %wd : (tensor<?x32xf32>, tensor<8x32xf32>) -> tensor<?x8xf32>
  %2 = tx.linear %0, %wd bias %b : (tensor<?x32xf32>, tensor<8x32xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %1, %2 : tensor<?x8xf32>, tensor<?x8xf32>
}
// CHECK-LABEL: func.func @other_entry
// CHECK: tx.call @linear_1
func.func @other_entry(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"}) -> tensor<?x4xf32> attributes {tx.entry = "padded"} {
  %w = tx.param dense<1.0> : tensor<4x2xf32>
  %t = tx.param dense<1.0> : tensor<9x2xf32>
  %i, %o, %p = tx.pack_tokens column %mask, %ids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  %e = tx.embedding %t, %i : (tensor<9x2xf32>, tensor<?xi32>) -> tensor<?x2xf32>
  %0 = tx.linear %e, %w : (tensor<?x2xf32>, tensor<4x2xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
// CHECK-DAG: tx.kernel @linear_1(%{{.*}}: tensor<?x?xf32>, %{{.*}}: tensor<?x?xf32>)
// CHECK-DAG: tx.kernel @linear_2(%{{.*}}: tensor<?x?xf32>, %{{.*}}: tensor<?x?xf32>, %{{.*}}: tensor<?xf32>)
// CHECK-DAG: tx.kernel @pack_tokens
// CHECK-DAG: tx.kernel @embedding

// -----

/// Ops that mix tokens are kernels of their own; a value passed twice is one
/// argument. Rows of what was pooled are sequences: 2 * 8 * 4 FLOPs for each.
// CHECK-LABEL: func.func @other_ops_stand_alone
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x8xf32> {{.*}}, %[[O:[a-z0-9]+]]: tensor<?xi32>
// CHECK: %[[P:.*]] = tx.call @plan_tiles(%[[O]]) : (tensor<?xi32>) -> tensor<?x2xi32>
// CHECK: %[[A:.*]] = tx.call @attention(%[[X]], %[[O]], %[[P]]) {tx.flops = array<i64: 0, 0, 34>}
// CHECK: %[[C:.*]] = tx.call @attention_causal(%[[A]], %[[O]], %[[P]])
// CHECK: %[[M:.*]] = tx.call @pool_mean(%[[C]], %[[O]])
// CHECK: %[[S:.*]] = tx.call @linear_tanh(%[[M]], %{{.*}}) {tx.flops = array<i64: 0, 68, 0>}
// CHECK: tx.call @slice(%[[S]]) : (tensor<?x4xf32>) -> tensor<?xf32>
func.func @other_ops_stand_alone(%x: tensor<?x8xf32> {tx.name = "x"}, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<4x8xf32>
  %p = tx.plan_tiles %o rows 64 : (tensor<?xi32>) -> tensor<?x2xi32>
  %a = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
  %c = tx.attention causal %a, %a, %a offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
  %m = tx.pool mean %c, %o : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %l = tx.linear %m, %w : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  %t = tx.activation tanh %l : tensor<?x4xf32>
  %s = tx.slice %t[1] : tensor<?x4xf32> to tensor<?xf32>
  return %s : tensor<?xf32>
}
// CHECK: tx.kernel @attention(%[[X:.*]]: tensor<?x?xf32>, %[[O:.*]]: tensor<?xi32>, %[[P:.*]]: tensor<?x?xi32>)
// CHECK-NEXT: tx.attention full %[[X]], %[[X]], %[[X]] offsets %[[O]], %[[O]] tiles %[[P]]

// -----

/// Two linear ops whose results are multiplied: the first takes the product.
// CHECK-LABEL: func.func @first_linear_takes_the_epilogue
// CHECK: %[[U:.*]] = tx.call @linear(
// CHECK-NEXT: %[[Y:.*]] = tx.call @linear_silu_mul(%{{.*}}, %{{.*}}, %[[U]])
// CHECK-NEXT: return %[[Y]]
func.func @first_linear_takes_the_epilogue(%x: tensor<?x8xf32> {tx.name = "x"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %wg = tx.param dense<1.0> : tensor<8x8xf32>
  %wu = tx.param dense<2.0> : tensor<8x8xf32>
  %g = tx.linear %x, %wg : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %s = tx.activation silu %g : tensor<?x8xf32>
  %u = tx.linear %x, %wu : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %m = tx.mul %s, %u : tensor<?x8xf32>
  return %m : tensor<?x8xf32>
}

// -----

/// Products of the same x are one kernel, also of different widths, when the
/// last of them is computed before any is read.
// CHECK-LABEL: func.func @products_of_the_same_rows
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x8xf32>
// CHECK: %[[Y:.*]]:3 = tx.call @linear_x3(%[[X]], %{{.*}}, %{{.*}}, %{{.*}}) {tx.flops = array<i64: 256, 0, 0>} : {{.*}} -> (tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32>)
// CHECK-NEXT: return %[[Y]]#0, %[[Y]]#1, %[[Y]]#2
func.func @products_of_the_same_rows(%x: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32>) attributes {tx.entry = "packed"} {
  %wq = tx.param dense<1.0> : tensor<8x8xf32>
  %q = tx.linear %x, %wq : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %wk = tx.param dense<2.0> : tensor<4x8xf32>
  %k = tx.linear %x, %wk : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  %wv = tx.param dense<3.0> : tensor<4x8xf32>
  %v = tx.linear %x, %wv : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  return %q, %k, %v : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}
// CHECK: tx.kernel @linear_x3(%[[X:.*]]: tensor<?x?xf32>, %[[Q:.*]]: tensor<?x?xf32>, %[[K:.*]]: tensor<?x?xf32>, %[[V:.*]]: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>)
// CHECK-NEXT: %[[A:.*]] = tx.linear %[[X]], %[[Q]]
// CHECK-NEXT: %[[B:.*]] = tx.linear %[[X]], %[[K]]
// CHECK-NEXT: %[[C:.*]] = tx.linear %[[X]], %[[V]]
// CHECK-NEXT: tx.return %[[A]], %[[B]], %[[C]]

// -----

//===----------------------------------------------------------------------===//
// Negative tests
//===----------------------------------------------------------------------===//

/// The residual of the second add is needed twice, so nobody takes it in.
// CHECK-LABEL: func.func @no_fusion__value_with_two_users
// CHECK: %[[L:.*]] = tx.call @linear(
// CHECK: %[[G:.*]] = tx.call @activation_gelu(%[[L]])
// CHECK: tx.call @add(%[[L]], %[[G]])
func.func @no_fusion__value_with_two_users(%x: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  %l = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %g = tx.activation gelu %l : tensor<?x8xf32>
  %a = tx.add %l, %g : tensor<?x8xf32>
  return %a, %g : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

/// What the entry returns must exist, so it ends a kernel.
// CHECK-LABEL: func.func @no_fusion__value_is_returned
// CHECK: %[[L:.*]] = tx.call @linear(
// CHECK: %[[G:.*]] = tx.call @activation_gelu(%[[L]])
// CHECK: return %[[L]], %[[G]]
func.func @no_fusion__value_is_returned(%x: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  %l = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %g = tx.activation gelu %l : tensor<?x8xf32>
  return %l, %g : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

/// A norm needs whole rows, which an epilogue does not see.
// CHECK-LABEL: func.func @no_fusion__norm_is_no_epilogue
// CHECK: %[[L:.*]] = tx.call @linear(
// CHECK: tx.call @softmax(%[[L]])
func.func @no_fusion__norm_is_no_epilogue(%x: tensor<?x8xf32> {tx.name = "x"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  %l = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %s = tx.softmax %l : tensor<?x8xf32>
  return %s : tensor<?x8xf32>
}

// -----

/// A value that is both operands of its one user is used twice.
// CHECK-LABEL: func.func @no_fusion__square
// CHECK: %[[L:.*]] = tx.call @linear(
// CHECK: tx.call @mul(%[[L]])
func.func @no_fusion__square(%x: tensor<?x8xf32> {tx.name = "x"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  %l = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %s = tx.mul %l, %l : tensor<?x8xf32>
  return %s : tensor<?x8xf32>
}
// CHECK: tx.kernel @mul(%[[X:.*]]: tensor<?x?xf32>)
// CHECK-NEXT: tx.mul %[[X]], %[[X]]

// -----

/// The second product stands behind a reader of the first; the third is of
/// other rows, the fourth has a bias.
// CHECK-LABEL: func.func @no_fusion__products
// CHECK: tx.call @linear(
// CHECK: tx.call @softmax(
// CHECK: tx.call @linear(
// CHECK: tx.call @linear(
// CHECK: tx.call @linear_1(
func.func @no_fusion__products(%x: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>) attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  %b = tx.param dense<1.0> : tensor<8xf32>
  %0 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %1 = tx.softmax %0 : tensor<?x8xf32>
  %2 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %3 = tx.linear %1, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %4 = tx.linear %1, %w bias %b : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %1, %2, %3, %4 : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

/// Functions that are no entries are left alone.
// CHECK-LABEL: func.func @no_change__not_an_entry
// CHECK-NEXT: tx.activation relu
// CHECK-NOT: tx.kernel
func.func @no_change__not_an_entry(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tx.activation relu %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

/// Products of the same x, of which one multiplies bf16, the other f32.
// CHECK-LABEL: func.func @no_change__mixed_precision
// CHECK: tx.call @linear(
// CHECK: tx.call @linear_1(
func.func @no_change__mixed_precision(%x: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  %n = tx.cast %w : tensor<8x8xf32> to tensor<8x8xbf16>
  %0 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %1 = tx.linear %x, %n : (tensor<?x8xf32>, tensor<8x8xbf16>) -> tensor<?x8xf32>
  return %0, %1 : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

/// A table is computed by its own rows, not by those of the ids.
// CHECK-LABEL: func.func @no_change__computed_table
// CHECK: %[[T:.*]] = tx.call @normalize(
// CHECK: tx.call @embedding(%[[T]], %{{.*}})
func.func @no_change__computed_table(%ids: tensor<?xi32> {tx.name = "ids"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %p = tx.param dense<1.0> : tensor<100x8xf32>
  %t = tx.normalize %p {eps = 1.0e-12 : f32} : tensor<100x8xf32>
  %e = tx.embedding %t, %ids : (tensor<100x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return %e : tensor<?x8xf32>
}

// -----

/// Products of the same x, of which one lies in heads.
// CHECK-LABEL: func.func @no_change__heads_beside_rows
// CHECK: tx.call @linear(
// CHECK: tx.call @linear_1(
func.func @no_change__heads_beside_rows(%x: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x32xf32, #tx.heads<2>>, tensor<?x32xf32>) attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<32x8xf32>
  %0 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<32x8xf32>) -> tensor<?x32xf32, #tx.heads<2>>
  %1 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<32x8xf32>) -> tensor<?x32xf32>
  return %0, %1 : tensor<?x32xf32, #tx.heads<2>>, tensor<?x32xf32>
}
