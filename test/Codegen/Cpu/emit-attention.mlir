// RUN: tx-opt %s -split-input-file -tx-emit-kernels | FileCheck %s

// Scratch: 64 keys, three vectors of statistics, queries and sums of 512
// channels, since no call says how many there are, by 64 queries.
// CHECK: module attributes {tx.scratch = 279296 : i64}

// CHECK-LABEL: func.func @full(
// CHECK:         scf.for
// Queries are transposed: zeros where there is none.
// CHECK:           llvm.intr.masked.load
// CHECK:           vector.shuffle
// Over blocks of keys: scores, of six keys by four vectors of queries,
// CHECK:           scf.for
// CHECK:             scf.index_switch
// CHECK:             case 4 {
// CHECK:               case 6 {
// CHECK:                 scf.for
// CHECK-COUNT-24:          llvm.intr.fma
// weights,
// CHECK-NOT:       math.exp
// CHECK:           arith.bitcast
// and sums, of six channels.
// CHECK:             case 4 {
// CHECK:               case 6 {
// CHECK-COUNT-24:        llvm.intr.fma
// CHECK:           arith.divf
// CHECK:           vector.shuffle
// CHECK:           llvm.intr.masked.store
// CHECK-LABEL: func.func @full_items
// CHECK:         arith.muli %{{.*}}, %c12_i64

// A query does not see the keys behind it.
// CHECK-LABEL: func.func @causal(
// CHECK:         arith.xori {{.*}} : vector<16xi1>

// Few registers of sums: four channels of a score in a row, then the rest. Not
// beside one vector of queries.
// CHECK-LABEL: func.func @unrolled(
// CHECK:               case 12 {
// CHECK:                 scf.for
// CHECK-COUNT-12:          llvm.intr.fma
// CHECK-NEXT:              scf.yield
// CHECK:             case 2 {
// CHECK:               case 6 {
// CHECK:                 scf.for
// CHECK-COUNT-48:          llvm.intr.fma
// CHECK-NEXT:              scf.yield
// CHECK:                 scf.for
// CHECK-COUNT-12:          llvm.intr.fma
// CHECK-NEXT:              scf.yield
#schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>
#narrow = #tx.schedule<lanes = 8, rows = 6, panels = 2, item_rows = 48>
!t = tensor<?x?xf32>
!o = tensor<?xi32>
tx.kernel @full(%q: !t, %k: !t, %v: !t, %o: !o, %p: tensor<?x2xi32>) -> !t attributes {schedule = #schedule} {
  %0 = tx.attention full %q, %k, %v offsets %o, %o tiles %p {num_heads = 12 : i64, num_kv_heads = 12 : i64, scale = 0.125 : f32}
    : (!t, !t, !t, !o, !o, tensor<?x2xi32>) -> !t
  tx.return %0 : !t
}
tx.kernel @causal(%q: !t, %k: !t, %v: !t, %o: !o, %p: tensor<?x2xi32>) -> !t attributes {schedule = #schedule} {
  %0 = tx.attention causal %q, %k, %v offsets %o, %o tiles %p {num_heads = 12 : i64, num_kv_heads = 4 : i64, scale = 0.125 : f32}
    : (!t, !t, !t, !o, !o, tensor<?x2xi32>) -> !t
  tx.return %0 : !t
}
tx.kernel @unrolled(%q: !t, %k: !t, %v: !t, %o: !o, %p: tensor<?x2xi32>) -> !t attributes {schedule = #narrow} {
  %0 = tx.attention full %q, %k, %v offsets %o, %o tiles %p {num_heads = 12 : i64, num_kv_heads = 12 : i64, scale = 0.125 : f32}
    : (!t, !t, !t, !o, !o, tensor<?x2xi32>) -> !t
  tx.return %0 : !t
}

// -----

// Scores of no channels are zero: there is room for sums of 2048 beside 67 rows.
// CHECK: module attributes {tx.scratch = 135360 : i64}
#narrow = #tx.schedule<lanes = 8, rows = 6, panels = 2, item_rows = 48>
!t = tensor<?x?xf32>
!o = tensor<?xi32>
tx.kernel @mean(%q: !t, %v: !t, %o: !o, %p: tensor<?x2xi32>) -> !t attributes {schedule = #narrow} {
  %0 = tx.attention full %q, %q, %v offsets %o, %o tiles %p {num_heads = 1 : i64, num_kv_heads = 1 : i64, scale = 1.0 : f32}
    : (!t, !t, !t, !o, !o, tensor<?x2xi32>) -> !t
  tx.return %0 : !t
}
func.func @packed(%q: tensor<?x0xf32>, %v: tensor<?x2048xf32>, %o: !o, %p: tensor<?x2xi32>) -> tensor<?x2048xf32> {
  %0 = tx.call @mean(%q, %v, %o, %p) : (tensor<?x0xf32>, tensor<?x2048xf32>, !o, tensor<?x2xi32>) -> tensor<?x2048xf32>
  return %0 : tensor<?x2048xf32>
}
