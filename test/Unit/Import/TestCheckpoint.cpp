//===- TestCheckpoint.cpp - Small model folders for tests -----------------===//

#include "TestCheckpoint.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using namespace tx;
using namespace tx::test;

TestCheckpoint::TestCheckpoint() {
  llvm::SmallString<128> path;
  EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("tx-import", path));
  dir = std::string(path);
}

TestCheckpoint::~TestCheckpoint() { llvm::sys::fs::remove_directories(dir); }

//===----------------------------------------------------------------------===//
// Contents
//===----------------------------------------------------------------------===//

void TestCheckpoint::add(const std::string &name, std::vector<int64_t> shape,
                         Dtype dtype) {
  tensors[name] = {dtype, std::move(shape)};
}

void TestCheckpoint::addLinear(const std::string &name, int64_t rows,
                               int64_t columns) {
  add(name + ".weight", {rows, columns});
  add(name + ".bias", {rows});
}

void TestCheckpoint::addNorm(const std::string &name) {
  add(name + ".weight", {24});
  add(name + ".bias", {24});
}

void TestCheckpoint::addBertLayers(const std::string &prefix) {
  for (int layer = 0; layer < 2; ++layer) {
    std::string scope = prefix + "encoder.layer." + std::to_string(layer) + ".";
    for (const char *name : {"query", "key", "value"})
      addLinear(scope + "attention.self." + name, 24, 24);
    addLinear(scope + "attention.output.dense", 24, 24);
    addNorm(scope + "attention.output.LayerNorm");
    addLinear(scope + "intermediate.dense", 50, 24);
    addLinear(scope + "output.dense", 24, 50);
    addNorm(scope + "output.LayerNorm");
  }
}

void TestCheckpoint::addBert(const std::string &prefix) {
  config = llvm::json::Object{{"model_type", "bert"},
                              {"hidden_size", 24},
                              {"num_hidden_layers", 2},
                              {"num_attention_heads", 3},
                              {"intermediate_size", 50},
                              {"vocab_size", 60},
                              {"max_position_embeddings", 40},
                              {"type_vocab_size", 2},
                              {"hidden_act", "gelu"},
                              {"layer_norm_eps", 1e-12},
                              {"pad_token_id", 0}};
  add(prefix + "embeddings.word_embeddings.weight", {60, 24});
  add(prefix + "embeddings.position_embeddings.weight", {40, 24});
  add(prefix + "embeddings.token_type_embeddings.weight", {2, 24});
  addNorm(prefix + "embeddings.LayerNorm");
  addBertLayers(prefix);
}

void TestCheckpoint::addRoberta(const std::string &prefix) {
  addBert(prefix);
  config["model_type"] = "roberta";
  config["type_vocab_size"] = 1;
  config["pad_token_id"] = 1;
  config["layer_norm_eps"] = 1e-5;
  add(prefix + "embeddings.token_type_embeddings.weight", {1, 24});
}

void TestCheckpoint::addDistilBert(const std::string &prefix) {
  config = llvm::json::Object{{"model_type", "distilbert"},
                              {"dim", 24},
                              {"n_layers", 2},
                              {"n_heads", 3},
                              {"hidden_dim", 50},
                              {"vocab_size", 60},
                              {"max_position_embeddings", 40},
                              {"activation", "gelu"},
                              {"sinusoidal_pos_embds", false},
                              {"pad_token_id", 0}};
  add(prefix + "embeddings.word_embeddings.weight", {60, 24});
  add(prefix + "embeddings.position_embeddings.weight", {40, 24});
  addNorm(prefix + "embeddings.LayerNorm");
  for (int layer = 0; layer < 2; ++layer) {
    std::string scope =
        prefix + "transformer.layer." + std::to_string(layer) + ".";
    for (const char *name : {"q_lin", "k_lin", "v_lin", "out_lin"})
      addLinear(scope + "attention." + name, 24, 24);
    addNorm(scope + "sa_layer_norm");
    addLinear(scope + "ffn.lin1", 50, 24);
    addLinear(scope + "ffn.lin2", 24, 50);
    addNorm(scope + "output_layer_norm");
  }
}

void TestCheckpoint::rename(const std::string &from, const std::string &to) {
  std::map<std::string, Tensor> renamed;
  for (auto &[name, tensor] : tensors) {
    std::string changed = name;
    size_t at = changed.find(from);
    if (at != std::string::npos)
      changed.replace(at, from.size(), to);
    renamed[changed] = tensor;
  }
  tensors = std::move(renamed);
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

void TestCheckpoint::writeText(const std::string &file,
                               const std::string &text) {
  std::string path = dir + "/" + file;
  llvm::StringRef folder = llvm::StringRef(path).rsplit('/').first;
  ASSERT_FALSE(llvm::sys::fs::create_directories(folder));
  std::error_code code;
  llvm::raw_fd_ostream os(path, code);
  ASSERT_FALSE(code);
  os << text;
}

void TestCheckpoint::writeTensors(
    const std::string &file, const std::map<std::string, Tensor> &contents) {
  std::vector<uint8_t> zeros(1 << 16);
  std::map<std::string, TensorView> views;
  for (const auto &[name, tensor] : contents) {
    size_t bytes = getSize(tensor.dtype);
    for (int64_t size : tensor.shape)
      bytes *= size;
    ASSERT_LE(bytes, zeros.size());
    views[name] = {tensor.dtype,
                   {tensor.shape.begin(), tensor.shape.end()},
                   llvm::ArrayRef<uint8_t>(zeros).take_front(bytes)};
  }
  ASSERT_FALSE(llvm::errorToBool(writeSafetensors(dir + "/" + file, views)));
}

void TestCheckpoint::write() {
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::json::Value(llvm::json::Object(config));
  writeText("config.json", text);
  writeTensors("model.safetensors", tensors);
}

std::string TestCheckpoint::import(Head head) {
  mlir::MLIRContext context;
  std::string text;
  llvm::raw_string_ostream os(text);
  auto module = importModel(dir, head, context);
  if (module) {
    (*module)->print(os);
    return text;
  }
  llvm::handleAllErrors(module.takeError(), [&](const Error &error) {
    os << "error " << static_cast<int>(error.getCode()) << ": "
       << error.getMessage();
    if (!error.getHint().empty())
      os << " help: " << error.getHint();
  });
  return text;
}
