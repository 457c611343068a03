// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-verify-phase=phase=fuse

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  // expected-error @below {{phase fuse guarantees that sizes are arguments of kernels, but @static has a value of type 'tensor<?x8xf32>'}}
  tx.kernel @static(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    %0 = tx.softmax %x : tensor<?x8xf32>
    tx.return %0 : tensor<?x8xf32>
  }
  func.func @packed(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
    %0 = tx.call @static(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>) -> tensor<?x?xf32> {
    // expected-error @below {{guarantees that attention works through a plan, but one has no tiles}}
    %0 = tx.attention full %x, %x, %x offsets %o, %o {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
    %0 = tx.call @attention(%x, %o) : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  tx.kernel @holds_a_parameter(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
    // expected-error @below {{guarantees that kernels hold computations only, but there is 'tx.param'}}
    %w = tx.param dense<1.0> : tensor<8x8xf32>
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<8x8xf32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
    %0 = tx.call @holds_a_parameter(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}
