//===- Passes.td - phase schedule ---------------------------*- tablegen -*-===//

#ifndef TX_TRANSFORMS_SCHEDULE_PASSES_TD
#define TX_TRANSFORMS_SCHEDULE_PASSES_TD

include "mlir/Pass/PassBase.td"

def AssignSchedules : Pass<"tx-assign-schedules", "::mlir::ModuleOp"> {
  let summary = "Choose register tiles and work items of kernels.";
  let description = [{
    Gives every kernel without one a `#tx.schedule` from the module's
    `tx.target`: vector lanes, rows and panels of the register tile so that the
    accumulators and operands fit the registers. Products of bf16 run on the best
    unit that the target's instruction set has: matrix tiles (AMX), vectors of
    pairs (AVX512_BF16), else f32 vectors that the weights are widened to.

    A tuning file (`txc tune`) has schedules for some kernels, which then come
    first. One for another instruction set changes nothing, which remark
    `not-tuned` says; a schedule that does not fit the target is an error.

    Requires: `tx.target` on the module.
  }];
  let dependentDialects = ["::tx::TxDialect"];
  let options = [Option<"tuning", "tuning", "std::string", "\"\"",
                        "tuning file whose schedules come first">];
}

def PackWeights : Pass<"tx-pack-weights", "::mlir::ModuleOp"> {
  let summary = "Give weights the layout their kernels read.";
  let description = [{
    Puts the panel layout on the weight operand of linear kernels and packs the
    parameters that are passed for it.

    ```mlir
    %y = tx.call @linear(%x, %w, %b) : (..., tensor<384x384xf32>, ...) -> ...
    // becomes
    %p = tx.pack %w : tensor<384x384xf32> to tensor<384x384xf32, #tx.layout<panels = 16>>
    %y = tx.call @linear(%x, %p, %b) : (..., tensor<384x384xf32, #tx.layout<panels = 16>>, ...) -> ...
    ```
    A weight of bf16 has the layout with groups of two channels. A weight that is
    not a parameter expression is an error.
  }];
  let dependentDialects = ["::tx::TxDialect"];
}

def AssignHeadLayouts : Pass<"tx-assign-head-layouts", "::mlir::ModuleOp"> {
  let summary = "Let what attention reads lie head by head.";
  let description = [{
    Gives products that attention alone reads, as query, key or value, the
    layout `#tx.heads<N>`, where a head is a multiple of sixteen channels, so
    that vectors stay within one. Rows of a head then follow one another; row by
    row, with a distance that is a large power of two times a small number, few
    of them fit the first-level cache.

    ```mlir
    %q = tx.call @linear(%x, %w) : (...) -> tensor<?x384xf32>
    %a = tx.call @attention(%q, ...) : (tensor<?x384xf32>, ...) -> ...
    // becomes
    %q = tx.call @linear(%x, %w) : (...) -> tensor<?x384xf32, #tx.heads<12>>
    %a = tx.call @attention(%q, ...) : (tensor<?x384xf32, #tx.heads<12>>, ...) -> ...
    ```
    A kernel changes for all its calls or not at all.
  }];
  let dependentDialects = ["::tx::TxDialect"];
}

def PlanMemory : Pass<"tx-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Place every intermediate value of an entry.";
  let description = [{
    Walks each entry once and gives each result of a call a `#tx.place`: the
    caller's output if the entry returns it, else bytes of the arena that grows
    with tokens, with sequences or not at all. Values whose lives do not overlap
    share bytes (best fit by decreasing size). Sets `tx.workspace` on the entry.

    A value that is returned twice is computed twice. An argument or a parameter
    that is returned is an error: outputs are written by kernels.
  }];
  let dependentDialects = ["::tx::TxDialect"];
}

#endif // TX_TRANSFORMS_SCHEDULE_PASSES_TD
