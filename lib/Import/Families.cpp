//===- Families.cpp - The tables of the model families --------------------===//
//
// Names as in the checkpoints that the framework's classes write. MiniLM and
// most sentence encoders are of family "bert".
//
//===----------------------------------------------------------------------===//

#include "tx/Import/Family.h"
#include "llvm/ADT/STLExtras.h"

using namespace tx;
using llvm::StringLiteral;

static constexpr FieldNames kBertFields = {"hidden_size", "num_hidden_layers",
                                           "num_attention_heads",
                                           "intermediate_size", "hidden_act"};

static constexpr EmbeddingNames kBertEmbeddings = {
    "embeddings.word_embeddings", "embeddings.position_embeddings",
    "embeddings.token_type_embeddings", "embeddings.LayerNorm"};

static constexpr LayerNames kBertLayer = {
    "encoder.layer.",         "attention.self.query",
    "attention.self.key",     "attention.self.value",
    "attention.output.dense", "attention.output.LayerNorm",
    "intermediate.dense",     "output.dense",
    "output.LayerNorm"};

static constexpr StringLiteral kBertBuffers[] = {"embeddings.position_ids",
                                                 "embeddings.token_type_ids"};
static constexpr StringLiteral kBertOtherHeads[] = {"cls.seq_relationship"};

const Family tx::kBert = {
    /*name=*/"bert",
    /*architecture=*/"Bert",
    /*prefix=*/"bert.",
    kBertFields,
    PositionKind::Column,
    /*defaultPadId=*/0,
    /*layerNormEps=*/std::nullopt,
    kBertEmbeddings,
    kBertLayer,
    /*pooler=*/"pooler.dense",
    {"pooler.dense", /*denseInBody=*/true, ActivationKind::Tanh, "classifier"},
    /*tokenClassifier=*/"classifier",
    /*questionAnswering=*/"qa_outputs",
    {"cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
     "cls.predictions.decoder", "cls.predictions.bias",
     /*activation=*/std::nullopt},
    kBertBuffers,
    kBertOtherHeads};

const Family tx::kDistilBert = {
    /*name=*/"distilbert",
    /*architecture=*/"DistilBert",
    /*prefix=*/"distilbert.",
    {"dim", "n_layers", "n_heads", "hidden_dim", "activation"},
    PositionKind::Column,
    /*defaultPadId=*/0,
    /*layerNormEps=*/1e-12,
    {"embeddings.word_embeddings", "embeddings.position_embeddings", "",
     "embeddings.LayerNorm"},
    {"transformer.layer.", "attention.q_lin", "attention.k_lin",
     "attention.v_lin", "attention.out_lin", "sa_layer_norm", "ffn.lin1",
     "ffn.lin2", "output_layer_norm"},
    /*pooler=*/"",
    {"pre_classifier", /*denseInBody=*/false, ActivationKind::Relu,
     "classifier"},
    /*tokenClassifier=*/"classifier",
    /*questionAnswering=*/"qa_outputs",
    {"vocab_transform", "vocab_layer_norm", "vocab_projector",
     "vocab_projector.bias", /*activation=*/std::nullopt},
    kBertBuffers,
    /*otherHeads=*/{}};

// The masked-LM head of RoBERTa uses gelu whatever config.json says.
static constexpr SequenceHeadNames kRobertaSequence = {
    "classifier.dense", /*denseInBody=*/false, ActivationKind::Tanh,
    "classifier.out_proj"};
static const MaskedLmHeadNames kRobertaMaskedLm = {
    "lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias",
    ActivationKind::Gelu};

const Family tx::kRoberta = {/*name=*/"roberta",
                             /*architecture=*/"Roberta",
                             /*prefix=*/"roberta.",
                             kBertFields,
                             PositionKind::NonPad,
                             /*defaultPadId=*/1,
                             /*layerNormEps=*/std::nullopt,
                             kBertEmbeddings,
                             kBertLayer,
                             /*pooler=*/"pooler.dense",
                             kRobertaSequence,
                             /*tokenClassifier=*/"classifier",
                             /*questionAnswering=*/"qa_outputs",
                             kRobertaMaskedLm,
                             kBertBuffers,
                             /*otherHeads=*/{}};

const Family tx::kXlmRoberta = {/*name=*/"xlm-roberta",
                                /*architecture=*/"XLMRoberta",
                                /*prefix=*/"roberta.",
                                kBertFields,
                                PositionKind::NonPad,
                                /*defaultPadId=*/1,
                                /*layerNormEps=*/std::nullopt,
                                kBertEmbeddings,
                                kBertLayer,
                                /*pooler=*/"pooler.dense",
                                kRobertaSequence,
                                /*tokenClassifier=*/"classifier",
                                /*questionAnswering=*/"qa_outputs",
                                kRobertaMaskedLm,
                                kBertBuffers,
                                /*otherHeads=*/{}};

llvm::ArrayRef<const Family *> tx::getFamilies() {
  static const Family *const families[] = {&kBert, &kDistilBert, &kRoberta,
                                           &kXlmRoberta};
  return families;
}

const Family *tx::findFamily(llvm::StringRef name) {
  const auto *found = llvm::find_if(getFamilies(), [&](const Family *family) {
    return family->name == name;
  });
  return found == getFamilies().end() ? nullptr : *found;
}
