// RUN: tx-opt %s --tx-decompose-composites | FileCheck %s
// RUN: tx-opt %s --tx-decompose-composites --tx-decompose-composites | FileCheck %s

// CHECK-LABEL: func.func @ffn_becomes_linear_activation_linear
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x8xf32>, %[[UP:[a-z0-9]+]]: tensor<32x8xf32>, %[[UPB:[a-z0-9]+]]: tensor<32xf32>, %[[DOWN:[a-z0-9]+]]: tensor<8x32xf32>, %[[DOWNB:[a-z0-9]+]]: tensor<8xf32>
// CHECK: %[[U:.*]] = tx.linear %[[X]], %[[UP]] bias %[[UPB]] {{.*}} -> tensor<?x32xf32>
// CHECK: %[[A:.*]] = tx.activation gelu_tanh %[[U]]
// CHECK: %[[Y:.*]] = tx.linear %[[A]], %[[DOWN]] bias %[[DOWNB]]
// CHECK: return %[[Y]]
func.func @ffn_becomes_linear_activation_linear(%x: tensor<?x8xf32>, %up: tensor<32x8xf32>, %up_bias: tensor<32xf32>, %down: tensor<8x32xf32>, %down_bias: tensor<8xf32>) -> tensor<?x8xf32> {
  %y = tx.ffn gelu_tanh %x up %up bias %up_bias down %down down_bias %down_bias
    : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<32xf32>, tensor<8x32xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @gate_is_activated_and_multiplies_up
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<4x8xf32>, %[[UP:[a-z0-9]+]]: tensor<32x8xf32>, %[[GATE:[a-z0-9]+]]: tensor<32x8xf32>, %[[GATEB:[a-z0-9]+]]: tensor<32xf32>, %[[DOWN:[a-z0-9]+]]: tensor<8x32xf32>
// CHECK: %[[U:.*]] = tx.linear %[[X]], %[[UP]] : {{.*}} -> tensor<4x32xf32>
// CHECK: %[[G:.*]] = tx.linear %[[X]], %[[GATE]] bias %[[GATEB]]
// CHECK: %[[A:.*]] = tx.activation silu %[[G]]
// CHECK: %[[M:.*]] = tx.mul %[[A]], %[[U]]
// CHECK: %[[Y:.*]] = tx.linear %[[M]], %[[DOWN]] :
// CHECK: return %[[Y]]
func.func @gate_is_activated_and_multiplies_up(%x: tensor<4x8xf32>, %up: tensor<32x8xf32>, %gate: tensor<32x8xf32>, %gate_bias: tensor<32xf32>, %down: tensor<8x32xf32>) -> tensor<4x8xf32> {
  %y = tx.ffn silu %x up %up gate %gate gate_bias %gate_bias down %down
    : (tensor<4x8xf32>, tensor<32x8xf32>, tensor<32x8xf32>, tensor<32xf32>, tensor<8x32xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

//===----------------------------------------------------------------------===//
// Negative tests
//===----------------------------------------------------------------------===//

/// What is no composite stays as it is, dead or not.
// CHECK-LABEL: func.func @no_change_without_composites
// CHECK-NEXT: tx.activation relu
// CHECK-NEXT: tx.linear
// CHECK-NEXT: return
func.func @no_change_without_composites(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x8xf32> {
  %dead = tx.activation relu %x : tensor<?x8xf32>
  %y = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
