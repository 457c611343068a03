// RUN: tx-opt %s -tx-emit-kernels -cse -canonicalize | FileCheck %s

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>

// Packing is one walk over the batch: the next free token is carried.
// CHECK-LABEL: func.func @pack
// CHECK:         scf.if
// CHECK:           scf.for {{.*}} iter_args({{.*}} = %c0_i64)
// CHECK:             scf.for
// CHECK:               %[[KEPT:.*]] = arith.cmpi ne
// CHECK:               scf.if %[[KEPT]] {
// CHECK-COUNT-3:         llvm.store {{.*}} : i32
// CHECK:             llvm.store
// CHECK-LABEL: func.func @pack_items
// CHECK:         return %c1_i64
tx.kernel @pack(%mask: tensor<?x?xi32>, %ids: tensor<?x?xi32>, %types: tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) attributes {schedule = #schedule} {
  %i, %t, %o, %p = tx.pack_tokens column %mask, %ids, %types
    : (tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  tx.return %i, %t, %o, %p : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
}

// What is not returned is not stored.
// CHECK-LABEL: func.func @pack_offsets
// CHECK:           scf.for
// CHECK:             scf.for
// CHECK-NOT:           llvm.store
// CHECK:             llvm.store
// CHECK-LABEL: func.func @pack_offsets_items
tx.kernel @pack_offsets(%mask: tensor<?x?xi32>, %ids: tensor<?x?xi32>) -> tensor<?xi32> attributes {schedule = #schedule} {
  %i, %o, %p = tx.pack_tokens column %mask, %ids
    : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  tx.return %o : tensor<?xi32>
}

// CHECK-LABEL: func.func @positions
// CHECK:         scf.for
// CHECK:           scf.for {{.*}} iter_args(%[[COUNT:.*]] = %c0_i32)
// CHECK:             %[[PAD:.*]] = arith.cmpi eq, %{{.*}}, %c1_i32
// CHECK:             arith.select %[[PAD]], %[[COUNT]]
tx.kernel @positions(%ids: tensor<?xi32>, %offsets: tensor<?xi32>) -> tensor<?xi32> attributes {schedule = #schedule} {
  %p = tx.positions non_pad %ids, %offsets {pad_id = 1 : i64} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  tx.return %p : tensor<?xi32>
}

// CHECK-LABEL: func.func @plan_tiles
// CHECK:         scf.for
// CHECK:           scf.for {{.*}} step %c64_i64
tx.kernel @plan_tiles(%offsets: tensor<?xi32>) -> tensor<?x2xi32> attributes {schedule = #schedule} {
  %t = tx.plan_tiles %offsets rows 64 : (tensor<?xi32>) -> tensor<?x2xi32>
  tx.return %t : tensor<?x2xi32>
}

// Items are (sequence, four vectors of channels): sums stay in registers.
// CHECK-LABEL: func.func @mean
// CHECK:         scf.if
// CHECK:           scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK:           arith.divf
// CHECK-LABEL: func.func @mean_items
// CHECK:         %[[RUNS:.*]] = arith.divui %{{.*}}, %c64_i64
// CHECK:         arith.muli %{{.*}}, %[[RUNS]]
tx.kernel @mean(%x: tensor<?x?xf32>, %offsets: tensor<?xi32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %s = tx.pool mean %x, %offsets : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %s : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @cls
// CHECK-NOT:     arith.addf
// CHECK:         llvm.load {{.*}} -> vector<16xf32>
// CHECK-LABEL: func.func @cls_items
tx.kernel @cls(%x: tensor<?x?xf32>, %offsets: tensor<?xi32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %s = tx.pool cls %x, %offsets : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %s : tensor<?x?xf32>
}

// Entries without a token are zeros.
// CHECK-LABEL: func.func @unpack
// CHECK:         scf.if
// CHECK:           llvm.load {{.*}} -> vector<16xf32>
// CHECK:           llvm.intr.masked.store
// CHECK:         else
// CHECK-NOT:       llvm.load {{.*}} -> vector<16xf32>
// CHECK:           llvm.store
tx.kernel @unpack(%x: tensor<?x?xf32>, %offsets: tensor<?xi32>, %mask: tensor<?x?xi32>) -> tensor<?x?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.unpack_tokens %x, %offsets, %mask : (tensor<?x?xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x?xf32>
  tx.return %0 : tensor<?x?x?xf32>
}

// CHECK-LABEL: func.func @slice_channel
// CHECK:         scf.for
// CHECK:           llvm.load {{.*}} -> f32
// CHECK:           llvm.store {{.*}} : f32
tx.kernel @slice_channel(%x: tensor<?x?xf32>) -> tensor<?xf32> attributes {schedule = #schedule} {
  %0 = tx.slice %x[1] : tensor<?x?xf32> to tensor<?xf32>
  tx.return %0 : tensor<?xf32>
}

// CHECK-LABEL: func.func @slice_channels
// CHECK:         llvm.load {{.*}} -> vector<16xf32>
// CHECK:         llvm.store {{.*}} : vector<16xf32>
tx.kernel @slice_channels(%x: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.slice %x[1] : tensor<?x?xf32> to tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
