//===- ExpandMath.cpp - Vector math ---------------------------------------===//
//
// exp, erf, tanh and rsqrt of f32 as polynomials and quotients of polynomials,
// lane by lane the same for scalars and vectors. docs/numerics.md states the
// errors and the unit tests sweep them.
//
// The exponent of exp goes through a number whose last mantissa bit counts
// ones: adding 1.5 * 2^23 rounds, and the bits of the sum hold the integer.
// No conversion is involved, so NaN has no undefined step.
//
// Coefficients of erf and tanh: Eigen's generic_fast_erf and generic_fast_tanh.
// Those of exp are minimax fits of the relative error with constant term one.
//
//===----------------------------------------------------------------------===//

#include "ExpandMath.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "tx/Codegen/Cpu/Passes.h"

namespace tx {
#define GEN_PASS_DEF_EXPANDMATH
#include "tx/Codegen/Cpu/Passes.h.inc"
} // namespace tx

using namespace mlir;

//===----------------------------------------------------------------------===//
// Arithmetic on scalars and vectors alike
//===----------------------------------------------------------------------===//

namespace {
class Arithmetic {
public:
  Arithmetic(OpBuilder &b, Location loc, Type type) : b(b), loc(loc) {
    auto vector = dyn_cast<VectorType>(type);
    floats = type;
    ints = vector ? Type(vector.clone(b.getI32Type())) : b.getI32Type();
  }

  Value constant(double value) {
    return splat(floats, b.getF32FloatAttr(value));
  }
  Value constant32(int32_t value) {
    return splat(ints, b.getI32IntegerAttr(value));
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value fma(Value x, Value y, Value z) {
    return math::FmaOp::create(b, loc, x, y, z);
  }
  Value addInt(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value subInt(Value x, Value y) { return arith::SubIOp::create(b, loc, x, y); }
  Value shiftLeft(Value x, int32_t bits) {
    return arith::ShLIOp::create(b, loc, x, constant32(bits));
  }
  Value shiftRight(Value x, int32_t bits) {
    return arith::ShRSIOp::create(b, loc, x, constant32(bits));
  }
  Value toBits(Value x) { return arith::BitcastOp::create(b, loc, ints, x); }
  Value fromBits(Value x) {
    return arith::BitcastOp::create(b, loc, floats, x);
  }
  Value greater(Value x, Value y) {
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, loc, condition, x, y);
  }
  /// The bound against x: in this order NaN stays, and each is one instruction.
  Value atLeast(double bound, Value x) {
    Value value = constant(bound);
    return select(greater(value, x), value, x);
  }
  Value atMost(double bound, Value x) {
    Value value = constant(bound);
    return select(
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, value, x),
        value, x);
  }
  /// Coefficients from the highest power down.
  Value polynomial(Value x, ArrayRef<double> coefficients) {
    Value result = constant(coefficients.front());
    for (double coefficient : coefficients.drop_front())
      result = fma(result, x, constant(coefficient));
    return result;
  }

private:
  Value splat(Type type, TypedAttr value) {
    if (auto vector = dyn_cast<VectorType>(type))
      value = DenseElementsAttr::get(vector, value);
    return arith::ConstantOp::create(b, loc, value);
  }

  OpBuilder &b;
  Location loc;
  Type floats, ints;
};
} // namespace

/// Added to |x| < 2^22 this leaves round(x) in the last bits.
static constexpr double kRound = 12582912.0;
static constexpr int32_t kRoundBits = 0x4B400000;
static constexpr int32_t kMantissaBits = 23, kExponentBias = 127;

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

Value tx::buildExp2OfNegative(OpBuilder &builder, Location loc, Value x) {
  Arithmetic a(builder, loc, x.getType());
  x = a.atLeast(-125, x);
  // The last bits of `shifted` are round(x) with the bias of an exponent.
  Value round = a.constant(kRound + kExponentBias);
  Value shifted = a.add(x, round);
  Value fraction = a.sub(x, a.sub(shifted, round));
  Value power =
      a.polynomial(fraction, {1.326472731307149e-03, 9.671512991189957e-03,
                              5.550733581185341e-02, 2.4022242426872253e-01,
                              6.931470036506653e-01, 1.0});
  // The power is in [0.7, 1.5), so that the product is exact. A NaN stays one,
  // whatever its bits.
  Value scale = a.fromBits(a.shiftLeft(a.toBits(shifted), kMantissaBits));
  return a.mul(power, scale);
}

/// x = n ln 2 + r, exp(x) = 2^n exp(r). 2^n is two factors, for results that
/// are subnormal or overflow.
static Value buildExp(OpBuilder &builder, Location loc, Value x) {
  Arithmetic a(builder, loc, x.getType());
  x = a.atMost(89, a.atLeast(-104, x));
  Value round = a.constant(kRound);
  Value shifted = a.fma(x, a.constant(1.44269504088896341), round);
  Value n = a.sub(shifted, round);
  // ln 2 in two parts, of which the first has few bits: n times it is exact.
  Value r = a.fma(n, a.constant(-0.693359375), x);
  r = a.fma(n, a.constant(2.12194440054690583e-4), r);
  Value power = a.polynomial(r, {1.384365139529109e-03, 8.37415736168623e-03,
                                 4.166800156235695e-02, 1.6666431725025177e-01,
                                 4.999999403953552e-01, 1.0, 1.0});
  Value exponent = a.subInt(a.toBits(shifted), a.constant32(kRoundBits));
  Value half = a.shiftRight(exponent, 1);
  auto scale = [&](Value exponent) {
    return a.fromBits(a.shiftLeft(
        a.addInt(exponent, a.constant32(kExponentBias)), kMantissaBits));
  };
  power = a.mul(power, scale(half));
  return a.mul(power, scale(a.subInt(exponent, half)));
}

static Value buildErf(OpBuilder &builder, Location loc, Value x) {
  Arithmetic a(builder, loc, x.getType());
  // Beyond, erf is one to the precision of f32.
  constexpr double kSaturation = 3.832506856900711;
  x = a.atMost(kSaturation, a.atLeast(-kSaturation, x));
  Value square = a.mul(x, x);
  Value numerator =
      a.polynomial(square, {2.2905065861350646e-4, 3.4082910107109506e-3,
                            5.0955695062380861e-2, 1.8520832239976145e-1,
                            1.128379143519084});
  Value denominator =
      a.polynomial(square, {-1.1791602954361697e-7, 2.3547966471313185e-5,
                            1.0179625278914885e-3, 1.4070470171167667e-2,
                            1.1098505178285362e-1, 4.9746925110067538e-1, 1.0});
  return a.div(a.mul(x, numerator), denominator);
}

static Value buildTanh(OpBuilder &builder, Location loc, Value argument) {
  Arithmetic a(builder, loc, argument.getType());
  constexpr double kSaturation = 7.90531110763549805;
  Value x = a.atMost(kSaturation, a.atLeast(-kSaturation, argument));
  Value square = a.mul(x, x);
  Value numerator =
      a.polynomial(square, {-2.76076847742355e-16, 2.00018790482477e-13,
                            -8.60467152213735e-11, 5.12229709037114e-08,
                            1.48572235717979e-05, 6.37261928875436e-04,
                            4.89352455891786e-03});
  Value denominator =
      a.polynomial(square, {1.19825839466702e-06, 1.18534705686654e-04,
                            2.26843463243900e-03, 4.89352518554385e-03});
  Value quotient = a.div(a.mul(x, numerator), denominator);
  // tanh(x) is x where x^3 / 3 is below half a unit; there the numerator may be
  // subnormal.
  Value isLarge = a.greater(square, a.constant(4e-4 * 4e-4));
  Value isNumber = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::ORD, argument, argument);
  Value useQuotient = arith::AndIOp::create(builder, loc, isLarge, isNumber);
  return a.select(useQuotient, quotient, argument);
}

/// The quotient of correctly rounded operations: the hardware's estimates
/// differ between CPUs.
static Value buildRsqrt(OpBuilder &builder, Location loc, Value x) {
  Arithmetic a(builder, loc, x.getType());
  return a.div(a.constant(1), math::SqrtOp::create(builder, loc, x));
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {
using Expansion = Value (*)(OpBuilder &, Location, Value);

/// Replaces op(x) by what `expand` builds of x.
template <typename OpTy, Expansion expand>
struct Expand : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32() ||
        isa<TensorType>(op.getType()))
      return rewriter.notifyMatchFailure(op, "neither f32 nor a vector of f32");
    rewriter.replaceOp(op, expand(rewriter, op.getLoc(), op.getOperand()));
    return success();
  }
};

struct ExpandMath : tx::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<Expand<math::ExpOp, buildExp>, Expand<math::ErfOp, buildErf>,
                 Expand<math::TanhOp, buildTanh>,
                 Expand<math::RsqrtOp, buildRsqrt>>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
