//===- TokenKernelsTest.cpp - Token kernels against plain loops -----------===//

#include "KernelHarness.h"
#include <numeric>

using namespace tx::test;

static const char *const kKernels = R"mlir(
#schedule = #tx.schedule<lanes = LANES, rows = 1, panels = 1, item_rows = 4>
tx.kernel @pack_column(%mask: tensor<?x?xi32>, %ids: tensor<?x?xi32>, %types: tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) attributes {schedule = #schedule} {
  %i, %t, %o, %p = tx.pack_tokens column %mask, %ids, %types
    : (tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  tx.return %i, %t, %o, %p : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
}
tx.kernel @pack_non_pad(%mask: tensor<?x?xi32>, %ids: tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) attributes {schedule = #schedule} {
  %i, %o, %p = tx.pack_tokens non_pad %mask, %ids {pad_id = 1 : i64}
    : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  tx.return %i, %o, %p : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
}
tx.kernel @unpack(%x: tensor<?x?xf32>, %offsets: tensor<?xi32>, %mask: tensor<?x?xi32>) -> tensor<?x?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.unpack_tokens %x, %offsets, %mask : (tensor<?x?xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x?xf32>
  tx.return %0 : tensor<?x?x?xf32>
}
tx.kernel @unpack_scalars(%x: tensor<?xf32>, %offsets: tensor<?xi32>, %mask: tensor<?x?xi32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.unpack_tokens %x, %offsets, %mask : (tensor<?xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
tx.kernel @positions_column(%ids: tensor<?xi32>, %offsets: tensor<?xi32>) -> tensor<?xi32> attributes {schedule = #schedule} {
  %p = tx.positions column %ids, %offsets : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  tx.return %p : tensor<?xi32>
}
tx.kernel @positions_non_pad(%ids: tensor<?xi32>, %offsets: tensor<?xi32>) -> tensor<?xi32> attributes {schedule = #schedule} {
  %p = tx.positions non_pad %ids, %offsets {pad_id = 1 : i64} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  tx.return %p : tensor<?xi32>
}
tx.kernel @plan_tiles(%offsets: tensor<?xi32>) -> tensor<?x2xi32> attributes {schedule = #schedule} {
  %t = tx.plan_tiles %offsets rows 5 : (tensor<?xi32>) -> tensor<?x2xi32>
  tx.return %t : tensor<?x2xi32>
}
tx.kernel @mean(%x: tensor<?x?xf32>, %offsets: tensor<?xi32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %s = tx.pool mean %x, %offsets : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %s : tensor<?x?xf32>
}
tx.kernel @cls(%x: tensor<?x?xf32>, %offsets: tensor<?xi32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %s = tx.pool cls %x, %offsets : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %s : tensor<?x?xf32>
}
tx.kernel @slice_channel(%x: tensor<?x?xf32>) -> tensor<?xf32> attributes {schedule = #schedule} {
  %0 = tx.slice %x[1] : tensor<?x?xf32> to tensor<?xf32>
  tx.return %0 : tensor<?xf32>
}
tx.kernel @slice_channels(%x: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.slice %x[3] : tensor<?x?xf32> to tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
)mlir";

namespace {

/// A padded batch with padding on both sides and holes, and its packed form.
struct Batch {
  Batch(std::mt19937 &engine, int64_t sequences, int64_t length)
      : sequences(sequences), length(length), offsets{0} {
    ids = randomInts(engine, sequences * length, 4); // 1 is padding
    types = randomInts(engine, sequences * length, 2);
    mask = randomInts(engine, sequences * length, 3); // any non-zero keeps
    for (int64_t b = 0; b < sequences; ++b) {
      mask[b * length + engine() % length] = -1; // none is empty
      int32_t count = 0;
      for (int64_t s = 0; s < length; ++s) {
        int64_t entry = b * length + s;
        bool isPad = ids[entry] == 1;
        count += !isPad;
        if (mask[entry] == 0)
          continue;
        kept.push_back(entry);
        columns.push_back(s);
        nonPad.push_back(isPad ? 1 : 1 + count);
      }
      offsets.push_back(kept.size());
    }
  }

  int64_t tokens() const { return kept.size(); }
  /// What the kept entries of `padded` hold.
  std::vector<int32_t> pack(const std::vector<int32_t> &padded) const {
    std::vector<int32_t> packed;
    for (int64_t entry : kept)
      packed.push_back(padded[entry]);
    return packed;
  }
  GuardedTensor guardPadded(const std::vector<int32_t> &values) const {
    return GuardedTensor({sequences, length}, values);
  }
  GuardedTensor guardOffsets() const {
    return GuardedTensor({sequences + 1}, offsets);
  }

  int64_t sequences, length;
  std::vector<int32_t> ids, types, mask, offsets;
  std::vector<int64_t> kept; ///< entries that are tokens
  std::vector<int32_t> columns, nonPad;
};

class TokenKernels : public testing::TestWithParam<int> {
protected:
  static KernelLibrary &library() {
    static std::unique_ptr<KernelLibrary> libraries[3];
    auto &slot = libraries[GetParam()];
    if (!slot)
      slot = std::make_unique<KernelLibrary>(kKernels,
                                             getKernelIsas()[GetParam()]);
    return *slot;
  }

  /// Calls `test` for batches of many lengths.
  template <typename Fn>
  void forEachBatch(Fn test) {
    for (int64_t length : {1, 2, 3, 4, 5, 8, 13, 31, 64, 65}) {
      SCOPED_TRACE("length " + std::to_string(length));
      test(Batch(engine, 1 + length % 4, length));
    }
  }

  /// Calls `test` for many widths with a batch.
  template <typename Fn>
  void forEachWidth(Fn test) {
    std::vector<int64_t> widths(100);
    std::iota(widths.begin(), widths.end(), 1);
    widths.insert(widths.end(), {384, 1200});
    for (int64_t width : widths) {
      SCOPED_TRACE("width " + std::to_string(width));
      Batch batch(engine, 3, 1 + width % 14);
      GuardedTensor x({batch.tokens(), width},
                      randomFloats(engine, batch.tokens() * width));
      test(batch, x);
      if (HasFailure())
        return; // the other widths say the same
    }
  }

  std::mt19937 engine{11};
};

std::vector<int32_t> toVector(const GuardedTensor &tensor) {
  return {tensor.ints().begin(), tensor.ints().end()};
}

} // namespace

TEST_P(TokenKernels, PacksByColumn) {
  forEachBatch([&](const Batch &batch) {
    GuardedTensor mask = batch.guardPadded(batch.mask),
                  ids = batch.guardPadded(batch.ids),
                  types = batch.guardPadded(batch.types);
    GuardedTensor packedIds({batch.tokens()}), packedTypes({batch.tokens()}),
        offsets({batch.sequences + 1}), positions({batch.tokens()});
    library().run("pack_column", {&mask, &ids, &types, &packedIds, &packedTypes,
                                  &offsets, &positions});
    EXPECT_EQ(toVector(packedIds), batch.pack(batch.ids));
    EXPECT_EQ(toVector(packedTypes), batch.pack(batch.types));
    EXPECT_EQ(toVector(offsets), batch.offsets);
    EXPECT_EQ(toVector(positions), batch.columns);
  });
}

TEST_P(TokenKernels, PacksByCountOfNonPad) {
  forEachBatch([&](const Batch &batch) {
    GuardedTensor mask = batch.guardPadded(batch.mask),
                  ids = batch.guardPadded(batch.ids);
    GuardedTensor packed({batch.tokens()}), offsets({batch.sequences + 1}),
        positions({batch.tokens()});
    library().run("pack_non_pad", {&mask, &ids, &packed, &offsets, &positions});
    EXPECT_EQ(toVector(packed), batch.pack(batch.ids));
    EXPECT_EQ(toVector(offsets), batch.offsets);
    EXPECT_EQ(toVector(positions), batch.nonPad);
  });
}

TEST_P(TokenKernels, Positions) {
  forEachBatch([&](const Batch &batch) {
    std::vector<int32_t> values = batch.pack(batch.ids), columns, nonPad;
    for (int64_t b = 0; b < batch.sequences; ++b) {
      int32_t count = 0;
      for (int32_t t = batch.offsets[b]; t < batch.offsets[b + 1]; ++t) {
        count += values[t] != 1;
        columns.push_back(t - batch.offsets[b]);
        nonPad.push_back(values[t] == 1 ? 1 : 1 + count);
      }
    }
    GuardedTensor ids({batch.tokens()}, values), result({batch.tokens()}),
        offsets = batch.guardOffsets();
    library().run("positions_column", {&ids, &offsets, &result});
    EXPECT_EQ(toVector(result), columns);
    library().run("positions_non_pad", {&ids, &offsets, &result});
    EXPECT_EQ(toVector(result), nonPad);
  });
}

TEST_P(TokenKernels, PlansTiles) {
  forEachBatch([&](const Batch &batch) {
    std::vector<int32_t> expected;
    for (int32_t b = 0; b < batch.sequences; ++b)
      for (int32_t row = batch.offsets[b]; row < batch.offsets[b + 1]; row += 5)
        expected.insert(expected.end(), {b, row});
    GuardedTensor offsets = batch.guardOffsets(),
                  tiles({int64_t(expected.size()) / 2, 2});
    library().run("plan_tiles", {&offsets, &tiles});
    EXPECT_EQ(toVector(tiles), expected);
  });
}

TEST_P(TokenKernels, UnpacksRows) {
  forEachWidth([&](const Batch &batch, const GuardedTensor &x) {
    int64_t width = x.sizes()[1];
    GuardedTensor offsets = batch.guardOffsets(),
                  mask = batch.guardPadded(batch.mask),
                  result({batch.sequences, batch.length, width});
    library().run("unpack", {&x, &offsets, &mask, &result}, /*parts=*/3);
    std::vector<float> expected(result.size());
    for (int64_t t = 0; t < batch.tokens(); ++t)
      std::copy_n(x.floats().begin() + t * width, width,
                  expected.begin() + batch.kept[t] * width);
    EXPECT_TRUE(result.floats().equals(expected));
  });
}

TEST_P(TokenKernels, UnpacksScalars) {
  forEachBatch([&](const Batch &batch) {
    GuardedTensor x({batch.tokens()}, randomFloats(engine, batch.tokens())),
        offsets = batch.guardOffsets(), mask = batch.guardPadded(batch.mask),
        result({batch.sequences, batch.length});
    library().run("unpack_scalars", {&x, &offsets, &mask, &result},
                  /*parts=*/2);
    std::vector<float> expected(result.size());
    for (int64_t t = 0; t < batch.tokens(); ++t)
      expected[batch.kept[t]] = x.floats()[t];
    EXPECT_TRUE(result.floats().equals(expected));
  });
}

TEST_P(TokenKernels, PoolsMeans) {
  forEachWidth([&](const Batch &batch, const GuardedTensor &x) {
    int64_t width = x.sizes()[1];
    GuardedTensor offsets = batch.guardOffsets(),
                  result({batch.sequences, width}),
                  parts({batch.sequences, width});
    std::vector<double> expected(result.size());
    for (int64_t b = 0; b < batch.sequences; ++b)
      for (int32_t t = batch.offsets[b]; t < batch.offsets[b + 1]; ++t)
        for (int64_t c = 0; c < width; ++c)
          expected[b * width + c] += x.floats()[t * width + c] /
                                     (batch.offsets[b + 1] - batch.offsets[b]);
    library().run("mean", {&x, &offsets, &result});
    EXPECT_TRUE(areClose(result.floats(), expected, 1e-6));
    library().run("mean", {&x, &offsets, &parts}, /*parts=*/3);
    EXPECT_TRUE(areIdentical(parts, result));
  });
}

TEST_P(TokenKernels, PoolsFirstTokens) {
  forEachWidth([&](const Batch &batch, const GuardedTensor &x) {
    int64_t width = x.sizes()[1];
    GuardedTensor offsets = batch.guardOffsets(),
                  result({batch.sequences, width});
    library().run("cls", {&x, &offsets, &result}, /*parts=*/2);
    for (int64_t b = 0; b < batch.sequences; ++b)
      EXPECT_TRUE(
          result.floats()
              .slice(b * width, width)
              .equals(x.floats().slice(batch.offsets[b] * width, width)));
  });
}

TEST_P(TokenKernels, SlicesChannels) {
  forEachWidth([&](const Batch &, const GuardedTensor &x) {
    int64_t rows = x.sizes()[0], width = x.sizes()[1], part = width - 4;
    if (part <= 0)
      return;
    GuardedTensor channel({rows}), channels({rows, part});
    library().run("slice_channel", {&x, &channel}, /*parts=*/2);
    library().run("slice_channels", {&x, &channels}, /*parts=*/2);
    for (int64_t row = 0; row < rows; ++row) {
      EXPECT_EQ(channel.floats()[row], x.floats()[row * width + 1]);
      EXPECT_TRUE(channels.floats()
                      .slice(row * part, part)
                      .equals(x.floats().slice(row * width + 3, part)));
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Isas, TokenKernels, testing::Values(0, 1, 2),
                         getIsaName);
