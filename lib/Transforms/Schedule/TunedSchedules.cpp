//===- TunedSchedules.cpp - Schedules of a tuning file --------------------===//

#include "TunedSchedules.h"
#include "PanelWidth.h"
#include "mlir/IR/Remarks.h"
#include "tx/Checkpoint/Tuning.h"

using namespace mlir;
using namespace tx;

/// What a tile of products keeps in registers (see AssignSchedules): sums, the
/// weights of its columns and one element of x.
static int64_t countRegisters(const TunedSchedule &schedule) {
  int64_t vectors = schedule.panels * kPanelWidth / schedule.lanes;
  return schedule.rows * vectors + vectors + 1;
}

/// Fails, with an error, unless `schedule` is one that `kernel` can have.
static LogicalResult checkFit(KernelOp kernel, const TunedSchedule &schedule,
                              TargetAttr target) {
  if (kernel.getBody().getOps<LinearOp>().empty())
    return kernel.emitOpError("is tuned, but only kernels of products can be");
  if (schedule.lanes != target.getLanes())
    return kernel.emitOpError("is tuned for vectors of ")
           << schedule.lanes << " lanes, but the target's have "
           << target.getLanes();
  int64_t registers = countRegisters(schedule);
  if (registers > target.getRegisters())
    return kernel.emitOpError("is tuned to tiles of ")
           << schedule.rows << " rows and " << schedule.panels
           << " panels, which take " << registers
           << " registers, but the target has " << target.getRegisters();
  return success();
}

/// Products of bf16 have schedules of their own, which nobody has measured.
static bool isNarrow(KernelOp kernel) {
  return llvm::any_of(kernel.getBody().getOps<LinearOp>(),
                      [](LinearOp linear) { return linear.isNarrow(); });
}

LogicalResult tx::applyTuning(ModuleOp module, StringRef path) {
  llvm::Expected<TuningFile> tuning = readTuning(path);
  if (!tuning)
    return module.emitError(llvm::toString(tuning.takeError()));
  auto target = module->getAttrOfType<TargetAttr>(kTargetAttrName);
  if (tuning->isa != target.getIsa()) {
    remark::missed(
        module.getLoc(),
        remark::RemarkOpts::name("not-tuned").category("tx-assign-schedules"))
        << remark::reason("the tuning file is for {0}, the target is {1}",
                          tuning->isa, target.getIsa().str());
    return success();
  }
  for (auto kernel : module.getOps<KernelOp>()) {
    const TunedKernel *tuned =
        tuning->find(kernel.getSymName(), kernel.getOpNames());
    if (!tuned || kernel.getSchedule() || isNarrow(kernel))
      continue;
    const TunedSchedule &schedule = tuned->schedule;
    if (failed(checkFit(kernel, schedule, target)))
      return failure();
    kernel.setScheduleAttr(
        ScheduleAttr::get(module.getContext(), schedule.lanes, schedule.rows,
                          schedule.panels, schedule.itemRows, schedule.chunk));
  }
  return success();
}
