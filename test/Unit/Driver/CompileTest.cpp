//===- CompileTest.cpp - From text to answers, in one process -------------===//

#include "tx/Checkpoint/Error.h"
#include "tx/Driver/Driver.h"
#include "tx/Target/CpuTarget.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"
#include <cmath>
#include <fstream>
#include <list>

using namespace tx;

namespace {

/// input_ids -> logits = 2 * table[ids].
constexpr llvm::StringLiteral kModule = R"(
func.func @packed(%ids: tensor<?xi32> {tx.name = "input_ids"}, %offsets: tensor<?xi32> {tx.name = "offsets"})
    -> (tensor<?x3xf32> {tx.name = "logits"}) attributes {tx.entry = "packed"} {
  %t = tx.param dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %0 = tx.embedding %t, %ids : (tensor<2x3xf32>, tensor<?xi32>) -> tensor<?x3xf32>
  %1 = tx.add %0, %0 : tensor<?x3xf32>
  return %1 : tensor<?x3xf32>
}
)";

class CompileTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("tx-compile", folder));
    context = makeContext();
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  std::string file(llvm::StringRef name) const {
    return (folder + "/" + name).str();
  }
  llvm::Expected<Model> load(llvm::StringRef text) {
    std::string path = file("m.mlir");
    std::ofstream(path) << text.str();
    return loadModel(path, Head::Auto, "", *context);
  }
  static ExitCode codeOf(llvm::Error error, std::string &message) {
    ExitCode code = ExitCode::Ok;
    llvm::handleAllErrors(std::move(error), [&](const tx::Error &e) {
      code = e.getCode();
      message = e.getMessage().str();
    });
    return code;
  }

  llvm::SmallString<128> folder;
  std::unique_ptr<mlir::MLIRContext> context;
};

const NamedTensors inputs{
    {"input_ids", Tensor{{2}, std::vector<int32_t>{1, 0}}},
    {"offsets", Tensor{{2}, std::vector<int32_t>{0, 2}}}};

TEST_F(CompileTest, ArtefactAndReferenceAgree) {
  Model model = llvm::cantFail(load(kModule));
  EXPECT_FALSE(model.phase.has_value()); // written by hand
  NamedTensors expected = llvm::cantFail(runReference(model, "packed", inputs));
  CompileOptions options;
  options.cpu = "x86-64-v3";
  options.verify = true;
  std::vector<Phase> phases;
  options.progress = [&](Phase phase) { phases.push_back(phase); };
  ASSERT_FALSE(bool(compileModel(model, file("m.so"), options)));
  EXPECT_EQ(phases.size(), 8u);
  EXPECT_EQ(model.phase, Phase::Lower);
  LoadedModel loaded = llvm::cantFail(openArtefact(file("m.so")));
  NamedTensors actual =
      llvm::cantFail(runArtefact(loaded, "packed", inputs, 2));
  EXPECT_EQ(actual["logits"].floats(), expected["logits"].floats());
  EXPECT_EQ(actual["logits"].floats()[0], 8);
}

TEST_F(CompileTest, VariantsShareTheFirstPhases) {
  Model model = llvm::cantFail(load(kModule));
  CompileOptions options;
  options.cpuVariants = {"haswell", "x86-64-v4"};
  options.verify = true;
  options.dumpPhasesTo = file("phases");
  std::vector<Phase> phases;
  options.progress = [&](Phase phase) { phases.push_back(phase); };
  ASSERT_FALSE(bool(compileModel(model, file("m.so"), options)));
  EXPECT_EQ(phases.size(), 8u);
  EXPECT_EQ(model.phase, Phase::Quantize);
  LoadedModel loaded = llvm::cantFail(openArtefact(file("m.so")));
  EXPECT_EQ(loaded->isa, getHostIsa());
  EXPECT_TRUE(llvm::sys::fs::exists(file("phases/4-quantize.mlir")));
  for (llvm::StringRef isa : {"x86-64-v3", "x86-64-v4"})
    EXPECT_TRUE(
        llvm::sys::fs::exists(file(("phases/5-fuse." + isa + ".mlir").str())));
  EXPECT_FALSE(llvm::sys::fs::exists(file("phases/5-fuse.mlir")));
}

TEST_F(CompileTest, VariantsThatCannotBe) {
  Model model = llvm::cantFail(load(kModule));
  std::string message;
  CompileOptions options;
  auto compile = [&](std::vector<std::string> variants) {
    options.cpuVariants = std::move(variants);
    return codeOf(compileModel(model, file("m.mlir"), options), message);
  };
  EXPECT_EQ(compile({"x86-64-v3", "znver3"}), ExitCode::Usage);
  EXPECT_EQ(message, "two variants are for x86-64-v3: x86-64-v3 and znver3");
  EXPECT_EQ(compile({"all", "x86-64-v4"}), ExitCode::Usage);
  EXPECT_EQ(message, "two variants are for x86-64-v4: x86-64-v4 and x86-64-v4");
  EXPECT_EQ(compile({"x86-64-v3", "z80"}), ExitCode::Usage);
  EXPECT_EQ(message, "unknown CPU 'z80'");
  EXPECT_EQ(compile({"x86-64-v3", "nehalem"}), ExitCode::Unsupported);
  options.to = Phase::Quantize;
  EXPECT_EQ(compile({"all"}), ExitCode::Usage);
  EXPECT_EQ(message, "2 variants cannot be written as one module");
  options.to = Phase::Schedule;
  EXPECT_EQ(compile({"x86-64-v3"}), ExitCode::Ok);
  options.to = Phase::Emit;
  model = llvm::cantFail(loadModel(file("m.mlir"), Head::Auto, "", *context));
  EXPECT_EQ(compile({"x86-64-v3"}), ExitCode::Usage);
  EXPECT_TRUE(llvm::StringRef(message).contains("through phase schedule"));
}

TEST_F(CompileTest, VerificationFindsADifference) {
  Model model = llvm::cantFail(load(kModule));
  Model other = model.clone();
  other.module->walk([&](AddOp op) { // the reference then multiplies
    mlir::OpBuilder builder(op);
    op.replaceAllUsesWith(MulOp::create(builder, op.getLoc(), op.getType(),
                                        op.getLhs(), op.getRhs())
                              .getResult());
    op.erase();
  });
  CompileOptions options;
  options.cpu = "x86-64-v3";
  ASSERT_FALSE(bool(compileModel(model, file("m.so"), options)));
  LoadedModel loaded = llvm::cantFail(openArtefact(file("m.so")));
  std::string message;
  EXPECT_EQ(codeOf(verifyArtefact(loaded, other), message), ExitCode::Mismatch);
  EXPECT_TRUE(
      llvm::StringRef(message).starts_with("verification failed: logits["))
      << message;
  EXPECT_TRUE(llvm::StringRef(message).contains("of entry packed is"));
}

TEST(CompareOutput, ToleratesAsNumericsSays) {
  auto compare = [](auto actual, auto expected, bool isNarrow = false) {
    Tensor a{{int64_t(actual.size())}, actual},
        e{{int64_t(expected.size())}, expected};
    llvm::Error error = compareOutput("packed", "y", a, e, isNarrow);
    return error ? llvm::toString(std::move(error)) : "";
  };
  using Floats = std::vector<float>;
  using Ints = std::vector<int32_t>;
  constexpr float inf = INFINITY, nan = NAN;
  EXPECT_EQ(compare(Floats{1, 2}, Floats{1.00005f, 2}), "");
  EXPECT_NE(compare(Floats{1, 2}, Floats{1.0003f, 2}), "");
  // What is not finite tells nothing of the rest.
  for (bool isNarrow : {false, true}) {
    EXPECT_EQ(compare(Floats{inf, nan, -inf}, Floats{inf, nan, -inf}, isNarrow),
              "");
    EXPECT_NE(compare(Floats{inf, 5}, Floats{inf, 1}, isNarrow), "");
    EXPECT_NE(compare(Floats{nan, 5}, Floats{nan, 1}, isNarrow), "");
    EXPECT_NE(compare(Floats{1}, Floats{inf}, isNarrow), "");
    EXPECT_NE(compare(Floats{inf}, Floats{1}, isNarrow), "");
    EXPECT_NE(compare(Floats{inf}, Floats{-inf}, isNarrow), "");
    EXPECT_NE(compare(Floats{nan}, Floats{inf}, isNarrow), "");
    EXPECT_NE(compare(Floats{1}, Floats{nan}, isNarrow), "");
  }
  EXPECT_EQ(compare(Ints{7, -1}, Ints{7, -1}), "");
  EXPECT_NE(compare(Ints{1000000}, Ints{1000001}), "");
  EXPECT_NE(compare(Ints{1}, Floats{1}), "");
  EXPECT_NE(compare(Floats{1}, Floats{1, 2}), "");
}

TEST_F(CompileTest, TheTargetOfAModuleIsKeptUnlessOneIsNamed) {
  Model model = llvm::cantFail(load(kModule));
  std::string message;
  CompileOptions options;
  options.cpu = "x86-64-v4";
  options.to = Phase::Normalize;
  ASSERT_FALSE(bool(compileModel(model, file("n.mlir"), options)));
  auto isaFor = [&](llvm::StringRef cpu, llvm::StringRef target) {
    Model copy = model.clone();
    CompileOptions other;
    other.cpu = cpu.str();
    other.target = target.str();
    other.to = Phase::Schedule;
    llvm::cantFail(compileModel(copy, "", other));
    return copy.module.get()
        ->getAttrOfType<TargetAttr>(kTargetAttrName)
        .getIsa()
        .str();
  };
  EXPECT_EQ(isaFor("", ""), "x86-64-v4");
  EXPECT_EQ(isaFor("haswell", ""), "x86-64-v3");
  EXPECT_EQ(isaFor("", "aarch64-linux-gnu"), "armv8-a");
  options.to = Phase::Fuse;
  options.cpu = "";
  ASSERT_FALSE(bool(compileModel(model, "", options)));
  options.cpu = "x86-64-v3";
  options.to = Phase::Schedule;
  EXPECT_EQ(codeOf(compileModel(model, "", options), message), ExitCode::Usage);
  EXPECT_EQ(message, "the module has been through phase fuse, which is after "
                     "its target was decided");
}

TEST_F(CompileTest, OnlyCodeIsVerified) {
  Model model = llvm::cantFail(load(kModule));
  std::string message;
  CompileOptions options;
  options.verify = true;
  options.to = Phase::Fuse;
  EXPECT_EQ(codeOf(compileModel(model, file("f.mlir"), options), message),
            ExitCode::Usage);
  EXPECT_EQ(message, "phases import to fuse leave no code to verify");
  EXPECT_FALSE(llvm::sys::fs::exists(file("f.mlir")));
}

TEST_F(CompileTest, AnImportedModuleGoesOnFromImportOrNormalize) {
  for (Phase from : {Phase::Import, Phase::Normalize, Phase::Fuse}) {
    Model model = llvm::cantFail(load(kModule));
    model.phase = Phase::Import;
    std::string message;
    CompileOptions options;
    options.from = from;
    options.to = Phase::Schedule;
    ExitCode code = codeOf(compileModel(model, "", options), message);
    EXPECT_EQ(code, from == Phase::Fuse ? ExitCode::Usage : ExitCode::Ok)
        << message;
  }
}

TEST_F(CompileTest, ShapesWithoutElementsAllocateNothing) {
  Model model = llvm::cantFail(load(kModule));
  ASSERT_FALSE(bool(compileModel(model, file("m.so"), CompileOptions())));
  LoadedModel loaded = llvm::cantFail(openArtefact(file("m.so")));
  NamedTensors hostile = inputs;
  hostile["offsets"] = Tensor{{int64_t(1) << 40, 0}, std::vector<int32_t>()};
  std::string message;
  EXPECT_EQ(
      codeOf(runArtefact(loaded, "packed", hostile, 1).takeError(), message),
      ExitCode::Input);
  hostile = inputs;
  hostile["input_ids"] = Tensor{{int64_t(1) << 40, 0}, std::vector<int32_t>()};
  EXPECT_EQ(
      codeOf(runArtefact(loaded, "packed", hostile, 1).takeError(), message),
      ExitCode::Input);
}

TEST_F(CompileTest, OutputsLargerThanMemoryAreRefused) {
  std::string text = kModule.str();
  auto replace = [&](llvm::StringRef from, llvm::StringRef to) {
    for (size_t at = 0; (at = text.find(from.str(), at)) != std::string::npos;)
      text.replace(at, from.size(), to.str());
  };
  replace("[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]", "1.0");
  replace("  %1 = tx.add %0, %0 : tensor<?x3xf32>\n", ""); // needs workspace
  replace("return %1", "return %0");
  replace("x3xf32", "x4000000xf32");
  Model model = llvm::cantFail(load(text));
  ASSERT_FALSE(bool(compileModel(model, file("m.so"), CompileOptions())));
  LoadedModel loaded = llvm::cantFail(openArtefact(file("m.so")));
  constexpr int32_t tokens = 10'000'000; // 160 TB of outputs
  NamedTensors large{
      {"input_ids", Tensor{{tokens}, std::vector<int32_t>(tokens)}},
      {"offsets", Tensor{{2}, std::vector<int32_t>{0, tokens}}}};
  std::string message;
  EXPECT_EQ(
      codeOf(runArtefact(loaded, "packed", large, 1).takeError(), message),
      ExitCode::Input);
  EXPECT_EQ(message, "the outputs of 10000000 tokens are larger than the "
                     "memory of this machine");
}

TEST_F(CompileTest, WhatLiesAtAPathNowIsOpened) {
  struct Opened {
    LoadedModel artefact;
    std::vector<float> expected;
  };
  std::list<Opened> opened;
  auto check = [](const Opened &one) {
    NamedTensors actual =
        llvm::cantFail(runArtefact(one.artefact, "packed", inputs, 1));
    EXPECT_EQ(actual["logits"].floats(), llvm::ArrayRef(one.expected));
  };
  std::string text = kModule.str();
  for (float first : {1, 7, 9}) {
    text.replace(text.find("dense<[[") + 8, 1, std::to_string(int(first)));
    Model model = llvm::cantFail(load(text));
    ASSERT_FALSE(bool(compileModel(model, file("m.so"), CompileOptions())));
    for (int time = 0; time < 2; ++time) {
      opened.push_back({llvm::cantFail(openArtefact(file("m.so"))),
                        {8, 10, 12, 2 * first, 4, 6}});
      check(opened.back());
    }
    for (int time = 0; time < 2 && first == 7; ++time)
      opened.pop_front(); // makes room for the next
  }
  llvm::for_each(opened, check);
}

TEST_F(CompileTest, AFileOfTwoNamesIsOpenedOnce) {
  auto getFirst = [&](const LoadedModel &artefact) {
    return llvm::cantFail(runArtefact(artefact, "packed", inputs, 1))["logits"]
        .floats()[3];
  };
  std::string text = kModule.str();
  ASSERT_FALSE(bool(compileModel(*load(text), file("old.so"), {})));
  text.replace(text.find("dense<[[") + 8, 1, "7");
  ASSERT_FALSE(bool(compileModel(*load(text), file("new.so"), {})));
  ASSERT_FALSE(llvm::sys::fs::create_hard_link(file("old.so"), file("m.so")));
  std::optional<LoadedModel> first = llvm::cantFail(openArtefact(file("m.so")));
  LoadedModel second = llvm::cantFail(openArtefact(file("old.so")));
  float old = getFirst(second);
  first.reset();
  ASSERT_FALSE(llvm::sys::fs::rename(file("new.so"), file("m.so")));
  LoadedModel third = llvm::cantFail(openArtefact(file("m.so")));
  EXPECT_NE(getFirst(third), old);
  EXPECT_EQ(getFirst(second), old);
}

TEST_F(CompileTest, PhasesOfHandwrittenModulesAreBelieved) {
  Model model = llvm::cantFail(load(kModule));
  CompileOptions options;
  options.from = Phase::Normalize;
  options.to = Phase::Normalize;
  ASSERT_FALSE(bool(compileModel(model, file("n.mlir"), options)));
  Model again =
      llvm::cantFail(loadModel(file("n.mlir"), Head::Auto, "", *context));
  EXPECT_EQ(again.phase, Phase::Normalize);
}

TEST_F(CompileTest, DiagnosticsHaveAPlace) {
  std::string message;
  llvm::Expected<Model> model = load("func.func @f() {\n  oops\n}");
  ASSERT_FALSE(bool(model));
  EXPECT_EQ(codeOf(model.takeError(), message), ExitCode::Malformed);
  EXPECT_TRUE(llvm::StringRef(message).contains("m.mlir:2:")) << message;
  EXPECT_TRUE(llvm::StringRef(message).contains(": error: ")) << message;
}

TEST_F(CompileTest, UnknownPhase) {
  llvm::Expected<Model> model =
      load("module attributes {tx.phase = \"baked\"} {}");
  ASSERT_FALSE(bool(model));
  std::string message;
  EXPECT_EQ(codeOf(model.takeError(), message), ExitCode::Malformed);
  EXPECT_TRUE(llvm::StringRef(message).contains("phase"));
}

TEST_F(CompileTest, InputsByName) {
  Model model = llvm::cantFail(load(kModule));
  std::string message;
  NamedTensors missing{{"input_ids", inputs.at("input_ids")}};
  EXPECT_EQ(codeOf(runReference(model, "packed", missing).takeError(), message),
            ExitCode::Input);
  EXPECT_EQ(message, "input offsets is missing");
  EXPECT_EQ(codeOf(runReference(model, "padded", inputs).takeError(), message),
            ExitCode::Input);
  EXPECT_EQ(message, "the model has no entry 'padded'");
}

} // namespace
