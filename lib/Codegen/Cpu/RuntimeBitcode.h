//===- RuntimeBitcode.h - Files that txc carries ----------------*- C++ -*-===//
//
// The runtime that is linked into artefacts and the header that goes with
// them, embedded so that the compiler needs no installed files.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_RUNTIMEBITCODE_H
#define TX_CODEGEN_CPU_RUNTIMEBITCODE_H

#include "llvm/ADT/StringRef.h"

namespace tx {

/// LLVM bitcode of the runtime for x86-64.
llvm::StringRef getRuntimeBitcode();

/// The text of tx_model.h.
llvm::StringRef getModelHeader();

} // namespace tx

#endif // TX_CODEGEN_CPU_RUNTIMEBITCODE_H
