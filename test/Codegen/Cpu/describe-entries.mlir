// RUN: tx-opt %s --tx-describe-entries | FileCheck %s

// CHECK: module attributes {
// CHECK-SAME: tx.kernels = [{name = "pack"}, {name = "plan"}, {name = "embed", schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 1>}, {name = "unpack"}]
module attributes {tx.model = {max_length = 512 : i64}} {
  tx.kernel @pack(%mask: tensor<?x?xi32>, %ids: tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) {
    %0:3 = tx.pack_tokens column %mask, %ids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
    tx.return %0#0, %0#1, %0#2 : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
  }
  tx.kernel @plan(%o: tensor<?xi32>) -> tensor<?x2xi32> {
    %0 = tx.plan_tiles %o rows 64 : (tensor<?xi32>) -> tensor<?x2xi32>
    tx.return %0 : tensor<?x2xi32>
  }
  tx.kernel @embed(%table: tensor<?x?xf32>, %ids: tensor<?xi32>) -> tensor<?x?xf32> attributes {schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 1>} {
    %0 = tx.embedding %table, %ids : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  tx.kernel @unpack(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %mask: tensor<?x?xi32>) -> tensor<?x?x?xf32> {
    %0 = tx.unpack_tokens %x, %o, %mask : (tensor<?x?xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x?xf32>
    tx.return %0 : tensor<?x?x?xf32>
  }

  /// Sizes are numbers or the codes of tx_model.h; masks are optional; limits
  /// are those of the tables that ids index.
  // CHECK-LABEL: func.func @padded
  // CHECK-SAME: tx.signature = {entry = "padded", flops = array<i64: 0, 0, 0>,
  // CHECK-SAME: inputs = [{dtype = "i32", limit = 100 : i64, name = "input_ids", shape = array<i64: -2, -4>},
  // CHECK-SAME: {dtype = "i32", name = "attention_mask", optional, shape = array<i64: -2, -4>}],
  // CHECK-SAME: max_length = 512 : i64, outputs = [{dtype = "f32", name = "hidden", shape = array<i64: -2, -4, 8>}],
  // CHECK-SAME: workspace = #tx.workspace<token = 48, sequence = 4, fixed = 0>}
  func.func @padded(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"}) -> (tensor<?x?x8xf32> {tx.name = "hidden"})
      attributes {tx.entry = "padded", tx.workspace = #tx.workspace<token = 48, sequence = 4, fixed = 0>} {
    // CHECK: tx.call @pack{{.*}} tx.sizes = [array<i64: -1>, array<i64: -3>, array<i64: -1>]
    %p:3 = tx.call @pack(%mask, %ids) {places = [#tx.place<token, 0>, #tx.place<sequence, 0>, #tx.place<token, 4>]} : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
    // CHECK: tx.call @plan{{.*}} tx.sizes = [array<i64: -5, 2>], tx.tiles = array<i64: 0, 64>
    %tiles = tx.call @plan(%p#1) {places = [#tx.place<token, 8>], tx.tiles = array<i64: 0, 1>} : (tensor<?xi32>) -> tensor<?x2xi32>
    %t = tx.param dense<1.0> : tensor<100x8xf32>
    // CHECK: tx.call @embed{{.*}} tx.sizes = [array<i64: -1, 8>]
    %x = tx.call @embed(%t, %p#0) {places = [#tx.place<token, 16>]} : (tensor<100x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
    // CHECK: tx.call @unpack{{.*}} tx.sizes = [array<i64: -2, -4, 8>]
    %y = tx.call @unpack(%x, %p#1, %mask) {places = [#tx.place<output, 0>]} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
    return %y : tensor<?x?x8xf32>
  }
}
