// RUN: tx-opt %s --split-input-file --verify-diagnostics

func.func @attention_c1__multiple(%q: tensor<?x24xf32>, %k: tensor<?x24xf32>, %v: tensor<?x24xf32>, %o: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op expects num_heads to be a positive multiple of num_kv_heads, got 4 and 3}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = 4, num_kv_heads = 3, scale = 0.5 : f32}
    : (tensor<?x24xf32>, tensor<?x24xf32>, tensor<?x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return
}

// -----

func.func @attention_c1__zero(%q: tensor<?x24xf32>, %k: tensor<?x24xf32>, %v: tensor<?x24xf32>, %o: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op expects num_heads to be a positive multiple of num_kv_heads, got 0 and 0}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = 0, num_kv_heads = 0, scale = 0.5 : f32}
    : (tensor<?x24xf32>, tensor<?x24xf32>, tensor<?x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return
}

// -----

func.func @attention_c1__negative(%q: tensor<?x24xf32>, %k: tensor<?x24xf32>, %v: tensor<?x24xf32>, %o: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op expects num_heads to be a positive multiple of num_kv_heads, got -4 and -4}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = -4, num_kv_heads = -4, scale = 0.5 : f32}
    : (tensor<?x24xf32>, tensor<?x24xf32>, tensor<?x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return
}

// -----

func.func @attention_c2__query(%q: tensor<?x26xf32>, %k: tensor<?x24xf32>, %v: tensor<?x24xf32>, %o: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op has a query with 26 channels, not a multiple of its 4 heads}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = 4, num_kv_heads = 4, scale = 0.5 : f32}
    : (tensor<?x26xf32>, tensor<?x24xf32>, tensor<?x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return
}

// -----

func.func @attention_c2__key(%q: tensor<?x24xf32>, %k: tensor<?x26xf32>, %v: tensor<?x24xf32>, %o: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op has a key with 26 channels, not a multiple of its 4 heads}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = 4, num_kv_heads = 4, scale = 0.5 : f32}
    : (tensor<?x24xf32>, tensor<?x26xf32>, tensor<?x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return
}

// -----

func.func @attention_c2__value(%q: tensor<?x24xf32>, %k: tensor<?x24xf32>, %v: tensor<?x26xf32>, %o: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op has a value with 26 channels, not a multiple of its 4 heads}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = 4, num_kv_heads = 4, scale = 0.5 : f32}
    : (tensor<?x24xf32>, tensor<?x24xf32>, tensor<?x26xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return
}

// -----

func.func @attention_c3(%q: tensor<?x24xf32>, %k: tensor<?x28xf32>, %v: tensor<?x24xf32>, %o: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op has 6 channels a head in the query, but 7 in the key}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = 4, num_kv_heads = 4, scale = 0.5 : f32}
    : (tensor<?x24xf32>, tensor<?x28xf32>, tensor<?x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return
}

// -----

func.func @attention_c4(%q: tensor<?x24xf32>, %k: tensor<?x24xf32>, %v: tensor<?x24xf32>, %o: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op has a result with 25 channels, expected 4 heads of 6}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = 4, num_kv_heads = 4, scale = 0.5 : f32}
    : (tensor<?x24xf32>, tensor<?x24xf32>, tensor<?x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x25xf32>
  return
}

// -----

func.func @attention_c5(%q: tensor<?x24xf32>, %k: tensor<5x24xf32>, %v: tensor<6x24xf32>, %o: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op has 5 keys, but 6 values}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = 4, num_kv_heads = 4, scale = 0.5 : f32}
    : (tensor<?x24xf32>, tensor<5x24xf32>, tensor<6x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return
}

// -----

func.func @attention_c6__zero(%q: tensor<?x24xf32>, %k: tensor<?x24xf32>, %v: tensor<?x24xf32>, %o: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op expects a finite, positive scale, got 0.0}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = 4, num_kv_heads = 4, scale = 0.0 : f32}
    : (tensor<?x24xf32>, tensor<?x24xf32>, tensor<?x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return
}

// -----

func.func @attention_c6__infinite(%q: tensor<?x24xf32>, %k: tensor<?x24xf32>, %v: tensor<?x24xf32>, %o: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op expects a finite, positive scale, got}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = 4, num_kv_heads = 4, scale = 0x7F800000 : f32}
    : (tensor<?x24xf32>, tensor<?x24xf32>, tensor<?x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return
}

// -----

func.func @attention_c6__not_a_number(%q: tensor<?x24xf32>, %k: tensor<?x24xf32>, %v: tensor<?x24xf32>, %o: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op expects a finite, positive scale, got}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = 4, num_kv_heads = 4, scale = 0x7FC00000 : f32}
    : (tensor<?x24xf32>, tensor<?x24xf32>, tensor<?x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return
}

// -----

func.func @attention_c7(%q: tensor<5x24xf32>, %k: tensor<?x24xf32>, %v: tensor<?x24xf32>, %o: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op has 5 queries, but a result with 6 tokens}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = 4, num_kv_heads = 4, scale = 0.5 : f32}
    : (tensor<5x24xf32>, tensor<?x24xf32>, tensor<?x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<6x24xf32>
  return
}

// -----

func.func @attention_c8(%q: tensor<?x24xf32>, %k: tensor<?x24xf32>, %v: tensor<?x24xf32>, %o: tensor<3xi32>, %p: tensor<4xi32>) {
  // expected-error @+1 {{'tx.attention' op has 3 query offsets, but 4 key offsets}}
  %0 = tx.attention full %q, %k, %v offsets %o, %p {num_heads = 4, num_kv_heads = 4, scale = 0.5 : f32}
    : (tensor<?x24xf32>, tensor<?x24xf32>, tensor<?x24xf32>, tensor<3xi32>, tensor<4xi32>) -> tensor<?x24xf32>
  return
}

// -----

func.func @attention_c9(%q: tensor<?x24xf32, #tx.heads<2>>, %k: tensor<?x24xf32>, %v: tensor<?x24xf32>, %o: tensor<?xi32>) {
  // expected-error @+1 {{'tx.attention' op has a query that lies in 2 heads, expected 4}}
  %0 = tx.attention full %q, %k, %v offsets %o, %o {num_heads = 4, num_kv_heads = 4, scale = 0.5 : f32}
    : (tensor<?x24xf32, #tx.heads<2>>, tensor<?x24xf32>, tensor<?x24xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return
}
