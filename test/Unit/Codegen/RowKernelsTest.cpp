//===- RowKernelsTest.cpp - Row-wise kernels against plain loops ----------===//

#include "KernelHarness.h"
#include <cmath>
#include <numeric>

using namespace tx::test;

static const char *const kKernels = R"mlir(
#schedule = #tx.schedule<lanes = LANES, rows = 1, panels = 1, item_rows = 4>
tx.kernel @add(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.add %x, %y : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @embed(%a: tensor<?x?xf32>, %i: tensor<?xi32>, %b: tensor<?x?xf32>, %j: tensor<?xi32>, %c: tensor<?x?xf32>, %k: tensor<?xi32>, %w: tensor<?xf32>, %bias: tensor<?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.embedding %a, %i : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  %1 = tx.embedding %b, %j : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  %2 = tx.embedding %c, %k : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  %3 = tx.add %0, %1 : tensor<?x?xf32>
  %4 = tx.add %3, %2 : tensor<?x?xf32>
  %5 = tx.layer_norm %4, %w, %bias {eps = 1.0e-12 : f32} : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>
  tx.return %5 : tensor<?x?xf32>
}
tx.kernel @layer_norm(%x: tensor<?x?xf32>, %w: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.layer_norm %x, %w, %b {eps = 1.0e-5 : f32} : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @add_layer_norm(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %w: tensor<?xf32>, %b: tensor<?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) attributes {schedule = #schedule} {
  %0 = tx.add %x, %y : tensor<?x?xf32>
  %1 = tx.layer_norm %0, %w, %b {eps = 1.0e-5 : f32} : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>
  tx.return %1, %0 : tensor<?x?xf32>, tensor<?x?xf32>
}
tx.kernel @rms_norm(%x: tensor<?x?xf32>, %w: tensor<?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.rms_norm %x, %w {eps = 1.0e-6 : f32} : tensor<?x?xf32>, tensor<?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @softmax(%x: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.softmax %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @softmax_slice(%x: tensor<?x33xf32>) -> (tensor<?x10xf32>, tensor<?x33xf32>) attributes {schedule = #schedule} {
  %0 = tx.softmax %x : tensor<?x33xf32>
  %1 = tx.slice %0[3] : tensor<?x33xf32> to tensor<?x10xf32>
  tx.return %1, %0 : tensor<?x10xf32>, tensor<?x33xf32>
}
tx.kernel @slices(%x: tensor<?x40xf32>) -> (tensor<?x9xf32>, tensor<?x7xf32>) attributes {schedule = #schedule} {
  %0 = tx.slice %x[0] : tensor<?x40xf32> to tensor<?x20xf32>
  %1 = tx.slice %0[11] : tensor<?x20xf32> to tensor<?x9xf32>
  %2 = tx.slice %1[0] : tensor<?x9xf32> to tensor<?x7xf32>
  tx.return %1, %2 : tensor<?x9xf32>, tensor<?x7xf32>
}
tx.kernel @normalize(%x: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.normalize %x {eps = 1.0e-12 : f32} : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @gelu(%x: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.activation gelu %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @gelu_tanh(%x: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.activation gelu_tanh %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @relu(%x: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.activation relu %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @silu(%x: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.activation silu %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @tanh(%x: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.activation tanh %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
// Six passes, with intermediates that are dear and live at the same time.
tx.kernel @chain(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %w: tensor<?xf32>, %b: tensor<?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) attributes {schedule = #schedule} {
  %0 = tx.activation tanh %x : tensor<?x?xf32>
  %1 = tx.layer_norm %0, %w, %b {eps = 1.0e-5 : f32} : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>
  %2 = tx.softmax %1 : tensor<?x?xf32>
  %3 = tx.mul %2, %y : tensor<?x?xf32>
  %4 = tx.add %3, %0 : tensor<?x?xf32>
  %5 = tx.layer_norm %4, %w, %b {eps = 1.0e-5 : f32} : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>
  %6 = tx.add %5, %1 : tensor<?x?xf32>
  tx.return %6, %3 : tensor<?x?xf32>, tensor<?x?xf32>
}
)mlir";

using Matrix = std::vector<double>; // rows of `width`

namespace {

/// One compiled library for each width of vectors.
class RowKernels : public testing::TestWithParam<int> {
protected:
  static KernelLibrary &library() {
    static std::unique_ptr<KernelLibrary> libraries[3];
    auto &slot = libraries[GetParam()];
    if (!slot)
      slot = std::make_unique<KernelLibrary>(kKernels,
                                             getKernelIsas()[GetParam()]);
    return *slot;
  }

  /// Calls `test` for the widths that matter: whole vectors, tails, both.
  template <typename Fn>
  void forEachWidth(Fn test) {
    std::vector<int64_t> widths(100);
    std::iota(widths.begin(), widths.end(), 1);
    widths.insert(widths.end(), {384, 1200});
    for (int64_t width : widths) {
      SCOPED_TRACE("width " + std::to_string(width));
      test(width);
      if (HasFailure())
        return; // the other widths say the same
    }
  }

  GuardedTensor random(int64_t rows, int64_t width, float scale = 1) {
    return GuardedTensor({rows, width},
                         randomFloats(engine, rows * width, scale));
  }
  GuardedTensor random(int64_t size) {
    return GuardedTensor({size}, randomFloats(engine, size));
  }

  std::mt19937 engine{7};
};

} // namespace

static constexpr int64_t kRows = 11; // two items and a part of one

static Matrix toMatrix(const GuardedTensor &tensor) {
  return Matrix(tensor.floats().begin(), tensor.floats().end());
}

/// Calls `row(first element, width)` for each row of `values`.
template <typename Fn>
static Matrix mapRows(Matrix values, int64_t width, Fn row) {
  for (size_t at = 0; at < values.size(); at += width)
    row(values.data() + at, width);
  return values;
}

template <typename Fn>
static Matrix zip(const Matrix &lhs, const Matrix &rhs, Fn element) {
  Matrix result(lhs.size());
  std::transform(lhs.begin(), lhs.end(), rhs.begin(), result.begin(), element);
  return result;
}

static Matrix layerNorm(Matrix x, const GuardedTensor &weight,
                        const GuardedTensor &bias, double eps) {
  return mapRows(std::move(x), weight.size(), [&](double *row, int64_t width) {
    double mean = std::accumulate(row, row + width, 0.0) / width, squares = 0;
    for (int64_t i = 0; i < width; ++i)
      squares += (row[i] - mean) * (row[i] - mean);
    double scale = 1 / std::sqrt(squares / width + eps);
    for (int64_t i = 0; i < width; ++i)
      row[i] = (row[i] - mean) * scale * weight.floats()[i] + bias.floats()[i];
  });
}

static double sumSquares(const double *row, int64_t width) {
  return std::inner_product(row, row + width, row, 0.0);
}

static Matrix softmax(Matrix x, int64_t width) {
  return mapRows(std::move(x), width, [](double *row, int64_t width) {
    double highest = *std::max_element(row, row + width), total = 0;
    for (int64_t i = 0; i < width; ++i)
      total += row[i] = std::exp(row[i] - highest);
    for (int64_t i = 0; i < width; ++i)
      row[i] /= total;
  });
}

TEST_P(RowKernels, AddsExactly) {
  forEachWidth([&](int64_t width) {
    GuardedTensor x = random(kRows, width), y = random(kRows, width);
    GuardedTensor result({kRows, width});
    library().run("add", {&x, &y, &result});
    for (int64_t i = 0; i < result.size(); ++i)
      ASSERT_EQ(result.floats()[i], x.floats()[i] + y.floats()[i]) << i;
  });
}

TEST_P(RowKernels, EmbedsAndNormalizes) {
  forEachWidth([&](int64_t width) {
    GuardedTensor words = random(50, width), types = random(2, width),
                  places = random(12, width), w = random(width),
                  b = random(width);
    GuardedTensor i({kRows}, randomInts(engine, kRows, 50)),
        j({kRows}, randomInts(engine, kRows, 2)),
        k({kRows}, randomInts(engine, kRows, 12)), result({kRows, width});
    library().run("embed",
                  {&words, &i, &types, &j, &places, &k, &w, &b, &result});
    Matrix sum(kRows * width);
    for (int64_t row = 0; row < kRows; ++row)
      for (int64_t c = 0; c < width; ++c)
        sum[row * width + c] = words.floats()[i.ints()[row] * width + c] +
                               types.floats()[j.ints()[row] * width + c] +
                               places.floats()[k.ints()[row] * width + c];
    // The deviation from the mean of one channel, zero, is all rounding.
    if (width > 1)
      EXPECT_TRUE(areClose(result.floats(), layerNorm(sum, w, b, 1e-12), 2e-5));
  });
}

TEST_P(RowKernels, LayerNorm) {
  forEachWidth([&](int64_t width) {
    GuardedTensor x = random(kRows, width), w = random(width),
                  b = random(width), result({kRows, width});
    for (float &value : x.floats())
      value += 3; // a mean that a single pass would cancel against
    library().run("layer_norm", {&x, &w, &b, &result});
    EXPECT_TRUE(
        areClose(result.floats(), layerNorm(toMatrix(x), w, b, 1e-5), 5e-6));
  });
}

TEST_P(RowKernels, ResultsThatOthersUse) {
  forEachWidth([&](int64_t width) {
    GuardedTensor x = random(kRows, width), y = random(kRows, width),
                  w = random(width), b = random(width);
    GuardedTensor norm({kRows, width}), sum({kRows, width});
    library().run("add_layer_norm", {&x, &y, &w, &b, &norm, &sum});
    for (int64_t i = 0; i < sum.size(); ++i)
      ASSERT_EQ(sum.floats()[i], x.floats()[i] + y.floats()[i]) << i;
    EXPECT_TRUE(
        areClose(norm.floats(), layerNorm(toMatrix(sum), w, b, 1e-5), 5e-6));
  });
}

TEST_P(RowKernels, RmsNorm) {
  forEachWidth([&](int64_t width) {
    GuardedTensor x = random(kRows, width), w = random(width),
                  result({kRows, width});
    library().run("rms_norm", {&x, &w, &result});
    Matrix expected =
        mapRows(toMatrix(x), width, [&](double *row, int64_t width) {
          double scale = 1 / std::sqrt(sumSquares(row, width) / width + 1e-6);
          for (int64_t i = 0; i < width; ++i)
            row[i] *= scale * w.floats()[i];
        });
    EXPECT_TRUE(areClose(result.floats(), expected, 1e-6));
  });
}

TEST_P(RowKernels, Normalize) {
  forEachWidth([&](int64_t width) {
    GuardedTensor x = random(kRows, width), result({kRows, width});
    std::fill_n(x.floats().begin(), width, 0.0f); // length 0 stays 0
    library().run("normalize", {&x, &result});
    Matrix expected =
        mapRows(toMatrix(x), width, [](double *row, int64_t width) {
          double length = std::max(std::sqrt(sumSquares(row, width)), 1e-12);
          for (int64_t i = 0; i < width; ++i)
            row[i] /= length;
        });
    EXPECT_TRUE(areClose(result.floats(), expected, 1e-6));
  });
}

TEST_P(RowKernels, Softmax) {
  forEachWidth([&](int64_t width) {
    GuardedTensor x = random(kRows, width, 30), result({kRows, width});
    library().run("softmax", {&x, &result});
    EXPECT_TRUE(areClose(result.floats(), softmax(toMatrix(x), width), 2e-6));
  });
}

TEST_P(RowKernels, SlicesWhatIsComputed) {
  GuardedTensor x = random(kRows, 33), whole({kRows, 33}), part({kRows, 10});
  library().run("softmax_slice", {&x, &part, &whole});
  EXPECT_TRUE(areClose(whole.floats(), softmax(toMatrix(x), 33), 1e-6));
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t i = 0; i < 10; ++i)
      EXPECT_EQ(part.floats()[row * 10 + i], whole.floats()[row * 33 + 3 + i]);
}

TEST_P(RowKernels, SlicesOfSlices) {
  GuardedTensor x = random(kRows, 40), nine({kRows, 9}), seven({kRows, 7});
  library().run("slices", {&x, &nine, &seven});
  for (int64_t row = 0; row < kRows; ++row) {
    auto expected = x.floats().slice(row * 40 + 11, 9);
    EXPECT_TRUE(nine.floats().slice(row * 9, 9).equals(expected));
    EXPECT_TRUE(
        seven.floats().slice(row * 7, 7).equals(expected.take_front(7)));
  }
}

TEST_P(RowKernels, Activations) {
  std::pair<const char *, double (*)(double)> activations[] = {
      {"gelu",
       [](double x) { return x * (1 + std::erf(x * std::sqrt(0.5))) / 2; }},
      {"gelu_tanh",
       [](double x) {
         double inner = std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
         return x * (1 + std::tanh(inner)) / 2;
       }},
      {"relu", [](double x) { return x < 0 ? 0 : x; }},
      {"silu", [](double x) { return x / (1 + std::exp(-x)); }},
      {"tanh", [](double x) { return std::tanh(x); }}};
  for (auto [name, function] : activations) {
    SCOPED_TRACE(name);
    forEachWidth([&, function = function, name = name](int64_t width) {
      GuardedTensor x = random(kRows, width, 4), result({kRows, width});
      library().run(name, {&x, &result});
      Matrix expected = toMatrix(x);
      for (double &value : expected)
        value = function(value);
      EXPECT_TRUE(areClose(result.floats(), expected, 1e-6));
    });
  }
}

TEST_P(RowKernels, ActivationsOfExtremes) {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> values{-1e30f, -100, -0.0f, 0, 100, 1e30f, infinity};
  GuardedTensor x({1, 7}, values), result({1, 7});
  for (const char *name : {"gelu", "gelu_tanh", "relu", "silu"}) {
    SCOPED_TRACE(name);
    library().run(name, {&x, &result});
    for (auto [value, actual] : llvm::zip(values, result.floats())) {
      float expected = std::max(value, 0.0f);
      EXPECT_TRUE(actual == expected ||
                  std::abs(actual - expected) <= 1e-6f * (1 + expected))
          << actual << " for " << value;
    }
  }
}

TEST_P(RowKernels, NanStaysNan) {
  std::vector<float> values{1, NAN, 2, 0.5f, -1, 3};
  GuardedTensor x({2, 3}, values), result({2, 3});
  for (const char *name : {"gelu", "relu", "tanh"}) {
    SCOPED_TRACE(name);
    library().run(name, {&x, &result});
    EXPECT_TRUE(std::isnan(result.floats()[1]));
    EXPECT_FALSE(std::isnan(result.floats()[0]));
  }
  // The row of it, and no other.
  for (const char *name : {"softmax", "normalize"}) {
    SCOPED_TRACE(name);
    library().run(name, {&x, &result});
    EXPECT_TRUE(std::isnan(result.floats()[0]));
    EXPECT_FALSE(std::isnan(result.floats()[3]));
  }
}

TEST_P(RowKernels, ManyPassesAndIntermediates) {
  forEachWidth([&](int64_t width) {
    if (width < 3)
      return; // norms of nearly equal values magnify rounding
    GuardedTensor x = random(kRows, width), y = random(kRows, width),
                  w = random(width), b = random(width);
    GuardedTensor result({kRows, width}), product({kRows, width});
    library().run("chain", {&x, &y, &w, &b, &result, &product});
    Matrix a = toMatrix(x);
    for (double &value : a)
      value = std::tanh(value);
    Matrix norm = layerNorm(a, w, b, 1e-5);
    Matrix weighted =
        zip(softmax(norm, width), toMatrix(y), std::multiplies<double>());
    Matrix last = layerNorm(zip(weighted, a, std::plus<double>()), w, b, 1e-5);
    EXPECT_TRUE(areClose(product.floats(), weighted, 1e-5));
    EXPECT_TRUE(
        areClose(result.floats(), zip(last, norm, std::plus<double>()), 1e-4));
  });
}

TEST_P(RowKernels, PartitionChangesNoBit) {
  GuardedTensor x = random(37, 84), y = random(37, 84), w = random(84),
                b = random(84);
  GuardedTensor once({37, 84}), parts({37, 84}), unused({37, 84});
  library().run("chain", {&x, &y, &w, &b, &once, &unused});
  EXPECT_EQ(library().countItems("chain", {&x, &y, &w, &b, &once, &unused}),
            10);
  library().run("chain", {&x, &y, &w, &b, &parts, &unused}, /*parts=*/4);
  EXPECT_TRUE(areIdentical(parts, once));
}

INSTANTIATE_TEST_SUITE_P(Isas, RowKernels, testing::Values(0, 1, 2),
                         getIsaName);
