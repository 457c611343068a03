//===- Compile.cpp - txc compile ------------------------------------------===//

#include "Verbs.h"
#include "tx/Checkpoint/Files.h"
#include "tx/Driver/Reports.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace tx;
using namespace txc;
namespace cl = llvm::cl;

static cl::SubCommand command("compile", "Compile a model to native code");
static cl::OptionCategory codeCategory("Code");
static cl::OptionCategory phaseCategory("Phases");

static cl::opt<std::string> model(cl::Positional,
                                  cl::desc("<folder, .mlir or .mlirbc>"),
                                  cl::sub(command), cl::cat(mainCategory));
static cl::opt<std::string> output("o", cl::desc("Output"),
                                   cl::value_desc("file"), cl::sub(command),
                                   cl::cat(mainCategory));
static cl::opt<Head> head("head", cl::desc("What the model computes"),
                          headValues(), cl::init(Head::Auto), cl::sub(command),
                          cl::cat(mainCategory));
static cl::opt<std::string>
    paramRoot("param-root",
              cl::desc("Folder that parameter files are relative to (default: "
                       "the model's)"),
              cl::value_desc("folder"), cl::sub(command),
              cl::cat(mainCategory));
static cl::opt<bool>
    verify("verify",
           cl::desc("Compare with the reference before anything is written"),
           cl::sub(command), cl::cat(mainCategory));
static cl::opt<std::string> report(
    "report",
    cl::desc("Say which ops became which kernel, and why not more: a table on "
             "stdout (also for -) or in a file, JSON in a file that ends in "
             ".json"),
    cl::value_desc("file"), cl::ValueOptional, cl::sub(command),
    cl::cat(mainCategory));
static cl::opt<bool> quiet("q", cl::desc("Say nothing but errors"),
                           cl::sub(command), cl::cat(mainCategory));

static cl::opt<EmitKind> emit(
    "emit", cl::desc("What to write"),
    cl::values(clEnumValN(EmitKind::SharedObject, "so",
                          "shared object with weights (default)"),
               clEnumValN(EmitKind::Object, "obj",
                          "object with weights, and a C header beside it"),
               clEnumValN(EmitKind::Llvm, "llvm", "LLVM IR, no weights"),
               clEnumValN(EmitKind::Assembly, "asm", "assembly, no weights")),
    cl::init(EmitKind::SharedObject), cl::sub(command), cl::cat(codeCategory));
static cl::opt<std::string>
    target("target",
           cl::desc("Machine to make code for: x86_64-linux-gnu, "
                    "aarch64-linux-gnu or riscv64-linux-gnu (default: this "
                    "one's)"),
           cl::value_desc("triple"), cl::sub(command), cl::cat(codeCategory));
static cl::opt<std::string>
    cpu("mcpu",
        cl::desc("CPU to make code for: native (default; for another --target "
                 "generic), x86-64-v3, x86-64-v4 or a name LLVM knows"),
        cl::value_desc("cpu"), cl::sub(command), cl::cat(codeCategory));
static cl::alias targetCpu("target-cpu", cl::desc("The same as -mcpu"),
                           cl::aliasopt(cpu), cl::cat(codeCategory));
static cl::list<std::string> cpuVariants(
    "cpu-variants",
    cl::desc("CPUs to make code for in one artefact, in place of -mcpu, or "
             "all: x86-64-v3,x86-64-v4 on x86_64"),
    cl::value_desc("cpu,..."), cl::CommaSeparated, cl::sub(command),
    cl::cat(codeCategory));
static cl::opt<Precision> precision(
    "precision", cl::desc("What linear layers multiply"),
    cl::values(clEnumValN(Precision::F32, "f32", "f32, as trained (default)"),
               clEnumValN(Precision::BF16, "bf16",
                          "bf16, with sums in f32: half the weights; less "
                          "time with AMX, no gain measured with AVX512_BF16")),
    cl::init(Precision::F32), cl::sub(command), cl::cat(codeCategory));
static cl::opt<int> threads(
    "threads", cl::desc("Threads a run uses unless it says (default 1)"),
    cl::value_desc("n"), cl::init(1), cl::sub(command), cl::cat(codeCategory));
static cl::opt<std::string>
    symbolPrefix("symbol-prefix",
                 cl::desc("Prefix of the visible symbols (default tx_model)"),
                 cl::value_desc("name"), cl::init("tx_model"), cl::sub(command),
                 cl::cat(codeCategory));
static cl::opt<std::string>
    tuning("tuning",
           cl::desc("Tuning file of txc tune, whose schedules come first"),
           cl::value_desc("file"), cl::sub(command), cl::cat(codeCategory));
static cl::opt<Sanitizer> sanitize(
    "sanitize", cl::desc("Instrument the code, for tests"),
    cl::values(clEnumValN(Sanitizer::None, "none", "do not (default)"),
               clEnumValN(Sanitizer::Address, "address", "AddressSanitizer"),
               clEnumValN(Sanitizer::Thread, "thread", "ThreadSanitizer")),
    cl::init(Sanitizer::None), cl::sub(command), cl::cat(codeCategory));

static cl::opt<std::string> from(
    "from",
    cl::desc("First phase to run (default: the one after the model's): "
             "import, normalize, compress, quantize, fuse, schedule, lower "
             "or emit"),
    cl::value_desc("phase"), cl::sub(command), cl::cat(phaseCategory));
static cl::opt<std::string>
    to("to", cl::desc("Last phase; before emit, the output is a module"),
       cl::value_desc("phase"), cl::init("emit"), cl::sub(command),
       cl::cat(phaseCategory));
static cl::opt<std::string>
    dumpPhasesTo("dump-phases-to",
                 cl::desc("Write the module after each phase into a folder"),
                 cl::value_desc("folder"), cl::sub(command),
                 cl::cat(phaseCategory));

/// A C identifier: it becomes part of symbols and of a header.
static bool isIdentifier(llvm::StringRef name) {
  return !name.empty() && !llvm::isDigit(name[0]) &&
         llvm::all_of(name,
                      [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

static llvm::Error checkPhase(llvm::StringRef flag, llvm::StringRef name) {
  if (parsePhase(name))
    return llvm::Error::success();
  return makeError(ExitCode::Usage,
                   "{0} is '{1}', expected import, normalize, compress, "
                   "quantize, fuse, schedule, lower or emit",
                   flag, name);
}

/// Whether --report goes to standard output.
static bool printsReport() {
  return report.getNumOccurrences() > 0 && (report.empty() || report == "-");
}

/// Whether the two are names of one file, there or not.
static bool isSameFile(llvm::StringRef one, llvm::StringRef other) {
  if (llvm::sys::fs::equivalent(one, other))
    return true;
  auto resolve = [](llvm::StringRef path) {
    llvm::StringRef folder = llvm::sys::path::parent_path(path);
    llvm::SmallString<128> real;
    if (llvm::sys::fs::real_path(folder.empty() ? "." : folder, real))
      real = folder;
    llvm::sys::path::append(real, llvm::sys::path::filename(path));
    return real;
  };
  return resolve(one) == resolve(other);
}

/// The report would take the place of what is compiled.
static llvm::Error checkReportFile() {
  if (report.getNumOccurrences() == 0 || printsReport())
    return llvm::Error::success();
  llvm::SmallString<128> header(output);
  llvm::sys::path::replace_extension(header, ".h");
  bool isHeader = emit == EmitKind::Object && isSameFile(report, header);
  if (!isHeader && !isSameFile(report, output))
    return llvm::Error::success();
  return makeError(ExitCode::Usage, "the report {0} is the {1}, too",
                   report.getValue(), isHeader ? "header" : "output");
}

/// What is said of artefacts, where the output is a module.
static llvm::Error checkModuleOptions() {
  if (to == "emit")
    return llvm::Error::success();
  for (auto [option, name] :
       {std::pair<const cl::Option &, const char *>{emit, "--emit"},
        {threads, "--threads"},
        {symbolPrefix, "--symbol-prefix"},
        {sanitize, "--sanitize"}})
    if (option.getNumOccurrences() > 0)
      return withHint(makeError(ExitCode::Usage,
                                "{0} is for phase emit, the last one is {1}",
                                name, to.getValue()),
                      "say it when the module is compiled to its artefact");
  return llvm::Error::success();
}

static llvm::Error checkOptions() {
  if (llvm::Error error = require("compile", "a model", model))
    return error;
  if (llvm::Error error = require("compile", "an output: -o FILE", output))
    return error;
  if (llvm::Error error = requireThreads(threads, 1))
    return error;
  if (!isIdentifier(symbolPrefix))
    return makeError(ExitCode::Usage,
                     "--symbol-prefix is '{0}', expected a C identifier",
                     symbolPrefix.getValue());
  if (cpu.getNumOccurrences() > 0 && cpuVariants.getNumOccurrences() > 0)
    return makeError(ExitCode::Usage,
                     "--cpu-variants takes the place of -mcpu");
  if (output == "-" && printsReport())
    return withHint(
        makeError(ExitCode::Usage,
                  "the output and the report are both for standard output"),
        "name a file for the report: --report=FILE");
  if (llvm::Error error = checkReportFile())
    return error;
  if (from.getNumOccurrences() > 0)
    if (llvm::Error error = checkPhase("--from", from))
      return error;
  if (llvm::Error error = checkPhase("--to", to))
    return error;
  return checkModuleOptions();
}

/// Plain values: linking resets the options of this process.
static CompileOptions readOptions() {
  CompileOptions options;
  options.target = target;
  options.cpu = cpu;
  options.cpuVariants = cpuVariants;
  if (precision.getNumOccurrences() > 0)
    options.precision = precision;
  options.tuning = tuning;
  options.emit.kind = emit;
  options.emit.symbolPrefix = symbolPrefix;
  options.emit.threads = threads;
  options.emit.sanitizer = sanitize;
  options.from = parsePhase(from); // none without --from
  options.to = *parsePhase(to);
  options.dumpPhasesTo = dumpPhasesTo;
  options.verify = verify;
  return options;
}

static std::string formatReport(const llvm::json::Value &value, bool isJson) {
  if (isJson)
    return llvm::formatv("{0:2}\n", value);
  std::string text;
  llvm::raw_string_ostream os(text);
  printFusion(value, os);
  return text;
}

static llvm::Error run() {
  if (llvm::Error error = checkOptions())
    return error;
  CompileOptions options = readOptions();
  std::string path = output;
  std::string reportPath = printsReport() ? "" : report.getValue();
  llvm::json::Value fusion = nullptr;
  if (report.getNumOccurrences() > 0)
    options.report = &fusion;
  std::optional<OutputFile> reportFile;
  if (!reportPath.empty()) {
    llvm::Expected<OutputFile> file = OutputFile::create(reportPath);
    if (!file)
      return file.takeError();
    reportFile.emplace(std::move(*file));
  }
  Progress progress(quiet);
  options.progress = [&](Phase phase) { progress.begin(phase); };
  if (llvm::sys::fs::is_directory(model))
    progress.begin(Phase::Import);
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  llvm::Expected<Model> loaded = loadModel(model, head, paramRoot, *context);
  if (!loaded)
    return loaded.takeError();
  if (llvm::Error error = compileModel(*loaded, path, options))
    return error;
  progress.report(path);
  if (!options.report)
    return llvm::Error::success();
  bool isJson = llvm::StringRef(reportPath).ends_with(".json");
  std::string text = formatReport(fusion, isJson);
  if (reportFile)
    return reportFile->commitText(text);
  llvm::outs() << text;
  return llvm::Error::success();
}

Verb txc::getCompile() {
  return {"compile", "Compile a model to native code",
          "  txc compile all-MiniLM-L6-v2 -o minilm.so\n"
          "  txc compile bert -o bert.o --emit=obj --symbol-prefix=bert\n"
          "  txc compile bert -o bert.so -mcpu=x86-64-v3 --verify\n"
          "  txc compile bert -o bert.so --cpu-variants=x86-64-v3,x86-64-v4\n"
          "  txc compile bert -o bert.so --target=aarch64-linux-gnu "
          "-mcpu=neoverse-n1\n"
          "  txc compile bert -o bert.so --tuning=bert-tuning.json\n"
          "  txc compile bert -o bert.so --report=kernels.json\n"
          "  txc compile phases/5-fuse.mlir -o bert.so\n",
          command, run};
}
