//===- Quote.h - Text of unknown origin in messages -------------*- C++ -*-===//
//
// Names come from files that may be hostile; a message stays one short line.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_CHECKPOINT_QUOTE_H
#define TX_LIB_CHECKPOINT_QUOTE_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace tx {

/// `text` with control characters written as \xNN; line breaks too, unless
/// `keepLines`.
std::string escapeControls(llvm::StringRef text, bool keepLines = false);

/// `text` in single quotes, escaped and cut to a length that fits a message.
std::string quote(llvm::StringRef text);

} // namespace tx

#endif // TX_LIB_CHECKPOINT_QUOTE_H
