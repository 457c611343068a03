//===- ConfigTest.cpp - Tests of the checks of config.json ----------------===//

#include "tx/Import/Config.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using namespace tx;
namespace json = llvm::json;

static json::Object getBert() {
  return json::Object{
      {"model_type", "bert"},         {"hidden_size", 24},
      {"num_hidden_layers", 2},       {"num_attention_heads", 3},
      {"intermediate_size", 50},      {"vocab_size", 60},
      {"max_position_embeddings", 40}};
}

/// "error CODE: MESSAGE" of parsing `text`, or "ok".
static std::string parse(llvm::StringRef text) {
  auto config = parseConfig(text, "config.json");
  if (config)
    return "ok";
  std::string message;
  llvm::handleAllErrors(config.takeError(), [&](const Error &error) {
    message = "error " + std::to_string(static_cast<int>(error.getCode())) +
              ": " + error.getMessage().str();
  });
  return message;
}

static std::string parse(json::Object object) {
  std::string text;
  llvm::raw_string_ostream(text) << json::Value(std::move(object));
  return parse(text);
}

/// The result of a BERT config whose `key` is `value`.
static std::string parseWith(llvm::StringRef key, json::Value value) {
  json::Object object = getBert();
  object[key] = std::move(value);
  return parse(std::move(object));
}

TEST(Config, reads_bert_with_the_frameworks_defaults) {
  std::string text;
  llvm::raw_string_ostream(text) << json::Value(getBert());
  auto config = parseConfig(text, "config.json");
  ASSERT_TRUE(static_cast<bool>(config));
  EXPECT_EQ(config->family, &kBert);
  EXPECT_EQ(config->hiddenSize, 24);
  EXPECT_EQ(config->getHeadSize(), 8);
  EXPECT_EQ(config->typeVocabSize, 2);
  EXPECT_EQ(config->padId, 0);
  EXPECT_EQ(config->layerNormEps, 1e-12);
  EXPECT_EQ(config->activation, ActivationKind::Gelu);
  EXPECT_TRUE(config->tieWordEmbeddings);
  EXPECT_EQ(config->getMaxLength(), 40);
  EXPECT_EQ(config->labels, (std::vector<std::string>{"LABEL_0", "LABEL_1"}));
}

TEST(Config, counts_robertas_positions_behind_the_padding) {
  json::Object object = getBert();
  object["model_type"] = "xlm-roberta";
  std::string text;
  llvm::raw_string_ostream(text) << json::Value(std::move(object));
  auto config = parseConfig(text, "config.json");
  ASSERT_TRUE(static_cast<bool>(config));
  EXPECT_EQ(config->padId, 1);
  EXPECT_EQ(config->getPositionBase(), 2);
  EXPECT_EQ(config->getMaxLength(), 38);
}

TEST(Config, knows_the_frameworks_names_of_activations) {
  std::pair<const char *, ActivationKind> names[] = {
      {"gelu", ActivationKind::Gelu},
      {"gelu_new", ActivationKind::GeluTanh},
      {"gelu_fast", ActivationKind::GeluTanh},
      {"gelu_pytorch_tanh", ActivationKind::GeluTanh},
      {"relu", ActivationKind::Relu},
      {"silu", ActivationKind::Silu},
      {"swish", ActivationKind::Silu},
      {"tanh", ActivationKind::Tanh}};
  for (auto [name, kind] : names) {
    json::Object object = getBert();
    object["hidden_act"] = name;
    std::string text;
    llvm::raw_string_ostream(text) << json::Value(std::move(object));
    auto config = parseConfig(text, "config.json");
    ASSERT_TRUE(static_cast<bool>(config)) << name;
    EXPECT_EQ(config->activation, kind) << name;
  }
}

TEST(Config, reads_labels_in_the_order_of_their_numbers) {
  json::Object object = getBert();
  json::Object labels;
  for (int i = 11; i >= 0; --i)
    labels[std::to_string(i)] = "class " + std::to_string(i);
  object["id2label"] = std::move(labels);
  std::string text;
  llvm::raw_string_ostream(text) << json::Value(std::move(object));
  auto config = parseConfig(text, "config.json");
  ASSERT_TRUE(static_cast<bool>(config));
  ASSERT_EQ(config->labels.size(), 12u);
  EXPECT_EQ(config->labels[2], "class 2");
  EXPECT_EQ(config->labels[11], "class 11");
}

TEST(Config, takes_null_for_absent) {
  EXPECT_EQ(parseWith("pad_token_id", nullptr), "ok");
  EXPECT_EQ(parseWith("id2label", nullptr), "ok");
  EXPECT_EQ(parseWith("architectures", nullptr), "ok");
}

TEST(Config, refuses_numbers_out_of_range) {
  json::Object missing = getBert();
  missing.erase("hidden_size");
  EXPECT_EQ(parse(std::move(missing)),
            "error 4: config.json: 'hidden_size' is missing, expected an "
            "integer from 1 to 65536");
  EXPECT_EQ(parseWith("hidden_size", -24),
            "error 4: config.json: 'hidden_size' is -24, expected an integer "
            "from 1 to 65536");
  EXPECT_EQ(parseWith("num_hidden_layers", 0),
            "error 4: config.json: 'num_hidden_layers' is 0, expected an "
            "integer from 1 to 1024");
  EXPECT_EQ(parseWith("vocab_size", 1e30),
            "error 4: config.json: 'vocab_size' is 1e+30, expected an integer "
            "from 1 to 16777216");
  EXPECT_EQ(parseWith("intermediate_size", int64_t(1) << 40),
            "error 4: config.json: 'intermediate_size' is 1099511627776, "
            "expected an integer from 1 to 1048576");
  EXPECT_EQ(parseWith("num_attention_heads", 2.5),
            "error 4: config.json: 'num_attention_heads' is 2.5, expected an "
            "integer from 1 to 65536");
  EXPECT_EQ(
      parseWith("layer_norm_eps", -1e-5),
      "error 4: config.json: 'layer_norm_eps' is -1.0000000000000001e-05, "
      "expected a number from 0 to 1");
  EXPECT_EQ(parseWith("pad_token_id", 60),
            "error 4: config.json: 'pad_token_id' is 60, expected an integer "
            "from 0 to 59");
  EXPECT_EQ(parseWith("type_vocab_size", 0),
            "error 4: config.json: 'type_vocab_size' is 0, expected an integer "
            "from 1 to 65536");
}

TEST(Config, refuses_values_of_another_type) {
  EXPECT_EQ(parseWith("hidden_size", "24"),
            "error 4: config.json: 'hidden_size' is \"24\", expected an "
            "integer from 1 to 65536");
  EXPECT_EQ(parseWith("max_position_embeddings", json::Array{40}),
            "error 4: config.json: 'max_position_embeddings' is [40], expected "
            "an integer from 1 to 1048576");
  EXPECT_EQ(parseWith("tie_word_embeddings", 1),
            "error 4: config.json: 'tie_word_embeddings' is 1, expected true "
            "or false");
  EXPECT_EQ(parseWith("hidden_act", 3),
            "error 4: config.json: 'hidden_act' is 3, expected a string");
  EXPECT_EQ(parseWith("architectures", "BertModel"),
            "error 4: config.json: 'architectures' is \"BertModel\", expected "
            "an array of strings");
  EXPECT_EQ(parse("[1, 2]"),
            "error 4: config.json: is [1,2], expected an object");
}

TEST(Config, refuses_contradictions) {
  EXPECT_EQ(parseWith("num_attention_heads", 5),
            "error 4: config.json: 'hidden_size' is 24, expected a multiple of "
            "'num_attention_heads', 5");
  json::Object roberta = getBert();
  roberta["model_type"] = "roberta";
  roberta["max_position_embeddings"] = 2;
  EXPECT_EQ(parse(std::move(roberta)),
            "error 4: config.json: 'max_position_embeddings' is 2, expected "
            "more than 2, where positions begin ('pad_token_id' + 1)");
  json::Object labels = getBert();
  labels["id2label"] = json::Object{{"0", "no"}, {"1", "yes"}};
  labels["num_labels"] = 3;
  EXPECT_EQ(parse(std::move(labels)),
            "error 4: config.json: 'num_labels' is 3, expected 2, as "
            "'id2label' names");
  EXPECT_EQ(parseWith("id2label", json::Object{{"0", "no"}, {"2", "yes"}}),
            "error 4: config.json: 'id2label' has nothing for label 1 of 2, "
            "expected a string");
}

TEST(Config, refuses_what_is_not_json) {
  EXPECT_EQ(parse("{\"model_type\": \"bert\", \"layer_norm_eps\": NaN}"),
            "error 4: config.json: holds the value NaN, expected a finite "
            "number");
  EXPECT_EQ(parse("{\"layer_norm_eps\": -Infinity}"),
            "error 4: config.json: holds the value Infinity, expected a finite "
            "number");
  EXPECT_NE(parse("{\"NaN\": ").find("error 4: config.json"),
            std::string::npos);
  EXPECT_EQ(parse("").substr(0, 7), "error 4");
  EXPECT_EQ(parse("{\"hidden_size\": 1, \"hidden_size\": 2}").substr(0, 7),
            "error 4");
}

TEST(Config, refuses_models_it_cannot_build) {
  EXPECT_EQ(parseWith("model_type", "gpt2"),
            "error 5: config.json: 'model_type' is \"gpt2\", expected one of "
            "bert, distilbert, roberta, xlm-roberta");
  json::Object object = getBert();
  object.erase("model_type");
  EXPECT_EQ(parse(std::move(object)),
            "error 4: config.json: 'model_type' is missing, expected one of "
            "bert, distilbert, roberta, xlm-roberta");
  EXPECT_EQ(parseWith("hidden_act", "quick_gelu"),
            "error 5: config.json: 'hidden_act' is \"quick_gelu\", expected "
            "one of gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, relu, silu, "
            "swish, tanh");
  EXPECT_EQ(parseWith("position_embedding_type", "relative_key"),
            "error 5: config.json: 'position_embedding_type' is "
            "\"relative_key\", expected \"absolute\"");
  EXPECT_EQ(parseWith("is_decoder", true),
            "error 5: config.json: 'is_decoder' is true; tx compiles encoders "
            "only");
  EXPECT_EQ(parseWith("add_cross_attention", true),
            "error 5: config.json: 'add_cross_attention' is true; tx compiles "
            "encoders only");
  EXPECT_EQ(parseWith("pruned_heads", json::Object{{"0", json::Array{1}}}),
            "error 5: config.json: 'pruned_heads' is {\"0\":[1]}, expected no "
            "head to be pruned");
  EXPECT_EQ(parseWith("pruned_heads", json::Object{}), "ok");
  EXPECT_EQ(parseWith("quantization_config", json::Object{{"bits", 4}}),
            "error 5: config.json: 'quantization_config' is given; tx reads "
            "checkpoints whose weights are F32, F16 or BF16");
}
