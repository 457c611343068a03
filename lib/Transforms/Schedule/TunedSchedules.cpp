//===- TunedSchedules.cpp - Schedules of a tuning file --------------------===//

#include "tx/Transforms/Schedule/TunedSchedules.h"
#include "mlir/IR/Remarks.h"
#include "tx/Analysis/RegisterTile.h"

using namespace mlir;
using namespace tx;

ScheduleAttr tx::toSchedule(MLIRContext *context,
                            const TunedSchedule &numbers) {
  return ScheduleAttr::get(context, numbers.lanes, numbers.rows, numbers.panels,
                           numbers.itemRows,
                           numbers.chunk ? numbers.chunk : kDefaultChunk,
                           numbers.stretch ? numbers.stretch : kDefaultL2);
}

TunedSchedule tx::toNumbers(ScheduleAttr schedule) {
  return {schedule.getLanes(),    schedule.getRows(),  schedule.getPanels(),
          schedule.getItemRows(), schedule.getChunk(), schedule.getStretch()};
}

static bool isNarrow(KernelOp kernel) {
  return llvm::any_of(kernel.getBody().getOps<LinearOp>(),
                      [](LinearOp linear) { return linear.isNarrow(); });
}

static remark::RemarkOpts getRemark(StringRef name) {
  return remark::RemarkOpts::name(name).category("tx-assign-schedules");
}

/// Fails, with an error, unless `schedule` is one that `kernel` can have.
static LogicalResult checkFit(KernelOp kernel, const TunedSchedule &schedule,
                              TargetAttr target) {
  if (kernel.getBody().getOps<LinearOp>().empty())
    return kernel.emitOpError("is tuned, but only kernels of products can be");
  if (isNarrow(kernel))
    return kernel.emitOpError("is tuned, but its products are of bf16, which "
                              "have schedules of their own");
  if (schedule.lanes != target.getLanes())
    return kernel.emitOpError("is tuned for vectors of ")
           << schedule.lanes << " lanes, but the target's have "
           << target.getLanes();
  int64_t registers = countTileRegisters(
      schedule.rows, countTileVectors(schedule.panels, schedule.lanes));
  if (registers > target.getRegisters())
    return kernel.emitOpError("is tuned to tiles of ")
           << schedule.rows << " rows and " << schedule.panels
           << " panels, which take " << registers
           << " registers, but the target has " << target.getRegisters();
  return success();
}

LogicalResult tx::applyTuning(ModuleOp module, StringRef path) {
  llvm::Expected<TuningFile> tuning = readTuning(path);
  if (!tuning)
    return module.emitError(llvm::toString(tuning.takeError()));
  auto target = module->getAttrOfType<TargetAttr>(kTargetAttrName);
  if (tuning->isa != target.getIsa()) {
    remark::missed(module.getLoc(), getRemark("not-tuned"))
        << remark::reason("the tuning file is for {0}, the target is {1}",
                          tuning->isa, target.getIsa().str());
    return success();
  }
  bool isOther = !tuning->kernels.empty();
  for (auto kernel : module.getOps<KernelOp>()) {
    const TunedKernel *tuned =
        tuning->find(kernel.getSymName(), kernel.getOpNames());
    if (!tuned)
      continue;
    isOther = false;
    if (kernel.getSchedule())
      continue;
    const TunedSchedule &schedule = tuned->schedule;
    if (failed(checkFit(kernel, schedule, target)))
      return failure();
    kernel.setScheduleAttr(toSchedule(module.getContext(), schedule));
    remark::passed(kernel.getLoc(), getRemark("tuned"))
        << remark::metric("Kernel", kernel.getSymName());
  }
  if (isOther)
    return module.emitError("none of the kernels that are tuned in ")
           << path << " is in the module";
  return success();
}
