//===- TxKernelOps.td - kernels and their use ---------------*- tablegen -*-===//

#ifndef TX_DIALECT_TX_IR_TXKERNELOPS_TD
#define TX_DIALECT_TX_IR_TXKERNELOPS_TD

include "tx/Dialect/Tx/IR/TxAttrs.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/CallInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tx_KernelOp : Tx_Op<"kernel", [IsolatedFromAbove, FunctionOpInterface, Symbol]> {
  let summary = "A computation that is compiled once";
  let description = [{
    A region of tx ops with a signature. Token counts and channel counts are
    dynamic in the signature and arguments at run time, so that equal
    computations of different sizes share one kernel; head counts, epilogues
    and layouts belong to its identity.

    Example:
    ```mlir
    tx.kernel @linear_gelu(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>, %b: tensor<?xf32>) -> tensor<?x?xf32> {
      %0 = tx.linear %x, %w bias %b : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xf32>) -> tensor<?x?xf32>
      %1 = tx.activation gelu %0 : tensor<?x?xf32>
      tx.return %1 : tensor<?x?xf32>
    }
    ```
    Constraints:
    * (kernel_c1) the body is one block that ends in `tx.return` of the result types;
    * (kernel_c2) arguments and results are ranked tensors.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<Tx_ScheduleAttr>:$schedule,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region AnyRegion:$body);
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    //===---- FunctionOpInterface ----===//
    mlir::Region *getCallableRegion() { return &getBody(); }
    mlir::ArrayRef<mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    mlir::ArrayRef<mlir::Type> getResultTypes() { return getFunctionType().getResults(); }

    /// What it computes: "tx.linear", "tx.add".
    std::vector<std::string> getOpNames();
  }];
}

def Tx_ReturnOp : Tx_Op<"return", [Pure, HasParent<"KernelOp">, Terminator, ReturnLike]> {
  let summary = "Results of a kernel";
  let description = [{
    Ends the body of `tx.kernel`, which shows it.
  }];
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "attr-dict ($operands^ `:` type($operands))?";
}

def Tx_CallOp : Tx_Op<"call", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Runs a kernel";
  let description = [{
    `places` says, once scheduled, where each result lives.

    Example:
    ```mlir
    %y = tx.call @linear_gelu(%x, %w, %b) : (tensor<?x384xf32>, tensor<1536x384xf32>, tensor<1536xf32>) -> tensor<?x1536xf32>
    ```
    Constraints:
    * (call_c1) the symbol is a kernel of the module, or, while entries are
      lowered, the function that holds its code;
    * (call_c2) operands and results match the kernel's signature, static sizes
      standing for its dynamic ones;
    * (call_c3) there is one place per result, or none.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyRankedTensor>:$operands,
                       OptionalAttr<ArrayAttr>:$places);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let assemblyFormat = [{
    $kernel `(` $operands `)` attr-dict `:` functional-type(operands, results)
  }];
}

#endif // TX_DIALECT_TX_IR_TXKERNELOPS_TD
