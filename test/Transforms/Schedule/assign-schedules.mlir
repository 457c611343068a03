// RUN: tx-opt %s --split-input-file --tx-assign-schedules | FileCheck %s

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", l1 = 49152, l2 = 2097152, lanes = 16, registers = 32>} {
  /// 8 rows by 3 vectors: 24 accumulators, 3 vectors of weights, 1 of x.
  // CHECK-LABEL: tx.kernel @linear
  // CHECK-SAME: schedule = #tx.schedule<stretch = 2097152, lanes = 16, rows = 8, panels = 3, item_rows = 64>
  tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  // CHECK-LABEL: tx.kernel @layer_norm
  // CHECK-SAME: schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 16>
  tx.kernel @layer_norm(%x: tensor<?x?xf32>, %w: tensor<?xf32>) -> tensor<?x?xf32> {
    %0 = tx.layer_norm %x, %w, %w {eps = 0.0 : f32} : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  // CHECK-LABEL: tx.kernel @plan_tiles
  // CHECK-SAME: schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 16>
  tx.kernel @plan_tiles(%o: tensor<?xi32>) -> tensor<?x?xi32> {
    %0 = tx.plan_tiles %o rows 64 : (tensor<?xi32>) -> tensor<?x?xi32>
    tx.return %0 : tensor<?x?xi32>
  }
  /// Work items are those of the plan.
  // CHECK-LABEL: tx.kernel @attention
  // CHECK-SAME: schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>
  tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x?xi32>) -> tensor<?x?xf32> {
    %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
    %p = tx.call @plan_tiles(%o) : (tensor<?xi32>) -> tensor<?x2xi32>
    %0 = tx.call @attention(%x, %o, %p) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  /// A panel is two vectors: 12 accumulators, 2 vectors of weights, 1 of x.
  // CHECK-LABEL: tx.kernel @linear
  // CHECK-SAME: schedule = #tx.schedule<chunk = 192, lanes = 8, rows = 6, panels = 1, item_rows = 60>
  tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  tx.kernel @plan_48(%o: tensor<?xi32>) -> tensor<?x?xi32> {
    %0 = tx.plan_tiles %o rows 48 : (tensor<?xi32>) -> tensor<?x?xi32>
    tx.return %0 : tensor<?x?xi32>
  }
  tx.kernel @plan_64(%o: tensor<?xi32>) -> tensor<?x?xi32> {
    %0 = tx.plan_tiles %o rows 64 : (tensor<?xi32>) -> tensor<?x?xi32>
    tx.return %0 : tensor<?x?xi32>
  }
  // CHECK-LABEL: tx.kernel @attention_48
  // CHECK-SAME: schedule = #tx.schedule<lanes = 8, rows = 6, panels = 2, item_rows = 48>
  tx.kernel @attention_48(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x?xi32>) -> tensor<?x?xf32> {
    %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  /// 6 rows do not divide 64: the next lower number that does, and more vectors.
  // CHECK-LABEL: tx.kernel @attention_64
  // CHECK-SAME: schedule = #tx.schedule<lanes = 8, rows = 4, panels = 3, item_rows = 64>
  tx.kernel @attention_64(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x?xi32>) -> tensor<?x?xf32> {
    %0 = tx.attention causal %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
    %p = tx.call @plan_48(%o) : (tensor<?xi32>) -> tensor<?x2xi32>
    %q = tx.call @plan_64(%o) : (tensor<?xi32>) -> tensor<?x2xi32>
    %0 = tx.call @attention_48(%x, %o, %p) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
    %1 = tx.call @attention_64(%0, %o, %q) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
    return %1 : tensor<?x8xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"aarch64-unknown-linux-gnu", isa = "armv8-a", tune = "cortex-a76", l1 = 65536, lanes = 4, registers = 32>} {
  /// A panel is four vectors: 24 accumulators, 4 vectors of weights, 1 of x.
  // CHECK-LABEL: tx.kernel @linear
  // CHECK-SAME: schedule = #tx.schedule<chunk = 384, lanes = 4, rows = 6, panels = 1, item_rows = 60>
  tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  tx.kernel @plan_tiles(%o: tensor<?xi32>) -> tensor<?x?xi32> {
    %0 = tx.plan_tiles %o rows 64 : (tensor<?xi32>) -> tensor<?x?xi32>
    tx.return %0 : tensor<?x?xi32>
  }
  // CHECK-LABEL: tx.kernel @attention
  // CHECK-SAME: schedule = #tx.schedule<lanes = 4, rows = 4, panels = 6, item_rows = 64>
  tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x?xi32>) -> tensor<?x?xf32> {
    %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  func.func @packed(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
    %p = tx.call @plan_tiles(%o) : (tensor<?xi32>) -> tensor<?x2xi32>
    %0 = tx.call @attention(%x, %o, %p) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"riscv64-unknown-linux-gnu", isa = "rv64gcv_zvl256b", tune = "spacemit-x60", lanes = 8, registers = 32>} {
  /// A panel is two vectors: 28 accumulators.
  // CHECK-LABEL: tx.kernel @linear
  // CHECK-SAME: schedule = #tx.schedule<chunk = 128, lanes = 8, rows = 14, panels = 1, item_rows = 56>
  tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
}

// -----

//===----------------------------------------------------------------------===//
// Negative tests
//===----------------------------------------------------------------------===//

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", lanes = 16, registers = 32>} {
  /// A schedule that is there was chosen by somebody who knows better.
  // CHECK-LABEL: tx.kernel @no_change__has_a_schedule
  // CHECK-SAME: schedule = #tx.schedule<lanes = 8, rows = 2, panels = 1, item_rows = 4>
  tx.kernel @no_change__has_a_schedule(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #tx.schedule<lanes = 8, rows = 2, panels = 1, item_rows = 4>} {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4+amx", tune = "sapphirerapids", lanes = 16, registers = 32>} {
  /// Products of bf16 run on matrix tiles, products of f32 as ever.
  // CHECK-LABEL: tx.kernel @linear_bf16
  // CHECK-SAME: schedule = #tx.schedule<unit = matrix, lanes = 16, rows = 32, panels = 2, item_rows = 128, item_panels = 24>
  tx.kernel @linear_bf16(%x: tensor<?x?xf32>, %w: tensor<?x?xbf16>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xbf16>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
  // CHECK-LABEL: tx.kernel @linear
  // CHECK-SAME: schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>
  tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4+bf16", tune = "znver4", lanes = 16, registers = 32>} {
  // CHECK-LABEL: tx.kernel @linear_bf16
  // CHECK-SAME: schedule = #tx.schedule<unit = dot, lanes = 16, rows = 8, panels = 3, item_rows = 64, item_panels = 12>
  tx.kernel @linear_bf16(%x: tensor<?x?xf32>, %w: tensor<?x?xbf16>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xbf16>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  /// A widened weight takes a register more.
  // CHECK-LABEL: tx.kernel @linear_bf16
  // CHECK-SAME: schedule = #tx.schedule<lanes = 8, rows = 4, panels = 1, item_rows = 64, item_panels = 12>
  tx.kernel @linear_bf16(%x: tensor<?x?xf32>, %w: tensor<?x?xbf16>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xbf16>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"aarch64-unknown-linux-gnu", isa = "armv8-a", tune = "cortex-a76", lanes = 4, registers = 32>} {
  /// 16 sums, 4 vectors of weights, 4 widened ones and one of x: with 6 rows it
  /// would be 33.
  // CHECK-LABEL: tx.kernel @linear_bf16
  // CHECK-SAME: schedule = #tx.schedule<lanes = 4, rows = 4, panels = 1, item_rows = 64, item_panels = 12>
  tx.kernel @linear_bf16(%x: tensor<?x?xf32>, %w: tensor<?x?xbf16>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xbf16>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"riscv64-unknown-linux-gnu", isa = "rv64gcv", tune = "generic-rv64", lanes = 4, registers = 32>} {
  /// There x is in a scalar register.
  // CHECK-LABEL: tx.kernel @linear_bf16
  // CHECK-SAME: schedule = #tx.schedule<lanes = 4, rows = 6, panels = 1, item_rows = 60, item_panels = 12>
  tx.kernel @linear_bf16(%x: tensor<?x?xf32>, %w: tensor<?x?xbf16>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xbf16>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
}

// -----

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 256>} {
  /// No more rows than a work item has.
  // CHECK-LABEL: tx.kernel @linear__many_registers
  // CHECK-SAME: schedule = #tx.schedule<chunk = 64, lanes = 8, rows = 64, panels = 1, item_rows = 64>
  tx.kernel @linear__many_registers(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
}
