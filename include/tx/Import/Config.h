//===- Config.h - Checked config.json ---------------------------*- C++ -*-===//
//
// The numbers of a model, read from config.json. Nothing in the file is
// trusted: whoever holds a ModelConfig may multiply its numbers without
// overflow and divide the hidden size by the heads.
//
//===----------------------------------------------------------------------===//

#ifndef TX_IMPORT_CONFIG_H
#define TX_IMPORT_CONFIG_H

#include "tx/Checkpoint/Error.h"
#include "tx/Import/Family.h"
#include <string>
#include <vector>

namespace tx {

struct ModelConfig {
  const Family *family;
  int64_t hiddenSize, numLayers, numHeads, ffnSize;
  int64_t vocabSize, maxPositions;
  int64_t typeVocabSize; ///< 0 without token types
  int64_t padId;
  double layerNormEps;
  ActivationKind activation;
  bool tieWordEmbeddings;
  std::vector<std::string> architectures;
  std::vector<std::string> labels;

  int64_t getHeadSize() const { return hiddenSize / numHeads; }
  /// The first position of a sequence: RoBERTa starts behind the padding's.
  int64_t getPositionBase() const {
    return family->positions == PositionKind::NonPad ? padId + 1 : 0;
  }
  /// Tokens of the longest sequence that has a position for each.
  int64_t getMaxLength() const { return maxPositions - getPositionBase(); }
};

/// Reads the text of a config.json; `name` stands for it in messages. Errors
/// are Malformed, naming the field, what was found and what was expected, and
/// Unsupported for models that tx cannot build.
llvm::Expected<ModelConfig> parseConfig(llvm::StringRef text,
                                        llvm::StringRef name);

} // namespace tx

#endif // TX_IMPORT_CONFIG_H
