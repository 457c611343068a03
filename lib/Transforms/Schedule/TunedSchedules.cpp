//===- TunedSchedules.cpp - Schedules of a tuning file --------------------===//

#include "tx/Transforms/Schedule/TunedSchedules.h"
#include "mlir/IR/Remarks.h"
#include "tx/Transforms/Schedule/RegisterTile.h"

using namespace mlir;
using namespace tx;

ScheduleAttr tx::toSchedule(MLIRContext *context,
                            const TunedSchedule &numbers) {
  return ScheduleAttr::get(context, numbers.lanes, numbers.rows, numbers.panels,
                           numbers.itemRows, numbers.chunk);
}

TunedSchedule tx::toNumbers(ScheduleAttr schedule) {
  return {schedule.getLanes(), schedule.getRows(), schedule.getPanels(),
          schedule.getItemRows(), schedule.getChunk()};
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
  int64_t registers = countTileRegisters(
      schedule.rows, countTileVectors(schedule.panels, schedule.lanes));
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
    kernel.setScheduleAttr(toSchedule(module.getContext(), schedule));
  }
  return success();
}
