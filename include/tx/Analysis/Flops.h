//===- Flops.h - Arithmetic work of an entry --------------------*- C++ -*-===//
//
// Ops count per row (CostOpInterface); whether a row is a token or a sequence
// is known of the values of an entry (TokenDims). Kernels have lost the channel
// counts, so `tx-form-kernels` keeps the work of a call in `tx.flops`.
//
//===----------------------------------------------------------------------===//

#ifndef TX_ANALYSIS_FLOPS_H
#define TX_ANALYSIS_FLOPS_H

#include "tx/Analysis/TokenDims.h"

namespace tx {

/// On a `tx.call`: array<i64: per token, per sequence, per pair>.
inline constexpr llvm::StringLiteral kFlopsAttrName = "tx.flops";

/// Work of one op of an entry: a call's `tx.flops`, else what the op says.
FlopCount getFlops(mlir::Operation *op, const TokenDims &dims);

/// Work of one run of `entry`, which must be self-contained (phase normalize or
/// later). Fails with a diagnostic where sizes cannot be derived.
mlir::FailureOr<FlopCount> computeFlops(mlir::func::FuncOp entry);

} // namespace tx

#endif // TX_ANALYSIS_FLOPS_H
