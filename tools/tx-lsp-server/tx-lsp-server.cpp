//===- tx-lsp-server.cpp - Editor support for tx IR -----------------------===//

#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "tx/Pipelines/Phases.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tx::registerAllDialects(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
