//===- ParamAccess.h - The bytes of parameters ------------------*- C++ -*-===//
//
// One way to the bytes of a `tx.param`, whichever of its three forms it has,
// and of the pure param ops on top (cast, pack).
//
//===----------------------------------------------------------------------===//

#ifndef TX_DIALECT_TX_IR_PARAMACCESS_H
#define TX_DIALECT_TX_IR_PARAMACCESS_H

#include "tx/Checkpoint/Safetensors.h"
#include "tx/Dialect/Tx/IR/Tx.h"
#include <vector>

namespace tx {

/// Resolves and maps the files of `#tx.external`.
class ParamSource {
public:
  /// A relative file name resolves against `root`.
  explicit ParamSource(std::string root) : root(std::move(root)) {}

  /// The bytes of `op` as they are stored: row-major, of the result's element
  /// type. They live as long as this object and the module. Errors: File,
  /// Malformed; Unsupported where type or shape differ from the file's.
  llvm::Expected<llvm::ArrayRef<uint8_t>> getBytes(ParamOp op);

  /// Lets the system drop the pages behind `op`.
  void release(ParamOp op);

private:
  llvm::Expected<const SafetensorsFile *> openFile(llvm::StringRef file);
  std::string root;
  std::map<std::string, std::unique_ptr<SafetensorsFile>> files;
  /// Splat literals, written out; by attribute.
  std::map<const void *, std::vector<uint8_t>> splats;
};

/// Writes the value of param expression `value` (param, cast, pack) to `out`,
/// getStorageBytes() bytes, in its layout.
llvm::Error evaluateParam(mlir::Value value, ParamSource &source,
                          llvm::MutableArrayRef<uint8_t> out);

} // namespace tx

#endif // TX_DIALECT_TX_IR_PARAMACCESS_H
