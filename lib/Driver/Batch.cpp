//===- Batch.cpp - Batches of random ids to measure with ------------------===//

#include "Batch.h"
#include "tx/Checkpoint/Error.h"
#include <random>

using namespace mlir;
using namespace tx;

const tx_entry_info *tx::findPacked(const tx_model &model) {
  for (int32_t i = 0; i < model.num_entries; ++i)
    if (StringRef(model.entries[i]->name) == "packed")
      return model.entries[i];
  return nullptr;
}

llvm::Error tx::checkLengths(const tx_entry_info &entry,
                             ArrayRef<int64_t> lengths) {
  if (lengths.empty())
    return makeError(ExitCode::Usage, "the batch is empty");
  for (int64_t length : lengths)
    if (length < 1 || length > entry.max_length)
      return makeError(ExitCode::Usage,
                       "a sequence of {0} tokens was asked for, the model "
                       "takes 1 to {1}",
                       length, entry.max_length);
  return llvm::Error::success();
}

NamedTensors tx::makeBatch(const tx_entry_info &entry,
                           ArrayRef<int64_t> lengths) {
  std::mt19937 random(1);
  std::vector<int32_t> offsets{0};
  for (int64_t length : lengths)
    offsets.push_back(offsets.back() + length);
  int64_t tokens = offsets.back(), entries = offsets.size();
  NamedTensors inputs;
  for (const tx_tensor_info &info : ArrayRef(entry.inputs, entry.num_inputs)) {
    if (StringRef(info.name) == "offsets") {
      inputs[info.name] = Tensor{{entries}, offsets};
      continue;
    }
    std::uniform_int_distribution<int32_t> any(
        0, std::max<int64_t>(info.limit, 1) - 1);
    std::vector<int32_t> values(tokens);
    for (int32_t &value : values)
      value = any(random);
    inputs[info.name] = Tensor{{tokens}, std::move(values)};
  }
  return inputs;
}

double tx::quantile(std::vector<double> values, double share) {
  llvm::sort(values);
  return values[size_t(share * (values.size() - 1) + 0.5)];
}
