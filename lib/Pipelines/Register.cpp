//===- Register.cpp - Dialects, extensions and passes of tx ---------------===//

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "tx/Codegen/Cpu/Passes.h"
#include "tx/Conversion/Passes.h"
#include "tx/Pipelines/Passes.h"
#include "tx/Pipelines/Phases.h"
#include "tx/Transforms/Fuse/Passes.h"
#include "tx/Transforms/Normalize/Passes.h"
#include "tx/Transforms/Quantize/Passes.h"
#include "tx/Transforms/Schedule/Passes.h"

using namespace mlir;

void tx::registerAllDialects(DialectRegistry &registry) {
  registry.insert<TxDialect, arith::ArithDialect, cf::ControlFlowDialect,
                  func::FuncDialect, linalg::LinalgDialect, LLVM::LLVMDialect,
                  math::MathDialect, scf::SCFDialect, tensor::TensorDialect,
                  ub::UBDialect, vector::VectorDialect>();
  func::registerInlinerExtension(registry);
  arith::registerConvertArithToLLVMInterface(registry);
  cf::registerConvertControlFlowToLLVMInterface(registry);
  registerConvertFuncToLLVMInterface(registry);
  registerConvertMathToLLVMInterface(registry);
  ub::registerConvertUBToLLVMInterface(registry);
  vector::registerConvertVectorToLLVMInterface(registry);
}

/// One pipeline per phase, `tx-<phase>-pipeline`. Phase emit writes files and
/// is none.
static void registerPhasePipelines() {
  static constexpr tx::Phase phases[] = {
      tx::Phase::Import,   tx::Phase::Normalize, tx::Phase::Compress,
      tx::Phase::Quantize, tx::Phase::Fuse,      tx::Phase::Schedule,
      tx::Phase::Lower};
  for (tx::Phase phase : phases) {
    std::string name = tx::getName(phase).str();
    PassPipelineRegistration<tx::PhaseOptions>(
        "tx-" + name + "-pipeline", "Phase " + name + " of compilation.",
        [phase](OpPassManager &pm, const tx::PhaseOptions &options) {
          tx::buildPhasePipeline(pm, phase, options);
        });
  }
}

void tx::registerAllPasses() {
  registerTxNormalizePasses();
  registerTxQuantizePasses();
  registerTxFusePasses();
  registerTxSchedulePasses();
  registerTxConversionPasses();
  registerTxCpuPasses();
  registerTxPhasePasses();
  registerPhasePipelines();
}
