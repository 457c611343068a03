// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-assign-schedules

// expected-error @below {{expects a tx.target to schedule for; run tx-attach-target first}}
module {
}

// -----

// expected-error @below {{expected lanes that divide 16 and registers for a tile, at least 8}}
module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", lanes = 12, registers = 32>} {
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", lanes = 16, registers = 32>} {
  tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>) -> tensor<?x?xf32> {
    // expected-error @below {{has no tiles to work through; run tx-plan-attention-tiles before kernels are formed}}
    %0 = tx.attention full %x, %x, %x offsets %o, %o {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", lanes = 16, registers = 32>} {
  tx.kernel @plan_8(%o: tensor<?xi32>) -> tensor<?x?xi32> {
    %0 = tx.plan_tiles %o rows 8 : (tensor<?xi32>) -> tensor<?x?xi32>
    tx.return %0 : tensor<?x?xi32>
  }
  tx.kernel @plan_64(%o: tensor<?xi32>) -> tensor<?x?xi32> {
    %0 = tx.plan_tiles %o rows 64 : (tensor<?xi32>) -> tensor<?x?xi32>
    tx.return %0 : tensor<?x?xi32>
  }
  // expected-error @below {{is called with plans of 8 and of 64 rows, but its work items can have one size only}}
  tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x?xi32>) -> tensor<?x?xf32> {
    %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
    %p = tx.call @plan_8(%o) : (tensor<?xi32>) -> tensor<?x2xi32>
    %q = tx.call @plan_64(%o) : (tensor<?xi32>) -> tensor<?x2xi32>
    %0 = tx.call @attention(%x, %o, %p) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
    %1 = tx.call @attention(%0, %o, %q) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
    return %1 : tensor<?x8xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", lanes = 16, registers = 32>} {
  tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x?xi32>) -> tensor<?x?xf32> {
    %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}, %p: tensor<?x2xi32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
    // expected-error @below {{passes tiles that no tx.plan_tiles made}}
    %0 = tx.call @attention(%x, %o, %p) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}

// -----

// expected-error @below {{expected lanes that divide 16 and registers for a tile, at least 8}}
module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 1, registers = 8>} {
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  // expected-error @below {{is called with a plan of 10000 rows, expected at most 4096}}
  tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x?xi32>) -> tensor<?x?xf32> {
    %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%x: tensor<?x64xf32> {tx.name = "x"}, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x64xf32> attributes {tx.entry = "packed"} {
    %p = tx.plan_tiles %o rows 10000 : (tensor<?xi32>) -> tensor<?x2xi32>
    %0 = tx.call @attention(%x, %o, %p) : (tensor<?x64xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x64xf32>
    return %0 : tensor<?x64xf32>
  }
}
