//===- KernelGroups.cpp - Which ops become one kernel ---------------------===//
//
// A group is a tree of ops in which every value but the root's has exactly one
// use, inside the group. So nothing outside needs a value in between, and the
// whole group may run where its root stands: no operand of a member can depend
// on the group, since only the root's result leaves it.
//
// Products of the same x that nothing stands behind (query, key, value) are one
// group too: one parallel region instead of three, over the same rows of x. It
// runs where the last of them stands, so nothing may read one of them before.
//
// Linear ops come first: an epilogue costs less than a row-wise kernel, because
// the tile is still in registers.
//
//===----------------------------------------------------------------------===//

#include "KernelGroups.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tx;

bool tx::isParamOp(Operation *op) { return isa<ParamOp, CastOp, PackOp>(op); }

/// Ops that compute a row of the result from the same row of the operands.
static bool isRowWise(Operation *op) {
  return isa<EmbeddingOp, AddOp, MulOp, LayerNormOp, RmsNormOp, SoftmaxOp,
             NormalizeOp, ActivationOp>(op);
}

/// Ops that compute an element of the result from the same element of the
/// operands.
static bool isElementwise(Operation *op) {
  return isa<ActivationOp, AddOp, MulOp>(op);
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// One op's part of a kernel's name.
static std::string getOpName(Operation *op) {
  return TypeSwitch<Operation *, std::string>(op)
      .Case([](ActivationOp activation) {
        return stringifyActivationKind(activation.getKind()).str();
      })
      .Case([](PoolOp pool) {
        return "pool_" + stringifyPoolKind(pool.getKind()).str();
      })
      .Case([](AttentionOp attention) {
        bool full = attention.getMask() == MaskKind::Full;
        return full ? std::string("attention")
                    : "attention_" +
                          stringifyMaskKind(attention.getMask()).str();
      })
      .Default(
          [](Operation *op) { return op->getName().stripDialect().str(); });
}

bool KernelGroup::isProducts() const {
  return ops.size() > 1 && llvm::all_of(ops, llvm::IsaPred<LinearOp>);
}

SmallVector<Value> KernelGroup::getResults() const {
  SmallVector<Value> results;
  for (Operation *op : isProducts() ? ArrayRef(ops) : ArrayRef(ops).take_back())
    results.append(op->result_begin(), op->result_end());
  return results;
}

std::string KernelGroup::getName() const {
  if (isProducts())
    return llvm::formatv("linear_x{0}", ops.size());
  // Symbols share their name space with libm once they are machine code.
  if (ops.size() == 1 && isa<ActivationOp>(getRoot()))
    return "activation_" + getOpName(getRoot());
  // A part is named once: three embeddings that are added up are
  // "embedding_add".
  llvm::SmallSetVector<StringRef, 4> parts;
  SmallVector<std::string> names;
  for (Operation *op : ops)
    names.push_back(getOpName(op));
  parts.insert_range(names);
  std::string name = llvm::join(parts, "_");
  bool isRows = ops.size() > 1 && !isa<LinearOp>(ops.front());
  return isRows ? "rows_" + name : name;
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

namespace {
/// Groups under construction. An op belongs to at most one.
class GroupFinder {
public:
  explicit GroupFinder(Block &block) : block(block) {}
  std::vector<KernelGroup> run();

private:
  bool isGrouped(Operation *op) const { return grouped.contains(op); }
  void add(ArrayRef<Operation *> ops);

  SmallVector<Operation *> findChain(LinearOp linear) const;
  void addLinears();
  void addRows();

  Block &block;
  std::vector<KernelGroup> groups;
  llvm::DenseSet<Operation *> grouped;
};
} // namespace

void GroupFinder::add(ArrayRef<Operation *> ops) {
  grouped.insert_range(ops);
  groups.push_back({SmallVector<Operation *>(ops)});
}

/// %0 = linear; %1 = gelu %0; %2 = add %1, %residual
/// become one group as long as each value has one use.
SmallVector<Operation *> GroupFinder::findChain(LinearOp linear) const {
  SmallVector<Operation *> chain{linear};
  while (chain.back()->hasOneUse()) {
    Operation *user = *chain.back()->user_begin();
    if (!isElementwise(user) || user->getBlock() != &block || isGrouped(user))
      break;
    chain.push_back(user);
  }
  return chain;
}

/// Whether nothing reads a product of `products` before `next` stands.
static bool mayRunAt(ArrayRef<Operation *> products, LinearOp next) {
  return llvm::all_of(products, [&](Operation *product) {
    return llvm::all_of(product->getUsers(), [&](Operation *user) {
      return next->isBeforeInBlock(user);
    });
  });
}

void GroupFinder::addLinears() {
  SmallVector<Operation *> products; // of one x, so far
  auto flush = [&] {
    if (!products.empty())
      add(products);
    products.clear();
  };
  for (auto linear : block.getOps<LinearOp>()) {
    SmallVector<Operation *> chain = findChain(linear);
    if (chain.size() > 1) {
      flush();
      add(chain);
      continue;
    }
    auto first = products.empty() ? LinearOp() : cast<LinearOp>(products[0]);
    if (first &&
        (first.getX() != linear.getX() ||
         !first.getBias() != !linear.getBias() || !mayRunAt(products, linear)))
      flush();
    products.push_back(linear);
  }
  flush();
}

/// Trees of row-wise ops, grown from their leaves: an op takes in the trees of
/// the operands that it alone uses.
void GroupFinder::addRows() {
  llvm::MapVector<Operation *, SmallVector<Operation *>> trees; // by root
  for (Operation &op : block) {
    if (!isRowWise(&op) || isGrouped(&op))
      continue;
    SmallVector<Operation *> tree;
    for (Value operand : op.getOperands()) {
      auto producer = trees.find(operand.getDefiningOp());
      if (producer == trees.end() || !operand.hasOneUse())
        continue;
      tree.append(producer->second);
      trees.erase(producer);
    }
    llvm::sort(
        tree, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    tree.push_back(&op);
    trees.insert({&op, std::move(tree)});
  }
  for (auto &[root, tree] : trees)
    add(tree);
}

std::vector<KernelGroup> GroupFinder::run() {
  addLinears();
  addRows();
  for (Operation &op : block.without_terminator())
    if (!isGrouped(&op) && !isParamOp(&op) && !isa<tx::CallOp>(op))
      add(&op);
  llvm::sort(groups, [](const KernelGroup &a, const KernelGroup &b) {
    return a.getRoot()->isBeforeInBlock(b.getRoot());
  });
  return std::move(groups);
}

std::vector<KernelGroup> tx::findKernelGroups(Block &block) {
  return GroupFinder(block).run();
}
