// RUN: tx-opt %s --verify-diagnostics --tx-plan-attention-tiles=rows=-1

// expected-error @below {{expects rows of a work item to be positive, got -1}}
module {
}
