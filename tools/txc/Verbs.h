//===- Verbs.h - The verbs of txc -------------------------------*- C++ -*-===//

#ifndef TX_TOOLS_TXC_VERBS_H
#define TX_TOOLS_TXC_VERBS_H

#include "tx/Driver/Driver.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>

namespace txc {

/// A verb registers itself where it is defined, with its options.
struct Verb {
  llvm::StringRef name, summary, examples;
  llvm::cl::SubCommand &command;
  llvm::Error (*run)();
};
Verb getImport();
Verb getCompile();
Verb getRun();
Verb getBench();
Verb getTune();
Verb getInspect();
Verb getDoctor();

/// The categories that help shows, in this order.
extern llvm::cl::OptionCategory mainCategory;

enum class Format { Text, Json };

/// --head, shared by the verbs that import.
llvm::cl::ValuesClass headValues();
llvm::cl::ValuesClass formatValues();

/// --batch, --length and --lengths, of verbs that measure.
struct BatchFlags {
  explicit BatchFlags(llvm::cl::SubCommand &command);

  llvm::cl::opt<int64_t> batch, length;
  llvm::cl::list<int64_t> lengths;

  /// The tokens of each sequence.
  llvm::Expected<std::vector<int64_t>> read() const;
};

/// Fails unless `value` is given; `what` says what it is.
llvm::Error require(llvm::StringRef verb, llvm::StringRef what,
                    llvm::StringRef value);
/// Fails unless `value` is at least `least`.
llvm::Error requireAtLeast(llvm::StringRef flag, int64_t value, int64_t least);
llvm::Error requireBetween(llvm::StringRef flag, int64_t value, int64_t least,
                           int64_t most);
/// The same for --threads, of which a context has TX_MAX_THREADS at most.
llvm::Error requireThreads(int64_t value, int64_t least);

/// Steps of a long verb, on standard error: one line each when it is done, on a
/// terminal also while it runs.
class Progress {
public:
  explicit Progress(bool quiet);
  ~Progress();

  void begin(tx::Phase phase);
  /// Ends the step that runs.
  void end();
  /// Says what was made: "wrote m.so, 91.2 MB, in 4.1 s".
  void report(llvm::StringRef path);

private:
  void print(bool done);

  using Clock = std::chrono::steady_clock;
  bool quiet, animated;
  std::optional<tx::Phase> current;
  Clock::time_point started, phaseStarted;
};

} // namespace txc

#endif // TX_TOOLS_TXC_VERBS_H
