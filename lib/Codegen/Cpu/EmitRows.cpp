//===- EmitRows.cpp - Code of row-wise kernels ----------------------------===//
//
// One loop over the rows of the work items and in it, pass by pass (RowPlan.h),
// loops over the columns by vectors. The scalar body of a generic becomes
// vector code by cloning: what all columns of a row share stays scalar and is
// broadcast where it meets a vector. Values are computed on demand, column by
// column, from what is written or reduced in the pass.
//
// A pass first takes several vectors at a time, each with accumulators of its
// own, so that additions do not wait for one another; then single vectors; then
// the lanes that are left, under a mask. The order in which a row is summed
// depends on its width and the lanes alone.
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "RowPlan.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace tx;

/// Vectors that a pass takes at a time, and the cost of a vector from which it
/// takes one: long bodies need no company to keep the machine busy.
static constexpr int64_t kUnroll = 4;
static constexpr int64_t kCostlyPass = 24;

static double getNeutralValue(vector::CombiningKind kind) {
  return kind == vector::CombiningKind::ADD
             ? 0
             : -std::numeric_limits<double>::infinity();
}

namespace {

/// Values at the columns [first, first + lanes) of the current row.
struct ColumnVector {
  ColumnVector(Value first, Value mask) : first(first), mask(mask) {}

  Value first;
  Value mask; ///< of the columns that exist; null if all do
  /// Elements known so far, by the shift of their column.
  DenseMap<std::pair<Value, int64_t>, Value> elements;
};

class RowEmitter {
public:
  RowEmitter(KernelOp kernel, const RowPlan &plan, KernelBuilder &k)
      : kernel(kernel), plan(plan), k(k) {}

  void emit();

private:
  // Sizes and addresses.
  Value getSize(Value value, int64_t dim);
  Value getClassSize(unsigned dimClass);
  void emitScalars();
  void beginRow(Value row);

  // Passes.
  void emitRow();
  void emitPerRow(ArrayRef<linalg::GenericOp> ops);
  void emitColumns(const RowPass &rowPass, unsigned width);
  Values emitVectors(const RowPass &work, ValueRange firsts, Value mask,
                     ValueRange accumulators);
  void combine(ArrayRef<linalg::GenericOp> reductions, ValueRange accumulators);

  // Elements.
  Value getElements(ColumnVector &columns, Value value, int64_t shift);
  Value cloneBody(linalg::GenericOp op, ColumnVector *columns, int64_t shift,
                  Value accumulator);
  Value getOperand(linalg::GenericOp op, OpOperand *operand,
                   ColumnVector *columns, int64_t shift);
  Value extract(tensor::ExtractOp op, const IRMapping &mapping,
                ColumnVector &columns, int64_t shift);
  void cloneAsVector(Operation &op, IRMapping &mapping);

  KernelOp kernel;
  const RowPlan &plan;
  KernelBuilder &k;
  IRMapping scalars; ///< of the kernel's own scope
  int64_t pass = 0;
  /// Of the current row: its pointer in each operand and result, and what is
  /// known once per row.
  DenseMap<Value, Value> operandRows;
  Values resultRows;
  DenseMap<Value, Value> perRow;
};

} // namespace

//===----------------------------------------------------------------------===//
// Sizes and addresses
//===----------------------------------------------------------------------===//

Value RowEmitter::getClassSize(unsigned dimClass) {
  auto [value, dim] = plan.getDimensions().findSize(dimClass);
  auto type = cast<RankedTensorType>(value.getType());
  if (!type.isDynamicDim(dim))
    return k.i64(type.getDimSize(dim));
  if (isa<BlockArgument>(value))
    return k.operand(value).sizes[dim];
  Operation *terminator = kernel.getBody().front().getTerminator();
  size_t result = llvm::find(terminator->getOperands(), value).getIndex();
  return k.results[result].sizes[dim];
}

Value RowEmitter::getSize(Value value, int64_t dim) {
  return getClassSize(plan.getDimensions().getClass(value, dim));
}

/// Clones what the kernel computes outside of generics, mostly from sizes.
void RowEmitter::emitScalars() {
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (auto dim = dyn_cast<tensor::DimOp>(op)) {
      Value size = getSize(dim.getSource(), *dim.getConstantIndex());
      scalars.map(dim.getResult(), arith::IndexCastOp::create(
                                       k.b, k.loc, k.b.getIndexType(), size));
      continue;
    }
    if (!isa<linalg::LinalgOp, tensor::EmptyOp, tensor::ExtractSliceOp>(op))
      k.b.clone(op, scalars);
  }
}

/// Finds the current row in every argument that has rows.
void RowEmitter::beginRow(Value row) {
  operandRows.clear();
  perRow.clear();
  resultRows.clear();
  for (auto op : kernel.getBody().front().getOps<linalg::GenericOp>())
    for (OpOperand *operand : op.getDpsInputOperands()) {
      auto [indexing, value, firstColumn] = getRowAccess(op, operand);
      if (!isa<BlockArgument>(value) || operandRows.count(value) ||
          perRow.count(value))
        continue;
      Value base = k.operand(value).address;
      if (indexing == RowIndexing::Element) {
        operandRows[value] = k.at(base, k.mul(row, getSize(value, 1)));
      } else if (indexing == RowIndexing::Row) {
        Type element = getElementTypeOrSelf(value.getType());
        Value address = k.at(base, row);
        perRow[value] = element.isF32() ? k.load(address) : k.loadI32(address);
      }
    }
  Operation *terminator = kernel.getBody().front().getTerminator();
  for (auto [index, result] : llvm::enumerate(terminator->getOperands()))
    resultRows.push_back(
        k.at(k.results[index].address, k.mul(row, getSize(result, 1))));
}

//===----------------------------------------------------------------------===//
// Passes
//===----------------------------------------------------------------------===//

void RowEmitter::emit() {
  emitScalars();
  int64_t itemRows = kernel.getScheduleAttr().getItemRows();
  Value rows = k.results.front().sizes.front();
  Value first = k.mul(k.begin, itemRows);
  Value last = k.min(k.mul(k.end, itemRows), rows);
  k.loop(first, last, 1, [&](Value row) {
    beginRow(row);
    emitRow();
  });
}

void RowEmitter::emitRow() {
  for (auto [index, rowPass] : llvm::enumerate(plan.getPasses())) {
    pass = index;
    emitPerRow(rowPass.perRow);
    // Columns of each width, in the order of what is done to them.
    llvm::SmallSetVector<unsigned, 2> widths;
    for (linalg::GenericOp op : rowPass.reductions)
      widths.insert(plan.getColumnClass(op));
    for (auto [value, result] : rowPass.stores)
      widths.insert(plan.getDimensions().getClass(value, 1));
    for (unsigned width : widths)
      emitColumns(rowPass, width);
  }
}

void RowEmitter::emitPerRow(ArrayRef<linalg::GenericOp> ops) {
  for (linalg::GenericOp op : ops)
    perRow[op.getResult(0)] = cloneBody(op, nullptr, 0, {});
}

/// What `rowPass` does to the columns of one width.
static RowPass selectColumns(const RowPass &rowPass, const RowPlan &plan,
                             unsigned width) {
  RowPass selected;
  for (linalg::GenericOp op : rowPass.reductions)
    if (plan.getColumnClass(op) == width)
      selected.reductions.push_back(op);
  for (auto store : rowPass.stores)
    if (plan.getDimensions().getClass(store.first, 1) == width)
      selected.stores.push_back(store);
  return selected;
}

void RowEmitter::emitColumns(const RowPass &rowPass, unsigned width) {
  RowPass work = selectColumns(rowPass, plan, width);
  Value count = getClassSize(width);
  int64_t unroll = plan.getCost(work, pass) > kCostlyPass ? 1 : kUnroll;
  Value main = k.mul(k.div(count, unroll * k.lanes), unroll * k.lanes);
  Value whole = k.mul(k.div(count, k.lanes), k.lanes);

  Values accumulators;
  for (int64_t i = 0; i < unroll; ++i)
    for (linalg::GenericOp op : work.reductions)
      accumulators.push_back(k.splat(getNeutralValue(getCombiningKind(op))));
  accumulators = k.loop(k.i64(0), main, unroll * k.lanes, accumulators,
                        [&](Value first, ValueRange carried) {
                          Values firsts{first};
                          for (int64_t i = 1; i < unroll; ++i)
                            firsts.push_back(k.add(first, i * k.lanes));
                          return emitVectors(work, firsts, {}, carried);
                        });

  // The rest goes to the first accumulator of each reduction.
  ValueRange leading =
      ValueRange(accumulators).take_front(work.reductions.size());
  Values rest(leading);
  if (unroll > 1)
    rest = k.loop(main, whole, k.lanes, rest,
                  [&](Value first, ValueRange carried) {
                    return emitVectors(work, first, {}, carried);
                  });
  rest = k.ifElse(
      k.less(whole, count), ValueRange(rest).getTypes(),
      [&] {
        Value mask = k.tailMask(k.sub(count, whole));
        return emitVectors(work, whole, mask, rest);
      },
      [&] { return rest; });
  llvm::copy(rest, accumulators.begin());
  combine(work.reductions, accumulators);
}

/// One step of the column loop at the vectors that start at `firsts`; the
/// result is the accumulators' next values, all reductions of the first vector
/// first. Everything is loaded and computed before anything is stored.
Values RowEmitter::emitVectors(const RowPass &work, ValueRange firsts,
                               Value mask, ValueRange accumulators) {
  SmallVector<ColumnVector> vectors;
  for (Value first : firsts)
    vectors.emplace_back(first, mask);
  Values next;
  for (ColumnVector &columns : vectors)
    for (linalg::GenericOp op : work.reductions) {
      Value old = accumulators[next.size()];
      Value sum = cloneBody(op, &columns, 0, old);
      next.push_back(mask ? k.select(mask, sum, old) : sum);
    }
  Values stored;
  for (ColumnVector &columns : vectors)
    for (auto [value, result] : work.stores)
      stored.push_back(getElements(columns, value, 0));
  auto nextStored = stored.begin();
  for (ColumnVector &columns : vectors)
    for (auto [value, result] : work.stores)
      k.storeVector(*nextStored++, k.at(resultRows[result], columns.first),
                    mask);
  return next;
}

/// Folds the accumulators of each reduction pairwise, then their lanes.
void RowEmitter::combine(ArrayRef<linalg::GenericOp> reductions,
                         ValueRange accumulators) {
  for (size_t index = 0; index < reductions.size(); ++index) {
    linalg::GenericOp op = reductions[index];
    bool isSum = getCombiningKind(op) == vector::CombiningKind::ADD;
    Values parts;
    for (size_t i = index; i < accumulators.size(); i += reductions.size())
      parts.push_back(accumulators[i]);
    while (parts.size() > 1) {
      size_t half = parts.size() / 2;
      for (size_t i = 0; i < half; ++i)
        parts[i] = isSum ? k.addF(parts[i], parts[i + half])
                         : k.maxF(parts[i], parts[i + half]);
      parts.resize(half);
    }
    perRow[op.getResult(0)] =
        isSum ? k.reduceAdd(parts.front()) : k.reduceMax(parts.front());
  }
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// `value` at `columns`, shifted by `shift`.
Value RowEmitter::getElements(ColumnVector &columns, Value value,
                              int64_t shift) {
  if (Value known = columns.elements.lookup({value, shift}))
    return known;
  Value elements;
  std::optional<unsigned> storage = plan.getStorage(value);
  bool isStored = storage && plan.getPass(value) < pass;
  if (isStored || isa<BlockArgument>(value)) {
    Value row = isStored ? resultRows[*storage] : operandRows.lookup(value);
    elements =
        k.loadVector(k.at(row, k.add(columns.first, shift)), columns.mask);
  } else {
    elements = cloneBody(value.getDefiningOp<linalg::GenericOp>(), &columns,
                         shift, {});
    if (!isa<VectorType>(elements.getType()))
      elements = k.broadcast(elements);
  }
  columns.elements[{value, shift}] = elements;
  return elements;
}

/// What the body of `op` sees of an operand: a scalar if it is known per row.
Value RowEmitter::getOperand(linalg::GenericOp op, OpOperand *operand,
                             ColumnVector *columns, int64_t shift) {
  RowAccess access = getRowAccess(op, operand);
  switch (access.indexing) {
  case RowIndexing::Row:
    return perRow.lookup(access.value);
  case RowIndexing::Column:
    return k.loadVector(
        k.at(k.operand(access.value).address, k.add(columns->first, shift)),
        columns->mask);
  case RowIndexing::Element:
    return getElements(*columns, access.value, shift + access.firstColumn);
  }
  llvm_unreachable("unknown indexing");
}

/// Clones the body of `op` and returns what it yields: a scalar if all columns
/// share it (always, without `columns`), else a vector.
Value RowEmitter::cloneBody(linalg::GenericOp op, ColumnVector *columns,
                            int64_t shift, Value accumulator) {
  IRMapping mapping(scalars);
  for (OpOperand *operand : op.getDpsInputOperands())
    mapping.map(op.getMatchingBlockArgument(operand),
                getOperand(op, operand, columns, shift));
  if (accumulator)
    mapping.map(op.getRegionOutputArgs().front(), accumulator);
  for (Operation &nested : op.getBody()->without_terminator()) {
    if (isa<linalg::IndexOp>(nested))
      continue; // only tensor.extract uses it
    if (auto read = dyn_cast<tensor::ExtractOp>(nested))
      mapping.map(read.getResult(), extract(read, mapping, *columns, shift));
    else
      cloneAsVector(nested, mapping);
  }
  return mapping.lookup(op.getBody()->getTerminator()->getOperand(0));
}

/// A vector of row `index` of a table.
Value RowEmitter::extract(tensor::ExtractOp op, const IRMapping &mapping,
                          ColumnVector &columns, int64_t shift) {
  Value index = arith::IndexCastOp::create(
      k.b, k.loc, k.i64(), mapping.lookup(op.getIndices().front()));
  Value row = k.at(k.operand(op.getTensor()).address,
                   k.mul(index, getSize(op.getTensor(), 1)));
  return k.loadVector(k.at(row, k.add(columns.first, shift)), columns.mask);
}

/// Clones `op` with vectors for scalars if one of its operands is a vector.
void RowEmitter::cloneAsVector(Operation &op, IRMapping &mapping) {
  auto isVector = [&](Value operand) {
    return isa<VectorType>(mapping.lookup(operand).getType());
  };
  bool hasVector = llvm::any_of(op.getOperands(), isVector);
  Values operands;
  for (Value operand : op.getOperands()) {
    Value value = mapping.lookup(operand);
    operands.push_back(hasVector && !isVector(operand) ? k.broadcast(value)
                                                       : value);
  }
  Operation *clone = k.b.clone(op);
  clone->setOperands(operands);
  for (auto [old, result] :
       llvm::zip_equal(op.getResults(), clone->getResults())) {
    if (hasVector)
      result.setType(k.vector(result.getType()));
    mapping.map(old, result);
  }
}

//===----------------------------------------------------------------------===//
// Entry point
//===----------------------------------------------------------------------===//

FailureOr<EmittedKernel> tx::emitRows(KernelOp kernel, KernelBuilder &items,
                                      KernelBuilder &run) {
  FailureOr<RowPlan> plan = RowPlan::create(kernel);
  if (failed(plan))
    return failure();
  RowEmitter(kernel, *plan, run).emit();
  Value rows = items.results.front().sizes.front();
  return EmittedKernel{
      items.ceilDiv(rows, kernel.getScheduleAttr().getItemRows())};
}
