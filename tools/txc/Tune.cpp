//===- Tune.cpp - txc tune ------------------------------------------------===//

#include "Verbs.h"
#include "tx/Checkpoint/Error.h"
#include "tx/Driver/Reports.h"

using namespace tx;
using namespace txc;
namespace cl = llvm::cl;

static cl::SubCommand command("tune", "Measure which schedules are fastest");
static cl::opt<std::string> model(cl::Positional,
                                  cl::desc("<folder, .mlir or .mlirbc>"),
                                  cl::sub(command), cl::cat(mainCategory));
static cl::opt<std::string> output("o", cl::desc("Tuning file, JSON"),
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
static BatchFlags batch(command);
static cl::opt<int> threads("threads", cl::desc("Threads (default 1)"),
                            cl::value_desc("n"), cl::init(1), cl::sub(command),
                            cl::cat(mainCategory));
static cl::opt<int>
    rounds("rounds", cl::desc("Measurements of each schedule (default 7)"),
           cl::value_desc("n"), cl::init(7), cl::sub(command),
           cl::cat(mainCategory));
static cl::opt<Format> format("format", cl::desc("Format on stdout"),
                              formatValues(), cl::init(Format::Text),
                              cl::sub(command), cl::cat(mainCategory));
static cl::opt<bool> quiet("q", cl::desc("Say nothing but errors"),
                           cl::sub(command), cl::cat(mainCategory));

static llvm::Error checkOptions() {
  if (llvm::Error error = require("tune", "a model", model))
    return error;
  if (llvm::Error error = require("tune", "an output: -o FILE", output))
    return error;
  if (llvm::Error error = requireThreads(threads, 1))
    return error;
  if (llvm::Error error = requireAtLeast("--rounds", rounds, 1))
    return error;
  return llvm::Error::success();
}

/// Plain values: linking resets the options of this process.
static llvm::Expected<TuneOptions> readOptions() {
  llvm::Expected<std::vector<int64_t>> lengths = batch.read();
  if (!lengths)
    return lengths.takeError();
  TuneOptions options;
  options.lengths = std::move(*lengths);
  options.threads = threads;
  options.rounds = rounds;
  if (!quiet)
    options.progress = [](llvm::StringRef what, int index, int count) {
      llvm::errs() << llvm::formatv("{0} {1}/{2}\n", what, index, count);
    };
  return options;
}

static llvm::Error run() {
  if (llvm::Error error = checkOptions())
    return error;
  llvm::Expected<TuneOptions> options = readOptions();
  if (!options)
    return options.takeError();
  std::string path = output;
  Format form = format;
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  llvm::Expected<Model> loaded = loadModel(model, head, paramRoot, *context);
  if (!loaded)
    return loaded.takeError();
  llvm::Expected<llvm::json::Value> report = tune(*loaded, path, *options);
  if (!report)
    return report.takeError();
  if (form == Format::Json)
    llvm::outs() << llvm::formatv("{0:2}\n", *report);
  else
    printTuning(*report, llvm::outs());
  return llvm::Error::success();
}

Verb txc::getTune() {
  return {"tune", "Measure which schedules are fastest",
          "  txc tune all-MiniLM-L6-v2 -o tuning.json\n"
          "  txc tune bert -o tuning.json --lengths=3,17,120 --threads=2\n"
          "  txc compile bert -o bert.so --tuning=tuning.json\n",
          command, run};
}
