//===- EmitLinear.cpp - Matrix products -----------------------------------===//
//
// C (M,N) = A (M,K) times the transposed weight, whose layout is panels of
// sixteen output channels, [ceil(N/16)][K][16]. The unit of work is a register
// tile of up to `rows` rows by up to `panels` panels: the accumulators stay in
// registers over the whole of K, each step loads one vector of every panel and
// broadcasts one element of every row.
//
//   items      panel groups, outermost, times blocks of row tiles, so that the
//              weights of a group stay in the cache while rows pass by
//   row tiles  ceil(M/rows) of them, whose heights differ by one at most
//   epilogue   the tile goes through a buffer of the thread into one loop that
//              all tile shapes share; it knows the bias, the elementwise ops
//              and the mask of the last columns
//
// An element is the sum over k, ascending, by fused multiply-add from zero,
// plus the bias: the same in every tile shape.
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "mlir/IR/IRMapping.h"
#include "tx/Conversion/Activation.h"

using namespace mlir;
using namespace tx;

/// Output channels of a panel.
static constexpr int64_t kPanel = 16;

namespace {
/// Emits one kernel.
class LinearEmitter {
public:
  LinearEmitter(KernelOp kernel, LinearOp linear, KernelBuilder &run)
      : kernel(kernel), linear(linear), run(run),
        schedule(kernel.getScheduleAttr()), a(run.operand(linear.getX())),
        weight(run.operand(linear.getWeight())) {}

  /// Fills @k.
  void emit();
  /// Emits the number of items for the sizes that `builder` loaded.
  Value countItems(KernelBuilder &builder);
  int64_t getScratchBytes() const {
    return schedule.getRows() * getTileWidth() * sizeof(float);
  }

private:
  /// How the rows of A are cut, in values of the builder.
  struct RowPlan {
    Value tiles;  ///< register tiles
    Value blocks; ///< items along the rows
  };
  /// Where a tile lies.
  struct Tile {
    Value firstRow, height, firstPanel;
  };

  RowPlan planRows(KernelBuilder &builder);
  Value countGroups(KernelBuilder &builder);
  int64_t getTileWidth() const { return schedule.getPanels() * kPanel; }

  void emitItem(Value item, const RowPlan &plan);
  void emitTile(const Tile &tile, Value panels);
  void emitProduct(const Tile &tile, int64_t height, int64_t panels);
  Values emitStep(ArrayRef<Value> rows, ArrayRef<Value> panels, int64_t k,
                  ValueRange accumulators);
  void emitEpilogue(const Tile &tile);
  void emitEpilogueVector(Value buffer, Value row, Value column, Value mask);

  KernelOp kernel;
  LinearOp linear;
  KernelBuilder &run;
  ScheduleAttr schedule;
  const KernelArgument &a, &weight;
};
} // namespace

LinearEmitter::RowPlan LinearEmitter::planRows(KernelBuilder &builder) {
  Value rows = builder.operand(linear.getX()).sizes[0];
  Value tiles = builder.ceilDiv(rows, schedule.getRows());
  int64_t tilesPerItem =
      std::max<int64_t>(1, schedule.getItemRows() / schedule.getRows());
  return {tiles, builder.ceilDiv(tiles, tilesPerItem)};
}

Value LinearEmitter::countGroups(KernelBuilder &builder) {
  return builder.ceilDiv(builder.operand(linear.getWeight()).sizes[0],
                         getTileWidth());
}

Value LinearEmitter::countItems(KernelBuilder &builder) {
  return builder.mul(planRows(builder).blocks, countGroups(builder));
}

void LinearEmitter::emit() {
  RowPlan plan = planRows(run);
  run.loop(run.begin, run.end, 1, [&](Value item) { emitItem(item, plan); });
}

void LinearEmitter::emitItem(Value item, const RowPlan &plan) {
  Value group = run.div(item, plan.blocks);
  Value block = run.rem(item, plan.blocks);
  Value firstPanel = run.mul(group, schedule.getPanels());
  Value panels =
      run.min(run.sub(run.ceilDiv(weight.sizes[0], kPanel), firstPanel),
              run.i64(schedule.getPanels()));
  // The first `higher` tiles have one row more than the others.
  Value height = run.div(a.sizes[0], plan.tiles);
  Value higher = run.rem(a.sizes[0], plan.tiles);
  Value first = run.div(run.mul(block, plan.tiles), plan.blocks);
  Value last = run.div(run.mul(run.add(block, 1), plan.tiles), plan.blocks);
  run.loop(first, last, 1, [&](Value index) {
    Tile tile;
    tile.firstRow = run.add(run.mul(index, height), run.min(index, higher));
    tile.height =
        run.select(run.less(index, higher), run.add(height, 1), height);
    tile.firstPanel = firstPanel;
    emitTile(tile, panels);
    emitEpilogue(tile);
  });
}

/// Every shape of a tile is straight code: one case for each.
void LinearEmitter::emitTile(const Tile &tile, Value panels) {
  int64_t rows = schedule.getRows();
  Value shape = run.add(run.mul(run.add(panels, -1), rows), tile.height);
  run.switchOver(shape, rows * schedule.getPanels(), [&](int64_t which) {
    emitProduct(tile, (which - 1) % rows + 1, (which - 1) / rows + 1);
  });
}

void LinearEmitter::emitProduct(const Tile &tile, int64_t height,
                                int64_t panels) {
  // Each row and panel has a pointer of its own, made before the loop.
  Value depth = a.sizes[1];
  Values rows{run.keep(run.at(a.address, run.mul(tile.firstRow, depth)))};
  while (int64_t(rows.size()) < height)
    rows.push_back(run.keep(run.at(rows.back(), depth)));
  Value panelSize = run.mul(depth, kPanel);
  Values columns{
      run.keep(run.at(weight.address, run.mul(tile.firstPanel, panelSize)))};
  while (int64_t(columns.size()) < panels)
    columns.push_back(run.keep(run.at(columns.back(), panelSize)));

  int64_t vectors = panels * kPanel / run.lanes;
  Values accumulators(height * vectors, run.splat(0));
  // Where a step is short, the loop's own instructions count.
  int64_t unroll = run.lanes < kPanel ? 4 : 2;
  Value whole = run.mul(run.div(depth, unroll), unroll);
  auto emitSteps = [&](Value k, int64_t steps, ValueRange carried) {
    Values rowsAtK, columnsAtK, values(carried);
    for (Value row : rows)
      rowsAtK.push_back(run.at(row, k));
    for (Value column : columns)
      columnsAtK.push_back(run.at(column, run.mul(k, kPanel)));
    for (int64_t i = 0; i < steps; ++i)
      values = emitStep(rowsAtK, columnsAtK, i, values);
    return values;
  };
  accumulators = run.loop(run.i64(0), whole, unroll, accumulators,
                          [&](Value k, ValueRange carried) {
                            return emitSteps(k, unroll, carried);
                          });
  accumulators =
      run.loop(whole, depth, 1, accumulators, [&](Value k, ValueRange carried) {
        return emitSteps(k, 1, carried);
      });
  for (auto [index, value] : llvm::enumerate(accumulators)) {
    int64_t row = index / vectors, column = index % vectors * run.lanes;
    run.storeVector(value, run.at(run.scratch, row * getTileWidth() + column));
  }
}

/// Element `k` of each row times vector `k` of each panel.
Values LinearEmitter::emitStep(ArrayRef<Value> rows, ArrayRef<Value> panels,
                               int64_t k, ValueRange accumulators) {
  Values weights;
  for (Value panel : panels)
    for (int64_t lane = 0; lane < kPanel; lane += run.lanes)
      weights.push_back(run.loadVector(run.at(panel, k * kPanel + lane)));
  Values next;
  for (Value row : rows) {
    Value element = run.broadcast(run.load(run.at(row, k)));
    for (Value vector : weights)
      next.push_back(run.fma(element, vector, accumulators[next.size()]));
  }
  return next;
}

void LinearEmitter::emitEpilogue(const Tile &tile) {
  Value firstColumn = run.mul(tile.firstPanel, kPanel);
  Value width =
      run.min(run.sub(weight.sizes[0], firstColumn), run.i64(getTileWidth()));
  run.loop(run.i64(0), tile.height, 1, [&](Value row) {
    Value buffer = run.at(run.scratch, run.mul(row, getTileWidth()));
    Value outputRow = run.add(tile.firstRow, row);
    run.vectorLoop(width, [&](Value first, Value mask) {
      emitEpilogueVector(run.at(buffer, first), outputRow,
                         run.add(firstColumn, first), mask);
    });
  });
}

/// Evaluates the kernel's ops on one vector and stores what they return.
void LinearEmitter::emitEpilogueVector(Value buffer, Value row, Value column,
                                       Value mask) {
  Value offset = run.add(run.mul(row, weight.sizes[0]), column);
  IRMapping vectors;
  auto lookup = [&](Value value) -> Value {
    if (!isa<BlockArgument>(value))
      return vectors.lookup(value);
    return run.loadVector(run.at(run.operand(value).address, offset), mask);
  };
  for (Operation &op : kernel.getBody().front()) {
    if (isa<LinearOp>(op)) {
      Value sum = run.loadVector(buffer);
      if (Value bias = linear.getBias())
        sum = run.addF(
            sum,
            run.loadVector(run.at(run.operand(bias).address, column), mask));
      vectors.map(linear.getResult(), sum);
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

/// Reports what the code above does not cover.
static LogicalResult verifyLinear(KernelOp kernel, LinearOp linear) {
  ScheduleAttr schedule = kernel.getScheduleAttr();
  if (kPanel % schedule.getLanes() != 0)
    return kernel.emitOpError() << "has a schedule of " << schedule.getLanes()
                                << " lanes, expected a divisor of " << kPanel;
  auto layout = dyn_cast_or_null<LayoutAttr>(
      cast<RankedTensorType>(linear.getWeight().getType()).getEncoding());
  if (!layout || layout.getPanels() != kPanel)
    return linear.emitOpError()
           << "has a weight without the layout #tx.layout<panels = " << kPanel
           << ">; run tx-pack-weights first";
  for (Value operand : linear->getOperands())
    if (!isa<BlockArgument>(operand))
      return linear.emitOpError()
             << "reads a value that its kernel computes; expected arguments";
  for (Operation &op : kernel.getBody().front())
    if (&op != linear && !isa<ActivationOp, AddOp, MulOp, ReturnOp>(op))
      return op.emitOpError()
             << "cannot follow tx.linear in a kernel; expected "
                "activation, add or mul";
  return success();
}

FailureOr<EmittedKernel> tx::emitLinear(KernelOp kernel, KernelBuilder &items,
                                        KernelBuilder &run) {
  LinearOp linear = *kernel.getBody().front().getOps<LinearOp>().begin();
  if (failed(verifyLinear(kernel, linear)))
    return failure();
  LinearEmitter emitter(kernel, linear, run);
  emitter.emit();
  return EmittedKernel{emitter.countItems(items), emitter.getScratchBytes()};
}
