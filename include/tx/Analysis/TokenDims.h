//===- TokenDims.h - What the dynamic sizes of an entry are -----*- C++ -*-===//
//
// Every dynamic size of a value in an entry is one of few numbers: the tokens
// of the call, its sequences, the length it is padded to, or the work items of
// a plan. Types show only `?`; this analysis says which number it is, through
// tx ops and through calls of kernels. The memory plan and the code of entries
// are built on it.
//
//===----------------------------------------------------------------------===//

#ifndef TX_ANALYSIS_TOKENDIMS_H
#define TX_ANALYSIS_TOKENDIMS_H

#include "tx/Dialect/Tx/IR/Tx.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

namespace tx {

/// One size of a value.
struct DimSymbol {
  enum class Kind {
    Static,         ///< `size`
    Tokens,         ///< tokens of all sequences of the call
    Sequences,      ///< sequences of the call
    SequencesPlus1, ///< entries of the offsets
    PaddedLength,   ///< columns of a padded batch
    Tiles,          ///< work items: ceil(length / rows), summed over `offsets`
    Unknown,        ///< only inside kernels: known where they are called
  };

  Kind kind = Kind::Unknown;
  int64_t size = 0;    ///< Static
  mlir::Value offsets; ///< Tiles: the entry's value the plan was made from
  int64_t rows = 0;    ///< Tiles

  static DimSymbol get(Kind kind) { return {kind, 0, {}, 0}; }
  static DimSymbol getStatic(int64_t size) {
    return {Kind::Static, size, {}, 0};
  }

  bool isStatic() const { return kind == Kind::Static; }
  bool operator==(const DimSymbol &other) const {
    return kind == other.kind && size == other.size &&
           offsets == other.offsets && rows == other.rows;
  }
  bool operator!=(const DimSymbol &other) const { return !(*this == other); }

  /// In the words of diagnostics: "tokens", "sequences + 1", "384".
  std::string str() const;
};

/// The sizes of all values of one entry: a function with `tx.entry` and one
/// block of tx ops.
class TokenDims {
public:
  /// Derives the sizes of `entry`'s values. Emits an error on the op whose
  /// sizes cannot be derived and fails.
  ///
  /// Dynamic sizes of arguments: in a packed entry, dimension 0 counts
  /// tokens, except of the argument named "offsets"; in a padded entry,
  /// dimensions 0 and 1 are the sequences and the length, and tokens are what
  /// the argument named "attention_mask" keeps.
  static mlir::FailureOr<TokenDims> compute(mlir::func::FuncOp entry);

  /// One symbol per dimension of `value`, an argument or a result in the entry;
  /// none of them is Unknown.
  llvm::ArrayRef<DimSymbol> getDims(mlir::Value value) const;

private:
  llvm::DenseMap<mlir::Value, llvm::SmallVector<DimSymbol>> dims;
};

} // namespace tx

#endif // TX_ANALYSIS_TOKENDIMS_H
