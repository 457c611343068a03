// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-verify-phase=phase=schedule

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #tx.schedule<lanes = 8, rows = 6, panels = 1, item_rows = 60>} {
    // expected-error @below {{phase schedule guarantees that weights have the layout that kernels read, but one has type 'tensor<?x?xf32>'}}
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
    %w = tx.param dense<1.0> : tensor<8x8xf32>
    %0 = tx.call @linear(%x, %w) : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  tx.kernel @softmax(%x: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #tx.schedule<lanes = 8, rows = 1, panels = 1, item_rows = 16>} {
    %0 = tx.softmax %x : tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  // expected-error @below {{guarantees that the workspace of an entry is known, but @packed has no tx.workspace}}
  func.func @packed(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
    %0 = tx.call @softmax(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  tx.kernel @softmax(%x: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #tx.schedule<lanes = 8, rows = 1, panels = 1, item_rows = 16>} {
    %0 = tx.softmax %x : tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>} {
    // expected-error @below {{guarantees that every value has a place, but results of a call of @softmax have none}}
    %0 = tx.call @softmax(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}
