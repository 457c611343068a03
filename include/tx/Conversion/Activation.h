//===- Activation.h - Activation functions on arith and math ----*- C++ -*-===//
//
// The one place that spells activation functions out, for scalar bodies of
// linalg and for vectors in kernels alike.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CONVERSION_ACTIVATION_H
#define TX_CONVERSION_ACTIVATION_H

#include "tx/Dialect/Tx/IR/Tx.h"

namespace tx {

/// Builds `kind` of `x`, which is an f32 or a vector of f32.
mlir::Value buildActivation(mlir::OpBuilder &builder, mlir::Location loc,
                            ActivationKind kind, mlir::Value x);

} // namespace tx

#endif // TX_CONVERSION_ACTIVATION_H
