//===- FusionLimits.h - Why ops are not one kernel --------------*- C++ -*-===//
//
// The rules of KernelGroups, as predicates that answer with a reason. A rule
// decides by whether it has one, so what is reported is what was decided.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_TRANSFORMS_FUSE_FUSIONLIMITS_H
#define TX_LIB_TRANSFORMS_FUSE_FUSIONLIMITS_H

#include "tx/Dialect/Tx/IR/Tx.h"
#include <optional>
#include <string>

namespace tx {

/// Why not; none: nothing speaks against it.
using Reason = std::optional<std::string>;

/// Ops that compute a row of the result from the same row of the operands.
bool isRowWise(mlir::Operation *op);

/// Why `value` must be in memory, so that a kernel ends with it.
Reason whyStored(mlir::Value value);

/// Why `reader` cannot be applied to the sums of `linear`.
Reason whyNoEpilogue(LinearOp linear, mlir::Operation *reader);

/// Why `next`, with the epilogue that it has, cannot be one kernel with
/// `group`, the linear op before it and what has joined that.
Reason whyNoProduct(llvm::ArrayRef<mlir::Operation *> group,
                    llvm::ArrayRef<mlir::Operation *> next);

/// Why `reader` of `value`, whose kernel begins with `first`, is not part of
/// that kernel. Only for a reader that is not.
std::string whyApart(mlir::Operation *first, mlir::Value value,
                     mlir::Operation *reader);

} // namespace tx

#endif // TX_LIB_TRANSFORMS_FUSE_FUSIONLIMITS_H
