//===- Batch.cpp - Random batches -----------------------------------------===//

#include "Batch.h"
#include "tx/Checkpoint/Error.h"

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
  int64_t tokens = 0;
  for (int64_t length : lengths) {
    if (length < 1 || length > entry.max_length)
      return makeError(ExitCode::Usage,
                       "a sequence of {0} tokens was asked for, the model "
                       "takes 1 to {1}",
                       length, entry.max_length);
    tokens += length;
    if (tokens > INT32_MAX)
      return makeError(ExitCode::Usage, "the batch has more than {0} tokens",
                       INT32_MAX);
  }
  return llvm::Error::success();
}

int64_t BatchSizes::resolve(int64_t dimension) const {
  switch (dimension) {
  case TX_DIM_TOKENS:
    return tokens;
  case TX_DIM_SEQUENCES:
    return sequences;
  case TX_DIM_SEQUENCES_PLUS:
    return sequences + 1;
  case TX_DIM_LENGTH:
    return length;
  default:
    return dimension;
  }
}

/// `count` numbers that `distribution` makes.
template <typename Distribution>
static std::vector<typename Distribution::result_type>
draw(int64_t count, Distribution distribution, std::mt19937 &random) {
  std::vector<typename Distribution::result_type> values(count);
  for (auto &value : values)
    value = distribution(random);
  return values;
}

Tensor tx::makeRandom(const tx_tensor_info &info, const BatchSizes &sizes,
                      std::mt19937 &random) {
  Tensor result;
  for (int64_t dimension : ArrayRef(info.shape, info.rank))
    result.shape.push_back(sizes.resolve(dimension));
  if (info.dtype == TX_F32)
    result.data = draw(result.size(),
                       std::uniform_real_distribution<float>(-1, 1), random);
  else
    result.data = draw(result.size(),
                       std::uniform_int_distribution<int32_t>(
                           0, std::max<int64_t>(info.limit, 1) - 1),
                       random);
  return result;
}

NamedTensors tx::makeBatch(const tx_entry_info &entry,
                           ArrayRef<int64_t> lengths, std::mt19937 &random) {
  std::vector<int32_t> offsets{0};
  for (int64_t length : lengths)
    offsets.push_back(offsets.back() + length);
  BatchSizes sizes;
  sizes.tokens = offsets.back();
  sizes.sequences = lengths.size();
  NamedTensors inputs;
  for (const tx_tensor_info &info : ArrayRef(entry.inputs, entry.num_inputs))
    inputs[info.name] =
        StringRef(info.name) == "offsets"
            ? Tensor{{sizes.resolve(TX_DIM_SEQUENCES_PLUS)}, offsets}
            : makeRandom(info, sizes, random);
  return inputs;
}

double tx::quantile(std::vector<double> values, double share) {
  llvm::sort(values);
  return values[size_t(share * (values.size() - 1) + 0.5)];
}
