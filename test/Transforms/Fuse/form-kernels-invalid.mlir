// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-form-kernels

func.func @composite(%x: tensor<?x8xf32> {tx.name = "x"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8x8xf32>
  // expected-error @below {{'tx.ffn' op is a composite, which has no kernel; run tx-decompose-composites first}}
  %0 = tx.ffn relu %x up %w down %w : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @foreign_op(%x: tensor<?x8xf32> {tx.name = "x"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{'arith.addf' op cannot be part of a kernel: entries may hold model-level tx ops only}}
  %0 = arith.addf %x, %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func private @body(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  return %x : tensor<?x8xf32>
}
func.func @entry_calls_a_function(%x: tensor<?x8xf32> {tx.name = "x"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{'func.call' op cannot be part of a kernel}}
  %0 = call @body(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// expected-error @below {{expects a body of one block}}
func.func @two_blocks(%x: tensor<?x8xf32> {tx.name = "x"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  cf.br ^end
^end:
  return %x : tensor<?x8xf32>
}
