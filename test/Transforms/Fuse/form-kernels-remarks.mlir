// What tx-form-kernels says of its decisions: one remark for each kernel formed,
// and one for each neighbour that is no part of it, with the reason.

// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-form-kernels --remark-format=emitRemark --remarks-filter=tx-form-kernels

func.func @formed(%x: tensor<?x8xf32> {tx.name = "x"}, %residual: tensor<?x8xf32> {tx.name = "residual"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  %0 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{[Passed] formed | Category:tx-form-kernels | Function=formed | Kernel=linear_add, Ops="tx.linear, tx.add"}}
  %1 = tx.add %0, %residual : tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

func.func @value_is_returned(%x: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  // expected-remark @below {{Kernel=linear, }}
  %l = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{[Missed] apart | Category:tx-form-kernels | Function=value_is_returned | Kernel=linear, Op=tx.activation, Reason="the entry returns the value between, so it must be in memory"}}
  // expected-remark @below {{Kernel=activation_gelu, }}
  %g = tx.activation gelu %l : tensor<?x8xf32>
  return %l, %g : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

func.func @value_with_two_uses(%x: tensor<?x8xf32> {tx.name = "x"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  // expected-remark @below {{Kernel=linear, }}
  %l = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{Kernel=linear, Op=tx.mul, Reason="the value between has 2 uses"}}
  // expected-remark @below {{Kernel=mul, }}
  %s = tx.mul %l, %l : tensor<?x8xf32>
  return %s : tensor<?x8xf32>
}

// -----

/// Items that hold 384 channels in 16 KiB have 10 rows: 384 * 384 * 4 bytes of
/// weights for 10 rows instead of 64 are 58982 - 9216 bytes for each.
func.func @statistics(%x: tensor<?x384xf32> {tx.name = "x"}) -> tensor<?x384xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<384x384xf32>
  %g = tx.param dense<1.0> : tensor<384xf32>
  // expected-remark @below {{Kernel=linear, }}
  %l = tx.linear %x, %w : (tensor<?x384xf32>, tensor<384x384xf32>) -> tensor<?x384xf32>
  // expected-remark @below {{Kernel=linear, Op=tx.layer_norm, Reason="its statistics need whole rows, and an item of a product holds some channels: whole rows of 384 channels in the first-level cache are items of 10 rows instead of 64, which read 49766 bytes of weights more a row; 3072 bytes a row are moved now, beside 294912 FLOPs of the product (96 a byte)"}}
  // expected-remark @below {{Kernel=layer_norm, }}
  %n = tx.layer_norm %l, %g, %g {eps = 1.0e-12 : f32} : tensor<?x384xf32>, tensor<384xf32>, tensor<384xf32>
  return %n : tensor<?x384xf32>
}

// -----

/// Rows of 64 channels fit as they are.
func.func @statistics__narrow(%x: tensor<?x384xf32> {tx.name = "x"}) -> tensor<?x64xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<64x384xf32>
  // expected-remark @below {{Kernel=linear, }}
  %l = tx.linear %x, %w : (tensor<?x384xf32>, tensor<64x384xf32>) -> tensor<?x64xf32>
  // expected-remark @below {{Op=tx.softmax, Reason="its statistics need whole rows, and an item of a product holds some channels; whole rows would pay, but no kernel of products computes statistics: whole rows of 64 channels in the first-level cache are items of 64 rows instead of 64, which read 0 bytes of weights more a row; 512 bytes}}
  // expected-remark @below {{Kernel=softmax, }}
  %s = tx.softmax %l : tensor<?x64xf32>
  return %s : tensor<?x64xf32>
}

// -----

/// A product of nothing costs nothing; no figures.
func.func @statistics__no_channels(%x: tensor<?x8xf32> {tx.name = "x"}) -> tensor<?x0xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<> : tensor<0x8xf32>
  // expected-remark @below {{Kernel=linear, }}
  %l = tx.linear %x, %w : (tensor<?x8xf32>, tensor<0x8xf32>) -> tensor<?x0xf32>
  // expected-remark @below {{Op=tx.softmax, Reason="its statistics need whole rows, and an item of a product holds some channels"}}
  // expected-remark @below {{Kernel=softmax, }}
  %s = tx.softmax %l : tensor<?x0xf32>
  return %s : tensor<?x0xf32>
}

// -----

func.func @statistics__no_depth(%x: tensor<?x0xf32> {tx.name = "x"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<> : tensor<8x0xf32>
  // expected-remark @below {{Kernel=linear, }}
  %l = tx.linear %x, %w : (tensor<?x0xf32>, tensor<8x0xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{Op=tx.softmax, Reason="its statistics need whole rows, and an item of a product holds some channels"}}
  // expected-remark @below {{Kernel=softmax, }}
  %s = tx.softmax %l : tensor<?x8xf32>
  return %s : tensor<?x8xf32>
}

// -----

func.func @product_of_a_product(%x: tensor<?x8xf32> {tx.name = "x"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  // expected-remark @below {{Kernel=linear, }}
  %0 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{Op=tx.linear, Reason="x differs from that of the product before it"}}
  // expected-remark @below {{Op=tx.linear, Reason="a product sums over whole rows, and an item of the product before it holds some channels"}}
  // expected-remark @below {{Kernel=linear, }}
  %1 = tx.linear %0, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

func.func @own_kernels(%x: tensor<?x8xf32> {tx.name = "x"}, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  // expected-remark @below {{Kernel=softmax, }}
  %0 = tx.softmax %x : tensor<?x8xf32>
  // expected-remark @below {{Kernel=softmax, Op=tx.linear, Reason="a product reads a row once for each group of its channels, and would compute it as often"}}
  // expected-remark @below {{Kernel=linear, }}
  %1 = tx.linear %0, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{Kernel=linear, Op=tx.pool, Reason="an item of a pool is a sequence, of which it reads all rows; one of row-wise ops is some rows of any"}}
  // expected-remark @below {{Kernel=pool_mean, }}
  %2 = tx.pool mean %1, %o : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  // expected-remark @below {{Kernel=pool_mean, Op=tx.normalize, Reason="an item of a pool is a sequence, of which it reads all rows; one of row-wise ops is some rows of any"}}
  // expected-remark @below {{Kernel=normalize, }}
  %3 = tx.normalize %2 {eps = 1.0e-12 : f32} : tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

// -----

func.func @rows_into_other_kernels(%x: tensor<?x8xf32> {tx.name = "x"}, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  // expected-remark @below {{Kernel=softmax, }}
  %0 = tx.softmax %x : tensor<?x8xf32>
  // expected-remark @below {{Kernel=softmax, Op=tx.pool, Reason="an item of a pool is a sequence, of which it reads all rows; one of row-wise ops is some rows of any"}}
  // expected-remark @below {{Kernel=pool_mean, }}
  %1 = tx.pool mean %0, %o : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  // expected-remark @below {{Kernel=pool_mean, Op=tx.softmax, Reason="the value between has 2 uses"}}
  // expected-remark @below {{Kernel=softmax, }}
  %2 = tx.softmax %1 : tensor<?x8xf32>
  // expected-remark @below {{Kernel=pool_mean, Op=tx.linear, Reason="the value between has 2 uses"}}
  %3 = tx.linear %1, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{Kernel=softmax, Op=tx.add, Reason="it is the epilogue of a product, which come first"}}
  // expected-remark @below {{Kernel=linear_add, }}
  %4 = tx.add %3, %2 : tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}

// -----

//===----------------------------------------------------------------------===//
// Products of the same x
//===----------------------------------------------------------------------===//

func.func @the_first_has_an_epilogue(%x: tensor<?x8xf32> {tx.name = "x"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  %g = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %s = tx.activation silu %g : tensor<?x8xf32>
  // expected-remark @below {{Kernel=linear_silu_mul, Op=tx.linear, Reason="the product of the same x before it has an epilogue"}}
  // expected-remark @below {{Kernel=linear, }}
  %u = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{Kernel=linear, Op=tx.mul, Reason="another product has it as its epilogue"}}
  // expected-remark @below {{Kernel=linear_silu_mul, Ops="tx.linear, tx.activation, tx.mul"}}
  %m = tx.mul %s, %u : tensor<?x8xf32>
  return %m : tensor<?x8xf32>
}

// -----

func.func @the_second_has_an_epilogue(%x: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  // expected-remark @below {{Kernel=linear, }}
  %0 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{Kernel=linear, Op=tx.linear, Reason="it has an epilogue, unlike the product of the same x before it"}}
  %1 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{Kernel=linear_tanh, }}
  %2 = tx.activation tanh %1 : tensor<?x8xf32>
  return %0, %2 : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

func.func @one_has_a_bias(%x: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  %b = tx.param dense<1.0> : tensor<8xf32>
  // expected-remark @below {{Kernel=linear, }}
  %0 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{Kernel=linear, Op=tx.linear, Reason="one of the products of the same x has a bias, the other has none"}}
  // expected-remark @below {{Kernel=linear_1, }}
  %1 = tx.linear %x, %w bias %b : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %0, %1 : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

func.func @the_first_is_read_before(%x: tensor<?x8xf32> {tx.name = "x"}) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  // expected-remark @below {{Kernel=linear, }}
  %0 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{Kernel=linear, Op=tx.softmax, }}
  // expected-remark @below {{Kernel=softmax, }}
  %1 = tx.softmax %0 : tensor<?x8xf32>
  // expected-remark @below {{Kernel=linear, Op=tx.linear, Reason="a product of the same x is read before it stands"}}
  // expected-remark @below {{Kernel=linear, }}
  %2 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %1, %2 : tensor<?x8xf32>, tensor<?x8xf32>
}
