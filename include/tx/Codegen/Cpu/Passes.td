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

def LowerEntries : Pass<"tx-lower-entries", "::mlir::ModuleOp"> {
  let summary = "Turn entries into functions that drive kernels.";
  let description = [{
    Replaces each entry by an LLVM function on a `tx_call` (tx_program.h) that, call by
    call, fills the kernel's arguments with addresses and sizes and hands its work
    items to `parallel_for`. Parameter expressions move to one `tx.weights` op; the
    code knows their byte offsets. What callers must know of an entry is kept in
    its `tx.signature`.

    Requires: scheduled, kernels emitted.
  }];
  let dependentDialects = ["::tx::TxDialect", "::mlir::LLVM::LLVMDialect"];
}

#endif // TX_CODEGEN_CPU_PASSES_TD
