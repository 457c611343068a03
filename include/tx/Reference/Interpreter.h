//===- Interpreter.h - The oracle -------------------------------*- C++ -*-===//
//
// Evaluates tx IR in plain loops, one function per op, each element computed
// in double and rounded to f32 once per op. Slow and obvious: what any other
// part of tx computes is compared with this.
//
//===----------------------------------------------------------------------===//

#ifndef TX_REFERENCE_INTERPRETER_H
#define TX_REFERENCE_INTERPRETER_H

#include "tx/Dialect/Tx/IR/ParamAccess.h"
#include <variant>
#include <vector>

namespace tx {

/// A dense row-major value: f32 or i32.
struct Tensor {
  llvm::SmallVector<int64_t, 3> shape;
  std::variant<std::vector<float>, std::vector<int32_t>> data;

  llvm::ArrayRef<float> floats() const {
    return std::get<std::vector<float>>(data);
  }
  llvm::ArrayRef<int32_t> ints() const {
    return std::get<std::vector<int32_t>>(data);
  }
  /// Element `i`, of either type.
  double at(int64_t i) const {
    return std::visit([i](const auto &values) { return double(values[i]); },
                      data);
  }
  int64_t size() const {
    int64_t n = 1;
    for (int64_t d : shape)
      n *= d;
    return n;
  }
};

/// Evaluates function `entry` of `module` (func.func of tx ops; calls of
/// functions and of kernels are followed) on `inputs`, one per argument.
/// Errors: Input for inputs that do not fit the arguments or index outside a
/// table, Unsupported for an op it does not know, and what `source` reports.
llvm::Expected<std::vector<Tensor>> interpret(mlir::ModuleOp module,
                                              llvm::StringRef entry,
                                              llvm::ArrayRef<Tensor> inputs,
                                              ParamSource &source);

} // namespace tx

#endif // TX_REFERENCE_INTERPRETER_H
