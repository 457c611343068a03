// A shared body is inlined into the entries; kernels are not.

// RUN: tx-opt %s --inline --symbol-dce | FileCheck %s

// CHECK-NOT: @body
// CHECK-LABEL: func.func @entry
func.func @entry(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK-NEXT: %[[SOFT:.*]] = tx.softmax
  // CHECK-NEXT: %[[OUT:.*]] = tx.call @k(%[[SOFT]])
  // CHECK-NEXT: return %[[OUT]]
  %0 = call @body(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func private @body(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tx.softmax %x : tensor<?x8xf32>
  %1 = tx.call @k(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
// CHECK: tx.kernel private @k
tx.kernel private @k(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  tx.return %x : tensor<?x?xf32>
}
// CHECK-NOT: @unused
tx.kernel private @unused(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  tx.return %x : tensor<?x?xf32>
}
