//===- WeightTable.h - Checked tensors as tx.param --------------*- C++ -*-===//
//
// The tensors of a checkpoint as values of the IR. Each is looked up under the
// names it may have and checked for dtype and shape before an op refers to it;
// at the end every tensor must have been used or be known. The first failure
// is kept and building goes on with the expected type, so that builders read
// as the model does.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_IMPORT_WEIGHTTABLE_H
#define TX_LIB_IMPORT_WEIGHTTABLE_H

#include "mlir/IR/Builders.h"
#include "tx/Checkpoint/Safetensors.h"
#include "tx/Dialect/Tx/IR/Tx.h"
#include "tx/Import/Family.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace tx {

/// One expected dimension and the field it comes from, for messages.
struct Dim {
  int64_t size;
  llvm::StringRef field;
};

class WeightTable {
public:
  /// `folder` is where the checkpoint lies in the parameter root, empty for
  /// the root; `configFile` is what messages say dimensions come from.
  /// Everything must outlive the table.
  WeightTable(const Checkpoint &checkpoint, llvm::StringRef folder,
              llvm::StringRef configFile, mlir::OpBuilder &builder)
      : checkpoint(checkpoint), folder(folder), configFile(configFile),
        builder(builder) {}

  /// Finds out whether the body's tensors have `family`'s prefix.
  llvm::Error detectPrefix(const Family &family);
  /// The whole name of the body's tensor `name`.
  std::string inBody(llvm::StringRef name) const { return prefix + name.str(); }

  /// `name` as locations call it: from "layer.", if it has that, and without
  /// the body's prefix.
  llvm::StringRef shorten(llvm::StringRef name) const;

  bool has(llvm::StringRef name) const;
  /// Whether `name` has a weight.
  bool hasWeight(llvm::StringRef name) const;

  /// The f32 value of tensor `name`, whose shape must be `dims`; one op for
  /// all uses.
  mlir::Value get(llvm::StringRef name, llvm::ArrayRef<Dim> dims);
  /// `name`.weight and `name`.bias, also under their old names gamma and beta.
  mlir::Value getWeight(llvm::StringRef name, llvm::ArrayRef<Dim> dims);
  mlir::Value getBias(llvm::StringRef name, Dim dim);

  /// Fails for a tensor that was not used and is not known of `family`, if one
  /// is given; `model` says in the message what does not have it.
  void checkAllExplained(const Family *family, llvm::StringRef model);
  /// The first failure, or success.
  llvm::Error getError() const;

private:
  void fail(ExitCode code, std::string problem);
  void check(llvm::StringRef name, const Checkpoint::Location &location,
             llvm::ArrayRef<Dim> dims);
  std::string choose(llvm::StringRef name, llvm::StringRef suffix,
                     llvm::StringRef oldSuffix) const;
  bool isKnown(llvm::StringRef name, const Family &family) const;

  const Checkpoint &checkpoint;
  llvm::StringRef folder, configFile;
  mlir::OpBuilder &builder;
  std::string prefix;
  llvm::StringMap<mlir::Value> values;
  std::optional<std::pair<ExitCode, std::string>> failure;
};

} // namespace tx

#endif // TX_LIB_IMPORT_WEIGHTTABLE_H
