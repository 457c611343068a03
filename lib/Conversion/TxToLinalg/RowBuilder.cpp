//===- RowBuilder.cpp - linalg over rows and columns ----------------------===//

#include "RowBuilder.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tx;

static constexpr auto kParallel = utils::IteratorType::parallel;
static constexpr auto kReduction = utils::IteratorType::reduction;

RowBuilder::RowBuilder(Block &body)
    : kernelBody(body), builder(body.getParentOp()->getContext()),
      loc(body.getParentOp()->getLoc()) {}

void RowBuilder::setInsertionPoint(Operation *op) {
  builder.setInsertionPoint(op);
  loc = op->getLoc();
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

OpFoldResult RowBuilder::getSize(Value value, int64_t dim) {
  auto type = cast<RankedTensorType>(value.getType());
  if (!type.isDynamicDim(dim))
    return builder.getIndexAttr(type.getDimSize(dim));
  RowShape &shape = shapes[value];
  OpFoldResult &size = dim == 0 ? shape.rows : shape.columns;
  if (!size) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&kernelBody);
    size = tensor::DimOp::create(builder, loc, value, dim).getResult();
  }
  return size;
}

void RowBuilder::copyShape(Value from, Value to) {
  RowShape shape{getSize(from, 0), getSize(from, 1)};
  shapes[to] = shape;
}

Value RowBuilder::getChannelsAsFloat(Value value) {
  OpFoldResult size = getSize(value, 1);
  if (std::optional<int64_t> channels = getConstantIntValue(size))
    return arith::ConstantOp::create(builder, loc,
                                     builder.getF32FloatAttr(*channels));
  Value channels = arith::IndexCastOp::create(
      builder, loc, builder.getI64Type(), cast<Value>(size));
  return arith::SIToFPOp::create(builder, loc, builder.getF32Type(), channels);
}

//===----------------------------------------------------------------------===//
// Indexing
//===----------------------------------------------------------------------===//

AffineMap RowBuilder::byElement() {
  return AffineMap::getMultiDimIdentityMap(2, builder.getContext());
}

AffineMap RowBuilder::byRow() {
  return AffineMap::get(2, 0, builder.getAffineDimExpr(0));
}

AffineMap RowBuilder::byColumn() {
  return AffineMap::get(2, 0, builder.getAffineDimExpr(1));
}

//===----------------------------------------------------------------------===//
// Computations
//===----------------------------------------------------------------------===//

Value RowBuilder::buildEmpty(RankedTensorType type,
                             ArrayRef<OpFoldResult> sizes) {
  SmallVector<Value> dynamicSizes;
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (type.isDynamicDim(dim))
      dynamicSizes.push_back(
          getValueOrCreateConstantIndexOp(builder, loc, size));
  return tensor::EmptyOp::create(builder, loc, type, dynamicSizes);
}

Value RowBuilder::buildGeneric(ArrayRef<RowOperand> operands, Value init,
                               AffineMap initMap,
                               ArrayRef<utils::IteratorType> iterators,
                               bool readsInit, BodyFn body) {
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (auto [value, map] : operands) {
    inputs.push_back(value);
    maps.push_back(map);
  }
  maps.push_back(initMap);
  return linalg::GenericOp::create(
             builder, loc, init.getType(), inputs, init, maps, iterators,
             [&](OpBuilder &nested, Location loc, ValueRange args) {
               Value result =
                   body(nested, loc, readsInit ? args : args.drop_back());
               linalg::YieldOp::create(nested, loc, result);
             })
      .getResult(0);
}

Value RowBuilder::mapColumns(Value like, ArrayRef<RowOperand> operands,
                             BodyFn body) {
  auto type = cast<RankedTensorType>(like.getType());
  Value init = buildEmpty(type, {getSize(like, 0), getSize(like, 1)});
  return buildGeneric(operands, init, byElement(), {kParallel, kParallel},
                      /*readsInit=*/false, body);
}

Value RowBuilder::reduceColumns(Value like, ArrayRef<RowOperand> operands,
                                double neutral, BodyFn body) {
  auto type = cast<RankedTensorType>(like.getType());
  auto rowType =
      RankedTensorType::get({type.getDimSize(0)}, type.getElementType());
  Value start =
      arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(neutral));
  Value empty = buildEmpty(rowType, {getSize(like, 0)});
  Value init = linalg::FillOp::create(builder, loc, start, empty).getResult(0);
  Value result = buildGeneric(operands, init, byRow(), {kParallel, kReduction},
                              /*readsInit=*/true, body);
  shapes[result] = {getSize(like, 0), {}};
  return result;
}

Value RowBuilder::mapRows(ArrayRef<Value> operands, BodyFn body) {
  AffineMap map = AffineMap::getMultiDimIdentityMap(1, builder.getContext());
  auto type = cast<RankedTensorType>(operands.front().getType());
  OpFoldResult rows = getSize(operands.front(), 0);
  SmallVector<RowOperand> indexed;
  for (Value operand : operands)
    indexed.push_back({operand, map});
  Value result = buildGeneric(indexed, buildEmpty(type, {rows}), map,
                              {kParallel}, /*readsInit=*/false, body);
  shapes[result] = {rows, {}};
  return result;
}
