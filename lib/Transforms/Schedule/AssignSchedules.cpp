//===- AssignSchedules.cpp - Choose register tiles and work items ---------===//
//
// Linear: a register tile (RegisterTile.h) of 8 x 3 panels of AVX-512, 6 x 1
// panel of AVX2 (two vectors) and of NEON (four); all have more accumulators
// than multiply-adds are in flight. What passes by in the caches is chosen by
// their sizes: chunks of weights for the first-level cache, stretches of x for
// the second.
//
// Attention: the same with `panels` vectors of queries, and the rows cut down
// to a divisor of the rows of a work item, which the plan of its tiles has
// decided. What counts is their product, the accumulators.
//
// Row-wise and all other kernels: row by row, 16 rows an item.
//
// Products of bf16: `dot` has the same tiles. `fma` widens weights in registers
// of their own, so that rows are fewer where that takes too many.
// `matrix` holds 2 x 2 tiles of 16 x 16 sums in four of its eight registers.
// All of them round x for an item first, which wide items pay for once.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/SymbolTable.h"
#include "tx/Analysis/ProductUnits.h"
#include "tx/Analysis/RegisterTile.h"
#include "tx/Transforms/Schedule/Passes.h"
#include "tx/Transforms/Schedule/TunedSchedules.h"

namespace tx {
#define GEN_PASS_DEF_ASSIGNSCHEDULES
#include "tx/Transforms/Schedule/Passes.h.inc"
} // namespace tx

using namespace mlir;
using namespace tx;

/// Rows and panels of a work item where units are matrices: the sums and the
/// rounded x of an item lie in the second-level cache, with room for weights
/// that pass by.
static constexpr int64_t kMatrixItemRows = 128, kMatrixItemPanels = 24;
/// Panels of a work item whose rows are rounded for it.
static constexpr int64_t kNarrowItemPanels = 12;
/// Rows of a work item of row-wise kernels: about a page of each operand.
static constexpr int64_t kRowItemRows = 16;

namespace {
struct AssignSchedules : tx::impl::AssignSchedulesBase<AssignSchedules> {
  using Base::Base;

  void runOnOperation() override;

  /// Fails where a plan of attention is missing or ambiguous.
  FailureOr<ScheduleAttr> choose(KernelOp kernel, const RegisterTile &tile);
  ScheduleAttr chooseLinear(LinearOp linear, const RegisterTile &tile);
  TargetAttr getTarget() {
    return getOperation()->getAttrOfType<TargetAttr>(kTargetAttrName);
  }
  FailureOr<ScheduleAttr> chooseAttention(KernelOp kernel,
                                          AttentionOp attention,
                                          const RegisterTile &tile);
};
} // namespace

/// Rows of the plan that made `tiles`, a value of an entry; 0 if `tiles` is not
/// a plan.
static int64_t getPlanRows(Value tiles) {
  Operation *op = tiles.getDefiningOp();
  if (auto call = dyn_cast_or_null<tx::CallOp>(op)) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(
        call, call.getKernelAttr());
    if (!kernel)
      return 0;
    unsigned index = cast<OpResult>(tiles).getResultNumber();
    Operation *terminator = kernel.getBody().front().getTerminator();
    op = terminator->getOperand(index).getDefiningOp();
  }
  auto plan = dyn_cast_or_null<PlanTilesOp>(op);
  return plan ? static_cast<int64_t>(plan.getRows()) : 0;
}

FailureOr<ScheduleAttr>
AssignSchedules::chooseAttention(KernelOp kernel, AttentionOp attention,
                                 const RegisterTile &tile) {
  auto tiles = dyn_cast_or_null<BlockArgument>(attention.getTiles());
  if (!tiles)
    return attention.emitOpError("has no tiles to work through; run "
                                 "tx-plan-attention-tiles before kernels are "
                                 "formed");
  int64_t itemRows = 0;
  auto uses = SymbolTable::getSymbolUses(kernel, getOperation());
  for (SymbolTable::SymbolUse use : *uses) {
    auto call = dyn_cast<tx::CallOp>(use.getUser());
    if (!call)
      continue;
    int64_t planRows = getPlanRows(call.getOperands()[tiles.getArgNumber()]);
    if (planRows == 0)
      return call.emitOpError("passes tiles that no tx.plan_tiles made");
    if (itemRows && planRows != itemRows)
      return kernel.emitOpError("is called with plans of ")
             << itemRows << " and of " << planRows
             << " rows, but its work items can have one size only";
    itemRows = planRows;
  }
  if (itemRows > kMaxScheduleNumber)
    return kernel.emitOpError("is called with a plan of ")
           << itemRows << " rows, expected at most " << kMaxScheduleNumber;
  if (itemRows == 0)
    itemRows = tile.rows;
  int64_t rows = std::min(tile.rows, itemRows);
  while (itemRows % rows != 0)
    --rows;
  // Fewer rows leave registers for more vectors.
  int64_t vectors = std::max<int64_t>(1, (tile.registers - 1) / (rows + 1));
  return ScheduleAttr::get(&getContext(), tile.lanes, rows, vectors, itemRows);
}

/// Input channels whose weights for a tile, as many of the next chunk, which
/// are asked for, and rows of x fill the first-level cache. Tiles of several
/// panels do more multiply-adds with a weight, so that the second-level cache
/// has to deliver less; shorter chunks are unmeasured there.
static int64_t chooseChunk(const RegisterTile &tile, TargetAttr target) {
  constexpr int64_t kStep = 64; // what remains of a usual depth is not short
  if (tile.panels > 1)
    return kDefaultChunk;
  int64_t channelBytes = (2 * kPanelWidth + tile.rows) * sizeof(float);
  int64_t channels = target.getL1() / channelBytes / kStep * kStep;
  return std::clamp(channels, kStep, kDefaultChunk);
}

ScheduleAttr AssignSchedules::chooseLinear(LinearOp linear,
                                           const RegisterTile &tile) {
  TargetAttr target = getTarget();
  int64_t stretch = target.getL2();
  if (!linear.isNarrow())
    return ScheduleAttr::get(&getContext(), tile.lanes, tile.rows, tile.panels,
                             tile.getItemRows(), chooseChunk(tile, target),
                             stretch);
  ProductUnit unit = getNarrowUnit(target.getIsa());
  if (unit == ProductUnit::Matrix)
    return ScheduleAttr::get(&getContext(), tile.lanes, 32, 2, kMatrixItemRows,
                             kMatrixItemPanels, unit, kDefaultChunk, stretch);
  int64_t rows = unit == ProductUnit::Fma
                     ? RegisterTile::get(target, /*isWidened=*/true).rows
                     : tile.rows;
  int64_t panels = kNarrowItemPanels / tile.panels * tile.panels;
  return ScheduleAttr::get(&getContext(), tile.lanes, rows, tile.panels,
                           kLinearItemRows / rows * rows, panels, unit,
                           kDefaultChunk, stretch);
}

FailureOr<ScheduleAttr> AssignSchedules::choose(KernelOp kernel,
                                                const RegisterTile &tile) {
  Block &body = kernel.getBody().front();
  for (auto attention : body.getOps<AttentionOp>())
    return chooseAttention(kernel, attention, tile);
  if (!body.getOps<LinearOp>().empty())
    return chooseLinear(*body.getOps<LinearOp>().begin(), tile);
  return ScheduleAttr::get(&getContext(), tile.lanes, 1, 1, kRowItemRows);
}

void AssignSchedules::runOnOperation() {
  ModuleOp module = getOperation();
  TargetAttr target = getTarget();
  if (!target) {
    module.emitError("expects a ")
        << kTargetAttrName << " to schedule for; run tx-attach-target first";
    return signalPassFailure();
  }
  if (!RegisterTile::fits(target)) {
    module.emitError("cannot schedule for ")
        << target << ": expected lanes that divide " << kPanelWidth
        << " and registers for a tile, at least 8";
    return signalPassFailure();
  }
  if (!tuning.empty() && failed(applyTuning(module, tuning)))
    return signalPassFailure();
  RegisterTile tile = RegisterTile::get(target);
  for (auto kernel : module.getOps<KernelOp>()) {
    if (kernel.getSchedule())
      continue;
    FailureOr<ScheduleAttr> schedule = choose(kernel, tile);
    if (failed(schedule))
      return signalPassFailure();
    kernel.setScheduleAttr(*schedule);
  }
}
