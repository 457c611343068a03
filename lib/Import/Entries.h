//===- Entries.h - @encoder, @packed and @padded ----------------*- C++ -*-===//
//
// The functions of an imported module: @encoder takes ragged tokens and their
// positions; the entries make those from what users pass.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_IMPORT_ENTRIES_H
#define TX_LIB_IMPORT_ENTRIES_H

#include "EncoderBuilder.h"

namespace tx {

/// @encoder while it is built.
struct EncoderFunction {
  mlir::func::FuncOp op;
  EncoderInputs inputs;
};

/// Creates @encoder at `builder` and moves `builder` into it.
EncoderFunction beginEncoder(mlir::OpBuilder &builder, bool hasTypes);
/// Returns `outputs` from @encoder.
void endEncoder(mlir::OpBuilder &builder, EncoderFunction function,
                llvm::ArrayRef<Output> outputs);

/// Adds @packed and @padded, which return @encoder's `outputs`.
void buildEntries(mlir::ModuleOp module, const ModelConfig &config,
                  llvm::ArrayRef<Output> outputs);

} // namespace tx

#endif // TX_LIB_IMPORT_ENTRIES_H
