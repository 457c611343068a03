//===- Link.cpp - Objects to shared objects -------------------------------===//
//
// LLD wants paths. The object is an anonymous file, known as /proc/self/fd/N,
// and the result comes back through a pipe, so nothing is left behind on a
// disk by a run that is interrupted, and no folder need be writable.
//
//===----------------------------------------------------------------------===//

#include "Link.h"
#include "lld/Common/Driver.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <fcntl.h>
#include <mutex>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

LLD_HAS_DRIVER(elf)

using namespace tx;

namespace {
/// A file descriptor that closes itself.
class Descriptor {
public:
  explicit Descriptor(int fd = -1) : fd(fd) {}
  Descriptor(const Descriptor &) = delete;
  ~Descriptor() { close(); }

  void close() {
    if (fd >= 0)
      ::close(fd);
    fd = -1;
  }
  void reset(int value) {
    close();
    fd = value;
  }
  int get() const { return fd; }
  std::string path() const { return "/proc/self/fd/" + llvm::utostr(fd); }

private:
  int fd;
};
} // namespace

static llvm::Error systemError(const char *what) {
  return makeError(ExitCode::Backend, "cannot link: {0}: {1}", what,
                   std::strerror(errno));
}

/// Fills the anonymous file `file`.
static bool writeFully(int file, llvm::ArrayRef<char> bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    bytes = bytes.drop_front(written);
  }
  return true;
}

/// Reads `pipe` to its end.
static void readFully(int pipe, std::vector<uint8_t> &bytes) {
  uint8_t piece[1 << 14];
  for (;;) {
    ssize_t got = ::read(pipe, piece, sizeof piece);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return;
    bytes.insert(bytes.end(), piece, piece + got);
  }
}

/// Runs LLD; false with its messages.
static bool runLinker(const std::string &input, const std::string &output,
                      std::string &messages) {
  // Only the entry point is visible, so all else is bound and unused parts are
  // dropped. Functions of libc stay undefined: every host process has them.
  const char *arguments[] = {"ld.lld",
                             "-shared",
                             "-z",
                             "now",
                             "-z",
                             "undefs",
                             "--gc-sections",
                             "--eh-frame-hdr",
                             "--hash-style=gnu",
                             "--build-id=none",
                             "--threads=1",
                             "--no-mmap-output-file",
                             "-o",
                             output.c_str(),
                             input.c_str()};
  const lld::DriverDef drivers[] = {{lld::Gnu, &lld::elf::link}};
  // LLD keeps state in globals: one link at a time.
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  llvm::raw_string_ostream os(messages);
  lld::Result result = lld::lldMain(arguments, os, os, drivers);
  return result.retCode == 0;
}

llvm::Expected<std::vector<uint8_t>>
tx::linkSharedObject(llvm::ArrayRef<char> object) {
  Descriptor input(::memfd_create("model.o", MFD_CLOEXEC));
  if (input.get() < 0 || !writeFully(input.get(), object))
    return systemError("the object has no room");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return systemError("no pipe");
  Descriptor readEnd(ends[0]), writeEnd(ends[1]);

  std::vector<uint8_t> linked;
  std::thread reader([&] { readFully(readEnd.get(), linked); });
  std::string messages;
  bool good = runLinker(input.path(), writeEnd.path(), messages);
  writeEnd.close(); // ends the reader
  reader.join();
  if (!good || linked.empty())
    return makeError(ExitCode::Backend, "the linker failed: {0}",
                     llvm::StringRef(messages).trim());
  return linked;
}
