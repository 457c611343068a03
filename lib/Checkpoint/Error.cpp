//===- Error.cpp - Errors with an exit code -------------------------------===//

#include "tx/Checkpoint/Error.h"

using namespace tx;

char tx::Error::ID = 0;

llvm::Error tx::withHint(llvm::Error error, llvm::StringRef hint) {
  return llvm::handleErrors(
      std::move(error),
      [&](std::unique_ptr<tx::Error> e) -> llvm::Error {
        return llvm::make_error<tx::Error>(e->getCode(), e->getMessage().str(),
                                           hint.str());
      });
}

ExitCode tx::reportError(llvm::Error error, llvm::raw_ostream &os) {
  ExitCode code = ExitCode::Failure;
  llvm::handleAllErrors(
      std::move(error),
      [&](const tx::Error &e) {
        code = e.getCode();
        os << "error: " << e.getMessage() << '\n';
        if (!e.getHint().empty())
          os << "help: " << e.getHint() << '\n';
      },
      [&](const llvm::ErrorInfoBase &e) {
        os << "error: " << e.message() << '\n';
      });
  return code;
}
