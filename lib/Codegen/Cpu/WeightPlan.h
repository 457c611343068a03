//===- WeightPlan.h - Where parameters lie in the weights -------*- C++ -*-===//
//
// Moves parameter expressions from entries to one `tx.weights`. Entries that
// use the same expression share its bytes.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_WEIGHTPLAN_H
#define TX_CODEGEN_CPU_WEIGHTPLAN_H

#include "mlir/IR/BuiltinOps.h"
#include "tx/Dialect/Tx/IR/Tx.h"
#include <map>

namespace tx {

/// Whether `value` is a param, or casts and packs on top of one.
bool isParamExpression(mlir::Value value);

/// Assigns 64-byte aligned offsets in the order of first use.
class WeightPlan {
public:
  /// The byte at which the value of `expression` is stored.
  int64_t getOffset(mlir::Value expression);

  /// Adds the `tx.weights` at the end of `module`, unless nothing is stored.
  void addTo(mlir::ModuleOp module) const;

private:
  /// What identifies an expression: name, attributes and type of each op, from
  /// the outermost inwards, as unique addresses.
  using Key = std::vector<const void *>;
  static Key makeKey(mlir::Value expression);

  std::map<Key, int64_t> offsets;
  std::vector<std::pair<mlir::Value, int64_t>> stores; ///< by offset
  int64_t size = 0;
};

} // namespace tx

#endif // TX_CODEGEN_CPU_WEIGHTPLAN_H
