//===- RuntimeBitcode.h - Files that txc carries ----------------*- C++ -*-===//
//
// The runtime that is linked into artefacts and the header that goes with
// them, embedded so that the compiler needs no installed files.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_RUNTIMEBITCODE_H
#define TX_CODEGEN_CPU_RUNTIMEBITCODE_H

#include "tx/Checkpoint/Error.h"
#include "tx/Target/CpuTarget.h"

namespace tx {

/// LLVM bitcode of the runtime for `architecture`. Unsupported where the build
/// had no C headers for it.
llvm::Expected<llvm::StringRef>
getRuntimeBitcode(const Architecture &architecture);

/// The text of tx_model.h.
llvm::StringRef getModelHeader();

} // namespace tx

#endif // TX_CODEGEN_CPU_RUNTIMEBITCODE_H
