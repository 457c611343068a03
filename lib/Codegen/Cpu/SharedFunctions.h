//===- SharedFunctions.h - Functions that variants share --------*- C++ -*-===//
//
// An instruction set that products of bf16 alone have use for (x86-64-v4+amx)
// is another one (x86-64-v4) and more. What is no product is the same function
// for both, and made once, for the lower.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_SHAREDFUNCTIONS_H
#define TX_CODEGEN_CPU_SHAREDFUNCTIONS_H

#include "EmitProgram.h"
#include "llvm/ADT/StringSet.h"

namespace tx {

/// What a variant takes from another one.
struct SharedFunctions {
  const VariantInfo *owner = nullptr; ///< null: it makes all of its own
  llvm::StringSet<> names; ///< of functions, as both modules have them
};

/// For each of `variants`, the highest level first, what it shares.
std::vector<SharedFunctions>
findSharedFunctions(llvm::ArrayRef<VariantInfo> variants);

} // namespace tx

#endif // TX_CODEGEN_CPU_SHAREDFUNCTIONS_H
