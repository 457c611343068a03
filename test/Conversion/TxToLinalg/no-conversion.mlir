// RUN: tx-opt %s -convert-tx-to-linalg | FileCheck %s --implicit-check-not=linalg

//===----------------------------------------------------------------------===//
// Negative tests
//===----------------------------------------------------------------------===//

// A kernel is converted as a whole: the activation is the linear's epilogue.
// CHECK-LABEL: tx.kernel @no_conversion_with_linear
// CHECK:       tx.linear
// CHECK:       tx.activation gelu
tx.kernel @no_conversion_with_linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %1 = tx.activation gelu %0 : tensor<?x?xf32>
  tx.return %1 : tensor<?x?xf32>
}

// Pooling mixes tokens.
// CHECK-LABEL: tx.kernel @no_conversion_of_pool
// CHECK:       tx.pool mean
tx.kernel @no_conversion_of_pool(%x: tensor<?x?xf32>, %o: tensor<?xi32>) -> tensor<?x?xf32> {
  %0 = tx.pool mean %x, %o : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// One value per token is not a row.
// CHECK-LABEL: tx.kernel @no_conversion_of_single_channel
// CHECK:       tx.slice
tx.kernel @no_conversion_of_single_channel(%x: tensor<?x?xf32>) -> tensor<?xf32> {
  %0 = tx.slice %x[1] : tensor<?x?xf32> to tensor<?xf32>
  tx.return %0 : tensor<?xf32>
}

// The width of the slice is known to callers only.
// CHECK-LABEL: tx.kernel @no_conversion_of_unknown_width
// CHECK:       tx.slice
tx.kernel @no_conversion_of_unknown_width(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.slice %x[1] : tensor<?x?xf32> to tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// Only kernels are converted.
// CHECK-LABEL: func.func @no_conversion_in_functions
// CHECK:       tx.add
func.func @no_conversion_in_functions(%x: tensor<?x384xf32>) -> tensor<?x384xf32> {
  %0 = tx.add %x, %x : tensor<?x384xf32>
  return %0 : tensor<?x384xf32>
}
