//===- AssignHeadLayouts.cpp - What attention reads lies head by head -----===//
//
//   %q = tx.call @linear(%x, %w) : (...) -> tensor<?x384xf32>
//   %a = tx.call @attention(%q, ...) : (tensor<?x384xf32>, ...) -> ...
//   // becomes
//   %q = tx.call @linear(%x, %w) : (...) -> tensor<?x384xf32, #tx.heads<12>>
//   %a = tx.call @attention(%q, ...) : (tensor<?x384xf32, #tx.heads<12>>, ...)
//
// Kernels are shared by calls, so one call that must stay as it is keeps its
// kernel as it is, and with it every kernel that it shares a value with.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/SymbolTable.h"
#include "tx/Transforms/Schedule/Passes.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

namespace tx {
#define GEN_PASS_DEF_ASSIGNHEADLAYOUTS
#include "tx/Transforms/Schedule/Passes.h.inc"
} // namespace tx

using namespace mlir;
using namespace tx;

/// The attention op of a kernel that is one; null of others.
static AttentionOp getAttention(KernelOp kernel) {
  auto ops = kernel.getBody().getOps<AttentionOp>();
  return ops.empty() ? AttentionOp() : *ops.begin();
}

/// Whether a kernel consists of products that it returns.
static bool isProducts(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  return llvm::all_of(body.without_terminator(), llvm::IsaPred<LinearOp>) &&
         llvm::equal(body.without_terminator(),
                     body.getTerminator()->getOperands(),
                     [](Operation &op, Value value) {
                       return value == op.getResult(0);
                     });
}

/// Whether query, key and value are arguments of the kernel.
static bool readsArguments(AttentionOp attention) {
  Value inputs[] = {attention.getQuery(), attention.getKey(),
                    attention.getValue()};
  return llvm::all_of(inputs, llvm::IsaPred<BlockArgument>);
}

/// Query, key and value, arguments of the kernel, and their heads.
static SmallVector<std::pair<BlockArgument, int64_t>, 3>
getInputs(AttentionOp attention) {
  auto heads = static_cast<int64_t>(attention.getNumHeads());
  auto kvHeads = static_cast<int64_t>(attention.getNumKvHeads());
  return {{cast<BlockArgument>(attention.getQuery()), heads},
          {cast<BlockArgument>(attention.getKey()), kvHeads},
          {cast<BlockArgument>(attention.getValue()), kvHeads}};
}

/// The heads in which a kernel reads `argument`: none if it does so in
/// different ones or otherwise.
static std::optional<int64_t> getReadHeads(AttentionOp attention,
                                           BlockArgument argument) {
  std::optional<int64_t> heads;
  int64_t reads = 0;
  for (auto [input, count] : getInputs(attention)) {
    if (input != argument)
      continue;
    if (heads && *heads != count)
      return std::nullopt;
    heads = count;
    ++reads;
  }
  return reads == int64_t(llvm::range_size(argument.getUses())) ? heads
                                                                : std::nullopt;
}

static Type withHeads(Type type, int64_t heads) {
  auto tensor = cast<RankedTensorType>(type);
  return RankedTensorType::get(tensor.getShape(), tensor.getElementType(),
                               HeadsAttr::get(type.getContext(), heads));
}

namespace {
struct AssignHeadLayouts : tx::impl::AssignHeadLayoutsBase<AssignHeadLayouts> {
  void runOnOperation() override;

  KernelOp getKernel(Operation *call) {
    auto symbol = cast<tx::CallOp>(call).getKernel();
    return getOperation().lookupSymbol<KernelOp>(symbol);
  }
  /// Whether all that attention kernel `kernel` reads comes from `writers`.
  bool canRead(KernelOp kernel);
  /// Whether each result of `kernel` is read, in all calls, by `readers` alone
  /// and in the same heads.
  bool canWrite(KernelOp kernel);
  /// The heads in which `readers` read `value`; none if something else reads
  /// it.
  std::optional<int64_t> getReadHeads(Value value);

  void changeWriter(KernelOp kernel);
  void changeReader(KernelOp kernel);

  llvm::DenseMap<KernelOp, SmallVector<tx::CallOp>> callsOf;
  /// Kernels that may change, as far as is known: products and attention.
  llvm::SetVector<KernelOp> writers, readers;
};
} // namespace

bool AssignHeadLayouts::canRead(KernelOp kernel) {
  return llvm::all_of(callsOf[kernel], [&](tx::CallOp call) {
    return llvm::all_of(getInputs(getAttention(kernel)), [&](auto input) {
      Value value = call.getOperand(input.first.getArgNumber());
      auto writer = value.getDefiningOp<tx::CallOp>();
      return writer && writers.contains(getKernel(writer));
    });
  });
}

std::optional<int64_t> AssignHeadLayouts::getReadHeads(Value value) {
  std::optional<int64_t> heads;
  for (OpOperand &use : value.getUses()) {
    KernelOp reader;
    if (isa<tx::CallOp>(use.getOwner()))
      reader = getKernel(use.getOwner());
    if (!reader || !readers.contains(reader))
      return std::nullopt;
    std::optional<int64_t> here =
        ::getReadHeads(getAttention(reader),
                       reader.getBody().getArgument(use.getOperandNumber()));
    if (!here || (heads && *heads != *here))
      return std::nullopt;
    heads = here;
  }
  return heads;
}

bool AssignHeadLayouts::canWrite(KernelOp kernel) {
  SmallVector<int64_t> headsOf(kernel.getResultTypes().size());
  for (tx::CallOp call : callsOf[kernel])
    for (auto [value, known] : llvm::zip_equal(call.getResults(), headsOf)) {
      std::optional<int64_t> heads = getReadHeads(value);
      auto type = cast<RankedTensorType>(value.getType());
      if (!heads || (known && known != *heads) || type.getEncoding() ||
          type.isDynamicDim(1) ||
          type.getDimSize(1) % (*heads * kPanelWidth) != 0)
        return false;
      known = *heads;
    }
  return true;
}

void AssignHeadLayouts::changeWriter(KernelOp kernel) {
  SmallVector<Type> types;
  Block &body = kernel.getBody().front();
  for (auto [index, result] :
       llvm::enumerate(body.getTerminator()->getOperands())) {
    int64_t heads = *getReadHeads(callsOf[kernel].front().getResult(index));
    result.setType(withHeads(result.getType(), heads));
    types.push_back(result.getType());
    for (tx::CallOp call : callsOf[kernel])
      call.getResult(index).setType(
          withHeads(call.getResult(index).getType(), heads));
  }
  kernel.setFunctionType(
      FunctionType::get(kernel.getContext(), kernel.getArgumentTypes(), types));
}

void AssignHeadLayouts::changeReader(KernelOp kernel) {
  for (auto [argument, heads] : getInputs(getAttention(kernel)))
    argument.setType(withHeads(argument.getType(), heads));
  kernel.setFunctionType(FunctionType::get(
      kernel.getContext(),
      llvm::to_vector(kernel.getBody().front().getArgumentTypes()),
      kernel.getResultTypes()));
}

void AssignHeadLayouts::runOnOperation() {
  getOperation().walk([&](tx::CallOp call) {
    if (KernelOp kernel = getKernel(call))
      callsOf[kernel].push_back(call);
  });
  for (auto kernel : getOperation().getOps<KernelOp>()) {
    if (!callsOf.count(kernel))
      continue;
    if (AttentionOp attention = getAttention(kernel)) {
      if (readsArguments(attention))
        readers.insert(kernel);
    } else if (isProducts(kernel))
      writers.insert(kernel);
  }
  // A kernel that must stay as it is may keep others from changing.
  bool changed = true;
  while (changed) {
    changed = readers.remove_if([&](KernelOp k) { return !canRead(k); });
    changed |= writers.remove_if([&](KernelOp k) { return !canWrite(k); });
  }
  for (KernelOp kernel : writers)
    changeWriter(kernel);
  for (KernelOp kernel : readers)
    changeReader(kernel);
}
