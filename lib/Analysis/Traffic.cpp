//===- Traffic.cpp - Bytes that kernels move ------------------------------===//

#include "tx/Analysis/Traffic.h"

using namespace mlir;
using namespace tx;

static int64_t getElementBytes(Value value) {
  return llvm::divideCeil(
      cast<RankedTensorType>(value.getType()).getElementTypeBitWidth(), 8);
}

static TrafficCount countValue(Value value, const TokenDims &dims) {
  int64_t bytes = getElementBytes(value);
  std::optional<DimSymbol::Kind> open;
  for (const DimSymbol &dim : dims.getDims(value)) {
    if (dim.isStatic())
      bytes *= dim.size;
    else if (open)
      return {};
    else
      open = dim.kind;
  }
  switch (open.value_or(DimSymbol::Kind::Static)) {
  case DimSymbol::Kind::Static:
    return {0, 0, bytes};
  case DimSymbol::Kind::Tokens:
    return {bytes, 0, 0};
  case DimSymbol::Kind::Sequences:
    return {0, bytes, 0};
  case DimSymbol::Kind::SequencesPlus1:
    return {0, bytes, bytes};
  case DimSymbol::Kind::PaddedLength:
  case DimSymbol::Kind::Tiles: // less than a word for each token
  case DimSymbol::Kind::Unknown:
    return {};
  }
  llvm_unreachable("unknown kind of size");
}

/// A row of `table` for each of the indices, which are one for each token where
/// the kernel of `call` computes them.
static TrafficCount countGather(Value table, tx::CallOp call, Value indices,
                                const TokenDims &dims) {
  int64_t bytes = getElementBytes(table) * dims.getDims(table)[1].size;
  auto argument = dyn_cast<BlockArgument>(indices);
  bool perToken =
      !argument ||
      dims.getDims(call.getOperand(argument.getArgNumber()))[0].kind ==
          DimSymbol::Kind::Tokens;
  return perToken ? TrafficCount{bytes, 0, 0} : TrafficCount{0, bytes, 0};
}

/// Whether `argument` is read in the first row of each sequence only.
static bool isReadOnceASequence(BlockArgument argument) {
  return !argument.use_empty() &&
         llvm::all_of(argument.getUses(), [&](OpOperand &use) {
           auto pool = dyn_cast<PoolOp>(use.getOwner());
           return pool && pool.getKind() == PoolKind::Cls &&
                  pool.getX() == use.get();
         });
}

TrafficCount tx::getTraffic(CallOp call, KernelOp kernel,
                            const TokenDims &dims) {
  TrafficCount total;
  Block &body = kernel.getBody().front();
  for (auto [argument, operand] :
       llvm::zip_equal(body.getArguments(), call.getOperands())) {
    EmbeddingOp gather;
    for (OpOperand &use : argument.getUses())
      if (auto embedding = dyn_cast<EmbeddingOp>(use.getOwner());
          embedding && embedding.getTable() == argument)
        gather = embedding;
    TrafficCount count =
        gather ? countGather(operand, call, gather.getIndices(), dims)
               : countValue(operand, dims);
    if (!gather && isReadOnceASequence(argument))
      count = {0, count.sequence + count.token, count.fixed};
    total += count;
  }
  for (Value result : call.getResults())
    total += countValue(result, dims);
  return total;
}
