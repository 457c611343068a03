//===- Compile.cpp - Runs phases and writes what they make ----------------===//

#include "Diagnostics.h"
#include "FusionReport.h"
#include "mlir/IR/Verifier.h"
#include "tx/Checkpoint/Files.h"
#include "tx/Checkpoint/Tuning.h"
#include "tx/Driver/Driver.h"
#include "tx/Target/CpuTarget.h"
#include "tx/Transforms/Normalize/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <map>

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
  // An imported module is verified, and dumped, by the phase it has been
  // through.
  bool isImported = model.phase.value_or(Phase::Import) == Phase::Import;
  Phase usual = isImported ? Phase::Import : next(*model.phase);
  Phase start = options.from.value_or(usual);
  if (model.phase && start != usual && start != next(*model.phase))
    return withHint(
        makeError(ExitCode::Usage,
                  "the module has been through phase {0}; it "
                  "cannot go on from {1}",
                  getName(*model.phase), getName(start)),
        ("go on with --from=" + getName(usual) + ", which is the default")
            .str());
  if (start > options.to)
    return makeError(ExitCode::Usage,
                     "the last phase, {0}, comes before the first, {1}",
                     getName(options.to), getName(start));
  return start;
}

//===----------------------------------------------------------------------===//
// Targets
//===----------------------------------------------------------------------===//

static llvm::Expected<const Architecture *> chooseTarget(StringRef triple) {
  if (const Architecture *architecture = findArchitecture(triple))
    return architecture;
  return withHint(
      makeError(ExitCode::Usage, "unknown target '{0}'", triple),
      "use x86_64-linux-gnu, aarch64-linux-gnu or riscv64-linux-gnu");
}

/// What is wrong with a CPU that `architecture` does not have for `precision`.
static llvm::Error explainUnknownCpu(StringRef name,
                                     const Architecture &architecture,
                                     Precision precision) {
  std::string isas = llvm::join(llvm::reverse(architecture.getIsas()), ", ");
  std::string names = llvm::formatv("{0} or a CPU's name in LLVM, {1} say",
                                    isas, architecture.exampleCpu);
  const Architecture *other = findArchitectureOfCpu(name);
  if (other && other != &architecture)
    return withHint(
        makeError(ExitCode::Usage, "CPU '{0}' is {1}, the target is {2}", name,
                  other->getName(), architecture.getName()),
        ("an artefact is for one architecture: --target=" + other->getName() +
         "-linux-gnu")
            .str());
  if (name == "native")
    return withHint(makeError(ExitCode::Usage,
                              "the target is {0}, which this machine is not",
                              architecture.getName()),
                    "in place of native, use generic, " + names);
  if (precision != Precision::BF16 &&
      resolveCpu(name, architecture.triple, Precision::BF16))
    return withHint(makeError(ExitCode::Usage,
                              "CPU '{0}' is for programs of bf16, not of f32",
                              name),
                    "only programs of bf16 have use for its instructions: "
                    "--precision=bf16");
  bool isHost = &architecture == findArchitecture();
  return withHint(makeError(ExitCode::Usage, "unknown CPU '{0}'", name),
                  (isHost ? "use native, " : "use generic, ") + names);
}

static llvm::Expected<CpuTarget>
findCpu(StringRef name, const Architecture &architecture, Precision precision) {
  std::optional<CpuTarget> target =
      resolveCpu(name, architecture.triple, precision);
  if (!target)
    return explainUnknownCpu(name, architecture, precision);
  std::string least = architecture.getIsas().back();
  if (target->isa.empty())
    return withHint(makeError(ExitCode::Unsupported,
                              "CPU '{0}' has no {1} ({2})", name,
                              architecture.minimum, least),
                    least + " is the least that tx makes code for");
  return *target;
}

/// The precision asked for, or, of a module after phase quantize, its own.
static Precision getPrecision(const Model &model, const CompileOptions &options,
                              Phase start) {
  if (start <= Phase::Quantize)
    return options.precision.value_or(Precision::F32);
  WalkResult narrow = model.module.get()->walk([](LinearOp linear) {
    return linear.isNarrow() ? WalkResult::interrupt() : WalkResult::advance();
  });
  return narrow.wasInterrupted() ? Precision::BF16 : Precision::F32;
}

/// The CPUs to make code for, one for each instruction set.
static llvm::Expected<std::vector<std::string>>
chooseCpus(const CompileOptions &options, const Architecture &architecture,
           Precision precision) {
  std::vector<std::string> cpus;
  for (const std::string &name : options.cpuVariants)
    if (name == "all")
      llvm::append_range(cpus, architecture.getIsas(precision));
    else
      cpus.push_back(name);
  if (options.cpuVariants.empty() && !options.cpu.empty())
    cpus.push_back(options.cpu);
  if (cpus.empty())
    cpus.push_back(&architecture == findArchitecture() ? "native" : "generic");
  std::map<std::string, std::string> cpuOf; // by instruction set
  for (const std::string &cpu : cpus) {
    llvm::Expected<CpuTarget> target = findCpu(cpu, architecture, precision);
    if (!target)
      return target.takeError();
    auto [found, isNew] = cpuOf.try_emplace(target->isa, cpu);
    if (!isNew)
      return withHint(makeError(ExitCode::Usage,
                                "two variants are for {0}: {1} and {2}",
                                target->isa, found->second, cpu),
                      "an artefact has one variant for an instruction set");
  }
  return cpus;
}

/// `what`, which comes before `start`, cannot be had any more.
static llvm::Error refuseLate(Phase start, StringRef what, StringRef option) {
  return withHint(
      makeError(ExitCode::Usage,
                "the module has been through phase {0}, which is after {1}",
                getName(previous(start)), what),
      ("go on from phase quantize or earlier, or without " + option).str());
}

/// Whether the options name the target of a module that has one already.
static bool replacesTarget(const Model &model, const CompileOptions &options) {
  bool isNamed = !options.cpu.empty() || !options.target.empty() ||
                 !options.cpuVariants.empty();
  return isNamed && model.module.get()->hasAttr(kTargetAttrName);
}

/// What was decided in phases before `start` stays so.
static llvm::Error checkLate(const Model &model, const CompileOptions &options,
                             Phase start) {
  if (start > Phase::Fuse && !options.cpuVariants.empty())
    return refuseLate(start, "variants part", "variants");
  if (start > Phase::Fuse && replacesTarget(model, options))
    return refuseLate(start, "its target was decided", "a CPU and a target");
  if (start > Phase::Quantize && options.precision)
    return refuseLate(start, "its precision was decided", "a precision");
  return llvm::Error::success();
}

/// Where variants part from each other and where they come together.
static llvm::Error checkVariants(const CompileOptions &options, size_t count) {
  if (count > 1 && options.to < Phase::Emit)
    return withHint(makeError(ExitCode::Usage,
                              "{0} variants cannot be written as one module",
                              count),
                    "choose one CPU, or go on to phase emit");
  return llvm::Error::success();
}

/// Kernels exist from phase fuse to phase schedule.
static llvm::Error checkReport(const CompileOptions &options, Phase start) {
  if (!options.report ||
      (start <= Phase::Schedule && options.to >= Phase::Fuse))
    return llvm::Error::success();
  return withHint(makeError(ExitCode::Usage,
                            "phases {0} to {1} leave no kernels to report",
                            getName(start), getName(options.to)),
                  "report from phase schedule or earlier to fuse or later");
}

static llvm::Error runPhase(Model &model, Phase phase, StringRef cpu,
                            const Architecture &architecture,
                            Precision precision, StringRef tuning) {
  MLIRContext *context = model.module->getContext();
  DiagnosticCollector diagnostics(context);
  PassManager pm(context);
  PhaseOptions options;
  options.cpu = cpu.str();
  options.triple = architecture.triple.str();
  options.precision = precision;
  options.tuning = tuning.str();
  buildPhasePipeline(pm, phase, options);
  // Once for the phase: after every pass it would take as long as the passes.
  pm.enableVerifier(false);
  if (failed(pm.run(*model.module)) || failed(verify(*model.module)))
    return diagnostics.takeError(ExitCode::Pass,
                                 ("phase " + getName(phase) + " failed").str());
  model.phase = phase;
  return llvm::Error::success();
}

/// The file can be read, and a phase is still to come that applies it.
static llvm::Error checkTuning(const CompileOptions &options, Phase start) {
  if (options.tuning.empty())
    return llvm::Error::success();
  if (start > Phase::Schedule || options.to < Phase::Schedule)
    return makeError(ExitCode::Usage,
                     "phases {0} to {1} do not include schedule, which applies "
                     "a tuning file",
                     getName(start), getName(options.to));
  return readTuning(options.tuning).takeError();
}

/// Empty if the model has no target, which phase schedule reports.
static StringRef getIsa(const Model &model) {
  auto target = model.module.get()->getAttrOfType<TargetAttr>(kTargetAttrName);
  return target ? target.getIsa() : "";
}

/// One of `models` is for the instruction set of the tuning file.
static llvm::Error checkTunedIsa(ArrayRef<Model *> models, StringRef path) {
  if (path.empty())
    return llvm::Error::success();
  llvm::Expected<TuningFile> tuning = readTuning(path);
  if (!tuning)
    return tuning.takeError();
  if (llvm::any_of(models, [&](Model *model) {
        StringRef isa = getIsa(*model);
        return isa.empty() || isa == tuning->isa;
      }))
    return llvm::Error::success();
  return withHint(makeError(ExitCode::Usage,
                            "{0} is for {1}, which no variant is made for",
                            path, tuning->isa),
                  "tune on a machine with the instruction set, or compile "
                  "without --tuning");
}

/// DIR/4-quantize.mlir: the module after phase quantize. Those of several
/// variants are DIR/5-fuse.x86-64-v3.mlir and so on.
static llvm::Error dumpPhase(const Model &model, StringRef folder,
                             bool isVariant) {
  if (folder.empty())
    return llvm::Error::success();
  if (std::error_code code = fs::create_directories(folder))
    return makeError(ExitCode::File, "cannot make folder {0}: {1}", folder,
                     code.message());
  std::string name =
      std::to_string(int(*model.phase) + 1) + "-" + getName(*model.phase).str();
  if (isVariant)
    name += "." + getIsa(model).str();
  SmallString<128> file(folder);
  llvm::sys::path::append(file, name + ".mlir");
  return writeModule(model, file);
}

/// Makes `model` one for `cpu`. No phase before fuse asks for the target.
static llvm::Error setTarget(Model &model, StringRef cpu,
                             const Architecture &architecture,
                             Precision precision) {
  MLIRContext *context = model.module->getContext();
  DiagnosticCollector diagnostics(context);
  model.module.get()->removeAttr(kTargetAttrName);
  PassManager pm(context);
  AttachTargetOptions options;
  options.cpu = cpu.str();
  options.triple = architecture.triple.str();
  options.precision = precision;
  pm.addPass(createAttachTarget(options));
  if (failed(pm.run(*model.module)))
    return diagnostics.takeError(ExitCode::Pass, "the target cannot be set");
  return llvm::Error::success();
}

namespace {
/// What is on its way through the phases: one model, and from phase fuse on
/// one for each variant.
class Compilation {
public:
  Compilation(Model &model, const CompileOptions &options,
              const Architecture &architecture, Precision precision,
              std::vector<std::string> cpus)
      : options(options), architecture(architecture), precision(precision),
        cpus(std::move(cpus)), models({&model}) {}

  llvm::Error run(Phase phase);
  ArrayRef<Model *> getModels() const { return models; }

private:
  llvm::Error makeVariants();
  llvm::Error runOn(Model &model, Phase phase);
  void report();

  const CompileOptions &options;
  const Architecture &architecture;
  Precision precision;
  std::vector<std::string> cpus;
  std::vector<Model> variants;
  SmallVector<Model *> models;
  std::map<Model *, KernelRemarks> remarks;
};
} // namespace

llvm::Error Compilation::makeVariants() {
  for (const std::string &cpu : cpus) {
    variants.push_back(models.front()->clone());
    if (llvm::Error error =
            setTarget(variants.back(), cpu, architecture, precision))
      return error;
  }
  models = llvm::to_vector(llvm::make_pointer_range(variants));
  return llvm::Error::success();
}

llvm::Error Compilation::run(Phase phase) {
  if (phase == Phase::Fuse && !options.cpuVariants.empty())
    if (llvm::Error error = makeVariants())
      return error;
  if (phase == Phase::Schedule)
    if (llvm::Error error = checkTunedIsa(models, options.tuning))
      return error;
  for (Model *model : models) {
    if (llvm::Error error = runOn(*model, phase))
      return error;
    if (llvm::Error error =
            dumpPhase(*model, options.dumpPhasesTo, models.size() > 1))
      return error;
  }
  if (options.report && phase == std::min(options.to, Phase::Schedule))
    report();
  return llvm::Error::success();
}

llvm::Error Compilation::runOn(Model &model, Phase phase) {
  std::optional<RemarkCollector> collector;
  if (options.report)
    collector.emplace(model.module->getContext(), remarks[&model]);
  return runPhase(model, phase, cpus.front(), architecture, precision,
                  options.tuning);
}

void Compilation::report() {
  llvm::json::Array reports;
  for (Model *model : models)
    reports.push_back(reportFusion(*model->module, remarks[model]));
  *options.report = llvm::json::Object{{"variants", std::move(reports)}};
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

/// Fails where the artefact is for another architecture than this machine's:
/// `architecture`, or the one that the module is for already.
static llvm::Error checkRunsHere(const Model &model,
                                 const Architecture &architecture) {
  const Architecture *own = &architecture;
  if (auto target =
          model.module.get()->getAttrOfType<TargetAttr>(kTargetAttrName))
    own = findArchitecture(target.getTriple());
  if (!own || own == findArchitecture())
    return llvm::Error::success();
  return withHint(makeError(ExitCode::Usage,
                            "code for {0} cannot be verified: this machine "
                            "does not run it",
                            own->getName()),
                  "compile without --verify");
}

static llvm::Error emitTo(ArrayRef<Model *> variants, StringRef file,
                          const EmitOptions &options) {
  const Model &first = *variants.front();
  DiagnosticCollector diagnostics(first.module.get()->getContext());
  ParamSource source(first.paramRoot);
  SmallVector<ModuleOp> modules;
  for (Model *variant : variants)
    modules.push_back(*variant->module);
  return emitModule(modules, source, file, options);
}

/// Emits a shared object to `file` and compares it with `original`.
static llvm::Error emitAndVerify(ArrayRef<Model *> variants,
                                 const Model &original, StringRef file,
                                 EmitOptions options) {
  options.kind = EmitKind::SharedObject;
  options.sanitizer = Sanitizer::None; // its library is not in this process
  if (llvm::Error error = emitTo(variants, file, options))
    return error;
  llvm::Expected<LoadedModel> loaded = openArtefact(file, options.symbolPrefix);
  if (!loaded)
    return loaded.takeError();
  return verifyArtefact(*loaded, original);
}

/// What is verified is what becomes the output, unless that is no shared
/// object: then one is made for the purpose.
static llvm::Error emitVerified(ArrayRef<Model *> variants,
                                const Model &original, StringRef output,
                                const EmitOptions &options) {
  bool isText =
      options.kind == EmitKind::Llvm || options.kind == EmitKind::Assembly;
  if (output == "-" && !isText)
    return emitTo(variants, output, options); // which says what is wrong
  SmallString<128> place(output);             // of the shared object
  if (output == "-") {
    llvm::sys::path::system_temp_directory(/*erasedOnReboot=*/true, place);
    llvm::sys::path::append(place, "txc-verify.so");
  }
  llvm::Expected<OutputFile> file = OutputFile::create(place);
  if (!file)
    return file.takeError();
  if (llvm::Error error =
          emitAndVerify(variants, original, file->temporaryPath(), options))
    return error;
  if (options.kind == EmitKind::SharedObject &&
      options.sanitizer == Sanitizer::None)
    return file->commit();
  return emitTo(variants, output, options);
}

llvm::Error tx::compileModel(Model &model, StringRef output,
                             const CompileOptions &options) {
  llvm::Expected<Phase> start = chooseStart(model, options);
  if (!start)
    return start.takeError();
  llvm::Expected<const Architecture *> architecture =
      chooseTarget(options.target);
  if (!architecture)
    return architecture.takeError();
  if (llvm::Error error = checkLate(model, options, *start))
    return error;
  Precision precision = getPrecision(model, options, *start);
  llvm::Expected<std::vector<std::string>> cpus =
      chooseCpus(options, **architecture, precision);
  if (!cpus)
    return cpus.takeError();
  if (llvm::Error error = checkVariants(options, cpus->size()))
    return error;
  if (llvm::Error error = checkReport(options, *start))
    return error;
  if (llvm::Error error = checkTuning(options, *start))
    return error;
  if (replacesTarget(model, options))
    if (llvm::Error error =
            setTarget(model, cpus->front(), **architecture, precision))
      return error;
  bool emits = options.to == Phase::Emit;
  std::optional<Model> original;
  if (options.verify && !emits)
    return withHint(makeError(ExitCode::Usage,
                              "phases {0} to {1} leave no code to verify",
                              getName(*start), getName(options.to)),
                    "verify what goes on to phase emit");
  if (options.verify) {
    if (llvm::Error error = checkRunsHere(model, **architecture))
      return error;
    if (*start > Phase::Lower)
      return withHint(makeError(ExitCode::Usage,
                                "a lowered module cannot be verified: the "
                                "reference evaluates tx ops"),
                      "verify from phase lower or earlier");
    original = model.clone();
  }
  if (!model.phase && *start > Phase::Import)
    model.phase = previous(*start);
  Compilation compilation(model, options, **architecture, precision,
                          std::move(*cpus));
  for (Phase phase = *start; phase <= std::min(options.to, Phase::Lower);
       phase = next(phase)) {
    if (options.progress)
      options.progress(phase);
    if (llvm::Error error = compilation.run(phase))
      return error;
    // What is compared with: the reference computes in the chosen precision.
    if (original && phase == Phase::Quantize)
      original = model.clone();
  }
  ArrayRef<Model *> variants = compilation.getModels();
  if (!emits)
    return output.empty() ? llvm::Error::success()
                          : writeModule(*variants.front(), output);
  if (options.progress)
    options.progress(Phase::Emit);
  return original ? emitVerified(variants, *original, output, options.emit)
                  : emitTo(variants, output, options.emit);
}
