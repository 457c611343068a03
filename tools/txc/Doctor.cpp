//===- Doctor.cpp - txc doctor --------------------------------------------===//

#include "Verbs.h"
#include "tx/Driver/Reports.h"

using namespace tx;
using namespace txc;
namespace cl = llvm::cl;

static cl::SubCommand command("doctor", "Show what this machine can do");
static cl::opt<Format> format("format", cl::desc("Format on stdout"),
                              formatValues(), cl::init(Format::Text),
                              cl::sub(command), cl::cat(mainCategory));

static llvm::Error run() {
  llvm::json::Value report = examineMachine();
  if (format == Format::Json)
    llvm::outs() << llvm::formatv("{0:2}\n", report);
  else
    printMachine(report, llvm::outs());
  return llvm::Error::success();
}

Verb txc::getDoctor() {
  return {"doctor", "Show what this machine can do",
          "  txc doctor\n"
          "  txc doctor --format=json\n",
          command, run};
}
