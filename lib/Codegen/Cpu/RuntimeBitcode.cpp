//===- RuntimeBitcode.cpp - Files that txc carries ------------------------===//
//
// The build passes the paths; the assembler includes the bytes.
//
//===----------------------------------------------------------------------===//

#include "RuntimeBitcode.h"

// Symbols NAME_begin and NAME_end around the bytes of file PATH.
#define TX_EMBED(NAME, PATH)                                                   \
  __asm__(".section .rodata\n"                                                 \
          ".balign 16\n"                                                       \
          ".hidden " NAME "_begin\n"                                           \
          ".hidden " NAME "_end\n"                                             \
          ".globl " NAME "_begin\n"                                            \
          ".globl " NAME "_end\n" NAME "_begin:\n"                             \
          ".incbin \"" PATH "\"\n" NAME "_end:\n"                              \
          ".byte 0\n"                                                          \
          ".previous\n")

TX_EMBED("tx_embedded_runtime", TX_RUNTIME_X86_64);
TX_EMBED("tx_embedded_header", TX_MODEL_HEADER);

extern "C" {
__attribute__((
    visibility("hidden"))) extern const char tx_embedded_runtime_begin[];
__attribute__((
    visibility("hidden"))) extern const char tx_embedded_runtime_end[];
__attribute__((
    visibility("hidden"))) extern const char tx_embedded_header_begin[];
__attribute__((
    visibility("hidden"))) extern const char tx_embedded_header_end[];
}

llvm::StringRef tx::getRuntimeBitcode() {
  return {tx_embedded_runtime_begin,
          size_t(tx_embedded_runtime_end - tx_embedded_runtime_begin)};
}

llvm::StringRef tx::getModelHeader() {
  return {tx_embedded_header_begin,
          size_t(tx_embedded_header_end - tx_embedded_header_begin)};
}
