// Products with and rows of matrices, through text and bytecode.

// RUN: tx-opt %s | tx-opt | FileCheck %s
// RUN: tx-opt %s --emit-bytecode | tx-opt | FileCheck %s
// RUN: tx-opt %s --mlir-print-op-generic | tx-opt | FileCheck %s

// CHECK-LABEL: func.func @linear
func.func @linear(%x: tensor<?x8xf32>, %w: tensor<20x8xf32>, %b: tensor<20xf32>) -> (tensor<?x20xf32>, tensor<?x20xf32>) {
  // CHECK: tx.linear %{{.*}}, %{{.*}} bias %{{.*}} : (tensor<?x8xf32>, tensor<20x8xf32>, tensor<20xf32>) -> tensor<?x20xf32>
  %0 = tx.linear %x, %w bias %b : (tensor<?x8xf32>, tensor<20x8xf32>, tensor<20xf32>) -> tensor<?x20xf32>
  // CHECK: tx.linear %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<20x8xf32>) -> tensor<?x20xf32>
  %1 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<20x8xf32>) -> tensor<?x20xf32>
  return %0, %1 : tensor<?x20xf32>, tensor<?x20xf32>
}

// CHECK-LABEL: func.func @linear_with_a_packed_weight
func.func @linear_with_a_packed_weight(%x: tensor<?x8xf32>, %w: tensor<20x8xf32, #tx.layout<panels = 16>>) -> tensor<?x20xf32> {
  // CHECK: tx.linear %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<20x8xf32, #tx.layout<panels = 16>>) -> tensor<?x20xf32>
  %0 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<20x8xf32, #tx.layout<panels = 16>>) -> tensor<?x20xf32>
  return %0 : tensor<?x20xf32>
}

// CHECK-LABEL: func.func @linear_of_unknown_sizes
func.func @linear_of_unknown_sizes(%x: tensor<?x8xf32>, %w: tensor<?x?xf32>, %b: tensor<20xf32>) -> tensor<4x?xf32> {
  // CHECK: tx.linear
  %0 = tx.linear %x, %w bias %b : (tensor<?x8xf32>, tensor<?x?xf32>, tensor<20xf32>) -> tensor<4x?xf32>
  return %0 : tensor<4x?xf32>
}

// CHECK-LABEL: func.func @embedding
func.func @embedding(%table: tensor<100x8xf32>, %ids: tensor<?xi32>) -> tensor<?x8xf32> {
  // CHECK: tx.embedding %{{.*}}, %{{.*}} : (tensor<100x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %0 = tx.embedding %table, %ids : (tensor<100x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @ffn
func.func @ffn(%x: tensor<?x8xf32>, %u: tensor<32x8xf32>, %bu: tensor<32xf32>, %d: tensor<8x32xf32>, %bd: tensor<8xf32>)
    -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>) {
  // CHECK: tx.ffn gelu %{{.*}} up %{{.*}} bias %{{.*}} down %{{.*}} down_bias %{{.*}} : (
  %0 = tx.ffn gelu %x up %u bias %bu down %d down_bias %bd
    : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<32xf32>, tensor<8x32xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  // CHECK: tx.ffn relu %{{[^ ]*}} up %{{[^ ]*}} down %{{[^ ]*}} : (
  %1 = tx.ffn relu %x up %u down %d : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<8x32xf32>) -> tensor<?x8xf32>
  // CHECK: tx.ffn silu %{{[^ ]*}} up %{{[^ ]*}} gate %{{[^ ]*}} down %{{[^ ]*}} : (
  %2 = tx.ffn silu %x up %u gate %u down %d : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<32x8xf32>, tensor<8x32xf32>) -> tensor<?x8xf32>
  // CHECK: tx.ffn gelu_tanh %{{.*}} up %{{.*}} bias %{{.*}} gate %{{.*}} gate_bias %{{.*}} down %{{.*}} down_bias %{{.*}} : (
  %3 = tx.ffn gelu_tanh %x up %u bias %bu gate %u gate_bias %bu down %d down_bias %bd
    : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<32xf32>, tensor<32x8xf32>, tensor<32xf32>, tensor<8x32xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %0, %1, %2, %3 : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
}
