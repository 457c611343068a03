//===- Emit.h - From the lowered module to files ----------------*- C++ -*-===//
//
// Phase `emit`: LLVM dialect to LLVM IR, the variants of a model in one module,
// the runtime linked in as bitcode, LLVM's optimizer, an object, and either a
// shared object with the weights behind it or an object with the weights in a
// section, plus a C header.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_EMIT_H
#define TX_CODEGEN_CPU_EMIT_H

#include "mlir/IR/BuiltinOps.h"
#include "tx/Dialect/Tx/IR/ParamAccess.h"
#include "llvm/Support/JSON.h"

namespace tx {

enum class EmitKind {
  SharedObject, ///< `.so` with weights behind the ELF image
  Object,       ///< `.o` with a weight section, and `.h`
  Llvm,         ///< textual LLVM IR after optimization, no weights
  Assembly,     ///< assembly, no weights
};

enum class Sanitizer { None, Address, Thread };

struct EmitOptions {
  EmitKind kind = EmitKind::SharedObject;
  std::string symbolPrefix = "tx_model"; ///< a C identifier
  int threads = 1;                       ///< default of tx_options.threads
  Sanitizer sanitizer = Sanitizer::None;
};

/// Emits `variants`, one model lowered for one or more instruction sets, to
/// `path` (and, for objects, the header beside it, `.h` for `.o`). The variants
/// share the weights; which one runs is decided when the artefact is loaded.
/// Files appear complete or not at all. Errors: Backend, Unsupported, File, and
/// what `source` reports.
llvm::Error emitModule(llvm::ArrayRef<mlir::ModuleOp> variants,
                       ParamSource &source, llvm::StringRef path,
                       const EmitOptions &options);

/// A schedule as the metadata of an artefact and reports have it.
llvm::json::Object describeSchedule(ScheduleAttr schedule);
/// As metadata have it: what JSON has no number for is text.
llvm::json::Value describeAttribute(mlir::Attribute attribute);

} // namespace tx

#endif // TX_CODEGEN_CPU_EMIT_H
