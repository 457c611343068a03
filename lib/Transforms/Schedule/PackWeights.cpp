//===- PackWeights.cpp - Give weights the layout their kernels read -------===//
//
//   %y = tx.call @linear(%x, %w, %b) : (..., tensor<384x384xf32>, ...) -> ...
//   // becomes
//   %p = tx.pack %w : tensor<384x384xf32> to tensor<384x384xf32,
//   #tx.layout<panels = 16>> %y = tx.call @linear(%x, %p, %b) : (...,
//   tensor<384x384xf32, #tx.layout<panels = 16>>, ...) -> ...
//
// Kernels first decide which arguments change, then every call follows. A
// parameter that is also used as it is (a tied embedding) keeps both forms.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"
#include "tx/Transforms/Schedule/Passes.h"

namespace tx {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "tx/Transforms/Schedule/Passes.h.inc"
} // namespace tx

using namespace mlir;
using namespace tx;

static RankedTensorType getPackedType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  // Units that multiply bf16 take two channels at once.
  int64_t group = tensor.getElementType().isBF16() ? 2 : 1;
  auto layout = LayoutAttr::get(type.getContext(), kPanelWidth, group);
  return RankedTensorType::get(tensor.getShape(), tensor.getElementType(),
                               layout);
}

static bool hasLayout(Value value) {
  return cast<RankedTensorType>(value.getType()).getEncoding() != nullptr;
}

/// Numbers of the arguments of `kernel` that are weights without a layout.
static FailureOr<SmallVector<unsigned>> findWeights(KernelOp kernel) {
  SmallVector<unsigned> weights;
  for (auto linear : kernel.getBody().getOps<LinearOp>()) {
    auto argument = dyn_cast<BlockArgument>(linear.getWeight());
    if (!argument)
      return linear.emitOpError("has a weight that is not an argument of its "
                                "kernel");
    if (hasLayout(argument) ||
        llvm::is_contained(weights, argument.getArgNumber()))
      continue;
    for (OpOperand &use : argument.getUses()) {
      auto user = dyn_cast<LinearOp>(use.getOwner());
      if (!user || &use != &user.getWeightMutable())
        return use.getOwner()->emitOpError("takes as an activation what is "
                                           "also a weight of kernel ")
               << kernel.getSymNameAttr();
    }
    weights.push_back(argument.getArgNumber());
  }
  return weights;
}

/// Puts the layout on the arguments `weights` of `kernel`.
static void changeSignature(KernelOp kernel, ArrayRef<unsigned> weights) {
  Block &body = kernel.getBody().front();
  for (unsigned index : weights) {
    BlockArgument argument = body.getArgument(index);
    argument.setType(getPackedType(argument.getType()));
  }
  kernel.setFunctionType(FunctionType::get(
      kernel.getContext(), llvm::to_vector(body.getArgumentTypes()),
      kernel.getResultTypes()));
}

static bool isParamExpression(Value value) {
  Operation *op = value.getDefiningOp();
  while (isa_and_nonnull<CastOp>(op))
    op = op->getOperand(0).getDefiningOp();
  return isa_and_nonnull<ParamOp>(op);
}

namespace {
struct PackWeights : tx::impl::PackWeightsBase<PackWeights> {
  void runOnOperation() override {
    llvm::DenseMap<StringAttr, SmallVector<unsigned>> weightsOf;
    for (auto kernel : getOperation().getOps<KernelOp>()) {
      FailureOr<SmallVector<unsigned>> weights = findWeights(kernel);
      if (failed(weights))
        return signalPassFailure();
      changeSignature(kernel, *weights);
      weightsOf[kernel.getSymNameAttr()] = std::move(*weights);
    }
    WalkResult result = getOperation().walk([&](tx::CallOp call) {
      for (unsigned index : weightsOf[call.getKernelAttr().getAttr()])
        if (failed(packOperand(call, index)))
          return WalkResult::interrupt();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

  LogicalResult packOperand(tx::CallOp call, unsigned index) {
    OpOperand &operand = call.getOperandsMutable()[index];
    Value weight = operand.get();
    if (!isParamExpression(weight))
      return call.emitOpError("passes a value computed at run time as the "
                              "weight of ")
             << call.getKernelAttr() << ", expected a parameter";
    Value &packed = packedOf[weight];
    if (!packed) {
      OpBuilder builder(&getContext());
      builder.setInsertionPointAfterValue(weight);
      packed = PackOp::create(builder, weight.getLoc(),
                              getPackedType(weight.getType()), weight);
    }
    operand.set(packed);
    return success();
  }

  llvm::DenseMap<Value, Value> packedOf;
};
} // namespace
