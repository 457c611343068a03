//===- RegisterTile.h - Register tiles of matrix products -------*- C++ -*-===//
//
// A tile of `rows` rows by `vectors` vectors of output channels holds its sums,
// one vector of weights for each of its columns and one broadcast element of x:
//
//   registers >= rows * vectors + vectors + 1
//
//===----------------------------------------------------------------------===//

#ifndef TX_TRANSFORMS_SCHEDULE_REGISTERTILE_H
#define TX_TRANSFORMS_SCHEDULE_REGISTERTILE_H

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

} // namespace tx

#endif // TX_TRANSFORMS_SCHEDULE_REGISTERTILE_H
