// RUN: tx-opt %s -tx-emit-kernels -split-input-file -verify-diagnostics

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
#transposed = affine_map<(d0, d1) -> (d1, d0)>
tx.kernel @transposed(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  // expected-error@+1 {{operand 0 is indexed otherwise than by row, by column or by both}}
  %0 = linalg.generic {indexing_maps = [#transposed, #element], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
tx.kernel @accumulates(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  // expected-error@+1 {{reads the old value of its result}}
  %0 = linalg.generic {indexing_maps = [#element, #element], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
tx.kernel @product(%x: tensor<?x?xf32>, %s: tensor<?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  // expected-error@+1 {{reduces with something else than addf, fma or maximumf of its accumulator}}
  %0 = linalg.generic {indexing_maps = [#element, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x?xf32>) outs(%s : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %p = arith.mulf %a, %o : f32
    linalg.yield %p : f32
  } -> tensor<?xf32>
  %1 = linalg.generic {indexing_maps = [#row, #element], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<?x?xf32>
  tx.return %1 : tensor<?x?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
tx.kernel @start(%x: tensor<?x?xf32>, %s: tensor<?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %one = arith.constant 1.0 : f32
  %f = linalg.fill ins(%one : f32) outs(%s : tensor<?xf32>) -> tensor<?xf32>
  // expected-error@+1 {{has an accumulator that does not start as the neutral value of its reduction}}
  %0 = linalg.generic {indexing_maps = [#element, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x?xf32>) outs(%f : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %p = arith.addf %a, %o : f32
    linalg.yield %p : f32
  } -> tensor<?xf32>
  %1 = linalg.generic {indexing_maps = [#row, #element], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<?x?xf32>
  tx.return %1 : tensor<?x?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
tx.kernel @indices(%e: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  // expected-error@+1 {{computes with its indices, which row-wise kernels do not}}
  %0 = linalg.generic {indexing_maps = [#element], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<?x?xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 1 : index
    %j = arith.index_cast %i : index to i32
    %f = arith.sitofp %j : i32 to f32
    linalg.yield %f : f32
  } -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
tx.kernel @gather_by_column(%table: tensor<?x?xf32>, %w: tensor<?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  // expected-error@+1 {{reads a tensor otherwise than an f32 argument of the kernel at [row, column of the result]}}
  %0 = linalg.generic {indexing_maps = [#column, #element], iterator_types = ["parallel", "parallel"]}
      ins(%w : tensor<?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %i = arith.fptosi %a : f32 to i32
    %r = arith.index_cast %i : i32 to index
    %c = linalg.index 1 : index
    %v = tensor.extract %table[%r, %c] : tensor<?x?xf32>
    linalg.yield %v : f32
  } -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
tx.kernel @two_token_counts(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %e: tensor<?x?xf32>, %f: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) attributes {schedule = #schedule} {
  %0 = linalg.generic {indexing_maps = [#element, #element], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<?x?xf32>
  %1 = linalg.generic {indexing_maps = [#element, #element], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<?x?xf32>) outs(%f : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<?x?xf32>
  // expected-error@+1 {{returns values whose numbers of rows may differ; a row-wise kernel has one number of rows}}
  tx.return %0, %1 : tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
tx.kernel @returns_argument(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) attributes {schedule = #schedule} {
  %0 = linalg.generic {indexing_maps = [#element, #element], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<?x?xf32>
  // expected-error@+1 {{returns something else than a computed value per row and column from a row-wise kernel}}
  tx.return %0, %x : tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
tx.kernel @mixed(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %0 = linalg.generic {indexing_maps = [#element, #element], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<?x?xf32>
  // expected-error@+1 {{is not row-wise linalg, in a kernel that otherwise is}}
  %1 = tx.add %0, %x : tensor<?x?xf32>
  tx.return %1 : tensor<?x?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
tx.kernel @no_vector_form(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  // expected-error@+1 {{computes vector.broadcast, which has no vector form}}
  %0 = linalg.generic {indexing_maps = [#element, #element], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %v = vector.broadcast %a : f32 to vector<4xf32>
    %s = vector.extract %v[0] : f32 from vector<4xf32>
    linalg.yield %s : f32
  } -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
tx.kernel @unknown_size(%x: tensor<?x?xf32>, %n: tensor<?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %c0 = arith.constant 0 : index
  %t = tensor.dim %x, %c0 : tensor<?x?xf32>
  %c = tensor.dim %n, %c0 : tensor<?xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty(%t, %c) : tensor<?x?xf32>
  %s = tensor.empty(%t) : tensor<?xf32>
  %f = linalg.fill ins(%zero : f32) outs(%s : tensor<?xf32>) -> tensor<?xf32>
  // expected-error@+1 {{has a size that neither a type nor an operand or result of the kernel tells}}
  %0 = linalg.generic {indexing_maps = [#element], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<?x?xf32>) {
  ^bb0(%o: f32):
    linalg.yield %zero : f32
  } -> tensor<?x?xf32>
  %1 = linalg.generic {indexing_maps = [#element, #row], iterator_types = ["parallel", "reduction"]}
      ins(%0 : tensor<?x?xf32>) outs(%f : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %p = arith.addf %a, %o : f32
    linalg.yield %p : f32
  } -> tensor<?xf32>
  %2 = linalg.generic {indexing_maps = [#element, #row, #element], iterator_types = ["parallel", "parallel"]}
      ins(%x, %1 : tensor<?x?xf32>, tensor<?xf32>) outs(%x : tensor<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.addf %a, %b : f32
    linalg.yield %p : f32
  } -> tensor<?x?xf32>
  tx.return %2 : tensor<?x?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
tx.kernel @reads_element(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{is not row-wise linalg, in a kernel that otherwise is}}
  %v = tensor.extract %x[%c0, %c0] : tensor<?x?xf32>
  %0 = linalg.generic {indexing_maps = [#element, #element], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %p = arith.addf %a, %v : f32
    linalg.yield %p : f32
  } -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
tx.kernel @slice_of_rows(%x: tensor<8x4xf32>, %e: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {schedule = #schedule} {
  // expected-error@+1 {{is not a slice of columns from a constant one on}}
  %s = tensor.extract_slice %x[2, 0] [4, 4] [1, 1] : tensor<8x4xf32> to tensor<4x4xf32>
  %0 = linalg.generic {indexing_maps = [#element, #element], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4x4xf32>
  tx.return %0 : tensor<4x4xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#nothing = affine_map<() -> ()>
tx.kernel @no_loops(%x: tensor<f32>, %e: tensor<f32>) -> tensor<f32> attributes {schedule = #schedule} {
  // expected-error@+1 {{is not a computation on rows; expected one result, and loops over rows or over rows and columns}}
  %0 = linalg.generic {indexing_maps = [#nothing, #nothing], iterator_types = []}
      ins(%x : tensor<f32>) outs(%e : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<f32>
  tx.return %0 : tensor<f32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
#element = affine_map<(d0, d1) -> (d0, d1)>
tx.kernel @unknown_size(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {schedule = #schedule} {
  %n = arith.constant 4 : index
  %c1 = arith.constant 1 : index
  %t = tensor.empty(%n, %n) : tensor<?x?xf32>
  // expected-error@+1 {{asks for a size that neither a type nor an operand or result of the kernel tells}}
  %d = tensor.dim %t, %c1 : tensor<?x?xf32>
  %0 = linalg.generic {indexing_maps = [#element, #element], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<?x?xf32>
  tx.return %0 : tensor<?x?xf32>
}
