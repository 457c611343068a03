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

/// x / 2 * (1 + erf(x / sqrt 2)), with the gate multiplied out to
/// x / 2 * erf + x / 2: one multiplication and one fused operation.
static Value buildGelu(OpBuilder &builder, Location loc, Value x) {
  Type type = x.getType();
  Value root = buildConstant(builder, loc, type, 0.70710678118654752440);
  Value scaled = arith::MulFOp::create(builder, loc, x, root);
  Value erf = math::ErfOp::create(builder, loc, scaled);
  Value half = arith::MulFOp::create(builder, loc, x,
                                     buildConstant(builder, loc, type, 0.5));
  return math::FmaOp::create(builder, loc, half, erf, half);
}

/// x / (1 + exp(argument)): where exp overflows, the quotient is the limit,
/// zero.
static Value buildLogisticGate(OpBuilder &builder, Location loc, Value x,
                               Value argument) {
  Value one = buildConstant(builder, loc, x.getType(), 1);
  Value exp = math::ExpOp::create(builder, loc, argument);
  Value divisor = arith::AddFOp::create(builder, loc, exp, one);
  return arith::DivFOp::create(builder, loc, x, divisor);
}

/// x / 2 * (1 + tanh(y)) is x / (1 + exp(-2 y)), which does not cancel where
/// tanh is near minus one. -2 y is x * (a + b * x * x) with
/// a = -2 * sqrt(2 / pi) and b = 0.044715 * a.
static Value buildGeluTanh(OpBuilder &builder, Location loc, Value x) {
  Type type = x.getType();
  Value a = buildConstant(builder, loc, type, -1.59576912160573071176);
  Value b = buildConstant(builder, loc, type, -0.07135481627260025);
  Value square = arith::MulFOp::create(builder, loc, x, x);
  Value factor = math::FmaOp::create(builder, loc, square, b, a);
  Value argument = arith::MulFOp::create(builder, loc, x, factor);
  return buildLogisticGate(builder, loc, x, argument);
}

/// Compares zero with x and not x with zero: NaN stays NaN, and the pair is
/// what one `maxps` computes.
static Value buildRelu(OpBuilder &builder, Location loc, Value x) {
  Value zero = buildConstant(builder, loc, x.getType(), 0);
  Value negative =
      arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGT, zero, x);
  return arith::SelectOp::create(builder, loc, negative, zero, x);
}

static Value buildSilu(OpBuilder &builder, Location loc, Value x) {
  Value negated = arith::NegFOp::create(builder, loc, x);
  return buildLogisticGate(builder, loc, x, negated);
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
