//===- Run.cpp - txc run --------------------------------------------------===//

#include "Verbs.h"
#include "tx/Driver/Tensors.h"

using namespace tx;
using namespace txc;
namespace cl = llvm::cl;

static cl::SubCommand command("run", "Run a compiled model once");
static cl::opt<std::string> model(cl::Positional,
                                  cl::desc("<.so; with --reference any model>"),
                                  cl::sub(command), cl::cat(mainCategory));
static cl::opt<std::string>
    input("input",
          cl::desc("Inline JSON, .safetensors, .json, or - for JSON on stdin"),
          cl::value_desc("inputs"), cl::sub(command), cl::cat(mainCategory));
static cl::opt<std::string>
    output("output",
           cl::desc("Output, .safetensors or .json; - (default) for stdout"),
           cl::value_desc("file"), cl::init("-"), cl::sub(command),
           cl::cat(mainCategory));
static cl::alias shortOutput("o", cl::desc("The same as --output"),
                             cl::aliasopt(output), cl::cat(mainCategory));
static cl::opt<Format> format("format", cl::desc("Format on stdout"),
                              formatValues(), cl::init(Format::Text),
                              cl::sub(command), cl::cat(mainCategory));
static cl::opt<int> threads("threads",
                            cl::desc("Threads (default: as compiled)"),
                            cl::value_desc("n"), cl::init(0), cl::sub(command),
                            cl::cat(mainCategory));
static cl::opt<bool>
    reference("reference",
              cl::desc("Evaluate a folder, .mlir or .mlirbc by the reference "
                       "interpreter"),
              cl::sub(command), cl::cat(mainCategory));
static cl::opt<Head> head("head",
                          cl::desc("What the model computes (with a folder)"),
                          headValues(), cl::init(Head::Auto), cl::sub(command),
                          cl::cat(mainCategory));
static cl::opt<std::string> paramRoot(
    "param-root", cl::desc("Folder that parameter files are relative to"),
    cl::value_desc("folder"), cl::sub(command), cl::cat(mainCategory));
static cl::opt<std::string>
    symbolPrefix("symbol-prefix",
                 cl::desc("Prefix the model was compiled with"),
                 cl::value_desc("name"), cl::init("tx_model"), cl::sub(command),
                 cl::cat(mainCategory));

static llvm::Expected<NamedTensors> evaluate(llvm::StringRef entry,
                                             const NamedTensors &inputs) {
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  llvm::Expected<Model> loaded = loadModel(model, head, paramRoot, *context);
  if (!loaded)
    return loaded.takeError();
  return runReference(*loaded, entry, inputs);
}

static llvm::Expected<NamedTensors> execute(llvm::StringRef entry,
                                            const NamedTensors &inputs) {
  llvm::Expected<LoadedModel> loaded = openArtefact(model, symbolPrefix);
  if (!loaded)
    return loaded.takeError();
  return runArtefact(*loaded, entry, inputs, threads);
}

static llvm::Error run() {
  if (llvm::Error error = require("run", "a model", model))
    return error;
  if (llvm::Error error = require("run", "inputs: --input=INPUTS", input))
    return error;
  if (llvm::Error error = requireThreads(threads, 0))
    return error;
  if (llvm::Error error = checkOutputName(output))
    return error;
  llvm::StringRef file = model.getValue();
  bool isModule = file.ends_with(".mlir") || file.ends_with(".mlirbc");
  llvm::Expected<NamedTensors> inputs = readInputs(input);
  if (!inputs)
    return inputs.takeError();
  llvm::Expected<std::string> entry = chooseEntry(*inputs);
  if (!entry)
    return entry.takeError();
  // A module has no other way to run.
  llvm::Expected<NamedTensors> outputs = reference || isModule
                                             ? evaluate(*entry, *inputs)
                                             : execute(*entry, *inputs);
  if (!outputs)
    return outputs.takeError();
  if (output != "-")
    return writeOutputs(*outputs, output);
  if (format == Format::Json)
    llvm::outs() << toJson(*outputs) << '\n';
  else
    printOutputs(*outputs, llvm::outs());
  return llvm::Error::success();
}

Verb txc::getRun() {
  return {"run", "Run a compiled model once",
          "  txc run minilm.so --input='{\"input_ids\": [[101, 2003, 102]]}'\n"
          "  txc run minilm.so --input=ids.safetensors "
          "--output=out.safetensors\n"
          "  txc run minilm.mlir --reference --input=ids.json --format=json\n",
          command, run};
}
