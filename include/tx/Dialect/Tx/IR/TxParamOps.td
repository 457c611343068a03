//===- TxParamOps.td - parameters and pure ops on them ------*- tablegen -*-===//

#ifndef TX_DIALECT_TX_IR_TXPARAMOPS_TD
#define TX_DIALECT_TX_IR_TXPARAMOPS_TD

include "tx/Dialect/Tx/IR/TxAttrs.td"
include "tx/Dialect/Tx/IR/TxInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/RegionKindInterface.td"

def Tx_ParamOp : Tx_Op<"param", [Pure,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "A trained parameter";
  let description = [{
    The value is a tensor in a safetensors file (`#tx.external`), a dense
    resource (rewritten by a pass) or a dense literal (small, in tests). The
    element type is the one the bytes are stored in; `tx.cast` converts. Printed
    values are named after the tensor.

    Example:
    ```mlir
    %w = tx.param #tx.external<"model.safetensors", "pooler.dense.weight"> : tensor<384x384xf32>
    %b = tx.param dense<0.0> : tensor<384xf32>
    ```
    Constraints:
    * (param_c1) the value is `#tx.external`, a dense resource or a dense literal;
    * (param_c2) the shape is static, has at most 8 dimensions and less than 2^48 elements;
    * (param_c3) the value has exactly the type of the result;
    * (param_c4) the type has no layout: `tx.pack` gives one.
  }];
  let arguments = (ins AnyAttr:$value);
  let results = (outs Tx_Param:$result);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Tx_CastOp : Tx_Op<"cast", [Pure]> {
  let summary = "Converts a parameter's element type";
  let description = [{
    Elementwise conversion between f32, f16 and bf16, rounding to nearest even.
    A cast to the same type, and an exact cast before another, fold away.

    Example: `%1 = tx.cast %0 : tensor<384x384xbf16> to tensor<384x384xf32>`

    Constraints:
    * (cast_c1) operand and result have the same shape and encoding;
    * (cast_c2) both element types are f32, f16 or bf16.
  }];
  let arguments = (ins Tx_Param:$input);
  let results = (outs Tx_Param:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tx_PackOp : Tx_Op<"pack", [Pure]> {
  let summary = "Gives a weight matrix the layout that a kernel reads";
  let description = [{
    The logical value is unchanged; the encoding of the result says how it lies
    in memory.

    Example:
    ```mlir
    %p = tx.pack %w : tensor<384x384xf32> to tensor<384x384xf32, #tx.layout<panels = 16>>
    ```
    Constraints:
    * (pack_c1) operand and result have the same shape and element type, rank 2;
    * (pack_c2) the operand has no layout and the result has one.
  }];
  let arguments = (ins Tx_Param:$input);
  let results = (outs Tx_Param:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def Tx_WeightsOp : Tx_Op<"weights", [IsolatedFromAbove, Symbol, NoTerminator,
                                     SingleBlock, NoRegionArguments]> {
  let summary = "What the weight section of an artefact holds";
  let description = [{
    A list of parameter expressions and the byte each is stored at; evaluated
    one after the other when files are emitted, never as a whole.

    Example:
    ```mlir
    tx.weights @weights size 589824 {
      %0 = tx.param #tx.external<"model.safetensors", "w"> : tensor<384x384xf32>
      %1 = tx.pack %0 : tensor<384x384xf32> to tensor<384x384xf32, #tx.layout<panels = 16>>
      tx.store %1 at 0 : tensor<384x384xf32, #tx.layout<panels = 16>>
    }
    ```
    Constraints:
    * (weights_c1) the body holds only param, cast, pack and store ops;
    * (weights_c2) stores ascend, do not overlap, are aligned to 64 bytes and end within `size`.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$size);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `size` $size attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Tx_StoreOp : Tx_Op<"store", [HasParent<"WeightsOp">]> {
  let summary = "Stores a parameter at a byte of the weight section";
  let description = [{
    One entry of `tx.weights`, which shows it.
  }];
  let arguments = (ins Tx_Param:$value, I64Attr:$offset);
  let assemblyFormat = "$value `at` $offset attr-dict `:` type($value)";
}

#endif // TX_DIALECT_TX_IR_TXPARAMOPS_TD
