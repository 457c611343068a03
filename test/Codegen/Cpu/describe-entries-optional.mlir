// RUN: tx-opt %s --split-input-file --tx-describe-entries | FileCheck %s

/// Only what has a number for each token can be left out, whatever its name.

// CHECK-LABEL: func.func @ids
// CHECK-SAME: {dtype = "i32", name = "token_type_ids", optional, shape = array<i64: -1>}
func.func @ids(%types: tensor<?xi32> {tx.name = "token_type_ids"}, %o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>} {
  return
}

// -----

// CHECK-LABEL: func.func @vectors
// CHECK-SAME: {dtype = "f32", name = "token_type_ids", shape = array<i64: -1, 64>}
func.func @vectors(%types: tensor<?x64xf32> {tx.name = "token_type_ids"}, %o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>} {
  return
}

// -----

// CHECK-LABEL: func.func @fixed
// CHECK-SAME: {dtype = "i32", name = "token_type_ids", shape = array<i64: 4096>}
func.func @fixed(%types: tensor<4096xi32> {tx.name = "token_type_ids"}, %o: tensor<?xi32> {tx.name = "offsets"}) attributes {tx.entry = "packed", tx.workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>} {
  return
}
