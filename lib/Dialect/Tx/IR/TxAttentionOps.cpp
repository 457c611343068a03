//===- TxAttentionOps.cpp - attention -------------------------------------===//

#include "tx/Dialect/Tx/IR/Tx.h"
#include <cmath>

using namespace mlir;
using namespace tx;

static int64_t dim(Value value, unsigned index) {
  return cast<RankedTensorType>(value.getType()).getDimSize(index);
}

static bool agree(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a == b;
}

LogicalResult AttentionOp::verify() {
  auto heads = static_cast<int64_t>(getNumHeads());
  auto kvHeads = static_cast<int64_t>(getNumKvHeads());
  if (heads <= 0 || kvHeads <= 0 || heads % kvHeads != 0) // attention_c1
    return emitOpError("expects num_heads to be a positive multiple of "
                       "num_kv_heads, got ")
           << heads << " and " << kvHeads;
  // Channels a head, or dynamic.
  auto headDim = [](Value value, int64_t count) {
    int64_t channels = dim(value, 1);
    return ShapedType::isDynamic(channels) ? channels : channels / count;
  };
  struct {
    const char *name;
    Value value;
    int64_t count;
  } operands[] = {{"query", getQuery(), heads},
                  {"key", getKey(), kvHeads},
                  {"value", getValue(), kvHeads}};
  for (auto &operand : operands) { // attention_c2
    int64_t channels = dim(operand.value, 1);
    if (!ShapedType::isDynamic(channels) && channels % operand.count != 0)
      return emitOpError("has a ")
             << operand.name << " with " << channels
             << " channels, not a multiple of its " << operand.count
             << " heads";
  }
  int64_t queryDim = headDim(getQuery(), heads);
  int64_t keyDim = headDim(getKey(), kvHeads);
  if (!agree(queryDim, keyDim)) // attention_c3
    return emitOpError("has ") << queryDim
                               << " channels a head in the query, but "
                               << keyDim << " in the key";
  int64_t valueDim = headDim(getValue(), kvHeads);
  if (!ShapedType::isDynamic(valueDim) &&
      !agree(dim(getResult(), 1), heads * valueDim)) // attention_c4
    return emitOpError("has a result with ")
           << dim(getResult(), 1) << " channels, expected " << heads
           << " heads of " << valueDim;
  if (!agree(dim(getKey(), 0), dim(getValue(), 0))) // attention_c5
    return emitOpError("has ") << dim(getKey(), 0) << " keys, but "
                               << dim(getValue(), 0) << " values";
  float scale = getScale().convertToFloat();
  if (!std::isfinite(scale) || scale <= 0) // attention_c6
    return emitOpError("expects a finite, positive scale, got ") << scale;
  return success();
}

FlopCount AttentionOp::getFlops() {
  FlopCount flops;
  int64_t query = dim(getQuery(), 1), result = dim(getResult(), 1);
  if (ShapedType::isDynamic(query) || ShapedType::isDynamic(result))
    return flops;
  flops.pair = 2 * query + 2 * result + getNumHeads();
  if (getMask() == MaskKind::Causal)
    flops.pair /= 2;
  return flops;
}
