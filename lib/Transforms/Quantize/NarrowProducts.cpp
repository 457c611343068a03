//===- NarrowProducts.cpp - Multiply in bf16 ------------------------------===//
//
//   %y = tx.linear %x, %w : (..., tensor<1536x384xf32>) -> ...
//   // becomes
//   %n = tx.cast %w : tensor<1536x384xf32> to tensor<1536x384xbf16>
//   %y = tx.linear %x, %n : (..., tensor<1536x384xbf16>) -> ...
//
//===----------------------------------------------------------------------===//

#include "tx/Transforms/Quantize/Passes.h"

namespace tx {
#define GEN_PASS_DEF_NARROWPRODUCTS
#include "tx/Transforms/Quantize/Passes.h.inc"
} // namespace tx

using namespace mlir;
using namespace tx;

namespace {
struct NarrowProducts : tx::impl::NarrowProductsBase<NarrowProducts> {
  void runOnOperation() override {
    llvm::DenseMap<Value, Value> narrowed;
    getOperation()->walk([&](LinearOp linear) {
      Value weight = linear.getWeight();
      auto type = cast<RankedTensorType>(weight.getType());
      if (linear.isNarrow() ||
          !isa_and_nonnull<ParamOp, CastOp>(weight.getDefiningOp()))
        return;
      Value &narrow = narrowed[weight];
      if (!narrow) {
        OpBuilder builder(&getContext());
        builder.setInsertionPointAfterValue(weight);
        // A checkpoint of bf16 was cast for its consumers: the folder gives
        // back the parameter itself.
        narrow = builder.createOrFold<CastOp>(
            weight.getLoc(), type.clone(builder.getBF16Type()), weight);
      }
      linear.getWeightMutable().assign(narrow);
    });
  }
};
} // namespace
