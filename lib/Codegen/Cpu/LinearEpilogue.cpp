//===- LinearEpilogue.cpp - What follows the sums of a product ------------===//
//
// One loop that all tile shapes share applies the elementwise ops of a kernel
// to the sums of an item and stores the result, row by row or head by head.
//
//===----------------------------------------------------------------------===//

#include "EmitLinear.h"
#include "mlir/IR/IRMapping.h"
#include "tx/Conversion/Activation.h"

using namespace mlir;
using namespace tx;

/// Column by column of tiles, so that where a column lies is computed once.
void LinearEmitter::emitEpilogue(const Block &block) {
  Value firstColumn = run.mul(block.firstPanel, kPanelWidth);
  Value width = run.min(run.sub(block.product.channels, firstColumn),
                        run.mul(block.panels, kPanelWidth));
  // Straight code for `vectors` of them in a row.
  auto emitRows = [&](Value first, int64_t vectors, Value mask) {
    Values offsets;
    for (int64_t index = 0; index < vectors; ++index)
      offsets.push_back(
          getColumnOffset(block.product, run.add(run.add(firstColumn, first),
                                                 index * run.lanes)));
    run.loop(block.firstRow, block.lastRow, 1, [&](Value row) {
      Value itemRow = run.sub(row, block.firstRow);
      Value sums =
          run.at(run.scratch, itemRow, run.i64(shape.itemWidth), first);
      Value start = run.mul(row, getRowDistance(block.product));
      for (auto [index, offset] : llvm::enumerate(offsets))
        emitEpilogueVector(block.product, run.at(sums, index * run.lanes),
                           run.add(start, offset), mask);
    });
  };
  run.ifThen(
      run.equal(run.rem(width, shape.getWidth()), run.i64(0)),
      [&] {
        run.loop(run.i64(0), width, shape.getWidth(), [&](Value first) {
          emitRows(first, shape.getWidth() / run.lanes, {});
        });
      },
      [&] {
        run.vectorLoop(
            width, [&](Value first, Value mask) { emitRows(first, 1, mask); });
      });
}

/// Elements from a row of C to the next.
Value LinearEmitter::getRowDistance(const Product &product) {
  return product.headWidth ? product.headWidth : product.channels;
}

/// Where the first row of a column of C lies.
Value LinearEmitter::getColumnOffset(const Product &product, Value column) {
  Value width = product.headWidth;
  if (!width)
    return column;
  Value head = run.mul(run.div(column, width), run.mul(a.sizes[0], width));
  return run.add(head, run.rem(column, width));
}

/// Asks for the lines of C, and of what the epilogue reads, while a tile is
/// computed: else each store would wait for a line of a cache further away, or
/// of another core's.
void LinearEmitter::askForResults(const Block &block, Value firstPanel,
                                  Value firstRow, Value lastRow) {
  SmallVector<Value> addresses; // of what is read
  for (Operation &op : kernel.getBody().front())
    if (isa<AddOp, MulOp>(op))
      for (Value operand : op.getOperands())
        if (isa<BlockArgument>(operand))
          addresses.push_back(run.operand(operand).address);
  Value firstColumn = run.mul(firstPanel, kPanelWidth);
  Values offsets;
  for (int64_t column = 0; column < shape.getWidth(); column += kPanelWidth)
    offsets.push_back(
        getColumnOffset(block.product, run.add(firstColumn, column)));
  run.loop(firstRow, lastRow, 1, [&](Value row) {
    Value start = run.mul(row, getRowDistance(block.product));
    for (Value offset : offsets) {
      Value here = run.add(start, offset);
      run.prefetchToWrite(run.at(block.product.result, here));
      for (Value address : addresses)
        run.prefetch(run.at(address, here));
    }
  });
}

/// Evaluates the kernel's ops on one vector, element `offset` of C, and stores
/// what they return.
void LinearEmitter::emitEpilogueVector(const Product &product, Value sums,
                                       Value offset, Value mask) {
  if (products.size() > 1 || product.headWidth)
    return run.storeVector(run.loadVector(sums), run.at(product.result, offset),
                           mask);
  IRMapping vectors;
  auto lookup = [&](Value value) -> Value {
    if (!isa<BlockArgument>(value))
      return vectors.lookup(value);
    return run.loadVector(run.at(run.operand(value).address, offset), mask);
  };
  for (Operation &op : kernel.getBody().front()) {
    if (auto linear = dyn_cast<LinearOp>(op)) {
      vectors.map(linear.getResult(), run.loadVector(sums));
    } else if (auto activation = dyn_cast<ActivationOp>(op)) {
      vectors.map(activation.getResult(),
                  buildActivation(run.b, run.loc, activation.getKind(),
                                  lookup(activation.getX())));
    } else if (auto add = dyn_cast<AddOp>(op)) {
      vectors.map(add.getResult(),
                  run.addF(lookup(add.getLhs()), lookup(add.getRhs())));
    } else if (auto mul = dyn_cast<MulOp>(op)) {
      vectors.map(mul.getResult(),
                  run.mulF(lookup(mul.getLhs()), lookup(mul.getRhs())));
    } else {
      for (auto [value, result] :
           llvm::zip_equal(op.getOperands(), run.results))
        run.storeVector(lookup(value), run.at(result.address, offset), mask);
    }
  }
}
