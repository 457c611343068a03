//===- TxOps.td - all families of tx ops --------------------*- tablegen -*-===//

#ifndef TX_DIALECT_TX_IR_TXOPS_TD
#define TX_DIALECT_TX_IR_TXOPS_TD

include "tx/Dialect/Tx/IR/TxAttentionOps.td"
include "tx/Dialect/Tx/IR/TxKernelOps.td"
include "tx/Dialect/Tx/IR/TxLinearOps.td"
include "tx/Dialect/Tx/IR/TxParamOps.td"
include "tx/Dialect/Tx/IR/TxRowOps.td"
include "tx/Dialect/Tx/IR/TxTokenOps.td"

#endif // TX_DIALECT_TX_IR_TXOPS_TD
