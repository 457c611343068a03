// Folds, and what generic passes do with pure ops.

// RUN: tx-opt %s --canonicalize --cse --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @cast_to_the_same_type
func.func @cast_to_the_same_type(%w: tensor<4xf16>) -> tensor<4xf16> {
  // CHECK-NEXT: return %{{.*}} : tensor<4xf16>
  %0 = tx.cast %w : tensor<4xf16> to tensor<4xf16>
  return %0 : tensor<4xf16>
}

// CHECK-LABEL: func.func @widening_and_back
// CHECK-SAME: %[[W:.*]]: tensor<4xbf16>
func.func @widening_and_back(%w: tensor<4xbf16>) -> tensor<4xbf16> {
  // CHECK-NEXT: return %[[W]]
  %0 = tx.cast %w : tensor<4xbf16> to tensor<4xf32>
  %1 = tx.cast %0 : tensor<4xf32> to tensor<4xbf16>
  return %1 : tensor<4xbf16>
}

// CHECK-LABEL: func.func @widening_before_another_cast
// CHECK-SAME: %[[W:.*]]: tensor<4xbf16>
func.func @widening_before_another_cast(%w: tensor<4xbf16>) -> tensor<4xf16> {
  // CHECK-NEXT: %[[CAST:.*]] = tx.cast %[[W]] : tensor<4xbf16> to tensor<4xf16>
  // CHECK-NEXT: return %[[CAST]]
  %0 = tx.cast %w : tensor<4xbf16> to tensor<4xf32>
  %1 = tx.cast %0 : tensor<4xf32> to tensor<4xf16>
  return %1 : tensor<4xf16>
}

// The first cast rounds.
// CHECK-LABEL: func.func @no_fold_of_a_rounding_cast
func.func @no_fold_of_a_rounding_cast(%w: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: tx.cast %{{.*}} : tensor<4xf32> to tensor<4xbf16>
  // CHECK-NEXT: tx.cast %{{.*}} : tensor<4xbf16> to tensor<4xf32>
  %0 = tx.cast %w : tensor<4xf32> to tensor<4xbf16>
  %1 = tx.cast %0 : tensor<4xbf16> to tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: func.func @no_fold_of_bf16_to_f16_to_bf16
func.func @no_fold_of_bf16_to_f16_to_bf16(%w: tensor<4xbf16>) -> tensor<4xbf16> {
  // CHECK-COUNT-2: tx.cast
  %0 = tx.cast %w : tensor<4xbf16> to tensor<4xf16>
  %1 = tx.cast %0 : tensor<4xf16> to tensor<4xbf16>
  return %1 : tensor<4xbf16>
}

// CHECK-LABEL: func.func @slice_of_every_channel
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>
func.func @slice_of_every_channel(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = tx.slice %x[0] : tensor<?x8xf32> to tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @slice_of_a_slice
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>
func.func @slice_of_a_slice(%x: tensor<?x8xf32>) -> tensor<?xf32> {
  // CHECK-NEXT: %[[Y:.*]] = tx.slice %[[X]][5] : tensor<?x8xf32> to tensor<?xf32>
  // CHECK-NEXT: return %[[Y]]
  %0 = tx.slice %x[3] : tensor<?x8xf32> to tensor<?x4xf32>
  %1 = tx.slice %0[2] : tensor<?x4xf32> to tensor<?xf32>
  return %1 : tensor<?xf32>
}

// The result may have fewer channels than x.
// CHECK-LABEL: func.func @no_fold_of_a_slice_of_unknown_size
func.func @no_fold_of_a_slice_of_unknown_size(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // CHECK-NEXT: tx.slice
  %0 = tx.slice %x[0] : tensor<?x?xf32> to tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @equal_plans_and_params_are_one
func.func @equal_plans_and_params_are_one(%o: tensor<?xi32>) -> (tensor<?x2xi32>, tensor<?x2xi32>, tensor<2xf32>, tensor<2xf32>) {
  // CHECK-NEXT: %[[TILES:.*]] = tx.plan_tiles
  // CHECK-NEXT: %[[W:.*]] = tx.param
  // CHECK-NEXT: return %[[TILES]], %[[TILES]], %[[W]], %[[W]]
  %0 = tx.plan_tiles %o rows 64 : (tensor<?xi32>) -> tensor<?x2xi32>
  %1 = tx.plan_tiles %o rows 64 : (tensor<?xi32>) -> tensor<?x2xi32>
  %2 = tx.param #tx.external<"m.safetensors", "w"> : tensor<2xf32>
  %3 = tx.param #tx.external<"m.safetensors", "w"> : tensor<2xf32>
  return %0, %1, %2, %3 : tensor<?x2xi32>, tensor<?x2xi32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// Unused results and unused kernels go.
// CHECK-LABEL: func.func @dead_code
func.func @dead_code(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK-NEXT: return
  %0 = tx.softmax %x : tensor<?x8xf32>
  %1 = tx.call @k(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %x : tensor<?x8xf32>
}
tx.kernel private @k(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  tx.return %x : tensor<?x?xf32>
}
