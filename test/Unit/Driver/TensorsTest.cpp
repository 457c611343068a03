//===- TensorsTest.cpp - Inputs and outputs in files ----------------------===//

#include "tx/Driver/Tensors.h"
#include "tx/Checkpoint/Error.h"
#include "tx/Checkpoint/Safetensors.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace tx;

namespace {

class TensorsTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("tx-tensors", folder));
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  std::string file(llvm::StringRef name) const {
    return (folder + "/" + name).str();
  }

  /// The message of the failure to read `spec`, which is exit code 10.
  static std::string inputError(llvm::StringRef spec) {
    llvm::Expected<NamedTensors> inputs = readInputs(spec);
    if (inputs)
      return "no error";
    std::string message;
    llvm::handleAllErrors(inputs.takeError(), [&](const tx::Error &error) {
      EXPECT_EQ(error.getCode(), ExitCode::Input);
      message = error.getMessage().str();
    });
    return message;
  }

  /// Writes `bytes` as the only tensor of a file and reads it as inputs.
  llvm::Expected<NamedTensors>
  readTensor(Dtype dtype, std::vector<uint8_t> bytes, int64_t count) {
    TensorView view;
    view.dtype = dtype;
    view.shape = {count};
    view.bytes = bytes;
    EXPECT_FALSE(
        bool(writeSafetensors(file("ids.safetensors"), {{"input_ids", view}})));
    return readInputs(file("ids.safetensors"));
  }

  llvm::SmallString<128> folder;
};

using Ints = llvm::ArrayRef<int32_t>;
using Shape = llvm::ArrayRef<int64_t>;

TEST_F(TensorsTest, RowsOfOneLengthArePadded) {
  NamedTensors inputs = llvm::cantFail(readInputs(
      R"({"input_ids": [[1, 2], [3, 4]], "attention_mask": [[true, false], [true, true]]})"));
  EXPECT_EQ(Shape(inputs["input_ids"].shape), Shape({2, 2}));
  EXPECT_EQ(inputs["attention_mask"].ints(), Ints({1, 0, 1, 1}));
  EXPECT_EQ(llvm::cantFail(chooseEntry(inputs)), "padded");
}

TEST_F(TensorsTest, RowsOfUnequalLengthsArePacked) {
  NamedTensors inputs = llvm::cantFail(readInputs(
      R"({"input_ids": [[1, 2], [3]], "token_type_ids": [[0, 1], [0]]})"));
  EXPECT_EQ(inputs["input_ids"].ints(), Ints({1, 2, 3}));
  EXPECT_EQ(inputs["token_type_ids"].ints(), Ints({0, 1, 0}));
  EXPECT_EQ(inputs["offsets"].ints(), Ints({0, 2, 3}));
  EXPECT_EQ(llvm::cantFail(chooseEntry(inputs)), "packed");
}

TEST_F(TensorsTest, FlatListIsOneSequence) {
  NamedTensors inputs = llvm::cantFail(readInputs(R"({"input_ids": [7, 8]})"));
  EXPECT_EQ(inputs["offsets"].ints(), Ints({0, 2}));
  inputs = llvm::cantFail(
      readInputs(R"({"input_ids": [7, 8], "offsets": [0, 1, 2]})"));
  EXPECT_EQ(inputs["offsets"].ints(), Ints({0, 1, 2}));
}

TEST_F(TensorsTest, WrongJson) {
  EXPECT_EQ(inputError("{}"), "input input_ids is missing");
  EXPECT_EQ(inputError(R"({"input_ids": 3})"), "input_ids is no list");
  EXPECT_EQ(inputError(R"({"input_ids": [[1], 2]})"),
            "input_ids mixes lists and numbers");
  EXPECT_EQ(inputError(R"({"input_ids": [3000000000]})"),
            "input_ids holds 3000000000, which is no 32-bit number");
  EXPECT_EQ(
      inputError(R"({"input_ids": [[1, 2]], "token_type_ids": [[1], [1, 2]]})"),
      "the rows of token_type_ids have unequal lengths");
  EXPECT_NE(inputError(R"({"input_ids": [1], "input_ids": [2]})"), "no error");
}

TEST_F(TensorsTest, IntegersOfAllSizes) {
  EXPECT_EQ(
      llvm::cantFail(readTensor(Dtype::U8, {1, 255}, 2))["input_ids"].ints(),
      Ints({1, 255}));
  EXPECT_EQ(
      llvm::cantFail(readTensor(Dtype::I8, {1, 255}, 2))["input_ids"].ints(),
      Ints({1, -1}));
  EXPECT_EQ(
      llvm::cantFail(readTensor(Dtype::I16, {1, 1}, 1))["input_ids"].ints(),
      Ints({257}));
  EXPECT_EQ(llvm::cantFail(readTensor(Dtype::I64, {5, 0, 0, 0, 0, 0, 0, 0},
                                      1))["input_ids"]
                .ints(),
            Ints({5}));
  llvm::Expected<NamedTensors> large =
      readTensor(Dtype::I64, {0, 0, 0, 0, 1, 0, 0, 0}, 1);
  ASSERT_FALSE(bool(large));
  EXPECT_EQ(llvm::toString(large.takeError()),
            "input_ids holds 4294967296, which is no 32-bit number");
  llvm::Expected<NamedTensors> floats = readTensor(Dtype::F32, {0, 0, 0, 0}, 1);
  ASSERT_FALSE(bool(floats));
  EXPECT_EQ(llvm::toString(floats.takeError()),
            "input_ids has dtype F32, expected integers");
}

TEST_F(TensorsTest, OutputsComeBack) {
  NamedTensors outputs{{"x", Tensor{{1, 2}, std::vector<float>{0.5f, -2}}}};
  ASSERT_FALSE(bool(writeOutputs(outputs, file("out.safetensors"))));
  auto read = llvm::cantFail(SafetensorsFile::open(file("out.safetensors")));
  const TensorView *view = read->find("x");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->dtype, Dtype::F32);
  EXPECT_EQ(Shape(view->shape), Shape({1, 2}));
  EXPECT_EQ(memcmp(view->bytes.data(), outputs["x"].floats().data(), 8), 0);
}

TEST_F(TensorsTest, JsonHasNoInfinity) {
  NamedTensors outputs{
      {"x", Tensor{{2}, std::vector<float>{float(INFINITY), 1}}}};
  EXPECT_EQ(llvm::formatv("{0}", toJson(outputs)).str(),
            R"({"x":{"data":[null,1],"shape":[2]}})");
}

TEST_F(TensorsTest, UnknownEnding) {
  llvm::Error error = writeOutputs({}, file("out.npy"));
  EXPECT_TRUE(llvm::StringRef(llvm::toString(std::move(error)))
                  .starts_with("cannot tell the format of"));
}

} // namespace
