//===- EmitSanitizerTest.cpp - Instrumented artefacts ---------------------===//
//
// Instrumented objects are linked into programs that bring the sanitizer's
// runtime.
//
//===----------------------------------------------------------------------===//

#include "EmitTest.h"
#include "tx/Driver/Driver.h"

using namespace tx;
using namespace tx::test;

namespace {
class EmitSanitizerTest : public EmitTest {
protected:
  /// Links `source` and the test's object instrumented by `sanitizer`, and runs
  /// it.
  int compileAndRun(const char *source, Sanitizer sanitizer,
                    const char *option) {
    EmitOptions options;
    options.kind = EmitKind::Object;
    options.sanitizer = sanitizer;
    EXPECT_EQ(emit(file("model.o"), options), "");
    return linkAndRun(source, option);
  }

  /// Compiles a checkpoint as `txc compile` does, then the same.
  int importAndRun(const char *source, llvm::StringRef cpu, Sanitizer sanitizer,
                   const char *option) {
    std::unique_ptr<mlir::MLIRContext> context = makeContext();
    llvm::Expected<Model> model =
        loadModel(TX_SOURCE_DIR "/examples/models/sections-tiny", Head::Auto,
                  "", *context);
    if (!model) {
      ADD_FAILURE() << llvm::toString(model.takeError());
      return -1;
    }
    CompileOptions options;
    options.cpu = cpu.str();
    options.emit.kind = EmitKind::Object;
    options.emit.sanitizer = sanitizer;
    if (llvm::Error error = compileModel(*model, file("model.o"), options)) {
      ADD_FAILURE() << llvm::toString(std::move(error));
      return -1;
    }
    return linkAndRun(source, option);
  }

private:
  int linkAndRun(const char *source, const char *option) {
    write(file("main.c"), source);
    EXPECT_EQ(run("clang-22", {"-g", option, file("main.c"), file("model.o"),
                               "-o", file("main"), "-pthread"}),
              0)
        << read(file("err"));
    return run(file("main"), {});
  }
};
} // namespace

/// The output is shorter than the program says it is.
static const char *const kShortOutput = R"c(
#include "model.h"
#include <stdlib.h>
int main(void) {
  const tx_model *model = tx_model_v1();
  tx_options options = {.size = sizeof options, .max_tokens = 4, .max_sequences = 1};
  tx_context *context;
  if (model->create(&options, &context, 0, 0) != TX_OK)
    return 2;
  int32_t ids[] = {0, 1, 2, 3}, offsets[] = {0, 4};
  tx_tensor inputs[] = {{ids, TX_I32, 1, {4}, 0}, {offsets, TX_I32, 1, {2}, 0}};
  tx_tensor output = {.data = malloc(3 * sizeof(float)), .capacity = 16};
  model->run(context, 0, inputs, &output);
  return 0;
}
)c";

TEST_F(EmitSanitizerTest, AddressFindsAWriteBeyondTheOutput) {
  EXPECT_NE(
      compileAndRun(kShortOutput, Sanitizer::Address, "-fsanitize=address"), 0);
  EXPECT_TRUE(contains(read(file("err")), "heap-buffer-overflow"));
  EXPECT_TRUE(contains(read(file("err")), "tx_fn_table"));
}

/// Two contexts on two threads, each with workers of its own.
static const char *const kTwoContexts = R"c(
#include "model.h"
#include <pthread.h>
#include <stdio.h>
enum { TOKENS = 64 };
static void *serve(void *unused) {
  const tx_model *model = tx_model_v1();
  tx_options options = {.size = sizeof options, .threads = 3, .max_tokens = TOKENS, .max_sequences = 1};
  tx_context *context;
  char error[256];
  if (model->create(&options, &context, error, sizeof error) != TX_OK) {
    puts(error);
    return unused;
  }
  int32_t ids[TOKENS], offsets[] = {0, TOKENS};
  float values[TOKENS];
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < TOKENS; ++i)
      ids[i] = (i + round) % 4;
    tx_tensor inputs[] = {{ids, TX_I32, 1, {TOKENS}, 0}, {offsets, TX_I32, 1, {2}, 0}};
    tx_tensor output = {.data = values, .capacity = sizeof values};
    if (model->run(context, 0, inputs, &output) != TX_OK)
      puts(model->error(context));
    for (int i = 0; i < TOKENS; ++i)
      if (values[i] != (float)(10 + ids[i]))
        puts("wrong");
  }
  model->destroy(context);
  return 0;
}
int main(void) {
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i)
    pthread_create(&threads[i], 0, serve, 0);
  for (int i = 0; i < 2; ++i)
    pthread_join(threads[i], 0);
  return 0;
}
)c";

TEST_F(EmitSanitizerTest, ThreadIsClean) {
  EXPECT_EQ(compileAndRun(kTwoContexts, Sanitizer::Thread, "-fsanitize=thread"),
            0)
      << read(file("err"));
  EXPECT_EQ(read(file("out")), "");
}

TEST_F(EmitSanitizerTest, AddressIsClean) {
  EXPECT_EQ(
      compileAndRun(kTwoContexts, Sanitizer::Address, "-fsanitize=address"), 0)
      << read(file("err"));
  EXPECT_EQ(read(file("out")), "");
}

//===----------------------------------------------------------------------===//
// A whole encoder
//===----------------------------------------------------------------------===//

/// Two contexts with a worker each: same weights, same inputs, other outputs.
static const char *const kTwoEncoders = R"c(
#include "model.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
enum { SEQUENCES = 5, TOKENS = 64, LABELS = 12 };
static int32_t ids[TOKENS], offsets[] = {0, 1, 17, 20, 45, TOKENS};
static int32_t padded_ids[SEQUENCES * 25], mask[SEQUENCES * 25];
static float results[2][2][SEQUENCES * LABELS];
static void *serve(void *argument) {
  float (*result)[SEQUENCES * LABELS] = argument;
  const tx_model *model = tx_model_v1();
  tx_options options = {.size = sizeof options, .threads = 2,
                        .max_tokens = SEQUENCES * 25, .max_sequences = SEQUENCES};
  tx_context *context;
  char error[256];
  if (model->create(&options, &context, error, sizeof error) != TX_OK) {
    puts(error);
    return 0;
  }
  tx_tensor packed[] = {{ids, TX_I32, 1, {TOKENS}, 0},
                        {0, TX_I32, 1, {TOKENS}, 0},
                        {offsets, TX_I32, 1, {SEQUENCES + 1}, 0}};
  tx_tensor padded[] = {{padded_ids, TX_I32, 2, {SEQUENCES, 25}, 0},
                        {mask, TX_I32, 2, {SEQUENCES, 25}, 0},
                        {0, TX_I32, 2, {SEQUENCES, 25}, 0}};
  for (int round = 0; round < 10; ++round)
    for (int entry = 0; entry < 2; ++entry) {
      tx_tensor output = {.data = result[entry], .capacity = sizeof result[entry]};
      if (model->run(context, entry, entry ? padded : packed, &output) != TX_OK)
        puts(model->error(context));
    }
  model->destroy(context);
  return 0;
}
int main(void) {
  for (int i = 0; i < TOKENS; ++i)
    ids[i] = 5 + i * 37;
  for (int b = 0; b < SEQUENCES; ++b)
    for (int t = offsets[b]; t < offsets[b + 1]; ++t) {
      padded_ids[b * 25 + t - offsets[b]] = ids[t];
      mask[b * 25 + t - offsets[b]] = 1;
    }
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i)
    pthread_create(&threads[i], 0, serve, results[i]);
  for (int i = 0; i < 2; ++i)
    pthread_join(threads[i], 0);
  for (int i = 0; i < 2; ++i)
    for (int entry = 0; entry < 2; ++entry)
      if (results[i][entry][0] == 0 ||
          memcmp(results[i][entry], results[0][0], sizeof results[0][0]))
        puts("contexts and entries disagree");
  return 0;
}
)c";

/// The kernels' accesses are wider than what LLVM's pass instruments.
TEST_F(EmitSanitizerTest, ThreadSeesVectors) {
  EXPECT_EQ(importAndRun(kTwoEncoders, "x86-64-v3", Sanitizer::Thread,
                         "-fsanitize=thread"),
            0)
      << read(file("err"));
  EXPECT_EQ(read(file("out")), "");
  std::string object = read(file("model.o"));
  for (const char *name : {"__tsan_read_range", "__tsan_write_range"})
    EXPECT_TRUE(llvm::StringRef(object).contains(name)) << name;
}

TEST_F(EmitSanitizerTest, EncoderIsClean) {
  for (auto [sanitizer, option] :
       {std::pair(Sanitizer::Thread, "-fsanitize=thread"),
        std::pair(Sanitizer::Address, "-fsanitize=address")}) {
    EXPECT_EQ(importAndRun(kTwoEncoders, "native", sanitizer, option), 0)
        << read(file("err"));
    EXPECT_EQ(read(file("out")), "");
  }
}
