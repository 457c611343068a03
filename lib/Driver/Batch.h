//===- Batch.h - Random batches ---------------------------------*- C++ -*-===//

#ifndef TX_LIB_DRIVER_BATCH_H
#define TX_LIB_DRIVER_BATCH_H

#include "tx/Driver/Driver.h"
#include <random>

namespace tx {

/// The sizes that an entry leaves open.
struct BatchSizes {
  int64_t tokens = 1, sequences = 1, length = 0;

  /// The size that `dimension` of a tx_tensor_info stands for.
  int64_t resolve(int64_t dimension) const;
};

/// The entry "packed"; null without one.
const tx_entry_info *findPacked(const tx_model &model);

/// Fails unless there are sequences, and the model takes their lengths and
/// number of tokens.
llvm::Error checkLengths(const tx_entry_info &entry,
                         llvm::ArrayRef<int64_t> lengths);

/// Random ids that the model takes, or, where it takes f32, numbers from -1
/// to 1.
Tensor makeRandom(const tx_tensor_info &info, const BatchSizes &sizes,
                  std::mt19937 &random);

/// Inputs of the entry "packed": sequences of random ids.
NamedTensors makeBatch(const tx_entry_info &entry,
                       llvm::ArrayRef<int64_t> lengths, std::mt19937 &random);

/// The value that `share` of `values` do not exceed.
double quantile(std::vector<double> values, double share);

} // namespace tx

#endif // TX_LIB_DRIVER_BATCH_H
