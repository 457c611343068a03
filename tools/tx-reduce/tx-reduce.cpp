//===- tx-reduce.cpp - Makes failing inputs small -------------------------===//

#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"
#include "tx/Pipelines/Phases.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tx::registerAllDialects(registry);
  mlir::registerAllPasses();
  tx::registerAllPasses();
  mlir::MLIRContext context(registry);
  return mlir::failed(mlir::mlirReduceMain(argc, argv, context));
}
