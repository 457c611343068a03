//===- KernelGroups.h - Which ops become one kernel -------------*- C++ -*-===//
//
// The decision half of tx-form-kernels: read-only, no rewriting.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_TRANSFORMS_FUSE_KERNELGROUPS_H
#define TX_LIB_TRANSFORMS_FUSE_KERNELGROUPS_H

#include "tx/Dialect/Tx/IR/Tx.h"
#include <string>
#include <vector>

namespace tx {

/// A neighbour that is no part of a kernel.
struct Refusal {
  mlir::OperationName op;
  mlir::Location loc;
  std::string reason;
};

/// Ops of one kernel, in program order. Only the last one's results are used
/// outside, or, of several products, those of each.
struct KernelGroup {
  llvm::SmallVector<mlir::Operation *> ops;
  /// Ops that read its results and products that follow, in program order.
  std::vector<Refusal> refusals;

  mlir::Operation *getRoot() const { return ops.back(); }
  /// Several linear ops of the same x, and nothing else.
  bool isProducts() const;
  /// What is used outside.
  llvm::SmallVector<mlir::Value> getResults() const;

  /// What the kernel computes, as a symbol: "linear_gelu", "linear_x3",
  /// "attention", "rows_embedding_add_layer_norm".
  std::string getName() const;
};

/// Whether `op` may stay in an entry beside calls of kernels.
bool isParamOp(mlir::Operation *op);

/// The groups of `block`, ordered by their roots. Params and calls belong to
/// none.
std::vector<KernelGroup> findKernelGroups(mlir::Block &block);

} // namespace tx

#endif // TX_LIB_TRANSFORMS_FUSE_KERNELGROUPS_H
