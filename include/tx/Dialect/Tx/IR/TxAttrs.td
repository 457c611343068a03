//===- TxAttrs.td - enums and attributes of tx --------------*- tablegen -*-===//

#ifndef TX_DIALECT_TX_IR_TXATTRS_TD
#define TX_DIALECT_TX_IR_TXATTRS_TD

include "tx/Dialect/Tx/IR/TxBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/TensorEncoding.td"

class Tx_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Tx_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

//===----------------------------------------------------------------------===//
// Enums
//===----------------------------------------------------------------------===//

def Tx_ActivationKind : I32EnumAttr<"ActivationKind", "activation function", [
    I32EnumAttrCase<"Gelu", 0, "gelu">,
    I32EnumAttrCase<"GeluTanh", 1, "gelu_tanh">,
    I32EnumAttrCase<"Relu", 2, "relu">,
    I32EnumAttrCase<"Silu", 3, "silu">,
    I32EnumAttrCase<"Tanh", 4, "tanh">]> {
  let cppNamespace = "::tx";
  let genSpecializedAttr = 0;
}
def Tx_ActivationKindAttr
    : EnumAttr<Tx_Dialect, Tx_ActivationKind, "activation_kind">;

def Tx_PoolKind : I32EnumAttr<"PoolKind", "how a sequence becomes one vector", [
    I32EnumAttrCase<"Cls", 0, "cls">,
    I32EnumAttrCase<"Mean", 1, "mean">]> {
  let cppNamespace = "::tx";
  let genSpecializedAttr = 0;
}
def Tx_PoolKindAttr : EnumAttr<Tx_Dialect, Tx_PoolKind, "pool_kind">;

def Tx_MaskKind : I32EnumAttr<"MaskKind", "which keys a query attends to", [
    I32EnumAttrCase<"Full", 0, "full">,
    I32EnumAttrCase<"Causal", 1, "causal">]> {
  let cppNamespace = "::tx";
  let genSpecializedAttr = 0;
}
def Tx_MaskKindAttr : EnumAttr<Tx_Dialect, Tx_MaskKind, "mask_kind">;

def Tx_PositionKind : I32EnumAttr<"PositionKind", "how positions are counted", [
    I32EnumAttrCase<"Column", 0, "column">,
    I32EnumAttrCase<"NonPad", 1, "non_pad">]> {
  let cppNamespace = "::tx";
  let genSpecializedAttr = 0;
}
def Tx_PositionKindAttr
    : EnumAttr<Tx_Dialect, Tx_PositionKind, "position_kind">;

def Tx_DimKind : I32EnumAttr<"DimKind", "what a workspace buffer grows with", [
    I32EnumAttrCase<"Fixed", 0, "fixed">,
    I32EnumAttrCase<"Token", 1, "token">,
    I32EnumAttrCase<"Sequence", 2, "sequence">,
    I32EnumAttrCase<"Output", 3, "output">]> {
  let cppNamespace = "::tx";
  let genSpecializedAttr = 0;
}

def Tx_ProductUnit : I32EnumAttr<"ProductUnit", "what multiplies and adds", [
    I32EnumAttrCase<"Fma", 0, "fma">,
    I32EnumAttrCase<"Dot", 1, "dot">,
    I32EnumAttrCase<"Matrix", 2, "matrix">]> {
  let cppNamespace = "::tx";
  let genSpecializedAttr = 0;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

def Tx_ExternalAttr : Tx_Attr<"External", "external", [TypedAttrInterface]> {
  let summary = "A tensor in a safetensors file";
  let description = [{
    Names tensor `key` of `file`; a relative `file` resolves against the
    parameter root (by default the folder of the module's own file). The bytes
    are mapped on demand and never enter the IR. Element type and shape must
    equal the file's.

    Example: `#tx.external<"model.safetensors", "embeddings.LayerNorm.weight"> : tensor<384xf32>`
  }];
  let parameters = (ins AttributeSelfTypeParameter<"">:$type,
                        StringRefParameter<"file name">:$file,
                        StringRefParameter<"tensor name">:$key);
  let builders = [AttrBuilderWithInferredContext<(ins "::mlir::Type":$type,
      "::llvm::StringRef":$file, "::llvm::StringRef":$key), [{
    return $_get(type.getContext(), type, file, key);
  }]>];
  let assemblyFormat = "`<` $file `,` $key `>`";
  let genVerifyDecl = 1;
}

def Tx_LayoutAttr : Tx_Attr<"Layout", "layout",
    [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "How the elements of a weight matrix lie in memory";
  let description = [{
    `#tx.layout<panels = 16>` stores a (N, K) matrix as
    [ceil(N/16)][K][16]: sixteen output channels side by side, rows N..16*ceil
    filled with zeros. It is the encoding of a tensor type; the logical value
    of the tensor does not change. Only matrices have a layout.

    `#tx.layout<panels = 16, group = 2>` is for units that add the products of
    several channels at once: [ceil(N/16)][ceil(K/32)][16][16][2], blocks of
    sixteen groups of two input channels, columns beyond K filled with zeros.
  }];
  let parameters = (ins "int64_t":$panels,
                        DefaultValuedParameter<"int64_t", "1">:$group);
  let builders = [AttrBuilder<(ins "int64_t":$panels), [{
    return $_get($_ctxt, panels, 1);
  }]>];
  let assemblyFormat = "`<` `panels` `=` $panels (`,` `group` `=` $group^)? `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Groups of input channels in a block.
    static constexpr int64_t kBlockGroups = 16;

    /// Input channels that are stored for `columns` of them.
    int64_t getPaddedColumns(int64_t columns) const {
      int64_t block = getGroup() == 1 ? 1 : kBlockGroups * getGroup();
      return (columns + block - 1) / block * block;
    }
  }];
}

def Tx_HeadsAttr : Tx_Attr<"Heads", "heads",
    [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "Activations that lie head by head";
  let description = [{
    `#tx.heads<12>` stores (T, C) as [12][T][C/12]: the channels of a head over
    all tokens lie together, so that the rows attention reads follow one
    another. It is the encoding of a tensor type; the logical value does not
    change. Only products that attention alone reads have it.
  }];
  let parameters = (ins "int64_t":$count);
  let assemblyFormat = "`<` $count `>`";
  let genVerifyDecl = 1;
}

def Tx_TargetAttr : Tx_Attr<"Target", "target"> {
  let summary = "The machine that code is made for";
  let description = [{
    `isa` is what the code may use (`x86-64-v3` is AVX2 and FMA, `x86-64-v4` adds
    AVX-512 F, BW, CD, DQ, VL; `armv8-a` has NEON, `rv64gcv` the vectors of RISC-V,
    `rv64gcv_zvl256b` of 256 bits), `tune` the CPU it is
    scheduled for, `lanes` the f32 lanes of a vector register, `registers` how
    many such registers there are, `l1` and `l2` the bytes of the caches of data
    that a core has to itself, by default 32 KiB and 512 KiB. Always explicit: no
    pass asks the host.

    Example: `#tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", l2 = 1048576, lanes = 16, registers = 32>`
  }];
  let parameters = (ins StringRefParameter<"target triple">:$triple,
                        StringRefParameter<"instruction set">:$isa,
                        StringRefParameter<"CPU to tune for">:$tune,
                        "int64_t":$lanes, "int64_t":$registers,
                        DefaultValuedParameter<"int64_t", "::tx::kDefaultL1">:$l1,
                        DefaultValuedParameter<"int64_t", "::tx::kDefaultL2">:$l2);
  let builders = [
    AttrBuilder<(ins "::llvm::StringRef":$triple, "::llvm::StringRef":$isa,
                     "::llvm::StringRef":$tune, "int64_t":$lanes,
                     "int64_t":$registers), [{
      return $_get($_ctxt, triple, isa, tune, lanes, registers, kDefaultL1, kDefaultL2);
    }]>];
  let assemblyFormat = [{
    `<` $triple `,` `isa` `=` $isa `,` `tune` `=` $tune `,` (`l1` `=` $l1^ `,` ` `)? (`l2` `=` $l2^ `,` ` `)? `lanes` `=` $lanes `,` `registers` `=` $registers `>`
  }];
  let genVerifyDecl = 1;
}

def Tx_ScheduleAttr : Tx_Attr<"Schedule", "schedule"> {
  let summary = "How a kernel runs";
  let description = [{
    `lanes`: f32 lanes of a vector. `rows`: rows of a register tile.
    `panels`: weight panels a register tile spans (linear), or query vectors
    (attention); `item_rows`: rows in one work item, a multiple of `rows`;
    `item_panels`: panels in one work item of linear, at most (fewer where rows are
    few), a multiple of `panels`, by default as many; `chunk`: input channels that
    all tiles of an item go over before the next, by default 768; `stretch`: bytes
    of x, by default 512 KiB.

    The order of linear's loops, the outermost first: stretches of x, of 1, 2, 4
    or 8 times `item_rows` rows that take less than `stretch` bytes; groups of
    `item_panels` panels; items along the rows of the stretch; chunks; tiles of the
    item, columns outermost. Items are what threads share out, in this order: so a
    stretch stays in the second-level cache while the weights pass by, and
    a chunk of weights, where it is short enough, in the first-level cache while
    tiles pass by. With rows for one item only, threads share columns.

    `unit` says what multiplies: `fma`, by default, vectors of f32; `dot`
    vectors of pairs of bf16 (AVX512_BF16); `matrix` tiles of bf16 of sixteen
    rows (AMX). The last two need weights whose layout has groups of two.

    Example: `#tx.schedule<unit = matrix, lanes = 16, rows = 32, panels = 2, item_rows = 128, item_panels = 16>`
  }];
  let parameters = (ins "int64_t":$lanes, "int64_t":$rows, "int64_t":$panels,
                        "int64_t":$itemRows,
                        OptionalParameter<"int64_t">:$itemPanels,
                        DefaultValuedParameter<"::tx::ProductUnit", "::tx::ProductUnit::Fma">:$unit,
                        DefaultValuedParameter<"int64_t", "::tx::kDefaultChunk">:$chunk,
                        DefaultValuedParameter<"int64_t", "::tx::kDefaultL2">:$stretch);
  let builders = [
    AttrBuilder<(ins "int64_t":$lanes, "int64_t":$rows, "int64_t":$panels,
                     "int64_t":$itemRows), [{
      return $_get($_ctxt, lanes, rows, panels, itemRows, 0, ProductUnit::Fma, kDefaultChunk, kDefaultL2);
    }]>,
    AttrBuilder<(ins "int64_t":$lanes, "int64_t":$rows, "int64_t":$panels,
                     "int64_t":$itemRows, "int64_t":$chunk, "int64_t":$stretch), [{
      return $_get($_ctxt, lanes, rows, panels, itemRows, 0, ProductUnit::Fma, chunk, stretch);
    }]>];
  let assemblyFormat = [{
    `<` (`unit` `=` $unit^ `,` ` `)? (`chunk` `=` $chunk^ `,` ` `)? (`stretch` `=` $stretch^ `,` ` `)? `lanes` `=` $lanes `,` `rows` `=` $rows `,` `panels` `=` $panels `,` `item_rows` `=` $itemRows (`,` `item_panels` `=` $itemPanels^)? `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Panels that a work item spans.
    int64_t getPanelsOfItem() const {
      return getItemPanels() ? getItemPanels() : getPanels();
    }
  }];
}

def Tx_PlaceAttr : Tx_Attr<"Place", "place"> {
  let summary = "Where a value of an entry lives";
  let description = [{
    `token` and `sequence`: at `offset` x (tokens, sequences + 1), in bytes, of
    the arena of that kind; `fixed`: at byte `offset` of the fixed arena;
    `output`: in the caller's output number `offset`.
  }];
  let parameters = (ins "::tx::DimKind":$kind, "int64_t":$offset);
  let assemblyFormat = "`<` $kind `,` $offset `>`";
  let genVerifyDecl = 1;
}

def Tx_WorkspaceAttr : Tx_Attr<"Workspace", "workspace"> {
  let summary = "Size of an entry's workspace";
  let description = [{
    Bytes = `token` x tokens + `sequence` x (sequences + 1) + `fixed`, the
    counts rounded up to a multiple of 16, so that every arena is aligned to
    64 bytes.
  }];
  let parameters = (ins "int64_t":$token, "int64_t":$sequence, "int64_t":$fixed);
  let assemblyFormat = [{
    `<` `token` `=` $token `,` `sequence` `=` $sequence `,` `fixed` `=` $fixed `>`
  }];
  let genVerifyDecl = 1;
}

#endif // TX_DIALECT_TX_IR_TXATTRS_TD
