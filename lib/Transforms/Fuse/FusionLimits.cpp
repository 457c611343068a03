//===- FusionLimits.cpp - Why ops are not one kernel ----------------------===//

#include "FusionLimits.h"
#include "StatisticsCost.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace tx;

bool tx::isRowWise(Operation *op) {
  return isa<EmbeddingOp, AddOp, MulOp, LayerNormOp, RmsNormOp, SoftmaxOp,
             NormalizeOp, ActivationOp>(op);
}

/// Ops that compute an element of the result from the same element of the
/// operands.
static bool isElementwise(Operation *op) {
  return isa<ActivationOp, AddOp, MulOp>(op);
}

/// Why `op`, which is neither row-wise nor a product, has a kernel to itself.
static std::string ownKernel(Operation *op) {
  if (isa<AttentionOp>(op))
    return "an item of attention is a tile of rows of one sequence and a head, "
           "of which it reads all keys and values";
  if (isa<PoolOp>(op))
    return "an item of a pool is a sequence, of which it reads all rows; one "
           "of row-wise ops is some rows of any";
  return llvm::formatv("{0} does not compute rows from the same rows",
                       op->getName());
}

Reason tx::whyStored(Value value) {
  if (llvm::any_of(value.getUsers(), llvm::IsaPred<func::ReturnOp>))
    return "the entry returns the value between, so it must be in memory";
  size_t uses = llvm::range_size(value.getUses());
  if (uses > 1)
    return llvm::formatv("the value between has {0} uses", uses);
  return std::nullopt;
}

Reason tx::whyNoEpilogue(LinearOp linear, Operation *reader) {
  if (isElementwise(reader))
    return std::nullopt;
  if (isa<LinearOp>(reader))
    return "a product sums over whole rows, and an item of the product before "
           "it holds some channels";
  if (!isRowWise(reader))
    return ownKernel(reader);
  std::string reason = "its statistics need whole rows, and an item of a "
                       "product holds some channels";
  std::optional<StatisticsCost> cost = StatisticsCost::compute(linear);
  if (cost && cost->pays())
    reason += "; whole rows would pay, but no kernel of products computes "
              "statistics";
  return cost ? reason + ": " + cost->str() : reason;
}

/// Whether something reads one of `products` before `next` stands.
static bool isReadBefore(ArrayRef<Operation *> products, Operation *next) {
  return llvm::any_of(products, [&](Operation *product) {
    return llvm::any_of(product->getUsers(), [&](Operation *user) {
      return !next->isBeforeInBlock(user);
    });
  });
}

Reason tx::whyNoProduct(ArrayRef<Operation *> group,
                        ArrayRef<Operation *> next) {
  auto first = cast<LinearOp>(group.front());
  auto linear = cast<LinearOp>(next.front());
  if (first.getX() != linear.getX())
    return "x differs from that of the product before it";
  if (!llvm::all_of(group, llvm::IsaPred<LinearOp>))
    return "the product of the same x before it has an epilogue";
  if (next.size() > 1)
    return "it has an epilogue, unlike the product of the same x before it";
  if (!first.getBias() != !linear.getBias())
    return "one of the products of the same x has a bias, the other has none";
  if (first.isNarrow() != linear.isNarrow())
    return "one of the products of the same x multiplies bf16, the other f32";
  auto isInHeads = [](LinearOp product) {
    return isa_and_present<HeadsAttr>(
        cast<RankedTensorType>(product.getResult().getType()).getEncoding());
  };
  if (isInHeads(first) != isInHeads(linear))
    return "one of the products of the same x lies in heads, the other does "
           "not";
  if (isReadBefore(group, linear))
    return "a product of the same x is read before it stands";
  return std::nullopt;
}

std::string tx::whyApart(Operation *first, Value value, Operation *reader) {
  if (Reason reason = whyStored(value))
    return *reason;
  if (auto linear = dyn_cast<LinearOp>(first)) {
    Reason reason = whyNoEpilogue(linear, reader);
    return reason ? *reason : "another product has it as its epilogue";
  }
  Operation *producer = value.getDefiningOp();
  if (!isRowWise(producer))
    return ownKernel(producer);
  if (isa<LinearOp>(reader))
    return "a product reads a row once for each group of its channels, and "
           "would compute it as often";
  if (!isRowWise(reader))
    return ownKernel(reader);
  return "it is the epilogue of a product, which come first";
}
