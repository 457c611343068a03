//===- TestCheckpoint.h - Small model folders for tests ---------*- C++ -*-===//
//
// Writes model folders as the framework does, with tensors of zeros: hidden
// size 24, 3 heads, 2 layers, feed-forward 50, 60 words, 40 positions. Names
// are spelled out here on purpose, not taken from the tables under test.
//
//===----------------------------------------------------------------------===//

#ifndef TX_TEST_UNIT_IMPORT_TESTCHECKPOINT_H
#define TX_TEST_UNIT_IMPORT_TESTCHECKPOINT_H

#include "tx/Checkpoint/Json.h"
#include "tx/Checkpoint/Safetensors.h"
#include "tx/Import/Import.h"
#include <map>
#include <string>
#include <vector>

namespace tx::test {

class TestCheckpoint {
public:
  /// A new folder; it goes with the object.
  TestCheckpoint();
  ~TestCheckpoint();
  TestCheckpoint(const TestCheckpoint &) = delete;

  struct Tensor {
    Dtype dtype;
    std::vector<int64_t> shape;
  };

  std::string dir;
  llvm::json::Object config; ///< written as config.json
  std::map<std::string, Tensor> tensors;

  void add(const std::string &name, std::vector<int64_t> shape,
           Dtype dtype = Dtype::F32);
  /// A weight (rows, columns) and a bias.
  void addLinear(const std::string &name, int64_t rows, int64_t columns);
  void addNorm(const std::string &name);

  /// The body of a family and its config, tensors behind `prefix`.
  void addBert(const std::string &prefix = "");
  void addRoberta(const std::string &prefix = "");
  void addDistilBert(const std::string &prefix = "");

  /// Renames every tensor whose name has `from`.
  void rename(const std::string &from, const std::string &to);

  void writeText(const std::string &file, const std::string &text);
  /// config.json and model.safetensors.
  void write();
  void writeTensors(const std::string &file,
                    const std::map<std::string, Tensor> &tensors);

  /// The module, printed, or "error CODE: MESSAGE" and " help: HINT".
  std::string import(Head head = Head::Auto);

private:
  void addBertLayers(const std::string &prefix);
};

} // namespace tx::test

#endif // TX_TEST_UNIT_IMPORT_TESTCHECKPOINT_H
