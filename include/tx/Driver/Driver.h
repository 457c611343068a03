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
#include "tx/Runtime/LoadedModel.h"
#include "llvm/Support/JSON.h"
#include <functional>
#include <optional>

namespace tx {

/// A context with every dialect and translation that the phases use.
std::unique_ptr<mlir::MLIRContext> makeContext();

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

/// A module and where its external params are.
struct Model {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string paramRoot;
  /// The phase it has been through (`tx.phase`); none for a module written by
  /// hand, which has been through none.
  std::optional<Phase> phase;

  Model clone() const;
};

/// Reads `path`: a checkpoint folder (imported with `head`), or a .mlir or
/// .mlirbc file, `-` for standard input. An empty `paramRoot` means the folder,
/// or the file's folder.
llvm::Expected<Model> loadModel(llvm::StringRef path, Head head,
                                llvm::StringRef paramRoot,
                                mlir::MLIRContext &context);

/// Writes `module` as text (.mlir) or bytecode (.mlirbc), by the ending.
/// External file names are made to resolve from `path`'s folder.
llvm::Error writeModule(const Model &model, llvm::StringRef path);
/// The same, as text, with names that resolve from the working directory.
void printModule(const Model &model, llvm::raw_ostream &os);

struct CompileOptions {
  /// A triple; empty: the module's, this machine's if it has none.
  std::string target;
  /// Empty: the module's where it has a target and `target` is empty too;
  /// otherwise native, or generic where `target` is not this machine's.
  std::string cpu;
  /// CPUs of different instruction sets, or "all", in place of `cpu`: the
  /// artefact has code for each and runs the best that its machine can.
  std::vector<std::string> cpuVariants;
  /// What linear ops multiply; decided in phase quantize. None: f32, or what a
  /// module that is beyond it has.
  std::optional<Precision> precision;
  /// A tuning file, for the variant of its instruction set; empty: none.
  std::string tuning;
  EmitOptions emit;
  std::optional<Phase> from; ///< default: the phase after the module's
  Phase to = Phase::Emit;    ///< last phase to run
  std::string dumpPhasesTo;  ///< folder for IR after each phase; empty: none
  bool verify = false;       ///< compare with Reference before writing
  /// Filled with what became which kernel and why not more; null: not.
  llvm::json::Value *report = nullptr;
  /// Called as each phase begins; null: nothing.
  std::function<void(Phase)> progress;
};

/// Runs the phases on `model` and, unless `to` stops earlier, writes the
/// artefact to `output`; when it stops earlier, the module, if `output` is not
/// empty. With variants, phases from fuse on run on a copy for each.
llvm::Error compileModel(Model &model, llvm::StringRef output,
                         const CompileOptions &options);

/// Family, head, sizes, entries (inputs, outputs) and parameters (count, bytes)
/// of a model, as `txc inspect --format=json` prints them.
llvm::json::Value inspectModel(const Model &model);

//===----------------------------------------------------------------------===//
// Artefacts
//===----------------------------------------------------------------------===//

/// Opens the shared object at `path`, whose function is `symbolPrefix`_v1.
/// Errors: File, Unsupported (for another architecture), Malformed (not an
/// artefact of tx, or of another version).
llvm::Expected<LoadedModel>
openArtefact(llvm::StringRef path, llvm::StringRef symbolPrefix = "tx_model");

/// Inputs or outputs of an entry, by name.
using NamedTensors = std::map<std::string, Tensor>;

/// Runs entry `entry` ("packed" or "padded") of an artefact once, inputs by
/// name; optional inputs may be missing. 0 threads: the artefact's default.
llvm::Expected<NamedTensors> runArtefact(const LoadedModel &model,
                                         llvm::StringRef entry,
                                         const NamedTensors &inputs,
                                         int threads);

/// The same by Reference.
llvm::Expected<NamedTensors> runReference(const Model &model,
                                          llvm::StringRef entry,
                                          const NamedTensors &inputs);

/// Fails, naming the worst element, unless output `name` of `entry` is what was
/// expected within the tolerances of docs/numerics.md, those of products of
/// bf16 if `isNarrow`. Errors: Mismatch.
llvm::Error compareOutput(llvm::StringRef entry, llvm::StringRef name,
                          const Tensor &actual, const Tensor &expected,
                          bool isNarrow);

/// Compares all entries of `artefact` with Reference on generated inputs.
/// Mismatch names the worst element.
llvm::Error verifyArtefact(const LoadedModel &artefact, const Model &model);

//===----------------------------------------------------------------------===//
// Machine
//===----------------------------------------------------------------------===//

/// FP32 multiply-add peak of `threads` threads and read bandwidth, measured
/// now.
struct MachinePeak {
  double gflops;
  double gigabytesPerSecond;
  double availability; ///< mean speed meanwhile over the peak: 1 undisturbed
};
MachinePeak measurePeak(int threads);

} // namespace tx

#endif // TX_DRIVER_DRIVER_H
