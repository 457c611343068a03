//===- RegularFile.cpp - Files that can be read in full -------------------===//

#include "RegularFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
using namespace tx;

static llvm::Error cannot(const char *verb, StringRef path,
                          const char *reason) {
  return makeError(ExitCode::File, "cannot {0} {1}: {2}", verb, path, reason);
}

Expected<RegularFile> RegularFile::open(StringRef path) {
  RegularFile file;
  file.path = path.str();
  // O_NONBLOCK: a FIFO must not make us wait before it is refused.
  file.fd = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;
  if (file.fd < 0 || ::fstat(file.fd, &status) != 0)
    return cannot("open", path, std::strerror(errno));
  if (S_ISDIR(status.st_mode))
    return cannot("open", path, "it is a folder");
  if (!S_ISREG(status.st_mode))
    return cannot("open", path, "not a regular file");
  file.bytes = static_cast<uint64_t>(status.st_size);
  return std::move(file);
}

RegularFile::RegularFile(RegularFile &&other)
    : path(std::move(other.path)), bytes(other.bytes), fd(other.fd) {
  other.fd = -1;
}

RegularFile::~RegularFile() {
  if (fd >= 0)
    ::close(fd);
}

Expected<std::string> RegularFile::read() const {
  std::string content(bytes, '\0');
  size_t at = 0;
  while (at < content.size()) {
    ssize_t got = ::pread(fd, &content[at], content.size() - at, at);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return cannot("read", path, std::strerror(errno));
    if (got == 0)
      return cannot("read", path, "it became shorter while it was read");
    at += got;
  }
  return std::move(content);
}

Expected<ArrayRef<uint8_t>> RegularFile::map() const {
  void *base = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  if (base == MAP_FAILED)
    return cannot("map", path, std::strerror(errno));
  return ArrayRef<uint8_t>(static_cast<const uint8_t *>(base), bytes);
}
