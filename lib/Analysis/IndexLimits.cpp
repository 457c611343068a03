//===- IndexLimits.cpp - Which indices an entry accepts -------------------===//
//
// Follows indices from where they enter, or positions from where they are
// counted, to the tables they read. Only ops that hand indices on unchanged are
// followed: positions are limited by the length of sequences, not by the ids.
//
//===----------------------------------------------------------------------===//

#include "tx/Analysis/IndexLimits.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace tx;

namespace {
/// Collects the smallest table reached. `call` is the call whose kernel a value
/// is in, null in the entry itself.
class IndexLimit {
public:
  void follow(Value indices, tx::CallOp call);
  std::optional<int64_t> limit;

private:
  void followUse(OpOperand &use, tx::CallOp call);
  void addTable(Value table, tx::CallOp call);
};
} // namespace

/// The rows of `table`, in the entry or the kernel of `call`, or dynamic.
static int64_t getTableRows(Value table, tx::CallOp call) {
  int64_t rows = cast<RankedTensorType>(table.getType()).getDimSize(0);
  // Inside a kernel the size is the caller's.
  if (auto argument = dyn_cast<BlockArgument>(table);
      call && argument && ShapedType::isDynamic(rows))
    rows = cast<RankedTensorType>(
               call.getOperands()[argument.getArgNumber()].getType())
               .getDimSize(0);
  return rows;
}

void IndexLimit::addTable(Value table, tx::CallOp call) {
  int64_t rows = getTableRows(table, call);
  if (!ShapedType::isDynamic(rows))
    limit = limit ? std::min(*limit, rows) : rows;
}

void IndexLimit::followUse(OpOperand &use, tx::CallOp call) {
  Operation *op = use.getOwner();
  if (auto embedding = dyn_cast<EmbeddingOp>(op)) {
    if (use.get() == embedding.getIndices())
      addTable(embedding.getTable(), call);
  } else if (auto pack = dyn_cast<PackTokensOp>(op)) {
    // Operand 0 is the mask.
    if (unsigned index = use.getOperandNumber())
      follow(pack.getPacked()[index - 1], call);
  } else if (auto terminator = dyn_cast<tx::ReturnOp>(op)) {
    if (call)
      follow(call.getResult(use.getOperandNumber()), nullptr);
  } else if (auto inner = dyn_cast<tx::CallOp>(op)) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(
        inner, inner.getKernelAttr());
    if (kernel)
      follow(kernel.getBody().getArgument(use.getOperandNumber()), inner);
  }
}

void IndexLimit::follow(Value indices, tx::CallOp call) {
  for (OpOperand &use : indices.getUses())
    followUse(use, call);
}

std::optional<int64_t> tx::getIndexLimit(BlockArgument argument) {
  IndexLimit result;
  result.follow(argument, nullptr);
  return result.limit;
}

namespace {
/// The same for the lengths of sequences whose positions are followed.
class LengthLimit {
public:
  /// What is counted in `block`, the entry's or that of the kernel of `call`.
  void followAll(Block &block, tx::CallOp call);
  std::optional<int64_t> limit;

private:
  void follow(Value positions, std::optional<int64_t> padId, tx::CallOp call);
};
} // namespace

/// Columns begin at 0, what is not padding is counted from `padId` + 1 on.
void LengthLimit::follow(Value positions, std::optional<int64_t> padId,
                         tx::CallOp call) {
  IndexLimit rows;
  rows.follow(positions, call);
  if (!rows.limit)
    return;
  int64_t length = padId ? *rows.limit - (*padId + 1) : *rows.limit;
  limit = limit ? std::min(*limit, length) : length;
}

void LengthLimit::followAll(Block &block, tx::CallOp call) {
  for (Operation &op : block) {
    if (auto positions = dyn_cast<PositionsOp>(op)) {
      follow(positions.getResult(), positions.getPadId(), call);
    } else if (auto pack = dyn_cast<PackTokensOp>(op)) {
      follow(pack.getPositions(), pack.getPadId(), call);
    } else if (auto inner = dyn_cast<tx::CallOp>(op)) {
      auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(
          inner, inner.getKernelAttr());
      followAll(kernel.getBody().front(), inner);
    }
  }
}

std::optional<int64_t> tx::getLengthLimit(func::FuncOp entry) {
  LengthLimit result;
  result.followAll(entry.getBody().front(), nullptr);
  return result.limit;
}

/// Whether `indices` are handed on unchanged from an input, or are positions.
/// The way back of IndexLimit: `call` is null in the entry itself.
static bool areChecked(Value indices, tx::CallOp call) {
  if (auto argument = dyn_cast<BlockArgument>(indices))
    return !call ||
           areChecked(call.getOperands()[argument.getArgNumber()], nullptr);
  Operation *op = indices.getDefiningOp();
  unsigned index = cast<OpResult>(indices).getResultNumber();
  if (auto pack = dyn_cast<PackTokensOp>(op)) {
    if (index < pack.getInputs().size())
      return areChecked(pack.getInputs()[index], call);
    return indices == pack.getPositions();
  }
  if (auto inner = dyn_cast<tx::CallOp>(op)) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(
        inner, inner.getKernelAttr());
    return areChecked(
        kernel.getBody().front().getTerminator()->getOperand(index), inner);
  }
  return isa<PositionsOp>(op);
}

static LogicalResult checkIndices(Block &block, tx::CallOp call) {
  for (Operation &op : block) {
    if (auto embedding = dyn_cast<EmbeddingOp>(op)) {
      int64_t rows = getTableRows(embedding.getTable(), call);
      if (ShapedType::isDynamic(rows) || rows < 1)
        return embedding.emitOpError("reads a table with ")
               << (ShapedType::isDynamic(rows) ? "an unknown number of" : "no")
               << " rows, in which no index can be checked";
      if (!areChecked(embedding.getIndices(), call))
        return embedding.emitOpError("takes indices that nothing checks: they "
                                     "are neither positions nor an input of "
                                     "the entry");
    } else if (auto inner = dyn_cast<tx::CallOp>(op)) {
      auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(
          inner, inner.getKernelAttr());
      if (failed(checkIndices(kernel.getBody().front(), inner)))
        return failure();
    }
  }
  return success();
}

LogicalResult tx::checkIndices(func::FuncOp entry) {
  return ::checkIndices(entry.getBody().front(), nullptr);
}
