//===- safetensors.cpp - Fuzzer of the safetensors reader -----------------===//
//
// Whatever the bytes are, the reader refuses them with one of its exit codes or
// returns tensors that lie within them, do not overlap and have the size of
// their shape. The sum makes the sanitizer look at every byte.
//
//===----------------------------------------------------------------------===//

#include "tx/Checkpoint/Safetensors.h"

using namespace tx;

static void require(bool condition) {
  if (!condition)
    __builtin_trap();
}

static void checkError(llvm::Error error) {
  llvm::handleAllErrors(std::move(error), [](const Error &e) {
    require(e.getCode() == ExitCode::Malformed ||
            e.getCode() == ExitCode::Unsupported);
    require(!e.getMessage().empty() && e.getMessage().size() < 1000);
  });
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::ArrayRef<uint8_t> bytes(data, size);
  auto file = SafetensorsFile::parse(bytes, "fuzz");
  if (!file) {
    checkError(file.takeError());
    return 0;
  }
  size_t total = 0;
  uint8_t sum = 0;
  for (const auto &[name, view] : (*file)->tensors()) {
    require(view.shape.size() <= kMaxRank && (*file)->find(name) == &view);
    int64_t count = 1;
    for (int64_t dim : view.shape)
      require(dim >= 0 && !__builtin_mul_overflow(count, dim, &count));
    require(view.bytes.size() ==
            static_cast<size_t>(count * getSize(view.dtype)));
    require(view.bytes.begin() >= bytes.begin() &&
            view.bytes.end() <= bytes.end());
    total += view.bytes.size();
    for (uint8_t byte : view.bytes)
      sum ^= byte;
  }
  require(total + 8 <= size);
  volatile uint8_t sink = sum;
  (void)sink;
  return 0;
}
