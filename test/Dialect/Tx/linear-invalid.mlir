// RUN: tx-opt %s --split-input-file --verify-diagnostics

func.func @linear_c1(%x: tensor<?x8xf32>, %w: tensor<20x9xf32>) {
  // expected-error @+1 {{'tx.linear' op has x with 8 channels, but a weight with 9 columns}}
  %0 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<20x9xf32>) -> tensor<?x20xf32>
  return
}

// -----

func.func @linear_c2(%x: tensor<?x8xf32>, %w: tensor<20x8xf32>) {
  // expected-error @+1 {{'tx.linear' op has a result with 21 channels, but a weight with 20 rows}}
  %0 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<20x8xf32>) -> tensor<?x21xf32>
  return
}

// -----

func.func @linear_c3(%x: tensor<?x8xf32>, %w: tensor<20x8xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{'tx.linear' op has a bias with 8 entries, but a weight with 20 rows}}
  %0 = tx.linear %x, %w bias %b : (tensor<?x8xf32>, tensor<20x8xf32>, tensor<8xf32>) -> tensor<?x20xf32>
  return
}

// -----

func.func @linear_c4(%x: tensor<3x8xf32>, %w: tensor<20x8xf32>) {
  // expected-error @+1 {{'tx.linear' op has x with 3 tokens, but a result with 4}}
  %0 = tx.linear %x, %w : (tensor<3x8xf32>, tensor<20x8xf32>) -> tensor<4x20xf32>
  return
}

// -----

func.func @linear__stored_type(%x: tensor<?x8xf32>, %w: tensor<20x8xf16>) {
  // expected-error @+1 {{'tx.linear' op operand #1 must be weight matrix (rank-2 f32 or bf16 tensor, with a #tx.layout or none), but got 'tensor<20x8xf16>'}}
  %0 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<20x8xf16>) -> tensor<?x20xf32>
  return
}

// -----

func.func @linear__layout_of_activations(%x: tensor<4x8xf32, #tx.layout<panels = 16>>, %w: tensor<20x8xf32>) {
  // expected-error @+1 {{'tx.linear' op operand #0 must be tokens by channels (rank-2 f32 tensor), but got}}
  %0 = tx.linear %x, %w : (tensor<4x8xf32, #tx.layout<panels = 16>>, tensor<20x8xf32>) -> tensor<4x20xf32>
  return
}

// -----

func.func @embedding_c1(%t: tensor<100x8xf32>, %i: tensor<?xi32>) {
  // expected-error @+1 {{'tx.embedding' op has a table with 8 channels, but a result with 9}}
  %0 = tx.embedding %t, %i : (tensor<100x8xf32>, tensor<?xi32>) -> tensor<?x9xf32>
  return
}

// -----

func.func @embedding_c2(%t: tensor<100x8xf32>, %i: tensor<3xi32>) {
  // expected-error @+1 {{'tx.embedding' op has 3 indices, but a result with 4 rows}}
  %0 = tx.embedding %t, %i : (tensor<100x8xf32>, tensor<3xi32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @embedding__index_type(%t: tensor<100x8xf32>, %i: tensor<?xi64>) {
  // expected-error @+1 {{'tx.embedding' op operand #1 must be one index per token (rank-1 i32 tensor), but got 'tensor<?xi64>'}}
  %0 = tx.embedding %t, %i : (tensor<100x8xf32>, tensor<?xi64>) -> tensor<?x8xf32>
  return
}

// -----

func.func @ffn_c1__up(%x: tensor<?x8xf32>, %u: tensor<32x9xf32>, %d: tensor<8x32xf32>) {
  // expected-error @+1 {{'tx.ffn' op has x with 8 channels, but a weight up with 9 columns}}
  %0 = tx.ffn gelu %x up %u down %d : (tensor<?x8xf32>, tensor<32x9xf32>, tensor<8x32xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @ffn_c1__gate(%x: tensor<?x8xf32>, %u: tensor<32x8xf32>, %g: tensor<32x9xf32>, %d: tensor<8x32xf32>) {
  // expected-error @+1 {{'tx.ffn' op has x with 8 channels, but a weight gate with 9 columns}}
  %0 = tx.ffn silu %x up %u gate %g down %d : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<32x9xf32>, tensor<8x32xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @ffn_c2__gate(%x: tensor<?x8xf32>, %u: tensor<32x8xf32>, %g: tensor<31x8xf32>, %d: tensor<8x32xf32>) {
  // expected-error @+1 {{'tx.ffn' op has a weight up with 32 rows, but a weight gate with 31}}
  %0 = tx.ffn silu %x up %u gate %g down %d : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<31x8xf32>, tensor<8x32xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @ffn_c2__down(%x: tensor<?x8xf32>, %u: tensor<32x8xf32>, %d: tensor<8x31xf32>) {
  // expected-error @+1 {{'tx.ffn' op has a weight up with 32 rows, but a weight down with 31 columns}}
  %0 = tx.ffn gelu %x up %u down %d : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<8x31xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @ffn_c3(%x: tensor<?x8xf32>, %u: tensor<32x8xf32>, %d: tensor<8x32xf32>, %b: tensor<9xf32>) {
  // expected-error @+1 {{'tx.ffn' op has a bias of down with 9 entries, but a weight with 8 rows}}
  %0 = tx.ffn gelu %x up %u down %d down_bias %b : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<8x32xf32>, tensor<9xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @ffn_c4(%x: tensor<?x8xf32>, %u: tensor<32x8xf32>, %d: tensor<8x32xf32>) {
  // expected-error @+1 {{'tx.ffn' op has a result with 9 channels, but a weight down with 8 rows}}
  %0 = tx.ffn gelu %x up %u down %d : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<8x32xf32>) -> tensor<?x9xf32>
  return
}

// -----

func.func @ffn_c5(%x: tensor<3x8xf32>, %u: tensor<32x8xf32>, %d: tensor<8x32xf32>) {
  // expected-error @+1 {{'tx.ffn' op has x with 3 tokens, but a result with 4}}
  %0 = tx.ffn gelu %x up %u down %d : (tensor<3x8xf32>, tensor<32x8xf32>, tensor<8x32xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @ffn__unknown_activation(%x: tensor<?x8xf32>, %u: tensor<32x8xf32>, %d: tensor<8x32xf32>) {
  // expected-error @+2 {{expected ::tx::ActivationKind to be one of: gelu, gelu_tanh, relu, silu, tanh}}
  // expected-error @+1 {{failed to parse}}
  %0 = tx.ffn swish %x up %u down %d : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<8x32xf32>) -> tensor<?x8xf32>
  return
}
