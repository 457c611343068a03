//===- Driver.h - The verbs of txc ------------------------------*- C++ -*-===//
//
// What `txc` and the Python package do, as functions: each takes plain
// options, prints nothing on standard output, and fails with an error that
// carries its exit code.
//
//===----------------------------------------------------------------------===//

#ifndef TX_DRIVER_DRIVER_H
#define TX_DRIVER_DRIVER_H

#include "tx/Codegen/Cpu/Emit.h"
#include "tx/Import/Import.h"
#include "tx/Pipelines/Phases.h"
#include "tx/Reference/Interpreter.h"
#include "tx/Runtime/tx_model.h"
#include "llvm/Support/JSON.h"
#include <functional>

namespace tx {

/// A context with every dialect and translation that the phases use.
std::unique_ptr<mlir::MLIRContext> makeContext();

/// A module and where its external params are.
struct Model {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string paramRoot;
  /// The phase it has been through (`tx.phase`).
  Phase phase;
};

/// Reads `path`: a checkpoint folder (imported with `head`), or a .mlir or
/// .mlirbc file. An empty `paramRoot` means the folder, or the file's folder.
llvm::Expected<Model> loadModel(llvm::StringRef path, Head head,
                                llvm::StringRef paramRoot,
                                mlir::MLIRContext &context);

/// Writes `module` as text (.mlir) or bytecode (.mlirbc), by the ending. External file
/// names are made to resolve from `path`'s folder.
llvm::Error writeModule(const Model &model, llvm::StringRef path);

struct CompileOptions {
  std::string cpu = "native";
  EmitOptions emit;
  std::optional<Phase> from;   ///< default: the phase after the module's
  Phase to = Phase::Emit;      ///< last phase to run
  std::string dumpPhasesTo;    ///< folder for IR after each phase; empty: none
  bool verify = false;         ///< compare with Reference before writing
  /// Called as each phase begins; null: nothing.
  std::function<void(Phase)> progress;
};

/// Runs the phases on `model` and, unless `to` stops earlier, writes the artefact to
/// `output`; when it stops earlier, the module.
llvm::Error compileModel(Model &model, llvm::StringRef output,
                         const CompileOptions &options);

/// Family, head, sizes, entries (inputs, outputs) and parameters (count, bytes)
/// of a model, as `txc inspect --format=json` prints them.
llvm::json::Value inspectModel(const Model &model);

/// A loaded artefact.
class LoadedModel {
public:
  /// Opens the shared object at `path`. Errors: File, Malformed (not an
  /// artefact of tx, or of another version), Unsupported (CPU).
  static llvm::Expected<LoadedModel> open(llvm::StringRef path);
  LoadedModel(LoadedModel &&other);
  ~LoadedModel();

  const tx_model *operator->() const { return model; }

private:
  LoadedModel() = default;
  void *handle = nullptr;
  const tx_model *model = nullptr;
};

/// Runs entry `entry` ("packed" or "padded") of an artefact once, inputs by
/// name; optional inputs may be missing.
llvm::Expected<std::map<std::string, Tensor>>
runArtefact(const LoadedModel &model, llvm::StringRef entry,
            const std::map<std::string, Tensor> &inputs, int threads);

/// The same by Reference.
llvm::Expected<std::map<std::string, Tensor>>
runReference(const Model &model, llvm::StringRef entry,
             const std::map<std::string, Tensor> &inputs);

/// FP32 multiply-add peak of `threads` threads and read bandwidth, measured now.
struct MachinePeak {
  double gflops;
  double gigabytesPerSecond;
};
MachinePeak measurePeak(int threads);

} // namespace tx

#endif // TX_DRIVER_DRIVER_H
