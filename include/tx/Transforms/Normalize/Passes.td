//===- Passes.td - phase normalize --------------------------*- tablegen -*-===//

#ifndef TX_TRANSFORMS_NORMALIZE_PASSES_TD
#define TX_TRANSFORMS_NORMALIZE_PASSES_TD

include "mlir/Pass/PassBase.td"

def DecomposeComposites : Pass<"tx-decompose-composites"> {
  let summary = "Take composite ops apart.";
  let description = [{
    Rewrites `tx.ffn` into linear, activation and linear.

    ```mlir
    %y = tx.ffn gelu %x up %wu bias %bu down %wd down_bias %bd : ...
    // becomes
    %u = tx.linear %x, %wu bias %bu : ...
    %a = tx.activation gelu %u : ...
    %y = tx.linear %a, %wd bias %bd : ...
    ```

    Guarantees: no `tx.ffn` is left. Does not touch anything else.
  }];
  let dependentDialects = ["::tx::TxDialect"];
}

def AttachTarget : Pass<"tx-attach-target", "::mlir::ModuleOp"> {
  let summary = "Say on the module which machine code is made for.";
  let description = [{
    Sets `tx.target` unless the module has one.

    ```mlir
    module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", lanes = 16, registers = 32>}
    ```
  }];
  let dependentDialects = ["::tx::TxDialect"];
  let options = [
    Option<"cpu", "cpu", "std::string", "\"x86-64-v3\"",
           "LLVM's name of the CPU, generic or native">,
    Option<"triple", "target", "std::string", "\"x86_64-unknown-linux-gnu\"",
           "triple of the CPU's architecture; empty: this host's">,
    Option<"precision", "precision", "::tx::Precision", "::tx::Precision::F32",
           "what linear ops multiply: instruction sets beyond it are not used",
           [{llvm::cl::values(
               clEnumValN(::tx::Precision::F32, "f32", "f32, as trained"),
               clEnumValN(::tx::Precision::BF16, "bf16", "bf16, with sums in f32"))}]>];
}

#endif // TX_TRANSFORMS_NORMALIZE_PASSES_TD
