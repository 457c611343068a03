// RUN: tx-opt %s --split-input-file --verify-diagnostics

func.func @pack_tokens_c1(%m: tensor<?x?xi32>) {
  // expected-error @+1 {{'tx.pack_tokens' op has 2 inputs, but 1 packed results}}
  %0, %1, %2 = tx.pack_tokens column %m, %m, %m : (tensor<?x?xi32>, tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  return
}

// -----

func.func @pack_tokens_c2(%m: tensor<4x8xi32>, %ids: tensor<4x9xi32>) {
  // expected-error @+1 {{'tx.pack_tokens' op has a mask of type 'tensor<4x8xi32>', but an input of type 'tensor<4x9xi32>'}}
  %0, %1, %2 = tx.pack_tokens column %m, %ids : (tensor<4x8xi32>, tensor<4x9xi32>) -> (tensor<?xi32>, tensor<5xi32>, tensor<?xi32>)
  return
}

// -----

func.func @pack_tokens_c3__missing(%m: tensor<?x?xi32>) {
  // expected-error @+1 {{'tx.pack_tokens' op counts non_pad positions and needs a pad_id}}
  %0, %1, %2 = tx.pack_tokens non_pad %m, %m : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  return
}

// -----

func.func @pack_tokens_c3__superfluous(%m: tensor<?x?xi32>) {
  // expected-error @+1 {{'tx.pack_tokens' op counts columns and takes no pad_id}}
  %0, %1, %2 = tx.pack_tokens column %m, %m {pad_id = 1} : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
  return
}

// -----

func.func @pack_tokens_c3__no_input(%m: tensor<?x?xi32>) {
  // expected-error @+1 {{'tx.pack_tokens' op counts non_pad positions of its first input, but has no input}}
  %0, %1 = tx.pack_tokens non_pad %m {pad_id = 1} : (tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>)
  return
}

// -----

func.func @pack_tokens_c4(%m: tensor<4x8xi32>) {
  // expected-error @+1 {{'tx.pack_tokens' op has a mask with 4 rows, but 4 offsets; expected 5}}
  %0, %1 = tx.pack_tokens column %m : (tensor<4x8xi32>) -> (tensor<4xi32>, tensor<?xi32>)
  return
}

// -----

func.func @pack_tokens__rank(%m: tensor<?xi32>) {
  // expected-error @+1 {{'tx.pack_tokens' op operand #0 must be padded indices (rank-2 i32 tensor, batch by length), but got 'tensor<?xi32>'}}
  %0, %1 = tx.pack_tokens column %m : (tensor<?xi32>) -> (tensor<?xi32>, tensor<?xi32>)
  return
}

// -----

func.func @unpack_tokens_c1__rank(%x: tensor<?x8xf32>, %o: tensor<?xi32>, %m: tensor<?x?xi32>) {
  // expected-error @+1 {{'tx.unpack_tokens' op puts 'tensor<?x8xf32>' into 'tensor<?x?xf32>'; expected one dimension more and the same channels}}
  %0 = tx.unpack_tokens %x, %o, %m : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @unpack_tokens_c1__channels(%x: tensor<?x8xf32>, %o: tensor<?xi32>, %m: tensor<?x?xi32>) {
  // expected-error @+1 {{'tx.unpack_tokens' op puts 'tensor<?x8xf32>' into 'tensor<?x?x9xf32>'; expected one dimension more and the same channels}}
  %0 = tx.unpack_tokens %x, %o, %m : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x9xf32>
  return
}

// -----

func.func @unpack_tokens_c2(%x: tensor<?xf32>, %o: tensor<?xi32>, %m: tensor<4x8xi32>) {
  // expected-error @+1 {{'tx.unpack_tokens' op has a mask of type 'tensor<4x8xi32>', but a result of type 'tensor<4x9xf32>'}}
  %0 = tx.unpack_tokens %x, %o, %m : (tensor<?xf32>, tensor<?xi32>, tensor<4x8xi32>) -> tensor<4x9xf32>
  return
}

// -----

func.func @positions_c1__missing(%ids: tensor<?xi32>) {
  // expected-error @+1 {{'tx.positions' op counts non_pad positions and needs a pad_id}}
  %0 = tx.positions non_pad %ids, %ids : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  return
}

// -----

func.func @positions_c1__superfluous(%ids: tensor<?xi32>) {
  // expected-error @+1 {{'tx.positions' op counts columns and takes no pad_id}}
  %0 = tx.positions column %ids, %ids {pad_id = 0} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  return
}

// -----

func.func @positions_c2(%ids: tensor<7xi32>, %o: tensor<?xi32>) {
  // expected-error @+1 {{'tx.positions' op has 7 ids, but 8 positions}}
  %0 = tx.positions column %ids, %o : (tensor<7xi32>, tensor<?xi32>) -> tensor<8xi32>
  return
}

// -----

func.func @positions__kind(%ids: tensor<?xi32>) {
  // expected-error @+2 {{expected ::tx::PositionKind to be one of: column, non_pad}}
  // expected-error @+1 {{failed to parse}}
  %0 = tx.positions row %ids, %ids : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  return
}

// -----

func.func @plan_tiles_c1(%o: tensor<?xi32>) {
  // expected-error @+1 {{'tx.plan_tiles' op expects 1 to 2147483647 rows, got 0}}
  %0 = tx.plan_tiles %o rows 0 : (tensor<?xi32>) -> tensor<?x2xi32>
  return
}

// -----

func.func @plan_tiles_c1(%o: tensor<?xi32>) {
  // expected-error @+1 {{'tx.plan_tiles' op expects 1 to 2147483647 rows, got 9223372036854775807}}
  %0 = tx.plan_tiles %o rows 9223372036854775807 : (tensor<?xi32>) -> tensor<?x2xi32>
  return
}

// -----

func.func @plan_tiles_c2(%o: tensor<?xi32>) {
  // expected-error @+1 {{'tx.plan_tiles' op has a result with 3 columns, expected 2, sequence and first row}}
  %0 = tx.plan_tiles %o rows 64 : (tensor<?xi32>) -> tensor<?x3xi32>
  return
}

// -----

func.func @plan_tiles__no_offsets(%o: tensor<0xi32>) {
  // expected-error @+1 {{'tx.plan_tiles' op operand #0 must be sequence offsets (rank-1 i32 tensor of B+1 entries), but got 'tensor<0xi32>'}}
  %0 = tx.plan_tiles %o rows 64 : (tensor<0xi32>) -> tensor<?x2xi32>
  return
}

// -----

func.func @pool_c1(%x: tensor<?x8xf32>, %o: tensor<?xi32>) {
  // expected-error @+1 {{'tx.pool' op pools 'tensor<?x8xf32>' into 'tensor<?x9xf32>'; the channels differ}}
  %0 = tx.pool mean %x, %o : (tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x9xf32>
  return
}

// -----

func.func @pool_c2(%x: tensor<?x8xf32>, %o: tensor<5xi32>) {
  // expected-error @+1 {{'tx.pool' op has 5 offsets, but a result with 5 rows; expected 4}}
  %0 = tx.pool mean %x, %o : (tensor<?x8xf32>, tensor<5xi32>) -> tensor<5x8xf32>
  return
}

// -----

func.func @pad_id__negative(%ids: tensor<?xi32>, %o: tensor<?xi32>) {
  // expected-error @+1 {{'tx.positions' op has pad_id -5, expected 0 to 2147483647}}
  %0 = tx.positions non_pad %ids, %o {pad_id = -5 : i64} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  return
}
