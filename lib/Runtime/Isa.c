/*===- Isa.c - Which code can this CPU run? -------------------------------===*\
|*                                                                            *|
|* A CPU feature counts only if the operating system saves the registers it   *|
|* uses (XCR0 on x86); CPUID alone has sent programs into SIGILL.             *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Runtime.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

#define LEAST_ISA "x86-64-v3"

static uint64_t read_xcr0(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}

static int has_bits(uint64_t value, uint64_t bits) {
  return (value & bits) == bits;
}

/* The highest x86-64 level of this machine: 4, 3 or, below v3, 0. */
static int32_t host_level(void) {
  enum { FMA = 1 << 12, MOVBE = 1 << 22, OSXSAVE = 1 << 27, AVX = 1 << 28 };
  enum { F16C = 1 << 29, LZCNT = 1 << 5 };
  enum { BMI1 = 1 << 3, AVX2 = 1 << 5, BMI2 = 1 << 8 };
  const uint64_t avx512 = (1u << 16) | (1u << 17) | (1u << 28) | (1u << 30) |
                          (1u << 31); /* F, DQ, CD, BW, VL */
  const uint64_t ymm_state = 0x6, zmm_state = 0xe6;
  uint32_t a, b, c, d;

  if (!__get_cpuid(1, &a, &b, &c, &d) ||
      !has_bits(c, FMA | MOVBE | OSXSAVE | AVX | F16C))
    return TX_ISA_BASELINE;
  uint64_t state = read_xcr0();
  if (!has_bits(state, ymm_state))
    return TX_ISA_BASELINE;
  if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !has_bits(c, LZCNT))
    return TX_ISA_BASELINE;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) ||
      !has_bits(b, BMI1 | AVX2 | BMI2))
    return TX_ISA_BASELINE;
  if (has_bits(b, avx512) && has_bits(state, zmm_state))
    return TX_ISA_X86_V4;
  return TX_ISA_X86_V3;
}
#elif defined(__aarch64__)
#define LEAST_ISA "armv8-a"

/* NEON is part of every AArch64 that runs Linux. */
static int32_t host_level(void) { return TX_ISA_ARM_V8; }
#elif defined(__riscv)
#include <sys/auxv.h>

#define LEAST_ISA "rv64gcv"

/* Bytes of a vector register, of a machine that has them. */
static uint64_t vector_bytes(void) {
  uint64_t bytes;
  __asm__("csrr %0, 0xc22" : "=r"(bytes)); /* vlenb */
  return bytes;
}

/* The kernel tells of V if it saves its registers. */
static int32_t host_level(void) {
  const uint64_t v = 1u << ('v' - 'a');
  if (!(getauxval(AT_HWCAP) & v))
    return TX_ISA_BASELINE;
  return vector_bytes() >= 32 ? TX_ISA_RV64GCV_ZVL256B : TX_ISA_RV64GCV;
}
#endif

/* The level of this machine, or the lower one that TX_ISA names. */
static int32_t usable_level(void) {
  int32_t host = host_level();
  const char *cap = getenv("TX_ISA");
  if (cap && !strcmp(cap, "x86-64-v3") && host > TX_ISA_X86_V3)
    host = TX_ISA_X86_V3;
  if (cap && (!strcmp(cap, "x86-64") || !strcmp(cap, "x86-64-v2")))
    host = TX_ISA_BASELINE;
#if defined(__riscv)
  if (cap && !strcmp(cap, "rv64gcv") && host > TX_ISA_RV64GCV)
    host = TX_ISA_RV64GCV;
#endif
  return host;
}

const tx_variant *tx_choose_variant(void) {
  int32_t level = usable_level();
  const tx_variant *variant = tx_the_program.variants;
  const tx_variant *last = variant + tx_the_program.num_variants - 1;
  while (variant < last && variant->isa_level > level)
    ++variant;
  return variant;
}

tx_status tx_check_isa(const tx_variant *variant, tx_message message) {
  if (variant->isa_level <= usable_level())
    return TX_OK;
  return tx_fail(message, TX_ERROR_CPU,
                 "the model was compiled for %s, which this CPU or its "
                 "operating system does not support; compile it for this "
                 "machine (-mcpu=native) or for " LEAST_ISA,
                 variant->isa);
}
