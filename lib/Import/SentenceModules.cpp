//===- SentenceModules.cpp - sentence-transformers folders ----------------===//
//
// The list in modules.json is [encoder, pooling, (dense | normalize)...]. Types
// are Python class paths that moved between versions, so only the last part
// counts.
//
//===----------------------------------------------------------------------===//

#include "SentenceModules.h"
#include "tx/Checkpoint/Json.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"

using namespace tx;
namespace json = llvm::json;
using llvm::StringRef;

static constexpr int64_t kMaxSteps = 32;
static constexpr int64_t kMaxFeatures = 1 << 16;

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

/// The modes that a pooling config turns on: a list of names since version 5.7,
/// a flag for each before.
static std::vector<std::string> readPoolingModes(JsonFields &fields) {
  if (const json::Value *mode = fields.find("pooling_mode"))
    return mode->getAsArray()
               ? fields.stringsOrEmpty("pooling_mode")
               : std::vector<std::string>{fields.stringOr("pooling_mode", "")};
  static constexpr std::pair<StringRef, StringRef> flags[] = {
      {"pooling_mode_cls_token", "cls"},
      {"pooling_mode_mean_tokens", "mean"},
      {"pooling_mode_max_tokens", "max"},
      {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"},
      {"pooling_mode_weightedmean_tokens", "weightedmean"},
      {"pooling_mode_lasttoken", "lasttoken"}};
  bool given = false;
  std::vector<std::string> modes;
  for (auto [flag, name] : flags) {
    given |= fields.find(flag) != nullptr;
    if (fields.booleanOr(flag, false))
      modes.push_back(name.str());
  }
  if (!given)
    modes.push_back("mean");
  return modes;
}

static llvm::Error readPooling(StringRef dir, StringRef folder,
                               SentenceModules &modules) {
  std::string file = joinPath(folder, "config.json");
  llvm::Expected<json::Value> value = readJsonFile(joinPath(dir, file), file);
  if (!value)
    return value.takeError();
  modules.hasPooling = true;
  modules.poolingFolder = folder.str();
  JsonFields fields(*value, file);
  std::vector<std::string> modes = readPoolingModes(fields);
  if (modes.size() != 1 || (modes[0] != "cls" && modes[0] != "mean"))
    fields.fail(ExitCode::Unsupported,
                "the pooling is " + describe(llvm::join(modes, " and ")) +
                    ", expected \"cls\" or \"mean\"");
  if (!fields.booleanOr("include_prompt", true))
    fields.fail(ExitCode::Unsupported,
                "'include_prompt' is false, expected true: tx does not know "
                "which tokens are a prompt's");
  for (StringRef key : {"embedding_dimension", "word_embedding_dimension"})
    if (!modules.pooledSize && fields.find(key))
      modules.pooledSize = fields.integer(key, 1, kMaxFeatures);
  if (modes.size() == 1 && modes[0] == "cls")
    modules.pool = PoolKind::Cls;
  return fields.getError();
}

//===----------------------------------------------------------------------===//
// Dense
//===----------------------------------------------------------------------===//

static std::optional<ActivationKind> readDenseActivation(JsonFields &fields) {
  std::string path = fields.stringOr("activation_function",
                                     "torch.nn.modules.activation.Tanh");
  // Whose code it is matters: a class of another package may do anything.
  StringRef name = StringRef(path).starts_with("torch.")
                       ? StringRef(path).rsplit('.').second
                       : "";
  if (name == "Identity")
    return std::nullopt;
  auto kind = llvm::StringSwitch<std::optional<ActivationKind>>(name)
                  .Case("Tanh", ActivationKind::Tanh)
                  .Case("ReLU", ActivationKind::Relu)
                  .Case("SiLU", ActivationKind::Silu)
                  .Case("GELU", ActivationKind::Gelu)
                  .Default(std::nullopt);
  if (!kind)
    fields.fail(ExitCode::Unsupported,
                "'activation_function' is " + describe(path) +
                    ", expected torch's Tanh, Identity, ReLU, SiLU or GELU");
  return kind;
}

/// Fails where a step reads or writes something else than the sentence's
/// vector.
static void checkFeatureNames(JsonFields &fields) {
  for (StringRef key : {"module_input_name", "module_output_name"}) {
    std::string name = fields.stringOr(key, "sentence_embedding");
    if (name != "sentence_embedding")
      fields.fail(ExitCode::Unsupported,
                  llvm::formatv("'{0}' is {1}, expected \"sentence_embedding\"",
                                key, describe(name))
                      .str());
  }
}

static llvm::Expected<DenseStep> readDense(StringRef dir, StringRef folder) {
  std::string file = joinPath(folder, "config.json");
  llvm::Expected<json::Value> value = readJsonFile(joinPath(dir, file), file);
  if (!value)
    return value.takeError();
  JsonFields fields(*value, file);
  DenseStep step;
  step.folder = folder.str();
  step.inputSize = fields.integer("in_features", 1, kMaxFeatures);
  step.outputSize = fields.integer("out_features", 1, kMaxFeatures);
  step.hasBias = fields.booleanOr("bias", true);
  step.activation = readDenseActivation(fields);
  checkFeatureNames(fields);
  if (fields.booleanOr("use_residual", false))
    fields.fail(ExitCode::Unsupported,
                "'use_residual' is true, expected false");
  if (fields.failed())
    return fields.getError();
  return step;
}

/// A normalize step has a config.json in newer versions, no folder in older.
static llvm::Error checkNormalize(StringRef dir, StringRef folder) {
  std::string file = joinPath(folder, "config.json");
  if (!llvm::sys::fs::exists(joinPath(dir, file)))
    return llvm::Error::success();
  llvm::Expected<json::Value> value = readJsonFile(joinPath(dir, file), file);
  if (!value)
    return value.takeError();
  JsonFields fields(*value, file);
  checkFeatureNames(fields);
  return fields.getError();
}

//===----------------------------------------------------------------------===//
// modules.json
//===----------------------------------------------------------------------===//

static constexpr llvm::StringLiteral kModulesFile = "modules.json";

namespace {
/// An entry of modules.json.
struct ModuleEntry {
  std::string type;   ///< the class, without its Python path
  std::string folder; ///< empty for the model's own
};
} // namespace

bool tx::hasSentenceModules(StringRef dir) {
  return llvm::sys::fs::exists(joinPath(dir, kModulesFile));
}

/// Classes of other packages may have the names of those that tx knows; of
/// interest is only the folder if there is no more than the encoder to read.
static llvm::Expected<ModuleEntry> readEntry(const json::Value &value,
                                             bool isEncoderOnly) {
  JsonFields fields(value, kModulesFile);
  ModuleEntry entry;
  std::string path = fields.stringOr("type", "");
  if (!isEncoderOnly && !path.empty() &&
      !StringRef(path).starts_with("sentence_transformers."))
    fields.fail(ExitCode::Unsupported,
                "'type' is " + describe(path) +
                    ", expected a class of sentence_transformers");
  entry.type = path.substr(path.rfind('.') + 1);
  entry.folder = fields.stringOr("path", "");
  if (!fields.failed() && entry.type.empty())
    fields.failMember("type", "a module's class");
  if (!entry.folder.empty() && !isPlainName(entry.folder))
    fields.failMember("path", "the plain name of a folder");
  if (fields.failed())
    return fields.getError();
  return entry;
}

/// Adds the step of `entry`, which comes after the pooling.
static llvm::Error addStep(StringRef dir, const ModuleEntry &entry,
                           SentenceModules &modules) {
  if (entry.type == "Dropout") // the identity outside of training
    return llvm::Error::success();
  if (entry.type == "Normalize") {
    modules.steps.emplace_back();
    return checkNormalize(dir, entry.folder);
  }
  if (entry.type != "Dense")
    return makeError(ExitCode::Unsupported,
                     "{0}: the module {1} is not supported after the encoder, "
                     "expected Pooling, Dense or Normalize",
                     kModulesFile, describe(entry.type));
  llvm::Expected<DenseStep> dense = readDense(dir, entry.folder);
  if (!dense)
    return dense.takeError();
  modules.steps.push_back({std::move(*dense)});
  return llvm::Error::success();
}

llvm::Expected<SentenceModules> tx::readSentenceModules(StringRef dir,
                                                        bool isEncoderOnly) {
  llvm::Expected<json::Value> value =
      readJsonFile(joinPath(dir, kModulesFile), kModulesFile);
  if (!value)
    return value.takeError();
  const json::Array *list = value->getAsArray();
  if (!list || list->empty() || list->size() > size_t(kMaxSteps))
    return makeError(ExitCode::Malformed,
                     "{0}: is {1}, expected a list of 1 to {2} modules",
                     kModulesFile, describe(*value), kMaxSteps);
  SentenceModules modules;
  for (auto [index, element] : llvm::enumerate(*list)) {
    llvm::Expected<ModuleEntry> entry = readEntry(element, isEncoderOnly);
    if (!entry)
      return entry.takeError();
    constexpr StringRef expected[] = {"Transformer", "Pooling"};
    if (index < 2 && entry->type != expected[index])
      return makeError(ExitCode::Unsupported,
                       "{0}: module {1} is {2}, expected {3}", kModulesFile,
                       index, describe(entry->type), expected[index]);
    if (index == 0)
      modules.encoderFolder = entry->folder;
    if (isEncoderOnly)
      break;
    if (index == 0)
      continue;
    if (llvm::Error error = index == 1
                                ? readPooling(dir, entry->folder, modules)
                                : addStep(dir, *entry, modules))
      return std::move(error);
  }
  return modules;
}

//===----------------------------------------------------------------------===//
// Lengths of texts
//===----------------------------------------------------------------------===//

static constexpr llvm::StringLiteral kTextFiles[] = {
    "sentence_bert_config.json", "sentence_roberta_config.json",
    "sentence_distilbert_config.json", "sentence_xlm-roberta_config.json"};

llvm::Expected<bool> tx::readTokenizerLowercase(StringRef dir) {
  for (StringRef file : kTextFiles) {
    std::string path = joinPath(dir, file);
    if (!llvm::sys::fs::exists(path))
      continue;
    llvm::Expected<json::Value> value = readJsonFile(path, file);
    if (!value)
      return value.takeError();
    JsonFields fields(*value, file);
    bool isLower = fields.booleanOr("do_lower_case", false);
    if (fields.failed())
      return fields.getError();
    return isLower;
  }
  return false;
}

/// The number called `key` of `file`, if there is such a file and number.
static llvm::Expected<std::optional<int64_t>>
readLength(StringRef dir, StringRef file, StringRef key, int64_t most) {
  std::string path = joinPath(dir, file);
  if (!llvm::sys::fs::exists(path))
    return std::nullopt;
  llvm::Expected<json::Value> value = readJsonFile(path, file);
  if (!value)
    return value.takeError();
  JsonFields fields(*value, file);
  double length = fields.numberOr(key, 0.0, 1.0, 1e300);
  if (fields.failed())
    return fields.getError();
  // The framework writes 1e30 for "no limit".
  if (length == 0.0 || length > 1e9)
    return std::nullopt;
  return std::min(static_cast<int64_t>(length), most);
}

llvm::Expected<std::optional<int64_t>>
tx::readTokenizerLength(StringRef dir, int64_t maxLength) {
  for (StringRef file : kTextFiles) {
    auto length = readLength(dir, file, "max_seq_length", maxLength);
    if (!length || *length)
      return length;
  }
  return readLength(dir, "tokenizer_config.json", "model_max_length",
                    maxLength);
}
