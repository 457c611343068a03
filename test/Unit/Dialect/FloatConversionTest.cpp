//===- FloatConversionTest.cpp - Tests of conversions of floats -----------===//
//
// Compared with APFloat: every 16-bit value, and the f32 values where rounding
// is decided.
//
//===----------------------------------------------------------------------===//

#include "lib/Dialect/Tx/IR/FloatConversion.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"
#include <gtest/gtest.h>
#include <random>

using namespace llvm;

static uint32_t convert(uint32_t bits, const fltSemantics &from,
                        const fltSemantics &to) {
  APFloat value(from, APInt(APFloat::semanticsSizeInBits(from), bits));
  bool losesInfo;
  value.convert(to, APFloat::rmNearestTiesToEven, &losesInfo);
  return static_cast<uint32_t>(value.bitcastToAPInt().getZExtValue());
}

/// The f32 with `bits` narrows as APFloat says.
static void checkNarrow(uint32_t bits) {
  ASSERT_EQ(tx::narrowToHalf(bits),
            convert(bits, APFloat::IEEEsingle(), APFloat::IEEEhalf()))
      << std::hex << bits;
  ASSERT_EQ(tx::narrowToBfloat(bits),
            convert(bits, APFloat::IEEEsingle(), APFloat::BFloat()))
      << std::hex << bits;
}

TEST(FloatConversion, widens_every_half) {
  for (uint32_t half = 0; half < 0x10000; ++half)
    ASSERT_EQ(tx::widenHalf(half),
              convert(half, APFloat::IEEEhalf(), APFloat::IEEEsingle()))
        << std::hex << half;
}

TEST(FloatConversion, narrows_around_every_tie) {
  for (uint32_t top = 0; top < 0x10000; ++top)
    for (uint32_t low : {0x0000, 0x0001, 0x0fff, 0x1000, 0x1001, 0x7fff, 0x8000,
                         0x8001, 0xefff, 0xf000, 0xf001, 0xffff})
      checkNarrow(top << 16 | low);
}

TEST(FloatConversion, narrows_random_values) {
  std::mt19937 random(1);
  for (int i = 0; i < 300000; ++i)
    checkNarrow(random());
  // The range of f16, subnormals included.
  for (int i = 0; i < 300000; ++i)
    checkNarrow((random() % (50u << 23)) + (95u << 23));
}
