//===- Tokens.cpp - Reference of ops on ragged tokens ---------------------===//

#include "Ops.h"
#include "tx/Checkpoint/Error.h"

using namespace llvm;

namespace tx::reference {

llvm::Error checkSameTokens(const Tensor &lhs, const Tensor &rhs,
                            StringRef what) {
  if (lhs.shape[0] == rhs.shape[0])
    return llvm::Error::success();
  return makeError(ExitCode::Input,
                   "{0} have {1} and {2} rows, expected as many", what,
                   lhs.shape[0], rhs.shape[0]);
}

llvm::Error checkChannels(const Tensor &tensor, int64_t channels,
                          StringRef what) {
  if (tensor.shape.back() == channels)
    return llvm::Error::success();
  return makeError(ExitCode::Input, "{0} has {1} channels, expected {2}", what,
                   tensor.shape.back(), channels);
}

llvm::Error checkOffsets(const Tensor &offsets, int64_t tokens) {
  ArrayRef<int32_t> values = offsets.ints();
  if (values.size() < 2)
    return makeError(ExitCode::Input,
                     "offsets have {0} entries, expected one more than there "
                     "are sequences, at least 2",
                     values.size());
  if (values.front() != 0 || values.back() != tokens)
    return makeError(ExitCode::Input,
                     "offsets run from {0} to {1}, expected 0 to the number of "
                     "tokens, {2}",
                     values.front(), values.back(), tokens);
  for (size_t b = 0; b + 1 < values.size(); ++b)
    if (values[b + 1] <= values[b])
      return makeError(
          ExitCode::Input,
          "sequence {0} has no tokens: its offsets are {1} and {2}", b,
          values[b], values[b + 1]);
  return llvm::Error::success();
}

/// RoBERTa's positions of one row of ids: those that are `padId` get padId, the
/// others padId plus their count so far.
static std::vector<int32_t> countNonPad(ArrayRef<int32_t> ids, int64_t padId) {
  std::vector<int32_t> result;
  int32_t count = 0;
  for (int32_t id : ids)
    result.push_back(id == padId ? padId : padId + ++count);
  return result;
}

/// 0, 1, 2, ...: the positions of columns.
static std::vector<int32_t> countColumns(int64_t length) {
  std::vector<int32_t> result(length);
  for (int64_t i = 0; i < length; ++i)
    result[i] = i;
  return result;
}

// mask (B, S), inputs (B, S) each -> packed (T) each, offsets (B + 1),
// positions (T)
Expected<std::vector<Tensor>> packTokens(std::optional<int64_t> padId,
                                         const Tensor &mask,
                                         ArrayRef<const Tensor *> inputs) {
  int64_t sequences = mask.shape[0], length = mask.shape[1];
  for (const Tensor *input : inputs)
    if (input->shape != mask.shape)
      return makeError(ExitCode::Input,
                       "an input is {0} by {1}, its mask {2} by {3}",
                       input->shape[0], input->shape[1], sequences, length);
  if (sequences == 0 || length == 0)
    return makeError(ExitCode::Input, "the batch is empty ({0} by {1})",
                     sequences, length);
  std::vector<std::vector<int32_t>> packed(inputs.size());
  std::vector<int32_t> offsets{0}, positions;
  for (int64_t b = 0; b < sequences; ++b) {
    std::vector<int32_t> row =
        padId ? countNonPad(inputs[0]->ints().slice(b * length, length), *padId)
              : countColumns(length);
    for (int64_t s = 0; s < length; ++s) {
      if (mask.ints()[b * length + s] == 0)
        continue;
      for (size_t i = 0; i < inputs.size(); ++i)
        packed[i].push_back(inputs[i]->ints()[b * length + s]);
      positions.push_back(row[s]);
    }
    if (int64_t(positions.size()) == offsets.back())
      return makeError(ExitCode::Input,
                       "sequence {0} has no tokens: its mask is all zeros", b);
    offsets.push_back(positions.size());
  }
  std::vector<Tensor> results;
  packed.push_back(std::move(offsets));
  packed.push_back(std::move(positions));
  for (std::vector<int32_t> &values : packed) {
    int64_t size = values.size();
    results.push_back(Tensor{{size}, std::move(values)});
  }
  return results;
}

// tokens (T, C) or (T), offsets (B + 1), mask (B, S) -> (B, S, C) or (B, S)
Expected<Tensor> unpackTokens(const Tensor &tokens, const Tensor &offsets,
                              const Tensor &mask) {
  if (llvm::Error e = checkOffsets(offsets, tokens.shape[0]))
    return e;
  int64_t sequences = mask.shape[0], length = mask.shape[1];
  int64_t channels = tokens.shape.size() == 2 ? tokens.shape[1] : 1;
  SmallVector<int64_t> shape{sequences, length};
  if (tokens.shape.size() == 2)
    shape.push_back(channels);
  Tensor result = makeFloats(shape);
  int64_t token = 0;
  for (int64_t i = 0; i < sequences * length; ++i) {
    if (mask.ints()[i] == 0)
      continue;
    if (token == tokens.shape[0])
      return makeError(ExitCode::Input,
                       "the mask keeps more entries than there are tokens, {0}",
                       token);
    std::copy_n(tokens.floats().begin() + token * channels, channels,
                floats(result).begin() + i * channels);
    ++token;
  }
  if (token != tokens.shape[0])
    return makeError(ExitCode::Input,
                     "the mask keeps {0} entries, there are {1} tokens", token,
                     tokens.shape[0]);
  return result;
}

// ids (T), offsets (B + 1) -> (T)
Expected<Tensor> positions(std::optional<int64_t> padId, const Tensor &ids,
                           const Tensor &offsets) {
  if (llvm::Error e = checkOffsets(offsets, ids.shape[0]))
    return e;
  std::vector<int32_t> result;
  ArrayRef<int32_t> bounds = offsets.ints();
  for (size_t b = 0; b + 1 < bounds.size(); ++b) {
    int64_t length = bounds[b + 1] - bounds[b];
    std::vector<int32_t> row =
        padId ? countNonPad(ids.ints().slice(bounds[b], length), *padId)
              : countColumns(length);
    result.insert(result.end(), row.begin(), row.end());
  }
  return Tensor{ids.shape, std::move(result)};
}

// offsets (B + 1) -> (W, 2): (sequence, first row)
Expected<Tensor> planTiles(const Tensor &offsets, int64_t rows) {
  ArrayRef<int32_t> bounds = offsets.ints();
  if (llvm::Error e = checkOffsets(offsets, bounds.empty() ? 0 : bounds.back()))
    return e;
  std::vector<int32_t> tiles;
  for (size_t b = 0; b + 1 < bounds.size(); ++b)
    for (int64_t row = bounds[b]; row < bounds[b + 1]; row += rows) {
      tiles.push_back(b);
      tiles.push_back(row);
    }
  int64_t count = tiles.size() / 2;
  return Tensor{{count, 2}, std::move(tiles)};
}

// x (T, C), offsets (B + 1) -> (B, C)
Expected<Tensor> pool(PoolKind kind, const Tensor &x, const Tensor &offsets) {
  if (llvm::Error e = checkOffsets(offsets, x.shape[0]))
    return e;
  int64_t c = x.shape[1], sequences = offsets.shape[0] - 1;
  ArrayRef<int32_t> bounds = offsets.ints();
  Tensor result = makeFloats({sequences, c});
  for (int64_t b = 0; b < sequences; ++b) {
    int64_t last = kind == PoolKind::Cls ? bounds[b] + 1 : bounds[b + 1];
    std::vector<double> sum(c, 0.0);
    for (int64_t i = bounds[b]; i < last; ++i)
      for (int64_t j = 0; j < c; ++j)
        sum[j] += x.floats()[i * c + j];
    for (int64_t j = 0; j < c; ++j)
      floats(result)[b * c + j] = sum[j] / double(last - bounds[b]);
  }
  return result;
}

} // namespace tx::reference
