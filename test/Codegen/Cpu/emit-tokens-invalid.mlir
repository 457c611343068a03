// RUN: tx-opt %s -tx-emit-kernels -split-input-file -verify-diagnostics

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
// expected-error@+1 {{has several ops and one of them works on sequences; expected that op alone}}
tx.kernel @pool_and_slice(%x: tensor<?x?xf32>, %o: tensor<?xi32>) -> tensor<?xf32> attributes {schedule = #schedule} {
  %0 = tx.pool cls %x, %o : (tensor<?x?xf32>, tensor<?xi32>) -> tensor<?x?xf32>
  %1 = tx.slice %0[0] : tensor<?x?xf32> to tensor<?xf32>
  tx.return %1 : tensor<?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
tx.kernel @twice(%x: tensor<?x?xf32>) -> (tensor<?xf32>, tensor<?xf32>) attributes {schedule = #schedule} {
  %0 = tx.slice %x[0] : tensor<?x?xf32> to tensor<?xf32>
  // expected-error@+1 {{returns an argument or a value twice; expected each result of tx.slice at most once}}
  tx.return %0, %0 : tensor<?xf32>, tensor<?xf32>
}

// -----

#schedule = #tx.schedule<lanes = 16, rows = 1, panels = 1, item_rows = 32>
tx.kernel @nothing(%x: tensor<?x?xf32>) attributes {schedule = #schedule} {
  %0 = tx.slice %x[0] : tensor<?x?xf32> to tensor<?xf32>
  // expected-error@+1 {{returns no result of tx.slice}}
  tx.return
}
