//===- ImportErrorsTest.cpp - Checkpoints that are refused ----------------===//

#include "TestCheckpoint.h"
#include "llvm/Support/FileSystem.h"
#include <gtest/gtest.h>

using namespace tx;
using namespace tx::test;

static bool contains(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

TEST(ImportErrors, missing_folder_and_files) {
  TestCheckpoint model;
  EXPECT_EQ(model.import().substr(0, 7), "error 3");
  EXPECT_TRUE(contains(model.import(), "config.json"));
  model.addBert();
  model.write();
  ASSERT_FALSE(llvm::sys::fs::remove(model.dir + "/model.safetensors"));
  EXPECT_EQ(model.import().substr(0, 7), "error 3");
  model.writeText("pytorch_model.bin", "x");
  EXPECT_TRUE(contains(model.import(), "pytorch_model.bin"));
  std::string dir = model.dir;
  model.dir = dir + "/nowhere";
  EXPECT_EQ(model.import(), "error 3: " + model.dir +
                                ": is not a folder, expected one with "
                                "config.json and model.safetensors");
  model.dir = dir;
}

TEST(ImportErrors, missing_tensor) {
  TestCheckpoint model;
  model.addBert("bert.");
  model.tensors.erase("bert.encoder.layer.1.attention.self.key.bias");
  model.write();
  EXPECT_EQ(model.import(),
            "error 4: the checkpoint has no tensor "
            "'bert.encoder.layer.1.attention.self.key.bias', expected one of "
            "shape (24)");
}

TEST(ImportErrors, no_tensor_of_the_family) {
  TestCheckpoint model;
  model.addDistilBert("distilbert.");
  model.addBert("bert.");
  model.config["model_type"] = "roberta";
  model.write();
  EXPECT_EQ(model.import(),
            "error 4: the checkpoint has no tensor "
            "'embeddings.word_embeddings.weight' or "
            "'roberta.embeddings.word_embeddings.weight', which a model of "
            "type 'roberta' has");
}

TEST(ImportErrors, wrong_shape) {
  TestCheckpoint model;
  model.addBert();
  model.add("embeddings.word_embeddings.weight", {59, 24});
  model.write();
  EXPECT_EQ(model.import(),
            "error 4: model.safetensors: tensor "
            "'embeddings.word_embeddings.weight' has the shape (59, 24), "
            "expected (60, 24), which is (vocab_size, hidden_size) of "
            "config.json");
  model.add("embeddings.word_embeddings.weight", {60, 24});
  model.add("encoder.layer.0.intermediate.dense.bias", {50, 1});
  model.write();
  EXPECT_EQ(model.import(),
            "error 4: model.safetensors: tensor "
            "'encoder.layer.0.intermediate.dense.bias' has the shape (50, 1), "
            "expected (50), which is (intermediate_size) of config.json");
}

TEST(ImportErrors, wrong_dtype) {
  for (auto [dtype, name] :
       {std::pair(Dtype::F64, "F64"), std::pair(Dtype::I8, "I8"),
        std::pair(Dtype::I64, "I64")}) {
    TestCheckpoint model;
    model.addBert();
    model.add("encoder.layer.0.output.dense.weight", {24, 50}, dtype);
    model.write();
    EXPECT_EQ(model.import(),
              std::string("error 5: model.safetensors: tensor "
                          "'encoder.layer.0.output.dense.weight' is ") +
                  name + ", expected F32, F16 or BF16");
  }
}

TEST(ImportErrors, unexplained_tensor) {
  TestCheckpoint model;
  model.addBert();
  model.addLinear("encoder.layer.0.adapter", 4, 24);
  model.write();
  EXPECT_EQ(model.import(),
            "error 5: model.safetensors: tensor "
            "\"encoder.layer.0.adapter.bias\" (and 1 more) is not one that a "
            "model of type 'bert' with the numbers of config.json has");
}

TEST(ImportErrors, more_layers_than_the_config_says) {
  TestCheckpoint model;
  model.addBert();
  model.config["num_hidden_layers"] = 1;
  model.write();
  EXPECT_TRUE(contains(model.import(), "\"encoder.layer.1."));
  model.config["num_hidden_layers"] = 3;
  model.write();
  EXPECT_TRUE(contains(model.import(), "no tensor 'encoder.layer.2."));
}

TEST(ImportErrors, both_old_and_new_names) {
  TestCheckpoint model;
  model.addBert();
  model.add("embeddings.LayerNorm.gamma", {24});
  model.write();
  EXPECT_TRUE(contains(model.import(),
                       "error 5: model.safetensors: tensor "
                       "\"embeddings.LayerNorm.gamma\" is not one"));
}

TEST(ImportErrors, head_without_weights) {
  TestCheckpoint model;
  model.addBert("bert.");
  model.addLinear("classifier", 2, 24);
  model.write();
  EXPECT_EQ(model.import(Head::QuestionAnswering),
            "error 5: the checkpoint has no weights of the head "
            "'question-answering', expected one of encoder, "
            "sentence-embedding, token-classification");
}

TEST(ImportErrors, unknown_architecture) {
  TestCheckpoint model;
  model.addBert();
  model.config["architectures"] = llvm::json::Array{"BertForMultipleChoice"};
  model.write();
  EXPECT_EQ(model.import(),
            "error 5: config.json: the architecture is "
            "\"BertForMultipleChoice\", expected one of BertModel, "
            "BertForPreTraining, BertForSequenceClassification, "
            "BertForTokenClassification, BertForQuestionAnswering, "
            "BertForMaskedLM help: --head=encoder compiles the encoder alone");
  EXPECT_EQ(model.import(Head::Encoder).substr(0, 6), "module");
}

TEST(ImportErrors, labels_that_do_not_fit_the_classifier) {
  TestCheckpoint model;
  model.addRoberta("roberta.");
  model.addLinear("classifier", 5, 24);
  model.write();
  EXPECT_EQ(model.import(Head::TokenClassification),
            "error 4: model.safetensors: tensor 'classifier.weight' has the "
            "shape (5, 24), expected (2, 24), which is (num_labels, "
            "hidden_size) of config.json");
}

TEST(ImportErrors, untied_decoder_without_weight) {
  TestCheckpoint model;
  model.addBert("bert.");
  model.addLinear("cls.predictions.transform.dense", 24, 24);
  model.addNorm("cls.predictions.transform.LayerNorm");
  model.add("cls.predictions.bias", {60});
  model.config["tie_word_embeddings"] = false;
  model.write();
  EXPECT_EQ(model.import(Head::MaskedLm),
            "error 4: the checkpoint has no tensor "
            "'cls.predictions.decoder.weight', expected one of shape (60, "
            "24)");
}
