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
