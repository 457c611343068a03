//===- TxInterfaces.td - op interfaces of tx ----------------*- tablegen -*-===//

#ifndef TX_DIALECT_TX_IR_TXINTERFACES_TD
#define TX_DIALECT_TX_IR_TXINTERFACES_TD

include "mlir/IR/OpBase.td"

def Tx_CostOpInterface : OpInterface<"CostOpInterface"> {
  let cppNamespace = "::tx";
  let description = [{
    Arithmetic work of an op, as a linear form in the number of tokens T, of
    sequences B and of (query, key) pairs P (the sum of the squared sequence
    lengths). A multiply-add counts as two; transcendental functions as one.
  }];
  let methods = [
    InterfaceMethod<"FLOPs of one evaluation", "::tx::FlopCount", "getFlops">
  ];
}

#endif // TX_DIALECT_TX_IR_TXINTERFACES_TD
