// Attention, through text and bytecode.

// RUN: tx-opt %s | tx-opt | FileCheck %s
// RUN: tx-opt %s --emit-bytecode | tx-opt | FileCheck %s
// RUN: tx-opt %s --mlir-print-op-generic | tx-opt | FileCheck %s

// CHECK-LABEL: func.func @full
func.func @full(%x: tensor<?x24xf32>, %o: tensor<?xi32>) -> tensor<?x24xf32> {
  // CHECK: tx.attention full %[[X:.*]], %[[X]], %[[X]] offsets %[[O:.*]], %[[O]] {num_heads = 4 : i64, num_kv_heads = 4 : i64, scale = 5.000000e-01 : f32} : (
  %0 = tx.attention full %x, %x, %x offsets %o, %o {num_heads = 4, num_kv_heads = 4, scale = 0.5 : f32}
    : (tensor<?x24xf32>, tensor<?x24xf32>, tensor<?x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return %0 : tensor<?x24xf32>
}

// Values may be wider than keys, several heads may read one key, and keys may
// be more than queries.
// CHECK-LABEL: func.func @shared_keys_and_wide_values
func.func @shared_keys_and_wide_values(%q: tensor<3x24xf32>, %k: tensor<9x12xf32>, %v: tensor<9x20xf32>,
                                       %qo: tensor<3xi32>, %ko: tensor<3xi32>) -> tensor<3x40xf32> {
  // CHECK: tx.attention causal %{{.*}} -> tensor<3x40xf32>
  %0 = tx.attention causal %q, %k, %v offsets %qo, %ko {num_heads = 4, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<3x24xf32>, tensor<9x12xf32>, tensor<9x20xf32>, tensor<3xi32>, tensor<3xi32>) -> tensor<3x40xf32>
  return %0 : tensor<3x40xf32>
}

// CHECK-LABEL: func.func @planned
func.func @planned(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %tiles: tensor<?x2xi32>) -> tensor<?x?xf32> {
  // CHECK: tx.attention full %{{.*}} offsets %{{.*}}, %{{.*}} tiles %{{.*}} {num_heads
  %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %tiles {num_heads = 4, num_kv_heads = 4, scale = 0.5 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
