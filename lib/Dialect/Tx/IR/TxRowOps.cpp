//===- TxRowOps.cpp - Ops that work row by row ----------------------------===//
//
// Verification, folding and cost of the ops that work on each row alone.
//
//===----------------------------------------------------------------------===//

#include "TensorSizes.h"
#include "tx/Dialect/Tx/IR/Tx.h"
#include <cmath>

using namespace mlir;
using namespace tx;

static LogicalResult verifyPerChannel(Operation *op, Value x, Value vector,
                                      StringRef name) {
  if (agree(getSize(x, 1), getSize(vector, 0)))
    return success();
  return op->emitOpError("has x with ")
         << getSize(x, 1) << " channels, but a " << name << " with "
         << getSize(vector, 0) << " entries";
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
  if (int64_t channels = getSize(x, 1); isKnown(channels))
    flops.token = channels * perChannel;
  return flops;
}

LogicalResult LayerNormOp::verify() {
  if (failed(verifyPerChannel(*this, getX(), getWeight(), "weight")) ||
      failed(
          verifyPerChannel(*this, getX(), getBias(), "bias"))) // layer_norm_c1
    return failure();
  return verifyEps(*this, getEps()); // layer_norm_c2
}
FlopCount LayerNormOp::getFlops() { return countPerChannel(getX(), 7); }

LogicalResult RmsNormOp::verify() {
  if (failed(verifyPerChannel(*this, getX(), getWeight(),
                              "weight"))) // rms_norm_c1
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

//===----------------------------------------------------------------------===//
// SliceOp
//===----------------------------------------------------------------------===//

LogicalResult SliceOp::verify() {
  auto result = cast<RankedTensorType>(getResult().getType());
  int64_t taken = result.getRank() == 1 ? 1 : result.getDimSize(1);
  auto offset = static_cast<int64_t>(getOffset());
  int64_t channels = getSize(getX(), 1);
  if (offset < 0) // slice_c1
    return emitOpError("expects an offset that is not negative, got ")
           << offset;
  if (isKnown(channels) &&
      (offset > channels || (isKnown(taken) && taken > channels - offset)))
    return emitOpError("takes ")
           << (isKnown(taken) ? std::to_string(taken) : "?")
           << " channels from channel " << offset << " on, but x has "
           << channels;
  if (!agree(getSize(getX(), 0), result.getDimSize(0))) // slice_c2
    return emitOpError("has x with ")
           << getSize(getX(), 0) << " tokens, but a result with "
           << result.getDimSize(0);
  return success();
}

/// A slice of every channel is its operand; a slice of a slice takes from the
/// first operand.
OpFoldResult SliceOp::fold(FoldAdaptor) {
  auto type = cast<RankedTensorType>(getX().getType());
  if (type == getResult().getType() && isKnown(type.getDimSize(1)))
    return getX();
  auto inner = getX().getDefiningOp<SliceOp>();
  if (!inner || type.getRank() != 2)
    return {};
  setOffset(getOffset() + inner.getOffset());
  getXMutable().assign(inner.getX());
  return getResult();
}
