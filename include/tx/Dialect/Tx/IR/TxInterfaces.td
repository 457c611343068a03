//===- TxInterfaces.td - op interfaces of tx ----------------*- tablegen -*-===//

#ifndef TX_DIALECT_TX_IR_TXINTERFACES_TD
#define TX_DIALECT_TX_IR_TXINTERFACES_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

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

// Result types follow from the operands. Where a type was written, the op's own
// verifier compares it, in the user's words and with the numbers found.
def Tx_InferResultTypes : InferTypeOpAdaptorBase<[{
  static bool isCompatibleReturnTypes(::mlir::TypeRange, ::mlir::TypeRange) {
    return true;
  }
}]>;

#endif // TX_DIALECT_TX_IR_TXINTERFACES_TD
