//===- EmitObjectTest.cpp - Object files in C programs --------------------===//
//
// Objects and headers are handed to a C compiler and the programs are run.
//
//===----------------------------------------------------------------------===//

#include "EmitTest.h"
#include "llvm/Object/ELFObjectFile.h"

using namespace tx;
using namespace tx::test;

namespace {
class EmitObjectTest : public EmitTest {
protected:
  std::string emitObject(llvm::StringRef name, llvm::StringRef prefix) {
    EmitOptions options;
    options.kind = EmitKind::Object;
    options.symbolPrefix = prefix.str();
    return emit(file(name), options);
  }
};
} // namespace

static const char *const kTwoModels = R"c(
#include "one.h"
#include "two.h"
#include <stdio.h>

static void look_up(const tx_model *model, int32_t id) {
  tx_options options = {.size = sizeof options, .max_tokens = 1, .max_sequences = 1};
  tx_context *context;
  char error[256] = "";
  if (model->create(&options, &context, error, sizeof error) != TX_OK) {
    printf("%s\n", error);
    return;
  }
  int32_t offsets[] = {0, 1};
  float value = 0;
  tx_tensor inputs[] = {{&id, TX_I32, 1, {1}, 0}, {offsets, TX_I32, 1, {2}, 0}};
  tx_tensor output = {.data = &value, .capacity = sizeof value};
  if (model->run(context, one_packed, inputs, &output) != TX_OK)
    printf("%s\n", model->error(context));
  printf("%g\n", value);
  model->destroy(context);
}

int main(void) {
  look_up(one_v1(), 3);
  look_up(two_v1(), 3);
  look_up(two_v1(), 4);
  return one_packed_in_offsets + two_packed_out_values;
}
)c";

TEST_F(EmitObjectTest, TwoModelsInOneProgram) {
  ASSERT_EQ(emitObject("one.o", "one"), "");
  replace("13.0", "14.0");
  ASSERT_EQ(emitObject("two.o", "two"), "");
  write(file("main.c"), kTwoModels);
  ASSERT_EQ(run("clang-22",
                {"-Wall", "-Wextra", "-Werror", file("main.c"), file("one.o"),
                 file("two.o"), "-pthread", "-o", file("main")}),
            0)
      << read(file("err"));
  EXPECT_EQ(run(file("main"), {}), 1);
  EXPECT_EQ(read(file("out")), "13\n14\ninput_ids holds 4 at token 0, expected "
                               "0 to 3\n0\n");
}

/// Prints whether a context adds the weights, 4 MiB, to the memory that may be
/// written to and belongs to no file, and what the last row is.
static const char *const kCopies = R"c(
#include "one.h"
#include <stdio.h>

static long count_anonymous_bytes(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[512], access[8];
  unsigned long begin, end, file, bytes = 0;
  while (fgets(line, sizeof line, maps))
    if (sscanf(line, "%lx-%lx %7s %*s %*s %lu", &begin, &end, access, &file) == 4 &&
        access[1] == 'w' && file == 0)
      bytes += end - begin;
  fclose(maps);
  return (long)bytes;
}

static void look_up(tx_weights_mode mode) {
  const tx_model *model = one_v1();
  tx_options options = {.size = sizeof options, .threads = 1, .max_tokens = 1,
                        .max_sequences = 1, .weights_mode = mode};
  tx_context *context;
  long before = count_anonymous_bytes();
  if (model->create(&options, &context, 0, 0) != TX_OK)
    return;
  int is_copied = count_anonymous_bytes() - before >= 4 << 20;
  int32_t id = 3, offsets[] = {0, 1};
  float value = 0;
  tx_tensor inputs[] = {{&id, TX_I32, 1, {1}, 0}, {offsets, TX_I32, 1, {2}, 0}};
  tx_tensor output = {.data = &value, .capacity = sizeof value};
  model->run(context, one_packed, inputs, &output);
  printf("%d %g\n", is_copied, value);
  model->destroy(context);
  printf("%d\n", count_anonymous_bytes() - before >= 4 << 20);
}

int main(void) {
  look_up(TX_WEIGHTS_MAP);
  look_up(TX_WEIGHTS_COPY);
  return 0;
}
)c";

TEST_F(EmitObjectTest, WeightsAreCopiedIfAskedFor) {
  replace("size 128", "size 4194368");
  replace("dense<7.0> : tensor<1xf32>", "dense<7.0> : tensor<1048576xf32>");
  replace("at 64 : tensor<1xf32>", "at 64 : tensor<1048576xf32>");
  ASSERT_EQ(emitObject("one.o", "one"), "");
  write(file("main.c"), kCopies);
  ASSERT_EQ(run("clang-22", {"-Wall", "-Wextra", "-Werror", file("main.c"),
                             file("one.o"), "-pthread", "-o", file("main")}),
            0)
      << read(file("err"));
  EXPECT_EQ(run(file("main"), {}), 0);
  EXPECT_EQ(read(file("out")), "0 13\n0\n1 13\n0\n");
}

TEST_F(EmitObjectTest, HeaderIsCPlusPlusToo) {
  ASSERT_EQ(emitObject("one.o", "one"), "");
  write(file("main.cpp"), "#include \"one.h\"\n#include \"one.h\"\n"
                          "int main() { return one_v1()->num_entries; }\n");
  ASSERT_EQ(run("clang++-22",
                {"-Wall", "-Wextra", "-Werror", "-pedantic", file("main.cpp"),
                 file("one.o"), "-pthread", "-o", file("main")}),
            0)
      << read(file("err"));
  EXPECT_EQ(run(file("main"), {}), 1);
}

TEST_F(EmitObjectTest, IsReadyForConstructorsOfItsProgram) {
  ASSERT_EQ(emitObject("one.o", "one"), "");
  write(file("main.cpp"), "#include \"one.h\"\n"
                          "static int entries = one_v1()->num_entries;\n"
                          "int main() { return entries; }\n");
  // Constructors run in the order of the linker's arguments.
  ASSERT_EQ(run("clang++-22", {file("main.cpp"), file("one.o"), "-pthread",
                               "-o", file("main")}),
            0)
      << read(file("err"));
  EXPECT_EQ(run(file("main"), {}), 1);
}

TEST_F(EmitObjectTest, WeightsAreALargeReadOnlySection) {
  ASSERT_EQ(emitObject("one.o", "one"), "");
  auto binary = llvm::cantFail(llvm::object::createBinary(file("one.o")));
  auto &object =
      llvm::cast<llvm::object::ELFObjectFileBase>(*binary.getBinary());
  int found = 0;
  for (llvm::object::ELFSectionRef section : object.sections()) {
    if (llvm::cantFail(section.getName()) != ".lrodata.tx_weights")
      continue;
    ++found;
    EXPECT_EQ(section.getSize(), 128u);
    EXPECT_EQ(section.getFlags(),
              uint64_t(llvm::ELF::SHF_ALLOC | llvm::ELF::SHF_X86_64_LARGE));
    llvm::StringRef bytes = llvm::cantFail(section.getContents());
    EXPECT_EQ(reinterpret_cast<const float *>(bytes.data())[3], 13);
  }
  EXPECT_EQ(found, 1);
}
