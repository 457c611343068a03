//===- RowPlan.h - Passes over a row ----------------------------*- C++ -*-===//
//
// A row-wise kernel makes each row of its results in one or more passes over
// the columns. A reduction (say, the sum of a row) ends a pass, since what
// depends on it needs the whole row; everything else in a pass is computed at a
// column while that column is in registers.
//
// An intermediate value that several passes use is computed anew in each where
// that is cheap, and otherwise kept in the row of a result that is written
// later: such a row is as wide as is needed and lies in the cache, and no width
// is too large for it.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_ROWPLAN_H
#define TX_CODEGEN_CPU_ROWPLAN_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tx/Dialect/Tx/IR/Tx.h"
#include "llvm/ADT/IntEqClasses.h"
#include "llvm/ADT/MapVector.h"

namespace tx {

/// What a linalg.generic of a row-wise kernel makes.
enum class RowOpKind {
  Elements,  ///< a value per row and column
  Reduction, ///< a value per row, from its columns
  PerRow     ///< a value per row, from other such values
};

RowOpKind getRowOpKind(mlir::linalg::GenericOp op);

/// How an operand is indexed by the row and column of a generic.
enum class RowIndexing { Element, Row, Column };

/// What an operand reads: a slice is read where it was taken from.
struct RowAccess {
  RowIndexing indexing;
  mlir::Value value;       ///< an argument of the kernel or made by a generic
  int64_t firstColumn = 0; ///< of the elements, in `value`
};

RowAccess getRowAccess(mlir::linalg::GenericOp op, mlir::OpOperand *operand);

/// Classes of dimensions that have the same size, as generics imply.
class RowDimensions {
public:
  explicit RowDimensions(KernelOp kernel);
  /// The class of dimension `dim` of `value`, a tensor.
  unsigned getClass(mlir::Value value, int64_t dim) const;
  /// A tensor, with its dimension, that tells the size of a class: by its type,
  /// or as an operand or result of the kernel. Null if none does.
  std::pair<mlir::Value, int64_t> findSize(unsigned dimClass) const;

private:
  unsigned getNumber(mlir::Value value, int64_t dim);
  void joinGeneric(mlir::linalg::GenericOp op);

  llvm::MapVector<std::pair<mlir::Value, int64_t>, unsigned> numbers;
  llvm::IntEqClasses classes;
};

/// What is done to the columns in one pass.
struct RowPass {
  /// Computed once per row before the pass.
  llvm::SmallVector<mlir::linalg::GenericOp> perRow;
  llvm::SmallVector<mlir::linalg::GenericOp> reductions;
  /// Values and the result whose row they are written to.
  llvm::SmallVector<std::pair<mlir::Value, unsigned>> stores;
};

class RowPlan {
public:
  /// Plans `kernel`; reports what is not a row-wise computation on its op.
  static mlir::FailureOr<RowPlan> create(KernelOp kernel);

  llvm::ArrayRef<RowPass> getPasses() const { return passes; }
  const RowDimensions &getDimensions() const { return dimensions; }
  /// The first pass in which `value` can be used (per row) or computed.
  int64_t getPass(mlir::Value value) const { return ready.lookup(value); }
  /// The class of the columns that `op`, which has some, loops over.
  unsigned getColumnClass(mlir::linalg::GenericOp op) const;
  /// About how many instructions a vector of `work` takes in pass `pass`.
  int64_t getCost(const RowPass &work, int64_t pass) const;
  /// The result whose row holds `value` after its pass, if one does.
  std::optional<unsigned> getStorage(mlir::Value value) const;

private:
  explicit RowPlan(KernelOp kernel) : kernel(kernel), dimensions(kernel) {}
  void assignPasses();
  void assignStorage();
  std::optional<unsigned> findFreeResult(mlir::Value value, int64_t lastPass);
  void fillPasses();
  int64_t addCost(mlir::Value value, int64_t pass,
                  llvm::DenseSet<mlir::Value> &seen) const;
  int64_t addOperandCost(mlir::linalg::GenericOp op, int64_t pass,
                         llvm::DenseSet<mlir::Value> &seen) const;

  KernelOp kernel;
  RowDimensions dimensions;
  llvm::DenseMap<mlir::Value, int64_t> ready;
  llvm::MapVector<mlir::Value, llvm::SmallVector<unsigned, 1>> storage;
  /// Per result, the first and last pass of each value its row holds before.
  llvm::SmallVector<llvm::SmallVector<std::pair<int64_t, int64_t>>> occupied;
  llvm::SmallVector<RowPass> passes;
};

/// The vector reduction that folds the accumulator of a reduction.
mlir::vector::CombiningKind getCombiningKind(mlir::linalg::GenericOp op);

/// Whether `kernel` has the form that plans are made of; reports what has not.
mlir::LogicalResult verifyRowKernel(KernelOp kernel);

/// About how many instructions a vector of `op` takes, operands not included.
int64_t getBodyCost(mlir::linalg::GenericOp op);

} // namespace tx

#endif // TX_CODEGEN_CPU_ROWPLAN_H
