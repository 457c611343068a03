//===- StatisticsCost.h - What a norm in an epilogue costs ------*- C++ -*-===//
//
// A row-wise op that needs statistics (norms, softmax) behind a product: as a
// kernel of its own it moves every row once in and once out. Behind the
// product's sums it would move nothing, but an item would have to hold whole
// rows. Its sums fit half of the first-level cache (the rest is for weights and
// rows that pass) only if it has fewer rows, and the weights then pass once for
// each of those smaller items.
//
// Everything is counted in bytes for a row, from sizes of the product and of
// the target's cache: no figure here depends on how fast a machine is.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_TRANSFORMS_FUSE_STATISTICSCOST_H
#define TX_LIB_TRANSFORMS_FUSE_STATISTICSCOST_H

#include "tx/Dialect/Tx/IR/Tx.h"
#include <optional>
#include <string>

namespace tx {

struct StatisticsCost {
  int64_t channels;    ///< of a row of the product's result
  int64_t itemRows;    ///< of an item that holds only some channels
  int64_t rows;        ///< of an item whose sums fit the cache
  int64_t savedBytes;  ///< that the row-wise kernel moves
  int64_t weightBytes; ///< that smaller items read more
  int64_t flops;       ///< of the product

  /// For what follows `linear`; none where sizes are not known.
  static std::optional<StatisticsCost> compute(LinearOp linear);

  bool pays() const { return weightBytes < savedBytes; }
  /// The figures above, as part of a sentence.
  std::string str() const;
};

} // namespace tx

#endif // TX_LIB_TRANSFORMS_FUSE_STATISTICSCOST_H
