//===- EmitInputsTest.cpp - What models check of their inputs -------------===//
//
// The test's model with an input more, of another shape than the ids.
//
//===----------------------------------------------------------------------===//

#include "EmitTest.h"

using namespace tx;
using namespace tx::test;

namespace {
/// An input that is shorter than the values behind its address.
struct Input {
  std::vector<int32_t> values;
  std::vector<int64_t> shape;

  tx_tensor getTensor() {
    tx_tensor tensor = {values.data(), TX_I32, int32_t(shape.size()), {}, 0};
    std::copy(shape.begin(), shape.end(), tensor.shape);
    return tensor;
  }
};

/// Where tensors lie that are not as they should be.
struct Memory {
  int64_t inputShift = 0, outputShift = 0; ///< bytes
  int outputInInput = -1; ///< the number of the input that holds the output
};

class EmitInputsTest : public EmitTest {
protected:
  /// Why the model refuses `inputs`; empty if it takes them.
  std::string run(std::vector<Input> inputs, Memory memory = {}) {
    SharedLibrary library(file("model.so"));
    const tx_model *model = library.model("tx_model_v1");
    tx_options options = {};
    options.size = sizeof options;
    options.threads = 1;
    options.max_tokens = options.max_sequences = 16;
    tx_context *context;
    EXPECT_EQ(model->create(&options, &context, nullptr, 0), TX_OK);
    std::vector<tx_tensor> tensors;
    for (Input &input : inputs)
      tensors.push_back(input.getTensor());
    float values[16];
    void *target = values;
    if (memory.outputInInput >= 0)
      target = tensors[memory.outputInInput].data;
    tensors[0].data = static_cast<char *>(tensors[0].data) + memory.inputShift;
    tx_tensor output = {static_cast<char *>(target) + memory.outputShift,
                        TX_F32,
                        1,
                        {},
                        sizeof values};
    std::string error;
    if (model->run(context, 0, tensors.data(), &output) != TX_OK)
      error = model->error(context);
    model->destroy(context);
    return error;
  }
};
} // namespace

TEST_F(EmitInputsTest, OutputsHaveMemoryOfTheirOwn) {
  ASSERT_EQ(emit(file("model.so"), {}), "");
  Input ids{{0, 1, 2, 3}, {2}}, offsets{{0, 2, 0, 0}, {2}};
  EXPECT_EQ(run({ids, offsets}), "");
  const char *const in[] = {
      "output values shares memory with input_ids, expected memory of its own",
      "output values shares memory with offsets, expected memory of its own"};
  for (int input : {0, 1}) {
    Memory memory;
    memory.outputInInput = input;
    for (memory.outputShift = -4; memory.outputShift <= 4;
         memory.outputShift += 4)
      EXPECT_EQ(run({ids, offsets}, memory), in[input]) << memory.outputShift;
    memory.outputShift = 8; // the input has two elements
    EXPECT_EQ(run({ids, offsets}, memory), "");
  }
}

TEST_F(EmitInputsTest, AddressesAreAligned) {
  ASSERT_EQ(emit(file("model.so"), {}), "");
  Input ids{{0, 1, 2, 3}, {2}}, offsets{{0, 2}, {2}};
  Memory memory;
  memory.inputShift = 2;
  EXPECT_EQ(run({ids, offsets}, memory),
            "input_ids is at an address that is no multiple of 4");
  memory.inputShift = 0;
  memory.outputShift = 1;
  EXPECT_EQ(run({ids, offsets}, memory),
            "values is at an address that is no multiple of 4");
}

TEST_F(EmitInputsTest, StaticIndicesAreCheckedToTheirEnd) {
  replace("shape = array<i64: -3>}]",
          "shape = array<i64: -3>}, {name = \"languages\", dtype = \"i32\", "
          "shape = array<i64: 4>, limit = 2 : i64}]");
  ASSERT_EQ(emit(file("model.so"), {}), "");
  Input offsets{{0, 6}, {2}}, ids{{0, 1, 2, 3, 0, 1}, {6}};
  EXPECT_EQ(run({ids, offsets, {{0, 1, 1, 0, 9, 9}, {4}}}), "");
  offsets.values[1] = 2;
  ids.shape[0] = 2;
  EXPECT_EQ(run({ids, offsets, {{0, 1, 1, 5, 0, 0}, {4}}}),
            "languages holds 5 at element 3, expected 0 to 1");
}

TEST_F(EmitInputsTest, IndicesOfSequencesHaveNoMask) {
  replace("entry = \"packed\"", "entry = \"padded\"");
  replace("shape = array<i64: -1>, limit", "shape = array<i64: -2, -4>, limit");
  replace("{name = \"offsets\", dtype = \"i32\", shape = array<i64: -3>}",
          "{name = \"attention_mask\", dtype = \"i32\", "
          "shape = array<i64: -2, -4>}, {name = \"language\", dtype = \"i32\", "
          "shape = array<i64: -2>, limit = 2 : i64}");
  replace("shape = array<i64: -1>}]", "shape = array<i64: -2, -4>}]");
  ASSERT_EQ(emit(file("model.so"), {}), "");
  Input ids{{0, 1, 2, 3, 0, 1}, {2, 3}}, mask{{1, 0, 0, 1, 1, 1}, {2, 3}};
  EXPECT_EQ(run({ids, mask, {{1, 0, 9, 9, 9, 9}, {2}}}), "");
  EXPECT_EQ(run({ids, mask, {{1, 7, 0, 0, 0, 0}, {2}}}),
            "language holds 7 at element 1, expected 0 to 1");
  ids.values[3] = 4;
  EXPECT_EQ(run({ids, mask, {{1, 0}, {2}}}),
            "input_ids holds 4 at token 3, expected 0 to 3");
}
