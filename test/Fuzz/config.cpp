//===- config.cpp - Fuzzer of config.json ---------------------------------===//
//
// Whatever the text is, it is refused with one of the reader's exit codes or
// gives numbers that keep the promises of ModelConfig.
//
//===----------------------------------------------------------------------===//

#include "tx/Import/Config.h"

using namespace tx;

static void require(bool condition) {
  if (!condition)
    __builtin_trap();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  llvm::Expected<ModelConfig> config = parseConfig(text, "config.json");
  if (!config) {
    llvm::handleAllErrors(config.takeError(), [](const Error &e) {
      require(e.getCode() == ExitCode::Malformed ||
              e.getCode() == ExitCode::Unsupported);
      require(!e.getMessage().empty());
    });
    return 0;
  }
  require(config->family && config->hiddenSize > 0 && config->numHeads > 0 &&
          config->numLayers > 0 && config->ffnSize > 0 &&
          config->vocabSize > 0);
  require(config->hiddenSize % config->numHeads == 0);
  require(config->padId >= 0 && config->padId < config->vocabSize);
  require(config->getMaxLength() > 0);
  require(config->layerNormEps >= 0);
  int64_t product;
  require(
      !__builtin_mul_overflow(config->vocabSize, config->hiddenSize,
                              &product) &&
      !__builtin_mul_overflow(config->ffnSize, config->hiddenSize, &product));
  return 0;
}
