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
#include <sys/syscall.h>
#include <unistd.h>

#define LEAST_ISA "x86-64-v3"
#define ISAS(ISA) ISA("x86-64-v2", TX_ISA_BASELINE) TX_X86_64_ISAS(ISA)

static uint64_t read_xcr0(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}

static int has_bits(uint64_t value, uint64_t bits) {
  return (value & bits) == bits;
}

/* Linux saves the tiles of AMX only for a process that has asked for it. The
   process then needs larger alternate signal stacks, so only a program that has
   code with tiles asks. */
static int can_use_tiles(void) {
  enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
  return tx_the_program.variants[0].isa_level >= TX_ISA_X86_V4_AMX &&
         !syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA);
}

/* The highest of TX_ISA_X86_* of this machine. */
static int32_t host_level(void) {
  enum { FMA = 1 << 12, MOVBE = 1 << 22, OSXSAVE = 1 << 27, AVX = 1 << 28 };
  enum { F16C = 1 << 29, LZCNT = 1 << 5 };
  enum { BMI1 = 1 << 3, AVX2 = 1 << 5, BMI2 = 1 << 8 };
  const uint64_t avx512 = (1u << 16) | (1u << 17) | (1u << 28) | (1u << 30) |
                          (1u << 31); /* F, DQ, CD, BW, VL */
  const uint64_t ymm_state = 0x6, zmm_state = 0xe6, tile_state = 0x60000;
  enum { AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24 }; /* leaf 7, edx */
  enum { AVX512_BF16 = 1 << 5 };                   /* leaf 7.1, eax */
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
  if (!has_bits(b, avx512) || !has_bits(state, zmm_state))
    return TX_ISA_X86_V3;
  int has_tiles =
      has_bits(d, AMX_BF16 | AMX_TILE) && has_bits(state, tile_state);
  if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || !has_bits(a, AVX512_BF16))
    return TX_ISA_X86_V4;
  return has_tiles && can_use_tiles() ? TX_ISA_X86_V4_AMX : TX_ISA_X86_V4_BF16;
}
#elif defined(__aarch64__)
#define LEAST_ISA "armv8-a"
#define ISAS TX_AARCH64_ISAS

/* NEON is part of every AArch64 that runs Linux. */
static int32_t host_level(void) { return TX_ISA_ARM_V8; }
#elif defined(__riscv)
#include <sys/auxv.h>
#include <sys/prctl.h>

#define LEAST_ISA "rv64gcv"
#define ISAS TX_RISCV64_ISAS

/* The kernel tells of V if it saves its registers, also where they have been
   switched off for this process. */
static int may_use_vectors(void) {
  enum { GET_CONTROL = 70, CURRENT = 3, OFF = 1 }; /* PR_RISCV_V_GET_CONTROL */
  const uint64_t v = 1u << ('v' - 'a');
  if (!(getauxval(AT_HWCAP) & v))
    return 0;
  int control = prctl(GET_CONTROL, 0, 0, 0, 0); /* negative: no such switch */
  return control < 0 || (control & CURRENT) != OFF;
}

/* Vendors' kernels tell of V for version 0.7 of it, to which vsetvli with ta
   and ma (e8, m1) is nothing that it knows: vtype then is negative. */
static int has_vector_1_0(void) {
  int64_t vtype;
  __asm__ volatile(".word 0x0c0072d7\n\tcsrr %0, 0xc21" : "=r"(vtype) : : "t0");
  return vtype >= 0;
}

/* Bytes of a vector register, of a machine that has them. */
static uint64_t vector_bytes(void) {
  uint64_t bytes;
  __asm__ volatile("csrr %0, 0xc22" : "=r"(bytes)); /* vlenb */
  return bytes;
}

static int32_t host_level(void) {
  if (!may_use_vectors() || !has_vector_1_0())
    return TX_ISA_BASELINE;
  return vector_bytes() >= 32 ? TX_ISA_RV64GCV_ZVL256B : TX_ISA_RV64GCV;
}
#endif

/* The level that TX_ISA names, the highest if it is not set or empty, and -1
   for a name that this architecture has not. */
static int32_t level_cap(const char *cap) {
  if (!cap || !*cap)
    return INT32_MAX;
#define MATCH(NAME, LEVEL)                                                     \
  if (!strcmp(cap, NAME))                                                      \
    return LEVEL;
  ISAS(MATCH)
#undef MATCH
  return -1;
}

/* The level of this machine, or the lower one that TX_ISA names. */
static int32_t usable_level(void) {
  int32_t host = host_level(), cap = level_cap(getenv("TX_ISA"));
  return cap >= 0 && cap < host ? cap : host;
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
  const char *cap = getenv("TX_ISA");
  if (level_cap(cap) < 0) {
#define LIST(NAME, LEVEL) " " NAME
    return tx_fail(message, TX_ERROR_CPU,
                   "TX_ISA is '%.60s', expected one of" ISAS(LIST), cap);
#undef LIST
  }
  if (variant->isa_level <= usable_level())
    return TX_OK;
  if (variant->isa_level <= host_level())
    return tx_fail(
        message, TX_ERROR_CPU,
        "the model was compiled for %s, which TX_ISA, '%.60s', keeps "
        "it from using; unset TX_ISA",
        variant->isa, cap);
  const char *rest = strcmp(variant->isa, LEAST_ISA)
                         ? "; compile it for this machine (-mcpu=native) or "
                           "for " LEAST_ISA
                         : ", and there is no code for less";
  return tx_fail(message, TX_ERROR_CPU,
                 "the model was compiled for %s, which this CPU or its "
                 "operating system does not support%s",
                 variant->isa, rest);
}
