//===- JsonFields.cpp - Checked members of a JSON object ------------------===//

#include "JsonFields.h"
#include "tx/Checkpoint/Safetensors.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace tx;
namespace json = llvm::json;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

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

llvm::Expected<json::Value> tx::parseJsonFile(StringRef text, StringRef file) {
  llvm::Expected<json::Value> value = parseJson(text, file);
  if (value)
    return value;
  StringRef word = findNonFinite(text);
  if (word.empty())
    return value.takeError();
  llvm::consumeError(value.takeError());
  return makeError(ExitCode::Malformed,
                   "{0}: holds the value {1}, expected a finite number", file,
                   word);
}

llvm::Expected<json::Value> tx::readJsonFile(StringRef path, StringRef file) {
  llvm::Expected<std::string> text = readTextFile(path);
  if (!text)
    return text.takeError();
  return parseJsonFile(*text, file);
}

bool tx::isPlainName(StringRef name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(StringRef("/\\\0", 3)) == StringRef::npos;
}

std::string tx::joinPath(StringRef dir, StringRef folder, StringRef file) {
  llvm::SmallString<128> path(dir);
  for (StringRef part : {folder, file})
    if (!part.empty())
      llvm::sys::path::append(path, part);
  return std::string(path);
}

std::string tx::describe(const json::Value &value) {
  constexpr size_t longest = 60;
  std::string text;
  llvm::raw_string_ostream(text) << value;
  if (text.size() <= longest)
    return text;
  // Cut at a character of UTF-8, not within one.
  size_t end = longest;
  while (end > 0 && (text[end] & 0xC0) == 0x80)
    --end;
  return text.substr(0, end) + "...";
}

//===----------------------------------------------------------------------===//
// JsonFields
//===----------------------------------------------------------------------===//

JsonFields::JsonFields(const json::Value &value, StringRef file)
    : object(value.getAsObject()), file(file) {
  if (!object)
    fail(ExitCode::Malformed, "is " + describe(value) + ", expected an object");
}

const json::Value *JsonFields::find(StringRef key) const {
  const json::Value *value = object ? object->get(key) : nullptr;
  return value && value->kind() != json::Value::Null ? value : nullptr;
}

void JsonFields::fail(ExitCode code, StringRef problem) {
  if (!failure)
    failure = {code, problem.str()};
}

void JsonFields::failMember(StringRef key, StringRef expected) {
  const json::Value *value = object ? object->get(key) : nullptr;
  fail(ExitCode::Malformed,
       llvm::formatv("'{0}' is {1}, expected {2}", key,
                     value ? describe(*value) : "missing", expected)
           .str());
}

llvm::Error JsonFields::getError() const {
  if (!failure)
    return llvm::Error::success();
  return makeError(failure->first, "{0}: {1}", file, failure->second);
}

int64_t JsonFields::integer(StringRef key, int64_t least, int64_t most) {
  const json::Value *value = find(key);
  std::optional<int64_t> number = value ? value->getAsInteger() : std::nullopt;
  if (number && *number >= least && *number <= most)
    return *number;
  failMember(key,
             llvm::formatv("an integer from {0} to {1}", least, most).str());
  return least;
}

int64_t JsonFields::integerOr(StringRef key, int64_t absent, int64_t least,
                              int64_t most) {
  return find(key) ? integer(key, least, most) : absent;
}

double JsonFields::numberOr(StringRef key, double absent, double least,
                            double most) {
  const json::Value *value = find(key);
  if (!value)
    return absent;
  std::optional<double> number = value->getAsNumber();
  if (number && *number >= least && *number <= most)
    return *number;
  failMember(key, "a number from " + describe(least) + " to " + describe(most));
  return absent;
}

bool JsonFields::booleanOr(StringRef key, bool absent) {
  const json::Value *value = find(key);
  if (!value)
    return absent;
  if (std::optional<bool> boolean = value->getAsBoolean())
    return *boolean;
  failMember(key, "true or false");
  return absent;
}

std::string JsonFields::stringOr(StringRef key, StringRef absent) {
  const json::Value *value = find(key);
  if (!value)
    return absent.str();
  if (std::optional<StringRef> string = value->getAsString())
    return string->str();
  failMember(key, "a string");
  return absent.str();
}

std::vector<std::string> JsonFields::stringsOrEmpty(StringRef key) {
  std::vector<std::string> strings;
  const json::Value *value = find(key);
  if (!value)
    return strings;
  const json::Array *array = value->getAsArray();
  for (const json::Value &element : array ? *array : json::Array()) {
    std::optional<StringRef> string = element.getAsString();
    if (!string) {
      array = nullptr;
      break;
    }
    strings.push_back(string->str());
  }
  if (!array)
    failMember(key, "an array of strings");
  return strings;
}
