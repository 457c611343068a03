//===- TxOps.cpp - Generated definitions of tx ops ------------------------===//

#include "mlir/IR/Builders.h"
#include "tx/Dialect/Tx/IR/Tx.h"

using namespace mlir;
using namespace tx;

#define GET_OP_CLASSES
#include "tx/Dialect/Tx/IR/TxOps.cpp.inc"
