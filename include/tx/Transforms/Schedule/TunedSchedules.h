//===- TunedSchedules.h - Schedules of a tuning file ------------*- C++ -*-===//

#ifndef TX_TRANSFORMS_SCHEDULE_TUNEDSCHEDULES_H
#define TX_TRANSFORMS_SCHEDULE_TUNEDSCHEDULES_H

#include "tx/Checkpoint/Tuning.h"
#include "tx/Dialect/Tx/IR/Tx.h"

namespace tx {

/// A schedule of products of f32, and its numbers.
ScheduleAttr toSchedule(mlir::MLIRContext *context,
                        const TunedSchedule &numbers);
TunedSchedule toNumbers(ScheduleAttr schedule);

/// Gives kernels of `module` the schedules that the tuning file at `path` has
/// for them; remarks `tuned` say which. A file for another instruction set than
/// the module's target changes nothing, nor do its entries for kernels that the
/// module lacks. Emits an error and fails where the file cannot be read or has
/// entries for such kernels alone, and on a kernel whose schedule does not fit
/// the target.
mlir::LogicalResult applyTuning(mlir::ModuleOp module, llvm::StringRef path);

} // namespace tx

#endif // TX_TRANSFORMS_SCHEDULE_TUNEDSCHEDULES_H
