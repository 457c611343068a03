// What tx-plan-attention-tiles says of its decisions.

// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-plan-attention-tiles --remark-format=emitRemark --remarks-filter=tx-plan-attention-tiles

module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  func.func @planned(%x: tensor<?x8xf32>, %o: tensor<?xi32>) -> tensor<?x8xf32> {
    // expected-remark @below {{[Analysis] planned | Category:tx-plan-attention-tiles | Function=planned | Reason="registers of the target", Rows=48}}
    %0 = tx.attention full %x, %x, %x offsets %o, %o {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
      : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}

// -----

func.func @has_a_plan(%x: tensor<?x8xf32>, %o: tensor<?xi32>) -> tensor<?x8xf32> {
  %p = tx.plan_tiles %o rows 16 : (tensor<?xi32>) -> tensor<?x2xi32>
  // expected-remark @below {{[Missed] left-alone | Category:tx-plan-attention-tiles | Function=has_a_plan | Reason="it has a plan already"}}
  %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>) -> tensor<?x?xf32> {
  // expected-remark @below {{Function=attention | Reason="it is in a kernel, and plans are made before kernels are formed"}}
  %0 = tx.attention full %x, %x, %x offsets %o, %o {num_heads = 2, num_kv_heads = 2, scale = 0.5 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
