// RUN: not tx-opt %s --tx-attach-target=cpu=z80 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not tx-opt %s --tx-attach-target=cpu=x86-64-v2 2>&1 | FileCheck %s --check-prefix=OLD
// RUN: not tx-opt %s --tx-attach-target="cpu=haswell target=aarch64-linux-gnu" 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not tx-opt %s --tx-attach-target="cpu=sifive-u74 target=riscv64-linux-gnu" 2>&1 | FileCheck %s --check-prefix=SCALAR
// RUN: not tx-opt %s --tx-attach-target="cpu=generic target=s390x-linux-gnu" 2>&1 | FileCheck %s --check-prefix=TARGET

// UNKNOWN: error: unknown CPU 'z80', expected x86-64-v4, x86-64-v3, generic, native on such a machine, or LLVM's name of a CPU of x86_64, such as znver4
// OLD: error: CPU 'x86-64-v2' is not supported: code needs AVX2 and FMA (x86-64-v3)
// OTHER: error: unknown CPU 'haswell', expected armv8-a, generic, native on such a machine, or LLVM's name of a CPU of aarch64, such as cortex-a76
// SCALAR: error: CPU 'sifive-u74' is not supported: code needs vector extension V (rv64gcv)
// TARGET: error: unknown target 's390x-linux-gnu', expected x86_64-linux-gnu, aarch64-linux-gnu or riscv64-linux-gnu
module {
}
