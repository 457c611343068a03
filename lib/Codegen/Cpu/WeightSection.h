//===- WeightSection.h - Weights into a file --------------------*- C++ -*-===//
//
// Evaluates the parameter expressions of a `tx.weights` one after the other
// into a file. No more than one tensor is in memory at a time.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_WEIGHTSECTION_H
#define TX_CODEGEN_CPU_WEIGHTSECTION_H

#include "tx/Checkpoint/Files.h"
#include "tx/Dialect/Tx/IR/ParamAccess.h"
#include <array>

namespace tx {

using WeightsId = std::array<uint8_t, 32>;

/// Appends `size` zeros to `file`.
llvm::Error writeZeros(OutputFile &file, uint64_t size);

/// Appends the section of `weights` (null: nothing) to `file` and tells its
/// digest (BLAKE3).
llvm::Expected<WeightsId> writeWeights(OutputFile &file, WeightsOp weights,
                                       ParamSource &source);

} // namespace tx

#endif // TX_CODEGEN_CPU_WEIGHTSECTION_H
