//===- Ops.h - Evaluators of tx ops -----------------------------*- C++ -*-===//
//
// One function per op, on values. T is the number of tokens, B of sequences, C
// of channels. Every element is computed in double and rounded to f32 once.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_REFERENCE_OPS_H
#define TX_LIB_REFERENCE_OPS_H

#include "tx/Reference/Interpreter.h"

namespace tx::reference {

/// A tensor of zeros.
Tensor makeFloats(llvm::ArrayRef<int64_t> shape);
Tensor makeInts(llvm::ArrayRef<int64_t> shape);
std::vector<float> &floats(Tensor &tensor);
std::vector<int32_t> &ints(Tensor &tensor);

/// Fails unless `tensors` agree in dimension 0. `what` names them.
llvm::Error checkSameTokens(const Tensor &lhs, const Tensor &rhs,
                            llvm::StringRef what);
/// Fails unless `tensor` has `channels` in its last dimension, where types
/// leave sizes open. `what` names it.
llvm::Error checkChannels(const Tensor &tensor, int64_t channels,
                          llvm::StringRef what);
/// Fails unless `offsets` begin at 0, ascend and end at `tokens`.
llvm::Error checkOffsets(const Tensor &offsets, int64_t tokens);

// Linear.cpp
llvm::Expected<Tensor> linear(const Tensor &x, const Tensor &weight,
                              const Tensor *bias);
llvm::Expected<Tensor> embedding(const Tensor &table, const Tensor &indices);

/// The operands of tx.ffn; null where optional ones are missing.
struct FfnOperands {
  const Tensor *x, *up, *upBias, *gate, *gateBias, *down, *downBias;
};
llvm::Expected<Tensor> ffn(ActivationKind kind, const FfnOperands &operands);

// Attention.cpp
struct AttentionOperands {
  const Tensor *query, *key, *value, *queryOffsets, *keyOffsets;
};
llvm::Expected<Tensor> attention(MaskKind mask, int64_t numHeads,
                                 int64_t numKvHeads, double scale,
                                 const AttentionOperands &operands);

// Rows.cpp
llvm::Expected<Tensor> layerNorm(const Tensor &x, const Tensor &weight,
                                 const Tensor &bias, double eps);
llvm::Expected<Tensor> rmsNorm(const Tensor &x, const Tensor &weight,
                               double eps);
llvm::Expected<Tensor> softmax(const Tensor &x);
llvm::Expected<Tensor> normalize(const Tensor &x, double eps);
llvm::Expected<Tensor> activation(ActivationKind kind, const Tensor &x);
llvm::Expected<Tensor> add(const Tensor &lhs, const Tensor &rhs);
llvm::Expected<Tensor> mul(const Tensor &lhs, const Tensor &rhs);
/// `channels` channels from `offset`; with rank 1 the result is (T).
llvm::Expected<Tensor> slice(const Tensor &x, int64_t offset, int64_t channels,
                             int64_t rank);

// Tokens.cpp
/// Packed inputs, then offsets, then positions. `padId` has a value exactly
/// when positions are counted without padding.
llvm::Expected<std::vector<Tensor>>
packTokens(std::optional<int64_t> padId, const Tensor &mask,
           llvm::ArrayRef<const Tensor *> inputs);
llvm::Expected<Tensor> unpackTokens(const Tensor &tokens, const Tensor &offsets,
                                    const Tensor &mask);
llvm::Expected<Tensor> positions(std::optional<int64_t> padId,
                                 const Tensor &ids, const Tensor &offsets);
llvm::Expected<Tensor> planTiles(const Tensor &offsets, int64_t rows);
llvm::Expected<Tensor> pool(PoolKind kind, const Tensor &x,
                            const Tensor &offsets);

} // namespace tx::reference

#endif // TX_LIB_REFERENCE_OPS_H
