//===- Link.h - Objects to shared objects -----------------------*- C++ -*-===//

#ifndef TX_CODEGEN_CPU_LINK_H
#define TX_CODEGEN_CPU_LINK_H

#include "tx/Checkpoint/Error.h"
#include "llvm/ADT/ArrayRef.h"
#include <vector>

namespace tx {

/// Links the relocatable `object` to a shared object with LLD, in this process
/// and in memory. Afterwards command-line options of LLVM have their defaults
/// again, which LLD sets.
llvm::Expected<std::vector<uint8_t>>
linkSharedObject(llvm::ArrayRef<char> object);

} // namespace tx

#endif // TX_CODEGEN_CPU_LINK_H
