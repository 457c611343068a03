//===- EmitLinearTest.cpp - Linear kernels against plain loops ------------===//

#include "KernelHarness.h"
#include <cmath>
#include <cstring>

using namespace tx::test;

static const char *const kKernels = R"mlir(
#wide = #tx.schedule<lanes = LANES, rows = 8, panels = 3, item_rows = 64>
#narrow = #tx.schedule<lanes = LANES, rows = 6, panels = 1, item_rows = 12>
!w = tensor<?x?xf32, #tx.layout<panels = 16>>
tx.kernel @plain(%x: tensor<?x?xf32>, %w: !w) -> tensor<?x?xf32> attributes {schedule = #wide} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @biased(%x: tensor<?x?xf32>, %w: !w, %b: tensor<?xf32>) -> tensor<?x?xf32> attributes {schedule = #narrow} {
  %0 = tx.linear %x, %w bias %b : (tensor<?x?xf32>, !w, tensor<?xf32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @gelu_residual(%x: tensor<?x?xf32>, %w: !w, %b: tensor<?xf32>, %r: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #wide} {
  %0 = tx.linear %x, %w bias %b : (tensor<?x?xf32>, !w, tensor<?xf32>) -> tensor<?x?xf32>
  %1 = tx.activation gelu %0 : tensor<?x?xf32>
  %2 = tx.add %r, %1 : tensor<?x?xf32>
  tx.return %2 : tensor<?x?xf32>
}
tx.kernel @gated(%g: tensor<?x?xf32>, %x: tensor<?x?xf32>, %w: !w) -> (tensor<?x?xf32>, tensor<?x?xf32>) attributes {schedule = #narrow} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  %1 = tx.activation silu %0 : tensor<?x?xf32>
  %2 = tx.mul %1, %g : tensor<?x?xf32>
  tx.return %2, %0 : tensor<?x?xf32>, tensor<?x?xf32>
}
tx.kernel @two(%x: tensor<?x?xf32>, %w: !w, %b: tensor<?xf32>, %v: !w, %c: tensor<?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) attributes {schedule = #wide} {
  %0 = tx.linear %x, %w bias %b : (tensor<?x?xf32>, !w, tensor<?xf32>) -> tensor<?x?xf32>
  %1 = tx.linear %x, %v bias %c : (tensor<?x?xf32>, !w, tensor<?xf32>) -> tensor<?x?xf32>
  tx.return %0, %1 : tensor<?x?xf32>, tensor<?x?xf32>
}
!h = tensor<?x?xf32, #tx.heads<3>>
tx.kernel @heads(%x: tensor<?x?xf32>, %w: !w, %b: tensor<?xf32>) -> !h attributes {schedule = #wide} {
  %0 = tx.linear %x, %w bias %b : (tensor<?x?xf32>, !w, tensor<?xf32>) -> !h
  tx.return %0 : !h
}
)mlir";

namespace {

class LinearKernels : public testing::TestWithParam<int> {
protected:
  static KernelLibrary &library() {
    static std::unique_ptr<KernelLibrary> libraries[3];
    auto &slot = libraries[GetParam()];
    if (!slot)
      slot = std::make_unique<KernelLibrary>(kKernels,
                                             getKernelIsas()[GetParam()]);
    return *slot;
  }

  GuardedTensor random(int64_t rows, int64_t columns) {
    return GuardedTensor({rows, columns}, randomFloats(engine, rows * columns));
  }

  void check(int64_t m, int64_t n, int64_t k);

  std::mt19937 engine{11};
};

/// A weight (N, K) and its panels.
struct Weight {
  Weight(std::mt19937 &engine, int64_t n, int64_t k)
      : rows(randomFloats(engine, n * k)), packed({(n + 15) / 16 * 16, k}) {
    llvm::fill(packed.floats(), 0.0f);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t c = 0; c < k; ++c)
        packed.floats()[(i / 16 * k + c) * 16 + i % 16] = rows[i * k + c];
    packed.setSizes({n, k});
  }

  std::vector<float> rows;
  GuardedTensor packed;
};

} // namespace

static double gelu(double x) {
  return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
}

void LinearKernels::check(int64_t m, int64_t n, int64_t k) {
  SCOPED_TRACE("M " + std::to_string(m) + " N " + std::to_string(n) + " K " +
               std::to_string(k));
  GuardedTensor x = random(m, k), other = random(m, n);
  GuardedTensor bias({n}, randomFloats(engine, n));
  Weight weight(engine, n, k);
  std::vector<double> plain, biased, added, gated;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t c = 0; c < k; ++c)
        sum += double(x.floats()[i * k + c]) * weight.rows[j * k + c];
      double y = other.floats()[i * n + j], z = sum + bias.floats()[j];
      plain.push_back(sum);
      biased.push_back(z);
      added.push_back(gelu(z) + y);
      gated.push_back(sum / (1 + std::exp(-sum)) * y);
    }
  GuardedTensor result({m, n}), second({m, n});
  library().run("plain", {&x, &weight.packed, &result});
  ASSERT_TRUE(areClose(result.floats(), plain, 4e-6));
  library().run("gated", {&other, &x, &weight.packed, &result, &second}, 2);
  ASSERT_TRUE(areClose(second.floats(), plain, 4e-6));
  ASSERT_TRUE(areClose(result.floats(), gated, 8e-6));
  library().run("biased", {&x, &weight.packed, &bias, &result}, 3);
  ASSERT_TRUE(areClose(result.floats(), biased, 4e-6));
  library().run("gelu_residual", {&x, &weight.packed, &bias, &other, &result},
                5);
  ASSERT_TRUE(areClose(result.floats(), added, 8e-6));
}

TEST_P(LinearKernels, every_number_of_rows) {
  for (int64_t m = 0; m <= 26 && !HasFailure(); ++m)
    check(m, 37, 19);
  check(131, 70, 64);
}

TEST_P(LinearKernels, every_number_of_columns) {
  for (int64_t n = 1; n <= 100 && !HasFailure(); ++n)
    check(7, n, 5);
  check(9, 384, 33);
}

TEST_P(LinearKernels, every_depth) {
  for (int64_t k = 1; k <= 40 && !HasFailure(); ++k)
    check(9, 49, k);
  check(17, 33, 1536);
}

TEST_P(LinearKernels, two_products_are_what_each_is_alone) {
  for (int64_t m : {1, 13, 70})
    for (auto [n, other] :
         {std::pair<int64_t, int64_t>{48, 16}, {37, 100}, {5, 5}, {100, 48}}) {
      int64_t k = 41;
      GuardedTensor x = random(m, k);
      Weight first(engine, n, k), second(engine, other, k);
      GuardedTensor bias({n}, randomFloats(engine, n));
      GuardedTensor otherBias({other}, randomFloats(engine, other));
      GuardedTensor alone({m, n}), otherAlone({m, other});
      GuardedTensor result({m, n}), otherResult({m, other});
      library().run("biased", {&x, &first.packed, &bias, &alone});
      library().run("biased", {&x, &second.packed, &otherBias, &otherAlone});
      library().run("two",
                    {&x, &first.packed, &bias, &second.packed, &otherBias,
                     &result, &otherResult},
                    3);
      ASSERT_EQ(result.floats(), alone.floats());
      ASSERT_EQ(otherResult.floats(), otherAlone.floats());
    }
}

TEST_P(LinearKernels, heads_lie_one_after_the_other) {
  for (int64_t m : {1, 9, 70})
    for (int64_t width : {16, 48}) {
      int64_t n = 3 * width, k = 21;
      GuardedTensor x = random(m, k);
      Weight weight(engine, n, k);
      GuardedTensor bias({n}, randomFloats(engine, n));
      GuardedTensor rows({m, n}), heads({m, n});
      library().run("biased", {&x, &weight.packed, &bias, &rows});
      library().run("heads", {&x, &weight.packed, &bias, &heads}, 2);
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j)
          ASSERT_EQ(heads.floats()[(j / width * m + i) * width + j % width],
                    rows.floats()[i * n + j]);
    }
}

TEST_P(LinearKernels, a_row_does_not_depend_on_its_neighbours) {
  int64_t n = 52, k = 77, most = 30;
  Weight weight(engine, n, k);
  GuardedTensor bias({n}, randomFloats(engine, n));
  GuardedTensor all = random(most, k), expected({most, n});
  library().run("biased", {&all, &weight.packed, &bias, &expected});
  for (int64_t m = 1; m < most; ++m) {
    GuardedTensor some({m, k}, all.floats().take_front(m * k)), result({m, n});
    library().run("biased", {&some, &weight.packed, &bias, &result}, 2);
    ASSERT_EQ(0, std::memcmp(result.floats().data(), expected.floats().data(),
                             m * n * sizeof(float)));
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, LinearKernels, testing::Values(0, 1, 2),
                         getIsaName);
