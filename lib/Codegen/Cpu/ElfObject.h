//===- ElfObject.h - Weights in an object file ------------------*- C++ -*-===//
//
// LLVM's assembler holds sections in memory, which gigabytes of weights should
// not be. So it emits a short section, and this moves the section to the end
// of the file, where the weights are then appended.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_ELFOBJECT_H
#define TX_CODEGEN_CPU_ELFOBJECT_H

#include "tx/Checkpoint/Error.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace tx {

/// Gives section `name` of the ELF64 relocatable `object` the size `size` and
/// places it at the end of the file, to which alignment is added. The caller
/// appends the section's bytes.
llvm::Error moveSectionToEnd(llvm::SmallVectorImpl<char> &object,
                             llvm::StringRef name, uint64_t size);

} // namespace tx

#endif // TX_CODEGEN_CPU_ELFOBJECT_H
