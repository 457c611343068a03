//===- RowPlan.cpp - Passes over a row ------------------------------------===//

#include "RowPlan.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <set>

using namespace mlir;
using namespace tx;

//===----------------------------------------------------------------------===//
// RowDimensions
//===----------------------------------------------------------------------===//

RowDimensions::RowDimensions(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  // Number every dimension first: classes do not grow once joined.
  auto number = [&](Value value) {
    if (auto type = dyn_cast<RankedTensorType>(value.getType()))
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        numbers.insert({{value, dim}, static_cast<unsigned>(numbers.size())});
  };
  for (BlockArgument argument : body.getArguments())
    number(argument);
  for (Operation &op : body)
    for (Value result : op.getResults())
      number(result);
  classes.grow(numbers.size());
  for (auto op : body.getOps<linalg::GenericOp>())
    joinGeneric(op);
  for (auto op : body.getOps<tensor::ExtractSliceOp>())
    classes.join(getNumber(op.getSource(), 0), getNumber(op.getResult(), 0));
  classes.compress();
}

unsigned RowDimensions::getNumber(Value value, int64_t dim) {
  return numbers.lookup({value, dim});
}

void RowDimensions::joinGeneric(linalg::GenericOp op) {
  // The first dimension that each loop runs over.
  SmallVector<std::optional<unsigned>> loops(op.getNumLoops());
  auto join = [&](unsigned loop, unsigned number) {
    if (loops[loop])
      classes.join(*loops[loop], number);
    else
      loops[loop] = number;
  };
  auto joinValue = [&](Value value, AffineMap map) {
    for (auto [dim, index] : llvm::enumerate(map.getResults()))
      if (auto loop = dyn_cast<AffineDimExpr>(index))
        join(loop.getPosition(), getNumber(value, dim));
  };
  for (OpOperand &operand : op->getOpOperands())
    joinValue(operand.get(), op.getMatchingIndexingMap(&operand));
  joinValue(op.getResult(0),
            op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
  for (auto extract : op.getBody()->getOps<tensor::ExtractOp>())
    join(1, getNumber(extract.getTensor(), 1));
}

unsigned RowDimensions::getClass(Value value, int64_t dim) const {
  return classes[numbers.lookup({value, dim})];
}

std::pair<Value, int64_t> RowDimensions::findSize(unsigned dimClass) const {
  for (const auto &[key, number] : numbers) {
    auto [value, dim] = key;
    bool isStatic = !cast<RankedTensorType>(value.getType()).isDynamicDim(dim);
    bool isReturned = llvm::any_of(value.getUsers(), llvm::IsaPred<ReturnOp>);
    if (classes[number] == dimClass &&
        (isStatic || isReturned || isa<BlockArgument>(value)))
      return key;
  }
  return {};
}

//===----------------------------------------------------------------------===//
// RowPlan
//===----------------------------------------------------------------------===//

/// Recomputing up to this many instructions is as cheap as a store and a load.
static constexpr int64_t kCheapRecompute = 3;

FailureOr<RowPlan> RowPlan::create(KernelOp kernel) {
  if (failed(verifyRowKernel(kernel)))
    return failure();
  RowPlan plan(kernel);
  plan.assignPasses();
  plan.assignStorage();
  plan.fillPasses();
  return plan;
}

std::optional<unsigned> RowPlan::getStorage(Value value) const {
  auto found = storage.find(value);
  if (found == storage.end())
    return std::nullopt;
  return found->second.front();
}

void RowPlan::assignPasses() {
  for (auto op : kernel.getBody().front().getOps<linalg::GenericOp>()) {
    int64_t pass = 0;
    for (OpOperand *operand : op.getDpsInputOperands())
      pass = std::max(pass, ready.lookup(getRowAccess(op, operand).value));
    bool endsPass = getRowOpKind(op) == RowOpKind::Reduction;
    ready[op.getResult(0)] = pass + endsPass;
  }
}

unsigned RowPlan::getColumnClass(linalg::GenericOp op) const {
  if (getRowOpKind(op) == RowOpKind::Elements)
    return dimensions.getClass(op.getResult(0), 1);
  for (OpOperand *operand : op.getDpsInputOperands()) {
    RowIndexing indexing = getRowAccess(op, operand).indexing;
    if (indexing == RowIndexing::Column)
      return dimensions.getClass(operand->get(), 0);
    if (indexing == RowIndexing::Element)
      return dimensions.getClass(operand->get(), 1);
  }
  llvm_unreachable("linalg finds the bounds of every loop in some operand");
}

//===---- Costs -----------------------------------------------------------===//

/// Cost of a vector of `value` in pass `pass`, as far as not yet `seen`.
int64_t RowPlan::addCost(Value value, int64_t pass,
                         llvm::DenseSet<Value> &seen) const {
  if (!seen.insert(value).second)
    return 0;
  auto op = value.getDefiningOp<linalg::GenericOp>();
  bool isStored = storage.count(value) && ready.lookup(value) < pass;
  if (!op || isStored)
    return 1; // a load
  return addOperandCost(op, pass, seen);
}

int64_t RowPlan::addOperandCost(linalg::GenericOp op, int64_t pass,
                                llvm::DenseSet<Value> &seen) const {
  int64_t cost = getBodyCost(op);
  for (OpOperand *operand : op.getDpsInputOperands()) {
    RowAccess access = getRowAccess(op, operand);
    if (access.indexing != RowIndexing::Row)
      cost += addCost(access.value, pass, seen);
  }
  return cost;
}

int64_t RowPlan::getCost(const RowPass &work, int64_t pass) const {
  llvm::DenseSet<Value> seen;
  int64_t cost = 0;
  for (linalg::GenericOp op : work.reductions)
    cost += addOperandCost(op, pass, seen);
  for (auto [value, result] : work.stores)
    cost += addCost(value, pass, seen) + 1;
  return cost;
}

//===---- Storage ---------------------------------------------------------===//

/// Goes from users to definitions, so that it is known in which passes each
/// value is used when its turn comes. A slice reads other columns than those at
/// work, which must not be overwritten: kernels with slices recompute instead.
void RowPlan::assignStorage() {
  Block &body = kernel.getBody().front();
  Operation *terminator = body.getTerminator();
  occupied.resize(terminator->getNumOperands());
  for (auto [index, result] : llvm::enumerate(terminator->getOperands()))
    storage[result].push_back(index);
  bool mayStore = body.getOps<tensor::ExtractSliceOp>().empty();
  // What it takes to compute a value from the arguments, or from rows that
  // hold results by then.
  auto isDear = [&](Value value) {
    llvm::DenseSet<Value> seen;
    return addCost(value, ready.lookup(value), seen) > kCheapRecompute;
  };

  llvm::DenseMap<Value, std::set<int64_t>> usedIn;
  for (Operation &op : llvm::reverse(body.without_terminator())) {
    auto generic = dyn_cast<linalg::GenericOp>(op);
    if (!generic || getRowOpKind(generic) == RowOpKind::PerRow)
      continue;
    Value value = generic.getResult(0);
    int64_t pass = ready.lookup(value);
    std::set<int64_t> computedIn = usedIn[value];
    if (getRowOpKind(generic) == RowOpKind::Reduction) {
      computedIn = {pass - 1};
    } else if (storage.count(value)) {
      computedIn = {pass};
    } else if (computedIn.size() > 1 && mayStore && isDear(value)) {
      if (auto free = findFreeResult(value, *computedIn.rbegin())) {
        storage[value].push_back(*free);
        occupied[*free].push_back({pass, *computedIn.rbegin()});
        computedIn = {pass};
      }
    }
    for (OpOperand *operand : generic.getDpsInputOperands())
      usedIn[getRowAccess(generic, operand).value].insert(computedIn.begin(),
                                                          computedIn.end());
  }
}

/// A result whose row is as wide as `value`, not written before `lastPass`, and
/// not in use from the pass of `value` to then. Lives may touch: in a pass
/// every load of a column comes before its stores.
std::optional<unsigned> RowPlan::findFreeResult(Value value, int64_t lastPass) {
  int64_t firstPass = ready.lookup(value);
  Operation *terminator = kernel.getBody().front().getTerminator();
  for (auto [index, result] : llvm::enumerate(terminator->getOperands())) {
    bool overlaps = llvm::any_of(occupied[index], [&](auto life) {
      return firstPass < life.second && life.first < lastPass;
    });
    if (!overlaps && ready.lookup(result) >= lastPass &&
        dimensions.getClass(value, 1) == dimensions.getClass(result, 1))
      return index;
  }
  return std::nullopt;
}

void RowPlan::fillPasses() {
  int64_t last = 0;
  for (auto [value, pass] : ready)
    last = std::max(last, pass);
  passes.resize(last + 1);
  for (auto op : kernel.getBody().front().getOps<linalg::GenericOp>()) {
    Value value = op.getResult(0);
    RowPass &pass = passes[ready.lookup(value)];
    switch (getRowOpKind(op)) {
    case RowOpKind::PerRow:
      pass.perRow.push_back(op);
      break;
    case RowOpKind::Reduction:
      passes[ready.lookup(value) - 1].reductions.push_back(op);
      break;
    case RowOpKind::Elements:
      if (auto found = storage.find(value); found != storage.end())
        for (unsigned result : found->second)
          pass.stores.push_back({value, result});
      break;
    }
  }
}
