//===- Signature.h - What callers must know of an entry ---------*- C++ -*-===//
//
// The C++ form of `tx.signature`, the dictionary that tx-describe-entries
// puts on an entry:
//
//   {entry = "packed", inputs = [{name = "input_ids", dtype = "i32",
//    shape = array<i64: -1>, limit = 30522 : i64}, ...], outputs = [...],
//    max_length = 512 : i64, workspace = #tx.workspace<...>,
//    flops = array<i64: token, sequence, pair>}
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_SIGNATURE_H
#define TX_CODEGEN_CPU_SIGNATURE_H

#include "tx/Dialect/Tx/IR/Tx.h"
#include "tx/Runtime/tx_model.h"
#include <optional>
#include <string>
#include <vector>

namespace tx {

inline constexpr llvm::StringLiteral kSignatureAttrName = "tx.signature";
/// On the module: for each kernel, in the order of the runtime's numbers,
/// {name = "linear", schedule = #tx.schedule<...>}.
inline constexpr llvm::StringLiteral kKernelsAttrName = "tx.kernels";
inline constexpr llvm::StringLiteral kScratchAttrName = "tx.scratch";
/// On a call: for each result, the sizes (numbers and codes) of its dimensions.
inline constexpr llvm::StringLiteral kSizesAttrName = "tx.sizes";
/// On a call that plans tiles: the operand that holds the offsets, and rows.
inline constexpr llvm::StringLiteral kTilesAttrName = "tx.tiles";
/// Beside the TX_DIM_ codes: the work items of a plan.
inline constexpr int64_t kDimTiles = -5;

/// As many inputs, and as many outputs, as the runtime takes (Runtime.h).
inline constexpr size_t kMaxEntryTensors = 8;

/// An input or output. `shape` holds sizes and the TX_DIM_ codes.
struct TensorSignature {
  std::string name;
  tx_dtype dtype = TX_F32;
  std::vector<int64_t> shape;
  int64_t limit = 0;
  bool optional = false;
};

struct EntrySignature {
  std::string symbol; ///< the function's
  std::string name;   ///< "packed" or "padded"
  std::vector<TensorSignature> inputs, outputs;
  int64_t maxLength = 0;
  WorkspaceAttr workspace;
  FlopCount flops;

  bool isPadded() const { return name == "padded"; }

  /// Whether callers see the same in `other`, which may differ in workspace.
  bool hasInterfaceOf(const EntrySignature &other,
                      mlir::MLIRContext *context) const;

  mlir::DictionaryAttr toAttribute(mlir::MLIRContext *context) const;
  /// None where `attribute` has not the form above.
  static std::optional<EntrySignature>
  fromAttribute(mlir::DictionaryAttr attribute);
};

} // namespace tx

#endif // TX_CODEGEN_CPU_SIGNATURE_H
