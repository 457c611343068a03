//===- Compile.cpp - Runs phases and writes what they make ----------------===//

#include "Diagnostics.h"
#include "tx/Driver/Driver.h"
#include "tx/Target/CpuTarget.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace tx;
namespace fs = llvm::sys::fs;

static Phase next(Phase phase) { return static_cast<Phase>(int(phase) + 1); }
static Phase previous(Phase phase) {
  return static_cast<Phase>(int(phase) - 1);
}

/// The first phase to run. A module written by hand says nothing of its phase:
/// there `from` is believed.
static llvm::Expected<Phase> chooseStart(const Model &model,
                                         const CompileOptions &options) {
  Phase start =
      options.from.value_or(model.phase ? next(*model.phase) : Phase::Import);
  if (model.phase && start != next(*model.phase))
    return withHint(
        makeError(ExitCode::Usage,
                  "the module has been through phase {0}; it cannot go on from "
                  "{1}",
                  getName(*model.phase), getName(start)),
        ("go on with --from=" + getName(next(*model.phase)) +
         ", which is the default")
            .str());
  // An imported module is verified, and dumped, by the phase it has been
  // through.
  if (model.phase == Phase::Import && !options.from)
    start = Phase::Import;
  if (start > options.to)
    return makeError(ExitCode::Usage,
                     "the last phase, {0}, comes before the first, {1}",
                     getName(options.to), getName(start));
  return start;
}

static llvm::Error checkCpu(StringRef name) {
  std::optional<CpuTarget> target = resolveCpu(name);
  if (!target)
    return withHint(makeError(ExitCode::Usage, "unknown CPU '{0}'", name),
                    "use native, x86-64-v3, x86-64-v4 or a CPU's name in LLVM, "
                    "znver4 say");
  if (target->isa.empty())
    return withHint(makeError(ExitCode::Unsupported,
                              "CPU '{0}' has no AVX2 and FMA (x86-64-v3)",
                              name),
                    "x86-64-v3 is the least that tx makes code for");
  return llvm::Error::success();
}

static llvm::Error runPhase(Model &model, Phase phase, StringRef cpu) {
  MLIRContext *context = model.module->getContext();
  DiagnosticCollector diagnostics(context);
  PassManager pm(context);
  PhaseOptions options;
  options.cpu = cpu.str();
  buildPhasePipeline(pm, phase, options);
  if (failed(pm.run(*model.module)))
    return diagnostics.takeError(ExitCode::Pass,
                                 ("phase " + getName(phase) + " failed").str());
  model.phase = phase;
  return llvm::Error::success();
}

/// DIR/4-quantize.mlir: the module after phase quantize.
static llvm::Error dumpPhase(const Model &model, StringRef folder) {
  if (folder.empty())
    return llvm::Error::success();
  if (std::error_code code = fs::create_directories(folder))
    return makeError(ExitCode::File, "cannot make folder {0}: {1}", folder,
                     code.message());
  SmallString<128> file(folder);
  llvm::sys::path::append(file, std::to_string(int(*model.phase) + 1) + "-" +
                                    getName(*model.phase) + ".mlir");
  return writeModule(model, file);
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

static llvm::Error emitTo(const Model &model, StringRef file,
                          const EmitOptions &options) {
  DiagnosticCollector diagnostics(model.module.get()->getContext());
  ParamSource source(model.paramRoot);
  return emitModule(*model.module, source, file, options);
}

/// Emits a shared object to `file` and compares it with `original`.
static llvm::Error emitAndVerify(const Model &model, const Model &original,
                                 StringRef file, EmitOptions options) {
  options.kind = EmitKind::SharedObject;
  options.sanitizer = Sanitizer::None; // its library is not in this process
  if (llvm::Error error = emitTo(model, file, options))
    return error;
  llvm::Expected<LoadedModel> loaded =
      LoadedModel::open(file, options.symbolPrefix);
  if (!loaded)
    return loaded.takeError();
  return verifyArtefact(*loaded, original);
}

/// What is verified is what becomes the output, unless that is no shared
/// object: then one is made for the purpose.
static llvm::Error emitVerified(const Model &model, const Model &original,
                                StringRef output, const EmitOptions &options) {
  llvm::Expected<OutputFile> file = OutputFile::create(output);
  if (!file)
    return file.takeError();
  if (llvm::Error error =
          emitAndVerify(model, original, file->temporaryPath(), options))
    return error;
  if (options.kind == EmitKind::SharedObject &&
      options.sanitizer == Sanitizer::None)
    return file->commit();
  return emitTo(model, output, options);
}

llvm::Error tx::compileModel(Model &model, StringRef output,
                             const CompileOptions &options) {
  llvm::Expected<Phase> start = chooseStart(model, options);
  if (!start)
    return start.takeError();
  if (llvm::Error error = checkCpu(options.cpu))
    return error;
  bool emits = options.to == Phase::Emit;
  std::optional<Model> original;
  if (options.verify && emits) {
    if (*start > Phase::Lower)
      return withHint(makeError(ExitCode::Usage,
                                "a lowered module cannot be verified: the "
                                "reference evaluates tx ops"),
                      "verify from phase lower or earlier");
    original = model.clone();
  }
  if (!model.phase && *start > Phase::Import)
    model.phase = previous(*start);
  for (Phase phase = *start; phase <= std::min(options.to, Phase::Lower);
       phase = next(phase)) {
    if (options.progress)
      options.progress(phase);
    if (llvm::Error error = runPhase(model, phase, options.cpu))
      return error;
    if (llvm::Error error = dumpPhase(model, options.dumpPhasesTo))
      return error;
  }
  if (!emits)
    return writeModule(model, output);
  if (options.progress)
    options.progress(Phase::Emit);
  return original ? emitVerified(model, *original, output, options.emit)
                  : emitTo(model, output, options.emit);
}
