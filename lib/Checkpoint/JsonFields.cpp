//===- JsonFields.cpp - Checked members of a JSON object ------------------===//

#include "tx/Checkpoint/Json.h"
#include "llvm/Support/raw_ostream.h"

using namespace tx;
namespace json = llvm::json;
using llvm::StringLiteral;
using llvm::StringRef;

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

double JsonFields::number(StringRef key, double least, double most) {
  const json::Value *value = find(key);
  std::optional<double> number = value ? value->getAsNumber() : std::nullopt;
  if (number && *number >= least && *number <= most)
    return *number;
  failMember(key, "a number from " + describe(least) + " to " + describe(most));
  return least;
}

std::string JsonFields::string(StringRef key) {
  const json::Value *value = find(key);
  std::optional<StringRef> text = value ? value->getAsString() : std::nullopt;
  if (text && !text->empty())
    return text->str();
  failMember(key, "a string");
  return {};
}

const json::Array &JsonFields::array(StringRef key, StringRef expected) {
  static const json::Array empty;
  const json::Value *value = find(key);
  if (const json::Array *array = value ? value->getAsArray() : nullptr)
    return *array;
  failMember(key, expected);
  return empty;
}

std::vector<std::string> JsonFields::strings(StringRef key) {
  constexpr StringLiteral expected = "an array of strings";
  std::vector<std::string> strings;
  for (const json::Value &element : array(key, expected))
    if (std::optional<StringRef> string = element.getAsString())
      strings.push_back(string->str());
    else
      failMember(key, expected);
  return strings;
}

std::vector<int64_t> JsonFields::integers(StringRef key, int64_t least,
                                          int64_t most) {
  std::string expected =
      llvm::formatv("an array of integers from {0} to {1}", least, most);
  std::vector<int64_t> integers;
  for (const json::Value &element : array(key, expected))
    if (std::optional<int64_t> number = element.getAsInteger();
        number && *number >= least && *number <= most)
      integers.push_back(*number);
    else
      failMember(key, expected);
  return integers;
}

int64_t JsonFields::integerOr(StringRef key, int64_t absent, int64_t least,
                              int64_t most) {
  return find(key) ? integer(key, least, most) : absent;
}

double JsonFields::numberOr(StringRef key, double absent, double least,
                            double most) {
  return find(key) ? number(key, least, most) : absent;
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
  return find(key) ? strings(key) : std::vector<std::string>();
}
