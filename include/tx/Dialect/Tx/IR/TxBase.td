//===- TxBase.td - tx dialect, type constraints, op base ----*- tablegen -*-===//

#ifndef TX_DIALECT_TX_IR_TXBASE_TD
#define TX_DIALECT_TX_IR_TXBASE_TD

include "mlir/IR/OpBase.td"

def Tx_Dialect : Dialect {
  let name = "tx";
  let cppNamespace = "::tx";
  let summary = "Transformer inference";
  let description = [{
    Model-level ops of transformer inference. Activations are rank 2: T tokens
    of all sequences one after the other, by channels. Sequence boundaries are
    an operand (`offsets`, B+1 entries), so that no op ever sees padding; only
    ops that mix tokens take them.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::func::FuncDialect"];
}

class Tx_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tx_Dialect, mnemonic, traits>;

// The summaries are the wording of the verifier's messages.
// Only weights of linear ops are stored otherwise than row by row.
def Tx_NoLayout
    : CPred<"!::llvm::cast<::mlir::RankedTensorType>($_self).getEncoding()">;
def Tx_LayoutOrNone
    : CPred<"::llvm::isa_and_present<::tx::LayoutAttr>("
            "::llvm::cast<::mlir::RankedTensorType>($_self).getEncoding()) || "
            "!::llvm::cast<::mlir::RankedTensorType>($_self).getEncoding()">;

def Tx_Activations
    : RankedTensorOf<[F32], [HasAnyRankOfPred<[2]>, Tx_NoLayout],
                     "tokens by channels (rank-2 f32 tensor)">;
def Tx_Vector
    : RankedTensorOf<[F32], [HasAnyRankOfPred<[1]>, Tx_NoLayout],
                     "one value per channel (rank-1 f32 tensor)">;
def Tx_Matrix
    : RankedTensorOf<[F32], [HasAnyRankOfPred<[2]>, Tx_NoLayout],
                     "matrix (rank-2 f32 tensor without a layout)">;
def Tx_Weight
    : RankedTensorOf<[F32], [HasAnyRankOfPred<[2]>, Tx_LayoutOrNone],
                     "weight matrix (rank-2 f32 tensor, with a #tx.layout or none)">;
def Tx_Indices
    : RankedTensorOf<[I32], [HasAnyRankOfPred<[1]>],
                     "one index per token (rank-1 i32 tensor)">;
def Tx_Offsets
    : RankedTensorOf<[I32], [HasAnyRankOfPred<[1]>,
                             CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getDimSize(0) != 0">],
                     "sequence offsets (rank-1 i32 tensor of B+1 entries)">;
def Tx_Tiles
    : RankedTensorOf<[I32], [HasAnyRankOfPred<[2]>, Tx_NoLayout],
                     "work items (rank-2 i32 tensor of (sequence, first row))">;
def Tx_PaddedIndices
    : RankedTensorOf<[I32], [HasAnyRankOfPred<[2]>],
                     "padded indices (rank-2 i32 tensor, batch by length)">;
def Tx_Param
    : RankedTensorOf<[F32, F16, BF16, I32, I64], [], "parameter (ranked tensor)">;

#endif // TX_DIALECT_TX_IR_TXBASE_TD
