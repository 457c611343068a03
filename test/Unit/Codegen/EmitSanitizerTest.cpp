//===- EmitSanitizerTest.cpp - Instrumented artefacts ---------------------===//
//
// Instrumented objects are linked into programs that bring the sanitizer's
// runtime.
//
//===----------------------------------------------------------------------===//

#include "EmitTest.h"

using namespace tx;
using namespace tx::test;

namespace {
class EmitSanitizerTest : public EmitTest {
protected:
  /// Links `source` and an object instrumented by `sanitizer`, and runs it.
  int compileAndRun(const char *source, Sanitizer sanitizer,
                    const char *option) {
    EmitOptions options;
    options.kind = EmitKind::Object;
    options.sanitizer = sanitizer;
    EXPECT_EQ(emit(file("model.o"), options), "");
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
