// RUN: tx-opt %s -convert-tx-to-linalg -cse -split-input-file | FileCheck %s

// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-DAG: #[[ELEMENT:.*]] = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: tx.kernel @embedding_reads_the_table_by_row
// CHECK-SAME:  (%[[TABLE:.*]]: tensor<?x?xf32>, %[[IDS:.*]]: tensor<?xi32>)
// CHECK-DAG:   %[[TOKENS:.*]] = tensor.dim %[[IDS]], %c0
// CHECK-DAG:   %[[CHANNELS:.*]] = tensor.dim %[[TABLE]], %c1
// CHECK:       %[[EMPTY:.*]] = tensor.empty(%[[TOKENS]], %[[CHANNELS]])
// CHECK:       %[[RESULT:.*]] = linalg.generic
// CHECK-SAME:    indexing_maps = [#[[ROW]], #[[ELEMENT]]]
// CHECK-SAME:    iterator_types = ["parallel", "parallel"]
// CHECK-SAME:    ins(%[[IDS]] : tensor<?xi32>) outs(%[[EMPTY]]
// CHECK:         ^bb0(%[[ID:.*]]: i32
// CHECK-DAG:       %[[INDEX:.*]] = arith.index_cast %[[ID]]
// CHECK-DAG:       %[[COLUMN:.*]] = linalg.index 1
// CHECK:           tensor.extract %[[TABLE]][%[[INDEX]], %[[COLUMN]]]
// CHECK:       tx.return %[[RESULT]]
tx.kernel @embedding_reads_the_table_by_row(%table: tensor<?x?xf32>, %ids: tensor<?xi32>) -> tensor<?x?xf32> {
  %0 = tx.embedding %table, %ids : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

// CHECK: #[[ELEMENT:.*]] = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: tx.kernel @elementwise
// CHECK-SAME:  (%[[X:.*]]: tensor<?x384xf32>, %[[Y:.*]]: tensor<?x384xf32>)
// CHECK:       %[[SUM:.*]] = linalg.generic
// CHECK-SAME:    indexing_maps = [#[[ELEMENT]], #[[ELEMENT]], #[[ELEMENT]]]
// CHECK-SAME:    ins(%[[X]], %[[Y]]
// CHECK:         arith.addf
// CHECK:       %[[PRODUCT:.*]] = linalg.generic {{.*}} ins(%[[SUM]], %[[Y]]
// CHECK:         arith.mulf
// CHECK:       tx.return %[[PRODUCT]] : tensor<?x384xf32>
tx.kernel @elementwise(%x: tensor<?x384xf32>, %y: tensor<?x384xf32>) -> tensor<?x384xf32> {
  %0 = tx.add %x, %y : tensor<?x384xf32>
  %1 = tx.mul %0, %y : tensor<?x384xf32>
  tx.return %1 : tensor<?x384xf32>
}

// -----

// CHECK-DAG: #[[ELEMENT:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-DAG: #[[ROWS:.*]] = affine_map<(d0) -> (d0)>
// CHECK-DAG: #[[COLUMN:.*]] = affine_map<(d0, d1) -> (d1)>

// CHECK-LABEL: tx.kernel @layer_norm_takes_the_mean_first
// CHECK-SAME:  (%[[X:.*]]: tensor<?x?xf32>, %[[WEIGHT:.*]]: tensor<?xf32>, %[[BIAS:.*]]: tensor<?xf32>)
// CHECK:       %[[CHANNELS:.*]] = arith.sitofp
// CHECK:       %[[ZEROS:.*]] = linalg.fill
// CHECK:       %[[SUM:.*]] = linalg.generic
// CHECK-SAME:    indexing_maps = [#[[ELEMENT]], #[[ROW]]]
// CHECK-SAME:    iterator_types = ["parallel", "reduction"]
// CHECK-SAME:    ins(%[[X]]
// CHECK:         arith.addf
// CHECK:       %[[MEAN:.*]] = linalg.generic
// CHECK-SAME:    indexing_maps = [#[[ROWS]], #[[ROWS]]]
// CHECK-SAME:    ins(%[[SUM]]
// CHECK:         arith.divf %{{.*}}, %[[CHANNELS]]
// CHECK:       %[[SQUARES:.*]] = linalg.generic {{.*}}"reduction"{{.*}} ins(%[[X]], %[[MEAN]]
// CHECK:         %[[DISTANCE:.*]] = arith.subf
// CHECK:         math.fma %[[DISTANCE]], %[[DISTANCE]]
// CHECK:       %[[SCALE:.*]] = linalg.generic {{.*}} ins(%[[SQUARES]]
// CHECK:         arith.addf %{{.*}}, %cst{{.*}}
// CHECK:         math.sqrt
// CHECK:         arith.divf
// CHECK:       linalg.generic
// CHECK-SAME:    indexing_maps = [#[[ELEMENT]], #[[ROW]], #[[ROW]], #[[COLUMN]], #[[COLUMN]], #[[ELEMENT]]]
// CHECK-SAME:    ins(%[[X]], %[[MEAN]], %[[SCALE]], %[[WEIGHT]], %[[BIAS]]
tx.kernel @layer_norm_takes_the_mean_first(%x: tensor<?x?xf32>, %w: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?x?xf32> {
  %0 = tx.layer_norm %x, %w, %b {eps = 1.0e-12 : f32} : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: tx.kernel @rms_norm
// CHECK-SAME:  (%[[X:.*]]: tensor<?x?xf32>, %[[WEIGHT:.*]]: tensor<?xf32>)
// CHECK:       %[[SQUARES:.*]] = linalg.generic {{.*}}"reduction"{{.*}} ins(%[[X]]
// CHECK:         math.fma
// CHECK:       %[[SCALE:.*]] = linalg.generic {{.*}} ins(%[[SQUARES]]
// CHECK:         math.sqrt
// CHECK:       linalg.generic {{.*}} ins(%[[X]], %[[SCALE]], %[[WEIGHT]]
tx.kernel @rms_norm(%x: tensor<?x?xf32>, %w: tensor<?xf32>) -> tensor<?x?xf32> {
  %0 = tx.rms_norm %x, %w {eps = 1.0e-6 : f32} : tensor<?x?xf32>, tensor<?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: tx.kernel @softmax_subtracts_the_maximum
// CHECK-SAME:  (%[[X:.*]]: tensor<?x33xf32>)
// CHECK:       %[[LOWEST:.*]] = arith.constant 0xFF800000 : f32
// CHECK:       linalg.fill ins(%[[LOWEST]]
// CHECK:       %[[MAXIMUM:.*]] = linalg.generic {{.*}}"reduction"{{.*}} ins(%[[X]]
// CHECK:         arith.maximumf
// CHECK:       %[[WEIGHTS:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[MAXIMUM]]
// CHECK:         arith.subf
// CHECK:         math.exp
// CHECK:       %[[TOTAL:.*]] = linalg.generic {{.*}}"reduction"{{.*}} ins(%[[WEIGHTS]]
// CHECK:         arith.addf
// CHECK:       linalg.generic {{.*}} ins(%[[WEIGHTS]], %[[TOTAL]]
// CHECK:         arith.divf
tx.kernel @softmax_subtracts_the_maximum(%x: tensor<?x33xf32>) -> tensor<?x33xf32> {
  %0 = tx.softmax %x : tensor<?x33xf32>
  tx.return %0 : tensor<?x33xf32>
}

// -----

// CHECK-LABEL: tx.kernel @normalize
// CHECK-SAME:  (%[[X:.*]]: tensor<?x?xf32>)
// CHECK:       %[[SQUARES:.*]] = linalg.generic {{.*}}"reduction"
// CHECK:         math.fma
// CHECK:       %[[LENGTH:.*]] = linalg.generic {{.*}} ins(%[[SQUARES]]
// CHECK:         math.sqrt
// CHECK:         arith.maximumf
// CHECK:       linalg.generic {{.*}} ins(%[[X]], %[[LENGTH]]
// CHECK:         arith.divf
tx.kernel @normalize(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.normalize %x {eps = 1.0e-12 : f32} : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: tx.kernel @slice_copies_columns
// CHECK-SAME:  (%[[X:.*]]: tensor<?x33xf32>)
// CHECK:       %[[TOKENS:.*]] = tensor.dim %[[X]], %c0
// CHECK:       %[[PART:.*]] = tensor.extract_slice %[[X]][0, 3] [%[[TOKENS]], 10] [1, 1]
// CHECK:       linalg.generic {{.*}} ins(%[[PART]] : tensor<?x10xf32>)
tx.kernel @slice_copies_columns(%x: tensor<?x33xf32>) -> tensor<?x10xf32> {
  %0 = tx.slice %x[3] : tensor<?x33xf32> to tensor<?x10xf32>
  tx.return %0 : tensor<?x10xf32>
}
