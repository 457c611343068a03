//===- TxAttentionOps.td - attention ------------------------*- tablegen -*-===//

#ifndef TX_DIALECT_TX_IR_TXATTENTIONOPS_TD
#define TX_DIALECT_TX_IR_TXATTENTIONOPS_TD

include "tx/Dialect/Tx/IR/TxAttrs.td"
include "tx/Dialect/Tx/IR/TxInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tx_AttentionOp : Tx_Op<"attention", [Pure, Tx_InferResultTypes,
    DeclareOpInterfaceMethods<Tx_CostOpInterface>]> {
  let summary = "Scaled dot-product attention over ragged sequences";
  let description = [{
    Per sequence and head h: softmax(scale * query_h key_h^T) value_h, the heads
    side by side in the channels. Head h of the query reads head
    h / (num_heads / num_kv_heads) of key and value. Query and key offsets are
    the same value for encoders. `causal` lets the last query of a sequence see
    every key and each earlier query one less. `tiles`, when present, is the
    plan of the query offsets that the kernel works through.

    Example:
    ```mlir
    %a = tx.attention full %q, %k, %v offsets %o, %o {num_heads = 12, num_kv_heads = 12, scale = 0.17677669 : f32}
      : (tensor<?x384xf32>, tensor<?x384xf32>, tensor<?x384xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x384xf32>
    ```
    Constraints:
    * (attention_c1) num_heads is a positive multiple of num_kv_heads;
    * (attention_c2) the query's channels are a multiple of num_heads, the
      key's and the value's of num_kv_heads;
    * (attention_c3) query and key have the same channels a head;
    * (attention_c4) the result has num_heads times the value's channels a head;
    * (attention_c5) key and value have the same number of tokens;
    * (attention_c6) scale is finite and positive;
    * (attention_c7) the result has the query's number of tokens;
    * (attention_c8) query and key offsets have the same number of entries;
    * (attention_c9) an operand that lies head by head does so in its own heads.
  }];
  let arguments = (ins Tx_MaskKindAttr:$mask, Tx_HeadedActivations:$query,
                       Tx_HeadedActivations:$key, Tx_HeadedActivations:$value,
                       Tx_Offsets:$query_offsets, Tx_Offsets:$key_offsets,
                       Optional<Tx_Tiles>:$tiles, I64Attr:$num_heads,
                       I64Attr:$num_kv_heads, F32Attr:$scale);
  let results = (outs Tx_Activations:$result);
  let assemblyFormat = [{
    `` $mask $query `,` $key `,` $value `offsets` $query_offsets `,` $key_offsets
    (`tiles` $tiles^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // TX_DIALECT_TX_IR_TXATTENTIONOPS_TD
