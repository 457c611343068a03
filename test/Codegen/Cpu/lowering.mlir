// RUN: tx-opt %s --tx-lower-pipeline | FileCheck %s
// RUN: tx-opt %s --tx-lower-pipeline | FileCheck %s --check-prefix=GONE

/// After the phase there is nothing but LLVM functions and the weights.

// CHECK: module attributes {
// CHECK-SAME: tx.kernels = [{name = "activation", packed = array<i64: 0, 0, 0, 132, 0, 0>, schedule = #tx.schedule<lanes = 8, rows = 1, panels = 1, item_rows = 16>}]
// CHECK-SAME: tx.phase = "lower", tx.scratch =
// CHECK-DAG: llvm.func @packed(%{{.*}}: !llvm.ptr) attributes {tx.signature =
// CHECK-DAG: llvm.func @activation(%{{.*}}: !llvm.ptr {{.*}}, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr
// CHECK-DAG: llvm.func @activation_items(
// CHECK-DAG: llvm.mlir.addressof @activation : !llvm.ptr
// CHECK-DAG: tx.weights @weights size 6400

// GONE-NOT: {{(func\.func|scf\.|arith\.|math\.|vector\.[a-z]+ |tx\.call|tx\.kernel @|unrealized)}}
module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "x86-64-v3", lanes = 8, registers = 16>, tx.phase = "schedule"} {
  func.func @packed(%ids: tensor<?xi32> {tx.name = "input_ids"}, %offsets: tensor<?xi32> {tx.name = "offsets"}) -> (tensor<?x16xf32> {tx.name = "hidden"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>} {
    %0 = tx.param dense<0.5> : tensor<100x16xf32>
    %1 = tx.call @activation(%0, %ids) {places = [#tx.place<output, 0>]} : (tensor<100x16xf32>, tensor<?xi32>) -> tensor<?x16xf32>
    return %1 : tensor<?x16xf32>
  }
  tx.kernel @activation(%table: tensor<?x?xf32>, %ids: tensor<?xi32>) -> tensor<?x?xf32> attributes {schedule = #tx.schedule<lanes = 8, rows = 1, panels = 1, item_rows = 16>} {
    %0 = tx.embedding %table, %ids : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
    %1 = tx.activation gelu %0 : tensor<?x?xf32>
    tx.return %1 : tensor<?x?xf32>
  }
}
