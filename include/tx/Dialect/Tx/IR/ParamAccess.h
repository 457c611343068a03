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
#include <cstdlib>
#include <map>
#include <memory>

namespace tx {

/// Resolves and maps the files of `#tx.external`.
class ParamSource {
public:
  /// A relative file name resolves against `root`.
  explicit ParamSource(std::string root) : root(std::move(root)) {}

  /// The bytes of `op` as they are stored: row-major, of the result's element
  /// type, not necessarily aligned. They live until release(op), this object
  /// or the module ends. Errors: File; Malformed where the file has no such
  /// tensor or one of another type or shape; Backend without memory.
  llvm::Expected<llvm::ArrayRef<uint8_t>> getBytes(ParamOp op);

  /// Lets the system have the memory behind `op` back; getBytes() may be called
  /// again.
  void release(ParamOp op);

private:
  llvm::Expected<const SafetensorsFile *> openFile(llvm::StringRef file);
  llvm::Expected<llvm::ArrayRef<uint8_t>> getExternalBytes(ParamOp op);
  llvm::Expected<llvm::ArrayRef<uint8_t>> getSplatBytes(ParamOp op);

  struct FreeMemory {
    void operator()(uint8_t *memory) const { std::free(memory); }
  };
  std::string root;
  std::map<std::string, std::unique_ptr<SafetensorsFile>> files;
  /// Splat literals, written out.
  std::map<mlir::Operation *, std::unique_ptr<uint8_t, FreeMemory>> splats;
};

/// Writes the value of param expression `value` (param, cast, pack) to `out`,
/// getStorageBytes() bytes, in its layout, and releases the param. Needs no
/// memory besides that of the param itself.
llvm::Error evaluateParam(mlir::Value value, ParamSource &source,
                          llvm::MutableArrayRef<uint8_t> out);

} // namespace tx

#endif // TX_DIALECT_TX_IR_PARAMACCESS_H
