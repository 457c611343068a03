//===- txc.cpp - The driver of tx -----------------------------------------===//
//
// Reads the command line and hands it to a verb. Results go to standard output,
// everything else to standard error; the exit codes are those of Error.h.
//
//===----------------------------------------------------------------------===//

#include "Verbs.h"
#include "tx/Checkpoint/Files.h"
#include "tx/Target/CpuTarget.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
#include <csignal>
#include <optional>
#include <sys/mman.h>
#include <unistd.h>

using namespace tx;
using namespace txc;
namespace cl = llvm::cl;
using llvm::StringRef;

static std::vector<Verb> getVerbs() {
  return {getImport(), getCompile(), getRun(),   getBench(),
          getTune(),   getInspect(), getDoctor()};
}

static const Verb *findVerb(llvm::ArrayRef<Verb> verbs, StringRef name) {
  for (const Verb &verb : verbs)
    if (verb.name == name)
      return &verb;
  return nullptr;
}

static void printHelp(llvm::ArrayRef<Verb> verbs, llvm::raw_ostream &os) {
  os << "txc compiles transformer encoders to native code.\n\n"
        "usage: txc VERB [options]\n\nverbs:\n";
  for (const Verb &verb : verbs)
    os << llvm::formatv("  {0,-10} {1}\n", verb.name, verb.summary);
  os << "  help       Show the options of a verb: txc help compile\n\n"
        "options:\n"
        "  --help     Show this, or the options of a verb\n"
        "  --version  Show versions and the default target\n\n"
        "examples:\n"
        "  txc compile all-MiniLM-L6-v2 -o minilm.so\n"
        "  txc run minilm.so --input='{\"input_ids\": [[101, 2003, 102]]}'\n"
        "  txc bench minilm.so --batch=8 --length=128\n";
}

static void printVersion(llvm::raw_ostream &os) {
  std::optional<CpuTarget> host = resolveCpu("native");
  os << "txc " << TX_VERSION << "\nLLVM " << LLVM_VERSION_STRING
     << "\ndefault target ";
  if (host && !host->isa.empty())
    os << host->triple << ", " << host->isa << ", tuned for " << host->tune
       << '\n';
  else
    os << "none: this CPU has no AVX2 and FMA\n";
}

/// An error, its word coloured on terminals that allow it.
static int reportFailure(llvm::Error error) {
  std::string text;
  llvm::raw_string_ostream os(text);
  ExitCode code = reportError(std::move(error), os);
  const char *noColor = getenv("NO_COLOR");
  bool colored = isatty(STDERR_FILENO) && !(noColor && *noColor);
  StringRef rest = text;
  if (colored && rest.consume_front("error:"))
    llvm::errs() << "\033[1;31merror:\033[0m";
  llvm::errs() << rest;
  return int(code);
}

/// LLVM's words for a wrong command line, `txc compile: TEXT  Try: ...`, in
/// ours.
static llvm::Error usageError(StringRef text, const Verb &verb) {
  StringRef first = text.split('\n').first;
  first = first.split("  Try: ").first;
  if (size_t colon = first.find(": "); colon != StringRef::npos)
    first = first.drop_front(colon + 2);
  std::string message = first.rtrim(".! ").str();
  if (!message.empty())
    message[0] = llvm::toLower(message[0]);
  StringRef guess = text.split("Did you mean '").second.split('\'').first;
  std::string hint = llvm::formatv("see txc {0} --help", verb.name);
  if (!guess.empty())
    hint = llvm::formatv("did you mean {0}?", guess.trim());
  return withHint(makeError(ExitCode::Usage, "{0}", message), hint);
}

/// Whether all that was printed has arrived.
static llvm::Error flushOutput() {
  llvm::outs().flush();
  std::error_code code = llvm::outs().error();
  if (!code)
    return llvm::Error::success();
  llvm::outs().clear_error();
  return makeError(ExitCode::File, "cannot write standard output: {0}",
                   code.message());
}

static bool isOurs(const cl::OptionCategory &category) {
  return category.getName() == "Options" || category.getName() == "Code" ||
         category.getName() == "Phases";
}

/// Leaves the options of tx, of the many that LLVM registers.
static void hideForeignOptions(cl::SubCommand &command) {
  for (auto &[name, option] : cl::getRegisteredOptions(command))
    if (name != "help" && llvm::none_of(option->Categories,
                                        [](const cl::OptionCategory *category) {
                                          return isOurs(*category);
                                        }))
      option->setHiddenFlag(cl::ReallyHidden);
}

/// What `work` writes to standard error: LLVM's parser reports wrong values
/// there, whatever stream it was given.
static std::string captureErrors(llvm::function_ref<void()> work) {
  // A pipe would be full at some length.
  int file = memfd_create("errors", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
  if (saved < 0 || file < 0) {
    work();
    return "";
  }
  dup2(file, STDERR_FILENO);
  work();
  llvm::errs().flush();
  dup2(saved, STDERR_FILENO);
  close(saved);
  std::string text;
  char bytes[4096];
  for (ssize_t n; (n = pread(file, bytes, sizeof bytes, text.size())) > 0;)
    text.append(bytes, n);
  close(file);
  return text;
}

static llvm::Error parse(const Verb &verb,
                         llvm::ArrayRef<const char *> arguments) {
  std::string errors;
  llvm::raw_string_ostream os(errors);
  bool parsed = false;
  std::string printed = captureErrors([&] {
    parsed = cl::ParseCommandLineOptions(arguments.size(), arguments.data(), "",
                                         &os);
  });
  if (parsed)
    return llvm::Error::success();
  return usageError(printed.empty() ? errors : printed, verb);
}

static bool isHelp(StringRef argument) {
  return argument == "--help" || argument == "-help" || argument == "-h";
}

static int printVerbHelp(const Verb &verb, const char *program) {
  hideForeignOptions(verb.command);
  std::string name =
      verb.name.str(); // makes the verb's options the active ones
  if (llvm::Error error = parse(verb, {program, name.c_str()}))
    return reportFailure(std::move(error));
  cl::PrintHelpMessage(/*Hidden=*/false, /*Categorized=*/true);
  llvm::outs() << "\nexamples:\n" << verb.examples;
  return 0;
}

static int runVerb(const Verb &verb, llvm::ArrayRef<const char *> arguments) {
  if (llvm::any_of(arguments.drop_front(2), isHelp))
    return printVerbHelp(verb, arguments[0]);
  if (llvm::Error error = parse(verb, arguments))
    return reportFailure(std::move(error));
  llvm::Error error = verb.run();
  if (!error)
    error = flushOutput();
  if (error)
    return reportFailure(std::move(error));
  return 0;
}

int main(int argc, char **argv) {
  // A file would take the number of a standard stream that is closed.
  if (llvm::sys::Process::FixupStandardFileDescriptors())
    return static_cast<int>(ExitCode::File);
  std::optional<KeptSignals> kept(std::in_place); // as nohup left them
  llvm::InitLLVM init(argc, argv);
  // Temporary files are gone by then.
  llvm::sys::SetOneShotPipeSignalFunction([] { raise(SIGPIPE); });
  kept.reset();
  signal(SIGXFSZ, SIG_IGN); // a file that grows too large is an error to report
  std::vector<Verb> verbs = getVerbs();
  std::vector<const char *> arguments(argv, argv + argc);
  StringRef first = argc > 1 ? arguments[1] : "";
  if (first == "help" && argc > 2) { // txc help VERB is txc VERB --help
    arguments = {arguments[0], arguments[2], "--help"};
    first = arguments[1];
  }
  if (first == "help" || first == "--help" || first == "-h" ||
      first == "-help") {
    printHelp(verbs, llvm::outs());
    return 0;
  }
  if (first == "--version" || first == "-version") {
    printVersion(llvm::outs());
    return 0;
  }
  const Verb *verb = findVerb(verbs, first);
  if (verb)
    return runVerb(*verb, arguments);
  llvm::Error error =
      first.empty() ? makeError(ExitCode::Usage, "txc needs a verb")
                    : makeError(ExitCode::Usage, "unknown verb '{0}'", first);
  return reportFailure(withHint(std::move(error), "see txc --help"));
}
