// RUN: tx-opt %s -tx-expand-math | FileCheck %s

// Scalars and vectors of f32 become arithmetic.

// CHECK-LABEL: func.func @exp
// CHECK-NOT:     math.exp
// CHECK-COUNT-8: math.fma {{.*}} : vector<16xf32>
// CHECK:         arith.bitcast {{.*}} : vector<16xf32> to vector<16xi32>
func.func @exp(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: func.func @erf
// CHECK-NOT:     math.erf
// CHECK:         arith.divf {{.*}} : f32
func.func @erf(%x: f32) -> f32 {
  %y = math.erf %x : f32
  return %y : f32
}

// CHECK-LABEL: func.func @tanh
// CHECK-NOT:     math.tanh
// CHECK:         arith.divf {{.*}} : vector<8xf32>
func.func @tanh(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.tanh %x : vector<8xf32>
  return %y : vector<8xf32>
}

// CHECK-LABEL: func.func @rsqrt
// CHECK:         %[[ROOT:.*]] = math.sqrt %{{.*}} : f32
// CHECK:         arith.divf %{{.*}}, %[[ROOT]]
func.func @rsqrt(%x: f32) -> f32 {
  %y = math.rsqrt %x : f32
  return %y : f32
}

//===----------------------------------------------------------------------===//
// Negative tests
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @no_double
// CHECK:         math.exp %{{.*}} : f64
// CHECK:         math.erf %{{.*}} : tensor<?xf32>
func.func @no_double(%x: f64, %t: tensor<?xf32>) -> (f64, tensor<?xf32>) {
  %y = math.exp %x : f64
  %z = math.erf %t : tensor<?xf32>
  return %y, %z : f64, tensor<?xf32>
}
