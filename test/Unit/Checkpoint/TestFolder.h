//===- TestFolder.h - Folders and errors of tests ---------------*- C++ -*-===//

#ifndef TX_TEST_UNIT_CHECKPOINT_TESTFOLDER_H
#define TX_TEST_UNIT_CHECKPOINT_TESTFOLDER_H

#include "tx/Checkpoint/Files.h"
#include "tx/Checkpoint/Safetensors.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace tx::test {

/// A new folder; it goes with the object.
class TestFolder {
public:
  TestFolder() {
    llvm::SmallString<128> made;
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("tx-test", made));
    dir = made.str().str();
  }
  ~TestFolder() { llvm::sys::fs::remove_directories(dir); }
  TestFolder(const TestFolder &) = delete;

  std::string path(const std::string &file) const { return dir + "/" + file; }

  std::string write(const std::string &file, const std::string &text) const {
    std::ofstream(path(file), std::ios::binary) << text;
    return path(file);
  }

  std::string read(const std::string &file) const {
    std::ifstream in(path(file), std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

  /// Names of what is in the folder, in order, each with a space behind it.
  std::string list() const {
    std::vector<std::string> names;
    std::error_code code;
    for (llvm::sys::fs::directory_iterator it(dir, code), end; it != end;
         it.increment(code))
      names.push_back(llvm::sys::path::filename(it->path()).str());
    llvm::sort(names);
    std::string result;
    for (const std::string &name : names)
      result += name + " ";
    return result;
  }

  std::string dir;
};

/// "CODE: MESSAGE" and "; HINT"; "ok" for success.
inline std::string describe(llvm::Error error) {
  std::string result = "ok";
  llvm::handleAllErrors(std::move(error), [&](const Error &e) {
    result = std::to_string(static_cast<int>(e.getCode())) + ": " +
             e.getMessage().str();
    if (!e.getHint().empty())
      result += "; " + e.getHint().str();
  });
  return result;
}

template <typename T>
std::string describe(llvm::Expected<T> value) {
  return value ? "ok" : describe(value.takeError());
}

inline llvm::ArrayRef<uint8_t> bytesOf(llvm::StringRef text) {
  return llvm::arrayRefFromStringRef(text);
}

/// The bytes of a file with `header` and `size` bytes of data.
inline std::string makeFile(const std::string &header, size_t size = 0) {
  uint8_t length[8];
  llvm::support::endian::write64le(length, header.size());
  return std::string(reinterpret_cast<char *>(length), 8) + header +
         std::string(size, '\1');
}

} // namespace tx::test

#endif // TX_TEST_UNIT_CHECKPOINT_TESTFOLDER_H
