//===- tx-opt.cpp - Passes and pipelines on .mlir files -------------------===//

#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "tx/Pipelines/Phases.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tx::registerAllDialects(registry);
  mlir::registerAllPasses();
  tx::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "tx optimizer\n", registry));
}
