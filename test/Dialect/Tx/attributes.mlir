// Attributes of tx, and those it reads on modules and functions, through text
// and bytecode.

// RUN: tx-opt %s --allow-unregistered-dialect | tx-opt --allow-unregistered-dialect | FileCheck %s
// RUN: tx-opt %s --allow-unregistered-dialect --emit-bytecode | tx-opt --allow-unregistered-dialect | FileCheck %s

// CHECK: module attributes {
// CHECK-SAME: tx.model = {family = "bert", head = "encoder", labels = ["no", "yes"], max_length = 512 : i64, notes = [1, 2], position_base = 0 : i64}
// CHECK-SAME: tx.phase = "schedule"
// CHECK-SAME: tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", l1 = 49152, l2 = 2097152, lanes = 16, registers = 32>
module attributes {
    tx.model = {family = "bert", head = "encoder", max_length = 512 : i64, position_base = 0 : i64, labels = ["no", "yes"], notes = [1, 2]},
    tx.phase = "schedule",
    tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", l1 = 49152, l2 = 2097152, lanes = 16, registers = 32>} {
  // CHECK: func.func @packed(%{{.*}}: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x8xf32> {tx.name = "y"})
  // CHECK-SAME: tx.entry = "packed"
  // CHECK-SAME: tx.workspace = #tx.workspace<token = 1536, sequence = 64, fixed = 128>
  func.func @packed(%x: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x8xf32> {tx.name = "y"})
      attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 1536, sequence = 64, fixed = 128>} {
    // CHECK: places = [#tx.place<fixed, 0>, #tx.place<token, 64>, #tx.place<sequence, 128>, #tx.place<output, 1>]
    "test.op"() {places = [#tx.place<fixed, 0>, #tx.place<token, 64>, #tx.place<sequence, 128>, #tx.place<output, 1>]} : () -> ()
    return %x : tensor<?x8xf32>
  }
  // CHECK: schedules = [#tx.schedule<unit = dot, lanes = 16, rows = 8, panels = 3, item_rows = 64>, #tx.schedule<chunk = 192, stretch = 65536, lanes = 8, rows = 6, panels = 1, item_rows = 60>, #tx.schedule<unit = matrix, lanes = 16, rows = 32, panels = 2, item_rows = 128, item_panels = 12>]
  "test.op"() {schedules = [#tx.schedule<unit = dot, lanes = 16, rows = 8, panels = 3, item_rows = 64>, #tx.schedule<chunk = 192, stretch = 65536, lanes = 8, rows = 6, panels = 1, item_rows = 60>, #tx.schedule<unit = matrix, lanes = 16, rows = 32, panels = 2, item_rows = 128, item_panels = 12>]} : () -> ()
  // CHECK: func.func private @pairs(tensor<16x8xbf16, #tx.layout<panels = 16, group = 2>>)
  func.func private @pairs(tensor<16x8xbf16, #tx.layout<panels = 16, group = 2>>)
}
