//===- Passes.td - phase fuse -------------------------------*- tablegen -*-===//

#ifndef TX_TRANSFORMS_FUSE_PASSES_TD
#define TX_TRANSFORMS_FUSE_PASSES_TD

include "mlir/Pass/PassBase.td"

def PlanAttentionTiles : Pass<"tx-plan-attention-tiles"> {
  let summary = "Plan the work items of attention, once per offsets.";
  let description = [{
    ```mlir
    %a = tx.attention full %q, %k, %v offsets %o, %o {...}
    // becomes
    %p = tx.plan_tiles %o rows 64 : (tensor<?xi32>) -> tensor<?x2xi32>
    %a = tx.attention full %q, %k, %v offsets %o, %o tiles %p {...}
    ```
    All attention ops with the same query offsets share one plan. Attention that
    has a plan, and attention inside kernels, is left alone.

    Remarks: `planned`, and `left-alone` with the reason.
  }];
  let dependentDialects = ["::tx::TxDialect"];
  let options = [Option<"rows", "rows", "int64_t", "0",
                        "query rows of a work item; 0: 64, or 48 where the target has "
                        "fewer than 32 vector registers">];
}

def FormKernels : Pass<"tx-form-kernels", "::mlir::ModuleOp"> {
  let summary = "Outline computations of entries into kernels.";
  let description = [{
    A linear op takes the elementwise ops that alone use its result (activation,
    add of a residual) as its epilogue; linear ops of the same x that have none
    (query, key, value) become one kernel; row-wise ops (embedding, add, mul, norms,
    activation, normalize, softmax) that alone use one another become one kernel;
    every other op becomes a kernel of its own. Channel and token counts become dynamic in the
    kernel's signature, parameters its arguments.

    ```mlir
    %0 = tx.linear %x, %w bias %b : ... -> tensor<?x1536xf32>
    %1 = tx.activation gelu %0 : tensor<?x1536xf32>
    // becomes
    %1 = tx.call @linear_gelu(%x, %w, %b) : ... -> tensor<?x1536xf32>
    ```
    Guarantees: entries hold only params, casts and calls. Kernels that are equal
    are one, named by what they compute.

    Remarks: `formed` for each group of ops that became a kernel, and `apart`, with
    the reason, for each reader of its results and each product behind it that did
    not become part of it.
  }];
  let dependentDialects = ["::tx::TxDialect"];
}

#endif // TX_TRANSFORMS_FUSE_PASSES_TD
