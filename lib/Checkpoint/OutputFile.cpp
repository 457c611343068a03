//===- OutputFile.cpp - Files that appear when they are complete ----------===//

#include "tx/Checkpoint/Safetensors.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
using namespace tx;

Expected<OutputFile> OutputFile::create(StringRef path) {
  OutputFile file;
  file.path = path.str();
  if (sys::fs::is_directory(path))
    return makeError(ExitCode::File, "cannot write {0}: it is a folder", path);
  SmallString<128> temporary;
  if (std::error_code code = sys::fs::createUniqueFile(
          path + ".%%%%%%.tmp", file.fd, temporary, sys::fs::OF_None, 0666))
    return makeError(ExitCode::File, "cannot write {0}: {1}", path,
                     code.message());
  file.temporary = temporary.str().str();
  sys::RemoveFileOnSignal(file.temporary);
  return std::move(file);
}

OutputFile::OutputFile(OutputFile &&other)
    : path(std::move(other.path)), temporary(std::move(other.temporary)),
      fd(other.fd) {
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

llvm::Error OutputFile::write(ArrayRef<uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return makeError(ExitCode::File, "cannot write {0}: {1}", path,
                       std::strerror(errno));
    bytes = bytes.drop_front(written);
  }
  return llvm::Error::success();
}

llvm::Error OutputFile::commit() {
  int closed = ::close(fd);
  fd = -1;
  if (closed != 0 || ::rename(temporary.c_str(), path.c_str()) != 0)
    return makeError(ExitCode::File, "cannot write {0}: {1}", path,
                     std::strerror(errno));
  sys::DontRemoveFileOnSignal(temporary);
  temporary.clear();
  return llvm::Error::success();
}
