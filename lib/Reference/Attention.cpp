//===- Attention.cpp - Reference of attention -----------------------------===//

#include "Ops.h"
#include "tx/Checkpoint/Error.h"
#include <cmath>

using namespace llvm;

namespace tx::reference {

namespace {
/// One head of a rank-2 tensor (T, heads * width).
struct HeadView {
  ArrayRef<float> data;
  int64_t channels, width, head;

  const float *row(int64_t token) const {
    return &data[token * channels + head * width];
  }
};
} // namespace

/// softmax(scale * q K^T) V for one query row: `out` (width of value) from the
/// keys and values of tokens [first, last).
static void attendRow(const float *query, const HeadView &key,
                      const HeadView &value, int64_t first, int64_t last,
                      double scale, float *out) {
  std::vector<double> weights;
  double highest = -INFINITY;
  for (int64_t j = first; j < last; ++j) {
    const float *k = key.row(j);
    double dot = 0;
    for (int64_t c = 0; c < key.width; ++c)
      dot += double(query[c]) * k[c];
    weights.push_back(scale * dot);
    highest = std::max(highest, weights.back());
  }
  double total = 0;
  for (double &w : weights)
    total += w = std::exp(w - highest);
  std::vector<double> sum(value.width, 0.0);
  for (int64_t j = first; j < last; ++j) {
    const float *v = value.row(j);
    for (int64_t c = 0; c < value.width; ++c)
      sum[c] += weights[j - first] * v[c];
  }
  for (int64_t c = 0; c < value.width; ++c)
    out[c] = sum[c] / total;
}

/// Heads are of one width, those of query and key of the same.
static llvm::Error checkHeads(int64_t numHeads, int64_t numKvHeads,
                              const AttentionOperands &operands) {
  int64_t channels = operands.query->shape[1];
  if (channels % numHeads != 0)
    return makeError(ExitCode::Input,
                     "the query of tx.attention has {0} channels, expected a "
                     "multiple of {1} heads",
                     channels, numHeads);
  if (llvm::Error e =
          checkChannels(*operands.key, channels / numHeads * numKvHeads,
                        "the key of tx.attention"))
    return e;
  if (operands.value->shape[1] % numKvHeads != 0)
    return makeError(ExitCode::Input,
                     "the value of tx.attention has {0} channels, expected a "
                     "multiple of {1} heads",
                     operands.value->shape[1], numKvHeads);
  return llvm::Error::success();
}

static llvm::Error checkAttention(MaskKind mask,
                                  const AttentionOperands &operands) {
  if (llvm::Error e = checkSameTokens(*operands.key, *operands.value,
                                      "key and value of tx.attention"))
    return e;
  if (llvm::Error e =
          checkOffsets(*operands.queryOffsets, operands.query->shape[0]))
    return e;
  if (llvm::Error e =
          checkOffsets(*operands.keyOffsets, operands.key->shape[0]))
    return e;
  if (llvm::Error e =
          checkSameTokens(*operands.queryOffsets, *operands.keyOffsets,
                          "query and key offsets of tx.attention"))
    return e;
  if (mask != MaskKind::Causal)
    return llvm::Error::success();
  ArrayRef<int32_t> q = operands.queryOffsets->ints();
  ArrayRef<int32_t> k = operands.keyOffsets->ints();
  for (size_t b = 0; b + 1 < q.size(); ++b)
    if (q[b + 1] - q[b] > k[b + 1] - k[b])
      return makeError(ExitCode::Input,
                       "causal attention: sequence {0} has more queries, {1}, "
                       "than keys, {2}",
                       b, q[b + 1] - q[b], k[b + 1] - k[b]);
  return llvm::Error::success();
}

// query (Tq, H * D), key (Tk, Hkv * D), value (Tk, Hkv * Dv) -> (Tq, H * Dv)
Expected<Tensor> attention(MaskKind mask, int64_t numHeads, int64_t numKvHeads,
                           double scale, const AttentionOperands &operands) {
  if (llvm::Error e = checkHeads(numHeads, numKvHeads, operands))
    return e;
  if (llvm::Error e = checkAttention(mask, operands))
    return e;
  const Tensor &query = *operands.query, &key = *operands.key,
               &value = *operands.value;
  ArrayRef<int32_t> queryOffsets = operands.queryOffsets->ints();
  ArrayRef<int32_t> keyOffsets = operands.keyOffsets->ints();
  int64_t width = query.shape[1] / numHeads;
  int64_t valueWidth = value.shape[1] / numKvHeads;
  Tensor result = makeFloats({query.shape[0], numHeads * valueWidth});
  for (int64_t h = 0; h < numHeads; ++h) {
    int64_t kv = h / (numHeads / numKvHeads);
    HeadView q{query.floats(), query.shape[1], width, h};
    HeadView k{key.floats(), key.shape[1], width, kv};
    HeadView v{value.floats(), value.shape[1], valueWidth, kv};
    for (size_t b = 0; b + 1 < queryOffsets.size(); ++b)
      for (int32_t i = queryOffsets[b]; i < queryOffsets[b + 1]; ++i) {
        int64_t last = keyOffsets[b + 1];
        if (mask == MaskKind::Causal) // the last query sees every key
          last -= queryOffsets[b + 1] - 1 - i;
        float *out = &floats(result)[(i * numHeads + h) * valueWidth];
        attendRow(q.row(i), k, v, keyOffsets[b], last, scale, out);
      }
  }
  return result;
}

} // namespace tx::reference
