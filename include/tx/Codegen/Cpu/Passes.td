//===- Passes.td - CPU code ---------------------------------*- tablegen -*-===//

#ifndef TX_CODEGEN_CPU_PASSES_TD
#define TX_CODEGEN_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def EmitKernels : Pass<"tx-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "Turn scheduled kernels into vector code.";
  let description = [{
    Replaces each `tx.kernel @k` by two functions on scf, arith, math, vector and LLVM
    pointers: `@k(%args: !llvm.ptr, %begin: i64, %end: i64, %scratch: !llvm.ptr)`, which runs
    work items [begin, end), and `@k_items(%args: !llvm.ptr) -> i64`, how many there
    are. `args` holds, for each operand and then each result, its address followed
    by its sizes, one 64-bit word each. Linear and attention are emitted directly
    from `#tx.schedule`; row-wise kernels from the linalg that
    `convert-tx-to-linalg` made.

    The module's `tx.scratch` becomes the bytes a thread needs.
  }];
  let dependentDialects = ["::tx::TxDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def ExpandMath : Pass<"tx-expand-math"> {
  let summary = "Replace math functions by polynomials.";
  let description = [{
    Rewrites math.exp, math.erf, math.tanh and math.rsqrt on f32 and vectors of f32 by our own
    approximations on arith, whose bounds docs/numerics.md states.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect"];
}

def DescribeEntries : Pass<"tx-describe-entries", "::mlir::ModuleOp"> {
  let summary = "Write down what emitted kernels no longer tell.";
  let description = [{
    While kernels still have bodies: gives each entry its `tx.signature` (inputs and
    outputs with names, types, sizes and index limits, the workspace, the FLOPs),
    each call `tx.sizes`, the sizes of its results, and the module `tx.kernels`, the
    kernels with their schedules in the order of the runtime's numbers.

    ```mlir
    %p = tx.call @plan_tiles(%offsets) {places = [#tx.place<token, 0>]} : (tensor<?xi32>) -> tensor<?x2xi32>
    // becomes: as many rows as there are tiles of 64 rows in operand 0, by 2
    %p = tx.call @plan_tiles(%offsets) {places = [#tx.place<token, 0>], tx.sizes = [array<i64: -5, 2>], tx.tiles = array<i64: 0, 64>} : ...
    ```

    Requires: scheduled.
  }];
  let dependentDialects = ["::tx::TxDialect"];
}

def LowerEntries : Pass<"tx-lower-entries", "::mlir::ModuleOp"> {
  let summary = "Turn entries into functions that drive kernels.";
  let description = [{
    Replaces each entry by a function on a `tx_call` (tx_program.h) that, call by
    call, fills the kernel's arguments with addresses and sizes and hands its work
    items to `parallel_for`. Parameter expressions move to one `tx.weights` op; the
    code knows their byte offsets.

    Requires: entries described, kernels emitted.
  }];
  let dependentDialects = ["::tx::TxDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::scf::SCFDialect"];
}

#endif // TX_CODEGEN_CPU_PASSES_TD
