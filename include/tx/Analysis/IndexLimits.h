//===- IndexLimits.h - Which indices an entry accepts -----------*- C++ -*-===//

#ifndef TX_ANALYSIS_INDEXLIMITS_H
#define TX_ANALYSIS_INDEXLIMITS_H

#include "tx/Dialect/Tx/IR/Tx.h"
#include <optional>

namespace tx {

/// The smallest number of rows of the embedding tables that `argument` of an
/// entry indexes, through calls of kernels and `tx.pack_tokens`: what an index
/// in it must be less than. None if it indexes no table.
std::optional<int64_t> getIndexLimit(mlir::BlockArgument argument);

/// The longest sequence whose positions, of `tx.positions` and
/// `tx.pack_tokens`, have rows in the embedding tables that `entry` looks them
/// up in; less than 1 if there is none. None if it looks them up nowhere.
std::optional<int64_t> getLengthLimit(mlir::func::FuncOp entry);

/// Emits an error on the embedding that `entry` or a kernel it calls looks up
/// unless its table has a known number of rows, at least one, and its indices
/// are positions or come from an input: what the limits above keep in bounds.
mlir::LogicalResult checkIndices(mlir::func::FuncOp entry);

} // namespace tx

#endif // TX_ANALYSIS_INDEXLIMITS_H
