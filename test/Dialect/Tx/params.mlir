// Parameters and the expressions on them, through text and bytecode.

// RUN: tx-opt %s | tx-opt | FileCheck %s
// RUN: tx-opt %s --emit-bytecode | tx-opt | FileCheck %s
// RUN: tx-opt %s --mlir-print-op-generic | tx-opt | FileCheck %s

// CHECK-LABEL: func.func @storage_forms
func.func @storage_forms() -> (tensor<4x2xf32>, tensor<2xf32>, tensor<2xbf16>, tensor<3xi64>) {
  // CHECK: %pooler.dense.weight = tx.param #tx.external<"model.safetensors", "pooler.dense.weight"> : tensor<4x2xf32>
  %external = tx.param #tx.external<"model.safetensors", "pooler.dense.weight"> : tensor<4x2xf32>
  // CHECK: %folded_bias = tx.param dense_resource<folded_bias> : tensor<2xf32>
  %resource = tx.param dense_resource<folded_bias> : tensor<2xf32>
  // CHECK: %{{.*}} = tx.param dense<[1.000000e+00, -2.000000e+00]> : tensor<2xbf16>
  %literal = tx.param dense<[1.0, -2.0]> : tensor<2xbf16>
  // CHECK: %{{.*}} = tx.param dense<7> : tensor<3xi64>
  %splat = tx.param dense<7> : tensor<3xi64>
  return %external, %resource, %literal, %splat : tensor<4x2xf32>, tensor<2xf32>, tensor<2xbf16>, tensor<3xi64>
}

// Two parameters of one name stay apart, and attributes that a pass leaves are kept.
// CHECK-LABEL: func.func @same_name_twice
func.func @same_name_twice() -> (tensor<2xf32>, tensor<2xf32>) {
  // CHECK: %[[W:w]] = tx.param #tx.external<"a.safetensors", "w"> : tensor<2xf32>
  %0 = tx.param #tx.external<"a.safetensors", "w"> : tensor<2xf32>
  // CHECK: %[[V:w_.*]] = tx.param #tx.external<"b.safetensors", "w"> : tensor<2xf32>
  %1 = tx.param #tx.external<"b.safetensors", "w"> : tensor<2xf32>
  // CHECK: return %[[W]], %[[V]]
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}

// Names of tensors are any text.
// CHECK-LABEL: func.func @unusual_name
func.func @unusual_name() -> tensor<2xf32> {
  // CHECK: tx.param #tx.external<"dir/a b.safetensors", "\22quoted\22 \C3\A9"> : tensor<2xf32>
  %0 = tx.param #tx.external<"dir/a b.safetensors", "\22quoted\22 \C3\A9"> : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// CHECK-LABEL: func.func @expressions
func.func @expressions() -> tensor<20x8xf32, #tx.layout<panels = 16>> {
  %0 = tx.param #tx.external<"model.safetensors", "w"> : tensor<20x8xf16>
  // CHECK: %[[CAST:.*]] = tx.cast %w : tensor<20x8xf16> to tensor<20x8xf32>
  %1 = tx.cast %0 : tensor<20x8xf16> to tensor<20x8xf32>
  // CHECK: tx.pack %[[CAST]] : tensor<20x8xf32> to tensor<20x8xf32, #tx.layout<panels = 16>>
  %2 = tx.pack %1 : tensor<20x8xf32> to tensor<20x8xf32, #tx.layout<panels = 16>>
  return %2 : tensor<20x8xf32, #tx.layout<panels = 16>>
}

// CHECK-LABEL: tx.weights @section size 1088 {
tx.weights @section size 1088 {
  %0 = tx.param dense<1.0> : tensor<20x8xf32>
  // CHECK: %[[PACKED:.*]] = tx.pack
  %1 = tx.pack %0 : tensor<20x8xf32> to tensor<20x8xf32, #tx.layout<panels = 16>>
  // CHECK: tx.store %[[PACKED]] at 0 : tensor<20x8xf32, #tx.layout<panels = 16>>
  tx.store %1 at 0 : tensor<20x8xf32, #tx.layout<panels = 16>>
  %2 = tx.param dense<2.0> : tensor<2xf32>
  // CHECK: tx.store %{{.*}} at 1024 : tensor<2xf32>
  tx.store %2 at 1024 : tensor<2xf32>
}

{-#
  dialect_resources: {
    builtin: {
      folded_bias: "0x040000000000803F00000040"
    }
  }
#-}
