//===- AttachTarget.cpp - Say which machine code is made for --------------===//
//
// The one place where the name of a CPU becomes facts. What follows reads
// `tx.target`, so that tests and cross compilation never see the host.
//
//===----------------------------------------------------------------------===//

#include "tx/Target/CpuTarget.h"
#include "tx/Transforms/Normalize/Passes.h"
#include "llvm/ADT/StringExtras.h"

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
    const Architecture *architecture = findArchitecture(triple);
    if (!architecture) {
      module.emitError("unknown target '")
          << triple << "', expected x86_64-linux-gnu, aarch64-linux-gnu or "
          << "riscv64-linux-gnu";
      return signalPassFailure();
    }
    std::optional<CpuTarget> target = resolveCpu(cpu, triple, precision);
    if (!target) {
      module.emitError("unknown CPU '")
          << cpu << "', expected "
          << llvm::join(architecture->getIsas(precision), ", ")
          << ", generic, native on such a machine, or LLVM's name of a CPU of "
          << architecture->getName() << ", such as "
          << architecture->exampleCpu;
      return signalPassFailure();
    }
    if (target->isa.empty()) {
      module.emitError("CPU '")
          << cpu << "' is not supported: code needs " << architecture->minimum
          << " (" << architecture->getIsas().back() << ")";
      return signalPassFailure();
    }
    module->setAttr(kTargetAttrName,
                    TargetAttr::get(&getContext(), target->triple, target->isa,
                                    target->tune, target->lanes,
                                    target->registers, target->l1, target->l2));
  }
};
} // namespace
