//===- Import.cpp - Checkpoints to tx IR ----------------------------------===//
//
// Reads the folder, chooses the head, and builds the module: @encoder with body
// and head, then the two entries that call it.
//
//===----------------------------------------------------------------------===//

#include "tx/Import/Import.h"
#include "EncoderBuilder.h"
#include "Entries.h"
#include "mlir/IR/Verifier.h"
#include "tx/Checkpoint/Json.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace tx;

//===----------------------------------------------------------------------===//
// Heads by name
//===----------------------------------------------------------------------===//

static constexpr std::pair<Head, StringLiteral> kHeadNames[] = {
    {Head::Auto, "auto"},
    {Head::Encoder, "encoder"},
    {Head::SentenceEmbedding, "sentence-embedding"},
    {Head::SequenceClassification, "sequence-classification"},
    {Head::TokenClassification, "token-classification"},
    {Head::QuestionAnswering, "question-answering"},
    {Head::MaskedLm, "masked-lm"}};

StringRef tx::getName(Head head) {
  for (auto [known, name] : kHeadNames)
    if (known == head)
      return name;
  llvm_unreachable("all heads have a name");
}

std::optional<Head> tx::parseHead(StringRef name) {
  for (auto [head, known] : kHeadNames)
    if (known == name)
      return head;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// The folder
//===----------------------------------------------------------------------===//

namespace {
/// A model folder, read and checked. Tables of weights point into it.
struct ModelFolder {
  std::string encoderFolder; ///< within the folder, empty for itself
  std::string configFile;    ///< config.json, as messages call it
  ModelConfig config;
  std::optional<SentenceModules> sentence;
  std::optional<int64_t> tokenizerLength;
  bool tokenizerLowercase = false;
  std::optional<Checkpoint> checkpoint;
  std::vector<std::pair<const DenseStep *, Checkpoint>> dense;
};
} // namespace

/// Fails unless each step's size is what the step before gives.
static llvm::Error checkSizes(const SentenceModules &modules,
                              const ModelConfig &config) {
  int64_t size = modules.pooledSize.value_or(config.hiddenSize);
  if (size != config.hiddenSize)
    return makeError(ExitCode::Malformed,
                     "{0}/config.json: the dimension is {1}, expected {2}, the "
                     "model's '{3}'",
                     modules.poolingFolder, size, config.hiddenSize,
                     config.family->fields.hiddenSize);
  for (const SentenceStep &step : modules.steps) {
    if (!step.dense)
      continue;
    if (step.dense->inputSize != size)
      return makeError(ExitCode::Malformed,
                       "{0}/config.json: 'in_features' is {1}, expected {2}, "
                       "the size of what comes before",
                       step.dense->folder, step.dense->inputSize, size);
    size = step.dense->outputSize;
  }
  return llvm::Error::success();
}

/// Reads what the sentence-transformers files say, where they matter: for
/// their head, or to find an encoder that lies in a folder of its own.
static llvm::Error readSentenceFiles(StringRef dir, Head head,
                                     ModelFolder &folder) {
  bool hasSentenceHead = head == Head::Auto || head == Head::SentenceEmbedding;
  bool wanted =
      hasSentenceHead || !llvm::sys::fs::exists(joinPath(dir, "config.json"));
  if (!wanted || !hasSentenceModules(dir))
    return llvm::Error::success();
  llvm::Expected<SentenceModules> modules =
      readSentenceModules(dir, /*isEncoderOnly=*/!hasSentenceHead);
  if (!modules) {
    llvm::Error error = modules.takeError();
    return head == Head::Auto
               ? withHint(std::move(error),
                          "--head=encoder compiles the encoder alone")
               : std::move(error);
  }
  folder.encoderFolder = modules->encoderFolder;
  if (modules->hasPooling)
    folder.sentence = std::move(*modules);
  return llvm::Error::success();
}

static llvm::Error openCheckpoints(StringRef dir, Head head,
                                   ModelFolder &folder) {
  llvm::Expected<Checkpoint> checkpoint =
      Checkpoint::open(joinPath(dir, folder.encoderFolder));
  if (!checkpoint)
    return checkpoint.takeError();
  folder.checkpoint.emplace(std::move(*checkpoint));
  if (!folder.sentence)
    return llvm::Error::success();
  for (const SentenceStep &step : folder.sentence->steps) {
    if (!step.dense)
      continue;
    llvm::Expected<Checkpoint> dense =
        Checkpoint::open(joinPath(dir, step.dense->folder));
    if (!dense)
      return dense.takeError();
    folder.dense.emplace_back(&*step.dense, std::move(*dense));
  }
  return llvm::Error::success();
}

static llvm::Error readFolder(StringRef dir, Head head, ModelFolder &folder) {
  if (llvm::Error error = readSentenceFiles(dir, head, folder))
    return error;
  folder.configFile = joinPath(folder.encoderFolder, "config.json");
  llvm::Expected<std::string> text =
      readTextFile(joinPath(dir, folder.configFile));
  if (!text)
    return text.takeError();
  llvm::Expected<ModelConfig> config = parseConfig(*text, folder.configFile);
  if (!config)
    return config.takeError();
  folder.config = std::move(*config);
  llvm::Expected<std::optional<int64_t>> length = readTokenizerLength(
      joinPath(dir, folder.encoderFolder), folder.config.getMaxLength());
  if (!length)
    return length.takeError();
  folder.tokenizerLength = *length;
  llvm::Expected<bool> isLower =
      readTokenizerLowercase(joinPath(dir, folder.encoderFolder));
  if (!isLower)
    return isLower.takeError();
  folder.tokenizerLowercase = *isLower;
  if (folder.sentence)
    if (llvm::Error error = checkSizes(*folder.sentence, folder.config))
      return error;
  return openCheckpoints(dir, head, folder);
}

//===----------------------------------------------------------------------===//
// The choice of the head
//===----------------------------------------------------------------------===//

static constexpr Head kBuildableHeads[] = {Head::Encoder,
                                           Head::SentenceEmbedding,
                                           Head::SequenceClassification,
                                           Head::TokenClassification,
                                           Head::QuestionAnswering,
                                           Head::MaskedLm};

/// The head of class `architecture`, "BertForMaskedLM" say.
static llvm::Expected<Head> getArchitectureHead(StringRef architecture,
                                                const ModelFolder &folder) {
  static constexpr std::pair<StringLiteral, Head> heads[] = {
      {"Model", Head::Encoder},
      {"ForPreTraining", Head::Encoder},
      {"ForSequenceClassification", Head::SequenceClassification},
      {"ForTokenClassification", Head::TokenClassification},
      {"ForQuestionAnswering", Head::QuestionAnswering},
      {"ForMaskedLM", Head::MaskedLm}};
  StringRef rest = architecture;
  if (rest.consume_front(folder.config.family->architecture))
    for (auto [suffix, head] : heads)
      if (rest == suffix)
        return head;
  auto names = llvm::map_range(heads, [&](const auto &entry) {
    return (folder.config.family->architecture + entry.first).str();
  });
  return withHint(makeError(ExitCode::Unsupported,
                            "{0}: the architecture is {1}, expected one of {2}",
                            folder.configFile, describe(architecture),
                            llvm::join(names, ", ")),
                  "--head=encoder compiles the encoder alone");
}

static llvm::Expected<Head> chooseHead(Head head, const ModelFolder &folder) {
  if (head != Head::Auto)
    return head;
  if (folder.sentence)
    return Head::SentenceEmbedding;
  if (folder.config.architectures.empty())
    return Head::Encoder;
  return getArchitectureHead(folder.config.architectures.front(), folder);
}

/// Fails, listing the possible heads, unless the checkpoint has `head`'s
/// weights.
static llvm::Error checkHead(Head head, const ModelFolder &folder,
                             const WeightTable &weights) {
  const Family &family = *folder.config.family;
  if (EncoderBuilder::hasHead(weights, family, head))
    return llvm::Error::success();
  SmallVector<StringRef> possible;
  for (Head other : kBuildableHeads)
    if (EncoderBuilder::hasHead(weights, family, other))
      possible.push_back(getName(other));
  return makeError(ExitCode::Unsupported,
                   "the checkpoint has no weights of the head '{0}', expected "
                   "one of {1}",
                   getName(head), llvm::join(possible, ", "));
}

//===----------------------------------------------------------------------===//
// The module
//===----------------------------------------------------------------------===//

/// The dictionary `tx.model`.
static DictionaryAttr describeModel(OpBuilder &builder, Head head,
                                    const ModelFolder &folder) {
  const ModelConfig &config = folder.config;
  SmallVector<NamedAttribute> entries;
  auto add = [&](StringRef name, Attribute value) {
    entries.push_back(builder.getNamedAttr(name, value));
  };
  auto addNumber = [&](StringRef name, int64_t value) {
    add(name, builder.getI64IntegerAttr(value));
  };
  add("family", builder.getStringAttr(config.family->name));
  add("head", builder.getStringAttr(getName(head)));
  addNumber("max_length", config.getMaxLength());
  addNumber("position_base", config.getPositionBase());
  addNumber("pad_id", config.padId);
  addNumber("hidden_size", config.hiddenSize);
  addNumber("num_layers", config.numLayers);
  addNumber("num_heads", config.numHeads);
  addNumber("vocab_size", config.vocabSize);
  if (folder.tokenizerLength)
    addNumber("tokenizer_max_length", *folder.tokenizerLength);
  if (folder.tokenizerLowercase)
    add("tokenizer_lowercase", builder.getBoolAttr(true));
  if (head == Head::SequenceClassification ||
      head == Head::TokenClassification) {
    SmallVector<StringRef> labels(config.labels.begin(), config.labels.end());
    add("labels", builder.getStrArrayAttr(labels));
  }
  return builder.getDictionaryAttr(entries);
}

static std::vector<Output> buildHead(EncoderBuilder &encoder, Head head,
                                     const ModelFolder &folder, Value x,
                                     ArrayRef<WeightTable *> dense) {
  switch (head) {
  case Head::SequenceClassification:
    return encoder.buildSequenceHead(x);
  case Head::TokenClassification:
    return encoder.buildTokenHead(x);
  case Head::QuestionAnswering:
    return encoder.buildQuestionHead(x);
  case Head::MaskedLm:
    return encoder.buildMaskedLmHead(x);
  case Head::SentenceEmbedding:
    // Without files that say otherwise, the mean of the tokens, as
    // sentence-transformers does.
    return encoder.buildSentenceHead(
        x, folder.sentence.value_or(SentenceModules()), dense);
  case Head::Auto:
  case Head::Encoder:
    return encoder.buildEncoderHead(x);
  }
  llvm_unreachable("all heads are handled");
}

/// Builds @encoder into `module`; what it returns.
static llvm::Expected<std::vector<Output>>
buildEncoder(ModuleOp module, Head head, const ModelFolder &folder) {
  OpBuilder builder(module.getContext());
  builder.setInsertionPointToEnd(module.getBody());
  const Family &family = *folder.config.family;
  WeightTable weights(*folder.checkpoint, folder.encoderFolder,
                      folder.configFile, builder);
  if (llvm::Error error = weights.detectPrefix(family))
    return std::move(error);
  if (llvm::Error error = checkHead(head, folder, weights))
    return std::move(error);

  std::vector<std::unique_ptr<WeightTable>> denseTables;
  std::vector<std::string> denseConfigs;
  denseConfigs.reserve(folder.dense.size());
  SmallVector<WeightTable *> dense;
  for (const auto &[step, checkpoint] : folder.dense) {
    denseConfigs.push_back(step->folder + "/config.json");
    denseTables.push_back(std::make_unique<WeightTable>(
        checkpoint, step->folder, denseConfigs.back(), builder));
    dense.push_back(denseTables.back().get());
  }

  EncoderFunction function = beginEncoder(builder, family.hasTokenTypes());
  EncoderBuilder encoder(builder, weights, folder.config, function.inputs);
  Value x = encoder.buildBody();
  std::vector<Output> outputs = buildHead(encoder, head, folder, x, dense);
  endEncoder(builder, function, outputs);

  weights.checkAllExplained(&family,
                            ("a model of type '" + family.name + "'").str());
  if (llvm::Error error = weights.getError())
    return std::move(error);
  for (WeightTable *table : dense) {
    table->checkAllExplained(nullptr, "a dense module");
    if (llvm::Error error = table->getError())
      return std::move(error);
  }
  return outputs;
}

llvm::Expected<OwningOpRef<ModuleOp>> tx::importModel(StringRef dir, Head head,
                                                      MLIRContext &context) {
  context.loadDialect<TxDialect, func::FuncDialect>();
  if (!llvm::sys::fs::is_directory(dir))
    return makeError(ExitCode::File,
                     "{0}: is not a folder, expected one with "
                     "config.json and model.safetensors",
                     dir);
  ModelFolder folder;
  if (llvm::Error error = readFolder(dir, head, folder))
    return std::move(error);
  llvm::Expected<Head> chosen = chooseHead(head, folder);
  if (!chosen)
    return chosen.takeError();

  OpBuilder builder(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  (*module)->setAttr(kModelAttrName, describeModel(builder, *chosen, folder));
  (*module)->setAttr(kPhaseAttrName, builder.getStringAttr("import"));
  llvm::Expected<std::vector<Output>> outputs =
      buildEncoder(*module, *chosen, folder);
  if (!outputs)
    return outputs.takeError();
  buildEntries(*module, folder.config, *outputs);
  if (failed(verify(*module)))
    return makeError(ExitCode::Pass, "the imported module is not valid");
  return module;
}
