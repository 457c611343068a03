//===- LinearTile.cpp - Register tiles of matrix products -----------------===//
//
// Every shape of a tile is straight code: one case for each. The accumulators
// stay in registers over the channels of a call; a step loads one vector of
// every panel and broadcasts one element of every row.
//
// What decides is that nothing else is in the loop. Rows have a pointer each,
// which LLVM must not recompute from one another; panels have one pointer and
// their distance, of which x86 adds a multiple for free. So 8 rows of 3 panels
// need 8 + 2 of the general registers and the counter.
//
//===----------------------------------------------------------------------===//

#include "LinearTile.h"

using namespace mlir;
using namespace tx;

func::FuncOp LinearTile::getFunction(KernelOp kernel) const {
  auto module = kernel->getParentOfType<ModuleOp>();
  std::string name =
      llvm::formatv("linear_tile.{0}x{1}x{2}", lanes, rows, panels);
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;
  OpBuilder builder(kernel);
  Type pointer = LLVM::LLVMPointerType::get(kernel.getContext());
  Type i64 = builder.getI64Type();
  auto function = func::FuncOp::create(
      builder, kernel.getLoc(), name,
      builder.getFunctionType({pointer, i64, pointer, i64, pointer, i64, i64},
                              {}));
  function.setPrivate();
  function->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  for (unsigned index : {0, 2, 4})
    function.setArgAttr(index, LLVM::LLVMDialect::getNoAliasAttrName(),
                        builder.getUnitAttr());
  Block &entry = *function.addEntryBlock();
  KernelBuilder k(entry, kernel.getLoc(), lanes);
  emitBody(k, entry);
  func::ReturnOp::create(k.b, k.loc);
  return function;
}

void LinearTile::emitBody(KernelBuilder &k, Block &entry) const {
  k.switchOver(entry.getArgument(3), rows * panels, [&](int64_t which) {
    emitShape(k, entry, (which - 1) % rows + 1, (which - 1) / rows + 1);
  });
}

Value LinearTile::getShape(KernelBuilder &k, Value height,
                           Value columns) const {
  return k.add(k.mul(k.add(columns, -1), rows), height);
}

void LinearTile::emitShape(KernelBuilder &k, Block &entry, int64_t height,
                           int64_t columns) const {
  Value depth = entry.getArgument(1), buffer = entry.getArgument(4);
  Value count = entry.getArgument(5), ahead = entry.getArgument(6);
  Values rowStarts{entry.getArgument(0)};
  while (int64_t(rowStarts.size()) < height)
    rowStarts.push_back(k.keep(k.at(rowStarts.back(), depth)));
  Value firstPanel = entry.getArgument(2);
  Value aheadPanel = k.keep(k.at(firstPanel, ahead));
  Value distance = k.keep(k.mul(depth, kPanel));
  int64_t vectors = columns * kPanel / lanes;
  auto getSum = [&](int64_t index) {
    return k.at(buffer, index / vectors * getWidth() + index % vectors * lanes);
  };

  auto emitSteps = [&](Value first, int64_t steps, ValueRange carried) {
    Values rowAddresses, panelAddresses, aheadAddresses, values(carried);
    for (Value row : rowStarts)
      rowAddresses.push_back(k.at(row, first));
    Value offset = k.mul(first, kPanel);
    for (int64_t i = 0; i < columns; ++i) {
      Value panel = k.add(offset, k.mul(distance, i));
      panelAddresses.push_back(k.at(firstPanel, panel));
      aheadAddresses.push_back(k.at(aheadPanel, panel));
    }
    for (int64_t step = 0; step < steps; ++step) {
      for (Value address : aheadAddresses)
        k.prefetch(k.at(address, step * kPanel));
      values = emitStep(k, rowAddresses, panelAddresses, step, values);
    }
    return values;
  };
  // With half of the registers, a step is so short that the loop's own
  // instructions count. Where it fills all 32, two would make LLVM spill.
  int64_t unroll = rows * getWidth() / lanes <= 16 ? 4 : 1;
  Value whole = k.mul(k.div(count, unroll), unroll);
  Values sums;
  for (int64_t index = 0; index < height * vectors; ++index)
    sums.push_back(k.loadVector(getSum(index)));
  sums = k.loop(k.i64(0), whole, unroll, sums,
                [&](Value first, ValueRange carried) {
                  return emitSteps(first, unroll, carried);
                });
  if (unroll > 1)
    sums = k.loop(whole, count, 1, sums, [&](Value first, ValueRange carried) {
      return emitSteps(first, 1, carried);
    });
  for (auto [index, sum] : llvm::enumerate(sums))
    k.storeVector(sum, getSum(index));
}

/// Element `step` of each row times vector `step` of each panel.
Values LinearTile::emitStep(KernelBuilder &k, ValueRange rowAddresses,
                            ValueRange panelAddresses, int64_t step,
                            ValueRange accumulators) const {
  Values weights;
  for (Value panel : panelAddresses)
    for (int64_t lane = 0; lane < kPanel; lane += lanes)
      weights.push_back(k.loadVector(k.at(panel, step * kPanel + lane)));
  Values next;
  for (Value row : rowAddresses) {
    Value element = k.broadcast(k.load(k.at(row, step)));
    for (Value vector : weights)
      next.push_back(k.fma(element, vector, accumulators[next.size()]));
  }
  return next;
}
