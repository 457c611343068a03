//===- SentenceTest.cpp - Tests of sentence-transformers folders ----------===//

#include "TestCheckpoint.h"
#include "llvm/Support/FileSystem.h"
#include <gtest/gtest.h>

using namespace tx;
using namespace tx::test;

static bool contains(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

static std::string
listModules(std::vector<std::pair<std::string, std::string>> modules) {
  std::string text;
  for (auto &[type, path] : modules)
    text += (text.empty() ? "[" : ",") +
            ("{\"idx\":0,\"path\":\"" + path +
             "\",\"type\":\"sentence_transformers.models." + type + "\"}");
  return text + "]";
}

/// A model with mean pooling and normalisation.
static void addSentenceFiles(TestCheckpoint &model) {
  model.addBert();
  model.write();
  model.writeText("modules.json", listModules({{"Transformer", ""},
                                               {"Pooling", "1_Pooling"},
                                               {"Normalize", "2_Normalize"}}));
  model.writeText("1_Pooling/config.json",
                  "{\"word_embedding_dimension\": 24, "
                  "\"pooling_mode_cls_token\": false, "
                  "\"pooling_mode_mean_tokens\": true}");
}

TEST(Sentence, mean_and_normalize) {
  TestCheckpoint model;
  addSentenceFiles(model);
  model.writeText("sentence_bert_config.json", "{\"max_seq_length\": 20}");
  model.writeText("tokenizer_config.json", "{\"model_max_length\": 32}");
  std::string text = model.import();
  EXPECT_TRUE(contains(text, "head = \"sentence-embedding\""));
  EXPECT_TRUE(contains(text, "tokenizer_max_length = 20"));
  EXPECT_TRUE(contains(text, "tx.normalize"));
  EXPECT_TRUE(contains(text, "tensor<?x24xf32> {tx.name = "
                             "\"sentence_embedding\"}"));
  EXPECT_FALSE(contains(text, "tx.unpack_tokens"));
}

TEST(Sentence, case_of_texts) {
  TestCheckpoint model;
  addSentenceFiles(model);
  model.writeText("sentence_bert_config.json", "{\"do_lower_case\": false}");
  EXPECT_FALSE(contains(model.import(), "tokenizer_lowercase"));
  model.writeText("sentence_bert_config.json", "{\"do_lower_case\": true}");
  EXPECT_TRUE(contains(model.import(), "tokenizer_lowercase = true"));
  model.writeText("sentence_bert_config.json", "{\"do_lower_case\": 1}");
  EXPECT_TRUE(contains(model.import(), "'do_lower_case'"));
}

TEST(Sentence, classes_of_other_packages) {
  TestCheckpoint model;
  addSentenceFiles(model);
  model.writeText("modules.json",
                  "[{\"type\": \"sentence_transformers.models.Transformer\", "
                  "\"path\": \"\"}, {\"type\": \"my_pooling.Pooling\", "
                  "\"path\": \"1_Pooling\"}]");
  EXPECT_TRUE(
      contains(model.import(), "expected a class of sentence_transformers"));
}

TEST(Sentence, length_of_texts) {
  TestCheckpoint model;
  addSentenceFiles(model);
  EXPECT_FALSE(contains(model.import(), "tokenizer_max_length"));
  model.writeText("tokenizer_config.json", "{\"model_max_length\": 1e30}");
  EXPECT_FALSE(contains(model.import(), "tokenizer_max_length"));
  model.writeText("tokenizer_config.json", "{\"model_max_length\": 32}");
  EXPECT_TRUE(contains(model.import(), "tokenizer_max_length = 32"));
  model.writeText("sentence_bert_config.json", "{\"max_seq_length\": 512}");
  EXPECT_TRUE(contains(model.import(), "tokenizer_max_length = 40"));
  model.writeText("sentence_bert_config.json", "{\"max_seq_length\": -1}");
  EXPECT_EQ(model.import(),
            "error 4: sentence_bert_config.json: 'max_seq_length' is -1, "
            "expected a number from 1 to 1.0000000000000001e+300");
}

TEST(Sentence, cls_pooling_in_both_spellings) {
  TestCheckpoint model;
  addSentenceFiles(model);
  for (const char *config :
       {"{\"pooling_mode_cls_token\": true}", "{\"pooling_mode\": \"cls\"}",
        "{\"pooling_mode\": [\"cls\"], "
        "\"embedding_dimension\": 24}"}) {
    model.writeText("1_Pooling/config.json", config);
    std::string text = model.import();
    EXPECT_TRUE(contains(text, "tx.pool  cls") || contains(text, "tx.pool cls"))
        << text;
  }
}

TEST(Sentence, dense_step) {
  TestCheckpoint model;
  addSentenceFiles(model);
  model.writeText("modules.json", listModules({{"Transformer", ""},
                                               {"Pooling", "1_Pooling"},
                                               {"Dropout", "2_Dropout"},
                                               {"Dense", "3_Dense"}}));
  model.writeText("3_Dense/config.json",
                  "{\"in_features\": 24, \"out_features\": 7, \"bias\": true, "
                  "\"activation_function\": "
                  "\"torch.nn.modules.activation.Tanh\"}");
  model.writeTensors("3_Dense/model.safetensors",
                     {{"linear.weight", {Dtype::F32, {7, 24}}},
                      {"linear.bias", {Dtype::F32, {7}}}});
  std::string text = model.import();
  EXPECT_TRUE(contains(text, "<\"3_Dense/model.safetensors\", "
                             "\"linear.weight\">"));
  EXPECT_TRUE(contains(text, "tensor<?x7xf32> {tx.name = "
                             "\"sentence_embedding\"}"));

  model.writeText("3_Dense/config.json",
                  "{\"in_features\": 25, \"out_features\": 7}");
  EXPECT_EQ(model.import(),
            "error 4: 3_Dense/config.json: 'in_features' is 25, expected 24, "
            "the size of what comes before");
  model.writeText("3_Dense/config.json",
                  "{\"in_features\": 24, \"out_features\": 8}");
  EXPECT_EQ(model.import(),
            "error 4: model.safetensors: tensor 'linear.weight' has the shape "
            "(7, 24), expected (8, 24), which is (out_features, in_features) "
            "of 3_Dense/config.json");
  model.writeText("3_Dense/config.json",
                  "{\"in_features\": 24, \"out_features\": 7, "
                  "\"activation_function\": \"torch.nn.Hardtanh\"}");
  EXPECT_EQ(model.import(),
            "error 5: 3_Dense/config.json: 'activation_function' is "
            "\"torch.nn.Hardtanh\", expected torch's Tanh, Identity, ReLU, "
            "SiLU or GELU help: --head=encoder compiles the encoder alone");
  model.writeText("3_Dense/config.json",
                  "{\"in_features\": 24, \"out_features\": 7, "
                  "\"activation_function\": \"my_package.ReLU\"}");
  EXPECT_TRUE(
      contains(model.import(), "\"my_package.ReLU\", expected torch's"));
  model.writeText("3_Dense/config.json", "{\"in_features\": 24, "
                                         "\"out_features\": 7, "
                                         "\"bias\": false}");
  EXPECT_TRUE(contains(model.import(),
                       "tensor \"linear.bias\" is not one that a "
                       "dense module with the numbers of "
                       "3_Dense/config.json has"));
}

TEST(Sentence, encoder_in_a_folder_of_its_own) {
  TestCheckpoint model;
  addSentenceFiles(model);
  model.writeText("modules.json", listModules({{"Transformer", "0_Transformer"},
                                               {"Pooling", "1_Pooling"}}));
  ASSERT_FALSE(llvm::sys::fs::create_directory(model.dir + "/0_Transformer"));
  for (const char *file : {"/config.json", "/model.safetensors"})
    ASSERT_FALSE(llvm::sys::fs::rename(model.dir + file,
                                       model.dir + "/0_Transformer" + file));
  for (Head head : {Head::Auto, Head::Encoder})
    EXPECT_TRUE(contains(model.import(head),
                         "<\"0_Transformer/model.safetensors\", "
                         "\"embeddings.LayerNorm.weight\">"));
}

TEST(Sentence, encoder_alone_needs_no_other_module) {
  TestCheckpoint model;
  addSentenceFiles(model);
  model.writeText("modules.json", listModules({{"Transformer", "0_Transformer"},
                                               {"Pooling", "1_Pooling"},
                                               {"Dense", "2_Dense"},
                                               {"Unknown", "3_Unknown"}}));
  ASSERT_FALSE(llvm::sys::fs::create_directory(model.dir + "/0_Transformer"));
  for (const char *file : {"/config.json", "/model.safetensors"})
    ASSERT_FALSE(llvm::sys::fs::rename(model.dir + file,
                                       model.dir + "/0_Transformer" + file));
  EXPECT_TRUE(contains(model.import(Head::Encoder),
                       "{tx.name = \"last_hidden_state\"}"));
  EXPECT_TRUE(contains(model.import(), "2_Dense/config.json"));
}

TEST(Sentence, list_of_the_encoder_alone_leaves_the_head_to_the_config) {
  TestCheckpoint model;
  model.addRoberta("roberta.");
  model.addLinear("classifier.dense", 24, 24);
  model.addLinear("classifier.out_proj", 1, 24);
  model.config["architectures"] =
      llvm::json::Array{"RobertaForSequenceClassification"};
  model.config["id2label"] = llvm::json::Object{{"0", "LABEL_0"}};
  model.write();
  model.writeText("modules.json", listModules({{"Transformer", ""}}));
  EXPECT_TRUE(contains(model.import(), "head = \"sequence-classification\""));
}

TEST(Sentence, without_files_the_mean) {
  TestCheckpoint model;
  model.addDistilBert();
  model.write();
  std::string text = model.import(Head::SentenceEmbedding);
  EXPECT_TRUE(contains(text, "mean"));
  EXPECT_FALSE(contains(text, "tx.normalize"));
}

TEST(Sentence, refuses_other_poolings_and_modules) {
  TestCheckpoint model;
  addSentenceFiles(model);
  const char *help = " help: --head=encoder compiles the encoder alone";
  model.writeText("1_Pooling/config.json",
                  "{\"pooling_mode_mean_tokens\": true, "
                  "\"pooling_mode_max_tokens\": true}");
  EXPECT_EQ(model.import(),
            std::string("error 5: 1_Pooling/config.json: the pooling is "
                        "\"mean and max\", expected \"cls\" or \"mean\"") +
                help);
  model.writeText("1_Pooling/config.json", "{\"pooling_mode\": \"lasttoken\"}");
  EXPECT_EQ(model.import(),
            std::string("error 5: 1_Pooling/config.json: the pooling is "
                        "\"lasttoken\", expected \"cls\" or \"mean\"") +
                help);
  model.writeText("1_Pooling/config.json",
                  "{\"word_embedding_dimension\": 32}");
  EXPECT_EQ(model.import(),
            "error 4: 1_Pooling/config.json: the dimension is 32, expected "
            "24, the model's 'hidden_size'");
  model.writeText("modules.json", listModules({{"Transformer", ""},
                                               {"WeightedLayerPooling", "1"}}));
  EXPECT_EQ(model.import(),
            std::string("error 5: modules.json: module 1 is "
                        "\"WeightedLayerPooling\", expected Pooling") +
                help);
  EXPECT_EQ(model.import(Head::Encoder).substr(0, 6), "module");
}

TEST(Sentence, refuses_paths_that_are_not_plain) {
  TestCheckpoint model;
  addSentenceFiles(model);
  for (const char *path : {"../1_Pooling", "/etc", "..", "a/b"}) {
    model.writeText("modules.json",
                    listModules({{"Transformer", ""}, {"Pooling", path}}));
    EXPECT_EQ(model.import().substr(0, 86),
              (std::string("error 4: modules.json: 'path' is \"") + path +
               "\", expected the plain name of a folder help: --head=enc")
                  .substr(0, 86));
  }
}

TEST(Sentence, refuses_malformed_lists) {
  TestCheckpoint model;
  addSentenceFiles(model);
  for (const char *text : {"{}", "[]", "[1, 2]", "[{\"type\": 3}, {}]",
                           "[{\"path\": \"\"}, {}]", "nonsense"}) {
    model.writeText("modules.json", text);
    EXPECT_EQ(model.import().substr(0, 21), "error 4: modules.json") << text;
  }
}
