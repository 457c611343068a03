// RUN: tx-opt %s --tx-attach-target | FileCheck %s --check-prefix=DEFAULT
// RUN: tx-opt %s --tx-attach-target=cpu=x86-64-v4 | FileCheck %s --check-prefix=V4
// RUN: tx-opt %s --tx-attach-target=cpu=haswell | FileCheck %s --check-prefix=HASWELL
// RUN: tx-opt %s --tx-attach-target=cpu=znver4 | FileCheck %s --check-prefix=ZNVER4

/// The default is the lowest level that is supported, never the host.
// DEFAULT: module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "x86-64-v3", lanes = 8, registers = 16>}
// V4: isa = "x86-64-v4", tune = "x86-64-v4", lanes = 16, registers = 32
// HASWELL: isa = "x86-64-v3", tune = "haswell", l2 = 262144, lanes = 8, registers = 16>}
// ZNVER4: isa = "x86-64-v4", tune = "znver4", l2 = 1048576, lanes = 16, registers = 32>}

// RUN: tx-opt %s --tx-attach-target="cpu=cortex-a76 target=aarch64-linux-gnu" | FileCheck %s --check-prefix=ARM
// RUN: tx-opt %s --tx-attach-target="cpu=generic target=riscv64-linux-gnu" | FileCheck %s --check-prefix=RISCV
// RUN: tx-opt %s --tx-attach-target="cpu=spacemit-x60 target=riscv64-linux-gnu" | FileCheck %s --check-prefix=WIDE
// ARM: #tx.target<"aarch64-unknown-linux-gnu", isa = "armv8-a", tune = "cortex-a76", lanes = 4, registers = 32>
// RISCV: #tx.target<"riscv64-unknown-linux-gnu", isa = "rv64gcv", tune = "generic-rv64", lanes = 4, registers = 32>
// WIDE: #tx.target<"riscv64-unknown-linux-gnu", isa = "rv64gcv_zvl256b", tune = "spacemit-x60", lanes = 8, registers = 32>

/// A module that has a target keeps it.
// RUN: tx-opt %s --tx-attach-target=cpu=znver4 --tx-attach-target=cpu=haswell | FileCheck %s --check-prefix=ZNVER4
module {
}
