//===- OutputFile.cpp - Files that appear when they are complete ----------===//
//
// The temporary file lies in the folder of the target, since only a rename
// within a file system is atomic.
//
//===----------------------------------------------------------------------===//

#include "tx/Checkpoint/Files.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
using namespace tx;

static llvm::Error cannotWrite(StringRef path, StringRef reason) {
  return makeError(ExitCode::File, "cannot write {0}: {1}", path, reason);
}

/// Refuses targets that a rename would wrongly replace: folders, devices, files
/// that are write-protected. `mode` becomes that of the file there is.
static llvm::Error checkTarget(StringRef shown, const std::string &path,
                               std::optional<mode_t> &mode) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) {
    // A dangling link, say, is replaced; what else is wrong with the path is
    // wrong now rather than after minutes of work.
    if (errno == ENOENT)
      return llvm::Error::success();
    return cannotWrite(shown, std::strerror(errno));
  }
  if (S_ISDIR(status.st_mode))
    return cannotWrite(shown, "it is a folder");
  if (!S_ISREG(status.st_mode))
    return cannotWrite(shown, "not a regular file");
  if (::access(path.c_str(), W_OK) != 0)
    return cannotWrite(shown, std::strerror(errno));
  mode = status.st_mode & 0777;
  return llvm::Error::success();
}

Expected<OutputFile> OutputFile::create(StringRef path) {
  if (path.empty())
    return cannotWrite("''", "the name is empty");
  if (path == "-")
    return cannotWrite(path, "it stands for standard output; a file of that "
                             "name is ./-");
  if (sys::path::filename(path) == "." || path.ends_with("/"))
    return cannotWrite(path, "it is the name of a folder");
  OutputFile file;
  file.shown = path.str();
  // What a link points to is replaced, not the link.
  SmallString<256> real;
  file.path = sys::fs::real_path(path, real) ? path.str() : real.str().str();

  std::optional<mode_t> mode;
  if (llvm::Error error = checkTarget(path, file.path, mode))
    return std::move(error);
  // Only the name is made up: folders may have any characters.
  SmallString<256> temporary;
  do {
    SmallString<32> name;
    sys::fs::createUniquePath(".tx-%%%%%%%%%%.tmp", name,
                              /*MakeAbsolute=*/false);
    temporary = sys::path::parent_path(file.path);
    sys::path::append(temporary, name);
    file.fd =
        ::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (file.fd < 0 && errno == EEXIST);
  if (file.fd < 0)
    return cannotWrite(path, std::strerror(errno));
  file.temporary = temporary.str().str();
  KeptSignals kept;
  sys::RemoveFileOnSignal(file.temporary);
  if (mode)
    ::fchmod(file.fd, *mode);
  return std::move(file);
}

OutputFile::OutputFile(OutputFile &&other)
    : shown(std::move(other.shown)), path(std::move(other.path)),
      temporary(std::move(other.temporary)), fd(other.fd) {
  other.fd = -1;
  other.temporary.clear();
}

OutputFile::~OutputFile() {
  if (fd >= 0)
    ::close(fd);
  if (!temporary.empty()) {
    ::unlink(temporary.c_str());
    sys::DontRemoveFileOnSignal(temporary);
  }
}

KeptSignals::KeptSignals() {
  for (auto [number, action] : zip_equal(kNumbers, before))
    ::sigaction(number, nullptr, &action);
}

KeptSignals::~KeptSignals() {
  for (auto [number, action] : zip_equal(kNumbers, before)) {
    bool isLost = number == SIGUSR1 && action.sa_handler != SIG_DFL;
    if (isLost || action.sa_handler == SIG_IGN)
      ::sigaction(number, &action, nullptr);
  }
}

llvm::Error OutputFile::write(ArrayRef<uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return cannotWrite(shown, written < 0 ? std::strerror(errno)
                                            : "nothing could be written");
    bytes = bytes.drop_front(written);
  }
  return llvm::Error::success();
}

llvm::Error OutputFile::commitText(StringRef text) {
  if (llvm::Error error = write(arrayRefFromStringRef(text)))
    return error;
  return commit();
}

llvm::Error OutputFile::commit() {
  // Some file systems report a full disk only here.
  int closed = ::close(fd);
  fd = -1;
  if (closed != 0 || ::rename(temporary.c_str(), path.c_str()) != 0)
    return cannotWrite(shown, std::strerror(errno));
  sys::DontRemoveFileOnSignal(temporary);
  temporary.clear();
  return llvm::Error::success();
}
