//===- EmitAttentionTest.cpp - Attention kernels against plain loops ------===//

#include "KernelHarness.h"
#include <cmath>
#include <cstring>

using namespace tx::test;

/// Kernels of three numbers of heads, one with fewer of key and value.
static const char *const kKernels = R"mlir(
#wide = #tx.schedule<lanes = LANES, rows = 8, panels = 3, item_rows = 64>
#narrow = #tx.schedule<lanes = LANES, rows = 4, panels = 2, item_rows = 32>
!h = tensor<?x?xf32, #tx.heads<2>>
!t = tensor<?x?xf32>
!o = tensor<?xi32>
tx.kernel @full(%q: !t, %k: !t, %v: !t, %o: !o, %p: tensor<?x2xi32>) -> !t attributes {schedule = #wide} {
  %0 = tx.attention full %q, %k, %v offsets %o, %o tiles %p {num_heads = 2 : i64, num_kv_heads = 2 : i64, scale = 0.2 : f32}
    : (!t, !t, !t, !o, !o, tensor<?x2xi32>) -> !t
  tx.return %0 : !t
}
tx.kernel @narrow(%q: !t, %k: !t, %v: !t, %o: !o, %p: tensor<?x2xi32>) -> !t attributes {schedule = #narrow} {
  %0 = tx.attention full %q, %k, %v offsets %o, %o tiles %p {num_heads = 2 : i64, num_kv_heads = 2 : i64, scale = 0.2 : f32}
    : (!t, !t, !t, !o, !o, tensor<?x2xi32>) -> !t
  tx.return %0 : !t
}
tx.kernel @heads(%q: !h, %k: !h, %v: !h, %o: !o, %p: tensor<?x2xi32>) -> !t attributes {schedule = #wide} {
  %0 = tx.attention full %q, %k, %v offsets %o, %o tiles %p {num_heads = 2 : i64, num_kv_heads = 2 : i64, scale = 0.2 : f32}
    : (!h, !h, !h, !o, !o, tensor<?x2xi32>) -> !t
  tx.return %0 : !t
}
tx.kernel @causal(%q: !t, %k: !t, %v: !t, %o: !o, %ko: !o, %p: tensor<?x2xi32>) -> !t attributes {schedule = #wide} {
  %0 = tx.attention causal %q, %k, %v offsets %o, %ko tiles %p {num_heads = 4 : i64, num_kv_heads = 2 : i64, scale = 0.5 : f32}
    : (!t, !t, !t, !o, !o, tensor<?x2xi32>) -> !t
  tx.return %0 : !t
}
)mlir";

namespace {

/// Sequences of queries and of keys.
struct Ragged {
  std::vector<int32_t> offsets{0};
  void add(int32_t length) { offsets.push_back(offsets.back() + length); }
  int64_t tokens() const { return offsets.back(); }
  GuardedTensor tensor() const {
    return GuardedTensor({int64_t(offsets.size())}, offsets);
  }
  GuardedTensor plan(int32_t rows) const {
    std::vector<int32_t> tiles;
    for (size_t b = 0; b + 1 < offsets.size(); ++b)
      for (int32_t row = offsets[b]; row < offsets[b + 1]; row += rows) {
        tiles.push_back(b);
        tiles.push_back(row);
      }
    return GuardedTensor({int64_t(tiles.size() / 2), 2}, tiles);
  }
};

Ragged makeRagged(std::initializer_list<int32_t> lengths) {
  Ragged result;
  for (int32_t length : lengths)
    result.add(length);
  return result;
}

/// One attention and its operands.
struct Problem {
  Ragged queries, keys;
  int64_t heads, kvHeads, width, valueWidth;
  double scale;
  bool isCausal;
  GuardedTensor q, k, v;

  Problem(std::mt19937 &engine, Ragged queries, Ragged keys, int64_t heads,
          int64_t kvHeads, int64_t width, int64_t valueWidth, double scale,
          bool isCausal)
      : queries(queries), keys(keys), heads(heads), kvHeads(kvHeads),
        width(width), valueWidth(valueWidth), scale(scale), isCausal(isCausal),
        q(random(engine, queries.tokens(), heads * width)),
        k(random(engine, keys.tokens(), kvHeads * width)),
        v(random(engine, keys.tokens(), kvHeads * valueWidth)) {}

  static GuardedTensor random(std::mt19937 &engine, int64_t rows,
                              int64_t columns) {
    return GuardedTensor({rows, columns}, randomFloats(engine, rows * columns));
  }

  std::vector<double> evaluate() const {
    std::vector<double> result(queries.tokens() * heads * valueWidth);
    for (size_t b = 0; b + 1 < queries.offsets.size(); ++b)
      for (int32_t i = queries.offsets[b]; i < queries.offsets[b + 1]; ++i)
        for (int64_t h = 0; h < heads; ++h) {
          int32_t last = keys.offsets[b + 1];
          if (isCausal)
            last -= queries.offsets[b + 1] - 1 - i;
          attend(i, h, keys.offsets[b], last,
                 result.data() + (i * heads + h) * valueWidth);
        }
    return result;
  }

  void attend(int64_t i, int64_t h, int32_t first, int32_t last,
              double *out) const {
    int64_t kv = h / (heads / kvHeads);
    std::vector<double> scores;
    double highest = -HUGE_VAL, total = 0;
    for (int32_t j = first; j < last; ++j) {
      double dot = 0;
      for (int64_t c = 0; c < width; ++c)
        dot += double(q.floats()[(i * heads + h) * width + c]) *
               k.floats()[(j * kvHeads + kv) * width + c];
      scores.push_back(dot * scale);
      highest = std::max(highest, scores.back());
    }
    for (double &score : scores)
      total += score = std::exp(score - highest);
    for (int64_t c = 0; c < valueWidth; ++c) {
      double sum = 0;
      for (int32_t j = first; j < last; ++j)
        sum +=
            scores[j - first] * v.floats()[(j * kvHeads + kv) * valueWidth + c];
      out[c] = sum / total;
    }
  }
};

class AttentionKernels : public testing::TestWithParam<int> {
protected:
  static KernelLibrary &library() {
    static std::unique_ptr<KernelLibrary> libraries[3];
    auto &slot = libraries[GetParam()];
    if (!slot)
      slot = std::make_unique<KernelLibrary>(kKernels,
                                             getKernelIsas()[GetParam()]);
    return *slot;
  }

  GuardedTensor runFull(const Problem &problem, bool isNarrow = false) {
    GuardedTensor offsets = problem.queries.tensor();
    GuardedTensor plan = problem.queries.plan(isNarrow ? 32 : 64);
    GuardedTensor result(
        {problem.queries.tokens(), problem.heads * problem.valueWidth});
    library().run(
        isNarrow ? "narrow" : "full",
        {&problem.q, &problem.k, &problem.v, &offsets, &plan, &result}, 3);
    return result;
  }

  GuardedTensor runCausal(const Problem &problem) {
    GuardedTensor offsets = problem.queries.tensor();
    GuardedTensor keyOffsets = problem.keys.tensor();
    GuardedTensor plan = problem.queries.plan(64);
    GuardedTensor result(
        {problem.queries.tokens(), problem.heads * problem.valueWidth});
    library().run("causal",
                  {&problem.q, &problem.k, &problem.v, &offsets, &keyOffsets,
                   &plan, &result},
                  2);
    return result;
  }

  void checkFull(std::initializer_list<int32_t> lengths, int64_t width,
                 int64_t valueWidth) {
    SCOPED_TRACE("length " + std::to_string(*lengths.begin()) + " width " +
                 std::to_string(width) + ", " + std::to_string(valueWidth));
    Ragged ragged = makeRagged(lengths);
    Problem problem(engine, ragged, ragged, 2, 2, width, valueWidth, 0.2f,
                    false);
    std::vector<double> expected = problem.evaluate();
    ASSERT_TRUE(areClose(runFull(problem).floats(), expected, 4e-6));
    ASSERT_TRUE(areClose(runFull(problem, true).floats(), expected, 4e-6));
  }

  std::mt19937 engine{13};
};

} // namespace

TEST_P(AttentionKernels, every_width_of_a_head) {
  for (int64_t width = 1; width <= 70 && !HasFailure(); ++width)
    checkFull({5, 37}, width, width);
  checkFull({20}, 26, 64);
  checkFull({20}, 128, 9);
}

TEST_P(AttentionKernels, heads_without_channels) {
  checkFull({5, 37}, 0, 20); // the mean
  checkFull({5, 37}, 20, 0);
}

TEST_P(AttentionKernels, every_short_length) {
  for (int32_t length = 1; length <= 140 && !HasFailure(); ++length)
    checkFull({length, 3}, 26, 26);
}

TEST_P(AttentionKernels, long_sequences) {
  for (int32_t length : {192, 255, 257, 512, 600})
    checkFull({length}, 32, 32);
}

TEST_P(AttentionKernels, causal_with_shared_heads) {
  for (int32_t length : {1, 2, 15, 16, 17, 63, 64, 65, 129, 200, 300}) {
    SCOPED_TRACE("length " + std::to_string(length));
    Ragged queries = makeRagged({3, length, 9});
    Ragged keys = makeRagged({3, length + 7, 30});
    Problem problem(engine, queries, keys, 4, 2, 20, 12, 0.5f, true);
    ASSERT_TRUE(
        areClose(runCausal(problem).floats(), problem.evaluate(), 4e-6));
  }
}

TEST_P(AttentionKernels, heads_that_lie_one_after_the_other) {
  constexpr int64_t width = 32;
  Ragged ragged = makeRagged({5, 100, 17});
  Problem problem(engine, ragged, ragged, 2, 2, width, width, 0.2f, false);
  auto byHeads = [&](const GuardedTensor &rows) {
    int64_t tokens = ragged.tokens();
    GuardedTensor result({tokens, 2 * width});
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t c = 0; c < 2 * width; ++c)
        result.floats()[(c / width * tokens + t) * width + c % width] =
            rows.floats()[t * 2 * width + c];
    return result;
  };
  GuardedTensor q = byHeads(problem.q), k = byHeads(problem.k);
  GuardedTensor v = byHeads(problem.v);
  GuardedTensor offsets = ragged.tensor(), plan = ragged.plan(64);
  GuardedTensor result({ragged.tokens(), 2 * width});
  library().run("heads", {&q, &k, &v, &offsets, &plan, &result}, 3);
  ASSERT_TRUE(areIdentical(result, runFull(problem)));
}

TEST_P(AttentionKernels, large_scores) {
  Ragged ragged = makeRagged({300});
  Problem problem(engine, ragged, ragged, 2, 2, 32, 32, 0.2f, false);
  for (float &x : problem.q.floats())
    x *= 100;
  ASSERT_TRUE(areClose(runFull(problem).floats(), problem.evaluate(), 1e-4));
}

/// The sequence in the middle, alone and in a batch.
TEST_P(AttentionKernels, a_sequence_does_not_depend_on_its_batch) {
  for (int32_t length : {1, 30, 64, 77, 300}) {
    Ragged batch = makeRagged({19, length, 140}), alone = makeRagged({length});
    Problem together(engine, batch, batch, 2, 2, 26, 26, 0.2f, false);
    Problem single(engine, alone, alone, 2, 2, 26, 26, 0.2f, false);
    int64_t first = 19 * 52, count = length * 52;
    auto copy = [&](const GuardedTensor &from, const GuardedTensor &to) {
      llvm::copy(from.floats().slice(first, count), to.floats().begin());
    };
    copy(together.q, single.q);
    copy(together.k, single.k);
    copy(together.v, single.v);
    GuardedTensor expected = runFull(single), actual = runFull(together);
    ASSERT_EQ(0, std::memcmp(expected.floats().data(),
                             actual.floats().data() + first,
                             count * sizeof(float)))
        << length;
    // Nor on how rows share work items.
    GuardedTensor other = runFull(single, true);
    ASSERT_TRUE(areIdentical(other, expected)) << length;
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, AttentionKernels, testing::Values(0, 1, 2),
                         getIsaName);
