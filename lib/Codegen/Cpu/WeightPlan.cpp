//===- WeightPlan.cpp - Where parameters lie in the weights ---------------===//
//
// Offsets depend on the order of uses alone, so the section is the same for
// the same module.
//
//===----------------------------------------------------------------------===//

#include "WeightPlan.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "tx/Dialect/Tx/IR/ParamAccess.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tx;

static constexpr int64_t kAlignment = 64;

bool tx::isParamExpression(Value value) {
  Operation *op = value.getDefiningOp();
  while (isa_and_nonnull<CastOp, PackOp>(op))
    op = op->getOperand(0).getDefiningOp();
  return isa_and_nonnull<ParamOp>(op);
}

WeightPlan::Key WeightPlan::makeKey(Value expression) {
  Key key;
  for (Operation *op = expression.getDefiningOp(); op;
       op = op->getNumOperands() ? op->getOperand(0).getDefiningOp()
                                 : nullptr) {
    key.push_back(op->getName().getAsOpaquePointer());
    // Properties included: the value of a param is one.
    key.push_back(op->getAttrDictionary().getAsOpaquePointer());
    key.push_back(op->getResult(0).getType().getAsOpaquePointer());
  }
  return key;
}

int64_t WeightPlan::getOffset(Value expression) {
  auto [found, isNew] = offsets.try_emplace(makeKey(expression), size);
  if (isNew) {
    stores.emplace_back(expression, size);
    int64_t bytes =
        getStorageBytes(cast<RankedTensorType>(expression.getType()));
    size = llvm::alignTo(size + bytes, kAlignment);
  }
  return found->second;
}

/// Copies the ops of `expression` to where `builder` is.
static Value copyExpression(Value expression, OpBuilder &builder) {
  SmallVector<Operation *> chain;
  for (Operation *op = expression.getDefiningOp(); op;
       op = op->getNumOperands() ? op->getOperand(0).getDefiningOp() : nullptr)
    chain.push_back(op);
  IRMapping mapping;
  for (Operation *op : llvm::reverse(chain))
    builder.clone(*op, mapping);
  return mapping.lookup(expression);
}

void WeightPlan::addTo(ModuleOp module) const {
  if (stores.empty())
    return;
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  std::string name = "weights";
  while (module.lookupSymbol(name))
    name += "_";
  auto weights = WeightsOp::create(builder, module.getLoc(), name, size);
  builder.setInsertionPointToStart(&weights.getBody().emplaceBlock());
  for (auto [value, offset] : stores)
    StoreOp::create(builder, value.getLoc(), copyExpression(value, builder),
                    offset);
}
