//===- EmitLinear.cpp - Matrix products -----------------------------------===//
//
// C (M,N) = A (M,K) times the transposed weight, whose layout is panels of
// sixteen output channels, [ceil(N/16)][K][16]. The unit of work is a register
// tile (LinearTile.h) of up to `rows` rows by up to `panels` panels.
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

#include "LinearTile.h"
#include "mlir/IR/IRMapping.h"
#include "tx/Conversion/Activation.h"

using namespace mlir;
using namespace tx;

namespace {
/// Emits one kernel.
class LinearEmitter {
public:
  LinearEmitter(KernelOp kernel, LinearOp linear, KernelBuilder &run)
      : kernel(kernel), linear(linear), run(run),
        schedule(kernel.getScheduleAttr()), shape(schedule),
        a(run.operand(linear.getX())), weight(run.operand(linear.getWeight())) {
  }

  /// Fills @k.
  void emit();
  /// Emits the number of items for the sizes that `builder` loaded.
  Value countItems(KernelBuilder &builder);
  int64_t getScratchBytes() const { return shape.getBytes(); }

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

  void emitItem(Value item, const RowPlan &plan);
  void emitTile(const Tile &tile, Value panels);
  void emitEpilogue(const Tile &tile);
  void emitEpilogueVector(Value buffer, Value row, Value column, Value mask);

  KernelOp kernel;
  LinearOp linear;
  KernelBuilder &run;
  ScheduleAttr schedule;
  LinearTile shape;
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
                         shape.getWidth());
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

void LinearEmitter::emitTile(const Tile &tile, Value panels) {
  Value depth = a.sizes[1];
  Value row = run.at(a.address, run.mul(tile.firstRow, depth));
  Value panel =
      run.at(weight.address, run.mul(run.mul(tile.firstPanel, depth), kPanel));
  func::CallOp::create(
      run.b, run.loc, shape.getFunction(kernel),
      ValueRange{row, depth, panel, panels, tile.height, run.scratch});
}

void LinearEmitter::emitEpilogue(const Tile &tile) {
  Value firstColumn = run.mul(tile.firstPanel, kPanel);
  Value width =
      run.min(run.sub(weight.sizes[0], firstColumn), run.i64(shape.getWidth()));
  run.loop(run.i64(0), tile.height, 1, [&](Value row) {
    Value buffer = run.at(run.scratch, run.mul(row, shape.getWidth()));
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
