//===- FusionReport.h - What became which kernel, and why -------*- C++ -*-===//

#ifndef TX_LIB_DRIVER_FUSIONREPORT_H
#define TX_LIB_DRIVER_FUSIONREPORT_H

#include "tx/Driver/Driver.h"
#include "llvm/ADT/StringSet.h"

namespace tx {

/// A remark `apart` of tx-form-kernels.
struct ApartRemark {
  std::string entry, kernel, op, reason;
};

/// What passes remark of the kernels of a module.
struct KernelRemarks {
  std::vector<ApartRemark> apart;
  llvm::StringSet<> tuned; ///< kernels, by tx-assign-schedules
};

/// Collects remarks while it lives.
class RemarkCollector {
public:
  RemarkCollector(mlir::MLIRContext *context, KernelRemarks &remarks);
  ~RemarkCollector();
  RemarkCollector(const RemarkCollector &) = delete;

private:
  mlir::MLIRContext *context;
};

/// The kernels of `module`, which has been through phase fuse or schedule:
/// ops, calls in each entry, schedule, and by `remarks` whether it was tuned
/// and what is apart.
llvm::json::Value reportFusion(mlir::ModuleOp module,
                               const KernelRemarks &remarks);

} // namespace tx

#endif // TX_LIB_DRIVER_FUSIONREPORT_H
