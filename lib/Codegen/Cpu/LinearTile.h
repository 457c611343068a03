//===- LinearTile.h - Register tiles of matrix products ---------*- C++ -*-===//
//
// A function of its own that all linear kernels of a schedule share. It is not
// inlined: constants of an epilogue, hoisted out of the loops around a tile,
// would take the registers that its accumulators need.
//
// What it does is counted in steps of four bytes of a weight: one input channel
// of f32, or a group of two of bf16.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_CODEGEN_CPU_LINEARTILE_H
#define TX_LIB_CODEGEN_CPU_LINEARTILE_H

#include "KernelBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tx {

/// Rows of a tile of unit matrix, and steps of a pair of them.
inline constexpr int64_t kMatrix = 16;

/// A tile of up to `rows` rows by up to `panels` panels.
struct LinearTile {
  int64_t lanes, rows, panels;
  int64_t itemWidth; ///< elements of a row of sums
  ProductUnit unit;
  bool isNarrow; ///< weights are bf16, x lies rounded in the order of a unit

  LinearTile(ScheduleAttr schedule, bool isNarrow)
      : lanes(schedule.getLanes()), rows(schedule.getRows()),
        panels(schedule.getPanels()),
        itemWidth(schedule.getPanelsOfItem() * kPanelWidth),
        unit(schedule.getUnit()), isNarrow(isNarrow) {}

  int64_t getWidth() const { return panels * kPanelWidth; }
  /// Steps in a row.
  int64_t getUnroll() const {
    return getProductUnroll(rows * getWidth() / lanes);
  }
  int64_t getMaxPeriod() const { return getUnroll() > 1 ? 2 : 1; }
  /// Input channels of a step.
  int64_t getGroup() const { return isNarrow ? 2 : 1; }

  /// The function (x, depth, panel, shape, sums, count, ahead, asking, spread)
  /// -> (), found in the module of `kernel` or added in front of it. Adds to
  /// `sums`, rows of itemWidth elements, the products of `count` steps of the
  /// tile's rows, which begin at `x`, and of its panels, which begin at `panel`
  /// and are `depth` steps long. Meanwhile it asks for the weights of `asking`
  /// steps that lie `ahead` words of four bytes behind, one in each step, or
  /// for those of `spread` steps, one in every getMaxPeriod() steps. One of the
  /// two is 0.
  ///
  /// Rows of x are `depth` elements apart; of rounded x, as getRounded says.
  mlir::func::FuncOp getFunction(KernelOp kernel) const;
  /// The argument `shape` of a tile.
  Value getShape(KernelBuilder &k, Value height, Value columns) const;

  //===---- x rounded to bf16 --------------------------------------------===//
  /// f32 for unit fma; pairs of bf16 for dot; for matrix tiles of kMatrix rows
  /// of kMatrix pairs, those of the same rows side by side. All for one chunk.
  int64_t getRoundedBytes(int64_t itemRows) const;
  /// The word of four bytes where row `row` of the item, at channel `channel`
  /// of the chunk, a multiple of a tile's 32, begins.
  Value getRounded(KernelBuilder &k, Value row, Value channel) const;
  /// Rounds `lanes` elements of x and stores them at getRounded's `address`,
  /// `offset` elements behind.
  void storeRounded(KernelBuilder &k, Value x, Value address,
                    int64_t offset) const;

private:
  std::string getName() const;
  void emitBody(KernelBuilder &k, mlir::Block &entry) const;
  void emitVectors(KernelBuilder &k, mlir::Block &entry, int64_t height,
                   int64_t columns) const;
  void emitMatrices(KernelBuilder &k, mlir::Block &entry, int64_t height,
                    int64_t columns) const;
  Values emitStep(KernelBuilder &k, ValueRange rowAddresses,
                  ValueRange panelAddresses, int64_t step,
                  ValueRange accumulators) const;
};

} // namespace tx

#endif // TX_LIB_CODEGEN_CPU_LINEARTILE_H
