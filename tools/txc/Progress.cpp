//===- Progress.cpp - What a long verb says while it works ----------------===//

#include "Verbs.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include <unistd.h>

using namespace txc;

Progress::Progress(bool quiet)
    : quiet(quiet), animated(isatty(STDERR_FILENO) && !getenv("CI")),
      started(Clock::now()) {}

Progress::~Progress() {
  if (current && animated && !quiet)
    llvm::errs() << '\n'; // an error follows on a line of its own
}

static double secondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
      .count();
}

void Progress::print(bool done) {
  constexpr int kPhases = int(tx::Phase::Emit) + 1;
  llvm::errs() << llvm::formatv("[{0}/{1}] {2} ...", int(*current) + 1, kPhases,
                                tx::getName(*current));
  if (done)
    llvm::errs() << llvm::formatv(" {0:f1} s\n", secondsSince(phaseStarted));
}

void Progress::begin(tx::Phase phase) {
  if (current == phase)
    return;
  end();
  current = phase;
  phaseStarted = Clock::now();
  if (!quiet && animated)
    print(/*done=*/false);
}

void Progress::end() {
  if (!current)
    return;
  if (!quiet) {
    if (animated)
      llvm::errs() << '\r';
    print(/*done=*/true);
  }
  current.reset();
}

void Progress::report(llvm::StringRef path) {
  end();
  uint64_t bytes = 0;
  if (quiet || llvm::sys::fs::file_size(path, bytes))
    return;
  bool large = bytes >= 1'000'000;
  llvm::errs() << llvm::formatv("wrote {0}, {1:f1} {2}, in {3:f1} s\n", path,
                                bytes / (large ? 1e6 : 1e3),
                                large ? "MB" : "kB", secondsSince(started));
}
