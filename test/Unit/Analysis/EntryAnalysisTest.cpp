//===- EntryAnalysisTest.cpp - Sizes, limits and work of entries ----------===//
//
// One padded entry that shows every kind of size, before and after its
// computations have become kernels.
//
//===----------------------------------------------------------------------===//

#include "mlir/Parser/Parser.h"
#include "tx/Analysis/Flops.h"
#include "tx/Analysis/IndexLimits.h"
#include "tx/Analysis/TokenDims.h"
#include "tx/Analysis/Traffic.h"
#include "tx/Pipelines/Phases.h"
#include "tx/Transforms/Fuse/Passes.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace tx;

static constexpr const char *kModel = R"mlir(
func.func @padded(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"}, %types: tensor<?x?xi32> {tx.name = "token_type_ids"})
    -> (tensor<?x?x8xf32>, tensor<?x4xf32>, tensor<?x8xf32>) attributes {tx.entry = "padded"} {
  %words = tx.param dense<1.0> : tensor<100x8xf32>
  %small = tx.param dense<1.0> : tensor<60x8xf32>
  %kinds = tx.param dense<1.0> : tensor<2x8xf32>
  %w = tx.param dense<1.0> : tensor<4x8xf32>
  %i, %t, %o, %p = tx.pack_tokens column %mask, %ids, %types
    : (tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  %tiles = tx.plan_tiles %o rows 32 : (tensor<?xi32>) -> tensor<?x2xi32>
  %e0 = tx.embedding %words, %i : (tensor<100x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %e1 = tx.embedding %kinds, %t : (tensor<2x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %e2 = tx.embedding %small, %i : (tensor<60x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %s0 = tx.add %e0, %e1 : tensor<?x8xf32>
  %s1 = tx.add %s0, %e2 : tensor<?x8xf32>
  %a = tx.attention full %s1, %s1, %s1 offsets %o, %o tiles %tiles {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
  %m = tx.pool mean %a, %o : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %c = tx.pool cls %a, %o : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %l = tx.linear %m, %w : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  %u = tx.unpack_tokens %a, %o, %mask : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return %u, %l, %c : tensor<?x?x8xf32>, tensor<?x4xf32>, tensor<?x8xf32>
}
)mlir";

/// The same positions read tables of 16 and 12 rows; those that skip padding
/// begin at row 6 of 19.
static constexpr const char *kPositions = R"mlir(
func.func @columns(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"}) -> tensor<?x8xf32> attributes {tx.entry = "padded"} {
  %large = tx.param dense<1.0> : tensor<16x8xf32>
  %small = tx.param dense<1.0> : tensor<12x8xf32>
  %i, %o, %p = tx.pack_tokens column %mask, %ids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  %e0 = tx.embedding %large, %p : (tensor<16x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %e1 = tx.embedding %small, %p : (tensor<12x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %s = tx.add %e0, %e1 : tensor<?x8xf32>
  return %s : tensor<?x8xf32>
}
func.func @non_pad(%ids: tensor<?xi32> {tx.name = "input_ids"}, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %table = tx.param dense<1.0> : tensor<19x8xf32>
  %p = tx.positions non_pad %ids, %o {pad_id = 5 : i64} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  %e = tx.embedding %table, %p : (tensor<19x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return %e : tensor<?x8xf32>
}
)mlir";

namespace {
/// The parameter: whether kernels have been formed.
struct EntryAnalysis : testing::TestWithParam<bool> {
  void SetUp() override {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    parse(kModel);
    entry = module->lookupSymbol<func::FuncOp>("padded");
  }

  void parse(const char *text) {
    module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module);
    if (GetParam()) {
      PassManager pm(&context);
      pm.addPass(createFormKernels());
      ASSERT_TRUE(succeeded(pm.run(*module)));
    }
  }

  std::vector<std::string> describe(const TokenDims &dims, Value value) {
    std::vector<std::string> names;
    for (const DimSymbol &dim : dims.getDims(value))
      names.push_back(dim.str());
    return names;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp entry;
};
} // namespace

using Names = std::vector<std::string>;

TEST_P(EntryAnalysis, derives_every_kind_of_size) {
  FailureOr<TokenDims> dims = TokenDims::compute(entry);
  ASSERT_TRUE(succeeded(dims));
  EXPECT_EQ(describe(*dims, entry.getArgument(0)),
            (Names{"sequences", "padded length"}));
  Operation *end = entry.getBody().front().getTerminator();
  EXPECT_EQ(describe(*dims, end->getOperand(0)),
            (Names{"sequences", "padded length", "8"}));
  EXPECT_EQ(describe(*dims, end->getOperand(1)), (Names{"sequences", "4"}));

  // What was packed, and what was planned from its offsets.
  Value packed, offsets, tiles, pooled;
  entry.walk([&](Operation *op) {
    StringRef name = op->getName().getStringRef();
    if (auto call = dyn_cast<tx::CallOp>(op))
      name = call.getKernel();
    if (name.contains("pack_tokens") && op->getNumResults() == 4) {
      packed = op->getResult(0);
      offsets = op->getResult(2);
    } else if (name.contains("plan_tiles")) {
      tiles = op->getResult(0);
    } else if (name.contains("pool")) {
      pooled = op->getResult(0);
    }
  });
  EXPECT_EQ(describe(*dims, packed), Names{"tokens"});
  EXPECT_EQ(describe(*dims, offsets), Names{"sequences + 1"});
  EXPECT_EQ(describe(*dims, pooled), (Names{"sequences", "8"}));
  EXPECT_EQ(describe(*dims, tiles), (Names{"tiles of 32 rows", "2"}));
  // Inside a kernel or not, a plan is named by the entry's value.
  EXPECT_EQ(dims->getDims(tiles)[0].offsets, offsets);
}

TEST_P(EntryAnalysis, limits_indices_by_the_smallest_table) {
  EXPECT_EQ(getIndexLimit(entry.getArgument(0)), 60);
  EXPECT_EQ(getIndexLimit(entry.getArgument(1)), std::nullopt);
  EXPECT_EQ(getIndexLimit(entry.getArgument(2)), 2);
}

TEST_P(EntryAnalysis, limits_lengths_by_the_rows_for_positions) {
  EXPECT_EQ(getLengthLimit(entry), std::nullopt);
  parse(kPositions);
  auto get = [&](StringRef name) {
    return getLengthLimit(module->lookupSymbol<func::FuncOp>(name));
  };
  EXPECT_EQ(get("columns"), 12);
  EXPECT_EQ(get("non_pad"), 13);
}

TEST_P(EntryAnalysis, counts_work_by_row) {
  FailureOr<FlopCount> flops = computeFlops(entry);
  ASSERT_TRUE(succeeded(flops));
  // Two additions and the mean's; the mean's division and a linear of 2 * 8 * 4
  // for each sequence; two products of 2 * 8 and a softmax of 2 heads a pair.
  EXPECT_EQ(flops->token, 8 + 8 + 8);
  EXPECT_EQ(flops->sequence, 8 + 64);
  EXPECT_EQ(flops->pair, 16 + 16 + 2);
}

TEST_P(EntryAnalysis, counts_bytes_of_kernels) {
  if (!GetParam())
    return; // there are no calls before kernels are formed
  FailureOr<TokenDims> dims = TokenDims::compute(entry);
  ASSERT_TRUE(succeeded(dims));
  auto count = [&](StringRef name) {
    for (auto call : entry.getOps<tx::CallOp>())
      if (call.getKernel().contains(name)) {
        TrafficCount traffic = getTraffic(
            call, module->lookupSymbol<KernelOp>(call.getKernel()), *dims);
        return std::array{traffic.token, traffic.sequence, traffic.fixed};
      }
    return std::array<int64_t, 3>{};
  };
  using Bytes = std::array<int64_t, 3>;
  // Two arrays of indices, three gathered rows of 8 and the sum.
  EXPECT_EQ(count("embedding"), (Bytes{2 * 4 + 3 * 32 + 32, 0, 0}));
  // Rows in, offsets of one word more than sequences, rows out.
  EXPECT_EQ(count("pool_mean"), (Bytes{32, 4 + 32, 4}));
  EXPECT_EQ(count("pool_cls"), (Bytes{0, 32 + 4 + 32, 4})); // one row in
  EXPECT_EQ(count("linear"), (Bytes{0, 32 + 16, 4 * 8 * 4}));
}

INSTANTIATE_TEST_SUITE_P(, EntryAnalysis, testing::Bool(),
                         [](const testing::TestParamInfo<bool> &info) {
                           return info.param ? "Kernels" : "Ops";
                         });
