//===- TxOps.cpp - Generated definitions of tx ops ------------------------===//

#include "tx/Dialect/Tx/IR/Tx.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tx;

#define GET_OP_CLASSES
#include "tx/Dialect/Tx/IR/TxOps.cpp.inc"
