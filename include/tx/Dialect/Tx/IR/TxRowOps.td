//===- TxRowOps.td - ops that work row by row ---------------*- tablegen -*-===//

#ifndef TX_DIALECT_TX_IR_TXROWOPS_TD
#define TX_DIALECT_TX_IR_TXROWOPS_TD

include "tx/Dialect/Tx/IR/TxAttrs.td"
include "tx/Dialect/Tx/IR/TxInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tx_RowOp<string mnemonic, list<Trait> traits = []>
    : Tx_Op<mnemonic, traits # [Pure, DeclareOpInterfaceMethods<Tx_CostOpInterface>]>;

def Tx_LayerNormOp : Tx_RowOp<"layer_norm", [AllTypesMatch<["x", "result"]>]> {
  let summary = "Layer normalisation over the channels";
  let description = [{
    (x - mean) / sqrt(variance + eps) * weight + bias, mean and (biased) variance
    over the channels of a token (Ba et al. 2016, section 3).

    Example: `%y = tx.layer_norm %x, %w, %b {eps = 1.0e-12 : f32} : tensor<?x384xf32>, tensor<384xf32>, tensor<384xf32>`

    Constraints:
    * (layer_norm_c1) weight and bias have one entry per channel;
    * (layer_norm_c2) eps is finite and not negative.
  }];
  let arguments = (ins Tx_Activations:$x, Tx_Vector:$weight, Tx_Vector:$bias, F32Attr:$eps);
  let results = (outs Tx_Activations:$result);
  let assemblyFormat = [{
    $x `,` $weight `,` $bias attr-dict `:` type($x) `,` type($weight) `,` type($bias)
  }];
  let hasVerifier = 1;
}

def Tx_RmsNormOp : Tx_RowOp<"rms_norm", [AllTypesMatch<["x", "result"]>]> {
  let summary = "Root-mean-square normalisation over the channels";
  let description = [{
    x / sqrt(mean(x^2) + eps) * weight (Zhang and Sennrich 2019, section 4).

    Example: `%y = tx.rms_norm %x, %w {eps = 1.0e-6 : f32} : tensor<?x384xf32>, tensor<384xf32>`

    Constraints:
    * (rms_norm_c1) the weight has one entry per channel;
    * (rms_norm_c2) eps is finite and not negative.
  }];
  let arguments = (ins Tx_Activations:$x, Tx_Vector:$weight, F32Attr:$eps);
  let results = (outs Tx_Activations:$result);
  let assemblyFormat = "$x `,` $weight attr-dict `:` type($x) `,` type($weight)";
  let hasVerifier = 1;
}

def Tx_SoftmaxOp : Tx_RowOp<"softmax", [AllTypesMatch<["x", "result"]>]> {
  let summary = "Softmax over the channels";
  let description = [{
    exp(x - max) / sum of exp(x - max), over the channels of a row.

    Example: `%y = tx.softmax %x : tensor<?x33xf32>`
  }];
  let arguments = (ins Tx_Activations:$x);
  let results = (outs Tx_Activations:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def Tx_NormalizeOp : Tx_RowOp<"normalize", [AllTypesMatch<["x", "result"]>]> {
  let summary = "Scales each row to length one";
  let description = [{
    x / max(sqrt(sum of x^2), eps), as the framework's `normalize`.

    Example: `%y = tx.normalize %x {eps = 1.0e-12 : f32} : tensor<?x384xf32>`

    Constraints:
    * (normalize_c1) eps is finite and not negative.
  }];
  let arguments = (ins Tx_Activations:$x, F32Attr:$eps);
  let results = (outs Tx_Activations:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def Tx_ActivationOp : Tx_RowOp<"activation", [AllTypesMatch<["x", "result"]>]> {
  let summary = "Elementwise activation function";
  let description = [{
    `gelu` is x * (1 + erf(x / sqrt 2)) / 2, `gelu_tanh` its tanh approximation
    (Hendrycks and Gimpel 2016, section 2), `silu` x * sigmoid(x).

    Example: `%y = tx.activation gelu %x : tensor<?x1536xf32>`
  }];
  let arguments = (ins Tx_ActivationKindAttr:$kind, Tx_Activations:$x);
  let results = (outs Tx_Activations:$result);
  let assemblyFormat = "`` $kind $x attr-dict `:` type($x)";
}

def Tx_AddOp : Tx_RowOp<"add", [Commutative, AllTypesMatch<["lhs", "rhs", "result"]>]> {
  let summary = "Elementwise sum";
  let description = [{
    Example: `%z = tx.add %x, %y : tensor<?x384xf32>`
  }];
  let arguments = (ins Tx_Activations:$lhs, Tx_Activations:$rhs);
  let results = (outs Tx_Activations:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs)";
}

def Tx_MulOp : Tx_RowOp<"mul", [Commutative, AllTypesMatch<["lhs", "rhs", "result"]>]> {
  let summary = "Elementwise product";
  let description = [{
    Example: `%z = tx.mul %x, %y : tensor<?x1536xf32>`
  }];
  let arguments = (ins Tx_Activations:$lhs, Tx_Activations:$rhs);
  let results = (outs Tx_Activations:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs)";
}

def Tx_SliceOp : Tx_Op<"slice", [Pure]> {
  let summary = "Some of the channels";
  let description = [{
    result[t, c] = x[t, offset + c]. A rank-1 result takes the single channel at
    `offset`. A slice of every channel, and a slice of a slice, fold.

    Example:
    ```mlir
    %start = tx.slice %logits[0] : tensor<?x2xf32> to tensor<?xf32>
    ```
    Constraints:
    * (slice_c1) the channels taken lie within x;
    * (slice_c2) the result has rank 1 or 2 and x's number of tokens.
  }];
  let arguments = (ins Tx_Activations:$x, I64Attr:$offset);
  let results = (outs Tx_Tokens:$result);
  let assemblyFormat = "$x `[` $offset `]` attr-dict `:` type($x) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // TX_DIALECT_TX_IR_TXROWOPS_TD
