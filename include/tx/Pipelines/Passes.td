//===- Passes.td - contracts of the phases ------------------*- tablegen -*-===//

#ifndef TX_PIPELINES_PASSES_TD
#define TX_PIPELINES_PASSES_TD

include "mlir/Pass/PassBase.td"

def VerifyPhase : Pass<"tx-verify-phase", "::mlir::ModuleOp"> {
  let summary = "Check what a phase guarantees.";
  let description = [{
    Fails, naming the op and the guarantee it breaks, unless the module is what
    phase `phase` promises to leave behind (docs/architecture.md), and records
    the phase in `tx.phase`.
  }];
  let options = [Option<"phase", "phase", "std::string", "\"import\"",
                        "import, normalize, compress, quantize, fuse, schedule or lower">];
  let dependentDialects = ["::tx::TxDialect"];
}

#endif // TX_PIPELINES_PASSES_TD
