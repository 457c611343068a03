//===- Batch.h - Batches of random ids to measure with ----------*- C++ -*-===//

#ifndef TX_LIB_DRIVER_BATCH_H
#define TX_LIB_DRIVER_BATCH_H

#include "tx/Driver/Driver.h"

namespace tx {

/// The entry "packed"; null without one.
const tx_entry_info *findPacked(const tx_model &model);

/// Fails unless there are sequences, and the model takes their lengths.
llvm::Error checkLengths(const tx_entry_info &entry,
                         llvm::ArrayRef<int64_t> lengths);

/// Sequences of random ids, the same in every call.
NamedTensors makeBatch(const tx_entry_info &entry,
                       llvm::ArrayRef<int64_t> lengths);

/// The value that `share` of `values` do not exceed.
double quantile(std::vector<double> values, double share);

} // namespace tx

#endif // TX_LIB_DRIVER_BATCH_H
