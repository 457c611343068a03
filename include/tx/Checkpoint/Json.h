//===- Json.h - JSON of unknown origin --------------------------*- C++ -*-===//

#ifndef TX_CHECKPOINT_JSON_H
#define TX_CHECKPOINT_JSON_H

#include "tx/Checkpoint/Files.h"
#include "llvm/Support/JSON.h"
#include <optional>
#include <vector>

namespace tx {

inline constexpr int kMaxJsonDepth = 32;

/// Parses JSON after checking its size and nesting (kMaxTextBytes,
/// kMaxJsonDepth) and that no object repeats a key. `what` names the text in
/// messages; failures are Malformed. Where Python wrote NaN or Infinity, which
/// are not JSON, the message says so.
llvm::Expected<llvm::json::Value> parseJson(llvm::StringRef text,
                                            llvm::StringRef what);

/// Reads and parses the file at `path`, called `file` in messages about what it
/// holds.
llvm::Expected<llvm::json::Value> readJsonFile(llvm::StringRef path,
                                               llvm::StringRef file,
                                               uint64_t limit = kMaxTextBytes);

/// `value` as JSON, cut to a length that fits a message.
std::string describe(const llvm::json::Value &value);

/// Reads the members of one object of one file with type and range checked. The
/// first failure is kept and every later read returns its default, so that a
/// reader asks for all it needs and looks at the error once, at the end.
class JsonFields {
public:
  /// `value` must be an object. It and `file` must outlive the reader.
  JsonFields(const llvm::json::Value &value, llvm::StringRef file);

  /// Members that must be there; a string not empty.
  int64_t integer(llvm::StringRef key, int64_t least, int64_t most);
  double number(llvm::StringRef key, double least, double most);
  std::string string(llvm::StringRef key);
  std::vector<std::string> strings(llvm::StringRef key);
  std::vector<int64_t> integers(llvm::StringRef key, int64_t least,
                                int64_t most);
  const llvm::json::Array &array(llvm::StringRef key,
                                 llvm::StringRef expected = "an array");
  /// Members that may be absent or null.
  int64_t integerOr(llvm::StringRef key, int64_t absent, int64_t least,
                    int64_t most);
  double numberOr(llvm::StringRef key, double absent, double least,
                  double most);
  bool booleanOr(llvm::StringRef key, bool absent);
  std::string stringOr(llvm::StringRef key, llvm::StringRef absent);
  std::vector<std::string> stringsOrEmpty(llvm::StringRef key);

  /// The member, or null if absent, null, or this is not an object.
  const llvm::json::Value *find(llvm::StringRef key) const;

  /// Fails with `problem`, unless something failed before.
  void fail(ExitCode code, llvm::StringRef problem);
  /// Fails: member `key` is not what was `expected`.
  void failMember(llvm::StringRef key, llvm::StringRef expected);
  bool failed() const { return failure.has_value(); }
  /// The first failure, or success.
  llvm::Error getError() const;

private:
  const llvm::json::Object *object;
  llvm::StringRef file;
  std::optional<std::pair<ExitCode, std::string>> failure;
};

} // namespace tx

#endif // TX_CHECKPOINT_JSON_H
