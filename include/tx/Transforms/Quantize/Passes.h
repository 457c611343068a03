//===- Passes.h -------------------------------------------------*- C++ -*-===//

#ifndef TX_TRANSFORMS_QUANTIZE_PASSES_H
#define TX_TRANSFORMS_QUANTIZE_PASSES_H

#include "tx/Dialect/Tx/IR/Tx.h"
#include "mlir/Pass/Pass.h"

namespace tx {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "tx/Transforms/Quantize/Passes.h.inc"
} // namespace tx

#endif // TX_TRANSFORMS_QUANTIZE_PASSES_H
