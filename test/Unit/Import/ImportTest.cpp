//===- ImportTest.cpp - Tests of families, heads and name variants --------===//

#include "TestCheckpoint.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include <gtest/gtest.h>

using namespace tx;
using namespace tx::test;

/// Whether `text` has every one of `parts`, in this order.
static testing::AssertionResult hasInOrder(llvm::StringRef text,
                                           llvm::ArrayRef<std::string> parts) {
  size_t at = 0;
  for (llvm::StringRef part : parts) {
    at = text.find(part, at);
    if (at == llvm::StringRef::npos)
      return testing::AssertionFailure()
             << "expected '" << part.str() << "' in\n"
             << text.str();
    at += part.size();
  }
  return testing::AssertionSuccess();
}

static size_t count(llvm::StringRef text, llvm::StringRef part) {
  return text.count(part);
}

//===----------------------------------------------------------------------===//
// Families
//===----------------------------------------------------------------------===//

TEST(Import, builds_bert) {
  TestCheckpoint model;
  model.addBert();
  model.addLinear("pooler.dense", 24, 24);
  model.write();
  std::string text = model.import();
  EXPECT_TRUE(hasInOrder(
      text,
      {"family = \"bert\"",
       "head = \"encoder\"",
       "hidden_size = 24",
       "max_length = 40",
       "num_heads = 3",
       "num_layers = 2",
       "pad_id = 0",
       "position_base = 0",
       "vocab_size = 60",
       "tx.phase = \"import\"",
       "func.func private @encoder(",
       "tx.embedding",
       "tx.embedding",
       "tx.add",
       "tx.embedding",
       "tx.layer_norm",
       "eps = 9.99999996E-13",
       "tx.linear",
       "tx.attention",
       "scale = 0.353553385",
       "tx.layer_norm",
       "tx.ffn",
       "gelu",
       "tx.pool",
       "cls",
       "tx.linear",
       "tx.activation",
       "tanh",
       "func.func @packed(",
       "{tx.name = \"input_ids\"}",
       "{tx.name = \"token_type_ids\"}",
       "{tx.name = \"offsets\"}",
       "(tensor<?x24xf32> {tx.name = \"last_hidden_state\"}, tensor<?x24xf32> "
       "{tx.name = \"pooler_output\"})",
       "tx.entry = \"packed\"",
       "tx.positions",
       "column",
       "call @encoder",
       "func.func @padded(",
       "tensor<?x?xi32> {tx.name = \"input_ids\"}",
       "tensor<?x?xi32> {tx.name = \"attention_mask\"}",
       "tensor<?x?xi32> {tx.name = \"token_type_ids\"}",
       "(tensor<?x?x24xf32> {tx.name = \"last_hidden_state\"}, "
       "tensor<?x24xf32> {tx.name = \"pooler_output\"})",
       "tx.entry = \"padded\"",
       "tx.pack_tokens",
       "call @encoder",
       "tx.unpack_tokens"}));
  EXPECT_EQ(count(text, "tx.attention"), 2u);
  EXPECT_EQ(count(text, "tx.param"), 5 + 2 * 16 + 2u);
  EXPECT_EQ(count(text, "tx.unpack_tokens"), 1u);
}

TEST(Import, printed_module_parses_again) {
  TestCheckpoint model;
  model.addBert();
  model.write();
  mlir::DialectRegistry registry;
  registry.insert<TxDialect, mlir::func::FuncDialect>();
  mlir::MLIRContext context(registry);
  std::string text = model.import();
  auto parsed = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  ASSERT_TRUE(parsed);
  std::string again;
  llvm::raw_string_ostream(again) << *parsed;
  EXPECT_EQ(llvm::StringRef(again).rtrim(), llvm::StringRef(text).rtrim());
}

TEST(Import, builds_distilbert_without_token_types) {
  TestCheckpoint model;
  model.addDistilBert("distilbert.");
  model.write();
  std::string text = model.import();
  EXPECT_TRUE(hasInOrder(text, {"family = \"distilbert\"",
                                "distilbert.transformer.layer.1.ffn.lin2",
                                "tensor<?x24xf32> {tx.name = "
                                "\"last_hidden_state\"}",
                                "func.func @padded("}));
  EXPECT_EQ(count(text, "token_type_ids"), 0u);
  EXPECT_EQ(count(text, "tx.embedding"), 2u);
  EXPECT_EQ(count(text, "eps = 9.99999996E-13"), 5u);
}

TEST(Import, builds_roberta_with_positions_behind_the_padding) {
  for (const char *type : {"roberta", "xlm-roberta"}) {
    TestCheckpoint model;
    model.addRoberta("roberta.");
    model.config["model_type"] = type;
    model.write();
    std::string text = model.import();
    EXPECT_TRUE(hasInOrder(
        text, {std::string("family = \"") + type + "\"", "max_length = 38",
               "pad_id = 1", "position_base = 2", "tensor<1x24xf32>",
               "eps = 9.99999974E-6", "tx.positions", "non_pad", "pad_id = 1",
               "tx.pack_tokens", "non_pad", "pad_id = 1"}));
  }
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

TEST(Import, takes_names_with_prefix_and_old_norm_names) {
  TestCheckpoint model;
  model.addBert("bert.");
  model.rename("LayerNorm.weight", "LayerNorm.gamma");
  model.rename("LayerNorm.bias", "LayerNorm.beta");
  model.write();
  EXPECT_TRUE(hasInOrder(model.import(),
                         {"\"bert.embeddings.LayerNorm.gamma\"",
                          "\"bert.embeddings.LayerNorm.beta\"",
                          "\"bert.encoder.layer.1.output.LayerNorm.beta\""}));
}

TEST(Import, ignores_other_heads_of_old_norm_names) {
  TestCheckpoint model;
  model.addBert("bert.");
  model.addNorm("cls.predictions.transform.LayerNorm");
  model.rename("LayerNorm.weight", "LayerNorm.gamma");
  model.rename("LayerNorm.bias", "LayerNorm.beta");
  model.addLinear("cls.predictions.transform.dense", 24, 24);
  model.add("cls.predictions.bias", {60});
  model.write();
  std::string text = model.import(Head::Encoder);
  EXPECT_TRUE(hasInOrder(
      text, {"\"bert.embeddings.LayerNorm.gamma\"", "\"last_hidden_state\""}));
  EXPECT_EQ(count(text, "cls.predictions"), 0u);
}

TEST(Import, ignores_buffers_and_other_heads) {
  TestCheckpoint model;
  model.addBert("bert.");
  model.add("bert.embeddings.position_ids", {1, 40}, Dtype::I64);
  model.add("bert.embeddings.token_type_ids", {1, 40}, Dtype::I64);
  model.addLinear("bert.pooler.dense", 24, 24);
  model.addLinear("cls.predictions.transform.dense", 24, 24);
  model.addNorm("cls.predictions.transform.LayerNorm");
  model.add("cls.predictions.bias", {60});
  model.add("cls.predictions.decoder.weight", {60, 24});
  model.addLinear("cls.seq_relationship", 2, 24);
  model.addLinear("classifier", 2, 24);
  model.addLinear("qa_outputs", 2, 24);
  model.write();
  std::string text = model.import(Head::TokenClassification);
  EXPECT_TRUE(hasInOrder(text, {"\"classifier.weight\"", "\"logits\""}));
  EXPECT_EQ(count(text, "seq_relationship"), 0u);
}

TEST(Import, casts_narrow_floats) {
  for (auto [dtype, type] :
       {std::pair(Dtype::F16, "f16"), std::pair(Dtype::BF16, "bf16")}) {
    TestCheckpoint model;
    model.addBert();
    for (auto &[name, tensor] : model.tensors)
      tensor.dtype = dtype;
    model.write();
    std::string text = model.import();
    EXPECT_TRUE(hasInOrder(
        text,
        {std::string("tensor<60x24x") + type + ">", "tx.cast",
         std::string("tensor<60x24x") + type + "> to tensor<60x24xf32>"}));
    EXPECT_EQ(count(text, "tx.cast"), count(text, "tx.param"));
  }
}

TEST(Import, params_name_their_shard) {
  TestCheckpoint model;
  model.addDistilBert();
  model.write();
  ASSERT_FALSE(llvm::sys::fs::remove(model.dir + "/model.safetensors"));
  std::map<std::string, TestCheckpoint::Tensor> shards[2];
  std::string index;
  for (auto &[name, tensor] : model.tensors) {
    bool second = name.find("transformer.layer.1.") == 0;
    shards[second][name] = tensor;
    index += (index.empty() ? "{\"weight_map\": {\"" : ", \"") + name +
             "\": \"part-" + (second ? "2" : "1") + ".safetensors\"";
  }
  model.writeText("model.safetensors.index.json", index + "}}");
  model.writeTensors("part-1.safetensors", shards[0]);
  model.writeTensors("part-2.safetensors", shards[1]);
  EXPECT_TRUE(hasInOrder(
      model.import(),
      {"<\"part-1.safetensors\", \"transformer.layer.0.ffn.lin1.weight\">",
       "<\"part-2.safetensors\", \"transformer.layer.1.ffn.lin1.weight\">"}));
}

TEST(Import, follows_links) {
  TestCheckpoint store, model;
  store.addBert();
  store.write();
  for (const char *file : {"config.json", "model.safetensors"})
    ASSERT_FALSE(llvm::sys::fs::create_link(store.dir + "/" + file,
                                            model.dir + "/" + file));
  EXPECT_EQ(model.import(), store.import());
}

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

TEST(Heads, names_are_read_as_they_are_printed) {
  for (Head head : {Head::Auto, Head::Encoder, Head::SentenceEmbedding,
                    Head::SequenceClassification, Head::TokenClassification,
                    Head::QuestionAnswering, Head::MaskedLm})
    EXPECT_EQ(parseHead(getName(head)), head);
  EXPECT_EQ(parseHead("masked_lm"), std::nullopt);
}

TEST(Heads, bert_sequence_classification_goes_through_the_pooler) {
  TestCheckpoint model;
  model.addBert("bert.");
  model.addLinear("bert.pooler.dense", 24, 24);
  model.addLinear("classifier", 3, 24);
  model.config["architectures"] =
      llvm::json::Array{"BertForSequenceClassification"};
  model.config["id2label"] =
      llvm::json::Object{{"0", "bad"}, {"1", "fair"}, {"2", "good"}};
  model.write();
  EXPECT_TRUE(hasInOrder(
      model.import(), {"head = \"sequence-classification\"",
                       "labels = [\"bad\", \"fair\", \"good\"]", "tx.pool",
                       "cls", "\"bert.pooler.dense.weight\"", "tx.activation",
                       "tanh", "\"classifier.weight\"", "-> tensor<?x3xf32>",
                       "(tensor<?x3xf32> {tx.name = \"logits\"})",
                       "(tensor<?x3xf32> {tx.name = \"logits\"})"}));
}

TEST(Heads, distilbert_and_roberta_sequence_classification) {
  TestCheckpoint distilbert;
  distilbert.addDistilBert("distilbert.");
  distilbert.addLinear("pre_classifier", 24, 24);
  distilbert.addLinear("classifier", 2, 24);
  distilbert.config["architectures"] =
      llvm::json::Array{"DistilBertForSequenceClassification"};
  distilbert.write();
  EXPECT_TRUE(hasInOrder(distilbert.import(),
                         {"tx.pool", "\"pre_classifier.weight\"",
                          "tx.activation", "relu", "\"classifier.weight\""}));

  TestCheckpoint roberta;
  roberta.addRoberta("roberta.");
  roberta.addLinear("classifier.dense", 24, 24);
  roberta.addLinear("classifier.out_proj", 2, 24);
  roberta.config["architectures"] =
      llvm::json::Array{"RobertaForSequenceClassification"};
  roberta.write();
  EXPECT_TRUE(
      hasInOrder(roberta.import(),
                 {"tx.pool", "\"classifier.dense.weight\"", "tx.activation",
                  "tanh", "\"classifier.out_proj.weight\""}));
}

TEST(Heads, question_answering_has_two_rank_1_outputs) {
  TestCheckpoint model;
  model.addRoberta("roberta.");
  model.addLinear("qa_outputs", 2, 24);
  model.config["architectures"] =
      llvm::json::Array{"RobertaForQuestionAnswering"};
  model.write();
  std::string text = model.import();
  EXPECT_TRUE(hasInOrder(
      text, {"tx.slice", "[0]", "tx.slice", "[1]",
             "(tensor<?xf32> {tx.name = \"start_logits\"}, tensor<?xf32> "
             "{tx.name = \"end_logits\"})",
             "(tensor<?x?xf32> {tx.name = \"start_logits\"}, tensor<?x?xf32> "
             "{tx.name = \"end_logits\"})"}));
  EXPECT_EQ(count(text, "tx.unpack_tokens"), 2u);
  EXPECT_EQ(count(text, "labels"), 0u);
}

TEST(Heads, masked_lm_decoder_is_tied_unless_it_has_a_weight) {
  TestCheckpoint model;
  model.addBert("bert.");
  model.addLinear("cls.predictions.transform.dense", 24, 24);
  model.addNorm("cls.predictions.transform.LayerNorm");
  model.add("cls.predictions.bias", {60});
  model.config["hidden_act"] = "relu";
  model.config["architectures"] = llvm::json::Array{"BertForMaskedLM"};
  model.write();
  std::string text = model.import();
  EXPECT_TRUE(hasInOrder(
      text, {"\"cls.predictions.transform.dense.weight\"", "tx.activation",
             "relu", "\"cls.predictions.bias\"", "-> tensor<?x60xf32>"}));
  EXPECT_EQ(count(text, "\"bert.embeddings.word_embeddings.weight\""), 1u)
      << "one param, two uses";

  model.add("cls.predictions.decoder.weight", {60, 24});
  model.write();
  EXPECT_TRUE(hasInOrder(model.import(), {"\"cls.predictions.decoder.weight\"",
                                          "-> tensor<?x60xf32>"}));
}

TEST(Heads, distilbert_and_roberta_masked_lm) {
  TestCheckpoint distilbert;
  distilbert.addDistilBert("distilbert.");
  distilbert.addLinear("vocab_transform", 24, 24);
  distilbert.addNorm("vocab_layer_norm");
  distilbert.add("vocab_projector.bias", {60});
  distilbert.config["architectures"] =
      llvm::json::Array{"DistilBertForMaskedLM"};
  distilbert.write();
  EXPECT_TRUE(hasInOrder(distilbert.import(), {"\"vocab_transform.weight\"",
                                               "\"vocab_layer_norm.weight\"",
                                               "\"vocab_projector.bias\""}));

  TestCheckpoint roberta;
  roberta.addRoberta("roberta.");
  roberta.addLinear("lm_head.dense", 24, 24);
  roberta.addNorm("lm_head.layer_norm");
  roberta.add("lm_head.bias", {60});
  roberta.config["hidden_act"] = "relu";
  roberta.config["architectures"] = llvm::json::Array{"RobertaForMaskedLM"};
  roberta.write();
  EXPECT_TRUE(hasInOrder(
      roberta.import(), {"\"lm_head.dense.weight\"", "tx.activation", "gelu",
                         "\"lm_head.layer_norm.weight\"", "\"lm_head.bias\""}));
}

TEST(Heads, encoder_can_be_asked_of_any_checkpoint) {
  TestCheckpoint model;
  model.addRoberta("roberta.");
  model.addLinear("classifier", 2, 24);
  model.config["architectures"] =
      llvm::json::Array{"RobertaForTokenClassification"};
  model.write();
  EXPECT_TRUE(hasInOrder(model.import(), {"head = \"token-classification\""}));
  EXPECT_TRUE(hasInOrder(model.import(Head::Encoder),
                         {"head = \"encoder\"", "\"last_hidden_state\""}));
}
