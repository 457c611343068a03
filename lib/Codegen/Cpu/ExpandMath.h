//===- ExpandMath.h - Vector math -------------------------------*- C++ -*-===//
//
// Functions that kernels build directly, in a form that their arguments allow.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_EXPANDMATH_H
#define TX_CODEGEN_CPU_EXPANDMATH_H

#include "mlir/IR/Builders.h"

namespace tx {

/// 2^x for x <= 0, an f32 or a vector of f32: relative error below 2.5e-7. What
/// would be less than 2^-125 is about 2^-125; NaN stays NaN. Cheaper than
/// math.exp, for softmax.
mlir::Value buildExp2OfNegative(mlir::OpBuilder &builder, mlir::Location loc,
                                mlir::Value x);

} // namespace tx

#endif // TX_CODEGEN_CPU_EXPANDMATH_H
