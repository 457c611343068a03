//===- Safetensors.h - Mapped safetensors files -----------------*- C++ -*-===//
//
// The one reader of checkpoint tensors. A file is 8 bytes of header length
// (little endian), a JSON header, and the tensors' bytes. The reader trusts
// nothing: every size is checked before it is used, the header is capped, its
// nesting too, names are unique, and the tensors cover the data without gap or
// overlap.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CHECKPOINT_SAFETENSORS_H
#define TX_CHECKPOINT_SAFETENSORS_H

#include "tx/Checkpoint/Error.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <map>
#include <memory>

namespace tx {

enum class Dtype { Bool, U8, I8, I16, I32, I64, F16, BF16, F32, F64 };

/// Bytes of one element.
int64_t getSize(Dtype dtype);
/// The name in a safetensors header, "F32" say.
llvm::StringRef getName(Dtype dtype);

/// A tensor of an open file; `bytes` point into the mapping. The format does
/// not promise that they are aligned.
struct TensorView {
  Dtype dtype;
  llvm::SmallVector<int64_t, 4> shape;
  llvm::ArrayRef<uint8_t> bytes;
};

/// Limits of the format, checked before anything is allocated.
inline constexpr uint64_t kMaxHeaderBytes = 100'000'000;
inline constexpr size_t kMaxTensors = 1'000'000;
inline constexpr size_t kMaxRank = 8;
inline constexpr size_t kMaxNameBytes = 1000;

/// An open, mapped file.
class SafetensorsFile {
public:
  /// Maps and checks the file at `path`. Errors: File if it cannot be read,
  /// Malformed, each naming the file, the tensor and what was expected;
  /// Unsupported for a dtype that tx does not know.
  static llvm::Expected<std::unique_ptr<SafetensorsFile>>
  open(llvm::StringRef path);

  /// The same for bytes in memory, which must outlive the result. `name`
  /// stands for the path in messages.
  static llvm::Expected<std::unique_ptr<SafetensorsFile>>
  parse(llvm::ArrayRef<uint8_t> bytes, llvm::StringRef name);

  ~SafetensorsFile();

  /// Tensors by name, in the order of their names.
  const std::map<std::string, TensorView> &tensors() const { return views; }
  /// The tensor called `key`, or null.
  const TensorView *find(llvm::StringRef key) const;
  /// The header's `__metadata__`, empty without.
  const std::map<std::string, std::string> &metadata() const { return notes; }

  /// Lets the system drop the pages of `bytes`, which belong to this file, so
  /// that reading a large file does not make the process large.
  void release(llvm::ArrayRef<uint8_t> bytes) const;

private:
  SafetensorsFile() = default;
  std::map<std::string, TensorView> views;
  std::map<std::string, std::string> notes;
  llvm::ArrayRef<uint8_t> mapping; // what munmap gets; empty for parse()
};

/// A checkpoint in a folder: `model.safetensors`, or the shards that
/// `model.safetensors.index.json` names.
class Checkpoint {
public:
  /// Where a tensor is.
  struct Location {
    std::string file; ///< plain file name within the folder
    const SafetensorsFile *opened;
    const TensorView *view;
  };

  /// Opens the checkpoint of folder `dir`. Links are followed; a file name in
  /// an index must be plain (no separator, not `..`). `pytorch_model.bin`
  /// alone is refused with the remedy.
  static llvm::Expected<Checkpoint> open(llvm::StringRef dir);

  const std::map<std::string, Location> &tensors() const { return locations; }

private:
  std::map<std::string, std::unique_ptr<SafetensorsFile>> files;
  std::map<std::string, Location> locations;
};

/// Writes tensors to `path` through a temporary file that is renamed when it
/// is complete; an existing file stays as it was on any error. Wider dtypes
/// come first, so that every tensor is aligned, and those of one width in the
/// order of their names.
llvm::Error
writeSafetensors(llvm::StringRef path,
                 const std::map<std::string, TensorView> &tensors,
                 const std::map<std::string, std::string> &metadata = {});

} // namespace tx

#endif // TX_CHECKPOINT_SAFETENSORS_H
