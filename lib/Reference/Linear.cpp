//===- Linear.cpp - Reference of linear, embedding and ffn ----------------===//

#include "Ops.h"
#include "tx/Checkpoint/Error.h"

using namespace llvm;

namespace tx::reference {

/// weight (N, K) in double, transposed to (K, N): the loops below then add a
/// row at a time, each sum still in the order of k.
static std::vector<double> transpose(const Tensor &weight) {
  int64_t n = weight.shape[0], k = weight.shape[1];
  ArrayRef<float> from = weight.floats();
  std::vector<double> to(from.size());
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < k; ++j)
      to[j * n + i] = from[i * k + j];
  return to;
}

// x (T, K), weight (N, K), bias (N) -> (T, N)
Expected<Tensor> linear(const Tensor &x, const Tensor &weight,
                        const Tensor *bias) {
  int64_t t = x.shape[0], k = x.shape[1], n = weight.shape[0];
  if (weight.shape[1] != k)
    return makeError(ExitCode::Input,
                     "tx.linear: x has {0} channels, the weight {1} columns", k,
                     weight.shape[1]);
  if (bias)
    if (llvm::Error e = checkChannels(*bias, n, "the bias of tx.linear"))
      return e;
  std::vector<double> columns = transpose(weight);
  ArrayRef<float> in = x.floats();
  Tensor result = makeFloats({t, n});
  std::vector<float> &out = floats(result);
  std::vector<double> sum(n);
  for (int64_t row = 0; row < t; ++row) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (int64_t j = 0; j < k; ++j) {
      double factor = in[row * k + j];
      const double *column = &columns[j * n];
      for (int64_t i = 0; i < n; ++i)
        sum[i] += factor * column[i];
    }
    for (int64_t i = 0; i < n; ++i)
      out[row * n + i] = sum[i] + (bias ? double(bias->floats()[i]) : 0.0);
  }
  return result;
}

// table (V, C), indices (T) -> (T, C)
Expected<Tensor> embedding(const Tensor &table, const Tensor &indices) {
  int64_t t = indices.shape[0], rows = table.shape[0], c = table.shape[1];
  Tensor result = makeFloats({t, c});
  for (int64_t i = 0; i < t; ++i) {
    int32_t index = indices.ints()[i];
    if (index < 0 || index >= rows)
      return makeError(ExitCode::Input,
                       "index {0} of token {1} is outside of its table, which "
                       "has {2} rows",
                       index, i, rows);
    std::copy_n(table.floats().begin() + index * c, c,
                floats(result).begin() + i * c);
  }
  return result;
}

// x (T, C), up and gate (F, C), down (C', F) -> (T, C'). A composite: its value
// is that of its parts, their rounding included.
Expected<Tensor> ffn(ActivationKind kind, const FfnOperands &operands) {
  Expected<Tensor> up = linear(*operands.x, *operands.up, operands.upBias);
  if (!up)
    return up.takeError();
  if (!operands.gate) {
    Expected<Tensor> hidden = activation(kind, *up);
    if (!hidden)
      return hidden.takeError();
    return linear(*hidden, *operands.down, operands.downBias);
  }
  Expected<Tensor> gate =
      linear(*operands.x, *operands.gate, operands.gateBias);
  if (!gate)
    return gate.takeError();
  Expected<Tensor> opened = activation(kind, *gate);
  if (!opened)
    return opened.takeError();
  Expected<Tensor> hidden = mul(*opened, *up);
  if (!hidden)
    return hidden.takeError();
  return linear(*hidden, *operands.down, operands.downBias);
}

} // namespace tx::reference
