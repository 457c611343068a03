// RUN: tx-opt %s -convert-tx-to-linalg -tx-emit-kernels -cse -canonicalize -split-input-file | FileCheck %s

// A pass over the columns takes four vectors, then one, then those that are
// left under a mask. Items are blocks of 32 rows.

// CHECK-LABEL: func.func @add
// CHECK-SAME:    (%{{.*}}: !llvm.ptr {{.*}}, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64, %{{.*}}: !llvm.ptr
// CHECK:         %[[FIRST:.*]] = arith.muli %[[BEGIN]], %c32_i64
// CHECK:         scf.for %[[ROW:.*]] = %[[FIRST]]
// CHECK:           scf.for {{.*}} step %c64_i64
// CHECK-COUNT-8:     llvm.load {{.*}} -> vector<16xf32>
// CHECK-COUNT-4:     llvm.store {{.*}} vector<16xf32>
// CHECK:           scf.for {{.*}} step %c16_i64
// CHECK-COUNT-2:     llvm.load {{.*}} -> vector<16xf32>
// CHECK:             arith.addf {{.*}} vector<16xf32>
// CHECK:             llvm.store {{.*}} vector<16xf32>
// CHECK:           scf.if
// CHECK-COUNT-2:     llvm.intr.masked.load
// CHECK:             arith.addf {{.*}} vector<16xf32>
// CHECK:             llvm.intr.masked.store
// CHECK-NOT:       scf.for

// CHECK-LABEL: func.func @add_items
// CHECK:         %[[ROWS:.*]] = llvm.load
// CHECK:         %[[UP:.*]] = arith.addi %{{.*}}, %c31_i64
// CHECK:         %[[ITEMS:.*]] = arith.divui %[[UP]], %c32_i64
// CHECK:         return %[[ITEMS]]
#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
tx.kernel @add(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = tx.add %x, %y : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

// Three passes: the sum, the squares, the result. Each of the four vectors of a
// step has its accumulator; lanes beyond the row keep theirs.

// CHECK-LABEL: func.func @layer_norm
// CHECK:         scf.for
// CHECK:           %[[SUMS:.*]]:4 = scf.for {{.*}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
// CHECK:           scf.if
// CHECK:             %[[SUM:.*]] = arith.addf
// CHECK:             arith.select %{{.*}}, %[[SUM]], %{{.*}} : vector<8xi1>, vector<8xf32>
// CHECK:           vector.reduction <add>
// CHECK:           arith.divf
// CHECK:           scf.for
// CHECK:             math.fma
// CHECK:           vector.reduction <add>
// CHECK:           math.sqrt
// CHECK:           scf.for
// CHECK-COUNT-4:     llvm.store {{.*}} vector<8xf32>
// CHECK-NOT:       vector.reduction
tx.kernel @layer_norm(%x: tensor<?x?xf32>, %w: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 8, rows = 1, panels = 1, item_rows = 32>} {
  %0 = tx.layer_norm %x, %w, %b {eps = 1.0e-12 : f32} : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

// The exponentials are dear and used twice: the row of the result keeps them
// between the second pass and the third.

// CHECK-LABEL: func.func @softmax
// CHECK:         vector.reduction <maximumf>
// CHECK:         scf.for
// CHECK:           math.exp
// CHECK:           arith.addf
// CHECK:           llvm.store
// CHECK:         vector.reduction <add>
// CHECK-NOT:     math.exp
// CHECK:         arith.divf
// CHECK:         llvm.store
tx.kernel @softmax(%x: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>} {
  %0 = tx.softmax %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

// A row of the table is found by its index, once per row; its channels are
// vectors.

// CHECK-LABEL: func.func @embedding
// CHECK:         scf.for
// CHECK:           %[[INDEX:.*]] = llvm.load {{.*}} -> i32
// CHECK:           scf.for
// CHECK:             llvm.load {{.*}} -> vector<16xf32>
// CHECK:             llvm.store {{.*}} vector<16xf32>
tx.kernel @embedding(%table: tensor<?x?xf32>, %ids: tensor<?xi32>) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>} {
  %0 = tx.embedding %table, %ids : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

// The sum is returned, so that later passes read it; it costs one store.

// CHECK-LABEL: func.func @add_layer_norm
// CHECK:         scf.for
// CHECK:           arith.addf
// CHECK:           llvm.store
// CHECK:         vector.reduction <add>
// CHECK:         scf.for
// CHECK:           arith.subf
// CHECK:           math.fma
// CHECK-NOT:       llvm.store
// CHECK:         vector.reduction <add>
tx.kernel @add_layer_norm(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %w: tensor<?xf32>, %b: tensor<?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>)
    attributes {schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>} {
  %0 = tx.add %x, %y : tensor<?x?xf32>
  %1 = tx.layer_norm %0, %w, %b {eps = 1.0e-12 : f32} : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>
  tx.return %0, %1 : tensor<?x?xf32>, tensor<?x?xf32>
}
