//===- EncoderBuilder.cpp - The body of an encoder ------------------------===//
//
// Embeddings, then layers of attention and feed-forward, each followed by a
// residual sum and a layer normalisation (Devlin et al. 2019; post-norm as in
// Vaswani et al. 2017). Ops carry the names of what they compute as locations.
//
//===----------------------------------------------------------------------===//

#include "EncoderBuilder.h"
#include <cmath>

using namespace mlir;
using namespace tx;

//===----------------------------------------------------------------------===//
// Single ops
//===----------------------------------------------------------------------===//

Location EncoderBuilder::locate(StringRef name) const {
  return NameLoc::get(builder.getStringAttr(weights.shorten(name)));
}

RankedTensorType EncoderBuilder::getActivations(int64_t channels) const {
  return RankedTensorType::get({ShapedType::kDynamic, channels},
                               builder.getF32Type());
}

Value EncoderBuilder::embed(StringRef name, Dim rows, Value indices) {
  Value table = weights.getWeight(weights.inBody(name), {rows, hidden()});
  return EmbeddingOp::create(builder, locate(name),
                             getActivations(config.hiddenSize), table, indices);
}

Value EncoderBuilder::linear(Value x, StringRef name, Dim outputs,
                             Dim inputChannels) {
  Value weight = weights.getWeight(name, {outputs, inputChannels});
  Value bias = weights.getBias(name, outputs);
  return LinearOp::create(builder, locate(name), getActivations(outputs.size),
                          x, weight, bias);
}

Value EncoderBuilder::layerNorm(Value x, StringRef name) {
  Value weight = weights.getWeight(name, {hidden()});
  Value bias = weights.getBias(name, hidden());
  return LayerNormOp::create(builder, locate(name), x.getType(), x, weight,
                             bias,
                             builder.getF32FloatAttr(config.layerNormEps));
}

Value EncoderBuilder::activate(Value x, ActivationKind kind, StringRef name) {
  return ActivationOp::create(builder, locate(name), x.getType(), kind, x);
}

Value EncoderBuilder::add(Value lhs, Value rhs, StringRef name) {
  return AddOp::create(builder, locate(name), lhs.getType(), lhs, rhs);
}

Value EncoderBuilder::pool(Value x, PoolKind kind) {
  return PoolOp::create(builder, locate("pool"), x.getType(), kind, x,
                        inputs.offsets);
}

Value EncoderBuilder::slice(Value x, int64_t channel, StringRef name) {
  auto type =
      RankedTensorType::get({ShapedType::kDynamic}, builder.getF32Type());
  return SliceOp::create(builder, locate(name), type, x,
                         static_cast<uint64_t>(channel));
}

//===----------------------------------------------------------------------===//
// The body
//===----------------------------------------------------------------------===//

Value EncoderBuilder::buildBody() {
  Value x = buildEmbeddings();
  for (int64_t layer = 0; layer < config.numLayers; ++layer)
    x = buildLayer(x, layer);
  return x;
}

// The order of the sums is the framework's: words, types, positions.
Value EncoderBuilder::buildEmbeddings() {
  const EmbeddingNames &names = family.embeddings;
  Value x = embed(names.words, vocabulary(), inputs.ids);
  if (family.hasTokenTypes()) {
    Value types = embed(names.types, {config.typeVocabSize, "type_vocab_size"},
                        inputs.types);
    x = add(x, types, "embeddings.words_and_types");
  }
  Value positions =
      embed(names.positions, {config.maxPositions, "max_position_embeddings"},
            inputs.positions);
  x = add(x, positions, "embeddings.sum");
  return layerNorm(x, weights.inBody(names.norm));
}

Value EncoderBuilder::buildLayer(Value x, int64_t layer) {
  std::string scope =
      weights.inBody((family.layer.layers + std::to_string(layer) + ".").str());
  Value attention = buildAttention(x, scope);
  x = add(attention, x, scope + "attention.residual");
  x = layerNorm(x, scope + family.layer.attentionNorm.str());
  Value feedForward = buildFfn(x, scope);
  x = add(feedForward, x, scope + "ffn.residual");
  return layerNorm(x, scope + family.layer.ffnNorm.str());
}

Value EncoderBuilder::buildAttention(Value x, StringRef scope) {
  const LayerNames &names = family.layer;
  auto project = [&](Value from, StringRef name) {
    return linear(from, (scope + name).str(), hidden(), hidden());
  };
  Value query = project(x, names.query);
  Value key = project(x, names.key);
  Value value = project(x, names.value);
  double scale = 1.0 / std::sqrt(static_cast<double>(config.getHeadSize()));
  uint64_t heads = config.numHeads;
  Value mixed = AttentionOp::create(
      builder, locate((scope + "attention").str()), query.getType(),
      MaskKind::Full, query, key, value, inputs.offsets, inputs.offsets,
      /*tiles=*/Value(), heads, heads,
      llvm::APFloat(static_cast<float>(scale)));
  return project(mixed, names.attentionOutput);
}

Value EncoderBuilder::buildFfn(Value x, StringRef scope) {
  std::string up = (scope + family.layer.ffnUp).str();
  std::string down = (scope + family.layer.ffnDown).str();
  Value upWeight = weights.getWeight(up, {ffn(), hidden()});
  Value upBias = weights.getBias(up, ffn());
  Value downWeight = weights.getWeight(down, {hidden(), ffn()});
  Value downBias = weights.getBias(down, hidden());
  return FfnOp::create(builder, locate((scope + "ffn").str()), x.getType(),
                       config.activation, x, upWeight, upBias,
                       /*gate=*/Value(), /*gate_bias=*/Value(), downWeight,
                       downBias);
}
