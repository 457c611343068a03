//===- EmitNarrowLinearTest.cpp - Linear kernels of bf16 ------------------===//
//
// Each unit against plain loops over x and weights that are rounded first. What
// a unit's sums may differ by is the rounding of f32 alone.
//
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include <cmath>
#include <cstring>
#include <iterator>
#include <sys/syscall.h>
#include <unistd.h>

using namespace tx::test;

static const char *const kKernels = R"mlir(
#s = #tx.schedule<unit = UNIT, lanes = LANES, TILE>
!w = tensor<?x?xbf16, #tx.layout<panels = 16, group = 2>>
tx.kernel @plain(%x: tensor<?x?xf32>, %w: !w) -> tensor<?x?xf32> attributes {schedule = #s} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @relu_residual(%x: tensor<?x?xf32>, %w: !w, %b: tensor<?xf32>, %r: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #s} {
  %0 = tx.linear %x, %w bias %b : (tensor<?x?xf32>, !w, tensor<?xf32>) -> tensor<?x?xf32>
  %1 = tx.activation relu %0 : tensor<?x?xf32>
  %2 = tx.add %r, %1 : tensor<?x?xf32>
  tx.return %2 : tensor<?x?xf32>
}
)mlir";

namespace {

struct Unit {
  const char *name;
  KernelIsa isa;
  const char *feature; ///< that the host must have
  const char *tile;    ///< of the schedule, and its work item
};
/// Few rows and columns are many tiles and items.
const char kSmallTile[] =
    "rows = 4, panels = 2, item_rows = 32, item_panels = 6";
/// What tx-assign-schedules chooses for vectors.
const char kTile8[] = "rows = 4, panels = 1, item_rows = 64, item_panels = 12";
const char kTile16[] = "rows = 8, panels = 3, item_rows = 64, item_panels = 12";
const char kTileMatrix[] =
    "rows = 32, panels = 2, item_rows = 128, item_panels = 24";
const Unit kUnits[] = {
    {"fma8_small", {8, "x86-64-v3", "fma"}, "avx2", kSmallTile},
    {"fma8", {8, "x86-64-v3", "fma"}, "avx2", kTile8},
    // Two registers each where there is no AVX-512.
    {"fma16_small", {16, "x86-64-v3", "fma"}, "avx2", kSmallTile},
    {"fma16", {16, "x86-64-v3", "fma"}, "avx2", kTile16},
    {"fma_v4", {16, "x86-64-v4", "fma"}, "avx512vl", kTile16},
    {"dot", {16, "x86-64-v4+bf16", "dot"}, "avx512bf16", kTile16},
    {"matrix", {16, "x86-64-v4+amx", "matrix"}, "amx-bf16", kTileMatrix},
    // On CPUs without them.
    {"dot_emulated", {16, "x86-64-v3", "dot", true}, "avx2", kTile16},
    {"matrix_emulated", {16, "x86-64-v3", "matrix", true}, "avx2", kTileMatrix},
};

bool mayUseTiles() {
  return syscall(SYS_arch_prctl, 0x1023, 18) == 0; // ARCH_REQ_XCOMP_PERM
}

class NarrowLinear : public testing::TestWithParam<int> {
protected:
  void SetUp() override {
    const Unit &unit = kUnits[GetParam()];
    if (!llvm::sys::getHostCPUFeatures().lookup(unit.feature))
      GTEST_SKIP() << "this CPU has no " << unit.feature;
    bool isMatrix = llvm::StringRef(unit.isa.unit) == "matrix";
    if (isMatrix && !unit.isa.isEmulated && !mayUseTiles())
      GTEST_SKIP() << "the kernel does not let this process use AMX";
  }
  static KernelLibrary &library() {
    static std::unique_ptr<KernelLibrary> libraries[std::size(kUnits)];
    auto &slot = libraries[GetParam()];
    if (!slot) {
      const Unit &unit = kUnits[GetParam()];
      std::string text = kKernels;
      text.replace(text.find("TILE"), 4, unit.tile);
      slot = std::make_unique<KernelLibrary>(text, unit.isa);
    }
    return *slot;
  }

  void check(int64_t m, int64_t n, int64_t k);

  std::mt19937 engine{5};
};

uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

/// The bits of the bf16 nearest to `value`, which is no NaN; ties to even.
uint16_t narrow(float value) {
  uint32_t bits = bitsOf(value);
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

float widen(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

/// A weight (N, K) of bf16 and its panels.
struct Weight {
  Weight(std::mt19937 &engine, int64_t n, int64_t k)
      : depth((k + 31) / 32 * 32), packed({(n + 15) / 16 * 16, depth / 2}) {
    for (float value : randomFloats(engine, n * k))
      rows.push_back(narrow(value));
    auto *out = reinterpret_cast<uint16_t *>(packed.ints().data());
    std::fill_n(out, packed.size() * 2, 0);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t c = 0; c < k; ++c)
        out[((i / 16 * depth + c / 2 * 2) * 16) + i % 16 * 2 + c % 2] =
            rows[i * k + c];
    packed.setSizes({n, k});
  }

  int64_t depth;
  std::vector<uint16_t> rows;
  GuardedTensor packed;
};

} // namespace

void NarrowLinear::check(int64_t m, int64_t n, int64_t k) {
  SCOPED_TRACE("M " + std::to_string(m) + " N " + std::to_string(n) + " K " +
               std::to_string(k));
  GuardedTensor x({m, k}, randomFloats(engine, m * k));
  GuardedTensor other({m, n}, randomFloats(engine, m * n));
  GuardedTensor bias({n}, randomFloats(engine, n));
  Weight weight(engine, n, k);
  std::vector<double> plain, added;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t c = 0; c < k; ++c)
        sum += double(widen(narrow(x.floats()[i * k + c]))) *
               widen(weight.rows[j * k + c]);
      plain.push_back(sum);
      added.push_back(std::max(sum + bias.floats()[j], 0.0) +
                      other.floats()[i * n + j]);
    }
  GuardedTensor result({m, n});
  library().run("plain", {&x, &weight.packed, &result});
  ASSERT_TRUE(areClose(result.floats(), plain, 4e-6));
  library().run("relu_residual", {&x, &weight.packed, &bias, &other, &result},
                3);
  ASSERT_TRUE(areClose(result.floats(), added, 4e-6));
}

TEST_P(NarrowLinear, every_number_of_rows) {
  for (int64_t m = 0; m <= 40 && !HasFailure(); ++m)
    check(m, 37, 19);
  check(131, 70, 64);
  check(131, 800, 64); // enough items of all panels that one can have
}

TEST_P(NarrowLinear, every_number_of_columns) {
  for (int64_t n = 1; n <= 100 && !HasFailure(); ++n)
    check(7, n, 5);
  check(9, 384, 33);
}

TEST_P(NarrowLinear, every_depth) {
  for (int64_t k = 1; k <= 70 && !HasFailure(); ++k)
    check(9, 49, k);
  check(17, 33, 767);
  check(35, 33, 1600);
}

TEST_P(NarrowLinear, rounds_to_nearest_even) {
  // Halfway between 1 and the next bf16, halfway above that, and just above.
  GuardedTensor x({3, 1}, std::vector<float>{1 + 0x1p-8f, 1 + 0x3p-8f,
                                             1 + 0x1p-8f + 0x1p-20f});
  Weight weight(engine, 1, 1);
  float factor = widen(weight.rows[0]);
  GuardedTensor result({3, 1});
  library().run("plain", {&x, &weight.packed, &result});
  EXPECT_EQ(result.floats()[0], factor);
  EXPECT_EQ(result.floats()[1], factor * (1 + 0x1p-6f));
  EXPECT_EQ(result.floats()[2], factor * (1 + 0x1p-7f));
}

TEST_P(NarrowLinear, not_a_number_stays_one) {
  uint32_t bits = 0x7fffffff; // all of its mantissa would carry into the sign
  float nan;
  std::memcpy(&nan, &bits, 4);
  GuardedTensor x({2, 2}, std::vector<float>{nan, 1, 1, 1}), result({2, 3});
  Weight weight(engine, 3, 2);
  library().run("plain", {&x, &weight.packed, &result});
  for (int64_t j = 0; j < 3; ++j) {
    EXPECT_TRUE(std::isnan(result.floats()[j]));
    EXPECT_FALSE(std::isnan(result.floats()[3 + j]));
  }
}

TEST_P(NarrowLinear, a_row_does_not_depend_on_its_neighbours) {
  int64_t n = 52, k = 77, most = 70;
  Weight weight(engine, n, k);
  GuardedTensor all({most, k}, randomFloats(engine, most * k));
  GuardedTensor expected({most, n});
  library().run("plain", {&all, &weight.packed, &expected});
  for (int64_t m = 1; m < most; ++m) {
    GuardedTensor some({m, k}, all.floats().take_front(m * k)), result({m, n});
    library().run("plain", {&some, &weight.packed, &result}, 2);
    ASSERT_EQ(0, std::memcmp(result.floats().data(), expected.floats().data(),
                             m * n * sizeof(float)));
  }
}

TEST_P(NarrowLinear, threads_find_items) {
  Weight weight(engine, 384, 8);
  for (int64_t m : {1, 16, 33, 64, 128}) {
    GuardedTensor x({m, 8}), result({m, 384});
    EXPECT_GE(library().countItems("plain", {&x, &weight.packed, &result}), 2)
        << m << " rows";
  }
}

INSTANTIATE_TEST_SUITE_P(Units, NarrowLinear,
                         testing::Range(0, int(std::size(kUnits))),
                         [](const auto &info) {
                           return kUnits[info.param].name;
                         });
