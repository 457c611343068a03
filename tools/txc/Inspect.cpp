//===- Inspect.cpp - txc inspect ------------------------------------------===//

#include "Verbs.h"
#include "tx/Driver/Reports.h"

using namespace tx;
using namespace txc;
namespace cl = llvm::cl;

static cl::SubCommand command("inspect", "Show what is in a file or model");
static cl::opt<std::string>
    file(cl::Positional,
         cl::desc("<folder, .mlir, .mlirbc, .so, .safetensors>"),
         cl::sub(command), cl::cat(mainCategory));
static cl::opt<Format> format("format", cl::desc("Format on stdout"),
                              formatValues(), cl::init(Format::Text),
                              cl::sub(command), cl::cat(mainCategory));
static cl::opt<Head> head("head",
                          cl::desc("What the model computes (with a folder)"),
                          headValues(), cl::init(Head::Auto), cl::sub(command),
                          cl::cat(mainCategory));
static cl::opt<std::string>
    symbolPrefix("symbol-prefix",
                 cl::desc("Prefix the model was compiled with"),
                 cl::value_desc("name"), cl::init("tx_model"), cl::sub(command),
                 cl::cat(mainCategory));

static llvm::Error run() {
  if (llvm::Error error = require("inspect", "a file or folder", file))
    return error;
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  llvm::Expected<llvm::json::Value> report =
      inspect(file, head, symbolPrefix, *context);
  if (!report)
    return report.takeError();
  if (format == Format::Json)
    llvm::outs() << llvm::formatv("{0:2}\n", *report);
  else
    printInspection(*report, llvm::outs());
  return llvm::Error::success();
}

Verb txc::getInspect() {
  return {"inspect", "Show what is in a file or model",
          "  txc inspect minilm.so\n"
          "  txc inspect all-MiniLM-L6-v2 --format=json\n"
          "  txc inspect model.safetensors\n",
          command, run};
}
