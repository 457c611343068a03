// Ops that work row by row, through text and bytecode.

// RUN: tx-opt %s | tx-opt | FileCheck %s
// RUN: tx-opt %s --emit-bytecode | tx-opt | FileCheck %s
// RUN: tx-opt %s --mlir-print-op-generic | tx-opt | FileCheck %s

// CHECK-LABEL: func.func @norms
func.func @norms(%x: tensor<?x8xf32>, %w: tensor<8xf32>, %b: tensor<8xf32>)
    -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>) {
  // CHECK: tx.layer_norm %{{.*}}, %{{.*}}, %{{.*}} {eps = 9.99999974E-6 : f32} : tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>
  %0 = tx.layer_norm %x, %w, %b {eps = 1.0e-5 : f32} : tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>
  // CHECK: tx.rms_norm %{{.*}}, %{{.*}} {eps = 0.000000e+00 : f32} : tensor<?x8xf32>, tensor<8xf32>
  %1 = tx.rms_norm %x, %w {eps = 0.0 : f32} : tensor<?x8xf32>, tensor<8xf32>
  // CHECK: tx.softmax %{{.*}} : tensor<?x8xf32>
  %2 = tx.softmax %x : tensor<?x8xf32>
  // CHECK: tx.normalize %{{.*}} {eps = 9.99999996E-13 : f32} : tensor<?x8xf32>
  %3 = tx.normalize %x {eps = 1.0e-12 : f32} : tensor<?x8xf32>
  return %0, %1, %2, %3 : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
}

// CHECK-LABEL: func.func @activations
func.func @activations(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: tx.activation gelu %{{.*}} : tensor<?x8xf32>
  %0 = tx.activation gelu %x : tensor<?x8xf32>
  // CHECK: tx.activation gelu_tanh %{{.*}} : tensor<?x8xf32>
  %1 = tx.activation gelu_tanh %0 : tensor<?x8xf32>
  // CHECK: tx.activation relu %{{.*}} : tensor<?x8xf32>
  %2 = tx.activation relu %1 : tensor<?x8xf32>
  // CHECK: tx.activation silu %{{.*}} : tensor<?x8xf32>
  %3 = tx.activation silu %2 : tensor<?x8xf32>
  // CHECK: tx.activation tanh %{{.*}} : tensor<?x8xf32>
  %4 = tx.activation tanh %3 : tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @arithmetic
func.func @arithmetic(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: %[[SUM:.*]] = tx.add %{{.*}}, %{{.*}} : tensor<?x8xf32>
  %0 = tx.add %x, %y : tensor<?x8xf32>
  // CHECK: tx.mul %[[SUM]], %{{.*}} : tensor<?x8xf32>
  %1 = tx.mul %0, %y : tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @slices
func.func @slices(%x: tensor<?x8xf32>) -> (tensor<?x3xf32>, tensor<?xf32>, tensor<?x?xf32>) {
  // CHECK: tx.slice %{{.*}}[5] : tensor<?x8xf32> to tensor<?x3xf32>
  %0 = tx.slice %x[5] : tensor<?x8xf32> to tensor<?x3xf32>
  // CHECK: tx.slice %{{.*}}[7] : tensor<?x8xf32> to tensor<?xf32>
  %1 = tx.slice %x[7] : tensor<?x8xf32> to tensor<?xf32>
  // CHECK: tx.slice %{{.*}}[1] : tensor<?x8xf32> to tensor<?x?xf32>
  %2 = tx.slice %x[1] : tensor<?x8xf32> to tensor<?x?xf32>
  return %0, %1, %2 : tensor<?x3xf32>, tensor<?xf32>, tensor<?x?xf32>
}
