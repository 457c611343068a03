//===- EmulateUnits.h - Units of bf16 on any CPU ----------------*- C++ -*-===//
//
// What the instructions of units `dot` (AVX512_BF16) and `matrix` (AMX) do, as
// functions of this process, so that kernels of both run where there are none.
//
//===----------------------------------------------------------------------===//

#ifndef TX_TEST_UNIT_CODEGEN_EMULATEUNITS_H
#define TX_TEST_UNIT_CODEGEN_EMULATEUNITS_H

#include "mlir/IR/BuiltinOps.h"

namespace tx::test {

/// Replaces the instructions in `module`, kernels as tx-emit-kernels leaves
/// them, by calls of addresses of this process.
void emulateUnits(mlir::ModuleOp module);

} // namespace tx::test

#endif // TX_TEST_UNIT_CODEGEN_EMULATEUNITS_H
