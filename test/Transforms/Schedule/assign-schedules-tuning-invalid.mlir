// RUN: not tx-opt %s --tx-assign-schedules=tuning=%S/Inputs/tuning-lanes.json 2>&1 | FileCheck %s --check-prefix=LANES
// LANES: error: 'tx.kernel' op is tuned for vectors of 16 lanes, but the target's have 8
// RUN: not tx-opt %s --tx-assign-schedules=tuning=%S/Inputs/tuning-registers.json 2>&1 | FileCheck %s --check-prefix=REGISTERS
// REGISTERS: error: 'tx.kernel' op is tuned to tiles of 8 rows and 1 panels, which take 19 registers, but the target has 16
// RUN: not tx-opt %s --tx-assign-schedules=tuning=%S/Inputs/tuning-add.json 2>&1 | FileCheck %s --check-prefix=ADD
// ADD: error: 'tx.kernel' op is tuned, but only kernels of products can be
// RUN: not tx-opt %s --tx-assign-schedules=tuning=%S/Inputs/tuning-other.json 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: error: none of the kernels that are tuned in {{.*}}tuning-other.json is in the module
// RUN: not tx-opt %s --tx-assign-schedules=tuning=%S/Inputs/tuning-narrow.json 2>&1 | FileCheck %s --check-prefix=NARROW
// NARROW: error: 'tx.kernel' op is tuned, but its products are of bf16, which have schedules of their own
// RUN: not tx-opt %s --tx-assign-schedules=tuning=%S/Inputs/tuning-version.json 2>&1 | FileCheck %s --check-prefix=VERSION
// VERSION: error: {{.*}}tuning-version.json: 'version' is {{.*}}, expected 1
// RUN: not tx-opt %s --tx-schedule-pipeline=tuning=%S/Inputs/no.json 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: error: cannot open {{.*}}no.json: No such file or directory

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  tx.kernel @linear_add(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>, %r: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    %1 = tx.add %0, %r : tensor<?x?xf32>
    tx.return %1 : tensor<?x?xf32>
  }
  tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xbf16>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xbf16>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  tx.kernel @add(%x: tensor<?x?xf32>, %r: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %1 = tx.add %x, %r : tensor<?x?xf32>
    tx.return %1 : tensor<?x?xf32>
  }
}
