//===- Activation.cpp - Activation functions on arith and math ------------===//

#include "tx/Conversion/Activation.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

/// A constant of `type`, an f32 or a vector of f32 that is filled with it.
static Value buildConstant(OpBuilder &builder, Location loc, Type type,
                           double value) {
  TypedAttr attr = builder.getF32FloatAttr(value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(builder, loc, attr);
}

/// x / 2 * (1 + y), the frame that both forms of gelu share. Multiplied out to
/// x / 2 * y + x / 2, which is one multiplication and one fused operation.
static Value buildHalfGate(OpBuilder &builder, Location loc, Value x, Value y) {
  Value half = arith::MulFOp::create(
      builder, loc, x, buildConstant(builder, loc, x.getType(), 0.5));
  return math::FmaOp::create(builder, loc, half, y, half);
}

static Value buildGelu(OpBuilder &builder, Location loc, Value x) {
  Value scaled = arith::MulFOp::create(
      builder, loc, x,
      buildConstant(builder, loc, x.getType(), 0.70710678118654752440));
  return buildHalfGate(builder, loc, x,
                       math::ErfOp::create(builder, loc, scaled));
}

/// The argument of tanh is x * (a + b * x * x) with a = sqrt(2 / pi) and
/// b = 0.044715 * a.
static Value buildGeluTanh(OpBuilder &builder, Location loc, Value x) {
  Type type = x.getType();
  Value a = buildConstant(builder, loc, type, 0.79788456080286535588);
  Value b = buildConstant(builder, loc, type, 0.03567740813630012);
  Value square = arith::MulFOp::create(builder, loc, x, x);
  Value factor = math::FmaOp::create(builder, loc, square, b, a);
  Value argument = arith::MulFOp::create(builder, loc, x, factor);
  return buildHalfGate(builder, loc, x,
                       math::TanhOp::create(builder, loc, argument));
}

/// Compares zero with x and not x with zero: NaN stays NaN, and the pair is
/// what one `maxps` computes.
static Value buildRelu(OpBuilder &builder, Location loc, Value x) {
  Value zero = buildConstant(builder, loc, x.getType(), 0);
  Value negative =
      arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGT, zero, x);
  return arith::SelectOp::create(builder, loc, negative, zero, x);
}

/// x / (1 + exp(-x)): where exp overflows, the quotient is the limit, zero.
static Value buildSilu(OpBuilder &builder, Location loc, Value x) {
  Value one = buildConstant(builder, loc, x.getType(), 1);
  Value negated = arith::NegFOp::create(builder, loc, x);
  Value exp = math::ExpOp::create(builder, loc, negated);
  Value divisor = arith::AddFOp::create(builder, loc, exp, one);
  return arith::DivFOp::create(builder, loc, x, divisor);
}

Value tx::buildActivation(OpBuilder &builder, Location loc, ActivationKind kind,
                          Value x) {
  switch (kind) {
  case ActivationKind::Gelu:
    return buildGelu(builder, loc, x);
  case ActivationKind::GeluTanh:
    return buildGeluTanh(builder, loc, x);
  case ActivationKind::Relu:
    return buildRelu(builder, loc, x);
  case ActivationKind::Silu:
    return buildSilu(builder, loc, x);
  case ActivationKind::Tanh:
    return math::TanhOp::create(builder, loc, x);
  }
  llvm_unreachable("unknown activation");
}
