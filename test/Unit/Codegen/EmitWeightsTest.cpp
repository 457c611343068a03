//===- EmitWeightsTest.cpp - Where weights come from ----------------------===//
//
// Shared objects map their weights from their own file, which may change, and
// are used in processes that fork.
//
//===----------------------------------------------------------------------===//

#include "EmitTest.h"
#include <atomic>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace tx;
using namespace tx::test;

namespace {
class EmitWeightsTest : public EmitTest {
protected:
  void SetUp() override {
    EmitTest::SetUp();
    ASSERT_EQ(emit(file("model.so"), {}), "");
  }
  /// As `txc compile` does: the loaded file stays what it is, without a name.
  void replaceFile() {
    replace("13.0", "14.0");
    ASSERT_EQ(emit(file("model.so"), {}), "");
  }
};
} // namespace

static tx_context *create(const tx_model *model, tx_weights_mode mode) {
  tx_options options = {};
  options.size = sizeof options;
  options.threads = 1;
  options.max_tokens = options.max_sequences = 1;
  options.weights_mode = mode;
  tx_context *context;
  char error[256] = "";
  EXPECT_EQ(model->create(&options, &context, error, sizeof error), TX_OK)
      << error;
  return context;
}

/// What the model has for id 3.
static float lookUpLast(const tx_model *model, tx_context *context) {
  int32_t id = 3, offsets[] = {0, 1};
  float value = 0;
  tx_tensor inputs[] = {{&id, TX_I32, 1, {1}, 0}, {offsets, TX_I32, 1, {2}, 0}};
  tx_tensor output = {&value, TX_F32, 1, {1}, sizeof value};
  EXPECT_EQ(model->run(context, 0, inputs, &output), TX_OK)
      << model->error(context);
  return value;
}

TEST_F(EmitWeightsTest, FileMayBeReplacedOnceTheyAreLoaded) {
  for (tx_weights_mode first : {TX_WEIGHTS_MAP, TX_WEIGHTS_COPY}) {
    SharedLibrary library(file("model.so"));
    const tx_model *model = library.model("tx_model_v1");
    tx_context *context = create(model, first);
    float expected = lookUpLast(model, context);
    model->destroy(context);
    if (first == TX_WEIGHTS_MAP)
      replaceFile();
    else
      ASSERT_EQ(unlink(file("model.so").c_str()), 0);
    for (tx_weights_mode mode : {TX_WEIGHTS_MAP, TX_WEIGHTS_COPY}) {
      context = create(model, mode);
      EXPECT_EQ(lookUpLast(model, context), expected);
      model->destroy(context);
    }
  }
}

TEST_F(EmitWeightsTest, FileReplacedBeforeTheyAreLoaded) {
  {
    SharedLibrary library(file("model.so"));
    replaceFile();
    EXPECT_EQ(createError(library.model("tx_model_v1")),
              file("model.so") +
                  " was replaced or removed while it was loaded, before its "
                  "weights were; load it again");
  }
  SharedLibrary library(file("model.so"));
  EXPECT_EQ(lookUp(library.model("tx_model_v1"), {3}), std::vector<float>{14});
}

TEST_F(EmitWeightsTest, MapsAndCopiesAreUsedSideBySide) {
  SharedLibrary library(file("model.so"));
  const tx_model *model = library.model("tx_model_v1");
  tx_context *mapped = create(model, TX_WEIGHTS_MAP);
  tx_context *copied = create(model, TX_WEIGHTS_COPY);
  tx_context *again = create(model, TX_WEIGHTS_COPY);
  model->destroy(copied);
  for (tx_context *context : {mapped, again}) {
    EXPECT_EQ(lookUpLast(model, context), 13);
    model->destroy(context);
  }
}

TEST_F(EmitWeightsTest, MappingGoesWithTheLibrary) {
  auto isMapped = [&] {
    std::ifstream maps("/proc/self/maps");
    std::string text(std::istreambuf_iterator<char>(maps), {});
    return llvm::StringRef(text).contains(file("model.so"));
  };
  {
    SharedLibrary library(file("model.so"));
    EXPECT_EQ(lookUp(library.model("tx_model_v1"), {3}),
              std::vector<float>{13});
    EXPECT_TRUE(isMapped());
  }
  EXPECT_FALSE(isMapped());
}

/// Most of the time a thread of the parent is loading; none of the child is.
TEST_F(EmitWeightsTest, ForkedChildrenLoadWhateverOtherThreadsDid) {
  SharedLibrary library(file("model.so"));
  const tx_model *model = library.model("tx_model_v1");
  std::atomic<bool> isDone{false};
  std::thread loader([&] {
    while (!isDone)
      model->destroy(create(model, TX_WEIGHTS_COPY));
  });
  int result = 0;
  for (int round = 0; round < 50 && result == 0; ++round) {
    pid_t child = fork();
    if (child == 0) {
      alarm(20); // ends a child that waits for ever
      bool isGood = true;
      for (tx_weights_mode mode : {TX_WEIGHTS_COPY, TX_WEIGHTS_MAP}) {
        tx_context *context = create(model, mode);
        isGood &= context && lookUpLast(model, context) == 13;
        model->destroy(context);
      }
      _exit(isGood ? 0 : 1);
    }
    if (child < 0 || waitpid(child, &result, 0) != child)
      result = -1;
  }
  isDone = true;
  loader.join();
  EXPECT_EQ(result, 0);
}
