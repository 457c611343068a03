// RUN: tx-opt %s -tx-emit-kernels -split-input-file -verify-diagnostics

// expected-error@+1 {{has no schedule; run tx-assign-schedules first}}
tx.kernel @unscheduled(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  tx.return %x : tensor<?x?xf32>
}

// -----

// expected-error@+1 {{computes something that there is no code for}}
tx.kernel @empty(%x: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 16>} {
  tx.return %x : tensor<?x?xf32>
}

// -----

!w = tensor<?x?xf32, #tx.layout<panels = 16>>
// expected-error@+1 {{has a schedule of 32 lanes, expected a divisor of 16}}
tx.kernel @linear_lanes(%x: tensor<?x?xf32>, %w: !w) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 32, rows = 8, panels = 3, item_rows = 64>} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

tx.kernel @linear_layout(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  // expected-error@+1 {{has a weight without the layout #tx.layout<panels = 16>; run tx-pack-weights first}}
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

!w = tensor<?x?xf32, #tx.layout<panels = 16>>
tx.kernel @linear_operand(%x: tensor<?x?xf32>, %w: !w) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  %0 = tx.activation gelu %x : tensor<?x?xf32>
  // expected-error@+1 {{reads a value that its kernel computes; expected arguments}}
  %1 = tx.linear %0, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  tx.return %1 : tensor<?x?xf32>
}

// -----

!w = tensor<?x?xf32, #tx.layout<panels = 16>>
tx.kernel @linear_epilogue(%x: tensor<?x?xf32>, %w: !w) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  // expected-error@+1 {{cannot follow tx.linear in a kernel; expected activation, add or mul}}
  %1 = tx.softmax %0 : tensor<?x?xf32>
  tx.return %1 : tensor<?x?xf32>
}

// -----

!w = tensor<?x?xf32, #tx.layout<panels = 16>>
tx.kernel @linear_products(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %w: !w) -> (tensor<?x?xf32>, tensor<?x?xf32>)
    attributes {schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  // expected-error@+1 {{differs in x, in its weight's element type, or in having a bias or heads, from the first product of its kernel}}
  %1 = tx.linear %y, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  tx.return %0, %1 : tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

!w = tensor<?x?xf32, #tx.layout<panels = 16>>
tx.kernel @linear_order(%x: tensor<?x?xf32>, %w: !w, %u: !w) -> (tensor<?x?xf32>, tensor<?x?xf32>)
    attributes {schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  %1 = tx.linear %x, %u : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  // expected-error@+1 {{of a kernel of several products, or of one in heads, must return them in order and nothing else}}
  tx.return %1, %0 : tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

!w = tensor<?x?xf32, #tx.layout<panels = 16>>
tx.kernel @linear_beside(%x: tensor<?x?xf32>, %w: !w) -> (tensor<?x?xf32>, tensor<?x?xf32>)
    attributes {schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  // expected-error@+1 {{has arguments of its kernel alone; expected the product, or what follows it, among its operands}}
  %1 = tx.activation gelu %x : tensor<?x?xf32>
  tx.return %0, %1 : tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

!w = tensor<?x?xf32, #tx.layout<panels = 16>>
tx.kernel @linear_argument(%x: tensor<?x?xf32>, %w: !w) -> (tensor<?x?xf32>, tensor<?x?xf32>)
    attributes {schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  // expected-error@+1 {{of a kernel of tx.linear returns an argument}}
  tx.return %0, %x : tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

tx.kernel @attention_twice(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>) -> (tensor<?x?xf32>, tensor<?x?xf32>)
    attributes {schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2 : i64, num_kv_heads = 2 : i64, scale = 0.5 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x?xf32>
  // expected-error@+1 {{of a kernel of tx.attention must return its result and nothing else}}
  tx.return %0, %0 : tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

tx.kernel @attention_offsets(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>) -> tensor<?xi32>
    attributes {schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2 : i64, num_kv_heads = 2 : i64, scale = 0.5 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x?xf32>
  // expected-error@+1 {{of a kernel of tx.attention must return its result and nothing else}}
  tx.return %o : tensor<?xi32>
}

// -----

tx.kernel @attention_tiles(%x: tensor<?x?xf32>, %o: tensor<?xi32>) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  // expected-error@+1 {{has no tiles to work through; run tx-plan-attention-tiles}}
  %0 = tx.attention full %x, %x, %x offsets %o, %o {num_heads = 2 : i64, num_kv_heads = 2 : i64, scale = 0.5 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

tx.kernel @attention_epilogue(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2 : i64, num_kv_heads = 2 : i64, scale = 0.5 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x?xf32>
  // expected-error@+1 {{cannot share a kernel with tx.attention}}
  %1 = tx.add %0, %x : tensor<?x?xf32>
  tx.return %1 : tensor<?x?xf32>
}

// -----

// expected-error@+1 {{has a schedule of 12 lanes, expected a power of two}}
tx.kernel @attention_lanes(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 12, rows = 8, panels = 3, item_rows = 64>} {
  %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2 : i64, num_kv_heads = 2 : i64, scale = 0.5 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

tx.kernel @attention(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  %0 = tx.attention full %x, %x, %x offsets %o, %o tiles %p {num_heads = 2 : i64, num_kv_heads = 2 : i64, scale = 0.5 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @attention_channels(%x: tensor<?x?xf32>, %o: tensor<?xi32>, %p: tensor<?x2xi32>) -> tensor<?x?xf32> {
  // expected-error@+1 {{passes 'tensor<?x?xf32>' to attention, expected a static number of channels}}
  %0 = tx.call @attention(%x, %o, %p) : (tensor<?x?xf32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

tx.kernel @unit_of_f32(%x: tensor<?x?xf32>, %w: tensor<?x?xf32, #tx.layout<panels = 16>>) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<unit = dot, lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  // expected-error@+1 {{multiplies f32, which unit dot does not}}
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32, #tx.layout<panels = 16>>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

tx.kernel @layout_of_bf16(%x: tensor<?x?xf32>, %w: tensor<?x?xbf16, #tx.layout<panels = 16>>) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  // expected-error@+1 {{has a weight without the layout #tx.layout<panels = 16, group = 2>; run tx-pack-weights first}}
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xbf16, #tx.layout<panels = 16>>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

!w = tensor<?x?xbf16, #tx.layout<panels = 16, group = 2>>
tx.kernel @chunk_of_bf16(%x: tensor<?x?xf32>, %w: !w) -> tensor<?x?xf32>
    attributes {schedule = #tx.schedule<chunk = 96, lanes = 16, rows = 8, panels = 3, item_rows = 64>} {
  // expected-error@+1 {{multiplies bf16, of which chunks have 768 channels, but the schedule has a chunk of 96}}
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

!w = tensor<?x?xbf16, #tx.layout<panels = 16, group = 2>>
module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "haswell", lanes = 8, registers = 16>} {
  // expected-error@+1 {{has a schedule of unit matrix and 16 lanes, which x86-64-v3 does not have}}
  tx.kernel @linear_unit(%x: tensor<?x?xf32>, %w: !w) -> tensor<?x?xf32>
      attributes {schedule = #tx.schedule<unit = matrix, lanes = 16, rows = 32, panels = 2, item_rows = 128, item_panels = 24>} {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
}

// -----

!w = tensor<?x?xbf16, #tx.layout<panels = 16, group = 2>>
module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4+bf16", tune = "znver4", lanes = 16, registers = 32>} {
  // expected-error@+1 {{has a schedule of unit dot and 8 lanes, which x86-64-v4+bf16 does not have}}
  tx.kernel @linear_unit_lanes(%x: tensor<?x?xf32>, %w: !w) -> tensor<?x?xf32>
      attributes {schedule = #tx.schedule<unit = dot, lanes = 8, rows = 4, panels = 1, item_rows = 64>} {
    %0 = tx.linear %x, %w : (tensor<?x?xf32>, !w) -> tensor<?x?xf32>
    tx.return %0 : tensor<?x?xf32>
  }
}
