//===- Passes.td - phase quantize ---------------------------*- tablegen -*-===//

#ifndef TX_TRANSFORMS_QUANTIZE_PASSES_TD
#define TX_TRANSFORMS_QUANTIZE_PASSES_TD

include "mlir/Pass/PassBase.td"

def NarrowProducts : Pass<"tx-narrow-products"> {
  let summary = "Multiply in bf16.";
  let description = [{
    Casts the weights of linear ops to bf16, which makes their products those of
    bf16 with sums in f32. Biases, attention, norms and activations stay f32.

    ```mlir
    %y = tx.linear %x, %w : (tensor<?x384xf32>, tensor<1536x384xf32>) -> tensor<?x1536xf32>
    // becomes
    %n = tx.cast %w : tensor<1536x384xf32> to tensor<1536x384xbf16>
    %y = tx.linear %x, %n : (tensor<?x384xf32>, tensor<1536x384xbf16>) -> tensor<?x1536xf32>
    ```
    A weight computed at run time stays f32.
  }];
  let dependentDialects = ["::tx::TxDialect"];
}

#endif // TX_TRANSFORMS_QUANTIZE_PASSES_TD
