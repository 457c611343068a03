//===- EncoderBuilder.h - Bodies and heads as tx ops ------------*- C++ -*-===//
//
// Builds the ops of one encoder, of whatever family, and of its head. The
// builder of the weights and this one are the same, so that each tx.param
// stands before its first use.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_IMPORT_ENCODERBUILDER_H
#define TX_LIB_IMPORT_ENCODERBUILDER_H

#include "SentenceModules.h"
#include "WeightTable.h"
#include "tx/Import/Config.h"
#include "tx/Import/Import.h"

namespace tx {

/// What @encoder gets.
struct EncoderInputs {
  mlir::Value ids, types, positions, offsets; ///< no types: null
};

/// A result of the model.
struct Output {
  std::string name;
  mlir::Value value;
  bool perToken; ///< one row per token, so padded batches need it unpacked
};

class EncoderBuilder {
public:
  EncoderBuilder(mlir::OpBuilder &builder, WeightTable &weights,
                 const ModelConfig &config, EncoderInputs inputs)
      : builder(builder), weights(weights), config(config),
        family(*config.family), inputs(inputs) {}

  /// The last hidden state, (T, hidden).
  mlir::Value buildBody();

  // The heads, on top of the last hidden state `x`.
  std::vector<Output> buildEncoderHead(mlir::Value x);
  std::vector<Output> buildSequenceHead(mlir::Value x);
  std::vector<Output> buildTokenHead(mlir::Value x);
  std::vector<Output> buildQuestionHead(mlir::Value x);
  std::vector<Output> buildMaskedLmHead(mlir::Value x);
  /// `denseWeights` are the tables of the dense steps, in order.
  std::vector<Output>
  buildSentenceHead(mlir::Value x, const SentenceModules &modules,
                    llvm::ArrayRef<WeightTable *> denseWeights);

  /// Whether the checkpoint behind `weights` has what `head` begins with.
  static bool hasHead(const WeightTable &weights, const Family &family,
                      Head head);

private:
  mlir::Value buildEmbeddings();
  mlir::Value buildLayer(mlir::Value x, int64_t layer);
  mlir::Value buildAttention(mlir::Value x, llvm::StringRef scope);
  mlir::Value buildFfn(mlir::Value x, llvm::StringRef scope);

  mlir::Value embed(llvm::StringRef name, Dim rows, mlir::Value indices);
  mlir::Value linear(mlir::Value x, llvm::StringRef name, Dim outputs,
                     Dim inputs);
  mlir::Value layerNorm(mlir::Value x, llvm::StringRef name);
  mlir::Value activate(mlir::Value x, ActivationKind kind,
                       llvm::StringRef name);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs, llvm::StringRef name);
  mlir::Value pool(mlir::Value x, PoolKind kind);
  mlir::Value slice(mlir::Value x, int64_t channel, llvm::StringRef name);

  Dim hidden() const { return {config.hiddenSize, family.fields.hiddenSize}; }
  Dim ffn() const { return {config.ffnSize, family.fields.ffnSize}; }
  Dim vocabulary() const { return {config.vocabSize, "vocab_size"}; }
  Dim labels() const {
    return {static_cast<int64_t>(config.labels.size()), "num_labels"};
  }
  mlir::Location locate(llvm::StringRef name) const;
  mlir::RankedTensorType getActivations(int64_t channels) const;

  mlir::OpBuilder &builder;
  WeightTable &weights;
  const ModelConfig &config;
  const Family &family;
  EncoderInputs inputs;
};

} // namespace tx

#endif // TX_LIB_IMPORT_ENCODERBUILDER_H
