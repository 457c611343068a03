//===- TxRowOps.cpp - Ops that work row by row ----------------------------===//

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

static LogicalResult verifyPerChannel(Operation *op, Value x, Value vector,
                                      StringRef name) {
  if (agree(dim(x, 1), dim(vector, 0)))
    return success();
  return op->emitOpError("has x with ")
         << dim(x, 1) << " channels, but a " << name << " with "
         << dim(vector, 0) << " entries";
}

static LogicalResult verifyEps(Operation *op, APFloat eps) {
  float value = eps.convertToFloat();
  if (std::isfinite(value) && value >= 0)
    return success();
  return op->emitOpError("expects a finite eps that is not negative, got ")
         << value;
}

/// `perChannel` operations for each channel of a row.
static FlopCount countPerChannel(Value x, int64_t perChannel) {
  FlopCount flops;
  if (int64_t channels = dim(x, 1); !ShapedType::isDynamic(channels))
    flops.token = channels * perChannel;
  return flops;
}

LogicalResult LayerNormOp::verify() {
  if (failed(verifyPerChannel(*this, getX(), getWeight(), "weight")) ||
      failed(verifyPerChannel(*this, getX(), getBias(), "bias"))) // layer_norm_c1
    return failure();
  return verifyEps(*this, getEps()); // layer_norm_c2
}
FlopCount LayerNormOp::getFlops() { return countPerChannel(getX(), 7); }

LogicalResult RmsNormOp::verify() {
  if (failed(verifyPerChannel(*this, getX(), getWeight(), "weight"))) // rms_norm_c1
    return failure();
  return verifyEps(*this, getEps()); // rms_norm_c2
}
FlopCount RmsNormOp::getFlops() { return countPerChannel(getX(), 4); }

FlopCount SoftmaxOp::getFlops() { return countPerChannel(getX(), 5); }

LogicalResult NormalizeOp::verify() {
  return verifyEps(*this, getEps()); // normalize_c1
}
FlopCount NormalizeOp::getFlops() { return countPerChannel(getX(), 3); }

FlopCount ActivationOp::getFlops() { return countPerChannel(getX(), 1); }
FlopCount AddOp::getFlops() { return countPerChannel(getLhs(), 1); }
FlopCount MulOp::getFlops() { return countPerChannel(getLhs(), 1); }

LogicalResult SliceOp::verify() {
  auto result = cast<RankedTensorType>(getResult().getType());
  int64_t taken = result.getRank() == 1 ? 1 : result.getDimSize(1);
  auto offset = static_cast<int64_t>(getOffset());
  int64_t channels = dim(getX(), 1);
  bool known = !ShapedType::isDynamic(taken) && !ShapedType::isDynamic(channels);
  if (offset < 0 || (known && offset + taken > channels)) // slice_c1
    return emitOpError("takes channels ")
           << offset << " to " << offset + taken << " of " << channels;
  if (!agree(dim(getX(), 0), result.getDimSize(0))) // slice_c2
    return emitOpError("has x with ") << dim(getX(), 0)
                                      << " tokens, but a result with "
                                      << result.getDimSize(0);
  return success();
}
