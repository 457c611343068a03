//===- Json.cpp - JSON of unknown origin ----------------------------------===//
//
// LLVM's parser recurses once per level, keeps the last of two equal keys and
// needs some forty bytes of memory per value, so nesting, keys and the number
// of values are checked in a pass of their own before it runs. That pass need
// not notice wrong syntax: up to the first wrong character it sees what the
// parser sees, and there the parser stops.
//
//===----------------------------------------------------------------------===//

#include "tx/Checkpoint/Json.h"
#include "Quote.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace tx;

/// More than a checkpoint of kMaxTensors needs, well below what fills memory.
static constexpr size_t kMaxJsonValues = 16'000'000;

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
          return fail(
              formatv("JSON is nested deeper than {0} levels", kMaxJsonDepth));
      } else if (c == '}' || c == ']') {
        if (!open.empty())
          open.pop_back();
      } else if (c == ',' && ++values > kMaxJsonValues) {
        return fail(formatv("JSON has more than {0} values", kMaxJsonValues));
      }
    }
    return llvm::Error::success();
  }

private:
  struct Level {
    bool isObject;
    StringSet<> keys;
  };

  template <typename T>
  llvm::Error fail(const T &message) {
    return makeError(ExitCode::Malformed, "{0}: {1}", what, message);
  }

  /// Steps to the closing quote; a string before a colon is a key.
  llvm::Error scanString() {
    size_t begin = ++at;
    bool escaped = false;
    while (at < text.size() && text[at] != '"') {
      escaped |= text[at] == '\\';
      at += text[at] == '\\' ? 2 : 1;
    }
    if (at >= text.size() || open.empty() || !open.back().isObject)
      return llvm::Error::success();
    size_t next = text.find_first_not_of(" \t\r\n", at + 1);
    if (next == StringRef::npos || text[next] != ':')
      return llvm::Error::success();
    return addKey(begin, escaped);
  }

  /// The key between `begin` and `at`. Keys are equal if they are once escapes
  /// are resolved.
  llvm::Error addKey(size_t begin, bool escaped) {
    std::string key = text.slice(begin, at).str();
    if (escaped) {
      Expected<json::Value> value = json::parse(text.slice(begin - 1, at + 1));
      if (!value)
        return fail("not valid JSON: " + toString(value.takeError()));
      key = value->getAsString()->str();
    }
    if (open.back().keys.insert(key).second)
      return llvm::Error::success();
    return fail("key " + quote(key) + " appears twice");
  }

  StringRef text, what;
  size_t at = 0, values = 0;
  SmallVector<Level> open;
};
} // namespace

/// The word `NaN` or `Infinity` outside of strings, or empty.
static StringRef findNonFinite(StringRef text) {
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (inString && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      inString = !inString;
    else if (!inString)
      for (StringRef word : {"NaN", "Infinity"})
        if (text.substr(i).starts_with(word))
          return word;
  }
  return {};
}

Expected<json::Value> tx::parseJson(StringRef text, StringRef what) {
  if (text.size() > kMaxTextBytes)
    return makeError(ExitCode::Malformed,
                     "{0}: {1} bytes of JSON, at most {2} are read", what,
                     text.size(), kMaxTextBytes);
  if (llvm::Error error = JsonScan(text, what).run())
    return std::move(error);
  Expected<json::Value> value = json::parse(text);
  if (value)
    return value;
  std::string problem = toString(value.takeError());
  StringRef word = findNonFinite(text);
  if (word.empty())
    return makeError(ExitCode::Malformed, "{0}: not valid JSON: {1}", what,
                     problem);
  return makeError(ExitCode::Malformed,
                   "{0}: holds the value {1}, expected a finite number", what,
                   word);
}

Expected<json::Value> tx::readJsonFile(StringRef path, StringRef file,
                                       uint64_t limit) {
  Expected<std::string> text = readTextFile(path, limit);
  if (!text)
    return text.takeError();
  return parseJson(*text, file);
}
