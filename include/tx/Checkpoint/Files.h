//===- Files.h - Files that are read or written whole -----------*- C++ -*-===//

#ifndef TX_CHECKPOINT_FILES_H
#define TX_CHECKPOINT_FILES_H

#include "tx/Checkpoint/Error.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <csignal>
#include <iterator>
#include <string>

namespace tx {

/// Bytes of a text that is read, at most.
inline constexpr uint64_t kMaxTextBytes = 100'000'000;

/// Reads a whole small file (at most `limit` bytes).
llvm::Expected<std::string> readTextFile(llvm::StringRef path,
                                         uint64_t limit = kMaxTextBytes);

/// Gives signals back, at its end, that were ignored before LLVM handled them,
/// by nohup say, and those that LLVM handles without calling who did before.
class KeptSignals {
public:
  KeptSignals();
  ~KeptSignals();
  KeptSignals(const KeptSignals &) = delete;

private:
  static constexpr int kNumbers[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1,
                                     SIGPIPE};
  struct sigaction before[std::size(kNumbers)];
};

/// A file that appears under its name only when it is complete. Used for every
/// output of every tool. The temporary file lies beside `path` and is removed
/// on error, on destruction without commit() and on SIGINT and SIGTERM. An
/// existing file keeps its permissions, a link its target.
class OutputFile {
public:
  static llvm::Expected<OutputFile> create(llvm::StringRef path);
  OutputFile(OutputFile &&other);
  ~OutputFile();

  int descriptor() const { return fd; }
  llvm::StringRef temporaryPath() const { return temporary; }
  llvm::Error write(llvm::ArrayRef<uint8_t> bytes);
  /// Writes `text` and commits.
  llvm::Error commitText(llvm::StringRef text);
  /// Flushes and renames; reports a full disk and the like.
  llvm::Error commit();

private:
  OutputFile() = default;
  std::string shown; ///< the path as the user wrote it
  std::string path, temporary;
  int fd = -1;
};

/// Whether `name` names a file or folder right here: not empty, no separator,
/// not `.` or `..`.
bool isPlainName(llvm::StringRef name);

/// `dir`/`folder`/`file`, without those that are empty.
std::string joinPath(llvm::StringRef dir, llvm::StringRef folder,
                     llvm::StringRef file = "");

} // namespace tx

#endif // TX_CHECKPOINT_FILES_H
