// What each phase makes of a model, seen from the outside; what it guarantees is
// tested in contract.mlir.

// RUN: tx-opt %S/Inputs/layer.mlir --tx-import-pipeline | FileCheck %s --check-prefix=IMPORT
// IMPORT: tx.phase = "import"
// IMPORT: func.func private @encoder
// IMPORT: tx.ffn

/// Entries are self-contained, the target is known.
// RUN: tx-opt %S/Inputs/layer.mlir --tx-normalize-pipeline=cpu=x86-64-v4 | FileCheck %s --check-prefix=NORMALIZE
// NORMALIZE: tx.phase = "normalize"
// NORMALIZE-SAME: tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4"
// RUN: tx-opt %S/Inputs/layer.mlir --tx-normalize-pipeline="cpu=neoverse-n1 target=aarch64-linux-gnu" | FileCheck %s --check-prefix=ARM
// ARM: tx.target = #tx.target<"aarch64-unknown-linux-gnu", isa = "armv8-a", tune = "neoverse-n1"
// NORMALIZE-NOT: @encoder
// NORMALIZE-NOT: tx.ffn
// NORMALIZE: func.func @packed
// NORMALIZE: tx.positions
// NORMALIZE: tx.embedding
// NORMALIZE: tx.activation gelu
// NORMALIZE: func.func @padded
// NORMALIZE: tx.pack_tokens
// NORMALIZE: tx.embedding
// NORMALIZE: tx.unpack_tokens

/// Twelve kernels do for both entries; entries differ only at their borders.
// RUN: tx-opt %S/Inputs/layer.mlir --tx-normalize-pipeline --tx-compress-pipeline --tx-quantize-pipeline --tx-fuse-pipeline | FileCheck %s --check-prefix=FUSE
// FUSE: tx.phase = "fuse"
// FUSE-LABEL: func.func @packed
// FUSE: tx.call @plan_tiles
// FUSE: tx.call @positions
// FUSE: tx.call @rows_embedding_add_layer_norm
// FUSE: tx.call @linear_x3(
// FUSE: tx.call @attention
// FUSE: tx.call @linear_add
// FUSE: tx.call @layer_norm
// FUSE: tx.call @linear_gelu
// FUSE: tx.call @linear_add
// FUSE: tx.call @layer_norm
// FUSE: tx.call @pool_cls
// FUSE: tx.call @linear_tanh
// FUSE-LABEL: func.func @padded
// FUSE: tx.call @pack_tokens
// FUSE: tx.call @plan_tiles
// FUSE-COUNT-10: tx.call
// FUSE: tx.call @unpack_tokens
// FUSE-COUNT-12: tx.kernel
// FUSE-NOT: tx.kernel

// RUN: tx-opt %S/Inputs/layer.mlir --tx-normalize-pipeline=cpu=x86-64-v4 --tx-fuse-pipeline --tx-schedule-pipeline | FileCheck %s --check-prefix=SCHEDULE
// SCHEDULE: tx.phase = "schedule"
// SCHEDULE-LABEL: func.func @packed
// SCHEDULE-SAME: tx.workspace = #tx.workspace<token = 192, sequence = 32, fixed = 0>
// SCHEDULE: tx.pack
// SCHEDULE: tx.call @linear_tanh{{.*}}places = [#tx.place<output, 1>]
// SCHEDULE: tx.kernel @linear_x3(%{{.*}}: tensor<?x?xf32>, %{{.*}}: tensor<?x?xf32, #tx.layout<panels = 16>>
// SCHEDULE-SAME: schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>

/// Params stay symbolic, each is stored once for both entries.
// RUN: tx-opt %S/Inputs/layer.mlir --tx-normalize-pipeline --tx-fuse-pipeline --tx-schedule-pipeline --tx-lower-pipeline | FileCheck %s --check-prefix=LOWER
// LOWER: tx.phase = "lower"
// LOWER: llvm.func @packed(%{{.*}}: !llvm.ptr) attributes {tx.signature = {
// LOWER: llvm.func @padded(%{{.*}}: !llvm.ptr) attributes {tx.signature = {
// LOWER: llvm.func @linear_gelu(
// LOWER: tx.weights @weights
// LOWER-COUNT-12: tx.store
// LOWER-NOT: tx.store

/// Every phase's IR goes through text and through bytecode unchanged.
// RUN: tx-opt %S/Inputs/layer.mlir --tx-normalize-pipeline -o %t.normalize.mlir
// RUN: tx-opt %t.normalize.mlir --tx-fuse-pipeline -o %t.fuse.mlir
// RUN: tx-opt %t.fuse.mlir --tx-schedule-pipeline -o %t.schedule.mlir
// RUN: tx-opt %t.schedule.mlir --tx-lower-pipeline -o %t.lower.mlir
// RUN: tx-opt %t.normalize.mlir --emit-bytecode | tx-opt | diff %t.normalize.mlir -
// RUN: tx-opt %t.fuse.mlir --emit-bytecode | tx-opt | diff %t.fuse.mlir -
// RUN: tx-opt %t.schedule.mlir --emit-bytecode | tx-opt | diff %t.schedule.mlir -
// RUN: tx-opt %t.lower.mlir --emit-bytecode | tx-opt | diff %t.lower.mlir -

/// Phase by phase through files is the same as in one go.
// RUN: tx-opt %S/Inputs/layer.mlir --tx-normalize-pipeline --tx-fuse-pipeline --tx-schedule-pipeline --tx-lower-pipeline | diff %t.lower.mlir -
