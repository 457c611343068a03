// RUN: tx-opt %s -tx-emit-kernels -split-input-file | FileCheck %s

// The first kernel: sums begin as the bias, take in chunk after chunk of the
// product, and become gelu plus the residual, the last columns under a mask.
// CHECK:       module attributes {tx.scratch = 12288 : i64}
// CHECK-LABEL: func.func @linear_gelu_add(
// CHECK-SAME:    %[[ARGS:.*]]: !llvm.ptr {llvm.noalias, llvm.readonly}, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64, %[[SCRATCH:.*]]: !llvm.ptr {llvm.noalias})
// CHECK:         scf.for %{{.*}} = %[[BEGIN]] to %[[END]]
// CHECK-COUNT-3:   %{{.*}} = llvm.intr.masked.load
// CHECK:           scf.for
// CHECK-COUNT-3:     llvm.store {{.*}} vector<16xf32>
// CHECK:           scf.for
// CHECK:             scf.for
// CHECK:               call @linear_tile.16x8x3(
// CHECK:           scf.if
// CHECK:             llvm.load {{.*}} -> vector<16xf32>
// CHECK:             math.erf
// CHECK:             llvm.load {{.*}} -> vector<16xf32>
// CHECK:             arith.addf
// CHECK:             llvm.store {{.*}} vector<16xf32>
// CHECK:           } else {
// CHECK:             llvm.intr.masked.load
// CHECK:           llvm.intr.masked.store
// CHECK-LABEL: func.func @linear_gelu_add_items
// CHECK:         return %{{.*}} : i64

// The product is one function for all kernels of a schedule: a case for each
// shape of a tile, and in it a loop that loads a vector of each panel,
// broadcasts an element of each row, and asks for the weights after these.

// CHECK-LABEL: func.func private @linear_tile.16x8x3(
// CHECK-SAME:    passthrough = ["noinline"]
// CHECK:         scf.index_switch
// CHECK:         case 1 {
// CHECK:           scf.for
// CHECK:             llvm.load {{.*}} -> vector<16xf32>
// CHECK:             vector.broadcast
// CHECK-COUNT-1:     llvm.intr.fma
// CHECK:         case 24 {
// CHECK:           scf.for
// CHECK-COUNT-3:     llvm.intr.prefetch
// CHECK-COUNT-3:     llvm.load {{.*}} -> vector<16xf32>
// CHECK-COUNT-24:    llvm.intr.fma
// CHECK-COUNT-24:  llvm.store

// CHECK-NOT:   func.func private
// CHECK-LABEL: func.func @linear(
// CHECK:         call @linear_tile.16x8x3
#schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>
!w = tensor<?x?xf32, #tx.layout<panels = 16>>
tx.kernel @linear_gelu_add(%x: tensor<?x?xf32>, %w: !w, %b: tensor<?xf32>, %r: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {schedule = #schedule} {
  %0 = tx.linear %x, %w bias %b : (tensor<?x?xf32>, !w, tensor<?xf32>) -> tensor<?x?xf32>
  %1 = tx.activation gelu %0 : tensor<?x?xf32>
  %2 = tx.add %1, %r : tensor<?x?xf32>
  tx.return %2 : tensor<?x?xf32>
}
tx.kernel @linear(%x: tensor<?x?xf32>, %w: !w) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

// A panel is two vectors of eight lanes; four steps at a time, then single ones.

// CHECK-LABEL: func.func private @linear_tile.8x6x1
// CHECK:         case 6 {
// CHECK:           scf.for {{.*}} step %c4_i64
// CHECK-COUNT-48:    llvm.intr.fma
// CHECK:           scf.for
// CHECK-COUNT-12:    llvm.intr.fma
!w = tensor<?x?xf32, #tx.layout<panels = 16>>
tx.kernel @linear(%x: tensor<?x?xf32>, %w: !w) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 8, rows = 6, panels = 1, item_rows = 60>} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
