//===- VerifyPhase.cpp - Check what a phase guarantees --------------------===//
//
// A contract is a list of rules, each a function that names the op that breaks
// it. A phase keeps the rules of the phases before it unless its work is to
// give them up.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "tx/Analysis/TokenDims.h"
#include "tx/Pipelines/Passes.h"
#include "tx/Pipelines/Phases.h"

namespace tx {
#define GEN_PASS_DEF_VERIFYPHASE
#include "tx/Pipelines/Passes.h.inc"
} // namespace tx

using namespace mlir;
using namespace tx;

namespace {
/// The rules; each emits an error on the op that breaks it.
class Contract {
public:
  Contract(ModuleOp module, Phase phase) : module(module), phase(phase) {}
  LogicalResult check();

private:
  /// An error in the words: PHASE guarantees RULE, but OP ...
  InFlightDiagnostic report(Operation *op, StringRef guarantee) {
    return op->emitError("phase ")
           << getName(phase) << " guarantees that " << guarantee << ", but ";
  }

  LogicalResult checkModelLevel();
  LogicalResult checkEntries();
  LogicalResult checkTarget();
  LogicalResult checkNormalized();
  LogicalResult checkFusedEntries();
  LogicalResult checkKernel(KernelOp kernel);
  LogicalResult checkScheduledKernel(KernelOp kernel);
  LogicalResult checkPlaces(func::FuncOp entry);
  LogicalResult checkSizes(func::FuncOp entry);
  LogicalResult checkPlan(tx::CallOp call, AttentionOp attention,
                          const TokenDims &dims);
  LogicalResult checkHeads(tx::CallOp call, const TokenDims &dims);
  LogicalResult checkLowered();

  LogicalResult checkModel();
  LogicalResult checkKernels();

  ModuleOp module;
  Phase phase;
};
} // namespace

static bool isEntry(Operation *op) { return op->hasAttr(kEntryAttrName); }

//===----------------------------------------------------------------------===//
// Import, normalize, compress, quantize
//===----------------------------------------------------------------------===//

/// Functions on model-level ops, nothing else.
LogicalResult Contract::checkModelLevel() {
  StringRef guarantee = "a module holds functions on model-level tx ops";
  for (Operation &op : *module.getBody())
    if (!isa<func::FuncOp>(op))
      return report(&op, guarantee) << "there is '" << op.getName() << "'";
  WalkResult result = module.walk([&](Operation *op) {
    if (isa<ModuleOp, func::FuncOp, func::ReturnOp, func::CallOp>(op))
      return WalkResult::advance();
    if (isa_and_nonnull<TxDialect>(op->getDialect()) &&
        !isa<KernelOp, tx::CallOp, tx::ReturnOp, WeightsOp, StoreOp, PackOp,
             PlanTilesOp>(op))
      return WalkResult::advance();
    report(op, guarantee) << "there is '" << op->getName() << "'";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

/// At least one entry; entries are public, of a known kind, with a body of one
/// block.
LogicalResult Contract::checkEntries() {
  bool found = false;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.getBody().empty())
      return report(function, "functions have bodies")
             << "@" << function.getSymName() << " has none";
    if (!function.getBody().hasOneBlock())
      return report(function, "functions have one block")
             << "@" << function.getSymName() << " has more";
    Attribute kind = function->getAttr(kEntryAttrName);
    if (!kind)
      continue;
    auto name = dyn_cast<StringAttr>(kind);
    if (!name || (name != "packed" && name != "padded"))
      return report(function, "an entry is \"packed\" or \"padded\"")
             << "@" << function.getSymName() << " is " << kind;
    if (!function.isPublic())
      return report(function, "entries are public")
             << "@" << function.getSymName() << " is private";
    found = true;
  }
  if (!found)
    return report(module, "there is an entry")
           << "no function has " << kEntryAttrName;
  return success();
}

LogicalResult Contract::checkTarget() {
  if (module->getAttrOfType<TargetAttr>(kTargetAttrName))
    return success();
  return report(module, "the target is known")
         << "the module has no " << kTargetAttrName;
}

/// Entries are self-contained and free of composites.
LogicalResult Contract::checkNormalized() {
  for (auto function : module.getOps<func::FuncOp>())
    if (!isEntry(function))
      return report(function, "every function is an entry")
             << "@" << function.getSymName() << " is none";
  WalkResult result = module.walk([&](Operation *op) {
    if (isa<FfnOp>(op))
      report(op, "no composite is left")
          << "there is '" << op->getName() << "'";
    else if (isa<func::CallOp>(op))
      report(op, "entries are self-contained") << "one calls a function";
    else
      return WalkResult::advance();
    return WalkResult::interrupt();
  });
  return success(!result.wasInterrupted() && succeeded(checkTarget()));
}

/// Import to quantize. Compress promises that no gate is left and quantize that
/// every candidate is quantized or says why not: no op of tx is a gate or a
/// candidate, so both hold for every module of model-level ops.
LogicalResult Contract::checkModel() {
  if (failed(checkEntries()) || failed(checkModelLevel()))
    return failure();
  return phase == Phase::Import ? success() : checkNormalized();
}

//===----------------------------------------------------------------------===//
// Fuse, schedule
//===----------------------------------------------------------------------===//

LogicalResult Contract::checkFusedEntries() {
  StringRef guarantee = "entries hold only params and calls of kernels";
  for (Operation &op : *module.getBody())
    if (!isa<func::FuncOp, KernelOp>(op))
      return report(&op, guarantee) << "there is '" << op.getName() << "'";
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!isEntry(function))
      return report(function, "every function is an entry")
             << "@" << function.getSymName() << " is none";
    for (Operation &op : function.getBody().front().without_terminator())
      if (!isa<ParamOp, CastOp, PackOp, tx::CallOp>(op))
        return report(&op, guarantee) << "there is '" << op.getName() << "'";
  }
  return success();
}

LogicalResult Contract::checkKernel(KernelOp kernel) {
  for (Type type : llvm::concat<const Type>(kernel.getArgumentTypes(),
                                            kernel.getResultTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || llvm::any_of(tensor.getShape(), ShapedType::isStatic))
      return report(kernel, "sizes are arguments of kernels")
             << "@" << kernel.getSymName() << " has a value of type " << type;
  }
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (!isa_and_nonnull<TxDialect>(op.getDialect()) ||
        isa<FfnOp, ParamOp, CastOp, PackOp, tx::CallOp>(op))
      return report(&op, "kernels hold computations only")
             << "there is '" << op.getName() << "'";
    if (auto attention = dyn_cast<AttentionOp>(op);
        attention && !attention.getTiles())
      return report(&op, "attention works through a plan")
             << "one has no tiles";
  }
  return success();
}

LogicalResult Contract::checkScheduledKernel(KernelOp kernel) {
  if (!kernel.getSchedule())
    return report(kernel, "every kernel has a schedule")
           << "@" << kernel.getSymName() << " has none";
  for (auto linear : kernel.getBody().getOps<LinearOp>())
    if (!isa_and_nonnull<LayoutAttr>(
            linear.getWeight().getType().getEncoding()))
      return report(linear, "weights have the layout that kernels read")
             << "one has type " << linear.getWeight().getType();
  return success();
}

LogicalResult Contract::checkPlaces(func::FuncOp entry) {
  if (!entry->getAttrOfType<WorkspaceAttr>(kWorkspaceAttrName))
    return report(entry, "the workspace of an entry is known")
           << "@" << entry.getSymName() << " has no " << kWorkspaceAttrName;
  for (auto call : entry.getOps<tx::CallOp>())
    if (!call.getPlaces())
      return report(call, "every value has a place")
             << "results of a call of " << call.getKernelAttr() << " have none";
  return success();
}

/// The rows of a work item are those of a tile, which only the plan knows.
LogicalResult Contract::checkPlan(tx::CallOp call, AttentionOp attention,
                                  const TokenDims &dims) {
  auto kernel = attention->getParentOfType<KernelOp>();
  auto tiles = dyn_cast<BlockArgument>(attention.getTiles());
  if (!tiles)
    return report(attention, "attention works through a plan")
           << "one computes its own";
  DimSymbol items = dims.getDims(call.getOperands()[tiles.getArgNumber()])[0];
  int64_t rows = kernel.getScheduleAttr().getItemRows();
  if (items.kind == DimSymbol::Kind::Tiles && items.rows == rows)
    return success();
  return report(call, "work items have as many rows as tiles of their plan")
         << "@" << kernel.getSymName() << " has items of " << rows
         << " rows and gets " << items.str();
}

/// Vectors of a panel must not reach into the next head.
LogicalResult Contract::checkHeads(tx::CallOp call, const TokenDims &dims) {
  for (Value result : call.getResults()) {
    auto heads = dyn_cast_if_present<HeadsAttr>(
        cast<RankedTensorType>(result.getType()).getEncoding());
    if (heads &&
        dims.getDims(result)[1].size % (heads.getCount() * kPanelWidth))
      return report(call, "heads are whole panels wide")
             << "a result of @" << call.getKernel() << " is "
             << result.getType();
  }
  return success();
}

/// What kernels assume of sizes that only their calls know.
LogicalResult Contract::checkSizes(func::FuncOp entry) {
  FailureOr<TokenDims> dims = TokenDims::compute(entry);
  if (failed(dims))
    return failure();
  for (auto call : entry.getOps<tx::CallOp>()) {
    auto kernel = module.lookupSymbol<KernelOp>(call.getKernel());
    for (auto attention : kernel.getBody().getOps<AttentionOp>())
      if (failed(checkPlan(call, attention, *dims)))
        return failure();
    if (failed(checkHeads(call, *dims)))
      return failure();
  }
  return success();
}

LogicalResult Contract::checkKernels() {
  if (failed(checkFusedEntries()) || failed(checkEntries()) ||
      failed(checkTarget()))
    return failure();
  bool scheduled = phase == Phase::Schedule;
  for (auto kernel : module.getOps<KernelOp>())
    if (failed(checkKernel(kernel)) ||
        (scheduled && failed(checkScheduledKernel(kernel))))
      return failure();
  if (scheduled)
    for (auto entry : module.getOps<func::FuncOp>())
      if (failed(checkPlaces(entry)) || failed(checkSizes(entry)))
        return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Lower
//===----------------------------------------------------------------------===//

/// LLVM dialect, but for params, which stay symbolic in `tx.weights`.
LogicalResult Contract::checkLowered() {
  StringRef guarantee = "a module holds the LLVM dialect and tx.weights";
  for (Operation &op : *module.getBody()) {
    if (isa<WeightsOp>(op))
      continue;
    WalkResult result = op.walk<WalkOrder::PreOrder>([&](Operation *inner) {
      if (isa_and_nonnull<LLVM::LLVMDialect>(inner->getDialect()))
        return WalkResult::advance();
      report(inner, guarantee) << "there is '" << inner->getName() << "'";
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      return failure();
  }
  bool hasEntry = llvm::any_of(module.getOps<LLVM::LLVMFuncOp>(),
                               [](LLVM::LLVMFuncOp function) {
                                 return function->hasAttr("tx.signature");
                               });
  if (!hasEntry)
    return report(module, "there is an entry")
           << "no function has tx.signature";
  return checkTarget();
}

LogicalResult Contract::check() {
  switch (phase) {
  case Phase::Import:
  case Phase::Normalize:
  case Phase::Compress:
  case Phase::Quantize:
    return checkModel();
  case Phase::Fuse:
  case Phase::Schedule:
    return checkKernels();
  case Phase::Lower:
    return checkLowered();
  case Phase::Emit:
    break;
  }
  llvm_unreachable("phase emit leaves no module");
}

namespace {
struct VerifyPhase : tx::impl::VerifyPhaseBase<VerifyPhase> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    std::optional<Phase> parsed = parsePhase(phase);
    if (!parsed || *parsed == Phase::Emit) {
      module.emitError("unknown phase '")
          << phase << "', expected import, normalize, compress, quantize, "
          << "fuse, schedule or lower";
      return signalPassFailure();
    }
    if (failed(Contract(module, *parsed).check()))
      return signalPassFailure();
    module->setAttr(kPhaseAttrName, StringAttr::get(&getContext(), phase));
  }
};
} // namespace
