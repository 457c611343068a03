//===- GoldenTest.cpp - Imported models against the framework -------------===//
//
// Each folder of test/Inputs/models is a small model with a batch and what the
// framework computes from it (test/Python/make_goldens.py). Reference evaluates
// the imported module on that batch.
//
//===----------------------------------------------------------------------===//

#include "tx/Import/Import.h"
#include "tx/Reference/Interpreter.h"
#include "llvm/Support/Path.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace tx;

// docs/numerics.md: float32 outputs against the framework.
static constexpr float kRelative = 1e-4f, kAbsolute = 1e-5f;

namespace {

/// A golden folder, opened, and its module.
class Golden : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    dir = std::string(TX_SOURCE_DIR "/test/Inputs/models/") + GetParam();
    auto opened = SafetensorsFile::open(dir + "/golden.safetensors");
    ASSERT_TRUE(bool(opened)) << llvm::toString(opened.takeError());
    file = std::move(*opened);
    auto imported = importModel(dir, Head::Auto, context);
    ASSERT_TRUE(bool(imported)) << llvm::toString(imported.takeError());
    module = std::move(*imported);
  }

  mlir::func::FuncOp getEntry(llvm::StringRef name) {
    return module->lookupSymbol<mlir::func::FuncOp>(name);
  }

  /// The golden array `name`, I32 or F32.
  Tensor load(llvm::StringRef name) {
    const TensorView *view = file->find(name);
    EXPECT_TRUE(view) << name.str();
    Tensor tensor;
    tensor.shape.assign(view->shape.begin(), view->shape.end());
    if (view->dtype == Dtype::I32) {
      auto *data = reinterpret_cast<const int32_t *>(view->bytes.data());
      tensor.data = std::vector<int32_t>(data, data + tensor.size());
    } else {
      auto *data = reinterpret_cast<const float *>(view->bytes.data());
      tensor.data = std::vector<float>(data, data + tensor.size());
    }
    return tensor;
  }

  /// Runs `entry` and compares outputs with what `expect` makes of goldens.
  void check(llvm::StringRef entry, llvm::ArrayRef<Tensor> inputs,
             llvm::function_ref<Tensor(Tensor)> expect) {
    ParamSource source(dir);
    auto results = interpret(*module, entry, inputs, source);
    ASSERT_TRUE(bool(results)) << llvm::toString(results.takeError());
    mlir::func::FuncOp function = getEntry(entry);
    for (auto [index, actual] : llvm::enumerate(*results)) {
      auto name =
          function.getResultAttrOfType<mlir::StringAttr>(index, kNameAttrName);
      Tensor expected = expect(load(name.getValue()));
      ASSERT_EQ(actual.shape, expected.shape) << name.str();
      for (int64_t i = 0; i < expected.size(); ++i)
        ASSERT_NEAR(actual.floats()[i], expected.floats()[i],
                    kAbsolute + kRelative * std::abs(expected.floats()[i]))
            << name.str() << " at " << i;
    }
  }

  mlir::MLIRContext context;
  std::string dir;
  std::unique_ptr<SafetensorsFile> file;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace

/// The rows of `padded`, (B,S,...), whose entry of `mask` is not zero.
static Tensor pack(const Tensor &padded, const Tensor &mask) {
  int64_t width = padded.size() / mask.size();
  auto gather = [&](const auto &values) {
    std::decay_t<decltype(values)> packed;
    for (int64_t i = 0; i < mask.size(); ++i)
      if (mask.ints()[i])
        packed.insert(packed.end(), values.begin() + i * width,
                      values.begin() + (i + 1) * width);
    return packed;
  };
  Tensor result;
  std::visit([&](const auto &values) { result.data = gather(values); },
             padded.data);
  result.shape.assign(padded.shape.begin() + 1, padded.shape.end());
  result.shape[0] = 0;
  for (int32_t visible : mask.ints())
    result.shape[0] += visible;
  return result;
}

TEST_P(Golden, padded_batch_gives_the_frameworks_answer) {
  std::vector<Tensor> inputs;
  mlir::func::FuncOp entry = getEntry("padded");
  for (unsigned i = 0; i < entry.getNumArguments(); ++i)
    inputs.push_back(load(
        entry.getArgAttrOfType<mlir::StringAttr>(i, kNameAttrName).getValue()));
  check("padded", inputs, [](Tensor tensor) { return tensor; });
}

TEST_P(Golden, packed_batch_gives_the_frameworks_answer) {
  // Packed tokens know no gaps, so rows with gaps are left out.
  Tensor mask = load("attention_mask");
  auto &visible = std::get<std::vector<int32_t>>(mask.data);
  int64_t columns = mask.shape[1];
  std::vector<int32_t> offsets = {0};
  for (auto row = visible.begin(); row != visible.end(); row += columns) {
    if (std::is_sorted(row, row + columns, std::greater<>()))
      offsets.push_back(offsets.back() + std::count(row, row + columns, 1));
    else
      std::fill(row, row + columns, 0);
  }
  std::vector<Tensor> inputs = {pack(load("input_ids"), mask)};
  if (getEntry("packed").getNumArguments() == 3)
    inputs.push_back(pack(load("token_type_ids"), mask));
  Tensor boundaries;
  boundaries.shape = {static_cast<int64_t>(offsets.size())};
  boundaries.data = offsets;
  inputs.push_back(boundaries);
  check("packed", inputs, [&](Tensor tensor) {
    bool perToken = tensor.shape.size() > 1 && tensor.shape[1] == columns;
    return perToken ? pack(tensor, mask) : tensor;
  });
}

INSTANTIATE_TEST_SUITE_P(Models, Golden,
                         testing::Values("bert-encoder", "bert-masked-lm",
                                         "bert-question-answering",
                                         "distilbert-sequence-classification",
                                         "roberta-sequence-classification",
                                         "roberta-token-classification",
                                         "sentence-embedding"),
                         [](const auto &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });
