//===- FusionReport.h - What became which kernel, and why -------*- C++ -*-===//

#ifndef TX_LIB_DRIVER_FUSIONREPORT_H
#define TX_LIB_DRIVER_FUSIONREPORT_H

#include "tx/Driver/Driver.h"

namespace tx {

/// A remark `apart` of tx-form-kernels.
struct ApartRemark {
  std::string entry, kernel, op, reason;
};

/// Collects remarks of tx-form-kernels while it lives.
class FusionRemarks {
public:
  FusionRemarks(mlir::MLIRContext *context, std::vector<ApartRemark> &remarks);
  ~FusionRemarks();
  FusionRemarks(const FusionRemarks &) = delete;

private:
  mlir::MLIRContext *context;
};

/// The kernels of `module`, which has been through phase fuse or schedule:
/// ops, calls in each entry, schedule, and by `remarks` what is apart.
llvm::json::Value reportFusion(mlir::ModuleOp module,
                               llvm::ArrayRef<ApartRemark> remarks);

} // namespace tx

#endif // TX_LIB_DRIVER_FUSIONREPORT_H
