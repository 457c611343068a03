// RUN: tx-opt %s --tx-lower-entries --split-input-file --verify-diagnostics

// expected-error @below {{does not list its kernels; run tx-describe-entries first}}
module {
}

// -----

// expected-error @below {{has no code of kernel @k; run tx-emit-kernels first}}
module attributes {tx.kernels = [{name = "k"}]} {
}

// -----

module attributes {tx.kernels = []} {
  // expected-error @below {{is not described; run tx-describe-entries first}}
  func.func @packed() attributes {tx.entry = "packed"} {
    return
  }
}

// -----

#ws = #tx.workspace<token = 0, sequence = 0, fixed = 0>
#sig = {entry = "packed", flops = array<i64: 0, 0, 0>, max_length = 512 : i64, workspace = #ws,
  inputs = [{dtype = "f32", name = "x", shape = array<i64: -1, 8>}], outputs = [{dtype = "f32", name = "y", shape = array<i64: -1, 8>}]}
module attributes {tx.kernels = []} {
  func.func @packed(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed", tx.workspace = #ws, tx.signature = #sig} {
    // expected-error @below {{is left in an entry, which must consist of kernel calls and parameters; run phases fuse and schedule first}}
    %y = tx.add %x, %x : tensor<?x8xf32>
    return %y : tensor<?x8xf32>
  }
}

// -----

#ws = #tx.workspace<token = 0, sequence = 0, fixed = 0>
#sig = {entry = "packed", flops = array<i64: 0, 0, 0>, max_length = 512 : i64, workspace = #ws,
  inputs = [{dtype = "f32", name = "x", shape = array<i64: -1, 8>}], outputs = [{dtype = "f32", name = "y", shape = array<i64: -1, 8>}]}
module attributes {tx.kernels = [{name = "k"}]} {
  func.func @k(%args: !llvm.ptr, %begin: i64, %end: i64, %scratch: !llvm.ptr) { return }
  func.func @k_items(%args: !llvm.ptr) -> i64 { %c = arith.constant 1 : i64 return %c : i64 }
  func.func @packed(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed", tx.workspace = #ws, tx.signature = #sig} {
    // expected-error @below {{has no places or sizes; run tx-plan-memory and tx-describe-entries}}
    %y = tx.call @k(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
    return %y : tensor<?x8xf32>
  }
}

// -----

#ws = #tx.workspace<token = 0, sequence = 0, fixed = 0>
#sig = {entry = "packed", flops = array<i64: 0, 0, 0>, max_length = 512 : i64, workspace = #ws,
  inputs = [{dtype = "f32", name = "x", shape = array<i64: -1, 8>}], outputs = [{dtype = "f32", name = "y", shape = array<i64: -1, 8>}]}
module attributes {tx.kernels = [{name = "k"}]} {
  func.func @k(%args: !llvm.ptr, %begin: i64, %end: i64, %scratch: !llvm.ptr) { return }
  func.func @k_items(%args: !llvm.ptr) -> i64 { %c = arith.constant 1 : i64 return %c : i64 }
  func.func @packed(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {tx.entry = "packed", tx.workspace = #ws, tx.signature = #sig} {
    // expected-error @below {{places a result in output 1, but the entry has 1}}
    %y = tx.call @k(%x) {places = [#tx.place<output, 1>], tx.sizes = [array<i64: -1, 8>]} : (tensor<?x8xf32>) -> tensor<?x8xf32>
    return %y : tensor<?x8xf32>
  }
}

// -----

/// Until the offsets are known, so are no tokens.
#ws = #tx.workspace<token = 4, sequence = 0, fixed = 0>
#sig = {entry = "padded", flops = array<i64: 0, 0, 0>, max_length = 512 : i64, workspace = #ws,
  inputs = [{dtype = "i32", name = "input_ids", shape = array<i64: -2, -4>}], outputs = [{dtype = "f32", name = "y", shape = array<i64: -2, -4, 8>}]}
module attributes {tx.kernels = [{name = "k"}]} {
  func.func @k(%args: !llvm.ptr, %begin: i64, %end: i64, %scratch: !llvm.ptr) { return }
  func.func @k_items(%args: !llvm.ptr) -> i64 { %c = arith.constant 1 : i64 return %c : i64 }
  func.func @padded(%x: tensor<?x?xi32>) -> tensor<?x?x8xf32> attributes {tx.entry = "padded", tx.workspace = #ws, tx.signature = #sig} {
    // expected-error @below {{has a result with a row for each token before offsets say how many there are; expected the offsets of tx.pack_tokens among the results of this call or an earlier one}}
    %i = tx.call @k(%x) {places = [#tx.place<token, 0>], tx.sizes = [array<i64: -1>]} : (tensor<?x?xi32>) -> tensor<?xi32>
    %y = tx.call @k(%i) {places = [#tx.place<output, 0>], tx.sizes = [array<i64: -2, -4, 8>]} : (tensor<?xi32>) -> tensor<?x?x8xf32>
    return %y : tensor<?x?x8xf32>
  }
}
