// RUN: tx-opt %s --split-input-file --verify-diagnostics

func.func @param_without_type() {
  // expected-error @+1 {{external expects ': tensor<...>' after it}}
  %0 = tx.param #tx.external<"m.safetensors", "w">
  return
}

// -----

func.func @param_without_file() {
  // expected-error @+1 {{external expects the names of a file and of a tensor, got "" and "w"}}
  %0 = tx.param #tx.external<"", "w"> : tensor<2xf32>
  return
}

// -----

func.func @param_without_value() {
  // expected-error @+1 {{expected ': type' after the value}}
  %0 = tx.param "w"
  return
}

// -----

func.func @param_c1() {
  // expected-error @+1 {{'tx.param' op expects #tx.external, a dense resource or a dense literal, got array<i64: 1>}}
  %0 = "tx.param"() {value = array<i64: 1>} : () -> tensor<2xf32>
  return
}

// -----

func.func @param_c2__dynamic() {
  // expected-error @+1 {{'tx.param' op expects a static shape of at most 8 dimensions, got 'tensor<?x2xf32>'}}
  %0 = tx.param #tx.external<"m.safetensors", "w"> : tensor<?x2xf32>
  return
}

// -----

func.func @param_c2__rank() {
  // expected-error @+1 {{'tx.param' op expects a static shape of at most 8 dimensions, got 'tensor<1x1x1x1x1x1x1x1x1xf32>'}}
  %0 = tx.param #tx.external<"m.safetensors", "w"> : tensor<1x1x1x1x1x1x1x1x1xf32>
  return
}

// -----

func.func @param_c2__elements() {
  // expected-error @+1 {{'tx.param' op expects less than 2^48 elements, got 'tensor<4294967296x4294967296xf32>'}}
  %0 = tx.param #tx.external<"m.safetensors", "w"> : tensor<4294967296x4294967296xf32>
  return
}

// -----

func.func @param_c3() {
  // expected-error @+1 {{'tx.param' op has a value of type 'tensor<2xf32>', but the result is 'tensor<3xf32>'}}
  %0 = "tx.param"() {value = dense<0.0> : tensor<2xf32>} : () -> tensor<3xf32>
  return
}

// -----

func.func @param_c4() {
  // expected-error @+1 {{'tx.param' op expects a type without a layout, got 'tensor<16x2xf32, #tx.layout<panels = 16>>'}}
  %0 = tx.param #tx.external<"m.safetensors", "w"> : tensor<16x2xf32, #tx.layout<panels = 16>>
  return
}

// -----

func.func @param__element_type() {
  // expected-error @+1 {{'tx.param' op result #0 must be parameter (ranked tensor of f32, f16, bf16, i32 or i64), but got 'tensor<2xf64>'}}
  %0 = tx.param dense<0.0> : tensor<2xf64>
  return
}

// -----

func.func @cast_c1(%w: tensor<2x3xf16>) {
  // expected-error @+1 {{'tx.cast' op changes the shape or layout: 'tensor<2x3xf16>' to 'tensor<3x2xf32>'}}
  %0 = tx.cast %w : tensor<2x3xf16> to tensor<3x2xf32>
  return
}

// -----

func.func @cast_c2(%w: tensor<2xi64>) {
  // expected-error @+1 {{'tx.cast' op converts between f32, f16 and bf16 only, got 'i64'}}
  %0 = tx.cast %w : tensor<2xi64> to tensor<2xf32>
  return
}

// -----

func.func @pack_c1(%w: tensor<2x3xf32>) {
  // expected-error @+1 {{'tx.pack' op expects the same matrix on both sides, got 'tensor<2x3xf32>' to 'tensor<3x2xf32, #tx.layout<panels = 16>>'}}
  %0 = tx.pack %w : tensor<2x3xf32> to tensor<3x2xf32, #tx.layout<panels = 16>>
  return
}

// -----

func.func @pack_c2(%w: tensor<2x3xf32>) {
  // expected-error @+1 {{'tx.pack' op expects no layout before and a #tx.layout after, got 'tensor<2x3xf32>' to 'tensor<2x3xf32>'}}
  %0 = tx.pack %w : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

tx.weights @weights_c1 size 64 {
  %0 = tx.param dense<0.0> : tensor<2x2xf32>
  // expected-error @+1 {{'tx.add' op does not belong into the weight section, which holds param, cast, pack and store only}}
  %1 = tx.add %0, %0 : tensor<2x2xf32>
}

// -----

tx.weights @weights_c2__unaligned size 128 {
  %0 = tx.param dense<0.0> : tensor<2xf32>
  // expected-error @+1 {{'tx.store' op expects an offset that is a multiple of 64 and at least 0, got 32}}
  tx.store %0 at 32 : tensor<2xf32>
}

// -----

tx.weights @weights_c2__overlap size 256 {
  %0 = tx.param dense<0.0> : tensor<20xf32>
  tx.store %0 at 0 : tensor<20xf32>
  // expected-error @+1 {{'tx.store' op expects an offset that is a multiple of 64 and at least 80, got 64}}
  tx.store %0 at 64 : tensor<20xf32>
}

// -----

// The rows that the layout adds take bytes too.
tx.weights @weights_c2__beyond size 320 {
  %0 = tx.param dense<0.0> : tensor<20x4xf32>
  %1 = tx.pack %0 : tensor<20x4xf32> to tensor<20x4xf32, #tx.layout<panels = 16>>
  // expected-error @+1 {{'tx.store' op of 512 bytes at 0 ends beyond the section's size 320}}
  tx.store %1 at 0 : tensor<20x4xf32, #tx.layout<panels = 16>>
}

// -----

func.func @store_outside(%w: tensor<2xf32>) {
  // expected-error @+1 {{'tx.store' op expects parent op 'tx.weights'}}
  tx.store %w at 0 : tensor<2xf32>
  return
}

// -----

tx.weights @weights_c2__overflow size 320 {
  %0 = tx.param dense<0.0> : tensor<16xf32>
  // expected-error @+1 {{'tx.store' op of 64 bytes at 9223372036854775744 ends beyond the section's size 320}}
  tx.store %0 at 9223372036854775744 : tensor<16xf32>
}

// -----

// expected-error @+1 {{'tx.weights' op has the negative size -1}}
tx.weights @weights__negative size -1 {
}
