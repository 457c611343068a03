// RUN: tx-opt %s --tx-pack-weights | FileCheck %s
// RUN: tx-opt %s --tx-pack-weights --tx-pack-weights | FileCheck %s

// CHECK-LABEL: tx.kernel @linear
// CHECK-SAME: %[[X:.*]]: tensor<?x?xf32>, %[[W:.*]]: tensor<?x?xf32, #tx.layout<panels = 16>>, %[[B:.*]]: tensor<?xf32>) -> tensor<?x?xf32>
// CHECK: tx.linear %[[X]], %[[W]] bias %[[B]] : (tensor<?x?xf32>, tensor<?x?xf32, #tx.layout<panels = 16>>, tensor<?xf32>)
tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>, %b: tensor<?xf32>) -> tensor<?x?xf32> {
  %0 = tx.linear %x, %w bias %b : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xf32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

/// Tables are read by rows.
// CHECK-LABEL: tx.kernel @embedding
// CHECK-SAME: %{{.*}}: tensor<?x?xf32>, %{{.*}}: tensor<?xi32>
tx.kernel @embedding(%t: tensor<?x?xf32>, %i: tensor<?xi32>) -> tensor<?x?xf32> {
  %0 = tx.embedding %t, %i : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

/// A parameter is packed once, behind what converts it; where it is a table as
/// well (a tied decoder), it keeps its own form too.
// CHECK-LABEL: func.func @packs_parameters
// CHECK: %[[H:.*]] = tx.param
// CHECK-NEXT: %[[W:.*]] = tx.cast %[[H]]
// CHECK-NEXT: %[[P:.*]] = tx.pack %[[W]] : tensor<8x8xf32> to tensor<8x8xf32, #tx.layout<panels = 16>>
// CHECK-NOT: tx.pack
// CHECK: %[[E:.*]] = tx.call @embedding(%[[W]], %{{.*}})
// CHECK: %[[Y:.*]] = tx.call @linear(%[[E]], %[[P]], %{{.*}}) : (tensor<?x8xf32>, tensor<8x8xf32, #tx.layout<panels = 16>>, tensor<8xf32>) -> tensor<?x8xf32>
// CHECK: tx.call @linear(%[[Y]], %[[P]], %{{.*}})
func.func @packs_parameters(%ids: tensor<?xi32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %h = tx.param dense<1.0> : tensor<8x8xf16>
  %w = tx.cast %h : tensor<8x8xf16> to tensor<8x8xf32>
  %b = tx.param dense<1.0> : tensor<8xf32>
  %e = tx.call @embedding(%w, %ids) : (tensor<8x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %0 = tx.call @linear(%e, %w, %b) : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %1 = tx.call @linear(%0, %w, %b) : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

//===----------------------------------------------------------------------===//
// Negative tests
//===----------------------------------------------------------------------===//

/// What has a layout keeps it.
// CHECK-LABEL: tx.kernel @no_change__has_a_layout
// CHECK-SAME: tensor<?x?xf32, #tx.layout<panels = 8>>
tx.kernel @no_change__has_a_layout(%x: tensor<?x?xf32>, %w: tensor<?x?xf32, #tx.layout<panels = 8>>) -> tensor<?x?xf32> {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32, #tx.layout<panels = 8>>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

/// Weights of bf16 lie in groups of two channels.
// CHECK-LABEL: func.func @packs_pairs
// CHECK: tx.pack %{{.*}} : tensor<8x8xbf16> to tensor<8x8xbf16, #tx.layout<panels = 16, group = 2>>
tx.kernel @linear_bf16(%x: tensor<?x?xf32>, %w: tensor<?x?xbf16>) -> tensor<?x?xf32> {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xbf16>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @packs_pairs(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "padded"} {
  %w = tx.param dense<1.0> : tensor<8x8xbf16>
  %0 = tx.call @linear_bf16(%x, %w) : (tensor<?x8xf32>, tensor<8x8xbf16>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
