//===- WorkspaceTest.cpp - Memory of a call against what is alive ---------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tx/Analysis/TokenDims.h"
#include "tx/Dialect/Tx/IR/Tx.h"
#include "tx/Driver/Driver.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace tx;

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

/// Little more than what is alive, for any batch that is not tiny.
TEST(WorkspaceTest, HoldsWhatIsAlive) {
  std::unique_ptr<MLIRContext> context = makeContext();
  Model model =
      llvm::cantFail(loadModel(TX_SOURCE_DIR "/examples/models/sections-tiny",
                               Head::Auto, "", *context));
  llvm::SmallString<128> path;
  ASSERT_FALSE(
      llvm::sys::fs::createTemporaryFile("tx-workspace", "mlir", path));
  CompileOptions options;
  options.to = Phase::Schedule;
  llvm::cantFail(compileModel(model, path, options));
  llvm::sys::fs::remove(path);

  int entries = 0;
  for (auto entry : model.module->getOps<func::FuncOp>()) {
    if (!entry->hasAttr(kWorkspaceAttrName))
      continue;
    ++entries;
    for (BatchSize batch : {BatchSize{1, 64}, {8, 32}, {32, 3}}) {
      int64_t live = countLiveBytes(entry, batch);
      int64_t workspace = countWorkspaceBytes(entry, batch);
      EXPECT_GE(workspace, live) << entry.getSymName().str();
      EXPECT_LE(workspace, live * 5 / 4)
          << entry.getSymName().str() << ", " << batch.sequences
          << " sequences of " << batch.length;
    }
  }
  EXPECT_GE(entries, 2);
}

} // namespace
