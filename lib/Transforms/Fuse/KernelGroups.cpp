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
// What may be one kernel, and why not, is in FusionLimits.
//
//===----------------------------------------------------------------------===//

#include "KernelGroups.h"
#include "FusionLimits.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tx;

bool tx::isParamOp(Operation *op) { return isa<ParamOp, CastOp, PackOp>(op); }

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
  void add(KernelGroup group);

  SmallVector<Operation *> findChain(LinearOp linear) const;
  void addLinears();
  void addRows();
  void addReaders(KernelGroup &group) const;

  Block &block;
  std::vector<KernelGroup> groups;
  llvm::DenseSet<Operation *> grouped;
};
} // namespace

void GroupFinder::add(KernelGroup group) {
  grouped.insert_range(group.ops);
  groups.push_back(std::move(group));
}

static Refusal refuse(Operation *op, std::string reason) {
  return {op->getName(), op->getLoc(), std::move(reason)};
}

/// %0 = linear; %1 = gelu %0; %2 = add %1, %residual
/// become one group as long as each value has one use.
SmallVector<Operation *> GroupFinder::findChain(LinearOp linear) const {
  SmallVector<Operation *> chain{linear};
  for (;;) {
    Value last = chain.back()->getResult(0);
    if (last.use_empty() || whyStored(last))
      return chain;
    Operation *reader = *last.user_begin();
    if (whyNoEpilogue(linear, reader) || isGrouped(reader))
      return chain;
    chain.push_back(reader);
  }
}

void GroupFinder::addLinears() {
  for (auto linear : block.getOps<LinearOp>()) {
    SmallVector<Operation *> chain = findChain(linear);
    if (!groups.empty()) {
      KernelGroup &last = groups.back();
      Reason reason = whyNoProduct(last.ops, chain);
      if (!reason) {
        grouped.insert(linear);
        last.ops.push_back(linear);
        continue;
      }
      last.refusals.push_back(refuse(linear, *reason));
    }
    add({std::move(chain), {}});
  }
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
      // The rows of a table are others than those that look it up.
      if (isa<EmbeddingOp>(op) && operand == op.getOperand(0))
        continue;
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
    add({std::move(tree), {}});
}

/// Says of everything that reads what `group` computes why it is not part of
/// it.
void GroupFinder::addReaders(KernelGroup &group) const {
  llvm::SmallSetVector<Operation *, 4> readers;
  for (Value result : group.getResults())
    for (Operation *reader : result.getUsers())
      if (reader != block.getTerminator() && readers.insert(reader))
        group.refusals.push_back(
            refuse(reader, whyApart(group.ops.front(), result, reader)));
}

std::vector<KernelGroup> GroupFinder::run() {
  addLinears();
  addRows();
  for (Operation &op : block.without_terminator())
    if (!isGrouped(&op) && !isParamOp(&op) && !isa<tx::CallOp>(op))
      add({{&op}, {}});
  for (KernelGroup &group : groups)
    addReaders(group);
  llvm::sort(groups, [](const KernelGroup &a, const KernelGroup &b) {
    return a.getRoot()->isBeforeInBlock(b.getRoot());
  });
  return std::move(groups);
}

std::vector<KernelGroup> tx::findKernelGroups(Block &block) {
  return GroupFinder(block).run();
}
