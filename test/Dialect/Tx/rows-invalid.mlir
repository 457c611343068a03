// RUN: tx-opt %s --split-input-file --verify-diagnostics

func.func @layer_norm_c1__weight(%x: tensor<?x8xf32>, %w: tensor<9xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{'tx.layer_norm' op has x with 8 channels, but a weight with 9 entries}}
  %0 = tx.layer_norm %x, %w, %b {eps = 0.0 : f32} : tensor<?x8xf32>, tensor<9xf32>, tensor<8xf32>
  return
}

// -----

func.func @layer_norm_c1__bias(%x: tensor<?x8xf32>, %w: tensor<8xf32>, %b: tensor<9xf32>) {
  // expected-error @+1 {{'tx.layer_norm' op has x with 8 channels, but a bias with 9 entries}}
  %0 = tx.layer_norm %x, %w, %b {eps = 0.0 : f32} : tensor<?x8xf32>, tensor<8xf32>, tensor<9xf32>
  return
}

// -----

func.func @layer_norm_c2(%x: tensor<?x8xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{'tx.layer_norm' op expects a finite eps that is not negative, got -1.0}}
  %0 = tx.layer_norm %x, %w, %w {eps = -1.0 : f32} : tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>
  return
}

// -----

func.func @rms_norm_c1(%x: tensor<?x8xf32>, %w: tensor<9xf32>) {
  // expected-error @+1 {{'tx.rms_norm' op has x with 8 channels, but a weight with 9 entries}}
  %0 = tx.rms_norm %x, %w {eps = 0.0 : f32} : tensor<?x8xf32>, tensor<9xf32>
  return
}

// -----

func.func @rms_norm_c2(%x: tensor<?x8xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{'tx.rms_norm' op expects a finite eps that is not negative, got}}
  %0 = tx.rms_norm %x, %w {eps = 0x7FC00000 : f32} : tensor<?x8xf32>, tensor<8xf32>
  return
}

// -----

func.func @normalize_c1(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{'tx.normalize' op expects a finite eps that is not negative, got}}
  %0 = tx.normalize %x {eps = 0x7F800000 : f32} : tensor<?x8xf32>
  return
}

// -----

func.func @softmax__rank(%x: tensor<?x?x8xf32>) {
  // expected-error @+1 {{'tx.softmax' op operand #0 must be tokens by channels (rank-2 f32 tensor), but got 'tensor<?x?x8xf32>'}}
  %0 = tx.softmax %x : tensor<?x?x8xf32>
  return
}

// -----

func.func @add__shapes(%x: tensor<?x8xf32>, %y: tensor<?x9xf32>) {
  // expected-error @+1 {{'tx.add' op failed to verify that all of {lhs, rhs, result} have same type}}
  %0 = "tx.add"(%x, %y) : (tensor<?x8xf32>, tensor<?x9xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @slice_c1__end(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{'tx.slice' op takes 3 channels from channel 6 on, but x has 8}}
  %0 = tx.slice %x[6] : tensor<?x8xf32> to tensor<?x3xf32>
  return
}

// -----

func.func @slice_c1__single(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{'tx.slice' op takes 1 channels from channel 8 on, but x has 8}}
  %0 = tx.slice %x[8] : tensor<?x8xf32> to tensor<?xf32>
  return
}

// -----

func.func @slice_c1__huge(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{'tx.slice' op takes 8 channels from channel 9223372036854775807 on, but x has 8}}
  %0 = tx.slice %x[9223372036854775807] : tensor<?x8xf32> to tensor<?x8xf32>
  return
}

// -----

func.func @slice_c1__negative(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{'tx.slice' op expects an offset that is not negative, got -1}}
  %0 = tx.slice %x[-1] : tensor<?x8xf32> to tensor<?x3xf32>
  return
}

// -----

func.func @slice_c2__tokens(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'tx.slice' op has x with 4 tokens, but a result with 5}}
  %0 = tx.slice %x[0] : tensor<4x8xf32> to tensor<5x3xf32>
  return
}

// -----

func.func @slice_c2__rank(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'tx.slice' op result #0 must be tokens, by channels or not (rank-1 or rank-2 f32 tensor), but got 'tensor<4x3x1xf32>'}}
  %0 = tx.slice %x[0] : tensor<4x8xf32> to tensor<4x3x1xf32>
  return
}
