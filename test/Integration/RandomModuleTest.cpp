//===- RandomModuleTest.cpp - Compiled code against Reference -------------===//
//
// Modules are numbered by seed; odd seeds make code for x86-64-v4 where the
// host runs it, all others for x86-64-v3. Where this program is built with
// AddressSanitizer, the modules' code is instrumented, too. One module again,
// with its IR:
//
//   tx-integration-tests --seed=17
//
//===----------------------------------------------------------------------===//

#include "RandomModule.h"
#include "tx/Target/CpuTarget.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"
#include <cmath>
#include <fstream>
#include <iostream>

using namespace tx;
using namespace tx::test;
namespace fs = llvm::sys::fs;

namespace {

#ifdef TX_SANITIZE_ADDRESS
constexpr Sanitizer kSanitizer = Sanitizer::Address;
constexpr uint32_t kModules = 200; // instrumented code takes long to compile
#else
constexpr Sanitizer kSanitizer = Sanitizer::None;
constexpr uint32_t kModules = 1000;
#endif
constexpr uint32_t kModulesPerTest = 25;

/// A folder that goes when the test ends.
class TemporaryFolder {
public:
  TemporaryFolder() {
    EXPECT_FALSE(fs::createUniqueDirectory("tx-random", folder));
  }
  ~TemporaryFolder() { fs::remove_directories(folder); }
  std::string file(llvm::StringRef name) const {
    return (folder + "/" + name).str();
  }

private:
  llvm::SmallString<128> folder;
};

std::string chooseCpu(uint32_t seed) {
  return seed % 2 == 1 && getHostIsa() == "x86-64-v4" ? "x86-64-v4"
                                                      : "x86-64-v3";
}

/// The first element out of tolerance, or nothing. Rounding errors of a chain
/// grow with its values: the absolute part is relative to the largest.
std::string compare(const std::string &name, const Tensor &actual,
                    const Tensor &expected) {
  if (actual.shape != expected.shape)
    return name + " has another shape";
  double largest = 1;
  for (float value : expected.floats())
    largest = std::max(largest, std::abs(double(value)));
  for (int64_t i = 0; i < actual.size(); ++i) {
    double a = actual.floats()[i], e = expected.floats()[i];
    if (!(std::abs(a - e) <= 2e-5 * largest + 1e-4 * std::abs(e)))
      return llvm::formatv("{0}, element {1}: {2}, the reference says {3}",
                           name, i, a, e);
  }
  return "";
}

llvm::Expected<std::string> runModule(const RandomModule &random,
                                      const std::string &cpu, int threads) {
  TemporaryFolder folder;
  std::string source = folder.file("module.mlir");
  std::ofstream(source) << random.text;
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  llvm::Expected<Model> model = loadModel(source, Head::Auto, "", *context);
  if (!model)
    return model.takeError();
  llvm::Expected<NamedTensors> expected =
      runReference(*model, random.entry, random.inputs);
  if (!expected)
    return expected.takeError();
  CompileOptions options;
  options.cpu = cpu;
  options.emit.sanitizer = kSanitizer;
  std::string file = folder.file("module.so");
  if (llvm::Error error = compileModel(*model, file, options))
    return error;
  llvm::Expected<LoadedModel> loaded = openArtefact(file);
  if (!loaded)
    return loaded.takeError();
  llvm::Expected<NamedTensors> actual =
      runArtefact(*loaded, random.entry, random.inputs, threads);
  if (!actual)
    return actual.takeError();
  std::string difference;
  for (const auto &[name, tensor] : *expected)
    if (difference.empty())
      difference = compare(name, (*actual)[name], tensor);
  return difference;
}

/// Weights are long and no news.
std::string shortenLiterals(llvm::StringRef text) {
  std::string result;
  while (!text.empty()) {
    auto [before, after] = text.split("\"0x");
    result += before.str();
    if (after.empty() && before.size() == text.size())
      break;
    result += "\"0x" + after.take_front(8).str() + "...\"";
    text = after.split('"').second;
  }
  return result;
}

void checkSeed(uint32_t seed) {
  RandomModule random = makeRandomModule(seed);
  std::string cpu = chooseCpu(seed);
  llvm::Expected<std::string> difference =
      runModule(random, cpu, /*threads=*/1 + seed % 3);
  std::string failure =
      difference ? *difference : llvm::toString(difference.takeError());
  if (!failure.empty())
    ADD_FAILURE() << "seed " << seed << " for " << cpu << ": " << failure
                  << "\nagain: tx-integration-tests --seed=" << seed << "\n"
                  << shortenLiterals(random.text);
}

/// Test i checks the seeds from i * kModulesPerTest on.
class RandomModules : public testing::TestWithParam<uint32_t> {};

TEST_P(RandomModules, CompiledAgreesWithReference) {
  for (uint32_t i = 0; i < kModulesPerTest; ++i)
    checkSeed(GetParam() * kModulesPerTest + i);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomModules,
                         testing::Range(0u, kModules / kModulesPerTest));

TEST(RandomModule, SameSeedSameModule) {
  EXPECT_EQ(makeRandomModule(7).text, makeRandomModule(7).text);
  EXPECT_NE(makeRandomModule(7).text, makeRandomModule(8).text);
}

} // namespace

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  llvm::StringRef flag = argc > 1 ? argv[1] : "";
  if (!flag.consume_front("--seed="))
    return RUN_ALL_TESTS();
  uint32_t seed;
  if (flag.getAsInteger(10, seed)) {
    std::cerr << "--seed expects a number\n";
    return 2;
  }
  std::cout << makeRandomModule(seed).text;
  checkSeed(seed);
  return testing::Test::HasFailure() ? 1 : 0;
}
