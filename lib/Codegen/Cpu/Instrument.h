//===- Instrument.h - Sanitizers in artefacts -------------------*- C++ -*-===//
//
// Generated code and the runtime as ASan or TSan want them, for tests.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_INSTRUMENT_H
#define TX_CODEGEN_CPU_INSTRUMENT_H

#include "tx/Codegen/Cpu/Emit.h"
#include "llvm/IR/PassManager.h"

namespace tx {

/// Instruments all of `module`: also the runtime, whose atomics are what orders
/// the accesses of kernels.
void addSanitizer(llvm::Module &module, llvm::ModulePassManager &passes,
                  Sanitizer sanitizer);

} // namespace tx

#endif // TX_CODEGEN_CPU_INSTRUMENT_H
