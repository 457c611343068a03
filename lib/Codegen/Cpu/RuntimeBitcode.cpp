//===- RuntimeBitcode.cpp - Files that txc carries ------------------------===//
//
// The build passes the paths; the assembler includes the bytes. A runtime that
// was not built is an empty file.
//
//===----------------------------------------------------------------------===//

#include "RuntimeBitcode.h"

// Defines NAME_begin and NAME_end around the bytes of file PATH.
#define TX_EMBED(NAME, PATH)                                                   \
  __asm__(".section .rodata\n"                                                 \
          ".balign 16\n"                                                       \
          ".hidden " #NAME "_begin\n"                                          \
          ".hidden " #NAME "_end\n"                                            \
          ".globl " #NAME "_begin\n"                                           \
          ".globl " #NAME "_end\n" #NAME "_begin:\n"                           \
          ".incbin \"" PATH "\"\n" #NAME "_end:\n"                             \
          ".byte 0\n"                                                          \
          ".previous\n");                                                      \
  extern "C" {                                                                 \
  __attribute__((visibility("hidden"))) extern const char NAME##_begin[];      \
  __attribute__((visibility("hidden"))) extern const char NAME##_end[];        \
  }                                                                            \
  static llvm::StringRef get_##NAME() {                                        \
    return {NAME##_begin, size_t(NAME##_end - NAME##_begin)};                  \
  }

TX_EMBED(tx_embedded_x86_64, TX_RUNTIME_X86_64)
TX_EMBED(tx_embedded_aarch64, TX_RUNTIME_AARCH64)
TX_EMBED(tx_embedded_riscv64, TX_RUNTIME_RISCV64)
TX_EMBED(tx_embedded_header, TX_MODEL_HEADER)

namespace {
struct EmbeddedRuntime {
  llvm::StringRef architecture, bitcode;
  llvm::StringRef headers; ///< the Debian package of the C headers it needs
};
} // namespace

llvm::Expected<llvm::StringRef>
tx::getRuntimeBitcode(const Architecture &architecture) {
  const EmbeddedRuntime runtimes[] = {
      {"x86_64", get_tx_embedded_x86_64(), "libc6-dev"},
      {"aarch64", get_tx_embedded_aarch64(), "libc6-dev-arm64-cross"},
      {"riscv64", get_tx_embedded_riscv64(), "libc6-dev-riscv64-cross"},
  };
  for (const EmbeddedRuntime &runtime : runtimes) {
    if (runtime.architecture != architecture.getName())
      continue;
    if (!runtime.bitcode.empty())
      return runtime.bitcode;
    return withHint(
        makeError(ExitCode::Unsupported,
                  "this build of tx has no runtime for {0}",
                  architecture.triple),
        ("install " + runtime.headers + ", then configure and build tx again")
            .str());
  }
  llvm_unreachable("an architecture without an embedded runtime");
}

llvm::StringRef tx::getModelHeader() { return get_tx_embedded_header(); }
