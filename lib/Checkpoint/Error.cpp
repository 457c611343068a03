//===- Error.cpp - Errors with an exit code -------------------------------===//

#include "tx/Checkpoint/Error.h"
#include "Quote.h"
#include "llvm/ADT/StringExtras.h"

using namespace tx;

char tx::Error::ID = 0;

std::string tx::escapeControls(llvm::StringRef text, bool keepLines) {
  std::string result;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if ((byte >= 0x20 && byte != 0x7f) || (keepLines && c == '\n')) {
      result += c;
      continue;
    }
    result += "\\x";
    result += llvm::hexdigit(byte >> 4, /*LowerCase=*/true);
    result += llvm::hexdigit(byte & 15, /*LowerCase=*/true);
  }
  return result;
}

std::string tx::quote(llvm::StringRef text) {
  constexpr size_t most = 120;
  std::string cut = text.str();
  if (text.size() > most) {
    size_t end = most;
    // Not in the middle of a UTF-8 sequence.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
      --end;
    cut = text.take_front(end).str() + "...";
  }
  return "'" + escapeControls(cut) + "'";
}

llvm::Error tx::withHint(llvm::Error error, llvm::StringRef hint) {
  return llvm::handleErrors(
      std::move(error), [&](std::unique_ptr<tx::Error> e) -> llvm::Error {
        // Whoever was closest to the failure knows best what to do.
        if (!e->getHint().empty())
          return llvm::Error(std::move(e));
        return llvm::make_error<tx::Error>(e->getCode(), e->getMessage().str(),
                                           hint.str());
      });
}

ExitCode tx::reportError(llvm::Error error, llvm::raw_ostream &os) {
  ExitCode code = ExitCode::Ok;
  auto print = [&](ExitCode itsCode, llvm::StringRef message) {
    if (code == ExitCode::Ok)
      code = itsCode; // of several failures the first decides
    // A diagnostic begins with its place: FILE:LINE:COLUMN: error: ...
    if (!message.split('\n').first.contains(": error: "))
      os << "error: ";
    os << escapeControls(message, /*keepLines=*/true) << '\n';
  };
  llvm::handleAllErrors(
      std::move(error),
      [&](const tx::Error &e) {
        print(e.getCode(), e.getMessage());
        if (!e.getHint().empty())
          os << "help: " << escapeControls(e.getHint(), /*keepLines=*/true)
             << '\n';
      },
      [&](const llvm::ErrorInfoBase &e) {
        print(ExitCode::Failure, e.message());
      });
  return code;
}
