// What has nothing to do with the softmax goes.

// RUN: tx-reduce %s --reduction-tree='traversal-mode=0 test=%S/Inputs/has-softmax.sh' | FileCheck %s

// CHECK-NOT: @other
// CHECK-LABEL: func.func @has_softmax
// CHECK: tx.softmax
// CHECK-NOT: @other
func.func @other_before(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tx.activation gelu %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @has_softmax(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tx.softmax %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @other_after(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tx.activation relu %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
