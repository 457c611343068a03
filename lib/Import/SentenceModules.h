//===- SentenceModules.h - sentence-transformers folders --------*- C++ -*-===//
//
// What a sentence-transformers folder adds to a model: modules.json lists steps
// after the encoder, each with a folder of its own.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_IMPORT_SENTENCEMODULES_H
#define TX_LIB_IMPORT_SENTENCEMODULES_H

#include "tx/Checkpoint/Error.h"
#include "tx/Dialect/Tx/IR/Tx.h"
#include <optional>
#include <string>
#include <vector>

namespace tx {

/// activation(linear(x)), with tensors `linear.weight` and `linear.bias`.
struct DenseStep {
  std::string folder;
  int64_t inputSize, outputSize;
  bool hasBias;
  std::optional<ActivationKind> activation; ///< none: the identity
};

/// One step on the pooled vector: a dense layer, or scaling to length one.
struct SentenceStep {
  std::optional<DenseStep> dense;
};

struct SentenceModules {
  std::string encoderFolder; ///< of the encoder; empty if it is the model's own
  /// False for a list of the encoder alone, as of cross-encoders, whose head is
  /// in config.json.
  bool hasPooling = false;
  std::string poolingFolder;
  PoolKind pool = PoolKind::Mean;
  std::optional<int64_t> pooledSize; ///< what the pooling's config says
  std::vector<SentenceStep> steps;
};

/// Whether `dir` has a modules.json.
bool hasSentenceModules(llvm::StringRef dir);

/// Reads modules.json of `dir` and the steps' configs, or only where the encoder
/// is. Folder names must be plain; steps that tx does not know are Unsupported.
llvm::Expected<SentenceModules> readSentenceModules(llvm::StringRef dir,
                                                    bool isEncoderOnly);

/// Whether texts are put into lower case before they are tokenized:
/// `do_lower_case` of the sentence-transformers files in `dir`.
llvm::Expected<bool> readTokenizerLowercase(llvm::StringRef dir);

/// The number of tokens that texts are cut to: `max_seq_length` of the
/// sentence-transformers files in `dir`, else `model_max_length` of the
/// tokenizer's, else none. Never more than `maxLength`.
llvm::Expected<std::optional<int64_t>> readTokenizerLength(llvm::StringRef dir,
                                                           int64_t maxLength);

} // namespace tx

#endif // TX_LIB_IMPORT_SENTENCEMODULES_H
