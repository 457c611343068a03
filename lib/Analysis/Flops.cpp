//===- Flops.cpp - Arithmetic work of an entry ----------------------------===//

#include "tx/Analysis/Flops.h"

using namespace mlir;
using namespace tx;

FlopCount tx::getFlops(Operation *op, const TokenDims &dims) {
  if (auto recorded = op->getAttrOfType<DenseI64ArrayAttr>(kFlopsAttrName);
      recorded && recorded.size() == 3)
    return {recorded[0], recorded[1], recorded[2]};
  auto cost = dyn_cast<CostOpInterface>(op);
  if (!cost)
    return {};
  FlopCount flops = cost.getFlops();
  // Rows of what was pooled are sequences. A pool itself works on tokens.
  ArrayRef<DimSymbol> rows = dims.getDims(op->getOperand(0));
  if (!rows.empty() && rows[0].kind == DimSymbol::Kind::Sequences) {
    flops.sequence += flops.token;
    flops.token = 0;
  }
  return flops;
}

FailureOr<FlopCount> tx::computeFlops(func::FuncOp entry) {
  FailureOr<TokenDims> dims = TokenDims::compute(entry);
  if (failed(dims))
    return failure();
  FlopCount total;
  for (Operation &op : entry.getBody().front().without_terminator())
    total += getFlops(&op, *dims);
  return total;
}
