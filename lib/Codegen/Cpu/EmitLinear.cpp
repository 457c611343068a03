//===- EmitLinear.cpp - Matrix products -----------------------------------===//
//
// C (M,N) = A (M,K) times the transposed weight, whose layout is panels of
// sixteen output channels, [ceil(N/16)][K][16]. The unit of computation is a
// register tile (LinearTile.h) of up to `rows` rows by up to `panels` panels.
// With weights of bf16 the layout is [ceil(N/16)][ceil(K/32)][16][16][2], and
// an item first rounds its part of A.
//
//   items      blocks of row tiles, innermost, times panel groups, so that the
//              weights of a group stay in the cache while rows pass by; of many
//              rows, as many at a time as stay in the cache themselves
//   chunks     of K: all tiles of an item go over one chunk of the weights
//              before the next, which is on its way into the cache meanwhile
//   columns    of a chunk: those of one tile before the next
//   row tiles  ceil(M/rows) of them, whose heights differ by one at most
//   epilogue   sums lie in a buffer of the thread until the last chunk, then
//              one loop that all tile shapes share applies the elementwise ops
//
// Several products of the same A (query, key, value) can be one kernel: their
// panel groups follow one another, each product has its own C.
//
// An element is the sum over k, ascending, by fused multiply-add from the bias
// (or zero): the same in every tile shape and with any chunks.
//
//===----------------------------------------------------------------------===//

#include "EmitLinear.h"
#include "tx/Analysis/ProductUnits.h"

using namespace mlir;
using namespace tx;

/// With few tiles chunks are short, at most 6 KiB of weights, so that asking
/// for weights is spread evenly over the time of computing with them.
static constexpr int64_t kShortChunk = 96, kFewTiles = 4;
/// Where items round their rows of x: rows for which that costs nothing beside
/// reading the weights, items that are too few to share out, and panels of an
/// item in either case.
static constexpr int64_t kFewRows = 32, kFewItems = 4;
static constexpr int64_t kFewMatrixPanels = 12, kFewVectorPanels = 6;

/// How the result of `product` lies; null: row by row.
static HeadsAttr getHeads(LinearOp product) {
  return dyn_cast_if_present<HeadsAttr>(
      cast<RankedTensorType>(product.getResult().getType()).getEncoding());
}

LinearEmitter::RowPlan LinearEmitter::planRows(KernelBuilder &builder) {
  Value rows = builder.operand(x).sizes[0];
  Value tiles = builder.ceilDiv(rows, schedule.getRows());
  int64_t tilesPerItem =
      std::max<int64_t>(1, schedule.getItemRows() / schedule.getRows());
  return {tiles, builder.ceilDiv(tiles, tilesPerItem)};
}

/// Wide items, in which rounding x counts less, unless they are few.
Value LinearEmitter::getPanelsOfItem(KernelBuilder &builder) {
  Value wide = builder.i64(schedule.getPanelsOfItem());
  if (!shape.isNarrow)
    return wide;
  int64_t most =
      shape.unit == ProductUnit::Matrix ? kFewMatrixPanels : kFewVectorPanels;
  int64_t tiles = std::max<int64_t>(1, most / schedule.getPanels());
  Value narrow = builder.i64(
      std::min(tiles * schedule.getPanels(), schedule.getPanelsOfItem()));
  Value items =
      builder.mul(planRows(builder).blocks, countGroups(builder, wide));
  Value panels =
      builder.select(builder.less(items, builder.i64(kFewItems)), narrow, wide);
  Value isLow =
      builder.less(builder.operand(x).sizes[0], builder.i64(kFewRows + 1));
  return builder.select(isLow, narrow, panels);
}

/// Groups of `panels` panels of `product`.
Value LinearEmitter::countGroups(KernelBuilder &builder, LinearOp product,
                                 Value panels) {
  return builder.ceilDiv(builder.operand(product.getWeight()).sizes[0],
                         builder.mul(panels, kPanelWidth));
}

/// The same of all products.
Value LinearEmitter::countGroups(KernelBuilder &builder, Value panels) {
  Value groups = builder.i64(0);
  for (LinearOp product : products)
    groups = builder.add(groups, countGroups(builder, product, panels));
  return groups;
}

Value LinearEmitter::countItems(KernelBuilder &builder) {
  return builder.mul(planRows(builder).blocks,
                     countGroups(builder, getPanelsOfItem(builder)));
}

LinearEmitter::Product LinearEmitter::getProduct(int64_t index) {
  LinearOp product = products[index];
  const KernelArgument &weight = run.operand(product.getWeight());
  Value bias = product.getBias();
  HeadsAttr heads = getHeads(product);
  return {weight.address, weight.sizes[0],
          bias ? run.operand(bias).address : Value(),
          run.results[index].address,
          heads ? run.div(weight.sizes[0], heads.getCount()) : Value()};
}

LinearEmitter::Product LinearEmitter::selectProduct(Value &group,
                                                    Value panels) {
  Product selected = getProduct(0);
  Value first = run.i64(0), start = run.i64(0);
  for (int64_t index = 1; index < int64_t(products.size()); ++index) {
    start = run.add(start, countGroups(run, products[index - 1], panels));
    Value isBefore = run.less(group, start);
    Product other = getProduct(index);
    auto select = [&](Value &value, Value otherValue) {
      if (value)
        value = run.select(isBefore, value, otherValue);
    };
    select(selected.weight, other.weight);
    select(selected.channels, other.channels);
    select(selected.bias, other.bias);
    select(selected.result, other.result);
    select(selected.headWidth, other.headWidth);
    select(first, start);
  }
  group = run.sub(group, first);
  return selected;
}

void LinearEmitter::emit() {
  RowPlan plan = planRows(run);
  run.loop(run.begin, run.end, 1, [&](Value item) { emitItem(item, plan); });
}

Value LinearEmitter::getFirstRow(const Block &block, Value tile) {
  Value row = run.mul(tile, block.height);
  // Matrices have a fixed height: rows beyond the last are computed in vain.
  if (shape.unit == ProductUnit::Matrix)
    return run.min(row, a.sizes[0]);
  return run.add(row, run.min(tile, block.higher));
}

/// The panel group and the block of rows of an item.
LinearEmitter::Place LinearEmitter::locateItem(Value item, const RowPlan &plan,
                                               Value panels) {
  Value blockBytes =
      run.mul(a.sizes[1], schedule.getItemRows() * int64_t(sizeof(float)));
  // A power of two, so that shares of threads are whole stretches of rows.
  Value near = run.i64(1);
  for (int64_t blocks : {2, 4, 8}) {
    Value fits =
        run.less(run.mul(blockBytes, blocks), run.i64(schedule.getStretch()));
    near = run.select(fits, run.i64(blocks), near);
  }
  Value stretch = run.mul(near, countGroups(run, panels));
  Value first = run.mul(run.div(item, stretch), near);
  Value inStretch = run.rem(item, stretch);
  Value blocks = run.min(near, run.sub(plan.blocks, first));
  Value index = run.rem(inStretch, blocks);
  return {run.div(inStretch, blocks), run.add(first, index),
          run.equal(run.add(index, 1), blocks)};
}

void LinearEmitter::emitItem(Value item, const RowPlan &plan) {
  Value panels = getPanelsOfItem(run);
  auto [group, index, isLast] = locateItem(item, plan, panels);
  Block block;
  block.isLast = isLast;
  block.product = selectProduct(group, panels);
  block.firstPanel = run.mul(group, panels);
  block.panels =
      run.min(run.sub(run.ceilDiv(block.product.channels, kPanelWidth),
                      block.firstPanel),
              panels);
  block.height = shape.unit == ProductUnit::Matrix
                     ? run.i64(schedule.getRows())
                     : run.div(a.sizes[0], plan.tiles);
  block.higher = run.rem(a.sizes[0], plan.tiles);
  block.firstTile = run.div(run.mul(index, plan.tiles), plan.blocks);
  block.lastTile = run.div(run.mul(run.add(index, 1), plan.tiles), plan.blocks);
  block.firstRow = getFirstRow(block, block.firstTile);
  block.lastRow = getFirstRow(block, block.lastTile);

  emitStart(block);
  Value depth = getDepth();
  Value chunk = getChunk(block);
  Value chunks = run.ceilDiv(depth, chunk);
  run.loop(run.i64(0), chunks, 1, [&](Value index) {
    Value first = run.mul(index, chunk);
    if (shape.isNarrow)
      emitRounding(block, index);
    emitChunk(block, first, run.min(run.sub(depth, first), chunk), chunk);
  });
  emitEpilogue(block);
}

/// Steps of a chunk.
Value LinearEmitter::getChunk(const Block &block) {
  if (shape.isNarrow) // columns are asked for, not chunks
    return run.i64(kDefaultChunk / shape.getGroup());
  int64_t most = schedule.getChunk();
  int64_t least =
      std::min(most, std::max<int64_t>(1, kShortChunk / schedule.getPanels()));
  Value isFew =
      run.less(run.sub(block.lastTile, block.firstTile), run.i64(kFewTiles));
  return run.select(isFew, run.i64(least), run.i64(most));
}

/// Steps that the weights have for K.
Value LinearEmitter::getDepth() {
  Value channels = a.sizes[1];
  return shape.isNarrow ? run.mul(run.ceilDiv(channels, 2 * kMatrix), kMatrix)
                        : channels;
}

/// Sums begin as the bias.
void LinearEmitter::emitStart(const Block &block) {
  Value firstColumn = run.mul(block.firstPanel, kPanelWidth);
  Values start;
  for (int64_t lane = 0; lane < shape.itemWidth; lane += run.lanes) {
    Value column = run.add(firstColumn, lane);
    Value rest = run.sub(block.product.channels, column);
    start.push_back(block.product.bias
                        ? run.loadVector(run.at(block.product.bias, column),
                                         run.tailMask(rest))
                        : run.splat(0));
  }
  Value rows = run.sub(block.lastRow, block.firstRow);
  run.loop(run.i64(0), rows, 1, [&](Value row) {
    Value sums = run.at(run.scratch, run.mul(row, shape.itemWidth));
    for (auto [index, vector] : llvm::enumerate(start))
      run.storeVector(vector, run.at(sums, index * run.lanes));
  });
}

/// Where an element of the chunk's rounded A is: behind the sums.
Value LinearEmitter::getRounded(Value itemRow, Value channel) {
  return run.at(run.at(run.scratch, getSumBytes() / int64_t(sizeof(float))),
                shape.getRounded(run, itemRow, channel));
}

/// Rounds the part of A that chunk number `chunk` multiplies.
void LinearEmitter::emitRounding(const Block &block, Value chunk) {
  constexpr int64_t step = 2 * kMatrix;
  Value first = run.mul(chunk, kDefaultChunk);
  Value count = run.min(run.sub(a.sizes[1], first), run.i64(kDefaultChunk));
  Value whole = run.mul(run.div(count, step), step);
  auto round = [&](Value row, Value channel, bool isWhole) {
    Value from = run.at(a.address, row, a.sizes[1], run.add(first, channel));
    Value to = getRounded(run.sub(row, block.firstRow), channel);
    for (int64_t lane = 0; lane < step; lane += run.lanes) {
      Value rest = run.sub(count, run.add(channel, lane));
      Value mask = isWhole ? Value() : run.tailMask(rest);
      shape.storeRounded(run, run.loadVector(run.at(from, lane), mask), to,
                         lane);
    }
  };
  run.loop(block.firstRow, block.lastRow, 1, [&](Value row) {
    run.loop(run.i64(0), whole, step,
             [&](Value channel) { round(row, channel, /*isWhole=*/true); });
    run.ifThen(run.less(whole, count),
               [&] { round(row, whole, /*isWhole=*/false); });
  });
}

/// Adds the products of the steps [first, first + count).
void LinearEmitter::emitChunk(const Block &block, Value first, Value count,
                              Value chunk) {
  // What follows is the next chunk of the same columns, then the first one of
  // the next columns; where x had to be rounded for a whole chunk, the same
  // chunk of the next columns.
  Value next = run.mul(getDepth(), shape.getWidth());
  if (!shape.isNarrow) {
    Value isLast = run.equal(run.add(first, count), getDepth());
    Value others = run.select(
        block.isLast, run.sub(next, run.mul(first, kPanelWidth)), run.i64(0));
    next = run.select(isLast, others, run.mul(chunk, kPanelWidth));
  }
  if (schedule.getPanelsOfItem() == schedule.getPanels())
    return emitColumns(block, run.i64(0), first, count, next);
  run.loop(run.i64(0), block.panels, schedule.getPanels(),
           [&](Value panel) { emitColumns(block, panel, first, count, next); });
}

/// Every tile of an item asks for its share of what follows, `next` words
/// behind, and for nothing if `next` is 0. One tile alone cannot spread it.
LinearEmitter::Asking LinearEmitter::shareAsking(const Block &block, Value tile,
                                                 Value count, Value next) {
  Value tiles = run.sub(block.lastTile, block.firstTile);
  Value number = run.sub(tile, block.firstTile);
  Value steps = run.ceilDiv(count, tiles);
  Value ahead = run.add(next, run.mul(run.mul(steps, number), kPanelWidth));
  Value none = run.i64(0);
  steps = run.select(run.equal(next, none), none, steps);
  if (shape.getMaxPeriod() == 1)
    return {ahead, steps, none};
  Value isOne = run.equal(tiles, run.i64(1));
  return {ahead, run.select(isOne, steps, none),
          run.select(isOne, none, steps)};
}

/// Adds the products of a chunk for the columns of a tile, those from panel
/// `panel` of the item.
void LinearEmitter::emitColumns(const Block &block, Value panel, Value first,
                                Value count, Value next) {
  Value depth = getDepth();
  Value firstPanel = run.add(block.firstPanel, panel);
  Value weights =
      run.at(block.product.weight,
             run.mul(run.add(run.mul(firstPanel, depth), first), kPanelWidth));
  Value panels =
      run.min(run.sub(block.panels, panel), run.i64(schedule.getPanels()));
  Value isLast = run.equal(run.add(first, count), depth);
  run.loop(block.firstTile, block.lastTile, 1, [&](Value tile) {
    Value firstRow = getFirstRow(block, tile);
    Value lastRow = getFirstRow(block, run.add(tile, 1));
    run.ifThen(isLast,
               [&] { askForResults(block, firstPanel, firstRow, lastRow); });
    Value itemRow = run.sub(firstRow, block.firstRow);
    Value rows = run.at(a.address, firstRow, depth, first);
    if (shape.isNarrow)
      rows = getRounded(itemRow, run.i64(0));
    Value sums = run.at(run.scratch, itemRow, run.i64(shape.itemWidth),
                        run.mul(panel, kPanelWidth));
    Value tileShape = shape.getShape(run, run.sub(lastRow, firstRow), panels);
    Asking asking;
    if (shape.isNarrow) {
      Value isFirst = run.equal(tile, block.firstTile);
      asking = {next, run.select(isFirst, count, run.i64(0)), run.i64(0)};
    } else {
      asking = shareAsking(block, tile, count, next);
    }
    func::CallOp::create(run.b, run.loc, shape.getFunction(kernel),
                         ValueRange{rows, depth, weights, tileShape, sums,
                                    count, asking.ahead, asking.asking,
                                    asking.spread});
  });
}

/// Units beyond vectors of f32 are of some targets. A kernel alone has none.
static LogicalResult verifyUnit(KernelOp kernel, ScheduleAttr schedule) {
  auto module = kernel->getParentOfType<ModuleOp>();
  auto target = module ? module->getAttrOfType<TargetAttr>(kTargetAttrName)
                       : TargetAttr();
  ProductUnit unit = schedule.getUnit();
  if (!target || unit == ProductUnit::Fma)
    return success();
  ProductUnit best = getNarrowUnit(target.getIsa());
  bool hasUnit = unit == best || best == ProductUnit::Matrix;
  if (hasUnit && schedule.getLanes() == target.getLanes())
    return success();
  return kernel.emitOpError()
         << "has a schedule of unit " << stringifyProductUnit(unit) << " and "
         << schedule.getLanes() << " lanes, which " << target.getIsa()
         << " does not have";
}

static LogicalResult verifyProduct(LinearOp linear, ScheduleAttr schedule) {
  bool isNarrow = linear.isNarrow();
  int64_t group = isNarrow ? 2 : 1;
  if (!isNarrow && schedule.getUnit() != ProductUnit::Fma)
    return linear.emitOpError()
           << "multiplies f32, which unit "
           << stringifyProductUnit(schedule.getUnit()) << " does not";
  if (isNarrow && schedule.getChunk() != kDefaultChunk)
    return linear.emitOpError()
           << "multiplies bf16, of which chunks have " << kDefaultChunk
           << " channels, but the schedule has a chunk of "
           << schedule.getChunk();
  auto layout = dyn_cast_or_null<LayoutAttr>(
      cast<RankedTensorType>(linear.getWeight().getType()).getEncoding());
  auto expected = LayoutAttr::get(linear.getContext(), kPanelWidth, group);
  if (layout != expected)
    return linear.emitOpError() << "has a weight without the layout "
                                << expected << "; run tx-pack-weights first";
  for (Value operand : linear->getOperands())
    if (!isa<BlockArgument>(operand))
      return linear.emitOpError()
             << "reads a value that its kernel computes; expected arguments";
  return success();
}

/// Several products: of one x, all with a bias or none and all in heads or
/// none, returned in order.
static LogicalResult verifyProducts(KernelOp kernel,
                                    ArrayRef<LinearOp> products) {
  LinearOp first = products.front();
  for (LinearOp product : products.drop_front())
    if (product.getX() != first.getX() ||
        !product.getBias() != !first.getBias() ||
        !getHeads(product) != !getHeads(first) ||
        product.isNarrow() != first.isNarrow())
      return product.emitOpError()
             << "differs in x, in its weight's element type, or in having a "
                "bias or heads, from the first product of its kernel";
  Operation *terminator = kernel.getBody().front().getTerminator();
  for (auto [index, product] : llvm::enumerate(products))
    if (terminator->getNumOperands() != products.size() ||
        terminator->getOperand(index) != product->getResult(0))
      return terminator->emitOpError()
             << "of a kernel of several products, or of one in heads, must "
                "return them in order and nothing else";
  return success();
}

/// Whatever follows a product has the product's shape, as long as one of its
/// operands has.
static LogicalResult verifyEpilogue(KernelOp kernel) {
  auto isArgument = llvm::IsaPred<BlockArgument>;
  for (Operation &op : kernel.getBody().front().without_terminator())
    if (!isa<LinearOp>(op) && llvm::all_of(op.getOperands(), isArgument))
      return op.emitOpError("has arguments of its kernel alone; expected the "
                            "product, or what follows it, among its operands");
  Operation *terminator = kernel.getBody().front().getTerminator();
  if (llvm::any_of(terminator->getOperands(), isArgument))
    return terminator->emitOpError(
        "of a kernel of tx.linear returns an argument");
  return success();
}

/// Reports what the code above does not cover.
static LogicalResult verifyLinear(KernelOp kernel,
                                  ArrayRef<LinearOp> products) {
  ScheduleAttr schedule = kernel.getScheduleAttr();
  if (kPanelWidth % schedule.getLanes() != 0)
    return kernel.emitOpError()
           << "has a schedule of " << schedule.getLanes()
           << " lanes, expected a divisor of " << kPanelWidth;
  if (failed(verifyUnit(kernel, schedule)))
    return failure();
  for (LinearOp product : products)
    if (failed(verifyProduct(product, schedule)))
      return failure();
  for (Operation &op : kernel.getBody().front())
    if (!isa<LinearOp, ActivationOp, AddOp, MulOp, ReturnOp>(op))
      return op.emitOpError()
             << "cannot follow tx.linear in a kernel; expected "
                "activation, add or mul";
  bool isPlain = products.size() == 1 && !getHeads(products.front());
  return isPlain ? verifyEpilogue(kernel) : verifyProducts(kernel, products);
}

FailureOr<EmittedKernel> tx::emitLinear(KernelOp kernel, KernelBuilder &items,
                                        KernelBuilder &run) {
  SmallVector<LinearOp> products(kernel.getBody().getOps<LinearOp>());
  if (failed(verifyLinear(kernel, products)))
    return failure();
  LinearEmitter emitter(kernel, products, run);
  emitter.emit();
  return EmittedKernel{emitter.countItems(items), emitter.getScratchBytes()};
}
