// RUN: tx-opt %s --tx-lower-entries | FileCheck %s

/// As after tx-describe-entries and tx-emit-kernels.

#ws = #tx.workspace<token = 64, sequence = 4, fixed = 0>
module attributes {tx.kernels = [{name = "pack"}, {name = "plan"}, {name = "sum"}]} {
  func.func @pack(%args: !llvm.ptr, %begin: i64, %end: i64, %scratch: !llvm.ptr) { return }
  func.func @pack_items(%args: !llvm.ptr) -> i64 { %c = arith.constant 1 : i64 return %c : i64 }
  func.func @plan(%args: !llvm.ptr, %begin: i64, %end: i64, %scratch: !llvm.ptr) { return }
  func.func @plan_items(%args: !llvm.ptr) -> i64 { %c = arith.constant 1 : i64 return %c : i64 }
  func.func @sum(%args: !llvm.ptr, %begin: i64, %end: i64, %scratch: !llvm.ptr) { return }
  func.func @sum_items(%args: !llvm.ptr) -> i64 { %c = arith.constant 1 : i64 return %c : i64 }

  // CHECK-LABEL: func.func @packed(
  // CHECK-SAME: %[[CALL:.*]]: !llvm.ptr) attributes {tx.signature =
  // CHECK-NOT: tx.entry
  // CHECK: %[[WORDS:.*]] = llvm.alloca
  // CHECK: %[[POOL:.*]] = llvm.load %[[CALL]]
  // CHECK: %[[FOR_AT:.*]] = llvm.getelementptr %[[CALL]][8]
  // CHECK: %[[FOR:.*]] = llvm.load %[[FOR_AT]]
  // CHECK: llvm.getelementptr %[[CALL]][48]
  // CHECK: %[[WEIGHTS:.*]] = llvm.load
  // CHECK: llvm.getelementptr %[[WEIGHTS]]
  // CHECK: %[[ITEMS:.*]] = call @sum_items(%[[WORDS]])
  // CHECK: %[[SUM:.*]] = constant @sum
  // CHECK: %[[CODE:.*]] = builtin.unrealized_conversion_cast %[[SUM]]
  // CHECK: %[[NUMBER:.*]] = arith.constant 2 : i64
  // CHECK: llvm.call %[[FOR]](%[[POOL]], %[[CODE]], %[[WORDS]], %[[ITEMS]], %[[NUMBER]])
  func.func @packed(%x: tensor<?x8xf32>, %offsets: tensor<?xi32>) -> tensor<?x8xf32>
      attributes {tx.entry = "packed", tx.workspace = #ws, tx.signature = {entry = "packed", flops = array<i64: 0, 0, 0>,
        inputs = [{dtype = "f32", name = "x", shape = array<i64: -1, 8>}, {dtype = "i32", name = "offsets", shape = array<i64: -3>}],
        outputs = [{dtype = "f32", name = "y", shape = array<i64: -1, 8>}], max_length = 512 : i64, workspace = #ws}} {
    %w = tx.param dense<1.0> : tensor<8xf32>
    %y = tx.call @sum(%x, %w) {places = [#tx.place<output, 0>], tx.sizes = [array<i64: -1, 8>]} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
    return %y : tensor<?x8xf32>
  }

  /// The token count of a padded call is read once the tokens are packed, the
  /// tiles are counted in a loop.
  // CHECK-LABEL: func.func @padded(
  // CHECK: llvm.call
  // CHECK: %[[LAST:.*]] = llvm.load {{.*}} -> i32
  // CHECK: %[[TOKENS:.*]] = arith.extsi %[[LAST]]
  // CHECK: %[[TILES:.*]]:2 = scf.for
  // CHECK:   arith.constant 63 : i64
  // CHECK:   arith.divui
  // CHECK: llvm.store %[[TILES]]#0
  // CHECK: llvm.call
  // CHECK: llvm.store %[[TOKENS]]
  // CHECK: llvm.call
  func.func @padded(%ids: tensor<?x?xi32>, %mask: tensor<?x?xi32>) -> tensor<?x?xf32>
      attributes {tx.entry = "padded", tx.workspace = #ws, tx.signature = {entry = "padded", flops = array<i64: 0, 0, 0>,
        inputs = [{dtype = "i32", name = "ids", shape = array<i64: -2, -4>}, {dtype = "i32", name = "attention_mask", shape = array<i64: -2, -4>}],
        outputs = [{dtype = "f32", name = "y", shape = array<i64: -2, 8>}], max_length = 512 : i64, workspace = #ws}} {
    %p:2 = tx.call @pack(%ids, %mask) {places = [#tx.place<token, 0>, #tx.place<sequence, 0>], tx.sizes = [array<i64: -1>, array<i64: -3>]} : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>)
    %t = tx.call @plan(%p#1) {places = [#tx.place<token, 8>], tx.sizes = [array<i64: -5, 2>], tx.tiles = array<i64: 0, 64>} : (tensor<?xi32>) -> tensor<?x2xi32>
    %w = tx.param dense<1.0> : tensor<8xf32>
    %v = tx.param dense<2.0> : tensor<8x3xf32>
    %q = tx.pack %v : tensor<8x3xf32> to tensor<8x3xf32, #tx.layout<panels = 16>>
    %y = tx.call @sum(%p#0, %t, %w, %q) {places = [#tx.place<output, 0>], tx.sizes = [array<i64: -2, 8>]} : (tensor<?xi32>, tensor<?x2xi32>, tensor<8xf32>, tensor<8x3xf32, #tx.layout<panels = 16>>) -> tensor<?x?xf32>
    return %y : tensor<?x?xf32>
  }

  /// What both entries use is stored once.
  // CHECK: tx.weights @weights size 256 {
  // CHECK-NEXT: %[[W:.*]] = tx.param dense<1.0
  // CHECK-NEXT: tx.store %[[W]] at 0
  // CHECK-NEXT: %[[V:.*]] = tx.param dense<2.0
  // CHECK-NEXT: %[[Q:.*]] = tx.pack %[[V]]
  // CHECK-NEXT: tx.store %[[Q]] at 64
  // CHECK-NEXT: }
}
