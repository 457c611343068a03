//===- EmitTest.h - Emitting and loading in tests ---------------*- C++ -*-===//
//
// A module as phase `lower` leaves it, a folder to emit it to, and what looks
// at the results.
//
//===----------------------------------------------------------------------===//

#ifndef TX_TEST_UNIT_CODEGEN_EMITTEST_H
#define TX_TEST_UNIT_CODEGEN_EMITTEST_H

#include "mlir/IR/MLIRContext.h"
#include "tx/Codegen/Cpu/Emit.h"
#include "tx/Runtime/tx_model.h"
#include "gtest/gtest.h"

namespace tx::test {

/// A folder of its own per test, removed with what is in it.
class EmitTest : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;

  /// The path of `name` in the folder.
  std::string file(llvm::StringRef name) const;
  std::string read(llvm::StringRef path) const;
  void write(llvm::StringRef path, llvm::StringRef bytes) const;
  std::vector<std::string> listFiles() const;

  /// Changes the text of the module.
  void replace(llvm::StringRef from, llvm::StringRef to);
  /// Emits the module as it is now as a variant beside what it becomes.
  void keepVariant();
  /// Emits it; the message of the failure, or nothing.
  std::string emit(llvm::StringRef path, const EmitOptions &options);
  ExitCode lastCode = ExitCode::Ok;
  /// Runs `program`, a path or a name; its exit code, -1 if it cannot be run.
  /// What it prints is in file("out") and file("err").
  int run(llvm::StringRef program, std::vector<std::string> arguments) const;

  std::vector<std::string> exportedSymbols(llvm::StringRef path) const;
  std::vector<std::string> undefinedSymbols(llvm::StringRef path) const;

private:
  std::string folder, text;
  std::vector<std::string> variants; ///< beside `text`
};

/// Whether `part` occurs in `text`, and both if not.
testing::AssertionResult contains(llvm::StringRef text, llvm::StringRef part);

/// An open shared object.
class SharedLibrary {
public:
  explicit SharedLibrary(const std::string &path);
  ~SharedLibrary();
  const tx_model *model(const char *symbol) const;

private:
  void *handle;
};

/// Runs the module's entry on one sequence.
std::vector<float> lookUp(const tx_model *model, std::vector<int32_t> ids);
/// Why no context can be made; empty if one can.
std::string createError(const tx_model *model,
                        uint32_t size = sizeof(tx_options),
                        int32_t affinity = TX_AFFINITY_NONE);

} // namespace tx::test

#endif // TX_TEST_UNIT_CODEGEN_EMITTEST_H
