//===- TxToLinalg.cpp - Row-wise kernels as linalg ------------------------===//
//
// A kernel is converted as a whole or not at all: whoever emits kernels finds
// either only linalg on rows or only tx ops. Ops are visited in order; the
// sizes of each value are found once, at the arguments where possible, so that
// equal sizes are one SSA value.
//
//===----------------------------------------------------------------------===//

#include "RowBuilder.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tx/Conversion/Activation.h"
#include "tx/Conversion/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tx {
#define GEN_PASS_DEF_CONVERTTXTOLINALG
#include "tx/Conversion/Passes.h.inc"
} // namespace tx

using namespace tx;

/// Whether the op computes each row of its result from one row of its operands,
/// and its sizes are those of its operands. A slice of a width that only the
/// caller knows is not: nothing in the kernel tells how many channels it has.
static bool isRowWise(Operation *op) {
  if (auto slice = dyn_cast<SliceOp>(op)) {
    RankedTensorType type = slice.getResult().getType();
    return type.getRank() == 2 && !type.isDynamicDim(1);
  }
  return isa<EmbeddingOp, AddOp, MulOp, LayerNormOp, RmsNormOp, SoftmaxOp,
             NormalizeOp, ActivationOp>(op);
}

static bool isRowWiseKernel(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  return llvm::hasNItemsOrMore(body, 2) &&
         llvm::all_of(body.without_terminator(),
                      [](Operation &op) { return isRowWise(&op); });
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// %y = tx.embedding %table, %indices
/// // becomes
/// %y = linalg.generic ins(%indices by row) { table[index, column] }
static Value convertEmbedding(RowBuilder &b, EmbeddingOp op) {
  Value table = op.getTable();
  RowShape shape{b.getSize(op.getIndices(), 0), b.getSize(table, 1)};
  b.setShape(op.getResult(), shape);
  return b.mapColumns(
      op.getResult(), {{op.getIndices(), b.byRow()}},
      [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        Value row = arith::IndexCastOp::create(nested, loc,
                                               nested.getIndexType(), args[0]);
        Value column = linalg::IndexOp::create(nested, loc, 1);
        return tensor::ExtractOp::create(nested, loc, table,
                                         ValueRange{row, column});
      });
}

/// Elementwise ops of two operands.
template <typename ScalarOp, typename OpTy>
static Value convertBinary(RowBuilder &b, OpTy op) {
  b.copyShape(op.getLhs(), op.getResult());
  return b.mapColumns(
      op.getResult(),
      {{op.getLhs(), b.byElement()}, {op.getRhs(), b.byElement()}},
      [](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        return ScalarOp::create(nested, loc, args[0], args[1]);
      });
}

static Value convertActivation(RowBuilder &b, ActivationOp op) {
  b.copyShape(op.getX(), op.getResult());
  return b.mapColumns(
      op.getResult(), {{op.getX(), b.byElement()}},
      [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        return buildActivation(nested, loc, op.getKind(), args[0]);
      });
}

/// %y = tx.slice %x[offset]
/// // becomes
/// %s = tensor.extract_slice %x[0, offset]
/// %y = linalg.generic ins(%s) { a copy }
static Value convertSlice(RowBuilder &b, SliceOp op) {
  Value x = op.getX();
  RankedTensorType type = op.getResult().getType();
  OpBuilder &builder = b.getBuilder();
  OpFoldResult rows = b.getSize(x, 0);
  OpFoldResult columns = builder.getIndexAttr(type.getDimSize(1));
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  OpFoldResult offset = builder.getIndexAttr(op.getOffset());
  b.setShape(op.getResult(), {rows, columns});
  Value part = tensor::ExtractSliceOp::create(
      builder, op.getLoc(), x, {zero, offset}, {rows, columns}, {one, one});
  return b.mapColumns(
      op.getResult(), {{part, b.byElement()}},
      [](OpBuilder &, Location, ValueRange args) { return args[0]; });
}

/// Sum over the channels of each row of x^2.
static Value buildSquares(RowBuilder &b, Value x) {
  return b.reduceColumns(
      x, {{x, b.byElement()}}, /*neutral=*/0,
      [](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        return math::FmaOp::create(nested, loc, args[0], args[0], args[1]);
      });
}

/// Per row, 1 / sqrt(sum / channels + eps).
static Value buildInverseRoot(RowBuilder &b, Value sum, Value channels,
                              const APFloat &eps) {
  return b.mapRows(
      {sum}, [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        Value mean = arith::DivFOp::create(nested, loc, args[0], channels);
        Value shift = arith::ConstantOp::create(
            nested, loc, nested.getFloatAttr(nested.getF32Type(), eps));
        Value shifted = arith::AddFOp::create(nested, loc, mean, shift);
        Value root = math::SqrtOp::create(nested, loc, shifted);
        Value one =
            arith::ConstantOp::create(nested, loc, nested.getF32FloatAttr(1));
        return arith::DivFOp::create(nested, loc, one, root);
      });
}

/// Mean first, then the sum of squared distances from it: a single pass over x
/// and x^2 would cancel when the mean is far from zero.
static Value convertLayerNorm(RowBuilder &b, LayerNormOp op) {
  Value x = op.getX();
  b.copyShape(x, op.getResult());
  Value channels = b.getChannelsAsFloat(x);
  Value sum = b.reduceColumns(
      x, {{x, b.byElement()}}, /*neutral=*/0,
      [](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        return arith::AddFOp::create(nested, loc, args[1], args[0]);
      });
  Value mean = b.mapRows(
      {sum}, [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        return arith::DivFOp::create(nested, loc, args[0], channels);
      });
  Value squares = b.reduceColumns(
      x, {{x, b.byElement()}, {mean, b.byRow()}}, /*neutral=*/0,
      [](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        Value distance = arith::SubFOp::create(nested, loc, args[0], args[1]);
        return math::FmaOp::create(nested, loc, distance, distance, args[2]);
      });
  Value scale = buildInverseRoot(b, squares, channels, op.getEps());
  return b.mapColumns(
      op.getResult(),
      {{x, b.byElement()},
       {mean, b.byRow()},
       {scale, b.byRow()},
       {op.getWeight(), b.byColumn()},
       {op.getBias(), b.byColumn()}},
      [](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        Value distance = arith::SubFOp::create(nested, loc, args[0], args[1]);
        Value scaled = arith::MulFOp::create(nested, loc, distance, args[2]);
        return math::FmaOp::create(nested, loc, scaled, args[3], args[4]);
      });
}

static Value convertRmsNorm(RowBuilder &b, RmsNormOp op) {
  Value x = op.getX();
  b.copyShape(x, op.getResult());
  Value scale = buildInverseRoot(b, buildSquares(b, x), b.getChannelsAsFloat(x),
                                 op.getEps());
  return b.mapColumns(
      op.getResult(),
      {{x, b.byElement()}, {scale, b.byRow()}, {op.getWeight(), b.byColumn()}},
      [](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        Value scaled = arith::MulFOp::create(nested, loc, args[0], args[1]);
        return arith::MulFOp::create(nested, loc, scaled, args[2]);
      });
}

/// The largest entry is subtracted before exp, which then cannot overflow.
static Value convertSoftmax(RowBuilder &b, SoftmaxOp op) {
  Value x = op.getX();
  b.copyShape(x, op.getResult());
  Value highest = b.reduceColumns(
      x, {{x, b.byElement()}}, -std::numeric_limits<float>::infinity(),
      [](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        return arith::MaximumFOp::create(nested, loc, args[1], args[0]);
      });
  Value weights = b.mapColumns(
      op.getResult(), {{x, b.byElement()}, {highest, b.byRow()}},
      [](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        Value distance = arith::SubFOp::create(nested, loc, args[0], args[1]);
        return math::ExpOp::create(nested, loc, distance);
      });
  b.copyShape(x, weights);
  Value total = b.reduceColumns(
      weights, {{weights, b.byElement()}}, /*neutral=*/0,
      [](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        return arith::AddFOp::create(nested, loc, args[1], args[0]);
      });
  return b.mapColumns(
      op.getResult(), {{weights, b.byElement()}, {total, b.byRow()}},
      [](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        return arith::DivFOp::create(nested, loc, args[0], args[1]);
      });
}

static Value convertNormalize(RowBuilder &b, NormalizeOp op) {
  Value x = op.getX();
  b.copyShape(x, op.getResult());
  Value length = b.mapRows(
      {buildSquares(b, x)},
      [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        Value root = math::SqrtOp::create(nested, loc, args[0]);
        Value eps = arith::ConstantOp::create(
            nested, loc, nested.getFloatAttr(nested.getF32Type(), op.getEps()));
        return arith::MaximumFOp::create(nested, loc, root, eps);
      });
  return b.mapColumns(
      op.getResult(), {{x, b.byElement()}, {length, b.byRow()}},
      [](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        return arith::DivFOp::create(nested, loc, args[0], args[1]);
      });
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

static Value convertOp(RowBuilder &b, Operation *op) {
  return TypeSwitch<Operation *, Value>(op)
      .Case([&](EmbeddingOp op) { return convertEmbedding(b, op); })
      .Case([&](AddOp op) { return convertBinary<arith::AddFOp>(b, op); })
      .Case([&](MulOp op) { return convertBinary<arith::MulFOp>(b, op); })
      .Case([&](LayerNormOp op) { return convertLayerNorm(b, op); })
      .Case([&](RmsNormOp op) { return convertRmsNorm(b, op); })
      .Case([&](SoftmaxOp op) { return convertSoftmax(b, op); })
      .Case([&](NormalizeOp op) { return convertNormalize(b, op); })
      .Case([&](ActivationOp op) { return convertActivation(b, op); })
      .Case([&](SliceOp op) { return convertSlice(b, op); });
}

static void convertKernel(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  RowBuilder b(body);
  for (Operation &op : llvm::make_early_inc_range(body.without_terminator())) {
    if (!isRowWise(&op))
      continue; // what this loop has made
    b.setInsertionPoint(&op);
    Value result = convertOp(b, &op);
    b.copyShape(op.getResult(0), result);
    op.getResult(0).replaceAllUsesWith(result);
    op.erase();
  }
}

namespace {
struct ConvertTxToLinalg : tx::impl::ConvertTxToLinalgBase<ConvertTxToLinalg> {
  void runOnOperation() override {
    SmallVector<KernelOp> kernels;
    getOperation()->walk([&](KernelOp kernel) {
      if (isRowWiseKernel(kernel))
        kernels.push_back(kernel);
    });
    for (KernelOp kernel : kernels)
      convertKernel(kernel);
  }
};
} // namespace
