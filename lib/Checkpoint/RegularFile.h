//===- RegularFile.h - Files that can be read in full -----------*- C++ -*-===//
//
// Opens a file for reading and refuses folders, devices and pipes, none of
// which has a size to check against.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_CHECKPOINT_REGULARFILE_H
#define TX_LIB_CHECKPOINT_REGULARFILE_H

#include "tx/Checkpoint/Error.h"
#include "llvm/ADT/ArrayRef.h"

namespace tx {

class RegularFile {
public:
  /// Links are followed. Errors: File.
  static llvm::Expected<RegularFile> open(llvm::StringRef path);
  RegularFile(RegularFile &&other);
  ~RegularFile();

  uint64_t size() const { return bytes; }
  /// The content, of size() bytes.
  llvm::Expected<std::string> read() const;
  /// Maps the content, which is not empty, for reading. The caller unmaps it.
  llvm::Expected<llvm::ArrayRef<uint8_t>> map() const;

private:
  RegularFile() = default;
  std::string path;
  uint64_t bytes = 0;
  int fd = -1;
};

} // namespace tx

#endif // TX_LIB_CHECKPOINT_REGULARFILE_H
