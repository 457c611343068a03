//===- TxTokenOps.td - ragged tokens ------------------------*- tablegen -*-===//

#ifndef TX_DIALECT_TX_IR_TXTOKENOPS_TD
#define TX_DIALECT_TX_IR_TXTOKENOPS_TD

include "tx/Dialect/Tx/IR/TxAttrs.td"
include "tx/Dialect/Tx/IR/TxInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tx_PackTokensOp : Tx_Op<"pack_tokens", [Pure, Tx_InferResultTypes]> {
  let summary = "Drops the padding of a batch";
  let description = [{
    Gathers, sequence by sequence, the entries of each padded input whose mask
    is not zero. `offsets[b]` is the first token of sequence b,
    `offsets[B]` the number of tokens. `positions` are those that the model
    family gives a padded batch: `column` counts columns, so that left padding
    and holes keep their meaning; `non_pad` follows RoBERTa: `pad_id` plus the
    number of entries up to and including this one, in the whole padded row,
    whose id (first input) is not `pad_id`; for an entry that is `pad_id` itself
    it is `pad_id`.

    Example:
    ```mlir
    %ids, %types, %offsets, %positions = tx.pack_tokens column %mask, %pids, %ptypes
      : (tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>)
      -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
    ```
    Constraints:
    * (pack_tokens_c1) one packed result per input, then offsets, then positions;
    * (pack_tokens_c2) mask and inputs have the same shape;
    * (pack_tokens_c3) `pad_id` is given exactly when positions are `non_pad`,
      which are counted in the first input: there is one;
    * (pack_tokens_c4) offsets have one entry more than the mask has rows.
  }];
  let arguments = (ins Tx_PositionKindAttr:$position_kind,
                       OptionalAttr<I64Attr>:$pad_id,
                       Tx_PaddedIndices:$mask,
                       Variadic<Tx_PaddedIndices>:$inputs);
  let results = (outs Variadic<Tx_Indices>:$packed, Tx_Offsets:$offsets,
                      Tx_Indices:$positions);
  let assemblyFormat = [{
    `` $position_kind $mask (`,` $inputs^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Tx_UnpackTokensOp : Tx_Op<"unpack_tokens", [Pure, Tx_InferResultTypes]> {
  let summary = "Puts tokens back into a padded batch";
  let description = [{
    The inverse of `tx.pack_tokens` for a tensor of tokens: result[b, s] is the
    token that entry (b, s) of the batch became; entries whose mask is zero hold
    zeros. (T, C) becomes (B, S, C) and (T) becomes (B, S).

    Example:
    ```mlir
    %y = tx.unpack_tokens %x, %offsets, %mask : (tensor<?x384xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x384xf32>
    ```
    Constraints:
    * (unpack_tokens_c1) the result has one dimension more than the tokens and
      the same channels;
    * (unpack_tokens_c2) the result is as wide and high as the mask.
  }];
  let arguments = (ins Tx_Tokens:$tokens,
                       Tx_Offsets:$offsets, Tx_PaddedIndices:$mask);
  let results = (outs Tx_PaddedTokens:$result);
  let assemblyFormat = [{
    $tokens `,` $offsets `,` $mask attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Tx_PositionsOp : Tx_Op<"positions", [Pure, Tx_InferResultTypes]> {
  let summary = "Positions of packed tokens";
  let description = [{
    `column`: the index of the token in its sequence. `non_pad`: RoBERTa's
    count, as in `tx.pack_tokens`, over the tokens of the sequence.

    Example:
    ```mlir
    %p = tx.positions column %ids, %offsets : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
    ```
    Constraints:
    * (positions_c1) `pad_id` is given exactly when positions are `non_pad`;
    * (positions_c2) there is one position per id.
  }];
  let arguments = (ins Tx_PositionKindAttr:$position_kind,
                       OptionalAttr<I64Attr>:$pad_id, Tx_Indices:$ids,
                       Tx_Offsets:$offsets);
  let results = (outs Tx_Indices:$result);
  let assemblyFormat = [{
    `` $position_kind $ids `,` $offsets attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Tx_PlanTilesOp : Tx_Op<"plan_tiles", [Pure, Tx_InferResultTypes]> {
  let summary = "Cuts sequences into work items";
  let description = [{
    One row (sequence, first row) for each run of `rows` tokens of a sequence,
    in order; the last run of a sequence may be shorter. Rows beyond the last
    item, up to the number of tokens, do not exist: dimension 0 of the result
    is the number of items.

    Example: `%p = tx.plan_tiles %offsets rows 64 : (tensor<?xi32>) -> tensor<?x2xi32>`

    Constraints:
    * (plan_tiles_c1) `rows` is 1 to 2147483647;
    * (plan_tiles_c2) the result has two columns.
  }];
  let arguments = (ins Tx_Offsets:$offsets, I64Attr:$rows);
  let results = (outs Tx_Tiles:$tiles);
  let assemblyFormat = [{
    $offsets `rows` $rows attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Tx_PoolOp : Tx_Op<"pool", [Pure, Tx_InferResultTypes,
    DeclareOpInterfaceMethods<Tx_CostOpInterface>]> {
  let summary = "One vector per sequence";
  let description = [{
    `cls` takes the first token of each sequence, `mean` the mean of its tokens.

    Example:
    ```mlir
    %s = tx.pool mean %x, %offsets : (tensor<?x384xf32>, tensor<?xi32>) -> tensor<?x384xf32>
    ```
    Constraints:
    * (pool_c1) result and operand have the same channels;
    * (pool_c2) offsets have one entry more than the result has rows.
  }];
  let arguments = (ins Tx_PoolKindAttr:$kind, Tx_Activations:$x, Tx_Offsets:$offsets);
  let results = (outs Tx_Activations:$result);
  let assemblyFormat = [{
    `` $kind $x `,` $offsets attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // TX_DIALECT_TX_IR_TXTOKENOPS_TD
