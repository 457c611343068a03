//===- Rows.cpp - Reference of ops that work row by row -------------------===//

#include "Ops.h"
#include "tx/Checkpoint/Error.h"
#include <cmath>

using namespace llvm;

namespace tx::reference {

/// Calls `row(in, out)` for each row of x (T, C); the result has x's shape. Ops
/// have statistics of at least one channel.
template <typename Fn>
static Expected<Tensor> mapRows(const Tensor &x, Fn row) {
  int64_t t = x.shape[0], c = x.shape[1];
  if (c == 0)
    return makeError(ExitCode::Input, "rows have no channels");
  Tensor result = makeFloats({t, c});
  for (int64_t i = 0; i < t; ++i)
    row(x.floats().data() + i * c, floats(result).data() + i * c);
  return result;
}

/// Calls `element(x)` for each element.
template <typename Fn>
static Tensor mapElements(const Tensor &x, Fn element) {
  Tensor result = makeFloats(x.shape);
  for (size_t i = 0; i < x.floats().size(); ++i)
    floats(result)[i] = element(double(x.floats()[i]));
  return result;
}

// x (T, C), weight (C), bias (C) -> (T, C)
Expected<Tensor> layerNorm(const Tensor &x, const Tensor &weight,
                           const Tensor &bias, double eps) {
  int64_t c = x.shape[1];
  if (llvm::Error e = checkChannels(weight, c, "the weight of tx.layer_norm"))
    return e;
  if (llvm::Error e = checkChannels(bias, c, "the bias of tx.layer_norm"))
    return e;
  return mapRows(x, [&](const float *in, float *out) {
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < c; ++i)
      mean += in[i];
    mean /= c;
    for (int64_t i = 0; i < c; ++i)
      variance += (in[i] - mean) * (in[i] - mean);
    variance /= c;
    double scale = 1 / std::sqrt(variance + eps);
    for (int64_t i = 0; i < c; ++i)
      out[i] = (in[i] - mean) * scale * weight.floats()[i] + bias.floats()[i];
  });
}

// x (T, C), weight (C) -> (T, C)
Expected<Tensor> rmsNorm(const Tensor &x, const Tensor &weight, double eps) {
  int64_t c = x.shape[1];
  if (llvm::Error e = checkChannels(weight, c, "the weight of tx.rms_norm"))
    return e;
  return mapRows(x, [&](const float *in, float *out) {
    double squares = 0;
    for (int64_t i = 0; i < c; ++i)
      squares += double(in[i]) * in[i];
    double scale = 1 / std::sqrt(squares / c + eps);
    for (int64_t i = 0; i < c; ++i)
      out[i] = in[i] * scale * weight.floats()[i];
  });
}

// x (T, C) -> (T, C)
Expected<Tensor> softmax(const Tensor &x) {
  int64_t c = x.shape[1];
  return mapRows(x, [&](const float *in, float *out) {
    double highest = *std::max_element(in, in + c), total = 0;
    for (int64_t i = 0; i < c; ++i)
      total += std::exp(in[i] - highest);
    for (int64_t i = 0; i < c; ++i)
      out[i] = std::exp(in[i] - highest) / total;
  });
}

// x (T, C) -> (T, C)
Expected<Tensor> normalize(const Tensor &x, double eps) {
  int64_t c = x.shape[1];
  return mapRows(x, [&](const float *in, float *out) {
    double squares = 0;
    for (int64_t i = 0; i < c; ++i)
      squares += double(in[i]) * in[i];
    double length = std::max(std::sqrt(squares), eps);
    for (int64_t i = 0; i < c; ++i)
      out[i] = in[i] / length;
  });
}

static double activate(ActivationKind kind, double x) {
  switch (kind) {
  case ActivationKind::Gelu:
    return x * (1 + std::erf(x * std::sqrt(0.5))) / 2;
  case ActivationKind::GeluTanh:
    return x *
           (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))) /
           2;
  case ActivationKind::Relu:
    return x < 0 ? 0 : x; // keeps NaN, as the framework does
  case ActivationKind::Silu:
    return x / (1 + std::exp(-x));
  case ActivationKind::Tanh:
    return std::tanh(x);
  }
  llvm_unreachable("unknown activation");
}

// x (T, C) -> (T, C)
Expected<Tensor> activation(ActivationKind kind, const Tensor &x) {
  return mapElements(x, [&](double value) { return activate(kind, value); });
}

// lhs (T, C), rhs (T, C) -> (T, C)
Expected<Tensor> add(const Tensor &lhs, const Tensor &rhs) {
  if (llvm::Error e = checkSameTokens(lhs, rhs, "operands of tx.add"))
    return e;
  if (llvm::Error e =
          checkChannels(rhs, lhs.shape.back(), "the second operand of tx.add"))
    return e;
  Tensor result = makeFloats(lhs.shape);
  for (size_t i = 0; i < lhs.floats().size(); ++i)
    floats(result)[i] = double(lhs.floats()[i]) + rhs.floats()[i];
  return result;
}

// lhs (T, C), rhs (T, C) -> (T, C)
Expected<Tensor> mul(const Tensor &lhs, const Tensor &rhs) {
  if (llvm::Error e = checkSameTokens(lhs, rhs, "operands of tx.mul"))
    return e;
  if (llvm::Error e =
          checkChannels(rhs, lhs.shape.back(), "the second operand of tx.mul"))
    return e;
  Tensor result = makeFloats(lhs.shape);
  for (size_t i = 0; i < lhs.floats().size(); ++i)
    floats(result)[i] = double(lhs.floats()[i]) * rhs.floats()[i];
  return result;
}

// x (T, C) -> (T, channels) or (T)
Expected<Tensor> slice(const Tensor &x, int64_t offset, int64_t channels,
                       int64_t rank) {
  int64_t t = x.shape[0], c = x.shape[1];
  if (offset > c || channels < 0 || channels > c - offset)
    return makeError(ExitCode::Input,
                     "tx.slice takes {0} channels from {1} on, of {2}",
                     channels, offset, c);
  Tensor result = rank == 1 ? makeFloats({t}) : makeFloats({t, channels});
  for (int64_t i = 0; i < t; ++i)
    std::copy_n(x.floats().begin() + i * c + offset, channels,
                floats(result).begin() + i * channels);
  return result;
}

} // namespace tx::reference
