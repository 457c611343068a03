//===- RowForm.cpp - The linalg that row-wise kernels consist of ----------===//
//
// Recognises the generics that convert-tx-to-linalg makes and rejects others
// with a reason: after verification, plan and emission need no checks.
//
//===----------------------------------------------------------------------===//

#include "RowPlan.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tx;

RowOpKind tx::getRowOpKind(linalg::GenericOp op) {
  if (op.getNumLoops() == 1)
    return RowOpKind::PerRow;
  return op.getNumReductionLoops() ? RowOpKind::Reduction : RowOpKind::Elements;
}

/// The indexing that `map` is, if it is one that rows know.
static std::optional<RowIndexing> matchIndexing(AffineMap map) {
  MLIRContext *context = map.getContext();
  AffineExpr row = getAffineDimExpr(0, context);
  AffineExpr column = getAffineDimExpr(1, context);
  if (map.getResults() == ArrayRef(row))
    return RowIndexing::Row;
  if (map.getResults() == ArrayRef(column))
    return RowIndexing::Column;
  if (map.getResults() == ArrayRef({row, column}))
    return RowIndexing::Element;
  return std::nullopt;
}

RowAccess tx::getRowAccess(linalg::GenericOp op, OpOperand *operand) {
  RowAccess access{*matchIndexing(op.getMatchingIndexingMap(operand)),
                   operand->get()};
  while (auto slice = access.value.getDefiningOp<tensor::ExtractSliceOp>()) {
    access.firstColumn += slice.getStaticOffset(1);
    access.value = slice.getSource();
  }
  return access;
}

/// The one op through which a reduction's body changes its accumulator.
static Operation *getCombiner(linalg::GenericOp op) {
  return op.getBody()->getTerminator()->getOperand(0).getDefiningOp();
}

static std::optional<vector::CombiningKind>
matchCombiner(linalg::GenericOp op) {
  BlockArgument accumulator = op.getRegionOutputArgs().front();
  Operation *combiner = getCombiner(op);
  if (!combiner || !accumulator.hasOneUse() ||
      *accumulator.user_begin() != combiner)
    return std::nullopt;
  if (isa<arith::AddFOp>(combiner))
    return vector::CombiningKind::ADD;
  if (isa<arith::MaximumFOp>(combiner))
    return vector::CombiningKind::MAXIMUMF;
  auto fma = dyn_cast<math::FmaOp>(combiner);
  if (fma && fma.getC() == accumulator)
    return vector::CombiningKind::ADD;
  return std::nullopt;
}

vector::CombiningKind tx::getCombiningKind(linalg::GenericOp op) {
  return *matchCombiner(op);
}

int64_t tx::getBodyCost(linalg::GenericOp op) {
  int64_t cost = 0;
  for (Operation &nested : op.getBody()->without_terminator())
    cost +=
        TypeSwitch<Operation *, int64_t>(&nested)
            .Case<arith::ConstantOp, linalg::IndexOp, arith::IndexCastOp>(
                [](Operation *) { return 0; })
            .Case<math::ExpOp, math::ErfOp, math::TanhOp>(
                [](Operation *) { return 20; })
            .Case<arith::DivFOp, math::SqrtOp>([](Operation *) { return 8; })
            .Default([](Operation *) { return 1; });
  return cost;
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

/// Whether `value` starts as what leaves the reduction's combiner unchanged.
static bool startsNeutral(Value value, vector::CombiningKind kind) {
  auto fill = value.getDefiningOp<linalg::FillOp>();
  FloatAttr start;
  if (!fill || !matchPattern(fill.getInputs().front(), m_Constant(&start)))
    return false;
  APFloat attr = start.getValue();
  if (kind == vector::CombiningKind::ADD)
    return attr.isZero();
  return attr.isInfinity() && attr.isNegative();
}

static LogicalResult verifyReduction(linalg::GenericOp op) {
  std::optional<vector::CombiningKind> kind = matchCombiner(op);
  if (!kind)
    return op.emitOpError() << "reduces with something else than addf, fma or "
                               "maximumf of its accumulator";
  if (!startsNeutral(op.getOutputs().front(), *kind))
    return op.emitOpError() << "has an accumulator that does not start as the "
                               "neutral value of its reduction";
  return success();
}

/// A table is read at a row that all columns share, and at the column.
static LogicalResult verifyExtract(linalg::GenericOp op,
                                   tensor::ExtractOp extract,
                                   const DenseSet<Value> &perColumn) {
  auto indices = extract.getIndices();
  auto column = indices.size() == 2
                    ? indices[1].getDefiningOp<linalg::IndexOp>()
                    : linalg::IndexOp();
  if (!isa<BlockArgument>(extract.getTensor()) || !column ||
      column.getDim() != 1 || perColumn.count(indices[0]) ||
      !getElementTypeOrSelf(extract.getTensor()).isF32())
    return op.emitOpError() << "reads a tensor otherwise than an f32 argument "
                               "of the kernel at [row, column of the result]";
  return success();
}

/// Column numbers only serve to read tables: they have no vector form.
static LogicalResult verifyIndex(linalg::GenericOp op, linalg::IndexOp index) {
  bool onlyReads = llvm::all_of(index->getUses(), [](OpOperand &use) {
    return isa<tensor::ExtractOp>(use.getOwner()) &&
           use.getOperandNumber() == 2;
  });
  if (index.getDim() == 1 && onlyReads)
    return success();
  return op.emitOpError()
         << "computes with its indices, which row-wise kernels do not";
}

static LogicalResult verifyBody(linalg::GenericOp op) {
  DenseSet<Value> perColumn; // what differs from column to column
  for (OpOperand &operand : op->getOpOperands())
    if (!op.isDpsInput(&operand) ||
        getRowAccess(op, &operand).indexing != RowIndexing::Row)
      perColumn.insert(op.getMatchingBlockArgument(&operand));
  for (Operation &nested : op.getBody()->without_terminator()) {
    if (llvm::any_of(nested.getOperands(),
                     [&](Value value) { return perColumn.count(value); }) ||
        isa<tensor::ExtractOp>(nested))
      perColumn.insert(nested.result_begin(), nested.result_end());
    LogicalResult verified = success();
    if (auto extract = dyn_cast<tensor::ExtractOp>(nested))
      verified = verifyExtract(op, extract, perColumn);
    else if (auto index = dyn_cast<linalg::IndexOp>(nested))
      verified = verifyIndex(op, index);
    else if (nested.getNumRegions() || !isMemoryEffectFree(&nested) ||
             (!OpTrait::hasElementwiseMappableTraits(&nested) &&
              !nested.hasTrait<OpTrait::ConstantLike>()))
      verified = op.emitOpError() << "computes " << nested.getName()
                                  << ", which has no vector form";
    if (failed(verified))
      return failure();
  }
  return success();
}

static LogicalResult verifyOperands(linalg::GenericOp op) {
  for (OpOperand *operand : op.getDpsInputOperands()) {
    auto report = [&] {
      return op.emitOpError() << "operand " << operand->getOperandNumber();
    };
    auto type = dyn_cast<RankedTensorType>(operand->get().getType());
    std::optional<RowIndexing> indexing =
        matchIndexing(op.getMatchingIndexingMap(operand));
    if (!indexing || !type)
      return report()
             << " is indexed otherwise than by row, by column or by both";
    bool isIndex =
        indexing == RowIndexing::Row && type.getElementType().isInteger(32);
    if (!type.getElementType().isF32() && !isIndex)
      return report() << " has elements of type " << type.getElementType()
                      << ", expected f32, or i32 by row";
    Value value = getRowAccess(op, operand).value;
    bool isComputed = isa_and_nonnull<linalg::GenericOp>(value.getDefiningOp());
    if (!isa<BlockArgument>(value) &&
        (!isComputed || indexing == RowIndexing::Column))
      return report()
             << " is neither an argument of the kernel nor computed by rows";
  }
  return success();
}

static LogicalResult verifyGeneric(linalg::GenericOp op) {
  if (op.getNumLoops() < 1 || op.getNumLoops() > 2 ||
      op.getNumDpsInits() != 1 ||
      op.getIteratorTypesArray().front() != utils::IteratorType::parallel ||
      (op.getNumLoops() == 1 && op.getNumReductionLoops()))
    return op.emitOpError() << "is not a computation on rows; expected one "
                               "result, and loops over rows or over rows and "
                               "columns";
  RowOpKind kind = getRowOpKind(op);
  std::optional<RowIndexing> indexing =
      matchIndexing(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
  RowIndexing expected =
      kind == RowOpKind::Elements ? RowIndexing::Element : RowIndexing::Row;
  if (indexing != expected)
    return op.emitOpError() << "does not write its result row by row";
  if (kind != RowOpKind::Reduction &&
      !op.getRegionOutputArgs().front().use_empty())
    return op.emitOpError() << "reads the old value of its result";
  if (!getElementTypeOrSelf(op.getResult(0)).isF32())
    return op.emitOpError() << "does not compute f32";
  if (failed(verifyOperands(op)) || failed(verifyBody(op)))
    return failure();
  return kind == RowOpKind::Reduction ? verifyReduction(op) : success();
}

/// Every size must be one that the kernel's function can find.
static LogicalResult verifySizes(KernelOp kernel,
                                 const RowDimensions &dimensions) {
  auto isSizeKnown = [&](Value value, int64_t dim) {
    unsigned dimClass = dimensions.getClass(value, dim);
    return dimensions.findSize(dimClass).first != Value();
  };
  auto isKnown = [&](Value value) {
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    return llvm::all_of(llvm::seq(rank),
                        [&](int64_t dim) { return isSizeKnown(value, dim); });
  };
  for (auto op : kernel.getBody().front().getOps<linalg::GenericOp>())
    if (!llvm::all_of(op->getOperands(), isKnown) || !isKnown(op.getResult(0)))
      return op.emitOpError() << "has a size that neither a type nor an "
                                 "operand or result of the kernel tells";
  for (auto op : kernel.getBody().front().getOps<tensor::DimOp>()) {
    auto type = dyn_cast<RankedTensorType>(op.getSource().getType());
    int64_t dim = *op.getConstantIndex();
    if (!type || dim < 0 || dim >= type.getRank() ||
        !isSizeKnown(op.getSource(), dim))
      return op.emitOpError() << "asks for a size that neither a type nor an "
                                 "operand or result of the kernel tells";
  }
  return success();
}

/// What is computed outside of generics: scalars, from sizes and constants.
static bool isScalarOp(Operation &op) {
  auto isScalar = [](Type type) { return type.isIntOrIndexOrFloat(); };
  if (auto dim = dyn_cast<tensor::DimOp>(op))
    return dim.getConstantIndex().has_value();
  return isMemoryEffectFree(&op) && !op.getNumRegions() &&
         llvm::all_of(op.getOperandTypes(), isScalar) &&
         llvm::all_of(op.getResultTypes(), isScalar);
}

static LogicalResult verifyResults(Operation *terminator,
                                   const RowDimensions &dimensions) {
  if (terminator->getNumOperands() == 0)
    return terminator->emitOpError() << "returns nothing";
  for (Value result : terminator->getOperands()) {
    auto generic = result.getDefiningOp<linalg::GenericOp>();
    if (!generic || getRowOpKind(generic) != RowOpKind::Elements)
      return terminator->emitOpError()
             << "returns something else than a computed value per row and "
                "column from a row-wise kernel";
    if (dimensions.getClass(terminator->getOperand(0), 0) !=
        dimensions.getClass(result, 0))
      return terminator->emitOpError()
             << "returns values whose numbers of rows may differ; a row-wise "
                "kernel has one number of rows";
  }
  return success();
}

/// Slices take columns; their offset is a constant.
static LogicalResult verifySlice(tensor::ExtractSliceOp op) {
  if (op.getSourceType().getRank() == 2 && op.getType().getRank() == 2 &&
      op.hasUnitStride() && op.getStaticOffset(0) == 0 &&
      !op.isDynamicOffset(1))
    return success();
  return op.emitOpError() << "is not a slice of columns from a constant one on";
}

LogicalResult tx::verifyRowKernel(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  for (Operation &op : body.without_terminator()) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      if (failed(verifyGeneric(generic)))
        return failure();
      continue;
    }
    if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
      if (failed(verifySlice(slice)))
        return failure();
      continue;
    }
    if (!isScalarOp(op) && !isa<linalg::FillOp, tensor::EmptyOp>(op))
      return op.emitOpError()
             << "is not row-wise linalg, in a kernel that otherwise is";
  }
  RowDimensions dimensions(kernel);
  if (failed(verifySizes(kernel, dimensions)))
    return failure();
  return verifyResults(body.getTerminator(), dimensions);
}
