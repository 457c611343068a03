// RUN: tx-opt %s --split-input-file --verify-diagnostics --tx-verify-phase=phase=lower

// expected-error @below {{phase lower guarantees that there is an entry, but no function has tx.signature}}
module {
  llvm.func @kernel(%args: !llvm.ptr, %begin: i64, %end: i64, %scratch: !llvm.ptr) {
    llvm.return
  }
}

// -----

llvm.func @packed(%call: !llvm.ptr) attributes {tx.signature = {}} {
  // expected-error @below {{guarantees that a module holds the LLVM dialect and tx.weights, but there is 'arith.constant'}}
  %0 = arith.constant 0 : i64
  llvm.return
}

// -----

// expected-error @below {{guarantees that the target is known, but the module has no tx.target}}
module {
  llvm.func @packed(%call: !llvm.ptr) attributes {tx.signature = {}} {
    llvm.return
  }
}
