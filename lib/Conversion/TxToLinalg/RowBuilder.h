//===- RowBuilder.h - linalg over rows and columns --------------*- C++ -*-===//
//
// Builds the three forms of linalg.generic that row-wise kernels consist of:
// over (row, column), reducing the columns of each row, and over rows alone.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CONVERSION_TXTOLINALG_ROWBUILDER_H
#define TX_CONVERSION_TXTOLINALG_ROWBUILDER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/DenseMap.h"

namespace tx {

/// Sizes of a value, as attributes where static.
struct RowShape {
  mlir::OpFoldResult rows, columns;
};

/// An operand and how (row, column) index it.
using RowOperand = std::pair<mlir::Value, mlir::AffineMap>;

class RowBuilder {
public:
  using BodyFn = llvm::function_ref<mlir::Value(
      mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

  /// Sizes of arguments are taken at the start of `body`.
  explicit RowBuilder(mlir::Block &body);

  mlir::OpBuilder &getBuilder() { return builder; }
  /// Builds before `op`, at its location.
  void setInsertionPoint(mlir::Operation *op);

  //===---- Sizes ----===//

  /// Size `dim` of an argument or of a value whose shape was set.
  mlir::OpFoldResult getSize(mlir::Value value, int64_t dim);
  void setShape(mlir::Value value, RowShape shape) { shapes[value] = shape; }
  void copyShape(mlir::Value from, mlir::Value to);
  /// The number of channels of `value` as an f32.
  mlir::Value getChannelsAsFloat(mlir::Value value);

  //===---- Indexing ----===//

  /// (row, column) -> (row, column)
  mlir::AffineMap byElement();
  /// (row, column) -> (row)
  mlir::AffineMap byRow();
  /// (row, column) -> (column)
  mlir::AffineMap byColumn();

  //===---- Computations ----===//

  /// One value per row and column; it has the type and shape of `like`.
  mlir::Value mapColumns(mlir::Value like, llvm::ArrayRef<RowOperand> operands,
                         BodyFn body);
  /// One value per row of `like`: `body` folds the operands into its last
  /// argument, which starts as `neutral`.
  mlir::Value reduceColumns(mlir::Value like,
                            llvm::ArrayRef<RowOperand> operands, double neutral,
                            BodyFn body);
  /// One value per row from others.
  mlir::Value mapRows(llvm::ArrayRef<mlir::Value> operands, BodyFn body);

private:
  mlir::Value buildEmpty(mlir::RankedTensorType type,
                         llvm::ArrayRef<mlir::OpFoldResult> sizes);
  mlir::Value buildGeneric(llvm::ArrayRef<RowOperand> operands,
                           mlir::Value init, mlir::AffineMap initMap,
                           llvm::ArrayRef<mlir::utils::IteratorType> iterators,
                           bool readsInit, BodyFn body);

  mlir::Block &kernelBody;
  mlir::OpBuilder builder;
  mlir::Location loc;
  llvm::DenseMap<mlir::Value, RowShape> shapes;
};

} // namespace tx

#endif // TX_CONVERSION_TXTOLINALG_ROWBUILDER_H
