//===- PlanAttentionTiles.cpp - Plan the work items of attention ----------===//
//
//   %a = tx.attention full %q, %k, %v offsets %o, %o {...}
//   // becomes
//   %p = tx.plan_tiles %o rows 64 : (tensor<?xi32>) -> tensor<?x2xi32>
//   %a = tx.attention full %q, %k, %v offsets %o, %o tiles %p {...}
//
// A plan stands right behind its offsets, so it dominates every attention op
// that could use it.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/Remarks.h"
#include "tx/Transforms/Fuse/Passes.h"
#include "llvm/ADT/DenseMap.h"

namespace tx {
#define GEN_PASS_DEF_PLANATTENTIONTILES
#include "tx/Transforms/Fuse/Passes.h.inc"
} // namespace tx

using namespace mlir;
using namespace tx;

/// Query rows of a work item, unless the option says so: a multiple of the
/// register tile that the target's registers allow (see AssignSchedules), near
/// 64, which keeps a tile of scores in the first-level cache.
static int64_t getDefaultRows(Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto target = op->getAttrOfType<TargetAttr>(kTargetAttrName))
      return target.getRegisters() >= 32 ? 64 : 48;
  return 64;
}

/// Why `attention` gets no plan; empty: it gets one.
static StringRef whyLeftAlone(AttentionOp attention) {
  if (attention.getTiles())
    return "it has a plan already";
  // Kernels are formed after plans are made; one without is the user's.
  if (attention->getParentOfType<KernelOp>())
    return "it is in a kernel, and plans are made before kernels are formed";
  return "";
}

static remark::RemarkOpts getRemark(StringRef name, AttentionOp attention) {
  auto function = attention->getParentOfType<FunctionOpInterface>();
  return remark::RemarkOpts::name(name)
      .category("tx-plan-attention-tiles")
      .function(function ? function.getName() : StringRef());
}

namespace {
struct PlanAttentionTiles
    : tx::impl::PlanAttentionTilesBase<PlanAttentionTiles> {
  using Base::Base;

  void runOnOperation() override {
    Operation *root = getOperation();
    int64_t itemRows = rows;
    if (itemRows < 0) {
      root->emitError("expects rows of a work item to be positive, got ")
          << itemRows;
      return signalPassFailure();
    }
    if (itemRows == 0)
      itemRows = getDefaultRows(root);
    llvm::DenseMap<Value, Value> plans;
    root->walk([&](AttentionOp attention) {
      if (StringRef reason = whyLeftAlone(attention); !reason.empty()) {
        remark::missed(attention.getLoc(), getRemark("left-alone", attention))
            << remark::reason("{0}", reason);
        return;
      }
      remark::analysis(attention.getLoc(), getRemark("planned", attention))
          << remark::metric("Rows", itemRows)
          << remark::reason("{0}", rows ? "option rows"
                                        : "registers of the "
                                          "target");
      Value &plan = plans[attention.getQueryOffsets()];
      if (!plan)
        plan = createPlan(attention, itemRows);
      attention.getTilesMutable().assign(plan);
    });
  }

  static Value createPlan(AttentionOp attention, int64_t rows) {
    Value offsets = attention.getQueryOffsets();
    OpBuilder builder(attention);
    builder.setInsertionPointAfterValue(offsets);
    auto type =
        RankedTensorType::get({ShapedType::kDynamic, 2}, builder.getI32Type());
    return PlanTilesOp::create(builder, attention.getLoc(), type, offsets,
                               rows);
  }
};
} // namespace
