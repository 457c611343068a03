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

// In assembly formats, `` keeps an enum, which prints its own space, from
// getting two.
class Tx_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tx_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// Types. The summaries are the wording of the verifier's messages.
//===----------------------------------------------------------------------===//

class Tx_Tensor<list<Type> elements, list<Pred> predicates, string summary>
    : Type<RankedTensorOf<elements, predicates>.predicate, summary,
           "::mlir::RankedTensorType">;

// Only weights of linear ops are stored otherwise than row by row.
def Tx_NoLayout
    : CPred<"!::llvm::cast<::mlir::RankedTensorType>($_self).getEncoding()">;
def Tx_LayoutOrNone
    : CPred<"::llvm::isa_and_present<::tx::LayoutAttr>("
            "::llvm::cast<::mlir::RankedTensorType>($_self).getEncoding()) || "
            "!::llvm::cast<::mlir::RankedTensorType>($_self).getEncoding()">;
// What linear ops compute may lie head by head, for attention to read.
def Tx_HeadsOrNone
    : CPred<"::llvm::isa_and_present<::tx::HeadsAttr>("
            "::llvm::cast<::mlir::RankedTensorType>($_self).getEncoding()) || "
            "!::llvm::cast<::mlir::RankedTensorType>($_self).getEncoding()">;
def Tx_NotEmpty
    : CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getDimSize(0) != 0">;

def Tx_Activations
    : Tx_Tensor<[F32], [HasAnyRankOfPred<[2]>, Tx_NoLayout],
                "tokens by channels (rank-2 f32 tensor)">;
def Tx_HeadedActivations
    : Tx_Tensor<[F32], [HasAnyRankOfPred<[2]>, Tx_HeadsOrNone],
                "tokens by channels (rank-2 f32 tensor, with #tx.heads or none)">;
def Tx_Tokens
    : Tx_Tensor<[F32], [HasAnyRankOfPred<[1, 2]>, Tx_NoLayout],
                "tokens, by channels or not (rank-1 or rank-2 f32 tensor)">;
def Tx_PaddedTokens
    : Tx_Tensor<[F32], [HasAnyRankOfPred<[2, 3]>, Tx_NoLayout],
                "padded tokens (rank-2 or rank-3 f32 tensor, batch by length)">;
def Tx_Vector
    : Tx_Tensor<[F32], [HasAnyRankOfPred<[1]>, Tx_NoLayout],
                "one value per channel (rank-1 f32 tensor)">;
def Tx_Matrix
    : Tx_Tensor<[F32], [HasAnyRankOfPred<[2]>, Tx_NoLayout],
                "matrix (rank-2 f32 tensor without a layout)">;
def Tx_Weight
    : Tx_Tensor<[F32, BF16], [HasAnyRankOfPred<[2]>, Tx_LayoutOrNone],
                "weight matrix (rank-2 f32 or bf16 tensor, with a #tx.layout or none)">;
def Tx_Indices
    : Tx_Tensor<[I32], [HasAnyRankOfPred<[1]>],
                "one index per token (rank-1 i32 tensor)">;
def Tx_Offsets
    : Tx_Tensor<[I32], [HasAnyRankOfPred<[1]>, Tx_NotEmpty],
                "sequence offsets (rank-1 i32 tensor of B+1 entries)">;
def Tx_Tiles
    : Tx_Tensor<[I32], [HasAnyRankOfPred<[2]>, Tx_NoLayout],
                "work items (rank-2 i32 tensor of (sequence, first row))">;
def Tx_PaddedIndices
    : Tx_Tensor<[I32], [HasAnyRankOfPred<[2]>, Tx_NoLayout],
                "padded indices (rank-2 i32 tensor, batch by length)">;
def Tx_Param
    : Tx_Tensor<[F32, F16, BF16, I32, I64], [],
                "parameter (ranked tensor of f32, f16, bf16, i32 or i64)">;

#endif // TX_DIALECT_TX_IR_TXBASE_TD
