// RUN: not tx-opt %s --tx-attach-target=cpu=z80 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not tx-opt %s --tx-attach-target=cpu=x86-64-v2 2>&1 | FileCheck %s --check-prefix=OLD

// UNKNOWN: error: unknown CPU 'z80', expected native, x86-64-v3, x86-64-v4 or LLVM's name of an x86-64 CPU, such as haswell or znver4
// OLD: error: CPU 'x86-64-v2' is not supported: code needs AVX2 and FMA (x86-64-v3) or AVX-512 (x86-64-v4)
module {
}
