//===- FloatConversion.h - Between f32, f16 and bf16 ------------*- C++ -*-===//
//
// Integer arithmetic without branches or calls, so that loops over it become
// vector code for every x86-64, and without subnormal f32 values, which some
// processes flush to zero. Rounding is to nearest, ties to even; a NaN stays a
// NaN and becomes quiet.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_DIALECT_TX_IR_FLOATCONVERSION_H
#define TX_LIB_DIALECT_TX_IR_FLOATCONVERSION_H

#include <cstdint>
#include <cstring>

namespace tx {

inline uint32_t toBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline float toFloat(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// `condition` ? `a` : `b` on bits.
inline uint32_t select(bool condition, uint32_t a, uint32_t b) {
  uint32_t mask = -static_cast<uint32_t>(condition);
  return (a & mask) | (b & ~mask);
}

/// Bits of the f32 with the value of f16 `half`.
inline uint32_t widenHalf(uint16_t half) {
  constexpr uint32_t rebias = 112u << 23;         // 127 - 15
  constexpr uint32_t smallestNormal = 113u << 23; // 2^-14
  uint32_t sign = (half & 0x8000u) << 16;
  uint32_t magnitude = (half & 0x7fffu) << 13;
  uint32_t normal = magnitude + rebias;
  // The mantissa of a subnormal on top of 2^-14, less 2^-14.
  uint32_t subnormal =
      toBits(toFloat(magnitude | smallestNormal) - toFloat(smallestNormal));
  uint32_t special = magnitude | 0x7f800000u; // infinity, NaN
  special |= select((half & 0x3ffu) != 0, 0x400000u, 0);
  uint32_t bits = select((half & 0x7c00u) == 0, subnormal, normal);
  return sign | select((half & 0x7c00u) == 0x7c00u, special, bits);
}

/// f16 nearest to the f32 with `bits`.
inline uint16_t narrowToHalf(uint32_t bits) {
  constexpr uint32_t infinity = 0x7f800000u;
  uint32_t magnitude = bits & 0x7fffffffu;
  // Rounding may carry into the exponent, up to infinity, as it should.
  uint32_t odd = (magnitude >> 13) & 1;
  uint32_t normal = (magnitude - (112u << 23) + 0xfffu + odd) >> 13;
  // Adding 0.5 leaves as mantissa the multiple of 2^-24, rounded by the
  // addition.
  constexpr uint32_t half = 126u << 23;
  uint32_t small = select(magnitude < (113u << 23), magnitude, 0);
  uint32_t subnormal = toBits(toFloat(small) + toFloat(half)) - half;
  uint32_t result = select(magnitude < (113u << 23), subnormal, normal);
  result = select(magnitude >= (143u << 23), 0x7c00u, result); // >= 65536
  result = select(magnitude > infinity, 0x7e00u | ((magnitude >> 13) & 0x3ffu),
                  result);
  return static_cast<uint16_t>(((bits >> 16) & 0x8000u) | result);
}

/// bf16 nearest to the f32 with `bits`.
inline uint16_t narrowToBfloat(uint32_t bits) {
  uint32_t rounded = bits + 0x7fffu + ((bits >> 16) & 1);
  bool isNan = (bits & 0x7fffffffu) > 0x7f800000u;
  return static_cast<uint16_t>(select(isNan, bits | 0x400000u, rounded) >> 16);
}

} // namespace tx

#endif // TX_LIB_DIALECT_TX_IR_FLOATCONVERSION_H
