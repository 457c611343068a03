//===- Options.cpp - Options that verbs share -----------------------------===//

#include "Verbs.h"
#include "tx/Checkpoint/Error.h"

using namespace tx;
namespace cl = llvm::cl;

cl::OptionCategory txc::mainCategory("Options");

/// Sequences of a batch, more than anybody measures with.
static constexpr int64_t kMaxBatch = 1'000'000;

cl::ValuesClass txc::headValues() {
  return cl::values(
      clEnumValN(Head::Auto, "auto", "what the model's files say (default)"),
      clEnumValN(Head::Encoder, "encoder",
                 "last_hidden_state, and pooler_output where it has weights"),
      clEnumValN(Head::SentenceEmbedding, "sentence-embedding",
                 "sentence_embedding"),
      clEnumValN(Head::SequenceClassification, "sequence-classification",
                 "logits of sequences"),
      clEnumValN(Head::TokenClassification, "token-classification",
                 "logits of tokens"),
      clEnumValN(Head::QuestionAnswering, "question-answering",
                 "start_logits and end_logits"),
      clEnumValN(Head::MaskedLm, "masked-lm", "logits over the vocabulary"));
}

cl::ValuesClass txc::formatValues() {
  return cl::values(clEnumValN(Format::Text, "text", "for people (default)"),
                    clEnumValN(Format::Json, "json", "for programs"));
}

txc::BatchFlags::BatchFlags(cl::SubCommand &command)
    : batch("batch", cl::desc("Sequences (default 8)"), cl::value_desc("n"),
            cl::init(8), cl::sub(command), cl::cat(mainCategory)),
      length("length", cl::desc("Tokens of each (default 128)"),
             cl::value_desc("n"), cl::init(128), cl::sub(command),
             cl::cat(mainCategory)),
      lengths("lengths",
              cl::desc("Tokens of each sequence, instead of --batch, --length"),
              cl::value_desc("n,n,..."), cl::CommaSeparated, cl::sub(command),
              cl::cat(mainCategory)) {}

llvm::Expected<std::vector<int64_t>> txc::BatchFlags::read() const {
  if (llvm::Error error = requireBetween("--batch", batch, 1, kMaxBatch))
    return std::move(error);
  if (lengths.empty())
    return std::vector<int64_t>(batch, length);
  if (batch.getNumOccurrences() || length.getNumOccurrences())
    return makeError(ExitCode::Usage,
                     "--lengths takes the place of --batch and --length");
  return std::vector<int64_t>(lengths.begin(), lengths.end());
}

llvm::Error txc::require(llvm::StringRef verb, llvm::StringRef what,
                         llvm::StringRef value) {
  if (!value.empty())
    return llvm::Error::success();
  return withHint(makeError(ExitCode::Usage, "txc {0} needs {1}", verb, what),
                  llvm::formatv("see txc {0} --help", verb).str());
}

llvm::Error txc::requireBetween(llvm::StringRef flag, int64_t value,
                                int64_t least, int64_t most) {
  if (value >= least && value <= most)
    return llvm::Error::success();
  return makeError(ExitCode::Usage, "{0} is {1}, expected {2} to {3}", flag,
                   value, least, most);
}

llvm::Error txc::requireThreads(int64_t value, int64_t least) {
  return requireBetween("--threads", value, least, TX_MAX_THREADS);
}

llvm::Error txc::requireAtLeast(llvm::StringRef flag, int64_t value,
                                int64_t least) {
  if (value >= least)
    return llvm::Error::success();
  return makeError(ExitCode::Usage, "{0} is {1}, expected at least {2}", flag,
                   value, least);
}
