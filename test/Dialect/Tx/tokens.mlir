// Ops that know of sequences, through text and bytecode.

// RUN: tx-opt %s | tx-opt | FileCheck %s
// RUN: tx-opt %s --emit-bytecode | tx-opt | FileCheck %s
// RUN: tx-opt %s --mlir-print-op-generic | tx-opt | FileCheck %s

// CHECK-LABEL: func.func @pack_columns
func.func @pack_columns(%mask: tensor<?x?xi32>, %ids: tensor<?x?xi32>, %types: tensor<?x?xi32>) -> tensor<?xi32> {
  // CHECK: tx.pack_tokens column %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  %0, %1, %offsets, %positions = tx.pack_tokens column %mask, %ids, %types
    : (tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  return %positions : tensor<?xi32>
}

// CHECK-LABEL: func.func @pack_non_pad
func.func @pack_non_pad(%mask: tensor<4x8xi32>, %ids: tensor<4x8xi32>) -> tensor<5xi32> {
  // CHECK: tx.pack_tokens non_pad %{{.*}}, %{{.*}} {pad_id = 1 : i64} :
  %0, %offsets, %positions = tx.pack_tokens non_pad %mask, %ids {pad_id = 1}
    : (tensor<4x8xi32>, tensor<4x8xi32>) -> (tensor<?xi32>, tensor<5xi32>, tensor<?xi32>)
  return %offsets : tensor<5xi32>
}

// CHECK-LABEL: func.func @pack_nothing_but_the_mask
func.func @pack_nothing_but_the_mask(%mask: tensor<?x?xi32>) -> tensor<?xi32> {
  // CHECK: tx.pack_tokens column %{{.*}} : (tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>)
  %offsets, %positions = tx.pack_tokens column %mask : (tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>)
  return %offsets : tensor<?xi32>
}

// CHECK-LABEL: func.func @unpack
func.func @unpack(%x: tensor<?x8xf32>, %y: tensor<?xf32>, %offsets: tensor<?xi32>, %mask: tensor<?x?xi32>)
    -> (tensor<?x?x8xf32>, tensor<?x?xf32>) {
  // CHECK: tx.unpack_tokens %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  %0 = tx.unpack_tokens %x, %offsets, %mask : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  // CHECK: tx.unpack_tokens %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
  %1 = tx.unpack_tokens %y, %offsets, %mask : (tensor<?xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
  return %0, %1 : tensor<?x?x8xf32>, tensor<?x?xf32>
}

// CHECK-LABEL: func.func @positions
func.func @positions(%ids: tensor<?xi32>, %offsets: tensor<?xi32>) -> (tensor<?xi32>, tensor<?xi32>) {
  // CHECK: tx.positions column %{{.*}}, %{{.*}} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  %0 = tx.positions column %ids, %offsets : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  // CHECK: tx.positions non_pad %{{.*}}, %{{.*}} {pad_id = 1 : i64} :
  %1 = tx.positions non_pad %ids, %offsets {pad_id = 1} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  return %0, %1 : tensor<?xi32>, tensor<?xi32>
}

// CHECK-LABEL: func.func @plan_tiles
func.func @plan_tiles(%offsets: tensor<?xi32>) -> tensor<?x2xi32> {
  // CHECK: tx.plan_tiles %{{.*}} rows 64 : (tensor<?xi32>) -> tensor<?x2xi32>
  %0 = tx.plan_tiles %offsets rows 64 : (tensor<?xi32>) -> tensor<?x2xi32>
  return %0 : tensor<?x2xi32>
}

// CHECK-LABEL: func.func @pool
func.func @pool(%x: tensor<?x8xf32>, %offsets: tensor<5xi32>) -> (tensor<4x8xf32>, tensor<?x8xf32>) {
  // CHECK: tx.pool mean %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<5xi32>) -> tensor<4x8xf32>
  %0 = tx.pool mean %x, %offsets : (tensor<?x8xf32>, tensor<5xi32>) -> tensor<4x8xf32>
  // CHECK: tx.pool cls %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<5xi32>) -> tensor<?x8xf32>
  %1 = tx.pool cls %x, %offsets : (tensor<?x8xf32>, tensor<5xi32>) -> tensor<?x8xf32>
  return %0, %1 : tensor<4x8xf32>, tensor<?x8xf32>
}
