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

void IndexLimit::addTable(Value table, tx::CallOp call) {
  int64_t rows = cast<RankedTensorType>(table.getType()).getDimSize(0);
  // Inside a kernel the size is the caller's.
  if (auto argument = dyn_cast<BlockArgument>(table);
      call && argument && ShapedType::isDynamic(rows))
    rows = cast<RankedTensorType>(
               call.getOperands()[argument.getArgNumber()].getType())
               .getDimSize(0);
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
      if (kernel)
        followAll(kernel.getBody().front(), inner);
    }
  }
}

std::optional<int64_t> tx::getLengthLimit(func::FuncOp entry) {
  LengthLimit result;
  result.followAll(entry.getBody().front(), nullptr);
  return result.limit;
}
