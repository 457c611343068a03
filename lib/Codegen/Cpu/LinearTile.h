//===- LinearTile.h - Register tiles of matrix products ---------*- C++ -*-===//
//
// A function of its own that all linear kernels of a schedule share. It is not
// inlined: constants of an epilogue, hoisted out of the loops around a tile,
// would take the registers that its accumulators need.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_CODEGEN_CPU_LINEARTILE_H
#define TX_LIB_CODEGEN_CPU_LINEARTILE_H

#include "KernelBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tx {

/// Output channels of a panel.
inline constexpr int64_t kPanel = 16;

/// A tile of up to `rows` rows by up to `panels` panels.
struct LinearTile {
  int64_t lanes, rows, panels;

  explicit LinearTile(ScheduleAttr schedule)
      : lanes(schedule.getLanes()), rows(schedule.getRows()),
        panels(schedule.getPanels()) {}

  int64_t getWidth() const { return panels * kPanel; }

  /// The function (row, depth, panel, shape, sums, count, ahead) -> (), found
  /// in the module of `kernel` or added in front of it. Adds to `sums`, rows of
  /// getWidth() elements, the products of `count` channels of the tile's rows,
  /// which begin at `row` and are `depth` elements long, and of its panels,
  /// which begin at `panel`. Meanwhile it asks for the weights that lie `ahead`
  /// elements behind.
  mlir::func::FuncOp getFunction(KernelOp kernel) const;
  /// The argument `shape` of a tile.
  Value getShape(KernelBuilder &k, Value height, Value columns) const;

private:
  void emitBody(KernelBuilder &k, mlir::Block &entry) const;
  void emitShape(KernelBuilder &k, mlir::Block &entry, int64_t height,
                 int64_t columns) const;
  Values emitStep(KernelBuilder &k, ValueRange rowAddresses,
                  ValueRange panelAddresses, int64_t step,
                  ValueRange accumulators) const;
};

} // namespace tx

#endif // TX_LIB_CODEGEN_CPU_LINEARTILE_H
