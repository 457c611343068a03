//===- Tx.h - The tx dialect ------------------------------------*- C++ -*-===//
//
// The one header clients of the dialect include.
//
//===----------------------------------------------------------------------===//

#ifndef TX_DIALECT_TX_IR_TX_H
#define TX_DIALECT_TX_IR_TX_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace tx {

/// FLOPs as a linear form: `token` per token, `sequence` per sequence, `pair`
/// per (query, key) pair of the same sequence.
struct FlopCount {
  int64_t token = 0;
  int64_t sequence = 0;
  int64_t pair = 0;

  FlopCount &operator+=(const FlopCount &other) {
    token += other.token;
    sequence += other.sequence;
    pair += other.pair;
    return *this;
  }
};

/// Output channels side by side in a panel of packed weights (#tx.layout): one
/// vector of the widest target, so that all targets read the same weights.
inline constexpr int64_t kPanelWidth = 16;

/// Input channels of a chunk (#tx.schedule) unless the schedule says so.
inline constexpr int64_t kDefaultChunk = 768;

/// Bytes of the caches of data that a core has to itself (#tx.target), unless
/// the target says so: common ones.
inline constexpr int64_t kDefaultL1 = 32 << 10, kDefaultL2 = 512 << 10;

/// Attributes that tx reads on func and module ops.
///
/// On a module: `tx.model`, a dictionary (see docs/dialect.md), and
/// `tx.target`. On a public function: `tx.entry` = "packed" or "padded". On its
/// arguments and results: `tx.name`, the name users call them by.
inline constexpr llvm::StringLiteral kModelAttrName = "tx.model";
inline constexpr llvm::StringLiteral kTargetAttrName = "tx.target";
inline constexpr llvm::StringLiteral kPhaseAttrName = "tx.phase";
inline constexpr llvm::StringLiteral kEntryAttrName = "tx.entry";
inline constexpr llvm::StringLiteral kWorkspaceAttrName = "tx.workspace";
inline constexpr llvm::StringLiteral kNameAttrName = "tx.name";

} // namespace tx

#include "tx/Dialect/Tx/IR/TxDialect.h.inc"
#include "tx/Dialect/Tx/IR/TxEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "tx/Dialect/Tx/IR/TxAttrs.h.inc"
#include "tx/Dialect/Tx/IR/TxInterfaces.h.inc"
#define GET_OP_CLASSES
#include "tx/Dialect/Tx/IR/TxOps.h.inc"

namespace tx {
/// Bytes that a value of `type` takes in memory, its layout's padding included.
int64_t getStorageBytes(mlir::RankedTensorType type);
} // namespace tx

#endif // TX_DIALECT_TX_IR_TX_H
