//===- Error.h - Errors with an exit code -----------------------*- C++ -*-===//
//
// Every failure that a user can cause carries the exit code its process ends
// with, a message that names what is wrong, and a hint what to do next.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CHECKPOINT_ERROR_H
#define TX_CHECKPOINT_ERROR_H

#include "llvm/Support/Error.h"
#include "llvm/Support/FormatVariadic.h"
#include <string>

namespace tx {

/// Exit codes of all tools; documented in docs/cli.md.
enum class ExitCode : int {
  Ok = 0,
  Failure = 1,      ///< anything not named below
  Usage = 2,        ///< wrong flags or arguments
  File = 3,         ///< a file cannot be read or written
  Malformed = 4,    ///< a malformed or hostile checkpoint, config or artefact
  Unsupported = 5,  ///< a model, op, dtype or CPU that tx does not support
  Pass = 6,         ///< a pass or a verifier failed
  Backend = 7,      ///< code generation or linking failed
  Accuracy = 8,     ///< an accuracy budget is not met
  Mismatch = 9,     ///< results differ from what was expected
  Input = 10,       ///< inputs of a run do not fit the model
};

class Error : public llvm::ErrorInfo<Error> {
public:
  static char ID;

  Error(ExitCode code, std::string message, std::string hint = "")
      : code(code), message(std::move(message)), hint(std::move(hint)) {}

  ExitCode getCode() const { return code; }
  llvm::StringRef getMessage() const { return message; }
  llvm::StringRef getHint() const { return hint; }

  void log(llvm::raw_ostream &os) const override { os << message; }
  std::error_code convertToErrorCode() const override {
    return llvm::inconvertibleErrorCode();
  }

private:
  ExitCode code;
  std::string message, hint;
};

/// An error whose message is `format` filled in as by llvm::formatv.
template <typename... Ts>
llvm::Error makeError(ExitCode code, const char *format, Ts &&...values) {
  return llvm::make_error<Error>(
      code, llvm::formatv(format, std::forward<Ts>(values)...).str());
}

/// Adds what to do next to `error`, where it is one of tx's.
llvm::Error withHint(llvm::Error error, llvm::StringRef hint);

/// Prints `error: MESSAGE` and `help: HINT` to `os`; the code to exit with.
ExitCode reportError(llvm::Error error, llvm::raw_ostream &os);

} // namespace tx

#endif // TX_CHECKPOINT_ERROR_H
