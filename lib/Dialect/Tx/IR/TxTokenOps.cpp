//===- TxTokenOps.cpp - Ragged tokens -------------------------------------===//
//
// Shape inference, verification and cost of the ops that know of sequences.
//
//===----------------------------------------------------------------------===//

#include "TensorSizes.h"
#include "tx/Dialect/Tx/IR/Tx.h"

using namespace mlir;
using namespace tx;

/// Vectors of i32, of dynamic size unless `size` is given.
static Type getIndexType(MLIRContext *context,
                         int64_t size = ShapedType::kDynamic) {
  return RankedTensorType::get({size}, IntegerType::get(context, 32));
}

static LogicalResult verifyPadId(Operation *op, PositionKind kind,
                                 std::optional<uint64_t> padId) {
  if (padId.value_or(0) > INT32_MAX)
    return op->emitOpError("has pad_id ")
           << static_cast<int64_t>(*padId) << ", expected 0 to " << INT32_MAX;
  if ((kind == PositionKind::NonPad) == padId.has_value())
    return success();
  return op->emitOpError(kind == PositionKind::NonPad
                             ? "counts non_pad positions and needs a pad_id"
                             : "counts columns and takes no pad_id");
}

//===----------------------------------------------------------------------===//
// PackTokensOp
//===----------------------------------------------------------------------===//

LogicalResult PackTokensOp::inferReturnTypes(MLIRContext *context,
                                             std::optional<Location>,
                                             Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  types.append(adaptor.getInputs().size(), getIndexType(context));
  types.push_back(
      getIndexType(context, countOffsets(getSize(adaptor.getMask(), 0))));
  types.push_back(getIndexType(context));
  return success();
}

LogicalResult PackTokensOp::verify() {
  if (getPacked().size() != getInputs().size()) // pack_tokens_c1
    return emitOpError("has ") << getInputs().size() << " inputs, but "
                               << getPacked().size() << " packed results";
  for (Value input : getInputs()) // pack_tokens_c2
    if (failed(verifyCompatibleShape(getMask().getType(), input.getType())))
      return emitOpError("has a mask of type ")
             << getMask().getType() << ", but an input of type "
             << input.getType();
  if (getPositionKind() == PositionKind::NonPad && getInputs().empty())
    return emitOpError("counts non_pad positions of its first input, but has "
                       "no input");
  if (failed(
          verifyPadId(*this, getPositionKind(), getPadId()))) // pack_tokens_c3
    return failure();
  int64_t rows = getSize(getMask(), 0), entries = getSize(getOffsets(), 0);
  if (!boundsSequences(entries, rows)) // pack_tokens_c4
    return emitOpError("has a mask with ") << rows << " rows, but " << entries
                                           << " offsets; expected " << rows + 1;
  return success();
}

//===----------------------------------------------------------------------===//
// UnpackTokensOp
//===----------------------------------------------------------------------===//

LogicalResult UnpackTokensOp::inferReturnTypes(MLIRContext *context,
                                               std::optional<Location>,
                                               Adaptor adaptor,
                                               SmallVectorImpl<Type> &types) {
  SmallVector<int64_t> shape{getSize(adaptor.getMask(), 0),
                             getSize(adaptor.getMask(), 1)};
  auto tokens = cast<RankedTensorType>(adaptor.getTokens().getType());
  if (tokens.getRank() == 2)
    shape.push_back(tokens.getDimSize(1));
  types.push_back(RankedTensorType::get(shape, Float32Type::get(context)));
  return success();
}

LogicalResult UnpackTokensOp::verify() {
  auto tokens = cast<RankedTensorType>(getTokens().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (result.getRank() != tokens.getRank() + 1 ||
      (tokens.getRank() == 2 &&
       !agree(tokens.getDimSize(1), result.getDimSize(2)))) // unpack_tokens_c1
    return emitOpError("puts ")
           << tokens << " into " << result
           << "; expected one dimension more and the same channels";
  auto mask = cast<RankedTensorType>(getMask().getType());
  for (unsigned dimension : {0, 1})
    if (!agree(mask.getDimSize(dimension),
               result.getDimSize(dimension))) // unpack_tokens_c2
      return emitOpError("has a mask of type ")
             << mask << ", but a result of type " << result;
  return success();
}

//===----------------------------------------------------------------------===//
// PositionsOp
//===----------------------------------------------------------------------===//

LogicalResult PositionsOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location>,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  types.push_back(getIndexType(context, getSize(adaptor.getIds(), 0)));
  return success();
}

LogicalResult PositionsOp::verify() {
  if (failed(verifyPadId(*this, getPositionKind(), getPadId()))) // positions_c1
    return failure();
  int64_t ids = getSize(getIds(), 0), positions = getSize(getResult(), 0);
  if (!agree(ids, positions)) // positions_c2
    return emitOpError("has ")
           << ids << " ids, but " << positions << " positions";
  return success();
}

//===----------------------------------------------------------------------===//
// PlanTilesOp
//===----------------------------------------------------------------------===//

LogicalResult PlanTilesOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location>, Adaptor,
                                            SmallVectorImpl<Type> &types) {
  types.push_back(RankedTensorType::get({ShapedType::kDynamic, 2},
                                        IntegerType::get(context, 32)));
  return success();
}

LogicalResult PlanTilesOp::verify() {
  auto rows = static_cast<int64_t>(getRows());
  if (rows <= 0 || rows > INT32_MAX) // plan_tiles_c1
    return emitOpError("expects 1 to ") << INT32_MAX << " rows, got " << rows;
  int64_t columns = getSize(getTiles(), 1);
  if (!agree(columns, 2)) // plan_tiles_c2
    return emitOpError("has a result with ")
           << columns << " columns, expected 2, sequence and first row";
  return success();
}

//===----------------------------------------------------------------------===//
// PoolOp
//===----------------------------------------------------------------------===//

LogicalResult PoolOp::inferReturnTypes(MLIRContext *context,
                                       std::optional<Location>, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  types.push_back(getActivationType(
      context, countSequences(getSize(adaptor.getOffsets(), 0)),
      getSize(adaptor.getX(), 1)));
  return success();
}

LogicalResult PoolOp::verify() {
  auto x = cast<RankedTensorType>(getX().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (!agree(x.getDimSize(1), result.getDimSize(1))) // pool_c1
    return emitOpError("pools ")
           << x << " into " << result << "; the channels differ";
  int64_t entries = getSize(getOffsets(), 0);
  if (!boundsSequences(entries, result.getDimSize(0))) // pool_c2
    return emitOpError("has ")
           << entries << " offsets, but a result with " << result.getDimSize(0)
           << " rows; expected " << entries - 1;
  return success();
}

FlopCount PoolOp::getFlops() {
  int64_t channels = getSize(getX(), 1);
  if (getKind() == PoolKind::Cls || !isKnown(channels))
    return {};
  FlopCount flops;
  flops.token = channels;
  flops.sequence = channels;
  return flops;
}
