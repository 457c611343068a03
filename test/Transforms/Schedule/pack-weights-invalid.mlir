// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-pack-weights

tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @weight_computed_at_run_time(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{passes a value computed at run time as the weight of @linear, expected a parameter}}
  %0 = tx.call @linear(%x, %w) : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

tx.kernel @weight_computed_in_kernel(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %v = tx.activation relu %w : tensor<?x?xf32>
  // expected-error @below {{has a weight that is not an argument of its kernel}}
  %0 = tx.linear %x, %v : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

tx.kernel @weight_is_residual(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  // expected-error @below {{takes as an activation what is also a weight of kernel "weight_is_residual"}}
  %1 = tx.add %0, %w : tensor<?x?xf32>
  tx.return %1 : tensor<?x?xf32>
}
