//===- DecomposeComposites.cpp - Take composite ops apart -----------------===//
//
//   %y = tx.ffn gelu %x up %wu bias %bu down %wd down_bias %bd : ...
//   // becomes
//   %u = tx.linear %x, %wu bias %bu : ...
//   %a = tx.activation gelu %u : ...
//   %y = tx.linear %a, %wd bias %bd : ...
//
// With a gate, the activation is that of the gate and multiplies `up`.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "tx/Transforms/Normalize/Passes.h"

namespace tx {
#define GEN_PASS_DEF_DECOMPOSECOMPOSITES
#include "tx/Transforms/Normalize/Passes.h.inc"
} // namespace tx

using namespace mlir;
using namespace tx;

/// x times the transposed weight; the rows of x, the channels of the weight.
static Value createLinear(OpBuilder &builder, Location loc, Value x,
                          Value weight, Value bias) {
  auto activations = cast<RankedTensorType>(x.getType());
  auto matrix = cast<RankedTensorType>(weight.getType());
  auto type =
      RankedTensorType::get({activations.getDimSize(0), matrix.getDimSize(0)},
                            activations.getElementType());
  return LinearOp::create(builder, loc, type, x, weight, bias);
}

namespace {
struct DecomposeFfn : OpRewritePattern<FfnOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FfnOp ffn,
                                PatternRewriter &rewriter) const override {
    Location loc = ffn.getLoc();
    Value up =
        createLinear(rewriter, loc, ffn.getX(), ffn.getUp(), ffn.getUpBias());
    Value hidden;
    if (ffn.getGate()) {
      Value gate = createLinear(rewriter, loc, ffn.getX(), ffn.getGate(),
                                ffn.getGateBias());
      Value activated = ActivationOp::create(rewriter, loc, gate.getType(),
                                             ffn.getActivation(), gate);
      hidden = MulOp::create(rewriter, loc, activated, up);
    } else {
      hidden = ActivationOp::create(rewriter, loc, up.getType(),
                                    ffn.getActivation(), up);
    }
    rewriter.replaceOpWithNewOp<LinearOp>(ffn, ffn.getType(), hidden,
                                          ffn.getDown(), ffn.getDownBias());
    return success();
  }
};

struct DecomposeComposites
    : tx::impl::DecomposeCompositesBase<DecomposeComposites> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<DecomposeFfn>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
