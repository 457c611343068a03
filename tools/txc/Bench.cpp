//===- Bench.cpp - txc bench ----------------------------------------------===//

#include "Verbs.h"
#include "tx/Checkpoint/Error.h"
#include "tx/Driver/Reports.h"

using namespace tx;
using namespace txc;
namespace cl = llvm::cl;

namespace {
enum class TableFormat { Table, Json };
} // namespace

static cl::SubCommand command("bench", "Measure a compiled model");
static cl::opt<std::string> model(cl::Positional, cl::desc("<.so>"),
                                  cl::sub(command), cl::cat(mainCategory));
static BatchFlags batch(command);
static cl::list<int>
    threads("threads",
            cl::desc("Threads (default: as compiled); several take turns"),
            cl::value_desc("n,n,..."), cl::CommaSeparated, cl::sub(command),
            cl::cat(mainCategory));
static cl::opt<tx_affinity>
    affinity("affinity", cl::desc("Where the worker threads run"),
             cl::values(clEnumValN(TX_AFFINITY_NONE, "none",
                                   "where the system puts them (default)"),
                        clEnumValN(TX_AFFINITY_SPREAD, "spread",
                                   "each on a CPU of its own")),
             cl::init(TX_AFFINITY_NONE), cl::sub(command),
             cl::cat(mainCategory));
static cl::opt<tx_weights_mode>
    weights("weights", cl::desc("Where the weights are"),
            cl::values(clEnumValN(TX_WEIGHTS_MAP, "map",
                                  "in the artefact's file, mapped (default)"),
                       clEnumValN(TX_WEIGHTS_COPY, "copy",
                                  "in memory, huge pages where possible")),
            cl::init(TX_WEIGHTS_MAP), cl::sub(command), cl::cat(mainCategory));
static cl::opt<int> rounds("rounds", cl::desc("Measurements (default 20)"),
                           cl::value_desc("n"), cl::init(20), cl::sub(command),
                           cl::cat(mainCategory));
static cl::opt<TableFormat> format(
    "format", cl::desc("Format on stdout"),
    cl::values(clEnumValN(TableFormat::Table, "table", "for people (default)"),
               clEnumValN(TableFormat::Json, "json", "for programs")),
    cl::init(TableFormat::Table), cl::sub(command), cl::cat(mainCategory));
static cl::opt<std::string>
    symbolPrefix("symbol-prefix",
                 cl::desc("Prefix the model was compiled with"),
                 cl::value_desc("name"), cl::init("tx_model"), cl::sub(command),
                 cl::cat(mainCategory));

static llvm::Expected<BenchOptions> readOptions() {
  for (int count : threads)
    if (llvm::Error error = requireThreads(count, 1))
      return error;
  if (llvm::Error error = requireAtLeast("--rounds", rounds, 1))
    return error;
  llvm::Expected<std::vector<int64_t>> lengths = batch.read();
  if (!lengths)
    return lengths.takeError();
  BenchOptions options;
  options.lengths = std::move(*lengths);
  options.threads.assign(threads.begin(), threads.end());
  options.affinity = affinity;
  options.weights = weights;
  options.rounds = rounds;
  return options;
}

static llvm::Error run() {
  if (llvm::Error error = require("bench", "a compiled model", model))
    return error;
  llvm::Expected<BenchOptions> options = readOptions();
  if (!options)
    return options.takeError();
  llvm::Expected<LoadedModel> loaded = openArtefact(model, symbolPrefix);
  if (!loaded)
    return loaded.takeError();
  llvm::Expected<llvm::json::Value> report = bench(*loaded, model, *options);
  if (!report)
    return report.takeError();
  if (format == TableFormat::Json)
    llvm::outs() << llvm::formatv("{0:2}\n", *report);
  else
    printBench(*report, llvm::outs());
  return llvm::Error::success();
}

Verb txc::getBench() {
  return {"bench", "Measure a compiled model",
          "  txc bench minilm.so --batch=8 --length=128\n"
          "  txc bench minilm.so --lengths=3,17,120 --threads=2\n"
          "  txc bench minilm.so --threads=1,2 --affinity=spread\n"
          "  txc bench minilm.so --format=json\n",
          command, run};
}
