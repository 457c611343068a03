//===- TxAttentionOps.cpp - attention -------------------------------------===//
//
// Shape inference, verification and cost of attention.
//
//===----------------------------------------------------------------------===//

#include "TensorSizes.h"
#include "tx/Dialect/Tx/IR/Tx.h"
#include <cmath>

using namespace mlir;
using namespace tx;

/// Channels a head of `value` has, or dynamic.
static int64_t getHeadSize(Value value, int64_t heads) {
  int64_t channels = getSize(value, 1);
  return isKnown(channels) ? channels / heads : channels;
}

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  auto heads = static_cast<int64_t>(adaptor.getNumHeads());
  auto kvHeads = static_cast<int64_t>(adaptor.getNumKvHeads());
  int64_t channels = ShapedType::kDynamic;
  if (heads > 0 && kvHeads > 0)
    if (int64_t size = getHeadSize(adaptor.getValue(), kvHeads); isKnown(size))
      channels = heads * size;
  types.push_back(
      getActivationType(context, getSize(adaptor.getQuery(), 0), channels));
  return success();
}

/// Heads divide channels and agree in size.
static LogicalResult verifyHeads(AttentionOp op) {
  auto heads = static_cast<int64_t>(op.getNumHeads());
  auto kvHeads = static_cast<int64_t>(op.getNumKvHeads());
  if (heads <= 0 || kvHeads <= 0 || heads % kvHeads != 0) // attention_c1
    return op.emitOpError("expects num_heads to be a positive multiple of "
                          "num_kv_heads, got ")
           << heads << " and " << kvHeads;
  struct {
    StringRef name;
    Value value;
    int64_t heads;
  } operands[] = {{"query", op.getQuery(), heads},
                  {"key", op.getKey(), kvHeads},
                  {"value", op.getValue(), kvHeads}};
  for (auto &operand : operands) { // attention_c2
    int64_t channels = getSize(operand.value, 1);
    if (isKnown(channels) && channels % operand.heads != 0)
      return op.emitOpError("has a ") << operand.name << " with " << channels
                                      << " channels, not a multiple of its "
                                      << operand.heads << " heads";
    auto layout = dyn_cast_if_present<HeadsAttr>(
        cast<RankedTensorType>(operand.value.getType()).getEncoding());
    if (layout && layout.getCount() != operand.heads) // attention_c9
      return op.emitOpError("has a ")
             << operand.name << " that lies in " << layout.getCount()
             << " heads, expected " << operand.heads;
  }
  int64_t querySize = getHeadSize(op.getQuery(), heads);
  int64_t keySize = getHeadSize(op.getKey(), kvHeads);
  if (!agree(querySize, keySize)) // attention_c3
    return op.emitOpError("has ")
           << querySize << " channels a head in the query, but " << keySize
           << " in the key";
  int64_t valueSize = getHeadSize(op.getValue(), kvHeads);
  int64_t channels = getSize(op.getResult(), 1);
  if (isKnown(valueSize) && !agree(channels, heads * valueSize)) // attention_c4
    return op.emitOpError("has a result with ")
           << channels << " channels, expected " << heads << " heads of "
           << valueSize;
  return success();
}

LogicalResult AttentionOp::verify() {
  if (failed(verifyHeads(*this)))
    return failure();
  if (!agree(getSize(getKey(), 0), getSize(getValue(), 0))) // attention_c5
    return emitOpError("has ") << getSize(getKey(), 0) << " keys, but "
                               << getSize(getValue(), 0) << " values";
  float scale = getScale().convertToFloat();
  if (!std::isfinite(scale) || scale <= 0) // attention_c6
    return emitOpError("expects a finite, positive scale, got ") << scale;
  if (!agree(getSize(getQuery(), 0), getSize(getResult(), 0))) // attention_c7
    return emitOpError("has ")
           << getSize(getQuery(), 0) << " queries, but a result with "
           << getSize(getResult(), 0) << " tokens";
  int64_t queryOffsets = getSize(getQueryOffsets(), 0);
  int64_t keyOffsets = getSize(getKeyOffsets(), 0);
  if (!agree(queryOffsets, keyOffsets)) // attention_c8
    return emitOpError("has ") << queryOffsets << " query offsets, but "
                               << keyOffsets << " key offsets";
  return success();
}

FlopCount AttentionOp::getFlops() {
  FlopCount flops;
  int64_t query = getSize(getQuery(), 1), result = getSize(getResult(), 1);
  if (!isKnown(query) || !isKnown(result))
    return flops;
  flops.pair = 2 * query + 2 * result + static_cast<int64_t>(getNumHeads());
  if (getMask() == MaskKind::Causal)
    flops.pair /= 2;
  return flops;
}
