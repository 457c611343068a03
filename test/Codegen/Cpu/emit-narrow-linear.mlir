// RUN: tx-opt %s -tx-emit-kernels -split-input-file | FileCheck %s

// Unit dot: an item rounds its rows to pairs of bf16, behind the sums, 32
// channels at a time, and multiplies pairs; the columns of tiles follow one
// another.
// CHECK:       module attributes {tx.scratch = 147456 : i64}
// CHECK-LABEL: func.func @dot(
// CHECK:         arith.truncf %{{.*}} : vector<16xf32> to vector<16xbf16>
// CHECK:         llvm.intr.masked.load
// CHECK:         arith.truncf
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK:             call @linear_tile.bf16_dot.16x8x3.192
// CHECK-LABEL: func.func private @linear_tile.bf16_dot.16x8x3.192(
// CHECK:         case 24 {
// CHECK:           scf.for
// CHECK-COUNT-24:    llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
!w = tensor<?x?xbf16, #tx.layout<panels = 16, group = 2>>
tx.kernel @dot(%x: tensor<?x?xf32>, %w: !w) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<unit = dot, lanes = 16, rows = 8, panels = 3, item_rows = 64, item_panels = 12>} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

// Unit matrix: 2 x 2 sums of 16 x 16 in four registers.
// CHECK-LABEL: func.func @matrix(
// CHECK-LABEL: func.func private @linear_tile.bf16_matrix.16x32x2(
// CHECK:         case 4 {
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tileloadd64.internal"
// CHECK:           scf.for
// CHECK-COUNT-2:     llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK:             llvm.call_intrinsic "llvm.x86.tileloadd64.internal"
// CHECK-COUNT-2:     llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.tilestored64.internal"
!w = tensor<?x?xbf16, #tx.layout<panels = 16, group = 2>>
tx.kernel @matrix(%x: tensor<?x?xf32>, %w: !w) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<unit = matrix, lanes = 16, rows = 32, panels = 2, item_rows = 128>} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

// Unit fma: x is rounded by integers and stays f32, weights are widened.
// CHECK-LABEL: func.func @fma(
// CHECK-NOT:     truncf
// CHECK:         arith.cmpf uno
// CHECK-LABEL: func.func private @linear_tile.bf16.8x4x1.192(
// CHECK:         arith.shli
// CHECK:         llvm.intr.fma
// CHECK:         arith.andi
// CHECK:         llvm.intr.fma
!w = tensor<?x?xbf16, #tx.layout<panels = 16, group = 2>>
tx.kernel @fma(%x: tensor<?x?xf32>, %w: !w) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 8, rows = 4, panels = 1, item_rows = 64, item_panels = 12>} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
