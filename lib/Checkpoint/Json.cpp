//===- Json.cpp - JSON of unknown origin ----------------------------------===//
//
// LLVM's parser recurses once per level and keeps the last of two equal keys,
// so nesting and keys are checked in a pass of their own before it runs.
//
//===----------------------------------------------------------------------===//

#include "tx/Checkpoint/Safetensors.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace tx;

namespace {
/// Walks the text once, knowing strings, brackets and the keys of each object.
class JsonScan {
public:
  JsonScan(StringRef text, StringRef what) : text(text), what(what) {}

  llvm::Error run() {
    for (at = 0; at < text.size(); ++at) {
      char c = text[at];
      if (c == '"') {
        if (llvm::Error error = scanString())
          return error;
      } else if (c == '{' || c == '[') {
        open.push_back({c == '{', {}});
        if (open.size() > static_cast<size_t>(kMaxJsonDepth))
          return makeError(ExitCode::Malformed,
                           "{0}: JSON is nested deeper than {1} levels", what,
                           kMaxJsonDepth);
      } else if ((c == '}' || c == ']') && !open.empty()) {
        open.pop_back();
      }
    }
    return llvm::Error::success();
  }

private:
  struct Level {
    bool isObject;
    StringSet<> keys;
  };

  /// Steps to the closing quote; a string before a colon is a key.
  llvm::Error scanString() {
    size_t begin = ++at;
    bool escaped = false;
    while (at < text.size() && text[at] != '"') {
      escaped |= text[at] == '\\';
      at += text[at] == '\\' ? 2 : 1;
    }
    if (at >= text.size() || open.empty() || !open.back().isObject)
      return llvm::Error::success(); // the parser says what is wrong, if so
    size_t next = text.find_first_not_of(" \t\r\n", at + 1);
    if (next == StringRef::npos || text[next] != ':')
      return llvm::Error::success();
    std::string key = text.slice(begin, at).str();
    if (escaped) {
      Expected<json::Value> value = json::parse(text.slice(begin - 1, at + 1));
      if (!value)
        return consumeAs(value.takeError());
      key = value->getAsString()->str();
    }
    if (open.back().keys.insert(key).second)
      return llvm::Error::success();
    return makeError(ExitCode::Malformed, "{0}: key '{1}' appears twice", what,
                     key);
  }

  llvm::Error consumeAs(llvm::Error error) {
    return makeError(ExitCode::Malformed, "{0}: {1}", what,
                     toString(std::move(error)));
  }

  StringRef text, what;
  size_t at = 0;
  SmallVector<Level> open;
};
} // namespace

Expected<json::Value> tx::parseJson(StringRef text, StringRef what) {
  if (text.size() > kMaxHeaderBytes)
    return makeError(ExitCode::Malformed,
                     "{0}: {1} bytes of JSON, at most {2} are read", what,
                     text.size(), kMaxHeaderBytes);
  if (llvm::Error error = JsonScan(text, what).run())
    return std::move(error);
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return makeError(ExitCode::Malformed, "{0}: not valid JSON: {1}", what,
                     toString(value.takeError()));
  return value;
}

Expected<std::string> tx::readTextFile(StringRef path, uint64_t limit) {
  sys::fs::file_status status;
  if (std::error_code code = sys::fs::status(path, status))
    return makeError(ExitCode::File, "cannot open {0}: {1}", path,
                     code.message());
  if (status.type() != sys::fs::file_type::regular_file)
    return makeError(ExitCode::File, "cannot open {0}: not a regular file",
                     path);
  if (status.getSize() > limit)
    return makeError(ExitCode::Malformed,
                     "{0} has {1} bytes, at most {2} are read", path,
                     status.getSize(), limit);
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError(ExitCode::File, "cannot read {0}: {1}", path,
                     buffer.getError().message());
  return (*buffer)->getBuffer().str();
}
