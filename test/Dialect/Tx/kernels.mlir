// Kernels and calls, through text and bytecode.

// RUN: tx-opt %s | tx-opt | FileCheck %s
// RUN: tx-opt %s --emit-bytecode | tx-opt | FileCheck %s
// RUN: tx-opt %s --mlir-print-op-generic | tx-opt | FileCheck %s

// CHECK-LABEL: tx.kernel @linear_gelu(
// CHECK-SAME: %[[X:.*]]: tensor<?x?xf32>, %[[W:.*]]: tensor<?x?xf32, #tx.layout<panels = 16>>, %[[B:.*]]: tensor<?xf32>) -> tensor<?x?xf32> attributes {schedule = #tx.schedule<lanes = 16, rows = 6, panels = 2, item_rows = 48>} {
tx.kernel @linear_gelu(%x: tensor<?x?xf32>, %w: tensor<?x?xf32, #tx.layout<panels = 16>>, %b: tensor<?xf32>) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 16, rows = 6, panels = 2, item_rows = 48>} {
  // CHECK: %[[LINEAR:.*]] = tx.linear %[[X]], %[[W]] bias %[[B]]
  %0 = tx.linear %x, %w bias %b : (tensor<?x?xf32>, tensor<?x?xf32, #tx.layout<panels = 16>>, tensor<?xf32>) -> tensor<?x?xf32>
  // CHECK: %[[GELU:.*]] = tx.activation gelu %[[LINEAR]]
  %1 = tx.activation gelu %0 : tensor<?x?xf32>
  // CHECK: tx.return %[[GELU]] : tensor<?x?xf32>
  tx.return %1 : tensor<?x?xf32>
}

// CHECK-LABEL: tx.kernel private @two_results(
tx.kernel private @two_results(%x: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %0 = tx.softmax %x : tensor<?x?xf32>
  // CHECK: tx.return %{{.*}}, %{{.*}} : tensor<?x?xf32>, tensor<?x?xf32>
  tx.return %0, %x : tensor<?x?xf32>, tensor<?x?xf32>
}

// Static sizes stand for the kernel's dynamic ones.
// CHECK-LABEL: func.func @calls
func.func @calls(%x: tensor<?x8xf32>, %w: tensor<20x8xf32, #tx.layout<panels = 16>>, %b: tensor<20xf32>)
    -> (tensor<?x20xf32>, tensor<?x20xf32>) {
  // CHECK: %[[Y:.*]] = tx.call @linear_gelu(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<20x8xf32, #tx.layout<panels = 16>>, tensor<20xf32>) -> tensor<?x20xf32>
  %0 = tx.call @linear_gelu(%x, %w, %b) : (tensor<?x8xf32>, tensor<20x8xf32, #tx.layout<panels = 16>>, tensor<20xf32>) -> tensor<?x20xf32>
  // CHECK: tx.call @two_results(%[[Y]]) {places = [#tx.place<output, 0>, #tx.place<token, 128>]} : (tensor<?x20xf32>) -> (tensor<?x20xf32>, tensor<?x20xf32>)
  %1:2 = tx.call @two_results(%0) {places = [#tx.place<output, 0>, #tx.place<token, 128>]}
    : (tensor<?x20xf32>) -> (tensor<?x20xf32>, tensor<?x20xf32>)
  return %1#0, %1#1 : tensor<?x20xf32>, tensor<?x20xf32>
}
