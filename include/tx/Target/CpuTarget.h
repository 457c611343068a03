//===- CpuTarget.h - Facts about CPUs ---------------------------*- C++ -*-===//
//
// What code generation needs to know of a CPU. No MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef TX_TARGET_CPUTARGET_H
#define TX_TARGET_CPUTARGET_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace tx {

/// What linear ops multiply.
enum class Precision { F32, BF16 };

struct CpuTarget {
  std::string triple; ///< "x86_64-unknown-linux-gnu"
  std::string isa;    ///< one of Architecture::getIsas()
  std::string tune;   ///< LLVM's name of the CPU to schedule for
  int64_t lanes;      ///< f32 lanes of a vector register
  int64_t registers;  ///< number of vector registers
  int64_t l1, l2;     ///< bytes of the caches of data that a core has to itself
};

/// What LLVM's code generator is told: one of its CPUs, and features beyond it.
struct CodegenCpu {
  llvm::StringRef cpu, features;
};

struct InstructionSet;

/// An architecture that tx makes code for: one of a fixed table.
struct Architecture {
  llvm::StringLiteral triple;          ///< "x86_64-unknown-linux-gnu"
  llvm::ArrayRef<InstructionSet> isas; ///< highest first, never empty
  /// What LLVM says of a CPU; none for a name it does not know.
  std::optional<llvm::StringMap<bool>> (*getFeatures)(llvm::StringRef cpu);
  CodegenCpu baseline;            ///< what every machine runs
  llvm::StringLiteral abi;        ///< empty: LLVM's default
  llvm::StringLiteral minimum;    ///< "AVX2 and FMA": the lowest of `isas`
  llvm::StringLiteral exampleCpu; ///< "znver4"

  /// "x86_64"
  llvm::StringRef getName() const;
  /// The instruction sets, highest first. Each is a name that resolveCpu takes:
  /// "x86-64-v3" (AVX2 and FMA) and "x86-64-v4" (AVX-512), "armv8-a" (NEON),
  /// "rv64gcv" and "rv64gcv_zvl256b" (V, with registers of 256 bits). Only
  /// programs of bf16 have use for "x86-64-v4+bf16" (AVX512_BF16) and
  /// "x86-64-v4+amx" (AMX tiles of bf16 as well).
  std::vector<std::string> getIsas(Precision precision = Precision::F32) const;
  /// How code for `isa`, or for the CPU of the baseline, is generated; none if
  /// it is not of this architecture.
  std::optional<CodegenCpu> getCodegenCpu(llvm::StringRef isa) const;
  /// resolveCpu for any name but "native".
  std::optional<CpuTarget> findTarget(llvm::StringRef cpu,
                                      Precision precision) const;

private:
  const InstructionSet *findIsa(llvm::StringRef isa) const;
};

/// That of a triple of Linux with glibc, "aarch64-linux-gnu" say, or, for an
/// empty one, of this host. Null for any other.
const Architecture *findArchitecture(llvm::StringRef triple = "");
/// The one that has a CPU or instruction set of that name; null for none.
const Architecture *findArchitectureOfCpu(llvm::StringRef cpu);

/// The target for CPU `cpu` of the architecture of `triple`, this host's if
/// empty: "native" is this host, "generic" the least that tx makes code for,
/// else a CPU or level that LLVM knows ("znver3", "x86-64-v4"), with the best
/// instruction set that a program of `precision` has use for. None for a name
/// LLVM does not know, for an instruction set that such a program has no use
/// for, and for "native" of another architecture; `isa` is empty for a CPU
/// below the least, which tx does not support.
std::optional<CpuTarget> resolveCpu(llvm::StringRef cpu,
                                    llvm::StringRef triple = "",
                                    Precision precision = Precision::F32);

/// The best level this host can run, by CPUID and XCR0; empty if below v3.
std::string getHostIsa();
/// The marketing name of the host's CPU.
std::string getHostName();
/// CPUs this process may run on: the affinity mask, limited by the cgroup
/// quota.
int getAvailableCpus();

} // namespace tx

#endif // TX_TARGET_CPUTARGET_H
