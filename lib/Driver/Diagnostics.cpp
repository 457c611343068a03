//===- Diagnostics.cpp - Diagnostics as errors ----------------------------===//

#include "Diagnostics.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tx;

static StringRef getWord(DiagnosticSeverity severity) {
  return severity == DiagnosticSeverity::Note ? "note" : "error";
}

/// `FILE:LINE:COLUMN: WORD: TEXT`, or the text alone where no place is known.
static void print(Diagnostic &diagnostic, llvm::raw_ostream &os) {
  auto place = diagnostic.getLocation()->findInstanceOf<FileLineColLoc>();
  if (place)
    os << place.getFilename().getValue() << ':' << place.getLine() << ':'
       << place.getColumn() << ": " << getWord(diagnostic.getSeverity())
       << ": ";
  else if (diagnostic.getSeverity() == DiagnosticSeverity::Note)
    os << "note: ";
  os << diagnostic.str();
}

DiagnosticCollector::DiagnosticCollector(MLIRContext *context)
    : handler(context, [this](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
          return success();
        llvm::raw_string_ostream os(text);
        os << (text.empty() ? "" : "\n");
        print(diagnostic, os);
        for (Diagnostic &note : diagnostic.getNotes()) {
          os << '\n';
          print(note, os);
        }
        return success();
      }) {}

llvm::Error DiagnosticCollector::takeError(ExitCode code, StringRef fallback) {
  return llvm::make_error<tx::Error>(code,
                                     text.empty() ? fallback.str() : text);
}
