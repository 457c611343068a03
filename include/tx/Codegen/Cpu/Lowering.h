//===- Lowering.h - To the LLVM dialect -------------------------*- C++ -*-===//
//
// The upstream conversions that end phase `lower`.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_LOWERING_H
#define TX_CODEGEN_CPU_LOWERING_H

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace tx {

/// Adds the conversions from func, scf, cf, arith, math, index, ub and vector
/// to the LLVM dialect. They follow tx-emit-kernels, tx-lower-entries and
/// tx-expand-math; after them a module holds LLVM functions and `tx.weights`.
void buildLowerToLLVM(mlir::OpPassManager &pm);

} // namespace tx

#endif // TX_CODEGEN_CPU_LOWERING_H
