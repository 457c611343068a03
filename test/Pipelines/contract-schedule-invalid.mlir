// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-verify-phase=phase=schedule
// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-lower-pipeline

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

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  tx.kernel @plan(%o: tensor<?xi32>) -> tensor<?x?xi32> attributes {schedule = #tx.schedule<lanes = 8, rows = 1, panels = 1, item_rows = 16>} {
    %0 = tx.plan_tiles %o rows 48 : (tensor<?xi32>) -> tensor<?x?xi32>
    tx.return %0 : tensor<?x?xi32>
  }
  tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x?xi32>) -> tensor<?x?xf32> attributes {schedule = #tx.schedule<lanes = 8, rows = 6, panels = 2, item_rows = 24>} {
    %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 8, sequence = 0, fixed = 0>} {
    %p = tx.call @plan(%o) {places = [#tx.place<token, 0>]} : (tensor<?xi32>) -> tensor<?x2xi32>
    // expected-error @below {{guarantees that work items have as many rows as tiles of their plan, but @attention has items of 24 rows and gets tiles of 48 rows}}
    %0 = tx.call @attention(%x, %o, %p) {places = [#tx.place<output, 0>]} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x?xi32>) -> tensor<?x?xf32> attributes {schedule = #tx.schedule<lanes = 8, rows = 6, panels = 2, item_rows = 24>} {
    %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}, %p: tensor<?x2xi32>) -> tensor<?x8xf32> attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>} {
    // expected-error @below {{but @attention has items of 24 rows and gets tokens}}
    %0 = tx.call @attention(%x, %o, %p) {places = [#tx.place<output, 0>]} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}

// -----

/// Heads of 12 channels: the second panel of 16 begins in one head and ends in
/// the next.
module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32, #tx.layout<panels = 16>>) -> tensor<?x?xf32, #tx.heads<4>> attributes {schedule = #tx.schedule<lanes = 8, rows = 6, panels = 1, item_rows = 60>} {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32, #tx.layout<panels = 16>>) -> tensor<?x?xf32, #tx.heads<4>>
    tx.return %0 : tensor<?x?xf32, #tx.heads<4>>
  }
  func.func @packed(%x: tensor<?x8xf32>) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 192, sequence = 0, fixed = 0>} {
    %w = tx.param dense<1.0> : tensor<48x8xf32>
    %p = tx.pack %w : tensor<48x8xf32> to tensor<48x8xf32, #tx.layout<panels = 16>>
    // expected-error @below {{guarantees that heads are whole panels wide, but a result of @linear is 'tensor<?x48xf32, #tx.heads<4>>'}}
    %0 = tx.call @linear(%x, %p) {places = [#tx.place<token, 0>]} : (tensor<?x8xf32>, tensor<48x8xf32, #tx.layout<panels = 16>>) -> tensor<?x48xf32, #tx.heads<4>>
    return
  }
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>) -> tensor<?x?xf32> attributes {schedule = #tx.schedule<lanes = 8, rows = 6, panels = 2, item_rows = 24>} {
    %p = tx.plan_tiles %o rows 24 : (tensor<?xi32>) -> tensor<?x?xi32>
    // expected-error @below {{guarantees that attention works through a plan, but one computes its own}}
    %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>} {
    %0 = tx.call @attention(%x, %o) {places = [#tx.place<output, 0>]} : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}
