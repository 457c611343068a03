// RUN: tx-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(tx-plan-attention-tiles))' | FileCheck %s
// RUN: tx-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(tx-plan-attention-tiles{rows=24}))' | FileCheck %s --check-prefix=ROWS

// CHECK-LABEL: func.func @one_plan_per_offsets
// CHECK-SAME: %[[O:[a-z0-9]+]]: tensor<?xi32>, %[[M:[a-z0-9]+]]: tensor<?xi32>
// CHECK-DAG: %[[P:.*]] = tx.plan_tiles %[[O]] rows 64 : (tensor<?xi32>) -> tensor<?x2xi32>
// CHECK-DAG: %[[R:.*]] = tx.plan_tiles %[[M]] rows 64
// CHECK: tx.attention full %{{.*}} offsets %[[O]], %[[O]] tiles %[[P]]
// CHECK: tx.attention causal %{{.*}} offsets %[[O]], %[[O]] tiles %[[P]]
/// The query's offsets count.
// CHECK: tx.attention full %{{.*}} offsets %[[M]], %[[O]] tiles %[[R]]
// ROWS: tx.plan_tiles %{{.*}} rows 24
// ROWS: tx.plan_tiles %{{.*}} rows 24
func.func @one_plan_per_offsets(%x: tensor<?x8xf32>, %o: tensor<?xi32>, %m: tensor<?xi32>) -> tensor<?x8xf32> {
  %0 = tx.attention full %x, %x, %x offsets %o, %o {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  %1 = tx.attention causal %0, %0, %0 offsets %o, %o {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  %2 = tx.attention full %1, %1, %1 offsets %m, %o {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}

// -----

/// A plan stands behind the op that computes its offsets.
// CHECK-LABEL: func.func @plan_follows_computed_offsets
// CHECK: %[[T:.*]], %[[O:.*]], %{{.*}} = tx.pack_tokens
// CHECK-NEXT: tx.plan_tiles %[[O]] rows 64
func.func @plan_follows_computed_offsets(%mask: tensor<?x?xi32>, %ids: tensor<?x?xi32>, %table: tensor<10x8xf32>) -> tensor<?x8xf32> {
  %t, %o, %p = tx.pack_tokens column %mask, %ids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  %x = tx.embedding %table, %t : (tensor<10x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %0 = tx.attention full %x, %x, %x offsets %o, %o {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

/// Fewer registers make lower register tiles, of which an item holds a multiple.
module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  // CHECK-LABEL: func.func @rows_by_target
  // CHECK: tx.plan_tiles %{{.*}} rows 48
  // ROWS-LABEL: func.func @rows_by_target
  // ROWS: tx.plan_tiles %{{.*}} rows 24
  func.func @rows_by_target(%x: tensor<?x8xf32>, %o: tensor<?xi32>) -> tensor<?x8xf32> {
    %0 = tx.attention full %x, %x, %x offsets %o, %o {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}

// -----

//===----------------------------------------------------------------------===//
// Negative tests
//===----------------------------------------------------------------------===//

/// The user's plan stays.
// CHECK-LABEL: func.func @no_second_plan
// CHECK-NEXT: %[[P:.*]] = tx.plan_tiles %{{.*}} rows 16
// CHECK-NEXT: tx.attention {{.*}} tiles %[[P]]
func.func @no_second_plan(%x: tensor<?x8xf32>, %o: tensor<?xi32>) -> tensor<?x8xf32> {
  %p = tx.plan_tiles %o rows 16 : (tensor<?xi32>) -> tensor<?x2xi32>
  %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @no_plan_without_attention
// CHECK-NEXT: return
func.func @no_plan_without_attention(%o: tensor<?xi32>) {
  return
}
