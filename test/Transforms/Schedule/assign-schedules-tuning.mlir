// RUN: tx-opt %s --tx-assign-schedules=tuning=%S/Inputs/tuning.json | FileCheck %s
// RUN: tx-opt %s --tx-assign-schedules=tuning=%S/Inputs/tuning.json --remark-format=emitRemark --remarks-filter=tx-assign-schedules -o /dev/null 2>&1 | FileCheck %s --check-prefix=TUNED
// RUN: tx-opt %s --tx-assign-schedules=tuning=%S/Inputs/tuning-v4.json --remark-format=emitRemark --remarks-filter=tx-assign-schedules 2>&1 | FileCheck %s --check-prefix=OTHER

/// Those that take a schedule from the file.
// TUNED: remark: [Passed] tuned | Category:tx-assign-schedules | Kernel=linear_add
// TUNED-NOT: remark:

/// A file for another instruction set changes nothing, and a remark says so.
// OTHER: remark: [Missed] not-tuned | Category:tx-assign-schedules | Reason="the tuning file is for x86-64-v4, the target is x86-64-v3"
module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  // CHECK-LABEL: tx.kernel @linear_add
  // CHECK-SAME: schedule = #tx.schedule<chunk = 96, stretch = 262144, lanes = 8, rows = 4, panels = 1, item_rows = 128>
  // OTHER-LABEL: tx.kernel @linear_add
  // OTHER-SAME: schedule = #tx.schedule<chunk = 192, lanes = 8, rows = 6, panels = 1, item_rows = 60>
  tx.kernel @linear_add(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>, %r: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    %1 = tx.add %0, %r : tensor<?x?xf32>
    tx.return %1 : tensor<?x?xf32>
  }
  /// The name is that of an entry of the file, what it computes is not.
  // CHECK-LABEL: tx.kernel @linear_gelu
  // CHECK-SAME: schedule = #tx.schedule<chunk = 192, lanes = 8, rows = 6, panels = 1, item_rows = 60>
  tx.kernel @linear_gelu(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  /// A schedule that is there stays.
  // CHECK-LABEL: tx.kernel @linear_x3
  // CHECK-SAME: schedule = #tx.schedule<lanes = 8, rows = 2, panels = 1, item_rows = 4>
  tx.kernel @linear_x3(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>) attributes {schedule = #tx.schedule<lanes = 8, rows = 2, panels = 1, item_rows = 4>} {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    %1 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    %2 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    tx.return %0, %1, %2 : tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>
  }
}
