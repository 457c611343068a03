//===- EmitTest.cpp - Files from a lowered module -------------------------===//
//
// A module as phase `lower` leaves it, written by hand: one kernel that looks
// up a table of weights. What is emitted is loaded and run.
//
//===----------------------------------------------------------------------===//

#include "EmitTest.h"
#include "tx/Runtime/tx_program.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include <csignal>
#include <dlfcn.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace tx;
using namespace tx::test;

//===----------------------------------------------------------------------===//
// Shared objects
//===----------------------------------------------------------------------===//

TEST_F(EmitTest, SharedObjectRuns) {
  std::string path = file("model.so");
  ASSERT_EQ(emit(path, {}), "");
  SharedLibrary library(path);
  const tx_model *model = library.model("tx_model_v1");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->abi_version, TX_ABI_VERSION);
  EXPECT_STREQ(model->isa, "x86-64-v3");
  EXPECT_EQ(model->weights_size, 128);
  EXPECT_EQ(lookUp(model, {3, 0, 2}), (std::vector<float>{13, 10, 12}));
}

TEST_F(EmitTest, OptionsMayBeOfAnOlderCaller) {
  ASSERT_EQ(emit(file("model.so"), {}), "");
  SharedLibrary library(file("model.so"));
  const tx_model *model = library.model("tx_model_v1");
  // Without `affinity`; what stands there is not read.
  EXPECT_EQ(createError(model, offsetof(tx_options, affinity), 77), "");
  EXPECT_EQ(createError(model, sizeof(tx_options), 77),
            "affinity 77 is unknown");
  EXPECT_TRUE(contains(createError(model, 12), "options have 12 bytes"));
}

TEST_F(EmitTest, ContextBytesAreNegativeForWrongOptions) {
  ASSERT_EQ(emit(file("model.so"), {}), "");
  SharedLibrary library(file("model.so"));
  const tx_model *model = library.model("tx_model_v1");
  tx_options options = {};
  options.size = sizeof options;
  options.threads = TX_MAX_THREADS;
  options.max_tokens = options.max_sequences = 1;
  EXPECT_GT(model->context_bytes(&options), 0);
  options.threads = TX_MAX_THREADS + 1;
  EXPECT_EQ(model->context_bytes(&options), -1);
  EXPECT_EQ(model->context_bytes(nullptr), -1);
  char error[256] = "";
  tx_context *context;
  EXPECT_EQ(model->create(&options, &context, error, sizeof error),
            TX_ERROR_ARGUMENT);
  EXPECT_STREQ(error, "1025 threads are asked for, expected 1 to 1024");
}

TEST_F(EmitTest, IsReproducible) {
  for (EmitKind kind : {EmitKind::SharedObject, EmitKind::Object,
                        EmitKind::Llvm, EmitKind::Assembly}) {
    EmitOptions options;
    options.kind = kind;
    ASSERT_EQ(emit(file("first.o"), options), "");
    ASSERT_EQ(emit(file("second.o"), options), "");
    EXPECT_EQ(read(file("first.o")), read(file("second.o")));
  }
}

TEST_F(EmitTest, ExportsOneFunctionUnderThePrefix) {
  EmitOptions options;
  options.symbolPrefix = "my_model";
  std::string path = file("model.so");
  ASSERT_EQ(emit(path, options), "");
  EXPECT_EQ(exportedSymbols(path), std::vector<std::string>{"my_model_v1"});
}

TEST_F(EmitTest, NeedsOnlyLibc) {
  std::string path = file("model.so");
  ASSERT_EQ(emit(path, {}), "");
  // Nothing outside the C library, which every process has.
  for (const std::string &name : undefinedSymbols(path))
    EXPECT_NE(dlsym(RTLD_DEFAULT, name.c_str()), nullptr) << name;
}

TEST_F(EmitTest, EndsInAFooter) {
  std::string path = file("model.so");
  ASSERT_EQ(emit(path, {}), "");
  std::string bytes = read(path);
  tx_weights_footer footer;
  ASSERT_GT(bytes.size(), sizeof footer);
  std::memcpy(&footer, bytes.data() + bytes.size() - sizeof footer,
              sizeof footer);
  EXPECT_STREQ(footer.magic, TX_FOOTER_MAGIC);
  EXPECT_EQ(footer.offset % (2 << 20), 0);
  EXPECT_EQ(footer.size, 128);
  EXPECT_EQ(size_t(footer.offset + footer.size) + sizeof footer, bytes.size());
  const float *weights =
      reinterpret_cast<const float *>(bytes.data() + footer.offset);
  EXPECT_EQ(weights[0], 10);
  EXPECT_EQ(weights[3], 13);
  EXPECT_EQ(weights[16], 7); // the second store, at 64
}

TEST_F(EmitTest, DamagedFilesAreRefused) {
  std::string path = file("model.so");
  ASSERT_EQ(emit(path, {}), "");
  std::string bytes = read(path);
  write(file("short.so"), bytes.substr(0, bytes.size() - 8));
  SharedLibrary shortened(file("short.so"));
  EXPECT_TRUE(contains(createError(shortened.model("tx_model_v1")),
                       "does not end in weights"));

  bytes[bytes.size() - 1] ^= 1; // in the digest
  write(file("other.so"), bytes);
  SharedLibrary other(file("other.so"));
  EXPECT_TRUE(contains(createError(other.model("tx_model_v1")),
                       "belong to another model"));
}

TEST_F(EmitTest, DigestFollowsTheWeights) {
  ASSERT_EQ(emit(file("a.so"), {}), "");
  replace("13.0", "14.0");
  ASSERT_EQ(emit(file("b.so"), {}), "");
  auto digest = [&](llvm::StringRef name) {
    std::string bytes = read(file(name));
    return bytes.substr(bytes.size() - 32);
  };
  EXPECT_NE(digest("a.so"), digest("b.so"));
}

TEST_F(EmitTest, MetadataDescribesTheArtefact) {
  ASSERT_EQ(emit(file("model.so"), {}), "");
  SharedLibrary library(file("model.so"));
  auto json = llvm::json::parse(library.model("tx_model_v1")->metadata);
  ASSERT_TRUE(bool(json)) << llvm::toString(json.takeError());
  const llvm::json::Object &object = *json->getAsObject();
  EXPECT_EQ(object.getString("format"), "tx");
  EXPECT_EQ(object.getInteger("abi_version"), TX_ABI_VERSION);
  EXPECT_EQ(object.getInteger("weights_bytes"), 128);
  const llvm::json::Array &variants = *object.getArray("variants");
  ASSERT_EQ(variants.size(), 1u);
  EXPECT_EQ(variants[0].getAsObject()->getObject("target")->getString("isa"),
            "x86-64-v3");
  EXPECT_EQ(object.getObject("model")->getString("family"), "table");
  const llvm::json::Object &entry =
      *object.getArray("entries")->front().getAsObject();
  EXPECT_EQ(entry.getString("name"), "packed");
  EXPECT_EQ(
      entry.getArray("inputs")->front().getAsObject()->getInteger("limit"), 4);
}

TEST_F(EmitTest, SanitizedCodeCallsTheSanitizer) {
  EmitOptions options;
  options.kind = EmitKind::Llvm;
  options.sanitizer = Sanitizer::Address;
  ASSERT_EQ(emit(file("a.ll"), options), "");
  EXPECT_TRUE(contains(read(file("a.ll")), "__asan_report_load"));
  options.sanitizer = Sanitizer::Thread;
  ASSERT_EQ(emit(file("t.ll"), options), "");
  EXPECT_TRUE(contains(read(file("t.ll")), "__tsan_read"));
}

TEST_F(EmitTest, RuntimeKeepsTheBaseline) {
  EmitOptions options;
  options.kind = EmitKind::Llvm;
  ASSERT_EQ(emit(file("a.ll"), options), "");
  std::string text = read(file("a.ll"));
  EXPECT_TRUE(contains(text, "\"target-cpu\"=\"x86-64-v3\""));
  EXPECT_TRUE(contains(text, "\"target-cpu\"=\"x86-64\""));
}

//===----------------------------------------------------------------------===//
// Variants
//===----------------------------------------------------------------------===//

namespace {
/// One variant for x86-64-v3, and one for x86-64 that tells by doubling.
class EmitVariantsTest : public EmitTest {
protected:
  void SetUp() override {
    EmitTest::SetUp();
    keepVariant();
    replace("isa = \"x86-64-v3\"", "isa = \"x86-64\"");
    replace("llvm.store %row, %to : f32",
            "%twice = llvm.fadd %row, %row : f32\n"
            "    llvm.store %twice, %to : f32");
    replace("tx.scratch = 64", "tx.scratch = 128");
    replace("token = 0, sequence = 0", "token = 64, sequence = 0");
  }
  void TearDown() override {
    unsetenv("TX_ISA");
    EmitTest::TearDown();
  }
};
} // namespace

TEST_F(EmitVariantsTest, TheBestThatTheMachineRunsIsChosen) {
  ASSERT_EQ(emit(file("model.so"), {}), "");
  {
    SharedLibrary library(file("model.so"));
    const tx_model *model = library.model("tx_model_v1");
    EXPECT_STREQ(model->isa, "x86-64-v3");
    EXPECT_EQ(lookUp(model, {3, 0, 2}), (std::vector<float>{13, 10, 12}));
  }
  setenv("TX_ISA", "x86-64", 1);
  SharedLibrary library(file("model.so"));
  const tx_model *model = library.model("tx_model_v1");
  EXPECT_STREQ(model->isa, "x86-64");
  EXPECT_EQ(lookUp(model, {3, 0, 2}), (std::vector<float>{26, 20, 24}));
}

TEST_F(EmitVariantsTest, TheLeastIsRefusedWhereNoneRuns) {
  replace("isa = \"x86-64\"", "isa = \"x86-64-v4\"");
  ASSERT_EQ(emit(file("model.so"), {}), "");
  setenv("TX_ISA", "x86-64", 1);
  SharedLibrary library(file("model.so"));
  const tx_model *model = library.model("tx_model_v1");
  EXPECT_STREQ(model->isa, "x86-64-v3");
  EXPECT_TRUE(
      contains(createError(model), "the model was compiled for x86-64-v3"));
}

TEST_F(EmitVariantsTest, MetadataListsThem) {
  ASSERT_EQ(emit(file("model.so"), {}), "");
  SharedLibrary library(file("model.so"));
  auto json =
      llvm::cantFail(llvm::json::parse(library.model("tx_model_v1")->metadata));
  const llvm::json::Object &object = *json.getAsObject();
  EXPECT_EQ(object.getArray("entries")->size(), 1u);
  EXPECT_EQ(object.getInteger("weights_bytes"), 128);
  const llvm::json::Array &variants = *object.getArray("variants");
  ASSERT_EQ(variants.size(), 2u);
  const llvm::json::Object &best = *variants[0].getAsObject();
  const llvm::json::Object &least = *variants[1].getAsObject();
  EXPECT_EQ(best.getObject("target")->getString("isa"), "x86-64-v3");
  EXPECT_EQ(best.getInteger("scratch_bytes"), 64);
  EXPECT_EQ(least.getObject("target")->getString("isa"), "x86-64");
  EXPECT_EQ(least.getInteger("scratch_bytes"), 128);
  EXPECT_EQ(
      least.getObject("workspaces")->getObject("packed")->getInteger("token"),
      64);
}

TEST_F(EmitVariantsTest, WeightsAppearOnce) {
  const float table[] = {10, 11, 12, 13};
  std::string needle(reinterpret_cast<const char *>(table), sizeof table);
  for (EmitKind kind : {EmitKind::SharedObject, EmitKind::Object}) {
    EmitOptions options;
    options.kind = kind;
    ASSERT_EQ(emit(file("model.o"), options), "");
    EXPECT_EQ(llvm::StringRef(read(file("model.o"))).count(needle), 1u);
  }
}

TEST_F(EmitVariantsTest, HeaderNamesThem) {
  EmitOptions options;
  options.kind = EmitKind::Object;
  ASSERT_EQ(emit(file("model.o"), options), "");
  EXPECT_TRUE(contains(read(file("model.h")), "for x86-64-v3, x86-64."));
}

TEST_F(EmitVariantsTest, OneForAnInstructionSet) {
  replace("isa = \"x86-64\"", "isa = \"x86-64-v3\"");
  EXPECT_EQ(emit(file("model.so"), {}), "two variants are for x86-64-v3");
  EXPECT_EQ(lastCode, ExitCode::Unsupported);
}

TEST_F(EmitVariantsTest, OneArchitecture) {
  replace("\"x86_64-unknown-linux-gnu\", isa = \"x86-64\"",
          "\"aarch64-unknown-linux-gnu\", isa = \"armv8-a\"");
  EXPECT_EQ(emit(file("model.so"), {}),
            "the variants are for 'x86_64-unknown-linux-gnu' and "
            "'aarch64-unknown-linux-gnu'");
  EXPECT_EQ(lastCode, ExitCode::Unsupported);
}

TEST_F(EmitVariantsTest, WeightsMustAgree) {
  replace("dense<7.0>", "dense<8.0>");
  EXPECT_EQ(emit(file("model.so"), {}),
            "the variants for x86-64-v3 and x86-64 cannot share their weights: "
            "they read different parameters, layouts or offsets");
  EXPECT_EQ(lastCode, ExitCode::Backend);
  replace("dense<8.0>", "dense<7.0>");
  replace("tx.weights @weights size 128", "tx.weights @weights size 192");
  replace("tx.store %1 at 64", "tx.store %1 at 128");
  EXPECT_TRUE(contains(emit(file("model.so"), {}), "cannot share"));
}

TEST_F(EmitVariantsTest, EntriesMustAgree) {
  replace("limit = 4", "limit = 3");
  EXPECT_EQ(emit(file("model.so"), {}),
            "the variants for x86-64-v3 and x86-64 have different entries");
  EXPECT_EQ(lastCode, ExitCode::Backend);
}

//===----------------------------------------------------------------------===//
// Failures
//===----------------------------------------------------------------------===//

TEST_F(EmitTest, BadPrefix) {
  for (const char *prefix : {"", "1st", "a-b", "a b", "ä"}) {
    EmitOptions options;
    options.symbolPrefix = prefix;
    EXPECT_TRUE(
        contains(emit(file("model.so"), options), "is not a C identifier"));
  }
  EXPECT_FALSE(llvm::sys::fs::exists(file("model.so")));
}

TEST_F(EmitTest, BadThreads) {
  EmitOptions options;
  options.threads = 0;
  EXPECT_EQ(emit(file("model.so"), options),
            "0 threads are asked for, expected 1 to 1024");
}

TEST_F(EmitTest, UnwritableOutput) {
  for (EmitKind kind : {EmitKind::SharedObject, EmitKind::Object,
                        EmitKind::Llvm, EmitKind::Assembly}) {
    EmitOptions options;
    options.kind = kind;
    EXPECT_TRUE(contains(emit(file("no/such/folder/model.o"), options),
                         "no/such/folder"));
    EXPECT_EQ(lastCode, ExitCode::File);
  }
}

TEST_F(EmitTest, MissingWeightsLeaveOldFilesAlone) {
  write(file("model.so"), "precious");
  replace("dense<[10.0, 11.0, 12.0, 13.0]>",
          "#tx.external<\"missing.safetensors\", \"w\">");
  EXPECT_TRUE(contains(emit(file("model.so"), {}), "missing.safetensors"));
  EXPECT_EQ(read(file("model.so")), "precious");
  EXPECT_EQ(listFiles(), std::vector<std::string>{"model.so"});
}

TEST_F(EmitTest, FullDiskLeavesOldFilesAlone) {
  write(file("model.so"), "precious");
  // A limit on the size of files stands for the disk: the file takes more than
  // 2 MiB. In a child, because limits stay.
  auto emitLimited = [&] {
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit{1 << 20, 1 << 20};
    setrlimit(RLIMIT_FSIZE, &limit);
    std::string message = emit(file("model.so"), {});
    fprintf(stderr, "%s", message.c_str());
    _exit(static_cast<int>(lastCode));
  };
  EXPECT_EXIT(emitLimited(), testing::ExitedWithCode(3), "model.so");
  EXPECT_EQ(read(file("model.so")), "precious");
  EXPECT_EQ(listFiles(), std::vector<std::string>{"model.so"});
}

TEST_F(EmitTest, HeaderWouldReplaceTheObject) {
  EmitOptions options;
  options.kind = EmitKind::Object;
  EXPECT_TRUE(contains(emit(file("model.h"), options), "name the object"));
}

TEST_F(EmitTest, ArtefactsNeedAFile) {
  EXPECT_EQ(emit("-", {}), "an artefact cannot be written to standard output");
  EXPECT_EQ(lastCode, ExitCode::Usage);
}

TEST_F(EmitTest, UnknownTarget) {
  replace("isa = \"x86-64-v3\"", "isa = \"riscv64\"");
  EXPECT_EQ(emit(file("model.so"), {}),
            "the target's instruction set 'riscv64' is unknown");
  EXPECT_EQ(lastCode, ExitCode::Unsupported);
  replace("isa = \"riscv64\"", "isa = \"armv8-a\"");
  EXPECT_EQ(emit(file("model.so"), {}),
            "x86_64 has no instruction set 'armv8-a'");
  EXPECT_EQ(lastCode, ExitCode::Unsupported);
  replace("x86_64-unknown-linux-gnu", "aarch64-apple-darwin");
  EXPECT_EQ(emit(file("model.so"), {}),
            "the target is 'aarch64-apple-darwin', expected x86_64, aarch64 or "
            "riscv64 Linux");
  EXPECT_EQ(lastCode, ExitCode::Unsupported);
}

TEST_F(EmitTest, UndefinedFunction) {
  replace("llvm.return %items : i64",
          "%more = llvm.call @elsewhere(%items) : (i64) -> i64\n"
          "    llvm.return %more : i64");
  replace("llvm.func @table_items",
          "llvm.func @elsewhere(i64) -> i64\n  llvm.func @table_items");
  EXPECT_EQ(emit(file("model.so"), {}),
            "generated code calls 'elsewhere', which is not defined");
}

TEST_F(EmitTest, WhatTheBackendRejects) {
  replace(
      "llvm.return %items : i64",
      "%more = llvm.inline_asm \"no such instruction\", \"=r\" : () -> i64\n"
      "    llvm.return %more : i64");
  EXPECT_TRUE(contains(emit(file("model.so"), {}), "LLVM rejects the code: "));
  EXPECT_EQ(lastCode, ExitCode::Backend);
  EXPECT_FALSE(llvm::sys::fs::exists(file("model.so")));
}

TEST_F(EmitTest, NotLowered) {
  replace("tx.kernels = [{name = \"table\"}], ", "");
  EXPECT_EQ(emit(file("model.so"), {}),
            "the module cannot be emitted: it has no tx.kernels");
}
