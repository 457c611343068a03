//===- CpuTarget.h - Facts about CPUs ---------------------------*- C++ -*-===//
//
// What code generation needs to know of a CPU. No MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef TX_TARGET_CPUTARGET_H
#define TX_TARGET_CPUTARGET_H

#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace tx {

struct CpuTarget {
  std::string triple; ///< "x86_64-unknown-linux-gnu"
  std::string isa;    ///< "x86-64-v3" (AVX2+FMA) or "x86-64-v4" (AVX-512)
  std::string tune;   ///< LLVM's name of the CPU to schedule for
  int64_t lanes;      ///< f32 lanes of a vector register
  int64_t registers;  ///< number of vector registers
};

/// The target for `name`: "native" is this host, else a CPU or level that LLVM
/// knows ("znver3", "x86-64-v4"). None for a name LLVM does not know; `isa` is
/// empty for a CPU below x86-64-v3, which tx does not support.
std::optional<CpuTarget> resolveCpu(llvm::StringRef name);

/// The instruction sets that tx makes code for, highest first. Each is a name
/// that resolveCpu takes.
std::vector<std::string> getIsas();

/// The best level this host can run, by CPUID and XCR0; empty if below v3.
std::string getHostIsa();
/// The marketing name of the host's CPU.
std::string getHostName();
/// CPUs this process may run on: the affinity mask, limited by the cgroup quota.
int getAvailableCpus();

} // namespace tx

#endif // TX_TARGET_CPUTARGET_H
