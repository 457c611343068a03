//===- StatisticsCost.cpp - What a norm in an epilogue costs --------------===//

#include "StatisticsCost.h"
#include "tx/Analysis/RegisterTile.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace tx;

static constexpr int64_t kFloatBytes = 4;

std::optional<StatisticsCost> StatisticsCost::compute(LinearOp linear) {
  auto weight = cast<RankedTensorType>(linear.getWeight().getType());
  if (!weight.hasStaticShape())
    return std::nullopt;
  int64_t channels = weight.getDimSize(0), depth = weight.getDimSize(1);
  if (channels == 0 || depth == 0)
    return std::nullopt;
  auto module = linear->getParentOfType<ModuleOp>();
  auto target = module->getAttrOfType<TargetAttr>(kTargetAttrName);
  int64_t cache = target ? target.getL1() : kDefaultL1;
  int64_t rowBytes = channels * kFloatBytes;
  StatisticsCost cost;
  cost.channels = channels;
  cost.itemRows = target && RegisterTile::fits(target)
                      ? RegisterTile::get(target).getItemRows()
                      : kLinearItemRows;
  cost.rows = std::clamp<int64_t>(cache / 2 / rowBytes, 1, cost.itemRows);
  cost.savedBytes = 2 * rowBytes;
  int64_t weightBytes = depth * rowBytes;
  cost.weightBytes = weightBytes / cost.rows - weightBytes / cost.itemRows;
  cost.flops = 2 * depth * channels;
  return cost;
}

std::string StatisticsCost::str() const {
  return llvm::formatv(
      "whole rows of {0} channels in the first-level cache are items of {1} "
      "rows instead of {2}, which read {3} bytes of weights more a row; {4} "
      "bytes a row are moved now, beside {5} FLOPs of the product ({6} a byte)",
      channels, rows, itemRows, weightBytes, savedBytes, flops,
      flops / savedBytes);
}
