// RUN: tx-opt %s --pass-pipeline='builtin.module(func.func(tx-narrow-products))' | FileCheck %s
// RUN: tx-opt %s --tx-quantize-pipeline=precision=f32 | FileCheck %s --check-prefix=F32

/// A weight is cast once for all its products; biases and tables stay.
// CHECK-LABEL: func.func @weights
// CHECK: %[[W:.*]] = tx.param {{.*}} : tensor<8x8xf32>
// CHECK-NEXT: %[[N:.*]] = tx.cast %[[W]] : tensor<8x8xf32> to tensor<8x8xbf16>
// CHECK-NOT: tx.cast
// CHECK: %[[E:.*]] = tx.embedding %[[W]]
// CHECK: %[[Y:.*]] = tx.linear %[[E]], %[[N]] bias %{{.*}} : (tensor<?x8xf32>, tensor<8x8xbf16>, tensor<8xf32>) -> tensor<?x8xf32>
// CHECK: tx.linear %[[Y]], %[[N]] : (tensor<?x8xf32>, tensor<8x8xbf16>) -> tensor<?x8xf32>
// F32-NOT: bf16>) ->
module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", lanes = 16, registers = 32>} {
func.func @weights(%ids: tensor<?xi32> {tx.name = "input_ids"}) -> (tensor<?x8xf32> {tx.name = "y"}) attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  %b = tx.param dense<0.0> : tensor<8xf32>
  %e = tx.embedding %w, %ids : (tensor<8x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %y = tx.linear %e, %w bias %b : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %z = tx.linear %y, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %z : tensor<?x8xf32>
}

/// A checkpoint of bf16 needs no cast at all, and a second run changes nothing.
// CHECK-LABEL: func.func @checkpoint
// CHECK: %[[W:.*]] = tx.param {{.*}} : tensor<8x8xbf16>
// CHECK: tx.linear %{{.*}}, %[[W]] : (tensor<?x8xf32>, tensor<8x8xbf16>)
func.func @checkpoint(%x: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x8xf32> {tx.name = "y"}) attributes {tx.entry = "padded"} {
  %h = tx.param dense<1.0> : tensor<8x8xbf16>
  %w = tx.cast %h : tensor<8x8xbf16> to tensor<8x8xf32>
  %y = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
}
