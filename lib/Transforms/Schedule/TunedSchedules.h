//===- TunedSchedules.h - Schedules of a tuning file ------------*- C++ -*-===//

#ifndef TX_LIB_TRANSFORMS_SCHEDULE_TUNEDSCHEDULES_H
#define TX_LIB_TRANSFORMS_SCHEDULE_TUNEDSCHEDULES_H

#include "tx/Dialect/Tx/IR/Tx.h"

namespace tx {

/// Gives kernels of `module` the schedules that the tuning file at `path` has
/// for them. A file for another instruction set than the module's target
/// changes nothing, nor do its entries for kernels that the module lacks.
/// Emits an error and fails where the file cannot be read, and on a kernel
/// whose schedule does not fit the target.
mlir::LogicalResult applyTuning(mlir::ModuleOp module, llvm::StringRef path);

} // namespace tx

#endif // TX_LIB_TRANSFORMS_SCHEDULE_TUNEDSCHEDULES_H
