//===- TxLinearOps.td - linear, embedding, ffn --------------*- tablegen -*-===//

#ifndef TX_DIALECT_TX_IR_TXLINEAROPS_TD
#define TX_DIALECT_TX_IR_TXLINEAROPS_TD

include "tx/Dialect/Tx/IR/TxAttrs.td"
include "tx/Dialect/Tx/IR/TxInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tx_LinearOp : Tx_Op<"linear", [Pure, Tx_InferResultTypes,
    DeclareOpInterfaceMethods<Tx_CostOpInterface>]> {
  let summary = "x times the transposed weight, plus a bias";
  let description = [{
    result[t, n] = sum over k of x[t, k] * weight[n, k], plus bias[n]. The weight
    is (N, K), as checkpoints store it; it may carry a `#tx.layout`.

    With a weight of bf16, x is rounded to bf16, to nearest even; products of
    two bf16 are exact in f32, and sums are f32 as ever.

    Example:
    ```mlir
    %y = tx.linear %x, %w bias %b : (tensor<?x384xf32>, tensor<1536x384xf32>, tensor<1536xf32>) -> tensor<?x1536xf32>
    ```
    Constraints:
    * (linear_c1) x has as many channels as the weight has columns;
    * (linear_c2) the result has as many channels as the weight has rows;
    * (linear_c3) the bias has as many entries as the weight has rows;
    * (linear_c4) x and the result have the same number of tokens.
  }];
  let arguments = (ins Tx_Activations:$x, Tx_Weight:$weight,
                       Optional<Tx_Vector>:$bias);
  let results = (outs Tx_HeadedActivations:$result);
  let assemblyFormat = [{
    $x `,` $weight (`bias` $bias^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether the weight is bf16, and so the products.
    bool isNarrow() { return getWeight().getType().getElementType().isBF16(); }
  }];
}

def Tx_EmbeddingOp : Tx_Op<"embedding", [Pure, Tx_InferResultTypes]> {
  let summary = "Rows of a table, by index";
  let description = [{
    result[t, c] = table[indices[t], c]. Indices are checked against the table
    where they enter the program, not here.

    Example:
    ```mlir
    %e = tx.embedding %table, %ids : (tensor<30522x384xf32>, tensor<?xi32>) -> tensor<?x384xf32>
    ```
    Constraints:
    * (embedding_c1) result and table have the same channels;
    * (embedding_c2) the result has one row per index.
  }];
  let arguments = (ins Tx_Matrix:$table, Tx_Indices:$indices);
  let results = (outs Tx_Activations:$result);
  let assemblyFormat = "$table `,` $indices attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Tx_FfnOp : Tx_Op<"ffn", [Pure, AttrSizedOperandSegments, Tx_InferResultTypes,
    DeclareOpInterfaceMethods<Tx_CostOpInterface>]> {
  let summary = "The feed-forward block of a layer";
  let description = [{
    down(activation(up(x))), or down(activation(gate(x)) * up(x)) when a gate is
    given. What importers produce; `tx-decompose-composites` takes it apart.

    Example:
    ```mlir
    %y = tx.ffn gelu %x up %wu bias %bu down %wd down_bias %bd
      : (tensor<?x384xf32>, tensor<1536x384xf32>, tensor<1536xf32>, tensor<384x1536xf32>, tensor<384xf32>) -> tensor<?x384xf32>
    ```
    Constraints:
    * (ffn_c1) up and gate have as many columns as x has channels;
    * (ffn_c2) down has as many columns as up has rows, and gate has up's shape;
    * (ffn_c3) a bias has as many entries as its weight has rows;
    * (ffn_c4) the result has as many channels as down has rows;
    * (ffn_c5) x and the result have the same number of tokens.
  }];
  let arguments = (ins Tx_ActivationKindAttr:$activation, Tx_Activations:$x,
                       Tx_Matrix:$up, Optional<Tx_Vector>:$up_bias,
                       Optional<Tx_Matrix>:$gate, Optional<Tx_Vector>:$gate_bias,
                       Tx_Matrix:$down, Optional<Tx_Vector>:$down_bias);
  let results = (outs Tx_Activations:$result);
  let assemblyFormat = [{
    `` $activation $x `up` $up (`bias` $up_bias^)?
    (`gate` $gate^ (`gate_bias` $gate_bias^)?)?
    `down` $down (`down_bias` $down_bias^)? attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // TX_DIALECT_TX_IR_TXLINEAROPS_TD
