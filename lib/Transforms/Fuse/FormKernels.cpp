//===- FormKernels.cpp - Outline computations of entries into kernels -----===//
//
//   %0 = tx.linear %x, %w bias %b : ... -> tensor<?x1536xf32>
//   %1 = tx.activation gelu %0 : tensor<?x1536xf32>
//   // becomes
//   %1 = tx.call @linear_gelu(%x, %w, %b) {tx.flops = array<i64: ...>} : ...
//
// KernelGroups decides what belongs together; here groups become isolated
// regions. A kernel's types have only dynamic sizes, so kernels that differ in
// channel counts alone are equal, and equal kernels are one.
//
//===----------------------------------------------------------------------===//

#include "KernelGroups.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "tx/Analysis/Flops.h"
#include "tx/Transforms/Fuse/Passes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace tx {
#define GEN_PASS_DEF_FORMKERNELS
#include "tx/Transforms/Fuse/Passes.h.inc"
} // namespace tx

using namespace mlir;
using namespace tx;

/// `type` with every size forgotten; a layout stays.
static Type makeDynamic(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getRank(), ShapedType::kDynamic);
  return RankedTensorType::get(shape, tensor.getElementType(),
                               tensor.getEncoding());
}

/// Values that `group` takes from outside, in the order of their first use.
static llvm::SetVector<Value> getOperands(const KernelGroup &group) {
  llvm::SmallPtrSet<Operation *, 8> members(group.ops.begin(), group.ops.end());
  llvm::SetVector<Value> operands;
  for (Operation *op : group.ops)
    for (Value operand : op->getOperands())
      if (!members.contains(operand.getDefiningOp()))
        operands.insert(operand);
  return operands;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

namespace {
/// The kernels of a module, by what they compute.
class KernelSet {
public:
  explicit KernelSet(ModuleOp module) : symbols(module) {
    for (auto kernel : module.getOps<KernelOp>())
      kernels.try_emplace(getContent(kernel), kernel);
  }

  /// The kernel that computes `group` from `operands`.
  KernelOp getOrCreate(const KernelGroup &group, ValueRange operands);

private:
  static std::string getContent(KernelOp kernel);
  std::string getFreeName(StringRef base) const;

  SymbolTable symbols;
  llvm::StringMap<KernelOp> kernels;
};
} // namespace

/// The text of a kernel but for its name and what is not part of its identity.
std::string KernelSet::getContent(KernelOp kernel) {
  std::string content;
  llvm::raw_string_ostream os(content);
  os << kernel.getFunctionType();
  OpPrintingFlags flags;
  flags.useLocalScope().enableDebugInfo(false);
  kernel.getBody().front().walk([&](Operation *op) {
    os << '\n';
    op->print(os, flags);
  });
  return content;
}

std::string KernelSet::getFreeName(StringRef base) const {
  std::string name = base.str();
  for (unsigned suffix = 1; symbols.lookup(name); ++suffix)
    name = (base + "_" + Twine(suffix)).str();
  return name;
}

/// Makes the body of `kernel` compute `group`.
static void fillBody(KernelOp kernel, const KernelGroup &group,
                     ValueRange operands) {
  Block &body = kernel.getBody().emplaceBlock();
  IRMapping mapping;
  for (Value operand : operands)
    mapping.map(operand, body.addArgument(makeDynamic(operand.getType()),
                                          operand.getLoc()));
  OpBuilder builder = OpBuilder::atBlockEnd(&body);
  for (Operation *op : group.ops) {
    Operation *copy = builder.clone(*op, mapping);
    copy->setDiscardableAttrs(DictionaryAttr::get(op->getContext()));
    for (Value result : copy->getResults())
      result.setType(makeDynamic(result.getType()));
  }
  SmallVector<Value> results;
  for (Value result : group.getResults())
    results.push_back(mapping.lookup(result));
  tx::ReturnOp::create(builder, group.getRoot()->getLoc(), results);
}

KernelOp KernelSet::getOrCreate(const KernelGroup &group, ValueRange operands) {
  Operation *root = group.getRoot();
  SmallVector<Type> inputs, results;
  for (Value operand : operands)
    inputs.push_back(makeDynamic(operand.getType()));
  for (Value result : group.getResults())
    results.push_back(makeDynamic(result.getType()));

  std::string name = getFreeName(group.getName());
  OperationState state(root->getLoc(), KernelOp::getOperationName());
  OpBuilder builder(root->getContext());
  state.addAttribute("sym_name", builder.getStringAttr(name));
  state.addAttribute("function_type",
                     TypeAttr::get(builder.getFunctionType(inputs, results)));
  state.addRegion();
  auto kernel = cast<KernelOp>(builder.create(state));
  fillBody(kernel, group, operands);

  auto [found, isNew] = kernels.try_emplace(getContent(kernel), kernel);
  if (isNew)
    symbols.insert(kernel);
  else
    kernel.erase();
  return found->second;
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

/// Composites have no kernel; foreign ops have no meaning in one.
static LogicalResult checkOps(Block &block) {
  for (Operation &op : block.without_terminator()) {
    if (isa<FfnOp>(op))
      return op.emitOpError("is a composite, which has no kernel; run "
                            "tx-decompose-composites first");
    if (!isa_and_nonnull<TxDialect>(op.getDialect()) || op.getNumRegions())
      return op.emitOpError("cannot be part of a kernel: entries may hold "
                            "model-level tx ops only");
  }
  return success();
}

/// "linear, activation, add".
static std::string listOps(const KernelGroup &group) {
  return llvm::join(llvm::map_range(group.ops,
                                    [](Operation *op) {
                                      return op->getName().getStringRef();
                                    }),
                    ", ");
}

/// Remarks: what `kernel` holds for `group`, and what it does not and why.
static void report(const KernelGroup &group, KernelOp kernel,
                   func::FuncOp entry) {
  auto options = remark::RemarkOpts::name("formed")
                     .category("tx-form-kernels")
                     .function(entry.getSymName());
  remark::passed(group.getRoot()->getLoc(), options)
      << remark::metric("Kernel", kernel.getSymName())
      << remark::metric("Ops", listOps(group));
  options.remarkName = "apart";
  for (const Refusal &refusal : group.refusals)
    remark::missed(refusal.loc, options)
        << remark::metric("Kernel", kernel.getSymName())
        << remark::metric("Op", refusal.op.getStringRef())
        << remark::reason("{0}", refusal.reason);
}

/// Replaces `group` by a call of `kernel`.
static void replaceByCall(const KernelGroup &group, KernelOp kernel,
                          ValueRange operands, FlopCount flops) {
  Operation *root = group.getRoot();
  OpBuilder builder(root);
  SmallVector<Value> results = group.getResults();
  auto call = tx::CallOp::create(
      builder, root->getLoc(), llvm::to_vector(ValueRange(results).getTypes()),
      kernel.getSymName(), operands, /*places=*/ArrayAttr());
  if (flops.token || flops.sequence || flops.pair)
    call->setAttr(kFlopsAttrName,
                  builder.getDenseI64ArrayAttr(
                      {flops.token, flops.sequence, flops.pair}));
  for (auto [result, replacement] : llvm::zip_equal(results, call.getResults()))
    result.replaceAllUsesWith(replacement);
  for (Operation *op : llvm::reverse(group.ops))
    op->erase();
}

/// Outlines all computations of `entry`.
static LogicalResult outline(func::FuncOp entry, KernelSet &kernels) {
  if (!entry.getBody().hasOneBlock())
    return entry.emitOpError("expects a body of one block");
  Block &block = entry.getBody().front();
  if (failed(checkOps(block)))
    return failure();
  FailureOr<TokenDims> dims = TokenDims::compute(entry);
  if (failed(dims))
    return failure();
  std::vector<KernelGroup> groups = findKernelGroups(block);
  // Counted before the first rewrite: sizes are known by value.
  SmallVector<FlopCount> work(groups.size());
  for (auto [group, flops] : llvm::zip(groups, work))
    for (Operation *op : group.ops)
      flops += getFlops(op, *dims);
  for (auto [group, flops] : llvm::zip(groups, work)) {
    llvm::SetVector<Value> operands = getOperands(group);
    KernelOp kernel = kernels.getOrCreate(group, operands.getArrayRef());
    report(group, kernel, entry);
    replaceByCall(group, kernel, operands.getArrayRef(), flops);
  }
  return success();
}

namespace {
struct FormKernels : tx::impl::FormKernelsBase<FormKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    KernelSet kernels(module);
    for (auto function : module.getOps<func::FuncOp>()) {
      if (!function->hasAttr(kEntryAttrName))
        continue;
      if (failed(outline(function, kernels)))
        return signalPassFailure();
    }
  }
};
} // namespace
