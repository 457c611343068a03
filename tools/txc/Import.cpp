//===- Import.cpp - txc import --------------------------------------------===//

#include "Verbs.h"

using namespace tx;
using namespace txc;
namespace cl = llvm::cl;

static cl::SubCommand command("import", "Read a checkpoint into tx IR");
static cl::opt<std::string> model(cl::Positional, cl::desc("<folder>"),
                                  cl::sub(command), cl::cat(mainCategory));
static cl::opt<std::string>
    output("o", cl::desc("Output, .mlir or .mlirbc; - for text on stdout"),
           cl::value_desc("file"), cl::sub(command), cl::cat(mainCategory));
static cl::opt<Head> head("head", cl::desc("What the model computes"),
                          headValues(), cl::init(Head::Auto), cl::sub(command),
                          cl::cat(mainCategory));
static cl::opt<bool> quiet("q", cl::desc("Say nothing but errors"),
                           cl::sub(command), cl::cat(mainCategory));

static llvm::Error run() {
  if (llvm::Error error = require("import", "a model folder", model))
    return error;
  if (llvm::Error error = require("import", "an output: -o FILE", output))
    return error;
  Progress progress(quiet);
  progress.begin(Phase::Import);
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  llvm::Expected<Model> loaded = loadModel(model, head, "", *context);
  if (!loaded)
    return loaded.takeError();
  progress.end();
  if (output == "-") {
    printModule(*loaded, llvm::outs());
    return llvm::Error::success();
  }
  if (llvm::Error error = writeModule(*loaded, output))
    return error;
  progress.report(output);
  return llvm::Error::success();
}

Verb txc::getImport() {
  return {"import", "Read a checkpoint into tx IR",
          "  txc import all-MiniLM-L6-v2 -o minilm.mlir\n"
          "  txc import bert-base-uncased --head=masked-lm -o bert.mlirbc\n"
          "  txc import distilbert -o - | less\n",
          command, run};
}
