//===- InterpreterTest.cpp - Each op against values computed by hand ------===//

#include "tx/Reference/Interpreter.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "tx/Checkpoint/Error.h"
#include "llvm/ADT/StringExtras.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace tx;

namespace {

Tensor floats(llvm::ArrayRef<int64_t> shape, std::vector<float> values) {
  return {{shape.begin(), shape.end()}, std::move(values)};
}

Tensor ints(llvm::ArrayRef<int64_t> shape, std::vector<int32_t> values) {
  return {{shape.begin(), shape.end()}, std::move(values)};
}

class InterpreterTest : public testing::Test {
protected:
  InterpreterTest() {
    context.loadDialect<TxDialect, mlir::func::FuncDialect>();
  }

  llvm::Expected<std::vector<Tensor>> run(llvm::StringRef text,
                                          llvm::ArrayRef<Tensor> inputs,
                                          llvm::StringRef entry = "f") {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text.str();
    if (!module)
      return makeError(ExitCode::Failure, "does not parse");
    ParamSource source(".");
    return interpret(*module, entry, inputs, source);
  }

  void expect(llvm::StringRef text, llvm::ArrayRef<Tensor> inputs,
              llvm::ArrayRef<Tensor> expected) {
    llvm::Expected<std::vector<Tensor>> results = run(text, inputs);
    ASSERT_TRUE(bool(results)) << llvm::toString(results.takeError());
    ASSERT_EQ(results->size(), expected.size());
    for (size_t r = 0; r < expected.size(); ++r) {
      const Tensor &actual = (*results)[r], &wanted = expected[r];
      EXPECT_EQ(actual.shape, wanted.shape);
      ASSERT_EQ(actual.data.index(), wanted.data.index());
      if (wanted.data.index() == 1) {
        EXPECT_EQ(actual.ints(), wanted.ints());
        continue;
      }
      ASSERT_EQ(actual.floats().size(), wanted.floats().size());
      for (size_t i = 0; i < wanted.floats().size(); ++i)
        EXPECT_FLOAT_EQ(actual.floats()[i], wanted.floats()[i])
            << "result " << r << ", element " << i;
    }
  }

  /// Expects a failure with that exit code, whose message holds `part`.
  void expectError(llvm::StringRef text, llvm::ArrayRef<Tensor> inputs,
                   ExitCode code, llvm::StringRef part) {
    llvm::Expected<std::vector<Tensor>> results = run(text, inputs);
    ASSERT_FALSE(bool(results));
    llvm::handleAllErrors(results.takeError(), [&](const tx::Error &error) {
      EXPECT_EQ(error.getCode(), code);
      EXPECT_TRUE(error.getMessage().contains(part))
          << error.getMessage().str();
    });
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

//===----------------------------------------------------------------------===//
// Linear, embedding, ffn
//===----------------------------------------------------------------------===//

TEST_F(InterpreterTest, Linear) {
  expect(R"(func.func @f(%x: tensor<?x2xf32>) -> tensor<?x3xf32> {
    %w = tx.param dense<[[1.0, 2.0], [3.0, 4.0], [0.0, -1.0]]> : tensor<3x2xf32>
    %b = tx.param dense<[0.5, 0.0, -0.5]> : tensor<3xf32>
    %0 = tx.linear %x, %w bias %b : (tensor<?x2xf32>, tensor<3x2xf32>, tensor<3xf32>) -> tensor<?x3xf32>
    return %0 : tensor<?x3xf32> })",
         {floats({2, 2}, {1, 1, 2, -1})},
         {floats({2, 3}, {3.5, 7, -1.5, 0.5, 2, 0.5})});
}

TEST_F(InterpreterTest, LinearAddsInDouble) {
  expect(R"(func.func @f(%x: tensor<?x3xf32>) -> tensor<?x1xf32> {
    %w = tx.param dense<1.0> : tensor<1x3xf32>
    %0 = tx.linear %x, %w : (tensor<?x3xf32>, tensor<1x3xf32>) -> tensor<?x1xf32>
    return %0 : tensor<?x1xf32> })",
         {floats({1, 3}, {1e8, 1, -1e8})}, {floats({1, 1}, {1})});
}

TEST_F(InterpreterTest, LinearOfBf16RoundsX) {
  // 1 + 2^-8 is halfway between two bf16, of which 1 is even; the weight is
  // rounded by its cast.
  expect(R"(func.func @f(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
    %w = tx.param dense<[[1.00390625, 2.0]]> : tensor<1x2xf32>
    %n = tx.cast %w : tensor<1x2xf32> to tensor<1x2xbf16>
    %0 = tx.linear %x, %n : (tensor<?x2xf32>, tensor<1x2xbf16>) -> tensor<?x1xf32>
    return %0 : tensor<?x1xf32> })",
         {floats({2, 2}, {1.00390625, 0, 1.01171875, 1})},
         {floats({2, 1}, {1, 3.015625})});
}

TEST_F(InterpreterTest, Embedding) {
  llvm::StringRef text =
      R"(func.func @f(%i: tensor<?xi32>) -> tensor<?x2xf32> {
    %t = tx.param dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
    %0 = tx.embedding %t, %i : (tensor<2x2xf32>, tensor<?xi32>) -> tensor<?x2xf32>
    return %0 : tensor<?x2xf32> })";
  expect(text, {ints({3}, {1, 0, 1})}, {floats({3, 2}, {3, 4, 1, 2, 3, 4})});
  expectError(text, {ints({2}, {0, 2})}, ExitCode::Input,
              "index 2 of token 1 is outside of its table");
  expectError(text, {ints({1}, {-1})}, ExitCode::Input, "index -1");
}

TEST_F(InterpreterTest, Ffn) {
  // down(relu(up(x)) with up = 2 x + 1 and down = 3 x - 1.
  llvm::StringRef text =
      R"(func.func @f(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {
    %u = tx.param dense<2.0> : tensor<1x1xf32>
    %ub = tx.param dense<1.0> : tensor<1xf32>
    %d = tx.param dense<3.0> : tensor<1x1xf32>
    %db = tx.param dense<-1.0> : tensor<1xf32>
    %0 = tx.ffn relu %x up %u bias %ub down %d down_bias %db : (tensor<?x1xf32>, tensor<1x1xf32>, tensor<1xf32>, tensor<1x1xf32>, tensor<1xf32>) -> tensor<?x1xf32>
    return %0 : tensor<?x1xf32> })";
  expect(text, {floats({2, 1}, {1, -2})}, {floats({2, 1}, {8, -1})});
}

TEST_F(InterpreterTest, GatedFfn) {
  // relu(gate) * up with gate = -x, up = 2 x, down = x.
  llvm::StringRef text =
      R"(func.func @f(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {
    %u = tx.param dense<2.0> : tensor<1x1xf32>
    %g = tx.param dense<-1.0> : tensor<1x1xf32>
    %d = tx.param dense<1.0> : tensor<1x1xf32>
    %0 = tx.ffn relu %x up %u gate %g down %d : (tensor<?x1xf32>, tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<?x1xf32>
    return %0 : tensor<?x1xf32> })";
  expect(text, {floats({2, 1}, {3, -3})}, {floats({2, 1}, {0, -18})});
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

static std::string attention(llvm::StringRef mask, int heads, int kvHeads) {
  return llvm::formatv(
             R"(func.func @f(%q: tensor<?x{1}xf32>, %k: tensor<?x{2}xf32>, %v: tensor<?x{2}xf32>, %o: tensor<?xi32>) -> tensor<?x{1}xf32> {{
    %0 = tx.attention {0} %q, %k, %v offsets %o, %o {{num_heads = {1}, num_kv_heads = {2}, scale = 1.0 : f32} : (tensor<?x{1}xf32>, tensor<?x{2}xf32>, tensor<?x{2}xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x{1}xf32>
    return %0 : tensor<?x{1}xf32> })",
             mask, heads, kvHeads)
      .str();
}

TEST_F(InterpreterTest, AttentionKeepsSequencesApart) {
  // Equal scores: the mean of the values of the own sequence.
  expect(attention("full", 1, 1),
         {floats({3, 1}, {0, 0, 0}), floats({3, 1}, {5, 7, 9}),
          floats({3, 1}, {1, 3, 8}), ints({3}, {0, 2, 3})},
         {floats({3, 1}, {2, 2, 8})});
}

TEST_F(InterpreterTest, AttentionWeighsByScore) {
  // Scores 0 and log 3: weights 1/4 and 3/4.
  float l = std::log(3.0);
  expect(attention("full", 1, 1),
         {floats({2, 1}, {1, 0}), floats({2, 1}, {0, l}),
          floats({2, 1}, {4, 8}), ints({2}, {0, 2})},
         {floats({2, 1}, {7, 6})});
}

TEST_F(InterpreterTest, CausalAttentionSeesThePast) {
  expect(attention("causal", 1, 1),
         {floats({3, 1}, {0, 0, 0}), floats({3, 1}, {1, 1, 1}),
          floats({3, 1}, {2, 4, 9}), ints({2}, {0, 3})},
         {floats({3, 1}, {2, 3, 5})});
}

TEST_F(InterpreterTest, HeadsShareKeysAndValues) {
  // Two heads of the query read the one of key and value.
  expect(attention("full", 2, 1),
         {floats({2, 2}, {0, 0, 0, 0}), floats({2, 1}, {1, 2}),
          floats({2, 1}, {2, 4}), ints({2}, {0, 2})},
         {floats({2, 2}, {3, 3, 3, 3})});
}

TEST_F(InterpreterTest, OffsetsAreChecked) {
  auto with = [](std::vector<int32_t> offsets) -> std::vector<Tensor> {
    Tensor x = floats({2, 1}, {0, 0});
    return {x, x, x, ints({int64_t(offsets.size())}, offsets)};
  };
  std::string text = attention("full", 1, 1);
  expectError(text, with({0}), ExitCode::Input, "offsets have 1 entries");
  expectError(text, with({1, 2}), ExitCode::Input, "offsets run from 1 to 2");
  expectError(text, with({0, 3}), ExitCode::Input, "expected 0 to the number");
  expectError(text, with({0, 0, 2}), ExitCode::Input,
              "sequence 0 has no tokens");
  expectError(text, with({0, 3, 2}), ExitCode::Input,
              "sequence 1 has no tokens");
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static std::string rowOp(llvm::StringRef op, int channels) {
  return llvm::formatv(
             R"(func.func @f(%x: tensor<?x{1}xf32>) -> tensor<?x{1}xf32> {{
    %w = tx.param dense<2.0> : tensor<{1}xf32>
    %b = tx.param dense<1.0> : tensor<{1}xf32>
    %0 = {0}
    return %0 : tensor<?x{1}xf32> })",
             op, channels)
      .str();
}

TEST_F(InterpreterTest, LayerNorm) {
  // Mean 2, variance 1: (-1, 1) times 2 plus 1.
  expect(rowOp("tx.layer_norm %x, %w, %b {eps = 0.0 : f32} : tensor<?x2xf32>, "
               "tensor<2xf32>, tensor<2xf32>",
               2),
         {floats({1, 2}, {1, 3})}, {floats({1, 2}, {-1, 3})});
}

TEST_F(InterpreterTest, LayerNormEps) {
  // Variance 1 and eps 3: the deviations are halved.
  expect(rowOp("tx.layer_norm %x, %w, %b {eps = 3.0 : f32} : tensor<?x2xf32>, "
               "tensor<2xf32>, tensor<2xf32>",
               2),
         {floats({1, 2}, {1, 3})}, {floats({1, 2}, {0, 2})});
}

TEST_F(InterpreterTest, RmsNorm) {
  // Mean square 4: half of each, times 2.
  expect(rowOp("tx.rms_norm %x, %w {eps = 0.0 : f32} : tensor<?x2xf32>, "
               "tensor<2xf32>",
               2),
         {floats({1, 2}, {2, -2})}, {floats({1, 2}, {2, -2})});
}

TEST_F(InterpreterTest, Softmax) {
  float l = std::log(3.0);
  expect(rowOp("tx.softmax %x : tensor<?x2xf32>", 2),
         {floats({2, 2}, {0, l, 500, 500})},
         {floats({2, 2}, {0.25, 0.75, 0.5, 0.5})});
}

TEST_F(InterpreterTest, Normalize) {
  expect(rowOp("tx.normalize %x {eps = 1.0 : f32} : tensor<?x2xf32>", 2),
         {floats({2, 2}, {3, 4, 0.25, 0})},
         {floats({2, 2}, {0.6, 0.8, 0.25, 0})});
}

TEST_F(InterpreterTest, Activations) {
  auto check = [&](llvm::StringRef kind, std::vector<float> expected) {
    expect(rowOp(("tx.activation " + kind + " %x : tensor<?x3xf32>").str(), 3),
           {floats({1, 3}, {-1, 0, 2})}, {floats({1, 3}, expected)});
  };
  check("relu", {0, 0, 2});
  check("tanh", {-0.761594156f, 0, 0.964027580f});
  check("silu", {-0.268941421f, 0, 1.761594156f});
  check("gelu", {-0.158655254f, 0, 1.954499736f});
  check("gelu_tanh", {-0.158808009f, 0, 1.954597694f});
}

TEST_F(InterpreterTest, AddAndMul) {
  llvm::StringRef text =
      R"(func.func @f(%x: tensor<?x2xf32>, %y: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
    %0 = tx.add %x, %y : tensor<?x2xf32>
    %1 = tx.mul %x, %y : tensor<?x2xf32>
    return %0, %1 : tensor<?x2xf32>, tensor<?x2xf32> })";
  expect(text, {floats({1, 2}, {1, 2}), floats({1, 2}, {3, -4})},
         {floats({1, 2}, {4, -2}), floats({1, 2}, {3, -8})});
  expectError(text, {floats({1, 2}, {1, 2}), floats({2, 2}, {1, 2, 3, 4})},
              ExitCode::Input, "operands of tx.add have 1 and 2 rows");
}

TEST_F(InterpreterTest, Slice) {
  expect(
      R"(func.func @f(%x: tensor<?x3xf32>) -> (tensor<?x2xf32>, tensor<?xf32>) {
    %0 = tx.slice %x[1] : tensor<?x3xf32> to tensor<?x2xf32>
    %1 = tx.slice %x[0] : tensor<?x3xf32> to tensor<?xf32>
    return %0, %1 : tensor<?x2xf32>, tensor<?xf32> })",
      {floats({2, 3}, {1, 2, 3, 4, 5, 6})},
      {floats({2, 2}, {2, 3, 5, 6}), floats({2}, {1, 4})});
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

TEST_F(InterpreterTest, PackTokensByColumn) {
  llvm::StringRef text =
      R"(func.func @f(%m: tensor<?x?xi32>, %i: tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) {
    %0, %1, %2 = tx.pack_tokens column %m, %i : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
    return %0, %1, %2 : tensor<?xi32>, tensor<?xi32>, tensor<?xi32> })";
  expect(
      text,
      {ints({2, 3}, {0, 1, 1, 1, 0, 1}), ints({2, 3}, {9, 5, 6, 7, 9, 8})},
      {ints({4}, {5, 6, 7, 8}), ints({3}, {0, 2, 4}), ints({4}, {1, 2, 0, 2})});
  expectError(text, {ints({1, 2}, {0, 0}), ints({1, 2}, {1, 2})},
              ExitCode::Input, "sequence 0 has no tokens");
  expectError(text, {ints({0, 2}, {}), ints({0, 2}, {})}, ExitCode::Input,
              "the batch is empty");
  expectError(text, {ints({1, 2}, {1, 1}), ints({1, 1}, {1})}, ExitCode::Input,
              "an input is 1 by 1, its mask 1 by 2");
}

TEST_F(InterpreterTest, PackTokensCountsNonPad) {
  // pad_id 1: 2, 3, ... for what is not padding, 1 for what is.
  expect(
      R"(func.func @f(%m: tensor<?x?xi32>, %i: tensor<?x?xi32>) -> tensor<?xi32> {
    %0, %1, %2 = tx.pack_tokens non_pad %m, %i {pad_id = 1 : i64} : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
    return %2 : tensor<?xi32> })",
      {ints({1, 4}, {1, 0, 1, 1}), ints({1, 4}, {7, 8, 1, 9})},
      {ints({3}, {2, 1, 4})});
}

TEST_F(InterpreterTest, UnpackTokens) {
  llvm::StringRef text =
      R"(func.func @f(%x: tensor<?x1xf32>, %o: tensor<?xi32>, %m: tensor<?x?xi32>) -> tensor<?x?x1xf32> {
    %0 = tx.unpack_tokens %x, %o, %m : (tensor<?x1xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x1xf32>
    return %0 : tensor<?x?x1xf32> })";
  expect(text,
         {floats({2, 1}, {3, 4}), ints({3}, {0, 1, 2}),
          ints({2, 2}, {0, 1, 1, 0})},
         {floats({2, 2, 1}, {0, 3, 4, 0})});
  expectError(text,
              {floats({2, 1}, {3, 4}), ints({2}, {0, 2}), ints({1, 2}, {0, 1})},
              ExitCode::Input, "the mask keeps 1 entries, there are 2 tokens");
}

TEST_F(InterpreterTest, Positions) {
  expect(
      R"(func.func @f(%i: tensor<?xi32>, %o: tensor<?xi32>) -> (tensor<?xi32>, tensor<?xi32>) {
    %0 = tx.positions column %i, %o : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
    %1 = tx.positions non_pad %i, %o {pad_id = 1 : i64} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
    return %0, %1 : tensor<?xi32>, tensor<?xi32> })",
      {ints({4}, {5, 1, 6, 7}), ints({3}, {0, 3, 4})},
      {ints({4}, {0, 1, 2, 0}), ints({4}, {2, 1, 3, 2})});
}

TEST_F(InterpreterTest, Pool) {
  expect(
      R"(func.func @f(%x: tensor<?x2xf32>, %o: tensor<?xi32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
    %0 = tx.pool cls %x, %o : (tensor<?x2xf32>, tensor<?xi32>) -> tensor<?x2xf32>
    %1 = tx.pool mean %x, %o : (tensor<?x2xf32>, tensor<?xi32>) -> tensor<?x2xf32>
    return %0, %1 : tensor<?x2xf32>, tensor<?x2xf32> })",
      {floats({3, 2}, {1, 2, 3, 4, 5, 6}), ints({3}, {0, 2, 3})},
      {floats({2, 2}, {1, 2, 5, 6}), floats({2, 2}, {2, 3, 5, 6})});
}

//===----------------------------------------------------------------------===//
// Calls, parameters, entries
//===----------------------------------------------------------------------===//

TEST_F(InterpreterTest, FollowsCallsAndKernels) {
  expect(R"(
  tx.kernel @twice(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %0 = tx.add %x, %x : tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func private @square(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {
    %0 = tx.mul %x, %x : tensor<?x1xf32>
    return %0 : tensor<?x1xf32>
  }
  func.func @f(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {
    %0 = tx.call @twice(%x) : (tensor<?x1xf32>) -> tensor<?x1xf32>
    %1 = func.call @square(%0) : (tensor<?x1xf32>) -> tensor<?x1xf32>
    return %1 : tensor<?x1xf32>
  })",
         {floats({1, 1}, {3})}, {floats({1, 1}, {36})});
}

TEST_F(InterpreterTest, PlanAndTiledAttention) {
  expect(
      R"(func.func @f(%x: tensor<?x1xf32>, %o: tensor<?xi32>) -> (tensor<?x2xi32>, tensor<?x1xf32>) {
    %t = tx.plan_tiles %o rows 2 : (tensor<?xi32>) -> tensor<?x2xi32>
    %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %t {num_heads = 1, num_kv_heads = 1, scale = 1.0 : f32} : (tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x1xf32>
    return %t, %0 : tensor<?x2xi32>, tensor<?x1xf32> })",
      {floats({4, 1}, {2, 2, 2, 5}), ints({3}, {0, 3, 4})},
      {ints({3, 2}, {0, 0, 0, 2, 1, 3}), floats({4, 1}, {2, 2, 2, 5})});
}

TEST_F(InterpreterTest, CastsAndPacks) {
  // 1 + 2^-9 is between two numbers of bf16 and rounds to 1; 3.0 is exact.
  expect(R"(func.func @f(%x: tensor<?x1xf32>) -> tensor<?x2xf32> {
    %w = tx.param dense<[[1.001953125], [3.0]]> : tensor<2x1xf32>
    %h = tx.cast %w : tensor<2x1xf32> to tensor<2x1xbf16>
    %s = tx.cast %h : tensor<2x1xbf16> to tensor<2x1xf32>
    %p = tx.pack %s : tensor<2x1xf32> to tensor<2x1xf32, #tx.layout<panels = 16>>
    %0 = tx.linear %x, %p : (tensor<?x1xf32>, tensor<2x1xf32, #tx.layout<panels = 16>>) -> tensor<?x2xf32>
    return %0 : tensor<?x2xf32> })",
         {floats({1, 1}, {1})}, {floats({1, 2}, {1, 3})});
}

TEST_F(InterpreterTest, StoredHalves) {
  expect(R"(func.func @f(%x: tensor<?x1xf32>) -> tensor<?x2xf32> {
    %w = tx.param dense<[[1.5], [-0.25]]> : tensor<2x1xf16>
    %s = tx.cast %w : tensor<2x1xf16> to tensor<2x1xf32>
    %0 = tx.linear %x, %s : (tensor<?x1xf32>, tensor<2x1xf32>) -> tensor<?x2xf32>
    return %0 : tensor<?x2xf32> })",
         {floats({1, 1}, {2})}, {floats({1, 2}, {3, -0.5})});
}

TEST_F(InterpreterTest, InputsAreChecked) {
  llvm::StringRef text =
      R"(func.func @f(%x: tensor<?x2xf32> {tx.name = "states"}) -> tensor<?x2xf32> {
    %0 = tx.add %x, %x : tensor<?x2xf32>
    return %0 : tensor<?x2xf32> })";
  expectError(text, {}, ExitCode::Input, "@f takes 1 inputs, got 0");
  expectError(text, {ints({1, 2}, {1, 2})}, ExitCode::Input,
              "states holds i32 values, expected f32");
  expectError(text, {floats({1, 3}, {1, 2, 3})}, ExitCode::Input,
              "states has shape (1, 3), expected (?, 2)");
  expectError(text, {floats({2, 2}, {1, 2, 3})}, ExitCode::Input,
              "states has 3 elements for shape (2, 2)");
  ParamSource source(".");
  llvm::Expected<std::vector<Tensor>> results =
      interpret(*module, "missing", {}, source);
  ASSERT_FALSE(bool(results));
  EXPECT_EQ(llvm::toString(results.takeError()),
            "the model has no entry 'missing'");
}

/// Types may leave channels open; operands must agree all the same.
TEST_F(InterpreterTest, OpenSizesAreChecked) {
  auto apply = [&](llvm::StringRef op, llvm::ArrayRef<Tensor> inputs,
                   llvm::StringRef part) {
    std::string text = "func.func @f(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, "
                       "%v: tensor<?xf32>, %o: tensor<?xi32>) -> "
                       "tensor<?x?xf32> {\n%0 = " +
                       op.str() + "\nreturn %0 : tensor<?x?xf32> }";
    expectError(text, inputs, ExitCode::Input, part);
  };
  Tensor x = floats({1, 2}, {1, 2}), y = floats({1, 3}, {1, 2, 3}),
         v = floats({1}, {1}), none = floats({1, 0}, {}), o = ints({2}, {0, 1});
  apply("tx.linear %x, %y : (tensor<?x?xf32>, tensor<?x?xf32>) -> "
        "tensor<?x?xf32>",
        {x, y, v, o}, "x has 2 channels, the weight 3 columns");
  apply("tx.linear %x, %y bias %v : (tensor<?x?xf32>, tensor<?x?xf32>, "
        "tensor<?xf32>) -> tensor<?x?xf32>",
        {x, floats({2, 2}, {1, 2, 3, 4}), v, o},
        "the bias of tx.linear has 1 channels, expected 2");
  apply("tx.add %x, %y : tensor<?x?xf32>", {x, y, v, o},
        "the second operand of tx.add has 3 channels, expected 2");
  apply("tx.mul %x, %y : tensor<?x?xf32>", {x, y, v, o},
        "the second operand of tx.mul has 3 channels, expected 2");
  apply("tx.layer_norm %x, %v, %v {eps = 0.0 : f32} : tensor<?x?xf32>, "
        "tensor<?xf32>, tensor<?xf32>",
        {x, y, v, o}, "the weight of tx.layer_norm has 1 channels, expected 2");
  apply("tx.rms_norm %x, %v {eps = 0.0 : f32} : tensor<?x?xf32>, tensor<?xf32>",
        {x, y, v, o}, "the weight of tx.rms_norm has 1 channels, expected 2");
  apply("tx.softmax %x : tensor<?x?xf32>", {none, y, v, o},
        "rows have no channels");
  apply("tx.slice %x[3] : tensor<?x?xf32> to tensor<?x?xf32>", {x, y, v, o},
        "tx.slice takes -1 channels from 3 on, of 2");
  auto attend = [&](const Tensor &query, const Tensor &key, const Tensor &value,
                    llvm::StringRef part) {
    expectError(
        R"(func.func @f(%q: tensor<?x?xf32>, %k: tensor<?x?xf32>, %v: tensor<?x?xf32>, %o: tensor<?xi32>) -> tensor<?x?xf32> {
    %0 = tx.attention full %q, %k, %v offsets %o, %o {num_heads = 2, num_kv_heads = 2, scale = 1.0 : f32}
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x?xf32>
    return %0 : tensor<?x?xf32> })",
        {query, key, value, o}, ExitCode::Input, part);
  };
  attend(y, x, x,
         "the query of tx.attention has 3 channels, expected a "
         "multiple of 2 heads");
  attend(x, y, x, "the key of tx.attention has 3 channels, expected 2");
  attend(x, x, y,
         "the value of tx.attention has 3 channels, expected a "
         "multiple of 2 heads");
}

TEST_F(InterpreterTest, LongChainsOfCasts) {
  std::string text = "func.func @f(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {\n"
                     "  %0 = tx.param dense<2.0> : tensor<1x2xf32>\n";
  int count = 50000;
  for (int i = 0; i < count; ++i)
    text += "  %" + std::to_string(i + 1) + " = tx.cast %" + std::to_string(i) +
            (i % 2 ? " : tensor<1x2xbf16> to tensor<1x2xf32>\n"
                   : " : tensor<1x2xf32> to tensor<1x2xbf16>\n");
  std::string last = std::to_string(count);
  text += "  %y = tx.linear %x, %" + last +
          " : (tensor<?x2xf32>, tensor<1x2xf32>) -> tensor<?x1xf32>\n"
          "  return %y : tensor<?x1xf32> }";
  expect(text, {floats({1, 2}, {1, 2})}, {floats({1, 1}, {6})});
}

TEST_F(InterpreterTest, EndlessCalls) {
  expectError(R"(func.func @f(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
    %0 = func.call @f(%x) : (tensor<?x2xf32>) -> tensor<?x2xf32>
    return %0 : tensor<?x2xf32> })",
              {floats({1, 2}, {1, 2})}, ExitCode::Unsupported,
              "calls of @f are more than 64 deep");
}

TEST_F(InterpreterTest, UnknownOp) {
  context.allowUnregisteredDialects();
  expectError(R"(func.func @f(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
    %0 = "other.op"(%x) : (tensor<?x2xf32>) -> tensor<?x2xf32>
    return %0 : tensor<?x2xf32> })",
              {floats({1, 2}, {1, 2})}, ExitCode::Unsupported,
              "the reference does not know 'other.op'");
}

} // namespace
