//===- AttachTarget.cpp - Say which machine code is made for --------------===//
//
// The one place where the name of a CPU becomes facts. What follows reads
// `tx.target`, so that tests and cross compilation never see the host.
//
//===----------------------------------------------------------------------===//

#include "tx/Target/CpuTarget.h"
#include "tx/Transforms/Normalize/Passes.h"

namespace tx {
#define GEN_PASS_DEF_ATTACHTARGET
#include "tx/Transforms/Normalize/Passes.h.inc"
} // namespace tx

using namespace mlir;
using namespace tx;

namespace {
struct AttachTarget : tx::impl::AttachTargetBase<AttachTarget> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (module->hasAttr(kTargetAttrName))
      return;
    std::optional<CpuTarget> target = resolveCpu(cpu);
    if (!target) {
      module.emitError("unknown CPU '")
          << cpu << "', expected native, x86-64-v3, x86-64-v4 or LLVM's name "
          << "of an x86-64 CPU, such as haswell or znver4";
      return signalPassFailure();
    }
    if (target->isa.empty()) {
      module.emitError("CPU '")
          << cpu << "' is not supported: code needs AVX2 and FMA (x86-64-v3) "
          << "or AVX-512 (x86-64-v4)";
      return signalPassFailure();
    }
    module->setAttr(kTargetAttrName,
                    TargetAttr::get(&getContext(), target->triple, target->isa,
                                    target->tune, target->lanes,
                                    target->registers));
  }
};
} // namespace
