//===- ExpandMathTest.cpp - Errors of vector math -------------------------===//
//
// The compiled functions against the C library in double, over all f32 in
// steps. docs/numerics.md states these bounds.
//
//===----------------------------------------------------------------------===//

#include "lib/Codegen/Cpu/ExpandMath.h"
#include "KernelHarness.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstring>
#include <limits>

using namespace tx::test;

/// The function over arrays that softmax's exp2 would be: kernels build it, no
/// op stands for it.
static std::string makeExp2(bool isVector) {
  constexpr int64_t kLanes = 16; // as text, they become LANES
  mlir::MLIRContext context;
  context.loadDialect<mlir::arith::ArithDialect, mlir::func::FuncDialect,
                      mlir::LLVM::LLVMDialect, mlir::math::MathDialect>();
  mlir::OpBuilder b(&context);
  mlir::Location loc = b.getUnknownLoc();
  mlir::Type pointer = mlir::LLVM::LLVMPointerType::get(&context);
  mlir::Type type = b.getF32Type();
  if (isVector)
    type = mlir::VectorType::get({kLanes}, type);
  mlir::OwningOpRef<mlir::func::FuncOp> function = mlir::func::FuncOp::create(
      b, loc, isVector ? "exp2_vector" : "exp2_scalar",
      b.getFunctionType({pointer}, {}));
  mlir::Block *entry = function->addEntryBlock();
  b.setInsertionPointToStart(entry);
  mlir::Value address = entry->getArgument(0);
  mlir::Value x = mlir::LLVM::LoadOp::create(b, loc, type, address, 4);
  mlir::LLVM::StoreOp::create(b, loc, tx::buildExp2OfNegative(b, loc, x),
                              address, 4);
  mlir::func::ReturnOp::create(b, loc);
  std::string text;
  llvm::raw_string_ostream os(text);
  function->print(os, mlir::OpPrintingFlags().useLocalScope());
  for (size_t at; (at = text.find("vector<16x")) != std::string::npos;)
    text.replace(at, strlen("vector<16x"), "vector<LANESx");
  return text + "\n";
}

/// Functions over arrays that hold whole vectors.
static std::string makeFunctions() {
  std::string text = makeExp2(false) + makeExp2(true);
  for (const char *name : {"exp", "erf", "tanh", "rsqrt"})
    for (bool isVector : {false, true}) {
      std::string type = isVector ? "vector<LANESxf32>" : "f32";
      std::string suffix = isVector ? "_vector" : "_scalar";
      text += "func.func @" + std::string(name) + suffix +
              "(%p: !llvm.ptr) {\n  %x = llvm.load %p {alignment = 4 : i64} : "
              "!llvm.ptr -> " +
              type + "\n  %y = math." + name + " %x : " + type +
              "\n  llvm.store %y, %p {alignment = 4 : i64} : " + type +
              ", !llvm.ptr\n  return\n}\n";
    }
  return text;
}

namespace {

class VectorMath : public testing::TestWithParam<int> {
protected:
  using Function = void (*)(float *);

  Function get(const std::string &name) {
    static std::unique_ptr<KernelLibrary> libraries[3];
    auto &slot = libraries[GetParam()];
    if (!slot)
      slot = std::make_unique<KernelLibrary>(makeFunctions(),
                                             getKernelIsas()[GetParam()]);
    return reinterpret_cast<Function>(slot->lookUp(name));
  }

  /// f of one value, by the scalar and by the vector form, which agree.
  float apply(const std::string &name, float x) {
    float lanes[16], single = x;
    std::fill(lanes, lanes + 16, x);
    get(name + "_vector")(lanes);
    get(name + "_scalar")(&single);
    EXPECT_EQ(0, std::memcmp(&single, lanes, sizeof single)) << name << x;
    return lanes[1];
  }

  /// The largest of error(f(x), x) over f32 of both signs in [low, high].
  template <typename Error>
  double sweep(const std::string &name, float low, float high, Error error) {
    Function function = get(name + "_vector");
    double largest = 0;
    float x = low;
    while (x <= high) {
      float arguments[16], results[16];
      for (float &argument : arguments) {
        argument = x;
        x = advance(x);
      }
      std::memcpy(results, arguments, sizeof results);
      function(results);
      for (int i = 0; i < getKernelIsas()[GetParam()].lanes; ++i)
        if (arguments[i] <= high)
          largest = std::max(largest, error(results[i], arguments[i]));
    }
    return largest;
  }

  /// About every hundredth f32, in ascending order.
  static float advance(float x) {
    int32_t bits;
    std::memcpy(&bits, &x, 4);
    if (bits < 0 && (bits & 0x7fffffff) < 97)
      return 0;
    bits += bits < 0 ? -97 : 97;
    std::memcpy(&x, &bits, 4);
    return x;
  }
};

double relative(float actual, double expected) {
  return std::abs(actual - expected) / std::abs(expected);
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

} // namespace

TEST_P(VectorMath, exp) {
  double error = sweep("exp", -87.3f, 88.72f, [](float y, float x) {
    return relative(y, std::exp(double(x)));
  });
  RecordProperty("exp", std::to_string(error));
  EXPECT_LT(error, 1.2e-7);
  // Subnormal results: half a unit of the last place of all of them.
  double absolute = sweep("exp", -150.0f, -87.0f, [](float y, float x) {
    return std::abs(y - std::exp(double(x)));
  });
  EXPECT_LT(absolute, 2.9e-45);
  EXPECT_EQ(apply("exp", 0.0f), 1.0f);
  EXPECT_EQ(apply("exp", -kInfinity), 0.0f);
  EXPECT_EQ(apply("exp", -1e30f), 0.0f);
  EXPECT_EQ(apply("exp", kInfinity), kInfinity);
  EXPECT_EQ(apply("exp", 89.0f), kInfinity);
  EXPECT_TRUE(std::isnan(apply("exp", NAN)));
}

TEST_P(VectorMath, exp2_of_negative) {
  double error = sweep("exp2", -125.0f, 0.0f, [](float y, float x) {
    return relative(y, std::exp2(double(x)));
  });
  RecordProperty("exp2", std::to_string(error));
  EXPECT_LT(error, 2.5e-7);
  EXPECT_EQ(apply("exp2", 0.0f), 1.0f);
  for (float x : {-126.0f, -3e38f, -kInfinity})
    EXPECT_NEAR(apply("exp2", x), 0x1p-125f, 0x1p-140f) << x;
  for (uint32_t bits : {0x7fc00000u, 0x7fc00001u, 0x7fffffffu, 0xffc0deadu})
    EXPECT_TRUE(std::isnan(apply("exp2", llvm::bit_cast<float>(bits)))) << bits;
}

TEST_P(VectorMath, erf) {
  double error = sweep("erf", -10.0f, 10.0f, [](float y, float x) {
    return std::abs(y - std::erf(double(x)));
  });
  RecordProperty("erf", std::to_string(error));
  EXPECT_LT(error, 3.5e-7);
  double small = sweep("erf", 1e-30f, 0.5f, [](float y, float x) {
    return relative(y, std::erf(double(x)));
  });
  EXPECT_LT(small, 4e-7);
  EXPECT_EQ(apply("erf", 0.0f), 0.0f);
  EXPECT_NEAR(apply("erf", kInfinity), 1.0f, 1.2e-7);
  EXPECT_NEAR(apply("erf", -kInfinity), -1.0f, 1.2e-7);
  EXPECT_TRUE(std::isnan(apply("erf", NAN)));
}

TEST_P(VectorMath, tanh) {
  double error = sweep("tanh", -20.0f, 20.0f, [](float y, float x) {
    return x == 0 ? std::abs(y) : relative(y, std::tanh(double(x)));
  });
  RecordProperty("tanh", std::to_string(error));
  EXPECT_LT(error, 4e-7);
  EXPECT_EQ(apply("tanh", 0.0f), 0.0f);
  EXPECT_NEAR(apply("tanh", kInfinity), 1.0f, 3e-7);
  EXPECT_NEAR(apply("tanh", -kInfinity), -1.0f, 3e-7);
  EXPECT_TRUE(std::isnan(apply("tanh", NAN)));
}

TEST_P(VectorMath, rsqrt) {
  double error = sweep("rsqrt", 1e-37f, 1e38f, [](float y, float x) {
    return relative(y, 1 / std::sqrt(double(x)));
  });
  EXPECT_LT(error, 1.2e-7);
  EXPECT_EQ(apply("rsqrt", 0.0f), kInfinity);
  EXPECT_EQ(apply("rsqrt", kInfinity), 0.0f);
  EXPECT_TRUE(std::isnan(apply("rsqrt", -1.0f)));
}

INSTANTIATE_TEST_SUITE_P(Isas, VectorMath, testing::Values(0, 1, 2),
                         getIsaName);
