// RUN: tx-opt %s --split-input-file --tx-assign-head-layouts | FileCheck %s
// RUN: tx-opt %s --split-input-file --tx-assign-head-layouts --tx-assign-head-layouts | FileCheck %s

/// Query in two heads of 16 channels, key and value in one.
// CHECK: tx.kernel @linear_x3({{.*}}) -> (tensor<?x?xf32, #tx.heads<2>>, tensor<?x?xf32, #tx.heads<1>>, tensor<?x?xf32, #tx.heads<1>>)
// CHECK-NEXT: tx.linear {{.*}} -> tensor<?x?xf32, #tx.heads<2>>
tx.kernel @linear_x3(%x: tensor<?x?xf32>, %q: tensor<?x?xf32>, %k: tensor<?x?xf32>, %v: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>) {
  %0 = tx.linear %x, %q : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %1 = tx.linear %x, %k : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %2 = tx.linear %x, %v : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  tx.return %0, %1, %2 : tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>
}
// CHECK: tx.kernel @attention(%{{.*}}: tensor<?x?xf32, #tx.heads<2>>, %{{.*}}: tensor<?x?xf32, #tx.heads<1>>, %{{.*}}: tensor<?x?xf32, #tx.heads<1>>, {{.*}}) -> tensor<?x?xf32> {
tx.kernel @attention(%q: tensor<?x?xf32>, %k: tensor<?x?xf32>, %v: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>) -> tensor<?x?xf32> {
  %0 = tx.attention full %q, %k, %v offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 1, scale = 0.5 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
// CHECK-LABEL: func.func @heads_of_attention
// CHECK: tx.call @linear_x3({{.*}} -> (tensor<?x32xf32, #tx.heads<2>>, tensor<?x16xf32, #tx.heads<1>>, tensor<?x16xf32, #tx.heads<1>>)
// CHECK: tx.call @attention({{.*}} -> tensor<?x32xf32>
func.func @heads_of_attention(%x: tensor<?x8xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>, %wq: tensor<32x8xf32>, %wk: tensor<16x8xf32>, %wv: tensor<16x8xf32>) -> tensor<?x32xf32> {
  %0:3 = tx.call @linear_x3(%x, %wq, %wk, %wv) : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<16x8xf32>, tensor<16x8xf32>) -> (tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32>)
  %1 = tx.call @attention(%0#0, %0#1, %0#2, %o, %p) : (tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x32xf32>
  return %1 : tensor<?x32xf32>
}

// -----

//===----------------------------------------------------------------------===//
// Negative tests
//===----------------------------------------------------------------------===//

tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>) -> tensor<?x?xf32> {
  %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

/// A head of 12 channels would share vectors with its neighbour.
// CHECK-LABEL: func.func @no_change__heads_are_no_multiple_of_sixteen
// CHECK-NOT: #tx.heads
func.func @no_change__heads_are_no_multiple_of_sixteen(%x: tensor<?x8xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>, %w: tensor<24x8xf32>) -> tensor<?x24xf32> {
  %0 = tx.call @linear(%x, %w) : (tensor<?x8xf32>, tensor<24x8xf32>) -> tensor<?x24xf32>
  %1 = tx.call @attention(%0, %o, %p) : (tensor<?x24xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x24xf32>
  return %1 : tensor<?x24xf32>
}

// -----

tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>) -> tensor<?x?xf32> {
  %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

/// The second call of the linear kernel is not for attention.
// CHECK-LABEL: func.func @no_change__kernel_is_shared
// CHECK-NOT: #tx.heads
func.func @no_change__kernel_is_shared(%x: tensor<?x8xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>, %w: tensor<32x8xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %0 = tx.call @linear(%x, %w) : (tensor<?x8xf32>, tensor<32x8xf32>) -> tensor<?x32xf32>
  %1 = tx.call @attention(%0, %o, %p) : (tensor<?x32xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x32xf32>
  %2 = tx.call @linear(%x, %w) : (tensor<?x8xf32>, tensor<32x8xf32>) -> tensor<?x32xf32>
  return %1, %2 : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

/// A query that the kernel itself computes, which tx-emit-kernels refuses.
// CHECK-LABEL: tx.kernel @no_change__computed_query
// CHECK-NOT: #tx.heads
tx.kernel @no_change__computed_query(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>) -> tensor<?x?xf32> {
  %q = tx.activation relu %x : tensor<?x?xf32>
  %0 = tx.attention full %q, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @computed_query(%x: tensor<?x32xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>) -> tensor<?x32xf32> {
  %0 = tx.call @no_change__computed_query(%x, %o, %p) : (tensor<?x32xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}
