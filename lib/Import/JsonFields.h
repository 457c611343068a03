//===- JsonFields.h - Checked members of a JSON object ----------*- C++ -*-===//
//
// Reads the members of one object of one file with type and range checked. The
// first failure is kept and every later read returns its default, so that a
// reader asks for all it needs and looks at the error once, at the end.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_IMPORT_JSONFIELDS_H
#define TX_LIB_IMPORT_JSONFIELDS_H

#include "tx/Checkpoint/Error.h"
#include "llvm/Support/JSON.h"
#include <optional>
#include <string>
#include <vector>

namespace tx {

/// Parses the text of a JSON file, as parseJson, and says so where Python wrote
/// NaN or Infinity, which are not JSON.
llvm::Expected<llvm::json::Value> parseJsonFile(llvm::StringRef text,
                                                llvm::StringRef file);

/// Reads and parses the file at `path`, called `file` in messages.
llvm::Expected<llvm::json::Value> readJsonFile(llvm::StringRef path,
                                               llvm::StringRef file);

/// Whether `name` names a file or folder right here: not empty, no separator,
/// not `.` or `..`.
bool isPlainName(llvm::StringRef name);

/// `dir`/`folder`/`file`, without those that are empty.
std::string joinPath(llvm::StringRef dir, llvm::StringRef folder,
                     llvm::StringRef file = "");

/// `value` as JSON, cut to a length that fits a message.
std::string describe(const llvm::json::Value &value);

class JsonFields {
public:
  /// `value` must be an object. It and `file` must outlive the reader.
  JsonFields(const llvm::json::Value &value, llvm::StringRef file);

  /// A member that must be there.
  int64_t integer(llvm::StringRef key, int64_t least, int64_t most);
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

#endif // TX_LIB_IMPORT_JSONFIELDS_H
