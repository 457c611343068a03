//===- PlanMemory.cpp - Place every intermediate value of an entry --------===//
//
// The size of a value is linear in one of two numbers that are known when a
// call begins: tokens and sequences (TokenDims). So one plan, over bytes per
// token and bytes per sequence, holds for every call:
//
//   %0 = tx.call @linear(...) {places = [#tx.place<token, 0>]} : ... ->
//   tensor<?x384xf32>
//
// lies at 0 x tokens in the token arena and takes 384 x 4 bytes per token.
// Each arena is planned alone. Work items of a plan are at most as many as
// tokens, so plans lie in the token arena too. What the entry returns is
// written where the caller wants it.
//
// A value lives from its call to the last call that reads it; no kernel writes
// over its operands.
//
//===----------------------------------------------------------------------===//

#include "ArenaPlanner.h"
#include "mlir/IR/Builders.h"
#include "tx/Analysis/TokenDims.h"
#include "tx/Transforms/Schedule/Passes.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/MathExtras.h"

namespace tx {
#define GEN_PASS_DEF_PLANMEMORY
#include "tx/Transforms/Schedule/Passes.h.inc"
} // namespace tx

using namespace mlir;
using namespace tx;

/// Alignment of buffers in the fixed arena. Offsets in the others are
/// multiplied by counts that are multiples of 16, and every size is a multiple
/// of 4 bytes.
static constexpr int64_t kAlignment = 64;

namespace {
/// The plan of one entry.
class MemoryPlan {
public:
  MemoryPlan(func::FuncOp entry, const TokenDims &dims)
      : entry(entry), dims(dims) {}

  LogicalResult run();

private:
  /// Notes which results the entry returns.
  LogicalResult collectOutputs();
  /// Notes size and life of each other result of `call`, which is step `step`.
  LogicalResult collectBuffers(tx::CallOp call, unsigned step);
  /// The arena of `value` and its bytes per token, per sequence or at all.
  FailureOr<std::pair<DimKind, int64_t>> getSize(Value value) const;
  void annotate();

  func::FuncOp entry;
  const TokenDims &dims;
  llvm::DenseMap<Operation *, unsigned> steps;
  llvm::DenseMap<Value, int64_t> outputs;
  /// By arena, Fixed, Token and Sequence: the values and, in the same order,
  /// their buffers.
  std::vector<Value> values[3];
  std::vector<Buffer> buffers[3];
};
} // namespace

LogicalResult MemoryPlan::collectOutputs() {
  Operation *terminator = entry.getBody().front().getTerminator();
  for (OpOperand &output : terminator->getOpOperands()) {
    if (!output.get().getDefiningOp<tx::CallOp>())
      return terminator->emitOpError("returns as result ")
             << output.getOperandNumber()
             << " a value that no kernel computes, expected the result of a "
             << "tx.call: outputs are written by kernels";
    outputs[output.get()] = output.getOperandNumber();
  }
  return success();
}

FailureOr<std::pair<DimKind, int64_t>> MemoryPlan::getSize(Value value) const {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  DimKind arena = DimKind::Fixed;
  for (const DimSymbol &dim : dims.getDims(value)) {
    if (dim.isStatic()) {
      if (llvm::MulOverflow(bytes, dim.size, bytes))
        return value.getDefiningOp()->emitOpError(
            "has a result of more bytes than a 64-bit number counts");
      continue;
    }
    bool tokens = dim.kind == DimSymbol::Kind::Tokens ||
                  dim.kind == DimSymbol::Kind::Tiles;
    bool sequences = dim.kind == DimSymbol::Kind::Sequences ||
                     dim.kind == DimSymbol::Kind::SequencesPlus1;
    if (arena != DimKind::Fixed || (!tokens && !sequences))
      return value.getDefiningOp()->emitOpError("has a result of type ")
             << type << " whose size is not proportional to tokens or to "
             << "sequences; only outputs may have such a size";
    arena = tokens ? DimKind::Token : DimKind::Sequence;
  }
  bytes = llvm::alignTo(bytes, arena == DimKind::Fixed ? kAlignment : 4);
  return std::make_pair(arena, bytes);
}

LogicalResult MemoryPlan::collectBuffers(tx::CallOp call, unsigned step) {
  for (Value value : call.getResults()) {
    if (outputs.contains(value))
      continue;
    auto size = getSize(value);
    if (failed(size))
      return failure();
    unsigned end = step;
    for (Operation *user : value.getUsers())
      end = std::max(end, steps.lookup(user));
    auto [arena, bytes] = *size;
    values[static_cast<unsigned>(arena)].push_back(value);
    buffers[static_cast<unsigned>(arena)].push_back({bytes, step, end});
  }
  return success();
}

void MemoryPlan::annotate() {
  MLIRContext *context = entry.getContext();
  llvm::DenseMap<Value, Attribute> places;
  for (auto [value, index] : outputs)
    places[value] = PlaceAttr::get(context, DimKind::Output, index);
  int64_t sizes[3];
  for (DimKind arena : {DimKind::Fixed, DimKind::Token, DimKind::Sequence}) {
    auto index = static_cast<unsigned>(arena);
    sizes[index] = planArena(buffers[index]);
    for (auto [value, buffer] : llvm::zip(values[index], buffers[index]))
      places[value] = PlaceAttr::get(context, arena, buffer.offset);
  }
  for (auto call : entry.getOps<tx::CallOp>()) {
    SmallVector<Attribute> results;
    for (Value value : call.getResults())
      results.push_back(places[value]);
    call.setPlacesAttr(ArrayAttr::get(context, results));
  }
  auto size = [&](DimKind arena) {
    return sizes[static_cast<unsigned>(arena)];
  };
  entry->setAttr(kWorkspaceAttrName,
                 WorkspaceAttr::get(context, size(DimKind::Token),
                                    size(DimKind::Sequence),
                                    size(DimKind::Fixed)));
}

/// Gives each output a value of its own: what is returned twice is computed
/// twice. Models do not ask for it, but CSE may make it of two equal outputs.
static void separateOutputs(func::FuncOp entry) {
  llvm::DenseSet<Value> returned;
  Operation *terminator = entry.getBody().front().getTerminator();
  for (OpOperand &output : terminator->getOpOperands()) {
    auto result = dyn_cast<OpResult>(output.get());
    if (!result || returned.insert(result).second ||
        !isa<tx::CallOp>(result.getOwner()))
      continue;
    OpBuilder builder(terminator);
    builder.setInsertionPointAfter(result.getOwner());
    Operation *copy = builder.clone(*result.getOwner());
    output.set(copy->getResult(result.getResultNumber()));
  }
}

LogicalResult MemoryPlan::run() {
  unsigned step = 0;
  for (Operation &op : entry.getBody().front())
    steps[&op] = step++;
  if (failed(collectOutputs()))
    return failure();
  for (Operation &op : entry.getBody().front().without_terminator()) {
    if (isa<ParamOp, CastOp, PackOp>(op))
      continue;
    auto call = dyn_cast<tx::CallOp>(op);
    if (!call)
      return op.emitOpError("is not in a kernel; run tx-form-kernels first");
    if (failed(collectBuffers(call, steps[&op])))
      return failure();
  }
  annotate();
  return success();
}

namespace {
struct PlanMemory : tx::impl::PlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (!function->hasAttr(kEntryAttrName))
        continue;
      separateOutputs(function);
      FailureOr<TokenDims> dims = TokenDims::compute(function);
      if (failed(dims) || failed(MemoryPlan(function, *dims).run()))
        return signalPassFailure();
    }
  }
};
} // namespace
