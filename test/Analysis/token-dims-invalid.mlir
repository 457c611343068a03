// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-form-kernels

/// Sizes that no rule derives. Every pass that needs sizes reports them alike.

// expected-error @below {{has argument 0 of type 'tensor<?x?xf32>', whose dimension 1 must be static}}
func.func @dynamic_channels(%x: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {tx.entry = "packed"} {
  return %x : tensor<?x?xf32>
}

// -----

// expected-error @below {{has argument 0 of type 'f32', expected a ranked tensor}}
func.func @argument_is_no_tensor(%x: f32) attributes {tx.entry = "packed"} {
  return
}

// -----

func.func @ids_are_no_offsets(%x: tensor<?x8xf32>, %ids: tensor<?xi32> {tx.name = "input_ids"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{'tx.pool' op takes offsets of size tokens, expected sequences + 1 (the entry's argument named "offsets" or the offsets of tx.pack_tokens)}}
  %0 = tx.pool mean %x, %ids : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @tokens_plus_sequences(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %0 = tx.pool mean %x, %o : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  // expected-error @below {{'tx.add' op mixes values with different numbers of rows: tokens and sequences}}
  %1 = tx.add %x, %0 : tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

func.func @pools_twice(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %0 = tx.pool mean %x, %o : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  // expected-error @below {{'tx.pool' op takes a value with one row for each of the sequences, expected one for each token}}
  %1 = tx.pool mean %0, %o : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

func.func @attends_to_sequences(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %0 = tx.pool cls %x, %o : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  // expected-error @below {{'tx.attention' op takes a value with one row for each of the sequences, expected one for each token}}
  %1 = tx.attention full %x, %0, %0 offsets %o, %o {num_heads = 1, num_kv_heads = 1, scale = 1.0 : f32}
    : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

func.func @dynamic_channels_of_result(%x: tensor<?x8xf32>) -> tensor<?x?xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{'tx.slice' op has a result whose dimension 1 is neither static nor derived from the operands}}
  %0 = tx.slice %x[2] : tensor<?x8xf32> to tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

func.func @static_number_of_sequences(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<4x8xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{'tx.pool' op has a result with a static size of 4 where the call decides (sequences)}}
  %0 = tx.pool mean %x, %o : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

tx.kernel @sum(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // expected-error @below {{'tx.add' op mixes values with different numbers of rows: tokens and 4}}
  %0 = tx.add %x, %y : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @call_does_not_fit(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %p = tx.param dense<1.0> : tensor<4x8xf32>
  // expected-error @below {{'tx.call' op calls @sum with operands whose sizes do not fit it}}
  %0 = tx.call @sum(%x, %p) : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @packs_by_two_masks(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"}, %other: tensor<?x?xi32> {tx.name = "other_mask"})
    -> (tensor<?xi32>, tensor<?xi32>) attributes {tx.entry = "padded"} {
  %0, %o, %p = tx.pack_tokens column %mask, %ids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  // expected-error @below {{'tx.pack_tokens' op takes another mask than the argument named "attention_mask" of a padded entry; a call has one number of tokens}}
  %1, %q, %r = tx.pack_tokens column %other, %ids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  return %o, %q : tensor<?xi32>, tensor<?xi32>
}

// -----

/// The mask is known by its name, not by its place.
tx.kernel @pack(%mask: tensor<?x?xi32>, %ids: tensor<?x?xi32>) -> tensor<?xi32> {
  // expected-error @below {{'tx.pack_tokens' op takes another mask than the argument named "attention_mask"}}
  %0, %o, %p = tx.pack_tokens column %mask, %ids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  tx.return %o : tensor<?xi32>
}
func.func @packs_by_another_mask(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"}) -> (tensor<?xi32>, tensor<?xi32>) attributes {tx.entry = "padded"} {
  %0 = tx.call @pack(%mask, %ids) : (tensor<?x?xi32>, tensor<?x?xi32>) -> tensor<?xi32>
  // expected-error @below {{'tx.call' op calls @pack with operands whose sizes do not fit it}}
  %1 = tx.call @pack(%ids, %mask) : (tensor<?x?xi32>, tensor<?x?xi32>) -> tensor<?xi32>
  return %0, %1 : tensor<?xi32>, tensor<?xi32>
}

// -----

func.func @unpacks_by_another_mask(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"}) -> tensor<?x?x8xf32> attributes {tx.entry = "padded"} {
  %t = tx.param dense<1.0> : tensor<4x8xf32>
  %0, %o, %p = tx.pack_tokens column %mask, %ids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  %x = tx.embedding %t, %0 : (tensor<4x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  // expected-error @below {{'tx.unpack_tokens' op takes another mask than the argument named "attention_mask"}}
  %u = tx.unpack_tokens %x, %o, %ids : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return %u : tensor<?x?x8xf32>
}

// -----

/// Packed entries have been packed.
func.func @packs_packed(%x: tensor<?x4xi32> {tx.name = "attention_mask"}, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?xi32> attributes {tx.entry = "packed"} {
  // expected-error @below {{'tx.pack_tokens' op takes another mask than the argument named "attention_mask" of a padded entry}}
  %0, %p, %q = tx.pack_tokens column %x, %x : (tensor<?x4xi32>, tensor<?x4xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  return %0 : tensor<?xi32>
}

// -----

/// Channels that kernels have forgotten must fit at each call.
tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @wider_than_made(%x: tensor<?x8xf32>) -> tensor<?x16xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<4x8xf32>
  // expected-error @below {{'tx.call' op has a result with a static size of 16 in dimension 1, but its operands make 4}}
  %0 = tx.call @linear(%x, %w) : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x16xf32>
  return %0 : tensor<?x16xf32>
}

// -----

tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // expected-error @below {{'tx.linear' op has 8 channels of x, but 16 columns of the weight}}
  %0 = tx.linear %x, %w : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @wider_weight(%x: tensor<?x8xf32>) -> tensor<?x4xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<4x16xf32>
  // expected-error @below {{'tx.call' op calls @linear with operands whose sizes do not fit it}}
  %0 = tx.call @linear(%x, %w) : (tensor<?x8xf32>, tensor<4x16xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

/// Packed, a weight has its logical sizes.
tx.kernel @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32, #tx.layout<panels = 16>>, %b: tensor<?xf32>) -> tensor<?x?xf32> {
  // expected-error @below {{'tx.linear' op has 3 entries of the bias, but 4 rows of the weight}}
  %0 = tx.linear %x, %w bias %b : (tensor<?x?xf32>, tensor<?x?xf32, #tx.layout<panels = 16>>, tensor<?xf32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @short_bias(%x: tensor<?x8xf32>) -> tensor<?x4xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<4x8xf32>
  %p = tx.pack %w : tensor<4x8xf32> to tensor<4x8xf32, #tx.layout<panels = 16>>
  %b = tx.param dense<1.0> : tensor<3xf32>
  // expected-error @below {{'tx.call' op calls @linear with operands whose sizes do not fit it}}
  %0 = tx.call @linear(%x, %p, %b) : (tensor<?x8xf32>, tensor<4x8xf32, #tx.layout<panels = 16>>, tensor<3xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

tx.kernel @sum(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // expected-error @below {{'tx.add' op has 8 channels of one operand, but 4 of the other}}
  %0 = tx.add %x, %y : tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @adds_fewer_channels(%x: tensor<?x8xf32>, %y: tensor<?x4xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{'tx.call' op calls @sum with operands whose sizes do not fit it}}
  %0 = tx.call @sum(%x, %y) : (tensor<?x8xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

tx.kernel @norm(%x: tensor<?x?xf32>, %w: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?x?xf32> {
  // expected-error @below {{'tx.layer_norm' op has 8 channels of x, but 4 entries of its weight or bias}}
  %0 = tx.layer_norm %x, %w, %b {eps = 1.0e-12 : f32} : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @short_norm(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<8xf32>
  %b = tx.param dense<1.0> : tensor<4xf32>
  // expected-error @below {{'tx.call' op calls @norm with operands whose sizes do not fit it}}
  %0 = tx.call @norm(%x, %w, %b) : (tensor<?x8xf32>, tensor<8xf32>, tensor<4xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

/// The result of the call says how many channels a kernel takes.
tx.kernel @slice(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // expected-error @below {{'tx.slice' op takes 4 channels from channel 6 on, but x has 8}}
  %0 = tx.slice %x[6] : tensor<?x?xf32> to tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @slices_beyond(%x: tensor<?x8xf32>) -> (tensor<?x2xf32>, tensor<?x4xf32>) attributes {tx.entry = "packed"} {
  %0 = tx.call @slice(%x) : (tensor<?x8xf32>) -> tensor<?x2xf32>
  // expected-error @below {{'tx.call' op calls @slice with operands whose sizes do not fit it}}
  %1 = tx.call @slice(%x) : (tensor<?x8xf32>) -> tensor<?x4xf32>
  return %0, %1 : tensor<?x2xf32>, tensor<?x4xf32>
}

// -----

tx.kernel @first(%x: tensor<?x?xf32>) -> tensor<?xf32> {
  // expected-error @below {{'tx.slice' op takes 1 channels from channel 8 on, but x has 8}}
  %0 = tx.slice %x[8] : tensor<?x?xf32> to tensor<?xf32>
  tx.return %0 : tensor<?xf32>
}
func.func @slices_one_beyond(%x: tensor<?x8xf32>) -> tensor<?xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{'tx.call' op calls @first with operands whose sizes do not fit it}}
  %0 = tx.call @first(%x) : (tensor<?x8xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

tx.kernel @attend(%q: tensor<?x?xf32>, %k: tensor<?x?xf32>, %o: tensor<?xi32>) -> tensor<?x?xf32> {
  // expected-error @below {{'tx.attention' op has 4 channels a head in the query, but 2 in the key}}
  %0 = tx.attention full %q, %k, %k offsets %o, %o {num_heads = 2, num_kv_heads = 2, scale = 1.0 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @narrow_keys(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x4xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{'tx.call' op calls @attend with operands whose sizes do not fit it}}
  %0 = tx.call @attend(%q, %k, %o) : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<?xi32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

tx.kernel @attend(%x: tensor<?x?xf32>, %o: tensor<?xi32>) -> tensor<?x?xf32> {
  // expected-error @below {{'tx.attention' op has an operand with 8 channels, not a multiple of its 3 heads}}
  %0 = tx.attention full %x, %x, %x offsets %o, %o {num_heads = 3, num_kv_heads = 3, scale = 1.0 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @uneven_heads(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{'tx.call' op calls @attend with operands whose sizes do not fit it}}
  %0 = tx.call @attend(%x, %o) : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

/// Heads, not the type of the result, say how wide attention is.
tx.kernel @attend(%x: tensor<?x?xf32>, %o: tensor<?xi32>) -> tensor<?x?xf32> {
  %0 = tx.attention full %x, %x, %x offsets %o, %o {num_heads = 2, num_kv_heads = 2, scale = 1.0 : f32}
    : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
func.func @wide_attention(%x: tensor<?x8xf32>, %o: tensor<?xi32> {tx.name = "offsets"}) -> tensor<?x16xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{'tx.call' op has a result with a static size of 16 in dimension 1, but its operands make 8}}
  %0 = tx.call @attend(%x, %o) : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x16xf32>
  return %0 : tensor<?x16xf32>
}

// -----

/// A kernel may keep sizes; what the types of operands hide is known here.
tx.kernel @gelu(%x: tensor<?x16xf32>) -> tensor<?x16xf32> {
  %0 = tx.activation gelu %x : tensor<?x16xf32>
  tx.return %0 : tensor<?x16xf32>
}
func.func @argument_of_another_size(%x: tensor<?x8xf32>) -> tensor<?x16xf32> attributes {tx.entry = "packed"} {
  %w = tx.param dense<1.0> : tensor<4x8xf32>
  %0 = tx.linear %x, %w : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x?xf32>
  // expected-error @below {{'tx.call' op has a kernel's argument with a static size of 16 in dimension 1, but its operands make 4}}
  %1 = tx.call @gelu(%0) : (tensor<?x?xf32>) -> tensor<?x16xf32>
  return %1 : tensor<?x16xf32>
}

// -----

func.func @narrow_ids(%ids: tensor<?x4xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"}) -> tensor<?xi32> attributes {tx.entry = "padded"} {
  // expected-error @below {{'tx.pack_tokens' op has 4 rows or columns of an input, but padded length of the mask}}
  %0, %o, %p = tx.pack_tokens column %mask, %ids : (tensor<?x?xi32>, tensor<?x4xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  return %o : tensor<?xi32>
}

// -----

func.func private @code(i64, i64, i64, i64)
func.func @calls_code(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed"} {
  // expected-error @below {{'tx.call' op calls the code of a kernel, of which no sizes can be derived}}
  %0 = tx.call @code(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
