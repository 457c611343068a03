//===- TxLinearOps.cpp - linear, embedding, ffn ---------------------------===//

#include "tx/Dialect/Tx/IR/Tx.h"

using namespace mlir;
using namespace tx;

static int64_t dim(Value value, unsigned index) {
  return cast<RankedTensorType>(value.getType()).getDimSize(index);
}

static bool agree(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a == b;
}

/// 2 * a * b, or 0 when a size is not known statically.
static int64_t multiplyAdds(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) ? 0 : 2 * a * b;
}

LogicalResult LinearOp::verify() {
  int64_t rows = dim(getWeight(), 0), columns = dim(getWeight(), 1);
  if (!agree(dim(getX(), 1), columns)) // linear_c1
    return emitOpError("has x with ")
           << dim(getX(), 1) << " channels, but a weight with " << columns
           << " columns";
  if (!agree(dim(getResult(), 1), rows)) // linear_c2
    return emitOpError("has a result with ")
           << dim(getResult(), 1) << " channels, but a weight with " << rows
           << " rows";
  if (getBias() && !agree(dim(getBias(), 0), rows)) // linear_c3
    return emitOpError("has a bias with ")
           << dim(getBias(), 0) << " entries, but a weight with " << rows
           << " rows";
  if (!agree(dim(getX(), 0), dim(getResult(), 0))) // linear_c4
    return emitOpError("has x with ") << dim(getX(), 0)
                                      << " tokens, but a result with "
                                      << dim(getResult(), 0);
  return success();
}

FlopCount LinearOp::getFlops() {
  FlopCount flops;
  flops.token = multiplyAdds(dim(getWeight(), 0), dim(getWeight(), 1));
  return flops;
}

LogicalResult EmbeddingOp::verify() {
  if (!agree(dim(getTable(), 1), dim(getResult(), 1))) // embedding_c1
    return emitOpError("has a table with ")
           << dim(getTable(), 1) << " channels, but a result with "
           << dim(getResult(), 1);
  if (!agree(dim(getIndices(), 0), dim(getResult(), 0))) // embedding_c2
    return emitOpError("has ") << dim(getIndices(), 0)
                               << " indices, but a result with "
                               << dim(getResult(), 0) << " rows";
  return success();
}

LogicalResult FfnOp::verify() {
  int64_t hidden = dim(getUp(), 0);
  if (!agree(dim(getX(), 1), dim(getUp(), 1)) ||
      (getGate() && !agree(dim(getX(), 1), dim(getGate(), 1)))) // ffn_c1
    return emitOpError("has x with ")
           << dim(getX(), 1) << " channels, but weights up and gate with "
           << dim(getUp(), 1) << " columns";
  if (!agree(dim(getDown(), 1), hidden) ||
      (getGate() && !agree(dim(getGate(), 0), hidden))) // ffn_c2
    return emitOpError("has a weight up with ")
           << hidden << " rows, which the gate's rows and the " << "columns of down ("
           << dim(getDown(), 1) << ") must equal";
  std::pair<Value, Value> biased[] = {{getUp(), getUpBias()},
                                      {getGate(), getGateBias()},
                                      {getDown(), getDownBias()}};
  for (auto [weight, bias] : biased)
    if (bias && !agree(dim(bias, 0), dim(weight, 0))) // ffn_c3
      return emitOpError("has a bias with ")
             << dim(bias, 0) << " entries for a weight with " << dim(weight, 0)
             << " rows";
  if (!agree(dim(getResult(), 1), dim(getDown(), 0))) // ffn_c4
    return emitOpError("has a result with ")
           << dim(getResult(), 1) << " channels, but a weight down with "
           << dim(getDown(), 0) << " rows";
  return success();
}

FlopCount FfnOp::getFlops() {
  FlopCount flops;
  for (Value weight : {getUp(), getGate(), getDown()})
    if (weight)
      flops.token += multiplyAdds(dim(weight, 0), dim(weight, 1));
  if (int64_t hidden = dim(getUp(), 0); !ShapedType::isDynamic(hidden))
    flops.token += hidden * (getGate() ? 2 : 1);
  return flops;
}
