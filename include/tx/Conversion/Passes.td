//===- Passes.td - conversions ------------------------------*- tablegen -*-===//

#ifndef TX_CONVERSION_PASSES_TD
#define TX_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTxToLinalg : Pass<"convert-tx-to-linalg"> {
  let summary = "Express row-wise kernels as linalg.";
  let description = [{
    Inside kernels whose ops are all row-wise, rewrites embedding, add, mul,
    norms, softmax, normalize, activation and slice into `linalg.generic` on
    tensors with scalar bodies in arith and math.

    ```mlir
    %z = tx.add %x, %y : tensor<?x?xf32>
    // becomes
    %z = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : ...) outs(%e : ...) { ^bb0(%a: f32, %b: f32, %o: f32):
        %s = arith.addf %a, %b : f32
        linalg.yield %s : f32 } -> tensor<?x?xf32>
    ```
    Other kernels are left alone.
  }];
  let dependentDialects = ["::tx::TxDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

#endif // TX_CONVERSION_PASSES_TD
