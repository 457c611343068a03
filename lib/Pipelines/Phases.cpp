//===- Phases.cpp - The passes of each phase ------------------------------===//
//
// The only place that knows the order of passes.
//
//===----------------------------------------------------------------------===//

#include "tx/Pipelines/Phases.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/Passes.h"
#include "tx/Codegen/Cpu/Lowering.h"
#include "tx/Codegen/Cpu/Passes.h"
#include "tx/Conversion/Passes.h"
#include "tx/Pipelines/Passes.h"
#include "tx/Transforms/Fuse/Passes.h"
#include "tx/Transforms/Normalize/Passes.h"
#include "tx/Transforms/Quantize/Passes.h"
#include "tx/Transforms/Schedule/Passes.h"

using namespace mlir;
using namespace tx;

/// In the order of the enum.
static constexpr StringLiteral kPhaseNames[] = {
    "import", "normalize", "compress", "quantize",
    "fuse",   "schedule",  "lower",    "emit"};

StringRef tx::getName(Phase phase) {
  return kPhaseNames[static_cast<unsigned>(phase)];
}

std::optional<Phase> tx::parsePhase(StringRef name) {
  for (auto [index, phaseName] : llvm::enumerate(kPhaseNames))
    if (name == phaseName)
      return static_cast<Phase>(index);
  return std::nullopt;
}

static void buildNormalize(OpPassManager &pm, const PhaseOptions &options) {
  pm.addNestedPass<func::FuncOp>(createDecomposeComposites());
  // Entries share the body of the model only until here: from now on each is
  // planned on its own.
  pm.addPass(createInlinerPass());
  pm.addPass(createSymbolDCEPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  AttachTargetOptions target;
  target.cpu = options.cpu;
  target.precision = options.precision;
  target.triple = options.triple;
  pm.addPass(createAttachTarget(target));
}

static void buildQuantize(OpPassManager &pm, const PhaseOptions &options) {
  if (options.precision == Precision::BF16)
    pm.addNestedPass<func::FuncOp>(createNarrowProducts());
}

static void buildFuse(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(createPlanAttentionTiles());
  pm.addPass(createFormKernels());
}

static void buildSchedule(OpPassManager &pm, const PhaseOptions &options) {
  AssignSchedulesOptions schedules;
  schedules.tuning = options.tuning;
  pm.addPass(createAssignSchedules(schedules));
  pm.addPass(createPackWeights());
  pm.addPass(createAssignHeadLayouts());
  // Sizes do not depend on layouts, but calls must be final.
  pm.addPass(createPlanMemory());
}

static void addVerifier(OpPassManager &pm, Phase phase) {
  VerifyPhaseOptions options;
  options.phase = getName(phase).str();
  pm.addPass(createVerifyPhase(options));
}

static void buildLower(OpPassManager &pm) {
  // Code trusts schedules, and a module may have been edited since.
  addVerifier(pm, Phase::Schedule);
  // Code trusts places, which follow from everything else: whatever a module
  // says of them, they are those of this plan.
  pm.addPass(createPlanMemory());
  // While kernels still say what they compute.
  pm.addPass(createDescribeEntries());
  pm.addNestedPass<KernelOp>(createConvertTxToLinalg());
  pm.addPass(createEmitKernels());
  pm.addPass(createLowerEntries());
  pm.addPass(createExpandMath());
  buildLowerToLLVM(pm);
}

void tx::buildPhasePipeline(OpPassManager &pm, Phase phase,
                            const PhaseOptions &options) {
  switch (phase) {
  case Phase::Import:   // Done by the importer.
  case Phase::Compress: // Models are compressed by their authors so far.
    break;
  case Phase::Quantize:
    buildQuantize(pm, options);
    break;
  case Phase::Normalize:
    buildNormalize(pm, options);
    break;
  case Phase::Fuse:
    buildFuse(pm);
    break;
  case Phase::Schedule:
    buildSchedule(pm, options);
    break;
  case Phase::Lower:
    buildLower(pm);
    break;
  case Phase::Emit: // Writes files; not a pass pipeline.
    return;
  }
  addVerifier(pm, phase);
}
