//===- WorkspaceTest.cpp - Memory of a call against what is alive ---------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "test/Unit/Checkpoint/TestFolder.h"
#include "tx/Analysis/TokenDims.h"
#include "tx/Dialect/Tx/IR/Tx.h"
#include "tx/Driver/Driver.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include "gtest/gtest.h"
#include <unistd.h>

using namespace mlir;
using namespace tx;
using namespace tx::test;

namespace {

/// A batch of sequences of the same length.
struct BatchSize {
  int64_t sequences, length;
};

int64_t countElements(const DimSymbol &dim, BatchSize batch) {
  switch (dim.kind) {
  case DimSymbol::Kind::Static:
    return dim.size;
  case DimSymbol::Kind::Tokens:
    return batch.sequences * batch.length;
  case DimSymbol::Kind::Sequences:
    return batch.sequences;
  case DimSymbol::Kind::SequencesPlus1:
    return batch.sequences + 1;
  case DimSymbol::Kind::PaddedLength:
    return batch.length;
  case DimSymbol::Kind::Tiles:
    return batch.sequences * llvm::divideCeil(batch.length, dim.rows);
  case DimSymbol::Kind::Unknown:
    break;
  }
  return 0;
}

/// The most bytes that values of `entry` other than its outputs hold at once.
int64_t countLiveBytes(func::FuncOp entry, BatchSize batch) {
  FailureOr<TokenDims> dims = TokenDims::compute(entry);
  Operation *terminator = entry.getBody().front().getTerminator();
  int64_t live = 0, most = 0;
  llvm::DenseMap<Operation *, int64_t> freed; // after an op
  for (auto call : entry.getOps<tx::CallOp>()) {
    for (Value value : call.getResults()) {
      if (llvm::is_contained(terminator->getOperands(), value))
        continue;
      int64_t bytes = sizeof(float);
      for (const DimSymbol &dim : dims->getDims(value))
        bytes *= countElements(dim, batch);
      live += bytes;
      Operation *last = call;
      for (Operation *user : value.getUsers())
        if (last->isBeforeInBlock(user))
          last = user;
      freed[last] += bytes;
    }
    most = std::max(most, live);
    live -= freed.lookup(call);
  }
  return most;
}

int64_t countWorkspaceBytes(func::FuncOp entry, BatchSize batch) {
  auto workspace = entry->getAttrOfType<WorkspaceAttr>(kWorkspaceAttrName);
  return workspace.getToken() *
             llvm::alignTo(batch.sequences * batch.length, 16) +
         workspace.getSequence() * llvm::alignTo(batch.sequences + 1, 16) +
         workspace.getFixed();
}

/// At most a quarter more than what is alive, unless the batch is tiny: then,
/// and with what a thread has to itself, 1 MiB may come on top.
void expectTight(llvm::StringRef folder) {
  std::unique_ptr<MLIRContext> context = makeContext();
  Model model = llvm::cantFail(loadModel(folder, Head::Auto, "", *context));
  CompileOptions options;
  options.to = Phase::Schedule;
  llvm::cantFail(compileModel(model, "", options));
  Model lowered = model.clone();
  options.to = Phase::Lower;
  llvm::cantFail(compileModel(lowered, "", options));
  auto scratch =
      lowered.module->getOperation()->getAttrOfType<IntegerAttr>("tx.scratch");
  ASSERT_TRUE(scratch);
  EXPECT_LE(scratch.getInt(), 1 << 20);

  int entries = 0;
  for (auto entry : model.module->getOps<func::FuncOp>()) {
    if (!entry->hasAttr(kWorkspaceAttrName))
      continue;
    ++entries;
    for (BatchSize batch :
         {BatchSize{1, 1}, {1, 16}, {1, 64}, {8, 32}, {32, 3}, {8, 128}}) {
      SCOPED_TRACE(entry.getSymName().str() + ", " +
                   std::to_string(batch.sequences) + " sequences of " +
                   std::to_string(batch.length));
      int64_t live = countLiveBytes(entry, batch);
      int64_t workspace = countWorkspaceBytes(entry, batch);
      EXPECT_GE(workspace, live);
      EXPECT_LE(workspace + scratch.getInt(), live * 5 / 4 + (1 << 20));
      if (batch.sequences * batch.length >= 64)
        EXPECT_LE(workspace, live * 5 / 4);
    }
  }
  EXPECT_GE(entries, 2);
}

/// Sizes of a BERT.
struct Sizes {
  int64_t hidden, heads, layers, feedForward;
};

/// Writes config.json and a model.safetensors whose weights, behind its header,
/// are a hole: they take no room and no time.
void writeBert(const TestFolder &folder, Sizes sizes) {
  llvm::json::Object tensors;
  int64_t end = 0;
  auto add = [&](const std::string &name, std::vector<int64_t> shape) {
    int64_t first = end, elements = 1;
    for (int64_t size : shape)
      elements *= size;
    end += elements * sizeof(float);
    tensors[name] =
        llvm::json::Object{{"dtype", "F32"},
                           {"shape", llvm::json::Array(shape)},
                           {"data_offsets", llvm::json::Array{first, end}}};
  };
  auto addLinear = [&](const std::string &name, int64_t rows, int64_t columns) {
    add(name + ".weight", {rows, columns});
    add(name + ".bias", {rows});
  };
  auto addNorm = [&](const std::string &name) {
    add(name + ".weight", {sizes.hidden});
    add(name + ".bias", {sizes.hidden});
  };
  add("embeddings.word_embeddings.weight", {60, sizes.hidden});
  add("embeddings.position_embeddings.weight", {512, sizes.hidden});
  add("embeddings.token_type_embeddings.weight", {2, sizes.hidden});
  addNorm("embeddings.LayerNorm");
  for (int64_t layer = 0; layer < sizes.layers; ++layer) {
    std::string scope = "encoder.layer." + std::to_string(layer) + ".";
    for (const char *name : {"query", "key", "value"})
      addLinear(scope + "attention.self." + name, sizes.hidden, sizes.hidden);
    addLinear(scope + "attention.output.dense", sizes.hidden, sizes.hidden);
    addNorm(scope + "attention.output.LayerNorm");
    addLinear(scope + "intermediate.dense", sizes.feedForward, sizes.hidden);
    addLinear(scope + "output.dense", sizes.hidden, sizes.feedForward);
    addNorm(scope + "output.LayerNorm");
  }
  std::string header =
      llvm::formatv("{0}", llvm::json::Value(std::move(tensors)));
  std::string path = folder.write("model.safetensors", makeFile(header));
  ASSERT_EQ(truncate(path.c_str(), 8 + header.size() + end), 0);
  folder.write(
      "config.json",
      llvm::formatv("{0}", llvm::json::Value(llvm::json::Object{
                               {"model_type", "bert"},
                               {"hidden_size", sizes.hidden},
                               {"num_hidden_layers", sizes.layers},
                               {"num_attention_heads", sizes.heads},
                               {"intermediate_size", sizes.feedForward},
                               {"vocab_size", 60},
                               {"max_position_embeddings", 512},
                               {"type_vocab_size", 2},
                               {"hidden_act", "gelu"},
                               {"layer_norm_eps", 1e-12},
                               {"pad_token_id", 0}})));
}

/// The files that sentence-transformers puts beside it: means, normalised.
void writeModules(const TestFolder &folder, Sizes sizes) {
  ASSERT_FALSE(llvm::sys::fs::create_directory(folder.path("1_Pooling")));
  folder.write("1_Pooling/config.json",
               llvm::formatv(R"({{"word_embedding_dimension": {0}, )"
                             R"("pooling_mode_mean_tokens": true})",
                             sizes.hidden));
  folder.write("modules.json", R"([
    {"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}])");
}

TEST(WorkspaceTest, HoldsWhatIsAlive) {
  expectTight(TX_SOURCE_DIR "/examples/models/sections-tiny");
}

TEST(WorkspaceTest, HoldsWhatIsAliveInMiniLm) {
  TestFolder folder;
  Sizes sizes{384, 12, 6, 1536};
  writeBert(folder, sizes);
  writeModules(folder, sizes);
  expectTight(folder.dir);
}

TEST(WorkspaceTest, HoldsWhatIsAliveInBertBase) {
  TestFolder folder;
  writeBert(folder, {768, 12, 2, 3072});
  expectTight(folder.dir);
}

} // namespace
