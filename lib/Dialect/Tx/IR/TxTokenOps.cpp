//===- TxTokenOps.cpp - Ragged tokens -------------------------------------===//

#include "tx/Dialect/Tx/IR/Tx.h"

using namespace mlir;
using namespace tx;

static LogicalResult verifyPadId(Operation *op, PositionKind kind,
                                 std::optional<uint64_t> padId) {
  if ((kind == PositionKind::NonPad) == padId.has_value())
    return success();
  return op->emitOpError(kind == PositionKind::NonPad
                             ? "counts non_pad positions and needs a pad_id"
                             : "counts columns and takes no pad_id");
}

LogicalResult PackTokensOp::verify() {
  if (getPacked().size() != getInputs().size()) // pack_tokens_c1
    return emitOpError("has ")
           << getInputs().size() << " inputs, but " << getPacked().size()
           << " packed results";
  for (Value input : getInputs()) // pack_tokens_c2
    if (failed(verifyCompatibleShape(getMask().getType(), input.getType())))
      return emitOpError("has a mask of type ")
             << getMask().getType() << ", but an input of type "
             << input.getType();
  if (getPositionKind() == PositionKind::NonPad && getInputs().empty())
    return emitOpError("counts non_pad positions of its first input, but has "
                       "no input");
  return verifyPadId(*this, getPositionKind(), getPadId()); // pack_tokens_c3
}

LogicalResult UnpackTokensOp::verify() {
  auto tokens = cast<RankedTensorType>(getTokens().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (result.getRank() != tokens.getRank() + 1 ||
      (tokens.getRank() == 2 &&
       failed(verifyCompatibleDims({tokens.getDimSize(1),
                                    result.getDimSize(2)})))) // unpack_tokens_c1
    return emitOpError("puts ")
           << tokens << " into " << result
           << "; expected one dimension more and the same channels";
  return success();
}

LogicalResult PositionsOp::verify() {
  return verifyPadId(*this, getPositionKind(), getPadId()); // positions_c1
}

LogicalResult PlanTilesOp::verify() {
  if (static_cast<int64_t>(getRows()) <= 0) // plan_tiles_c1
    return emitOpError("expects a positive number of rows, got ")
           << static_cast<int64_t>(getRows());
  return success();
}

LogicalResult PoolOp::verify() {
  auto x = cast<RankedTensorType>(getX().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (failed(verifyCompatibleDims(
          {x.getDimSize(1), result.getDimSize(1)}))) // pool_c1
    return emitOpError("pools ") << x << " into " << result
                                 << "; the channels differ";
  return success();
}

FlopCount PoolOp::getFlops() {
  int64_t channels = cast<RankedTensorType>(getX().getType()).getDimSize(1);
  if (getKind() == PoolKind::Cls || ShapedType::isDynamic(channels))
    return {};
  FlopCount flops;
  flops.token = channels;
  flops.sequence = channels;
  return flops;
}
