// A phase's contract accepts what the phase leaves behind and rejects what only
// earlier phases have seen. (Phases compress and quantize have nothing to do on
// such a model: they accept what normalize left.)

// RUN: tx-opt %S/Inputs/layer.mlir -o %t.import
// RUN: tx-opt %S/Inputs/layer.mlir --tx-normalize-pipeline -o %t.normalize
// RUN: tx-opt %t.normalize --tx-fuse-pipeline -o %t.fuse
// RUN: tx-opt %t.fuse --tx-schedule-pipeline -o %t.schedule
// RUN: tx-opt %t.schedule --tx-lower-pipeline -o %t.lower

// RUN: tx-opt %t.import --tx-verify-phase=phase=import | FileCheck %s --check-prefix=ACCEPTS -DPHASE=import
// RUN: tx-opt %t.normalize --tx-verify-phase=phase=normalize | FileCheck %s --check-prefix=ACCEPTS -DPHASE=normalize
// RUN: tx-opt %t.normalize --tx-verify-phase=phase=compress | FileCheck %s --check-prefix=ACCEPTS -DPHASE=compress
// RUN: tx-opt %t.normalize --tx-verify-phase=phase=quantize | FileCheck %s --check-prefix=ACCEPTS -DPHASE=quantize
// RUN: tx-opt %t.fuse --tx-verify-phase=phase=fuse | FileCheck %s --check-prefix=ACCEPTS -DPHASE=fuse
// RUN: tx-opt %t.schedule --tx-verify-phase=phase=schedule | FileCheck %s --check-prefix=ACCEPTS -DPHASE=schedule
// RUN: tx-opt %t.lower --tx-verify-phase=phase=lower | FileCheck %s --check-prefix=ACCEPTS -DPHASE=lower
// ACCEPTS: tx.phase = "[[PHASE]]"

// RUN: not tx-opt %t.import --tx-verify-phase=phase=normalize 2>&1 | FileCheck %s --check-prefix=NORMALIZE
// NORMALIZE: error: phase normalize guarantees that every function is an entry, but @encoder is none
// RUN: not tx-opt %t.import --tx-verify-phase=phase=compress 2>&1 | FileCheck %s --check-prefix=COMPRESS
// COMPRESS: error: phase compress guarantees that every function is an entry
// RUN: not tx-opt %t.import --tx-verify-phase=phase=quantize 2>&1 | FileCheck %s --check-prefix=QUANTIZE
// QUANTIZE: error: phase quantize guarantees that every function is an entry
// RUN: not tx-opt %t.normalize --tx-verify-phase=phase=fuse 2>&1 | FileCheck %s --check-prefix=FUSE
// FUSE: error: phase fuse guarantees that entries hold only params and calls of kernels, but there is 'tx.positions'
// RUN: not tx-opt %t.fuse --tx-verify-phase=phase=schedule 2>&1 | FileCheck %s --check-prefix=SCHEDULE
// SCHEDULE: error: phase schedule guarantees that every kernel has a schedule, but @plan_tiles has none
// RUN: not tx-opt %t.schedule --tx-verify-phase=phase=lower 2>&1 | FileCheck %s --check-prefix=LOWER
// LOWER: error: phase lower guarantees that a module holds the LLVM dialect and tx.weights, but there is 'func.func'

/// Nor is what later phases leave the work of an earlier one.
// RUN: not tx-opt %t.fuse --tx-verify-phase=phase=import 2>&1 | FileCheck %s --check-prefix=FUSED
// FUSED: error: phase import guarantees that a module holds functions on model-level tx ops, but there is 'tx.kernel'
// RUN: not tx-opt %t.lower --tx-verify-phase=phase=schedule 2>&1 | FileCheck %s --check-prefix=LOWERED
// LOWERED: error: phase schedule guarantees that entries hold only params and calls of kernels, but there is 'llvm.func'

// RUN: not tx-opt %t.import --tx-verify-phase=phase=link 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: unknown phase 'link', expected import, normalize, compress, quantize, fuse, schedule or lower
// RUN: not tx-opt %t.import --tx-verify-phase=phase=emit 2>&1 | FileCheck %s --check-prefix=EMIT
// EMIT: error: unknown phase 'emit'
