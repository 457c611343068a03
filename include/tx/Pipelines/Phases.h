//===- Phases.h - The phases of compilation ---------------------*- C++ -*-===//
//
// A model goes through these phases, in this order, and no other place knows
// the order. Each is a pass pipeline, `--tx-<phase>-pipeline` in tx-opt, and
// ends with `tx-verify-phase`, which checks what the phase guarantees.
//
//===----------------------------------------------------------------------===//

#ifndef TX_PIPELINES_PHASES_H
#define TX_PIPELINES_PHASES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "tx/Target/CpuTarget.h"
#include <optional>

namespace tx {

enum class Phase {
  Import,    ///< tx + func; params external; shapes verified
  Normalize, ///< composites gone; entries self-contained; target known
  Compress,  ///< no gate left
  Quantize,  ///< every candidate is quantized or carries the reason why not
  Fuse,      ///< entries hold only calls and params; computation is in kernels
  Schedule,  ///< layouts, schedules and workspace fixed
  Lower,     ///< LLVM dialect, plus params still symbolic
  Emit,      ///< files
};

llvm::StringRef getName(Phase phase);
std::optional<Phase> parsePhase(llvm::StringRef name);

/// Options of all phase pipelines.
struct PhaseOptions : mlir::PassPipelineOptions<PhaseOptions> {
  Option<std::string> cpu{*this, "cpu",
                          llvm::cl::desc("CPU to make code for (phase normalize): LLVM's "
                                         "name, generic or native"),
                          llvm::cl::init("x86-64-v3")};
  Option<std::string> triple{*this, "target",
                             llvm::cl::desc("Triple of the CPU's architecture (phase "
                                            "normalize); empty: this host's"),
                             llvm::cl::init("x86_64-unknown-linux-gnu")};
  Option<Precision> precision{
      *this, "precision", llvm::cl::desc("What linear ops multiply (phases normalize and quantize)"),
      llvm::cl::init(Precision::F32),
      llvm::cl::values(clEnumValN(Precision::F32, "f32", "f32, as trained"),
                       clEnumValN(Precision::BF16, "bf16", "bf16, with sums in f32"))};
  Option<std::string> tuning{*this, "tuning",
                             llvm::cl::desc("Tuning file whose schedules come first (phase "
                                            "schedule)")};
};

/// Adds the passes of `phase`, its verification last.
void buildPhasePipeline(mlir::OpPassManager &pm, Phase phase,
                        const PhaseOptions &options);

/// Registers all passes of tx and one pipeline per phase.
void registerAllPasses();

/// Inserts tx and every dialect and extension its passes use.
void registerAllDialects(mlir::DialectRegistry &registry);

} // namespace tx

#endif // TX_PIPELINES_PHASES_H
