//===- Diagnostics.h - Diagnostics as errors --------------------*- C++ -*-===//

#ifndef TX_LIB_DRIVER_DIAGNOSTICS_H
#define TX_LIB_DRIVER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "tx/Checkpoint/Error.h"

namespace tx {

/// Collects the errors that MLIR emits while it lives. A located one reads
/// `FILE:LINE:COLUMN: error: TEXT`.
class DiagnosticCollector {
public:
  explicit DiagnosticCollector(mlir::MLIRContext *context);

  /// What was collected, or `fallback` if nothing was.
  llvm::Error takeError(ExitCode code, llvm::StringRef fallback);

private:
  std::string text;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace tx

#endif // TX_LIB_DRIVER_DIAGNOSTICS_H
