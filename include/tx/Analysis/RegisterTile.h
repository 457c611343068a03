//===- RegisterTile.h - Register tiles of matrix products -------*- C++ -*-===//
//
// A tile of `rows` rows by `vectors` vectors of output channels holds its sums,
// one vector of weights for each of its columns and one broadcast element of x:
//
//   registers >= rows * vectors + vectors + 1
//
//===----------------------------------------------------------------------===//

#ifndef TX_ANALYSIS_REGISTERTILE_H
#define TX_ANALYSIS_REGISTERTILE_H

#include "tx/Dialect/Tx/IR/Tx.h"

namespace tx {

/// Vectors of `lanes` that `panels` panels have side by side.
constexpr int64_t countTileVectors(int64_t panels, int64_t lanes) {
  return panels * kPanelWidth / lanes;
}

constexpr int64_t countTileRegisters(int64_t rows, int64_t vectors) {
  return rows * vectors + vectors + 1;
}

/// The most rows of a tile that `registers` hold.
constexpr int64_t countTileRows(int64_t registers, int64_t vectors) {
  return (registers - 1 - vectors) / vectors;
}

/// Rows of a work item of linear, at most: enough to reuse a panel of weights
/// from the first-level cache, few enough to share out a short batch.
inline constexpr int64_t kLinearItemRows = 64;
/// Vector registers with which tiles are wide.
inline constexpr int64_t kManyRegisters = 32;

/// The register tile that products have by default: three vectors of columns
/// where registers are many, else two, and one panel where that has more
/// vectors.
struct RegisterTile {
  int64_t registers, lanes, rows, panels;

  /// Whether vectors of `target` fill panels, and its registers some tile.
  static bool fits(TargetAttr target) {
    return kPanelWidth % target.getLanes() == 0 && target.getRegisters() >= 8 &&
           countTileRows(target.getRegisters(), getVectors(target)) > 0;
  }
  /// For a target that fits. If `isWidened`, there are weights of bf16 beside
  /// those of f32.
  static RegisterTile get(TargetAttr target, bool isWidened = false) {
    int64_t vectors = getVectors(target), registers = target.getRegisters();
    if (isWidened)
      registers -= vectors;
    // RISC-V multiplies with an element of x in a scalar register.
    if (isWidened && target.getTriple().starts_with("riscv"))
      ++registers;
    int64_t rows = std::min(countTileRows(registers, vectors), kLinearItemRows);
    // Even rows: work items of both parities of lengths waste the least.
    rows = rows > 1 ? rows / 2 * 2 : 1;
    return {target.getRegisters(), target.getLanes(), rows, getPanels(target)};
  }

  /// Rows of a work item.
  int64_t getItemRows() const { return kLinearItemRows / rows * rows; }

private:
  static int64_t getPanels(TargetAttr target) {
    int64_t vectors = target.getRegisters() >= kManyRegisters ? 3 : 2;
    int64_t ofPanel = countTileVectors(1, target.getLanes());
    return std::max<int64_t>(1, vectors / ofPanel);
  }
  /// Vectors of columns.
  static int64_t getVectors(TargetAttr target) {
    return countTileVectors(getPanels(target), target.getLanes());
  }
};

} // namespace tx

#endif // TX_ANALYSIS_REGISTERTILE_H
