//===- Config.cpp - Checked config.json -----------------------------------===//

#include "tx/Import/Config.h"
#include "tx/Checkpoint/Json.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace tx;
namespace json = llvm::json;
using llvm::StringRef;

// Far above every model there is; low enough that products of any two, in
// bytes, fit 64 bits with room to spare.
static constexpr int64_t kMaxHiddenSize = 1 << 16;
static constexpr int64_t kMaxLayers = 1 << 10;
static constexpr int64_t kMaxFfnSize = 1 << 20;
static constexpr int64_t kMaxVocabSize = 1 << 24;
static constexpr int64_t kMaxPositions = 1 << 20;
static constexpr int64_t kMaxTypes = 1 << 16;
static constexpr int64_t kMaxLabels = 1 << 20;
static constexpr double kMaxLayerNormEps = 1.0;

/// The family of `model_type`, or a failure that lists the supported ones.
static const Family *readFamily(JsonFields &fields) {
  std::string type = fields.stringOr("model_type", "");
  if (fields.failed())
    return nullptr;
  auto supported = llvm::map_range(
      getFamilies(), [](const Family *family) { return family->name; });
  std::string names = llvm::join(supported, ", ");
  if (type.empty()) {
    fields.failMember("model_type", "one of " + names);
    return nullptr;
  }
  const Family *family = findFamily(type);
  if (!family)
    fields.fail(ExitCode::Unsupported, "'model_type' is " + describe(type) +
                                           ", expected one of " + names);
  return family;
}

/// The function that the framework calls `name`. `gelu_new`, `gelu_fast` and
/// the like are one formula, written in different ways.
static std::optional<ActivationKind> parseActivation(StringRef name) {
  return llvm::StringSwitch<std::optional<ActivationKind>>(name)
      .Cases({"gelu", "gelu_python"}, ActivationKind::Gelu)
      .Cases({"gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh",
              "gelu_python_tanh"},
             ActivationKind::GeluTanh)
      .Case("relu", ActivationKind::Relu)
      .Cases({"silu", "swish"}, ActivationKind::Silu)
      .Case("tanh", ActivationKind::Tanh)
      .Default(std::nullopt);
}

static ActivationKind readActivation(JsonFields &fields, StringRef key) {
  std::string name = fields.stringOr(key, "gelu");
  std::optional<ActivationKind> kind = parseActivation(name);
  if (!kind)
    fields.fail(ExitCode::Unsupported,
                llvm::formatv("'{0}' is {1}, expected one of gelu, gelu_new, "
                              "gelu_fast, gelu_pytorch_tanh, relu, silu, "
                              "swish, tanh",
                              key, describe(name))
                    .str());
  return kind.value_or(ActivationKind::Gelu);
}

/// Fails for what changes the computation and tx does not know.
static void refuseVariants(JsonFields &fields) {
  for (StringRef key : {"is_decoder", "add_cross_attention"})
    if (fields.booleanOr(key, false))
      fields.fail(
          ExitCode::Unsupported,
          llvm::formatv("'{0}' is true; tx compiles encoders only", key).str());
  std::string positions =
      fields.stringOr("position_embedding_type", "absolute");
  if (positions != "absolute")
    fields.fail(ExitCode::Unsupported, "'position_embedding_type' is " +
                                           describe(positions) +
                                           ", expected \"absolute\"");
  if (fields.find("quantization_config"))
    fields.fail(ExitCode::Unsupported,
                "'quantization_config' is given; tx reads checkpoints whose "
                "weights are F32, F16 or BF16");
  const json::Value *pruned = fields.find("pruned_heads");
  if (!pruned)
    return;
  if (!pruned->getAsObject())
    fields.failMember("pruned_heads", "an object");
  else if (!pruned->getAsObject()->empty())
    fields.fail(ExitCode::Unsupported, "'pruned_heads' is " +
                                           describe(*pruned) +
                                           ", expected no head to be pruned");
}

/// The label called `key` of `id2label`, or a failure.
static std::string readLabel(JsonFields &fields, const json::Object &labels,
                             const std::string &key) {
  const json::Value *label = labels.get(key);
  if (label && label->getAsString())
    return label->getAsString()->str();
  if (label && label->getAsInteger())
    return std::to_string(*label->getAsInteger());
  fields.fail(ExitCode::Malformed,
              llvm::formatv("'id2label' has {0} for label {1} of {2}, expected "
                            "a string",
                            label ? describe(*label) : "nothing", key,
                            labels.size())
                  .str());
  return "";
}

/// The names of the classes in order; as the framework, LABEL_0 and so on
/// where config.json names none, and two classes where it says nothing.
static std::vector<std::string> readLabels(JsonFields &fields) {
  std::vector<std::string> labels;
  const json::Value *named = fields.find("id2label");
  if (named && !named->getAsObject())
    fields.failMember("id2label", "an object");
  int64_t count = fields.integerOr("num_labels", named ? 0 : 2, 1, kMaxLabels);
  if (fields.failed())
    return labels;
  if (!named) {
    for (int64_t i = 0; i < count; ++i)
      labels.push_back("LABEL_" + std::to_string(i));
    return labels;
  }
  const json::Object &names = *named->getAsObject();
  for (size_t i = 0; i < names.size() && !fields.failed(); ++i)
    labels.push_back(readLabel(fields, names, std::to_string(i)));
  if (count != 0 && count != static_cast<int64_t>(labels.size()))
    fields.failMember(
        "num_labels",
        llvm::formatv("{0}, as 'id2label' names", labels.size()).str());
  return labels;
}

/// Fails where numbers that are each in range contradict one another.
static void checkConsistency(JsonFields &fields, const ModelConfig &config) {
  if (fields.failed())
    return;
  const FieldNames &names = config.family->fields;
  if (config.hiddenSize % config.numHeads != 0)
    fields.fail(ExitCode::Malformed,
                llvm::formatv("'{0}' is {1}, expected a multiple of '{2}', {3}",
                              names.hiddenSize, config.hiddenSize,
                              names.numHeads, config.numHeads)
                    .str());
  if (config.getMaxLength() < 1)
    fields.fail(ExitCode::Malformed,
                llvm::formatv(
                    "'max_position_embeddings' is {0}, expected more than {1}, "
                    "where positions begin ('pad_token_id' + 1)",
                    config.maxPositions, config.getPositionBase())
                    .str());
}

llvm::Expected<ModelConfig> tx::parseConfig(StringRef text, StringRef name) {
  llvm::Expected<json::Value> value = parseJson(text, name);
  if (!value)
    return value.takeError();
  JsonFields fields(*value, name);
  const Family *family = readFamily(fields);
  if (!family)
    return fields.getError();

  ModelConfig config;
  config.family = family;
  refuseVariants(fields);
  const FieldNames &names = family->fields;
  config.hiddenSize = fields.integer(names.hiddenSize, 1, kMaxHiddenSize);
  config.numLayers = fields.integer(names.numLayers, 1, kMaxLayers);
  config.numHeads = fields.integer(names.numHeads, 1, kMaxHiddenSize);
  config.ffnSize = fields.integer(names.ffnSize, 1, kMaxFfnSize);
  config.vocabSize = fields.integer("vocab_size", 1, kMaxVocabSize);
  config.maxPositions =
      fields.integer("max_position_embeddings", 1, kMaxPositions);
  config.typeVocabSize =
      family->hasTokenTypes()
          ? fields.integerOr("type_vocab_size", 2, 1, kMaxTypes)
          : 0;
  config.padId = fields.integerOr("pad_token_id", family->defaultPadId, 0,
                                  config.vocabSize - 1);
  config.layerNormEps =
      family->layerNormEps
          ? *family->layerNormEps
          : fields.numberOr("layer_norm_eps", 1e-12, 0.0, kMaxLayerNormEps);
  config.activation = readActivation(fields, names.activation);
  config.tieWordEmbeddings = fields.booleanOr("tie_word_embeddings", true);
  config.architectures = fields.stringsOrEmpty("architectures");
  config.labels = readLabels(fields);
  checkConsistency(fields, config);
  if (fields.failed())
    return fields.getError();
  return config;
}
