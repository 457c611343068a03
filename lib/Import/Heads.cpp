//===- Heads.cpp - The heads of encoders ----------------------------------===//
//
// What stands on the last hidden state. Dropout is absent: it is the identity
// outside of training.
//
//===----------------------------------------------------------------------===//

#include "EncoderBuilder.h"

using namespace mlir;
using namespace tx;

static constexpr double kNormalizeEps = 1e-12; // the framework's default

/// The whole name of the linear layer before the classifier.
static std::string getSequenceDense(const WeightTable &weights,
                                    const Family &family) {
  const SequenceHeadNames &names = family.sequence;
  return names.denseInBody ? weights.inBody(names.dense) : names.dense.str();
}

bool EncoderBuilder::hasHead(const WeightTable &weights, const Family &family,
                             Head head) {
  switch (head) {
  case Head::SequenceClassification:
    return weights.hasWeight(family.sequence.output) &&
           weights.hasWeight(getSequenceDense(weights, family));
  case Head::TokenClassification:
    return weights.hasWeight(family.tokenClassifier);
  case Head::QuestionAnswering:
    return weights.hasWeight(family.questionAnswering);
  case Head::MaskedLm:
    return weights.hasWeight(family.maskedLm.dense);
  case Head::Auto:
  case Head::Encoder:
  case Head::SentenceEmbedding:
    return true;
  }
  llvm_unreachable("all heads are handled");
}

std::vector<Output> EncoderBuilder::buildEncoderHead(Value x) {
  std::vector<Output> outputs = {{"last_hidden_state", x, true}};
  std::string pooler = weights.inBody(family.pooler);
  if (family.pooler.empty() || !weights.hasWeight(pooler))
    return outputs;
  Value pooled = linear(pool(x, PoolKind::Cls), pooler, hidden(), hidden());
  pooled = activate(pooled, ActivationKind::Tanh, "pooler_output");
  outputs.push_back({"pooler_output", pooled, false});
  return outputs;
}

std::vector<Output> EncoderBuilder::buildSequenceHead(Value x) {
  const SequenceHeadNames &names = family.sequence;
  Value first = pool(x, PoolKind::Cls);
  Value features =
      linear(first, getSequenceDense(weights, family), hidden(), hidden());
  features = activate(features, names.activation, "features");
  return {
      {"logits", linear(features, names.output, labels(), hidden()), false}};
}

std::vector<Output> EncoderBuilder::buildTokenHead(Value x) {
  Value logits = linear(x, family.tokenClassifier, labels(), hidden());
  return {{"logits", logits, true}};
}

std::vector<Output> EncoderBuilder::buildQuestionHead(Value x) {
  Value logits =
      linear(x, family.questionAnswering, {2, "start and end"}, hidden());
  return {{"start_logits", slice(logits, 0, "start_logits"), true},
          {"end_logits", slice(logits, 1, "end_logits"), true}};
}

// A decoder with a weight of its own is used whatever config.json says about
// tying, as the framework does; files of older versions hold a copy.
std::vector<Output> EncoderBuilder::buildMaskedLmHead(Value x) {
  const MaskedLmHeadNames &names = family.maskedLm;
  x = linear(x, names.dense, hidden(), hidden());
  x = activate(x, names.activation.value_or(config.activation), "transformed");
  x = layerNorm(x, names.norm);
  bool tied = config.tieWordEmbeddings && !weights.hasWeight(names.decoder);
  std::string decoder =
      tied ? weights.inBody(family.embeddings.words) : names.decoder.str();
  Value weight = weights.getWeight(decoder, {vocabulary(), hidden()});
  std::string decoderBias = names.decoder.str() + ".bias";
  Value bias =
      weights.get(weights.has(decoderBias) ? decoderBias : names.bias.str(),
                  {vocabulary()});
  Value logits =
      LinearOp::create(builder, locate(names.decoder),
                       getActivations(config.vocabSize), x, weight, bias);
  return {{"logits", logits, true}};
}

std::vector<Output>
EncoderBuilder::buildSentenceHead(Value x, const SentenceModules &modules,
                                  ArrayRef<WeightTable *> denseWeights) {
  x = pool(x, modules.pool);
  for (const SentenceStep &step : modules.steps) {
    if (!step.dense) {
      x = NormalizeOp::create(builder, locate("normalize"), x.getType(), x,
                              builder.getF32FloatAttr(kNormalizeEps));
      continue;
    }
    const DenseStep &dense = *step.dense;
    WeightTable &table = *denseWeights.front();
    denseWeights = denseWeights.drop_front();
    Dim outputSize = {dense.outputSize, "out_features"};
    Value weight = table.getWeight(
        "linear", {outputSize, {dense.inputSize, "in_features"}});
    Value bias = dense.hasBias ? table.getBias("linear", outputSize) : Value();
    x = LinearOp::create(builder, locate(dense.folder),
                         getActivations(dense.outputSize), x, weight, bias);
    if (dense.activation)
      x = activate(x, *dense.activation, dense.folder);
  }
  return {{"sentence_embedding", x, false}};
}
