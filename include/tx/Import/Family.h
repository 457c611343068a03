//===- Family.h - Model families as data ------------------------*- C++ -*-===//
//
// What distinguishes one family of encoders from another, as tables: the names
// of its fields in config.json, of its tensors, and of its heads' tensors. One
// builder reads them all, so a family that computes the same things under other
// names is one table (docs/adding-a-model-family.md).
//
// Tensor names are without `.weight` and `.bias`, and without the prefix that
// checkpoints with a head put before the body's tensors.
//
//===----------------------------------------------------------------------===//

#ifndef TX_IMPORT_FAMILY_H
#define TX_IMPORT_FAMILY_H

#include "tx/Dialect/Tx/IR/Tx.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace tx {

/// Fields of config.json.
struct FieldNames {
  llvm::StringLiteral hiddenSize, numLayers, numHeads, ffnSize, activation;
};

/// Tensors of the embeddings; `types` is empty without token types.
struct EmbeddingNames {
  llvm::StringLiteral words, positions, types, norm;
};

/// Tensors of a layer, after `layers` and the layer's number.
struct LayerNames {
  llvm::StringLiteral layers; ///< "encoder.layer."
  llvm::StringLiteral query, key, value, attentionOutput, attentionNorm;
  llvm::StringLiteral ffnUp, ffnDown, ffnNorm;
};

/// logits = output(activation(dense(first token))).
struct SequenceHeadNames {
  llvm::StringLiteral dense;
  bool denseInBody; ///< whether the body's prefix comes before `dense`
  ActivationKind activation;
  llvm::StringLiteral output;
};

/// logits = decoder(norm(activation(dense(x)))). The decoder's weight may be
/// the word embeddings', its bias be stored as `bias`.
struct MaskedLmHeadNames {
  llvm::StringLiteral dense, norm, decoder, bias;
  std::optional<ActivationKind> activation; ///< config.json's if absent
};

struct Family {
  llvm::StringLiteral name;         ///< `model_type` of config.json
  llvm::StringLiteral architecture; ///< what class names begin with: "Bert"
  llvm::StringLiteral prefix;       ///< "bert."
  FieldNames fields;
  PositionKind positions;
  int64_t defaultPadId;
  std::optional<double> layerNormEps; ///< where config.json has no such field
  EmbeddingNames embeddings;
  LayerNames layer;
  llvm::StringLiteral pooler; ///< empty if the family has none
  SequenceHeadNames sequence;
  llvm::StringLiteral tokenClassifier, questionAnswering;
  MaskedLmHeadNames maskedLm;
  /// Whole names, without the body's prefix, of buffers that older versions of
  /// the framework saved.
  llvm::ArrayRef<llvm::StringLiteral> buffers;
  /// Names of heads that tx does not build, as those above.
  llvm::ArrayRef<llvm::StringLiteral> otherHeads;

  bool hasTokenTypes() const { return !embeddings.types.empty(); }
};

/// All families, and the one called `name` or null.
llvm::ArrayRef<const Family *> getFamilies();
const Family *findFamily(llvm::StringRef name);

extern const Family kBert, kDistilBert, kRoberta, kXlmRoberta;

} // namespace tx

#endif // TX_IMPORT_FAMILY_H
