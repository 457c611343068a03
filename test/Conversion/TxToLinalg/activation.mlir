// RUN: tx-opt %s -convert-tx-to-linalg -canonicalize | FileCheck %s

// CHECK-LABEL: tx.kernel @gelu
// CHECK:       linalg.generic
// CHECK:       ^bb0(%[[X:.*]]: f32, %{{.*}}: f32):
// CHECK:         %[[SCALED:.*]] = arith.mulf %[[X]], %{{.*}}
// CHECK:         %[[ERF:.*]] = math.erf %[[SCALED]]
// CHECK:         %[[HALF:.*]] = arith.mulf %[[X]], %{{.*}}
// CHECK:         math.fma %[[HALF]], %[[ERF]], %[[HALF]]
tx.kernel @gelu(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.activation gelu %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: tx.kernel @gelu_tanh_is_a_logistic_gate
// CHECK:       ^bb0(%[[X:.*]]: f32, %{{.*}}: f32):
// CHECK:         %[[SQUARE:.*]] = arith.mulf %[[X]], %[[X]]
// CHECK:         %[[FACTOR:.*]] = math.fma %[[SQUARE]]
// CHECK:         %[[ARGUMENT:.*]] = arith.mulf %[[X]], %[[FACTOR]]
// CHECK:         %[[EXP:.*]] = math.exp %[[ARGUMENT]]
// CHECK:         %[[DIVISOR:.*]] = arith.addf %[[EXP]]
// CHECK:         arith.divf %[[X]], %[[DIVISOR]]
tx.kernel @gelu_tanh_is_a_logistic_gate(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.activation gelu_tanh %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: tx.kernel @relu_keeps_nan
// CHECK:       ^bb0(%[[X:.*]]: f32, %{{.*}}: f32):
// CHECK:         %[[NEGATIVE:.*]] = arith.cmpf ogt, %[[ZERO:.*]], %[[X]] : f32
// CHECK:         arith.select %[[NEGATIVE]], %[[ZERO]], %[[X]]
tx.kernel @relu_keeps_nan(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.activation relu %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: tx.kernel @silu
// CHECK:       ^bb0(%[[X:.*]]: f32, %{{.*}}: f32):
// CHECK:         %[[NEGATED:.*]] = arith.negf %[[X]]
// CHECK:         %[[EXP:.*]] = math.exp %[[NEGATED]]
// CHECK:         %[[DIVISOR:.*]] = arith.addf %[[EXP]]
// CHECK:         arith.divf %[[X]], %[[DIVISOR]]
tx.kernel @silu(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.activation silu %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: tx.kernel @tanh
// CHECK:       ^bb0(%[[X:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT:    math.tanh %[[X]]
tx.kernel @tanh(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.activation tanh %x : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
