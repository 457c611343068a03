//===- OpsTest.cpp - Cost and inferred shapes of tx ops -------------------===//
//
// What C++ callers rely on and text does not show: builders that need no
// result types, and getFlops. Sizes: T tokens, C = 24 channels, F = 32, 4
// heads.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "tx/Dialect/Tx/IR/Tx.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace tx;

namespace {

constexpr int64_t kDynamic = ShapedType::kDynamic;

class OpsTest : public testing::Test {
protected:
  OpsTest() : builder(&context), loc(builder.getUnknownLoc()) {
    context.loadDialect<TxDialect>();
    module = ModuleOp::create(loc);
    builder.setInsertionPointToEnd(module->getBody());
  }

  /// A value of that type: an argument of nothing in particular.
  Value value(ArrayRef<int64_t> shape, bool indices = false) {
    Type element = indices ? Type(builder.getI32Type()) : builder.getF32Type();
    return values.addArgument(RankedTensorType::get(shape, element), loc);
  }

  static std::vector<int64_t> shape(Value value) {
    return cast<RankedTensorType>(value.getType()).getShape().vec();
  }

  static std::vector<int64_t> flops(Operation *op) {
    FlopCount count = cast<CostOpInterface>(op).getFlops();
    return {count.token, count.sequence, count.pair};
  }

  AttentionOp attention(MaskKind mask, Value x) {
    Value offsets = value({kDynamic}, /*indices=*/true);
    return AttentionOp::create(builder, loc, mask, x, x, x, offsets, offsets,
                               Value(), /*num_heads=*/4, /*num_kv_heads=*/4,
                               APFloat(0.5f));
  }

  MLIRContext context;
  OpBuilder builder;
  Location loc;
  Block values; // outlives the module, whose ops use its arguments
  OwningOpRef<ModuleOp> module;
};

using Sizes = std::vector<int64_t>;

TEST_F(OpsTest, LinearInfersAndCounts) {
  auto op = LinearOp::create(builder, loc, value({kDynamic, 24}),
                             value({32, 24}), value({32}));
  EXPECT_EQ(shape(op), (Sizes{kDynamic, 32}));
  EXPECT_EQ(flops(op), (Sizes{2 * 24 * 32, 0, 0}));
}

TEST_F(OpsTest, LinearOfUnknownSizesCountsNothing) {
  auto op = LinearOp::create(builder, loc, value({5, kDynamic}),
                             value({kDynamic, kDynamic}), Value());
  EXPECT_EQ(shape(op), (Sizes{5, kDynamic}));
  EXPECT_EQ(flops(op), (Sizes{0, 0, 0}));
}

TEST_F(OpsTest, EmbeddingInfers) {
  auto op = EmbeddingOp::create(builder, loc, value({100, 24}),
                                value({7}, /*indices=*/true));
  EXPECT_EQ(shape(op), (Sizes{7, 24}));
}

TEST_F(OpsTest, FfnInfersAndCounts) {
  Value x = value({kDynamic, 24}), up = value({32, 24});
  Value down = value({24, 32});
  auto plain = FfnOp::create(builder, loc, ActivationKind::Gelu, x, up, Value(),
                             Value(), Value(), down, Value());
  EXPECT_EQ(shape(plain), (Sizes{kDynamic, 24}));
  EXPECT_EQ(flops(plain), (Sizes{2 * 2 * 24 * 32 + 32, 0, 0}));
  auto gated = FfnOp::create(builder, loc, ActivationKind::Silu, x, up, Value(),
                             up, Value(), down, Value());
  EXPECT_EQ(flops(gated), (Sizes{3 * 2 * 24 * 32 + 2 * 32, 0, 0}));
}

TEST_F(OpsTest, AttentionInfersAndCounts) {
  Value x = value({kDynamic, 24});
  auto full = attention(MaskKind::Full, x);
  EXPECT_EQ(shape(full), (Sizes{kDynamic, 24}));
  // Scores and their use, two each, and one exponential a head.
  EXPECT_EQ(flops(full), (Sizes{0, 0, 4 * 24 + 4}));
  EXPECT_EQ(flops(attention(MaskKind::Causal, x)), (Sizes{0, 0, 50}));
  EXPECT_EQ(flops(attention(MaskKind::Full, value({kDynamic, kDynamic}))),
            (Sizes{0, 0, 0}));
}

TEST_F(OpsTest, RowOpsCountPerChannel) {
  Value x = value({kDynamic, 24}), w = value({24});
  APFloat eps(0.0f);
  EXPECT_EQ(flops(LayerNormOp::create(builder, loc, x, w, w, eps))[0], 7 * 24);
  EXPECT_EQ(flops(RmsNormOp::create(builder, loc, x, w, eps))[0], 4 * 24);
  EXPECT_EQ(flops(SoftmaxOp::create(builder, loc, x))[0], 5 * 24);
  EXPECT_EQ(flops(NormalizeOp::create(builder, loc, x, eps))[0], 3 * 24);
  EXPECT_EQ(flops(AddOp::create(builder, loc, x, x))[0], 24);
  EXPECT_EQ(flops(MulOp::create(builder, loc, x, x))[0], 24);
  EXPECT_EQ(
      flops(ActivationOp::create(builder, loc, ActivationKind::Relu, x))[0],
      24);
}

TEST_F(OpsTest, PoolInfersAndCounts) {
  Value x = value({kDynamic, 24}), offsets = value({5}, /*indices=*/true);
  auto mean = PoolOp::create(builder, loc, PoolKind::Mean, x, offsets);
  EXPECT_EQ(shape(mean), (Sizes{4, 24}));
  EXPECT_EQ(flops(mean), (Sizes{24, 24, 0}));
  auto cls = PoolOp::create(builder, loc, PoolKind::Cls, x, offsets);
  EXPECT_EQ(flops(cls), (Sizes{0, 0, 0}));
}

TEST_F(OpsTest, TokenOpsInfer) {
  Value mask = value({4, 9}, /*indices=*/true);
  auto pack = PackTokensOp::create(builder, loc, PositionKind::Column,
                                   IntegerAttr(), mask, ValueRange{mask, mask});
  ASSERT_EQ(pack->getNumResults(), 4u);
  EXPECT_EQ(shape(pack.getPacked()[1]), (Sizes{kDynamic}));
  EXPECT_EQ(shape(pack.getOffsets()), (Sizes{5}));
  EXPECT_EQ(shape(pack.getPositions()), (Sizes{kDynamic}));

  Value x = value({kDynamic, 24}), scores = value({kDynamic});
  auto channels =
      UnpackTokensOp::create(builder, loc, x, pack.getOffsets(), mask);
  EXPECT_EQ(shape(channels), (Sizes{4, 9, 24}));
  auto plain =
      UnpackTokensOp::create(builder, loc, scores, pack.getOffsets(), mask);
  EXPECT_EQ(shape(plain), (Sizes{4, 9}));

  Value ids = value({7}, /*indices=*/true);
  auto positions = PositionsOp::create(builder, loc, PositionKind::Column,
                                       IntegerAttr(), ids, pack.getOffsets());
  EXPECT_EQ(shape(positions), (Sizes{7}));
  auto tiles = PlanTilesOp::create(builder, loc, pack.getOffsets(), 64);
  EXPECT_EQ(shape(tiles), (Sizes{kDynamic, 2}));
}

TEST_F(OpsTest, FlopsAddUp) {
  FlopCount sum{1, 2, 3};
  sum += FlopCount{10, 20, 30};
  EXPECT_EQ(sum.token, 11);
  EXPECT_EQ(sum.sequence, 22);
  EXPECT_EQ(sum.pair, 33);
}

TEST_F(OpsTest, StorageCountsThePaddingOfALayout) {
  Type f32 = builder.getF32Type();
  EXPECT_EQ(getStorageBytes(RankedTensorType::get({20, 8}, f32)), 640);
  EXPECT_EQ(getStorageBytes(RankedTensorType::get(
                {20, 8}, f32, LayoutAttr::get(&context, 16))),
            1024);
  EXPECT_EQ(getStorageBytes(RankedTensorType::get({3}, builder.getBF16Type())),
            6);
}

} // namespace
