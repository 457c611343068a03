//===- Import.h - Checkpoints to tx IR --------------------------*- C++ -*-===//
//
// Reads a Hugging Face model folder (config.json, safetensors,
// sentence-transformers files) and builds the module of phase `import`:
// a private function @encoder, shared by two public entries,
//
//   @packed(input_ids (T), token_type_ids (T)?, offsets (B+1)) -> outputs
//   @padded(input_ids (B,S), attention_mask (B,S), token_type_ids (B,S)?) -> outputs
//
// token_type_ids only where the family has them. Outputs are those of the head.
//
//===----------------------------------------------------------------------===//

#ifndef TX_IMPORT_IMPORT_H
#define TX_IMPORT_IMPORT_H

#include "tx/Checkpoint/Error.h"
#include "tx/Checkpoint/Safetensors.h"
#include "tx/Dialect/Tx/IR/Tx.h"
#include "mlir/IR/OwningOpRef.h"

namespace tx {

enum class Head {
  Auto,                   ///< what config.json's `architectures` and modules.json say
  Encoder,                ///< last_hidden_state, and pooler_output where weights exist
  SentenceEmbedding,      ///< sentence_embedding
  SequenceClassification, ///< logits (B, labels)
  TokenClassification,    ///< logits (T, labels)
  QuestionAnswering,      ///< start_logits, end_logits (T)
  MaskedLm,               ///< logits (T, vocabulary)
};

/// "auto", "encoder", "sentence-embedding", "sequence-classification",
/// "token-classification", "question-answering", "masked-lm".
llvm::StringRef getName(Head head);
std::optional<Head> parseHead(llvm::StringRef name);

/// Builds the module of the model in folder `dir`. Params refer to files by
/// plain name; the folder is the parameter root. Errors: File, Malformed,
/// Unsupported, each naming the file, field or tensor and what was expected.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>>
importModel(llvm::StringRef dir, Head head, mlir::MLIRContext &context);

} // namespace tx

#endif // TX_IMPORT_IMPORT_H
