//===- EmitLinear.h - Matrix products ---------------------------*- C++ -*-===//

#ifndef TX_LIB_CODEGEN_CPU_EMITLINEAR_H
#define TX_LIB_CODEGEN_CPU_EMITLINEAR_H

#include "LinearTile.h"

namespace tx {

/// Emits one kernel (see EmitLinear.cpp).
class LinearEmitter {
public:
  LinearEmitter(KernelOp kernel, llvm::ArrayRef<LinearOp> products,
                KernelBuilder &run)
      : kernel(kernel), products(products), run(run),
        schedule(kernel.getScheduleAttr()),
        shape(schedule, LinearOp(products.front()).isNarrow()),
        x(LinearOp(products.front()).getX()), a(run.operand(x)) {}

  /// Fills @k.
  void emit();
  /// Emits the number of items for the sizes that `builder` loaded.
  Value countItems(KernelBuilder &builder);
  int64_t getScratchBytes() const {
    return getSumBytes() + shape.getRoundedBytes(schedule.getItemRows());
  }

private:
  int64_t getSumBytes() const {
    return schedule.getItemRows() * shape.itemWidth * sizeof(float);
  }
  /// How the rows of A are cut, in values of the builder.
  struct RowPlan {
    Value tiles;  ///< register tiles
    Value blocks; ///< items along the rows
  };
  /// One product, chosen at run time where there are several.
  struct Product {
    Value weight;   ///< address
    Value channels; ///< N
    Value bias;     ///< address; null without one
    Value result;   ///< address of C
    /// Channels of a head where C lies head by head, of which panels are
    /// parts; null where it lies row by row.
    Value headWidth;
  };
  /// The part of C that an item computes: rows, and columns by panels.
  struct Block {
    Product product;
    Value firstTile, lastTile; ///< row tiles
    Value height, higher;      ///< rows of a tile; tiles that have one more
    Value firstRow, lastRow;
    Value firstPanel, panels;
    Value isLast; ///< the next item has other weights
  };

  RowPlan planRows(KernelBuilder &builder);
  Value getPanelsOfItem(KernelBuilder &builder);
  Value countGroups(KernelBuilder &builder, LinearOp product, Value panels);
  Value countGroups(KernelBuilder &builder, Value panels);
  Product getProduct(int64_t index);
  /// The product that group `group` of `panels` panels belongs to; makes
  /// `group` the number within it.
  Product selectProduct(Value &group, Value panels);
  Value getFirstRow(const Block &block, Value tile);

  /// Where an item lies.
  struct Place {
    Value group, block;
    Value isLast; ///< the next item has other weights
  };
  Place locateItem(Value item, const RowPlan &plan, Value panels);
  void emitItem(Value item, const RowPlan &plan);
  void emitStart(const Block &block);
  Value getChunk(const Block &block);
  Value getDepth();
  Value getRounded(Value itemRow, Value channel);
  void emitRounding(const Block &block, Value chunk);
  void emitChunk(const Block &block, Value first, Value count, Value chunk);
  /// What a tile asks for (see LinearTile).
  struct Asking {
    Value ahead, asking, spread;
  };
  Asking shareAsking(const Block &block, Value tile, Value count, Value next);
  void emitColumns(const Block &block, Value panel, Value first, Value count,
                   Value next);
  void emitEpilogue(const Block &block);
  void emitEpilogueVector(const Product &product, Value sums, Value offset,
                          Value mask);
  Value getRowDistance(const Product &product);
  Value getColumnOffset(const Product &product, Value column);
  void askForResults(const Block &block, Value firstPanel, Value firstRow,
                     Value lastRow);

  KernelOp kernel;
  llvm::ArrayRef<LinearOp> products;
  KernelBuilder &run;
  ScheduleAttr schedule;
  LinearTile shape;
  Value x;
  const KernelArgument &a;
};

} // namespace tx

#endif // TX_LIB_CODEGEN_CPU_EMITLINEAR_H
