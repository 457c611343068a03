//===- ProductUnits.h - What multiplies bf16 --------------------*- C++ -*-===//

#ifndef TX_ANALYSIS_PRODUCTUNITS_H
#define TX_ANALYSIS_PRODUCTUNITS_H

#include "tx/Dialect/Tx/IR/Tx.h"

namespace tx {

/// The best unit for products of bf16 that instruction set `isa` has. One with
/// matrices has dot products, too.
inline ProductUnit getNarrowUnit(llvm::StringRef isa) {
  if (isa.ends_with("+amx"))
    return ProductUnit::Matrix;
  return isa.ends_with("+bf16") ? ProductUnit::Dot : ProductUnit::Fma;
}

} // namespace tx

#endif // TX_ANALYSIS_PRODUCTUNITS_H
