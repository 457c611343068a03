//===- TxLinearOps.cpp - linear, embedding, ffn ---------------------------===//
//
// Shape inference, verification and cost of the ops that multiply by or look
// up in a matrix.
//
//===----------------------------------------------------------------------===//

#include "TensorSizes.h"
#include "tx/Dialect/Tx/IR/Tx.h"

using namespace mlir;
using namespace tx;

/// 2 * a * b, or 0 when a size is not known statically.
static int64_t countMultiplyAdds(Value weight) {
  int64_t rows = getSize(weight, 0), columns = getSize(weight, 1);
  return isKnown(rows) && isKnown(columns) ? 2 * rows * columns : 0;
}

/// One row of the result per row of x.
static LogicalResult verifyTokens(Operation *op, Value x, Value result) {
  if (agree(getSize(x, 0), getSize(result, 0)))
    return success();
  return op->emitOpError("has x with ")
         << getSize(x, 0) << " tokens, but a result with "
         << getSize(result, 0);
}

//===----------------------------------------------------------------------===//
// LinearOp
//===----------------------------------------------------------------------===//

LogicalResult LinearOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location>,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  types.push_back(getActivationType(context, getSize(adaptor.getX(), 0),
                                    getSize(adaptor.getWeight(), 0)));
  return success();
}

LogicalResult LinearOp::verify() {
  int64_t rows = getSize(getWeight(), 0), columns = getSize(getWeight(), 1);
  if (!agree(getSize(getX(), 1), columns)) // linear_c1
    return emitOpError("has x with ")
           << getSize(getX(), 1) << " channels, but a weight with " << columns
           << " columns";
  if (!agree(getSize(getResult(), 1), rows)) // linear_c2
    return emitOpError("has a result with ")
           << getSize(getResult(), 1) << " channels, but a weight with " << rows
           << " rows";
  if (getBias() && !agree(getSize(getBias(), 0), rows)) // linear_c3
    return emitOpError("has a bias with ")
           << getSize(getBias(), 0) << " entries, but a weight with " << rows
           << " rows";
  return verifyTokens(*this, getX(), getResult()); // linear_c4
}

FlopCount LinearOp::getFlops() {
  FlopCount flops;
  flops.token = countMultiplyAdds(getWeight());
  return flops;
}

//===----------------------------------------------------------------------===//
// EmbeddingOp
//===----------------------------------------------------------------------===//

LogicalResult EmbeddingOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location>,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  types.push_back(getActivationType(context, getSize(adaptor.getIndices(), 0),
                                    getSize(adaptor.getTable(), 1)));
  return success();
}

LogicalResult EmbeddingOp::verify() {
  if (!agree(getSize(getTable(), 1), getSize(getResult(), 1))) // embedding_c1
    return emitOpError("has a table with ")
           << getSize(getTable(), 1) << " channels, but a result with "
           << getSize(getResult(), 1);
  if (!agree(getSize(getIndices(), 0), getSize(getResult(), 0))) // embedding_c2
    return emitOpError("has ")
           << getSize(getIndices(), 0) << " indices, but a result with "
           << getSize(getResult(), 0) << " rows";
  return success();
}

//===----------------------------------------------------------------------===//
// FfnOp
//===----------------------------------------------------------------------===//

LogicalResult FfnOp::inferReturnTypes(MLIRContext *context,
                                      std::optional<Location>, Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  types.push_back(getActivationType(context, getSize(adaptor.getX(), 0),
                                    getSize(adaptor.getDown(), 0)));
  return success();
}

/// The sizes of up, gate and down.
static LogicalResult verifyWeights(FfnOp op) {
  int64_t channels = getSize(op.getX(), 1), hidden = getSize(op.getUp(), 0);
  std::pair<StringRef, Value> inner[] = {{"up", op.getUp()},
                                         {"gate", op.getGate()}};
  for (auto [name, weight] : inner)
    if (weight && !agree(channels, getSize(weight, 1))) // ffn_c1
      return op.emitOpError("has x with ")
             << channels << " channels, but a weight " << name << " with "
             << getSize(weight, 1) << " columns";
  if (op.getGate() && !agree(getSize(op.getGate(), 0), hidden)) // ffn_c2
    return op.emitOpError("has a weight up with ")
           << hidden << " rows, but a weight gate with "
           << getSize(op.getGate(), 0);
  if (!agree(getSize(op.getDown(), 1), hidden))
    return op.emitOpError("has a weight up with ")
           << hidden << " rows, but a weight down with "
           << getSize(op.getDown(), 1) << " columns";
  return success();
}

LogicalResult FfnOp::verify() {
  if (failed(verifyWeights(*this)))
    return failure();
  struct {
    StringRef name;
    Value weight, bias;
  } biased[] = {{"up", getUp(), getUpBias()},
                {"gate", getGate(), getGateBias()},
                {"down", getDown(), getDownBias()}};
  for (auto &part : biased)
    if (part.bias &&
        !agree(getSize(part.bias, 0), getSize(part.weight, 0))) // ffn_c3
      return emitOpError("has a bias of ")
             << part.name << " with " << getSize(part.bias, 0)
             << " entries, but a weight with " << getSize(part.weight, 0)
             << " rows";
  if (!agree(getSize(getResult(), 1), getSize(getDown(), 0))) // ffn_c4
    return emitOpError("has a result with ")
           << getSize(getResult(), 1) << " channels, but a weight down with "
           << getSize(getDown(), 0) << " rows";
  return verifyTokens(*this, getX(), getResult()); // ffn_c5
}

FlopCount FfnOp::getFlops() {
  FlopCount flops;
  for (Value weight : {getUp(), getGate(), getDown()})
    if (weight)
      flops.token += countMultiplyAdds(weight);
  // The activation, and the product with a gate.
  if (int64_t hidden = getSize(getUp(), 0); isKnown(hidden))
    flops.token += hidden * (getGate() ? 2 : 1);
  return flops;
}
