//===- Verify.cpp - An artefact against Reference -------------------------===//
//
// Inputs are generated from what the entries say of them: lengths around
// register tiles, left padding and holes in masks, ids over the whole range.
//
//===----------------------------------------------------------------------===//

#include "Batch.h"
#include "tx/Checkpoint/Error.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace mlir;
using namespace tx;

namespace {
/// Tolerances of docs/numerics.md: |actual - expected| <= relative * |expected|
/// + absolute + typical * the root of the mean square of what is expected.
struct Tolerance {
  double relative, absolute, typical;
};
constexpr Tolerance kTolerance{1e-4, 1e-5, 0};
/// An x that differs in its last bit can be rounded to another bf16.
constexpr Tolerance kNarrowTolerance{2e-2, 1e-5, 1e-1};

class InputGenerator {
public:
  InputGenerator(const tx_entry_info &entry) : entry(entry) {
    for (int64_t length : {1, 2, 7, 19, 33})
      lengths.push_back(std::min(length, entry.max_length));
  }

  NamedTensors make() {
    return StringRef(entry.name) == "padded"
               ? makePadded()
               : makeBatch(entry, lengths, random);
  }

private:
  /// Row b keeps lengths[b] columns: at the end, at the beginning, or spread.
  std::vector<int32_t> makeMask(int64_t columns) {
    std::vector<int32_t> mask(lengths.size() * columns, 0);
    for (auto [b, length] : llvm::enumerate(lengths))
      for (int64_t i = 0; i < length; ++i) {
        int64_t column = b % 3 == 0   ? columns - 1 - i
                         : b % 3 == 1 ? i
                                      : i * columns / length;
        mask[b * columns + column] = 1;
      }
    return mask;
  }

  NamedTensors makePadded() {
    BatchSizes sizes;
    sizes.sequences = lengths.size();
    sizes.length = std::min(lengths.back() + 4, entry.max_length);
    sizes.tokens = sizes.sequences * sizes.length;
    NamedTensors result;
    for (const tx_tensor_info &info : ArrayRef(entry.inputs, entry.num_inputs))
      result[info.name] =
          StringRef(info.name) == "attention_mask"
              ? Tensor{{sizes.sequences, sizes.length}, makeMask(sizes.length)}
              : makeRandom(info, sizes, random);
    return result;
  }

  const tx_entry_info &entry;
  std::vector<int64_t> lengths;
  std::mt19937 random{20240229};
};
} // namespace

static std::string formatNumber(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.4g", value);
  return text;
}

/// "3, 17" for element `index` of a tensor of that shape.
static std::string describeIndex(int64_t index, ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t size : llvm::reverse(shape)) {
    text = std::to_string(index % size) + (text.empty() ? "" : ", ") + text;
    index /= size;
  }
  return text;
}

static bool hasNarrowProducts(ModuleOp module) {
  WalkResult result = module.walk([](LinearOp linear) {
    return linear.isNarrow() ? WalkResult::interrupt() : WalkResult::advance();
  });
  return result.wasInterrupted();
}

/// The root of the mean square of the finite elements.
static double getTypical(const Tensor &tensor) {
  double sum = 0;
  int64_t count = 0;
  for (int64_t i = 0; i < tensor.size(); ++i)
    if (double value = tensor.at(i); std::isfinite(value)) {
      sum += value * value;
      ++count;
    }
  return count == 0 ? 0 : std::sqrt(sum / count);
}

/// How many times `bound` the two differ; infinite if only one is finite, or
/// both are infinite with other signs.
static double getExcess(double actual, double expected, double bound) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected)))
    return 0;
  if (!std::isfinite(actual) || !std::isfinite(expected))
    return INFINITY;
  return std::abs(actual - expected) / bound;
}

llvm::Error tx::compareOutput(StringRef entry, StringRef name,
                              const Tensor &actual, const Tensor &expected,
                              bool isNarrow) {
  const Tolerance &tolerance = isNarrow ? kNarrowTolerance : kTolerance;
  if (actual.shape != expected.shape ||
      actual.data.index() != expected.data.index())
    return makeError(ExitCode::Mismatch,
                     "verification failed: {0} of entry {1} has another shape "
                     "or element type than the reference's",
                     name, entry);
  bool isExact = std::holds_alternative<std::vector<int32_t>>(expected.data);
  double relative = isExact ? 0 : tolerance.relative;
  double absolute =
      isExact ? 0
              : tolerance.absolute + tolerance.typical * getTypical(expected);
  double worst = 0;
  int64_t where = -1;
  for (int64_t i = 0; i < actual.size(); ++i) {
    double excess = getExcess(actual.at(i), expected.at(i),
                              absolute + relative * std::abs(expected.at(i)));
    if (excess > worst) {
      worst = excess;
      where = i;
    }
  }
  if (worst <= 1)
    return llvm::Error::success();
  return makeError(ExitCode::Mismatch,
                   "verification failed: {0}[{1}] of entry {2} is {3}, the "
                   "reference says {4} (tolerance: {5} relative, {6} absolute)",
                   name, describeIndex(where, actual.shape), entry,
                   formatNumber(actual.at(where)),
                   formatNumber(expected.at(where)), formatNumber(relative),
                   formatNumber(absolute));
}

llvm::Error tx::verifyArtefact(const LoadedModel &artefact,
                               const Model &model) {
  bool isNarrow = hasNarrowProducts(*model.module);
  for (int32_t i = 0; i < artefact->num_entries; ++i) {
    const tx_entry_info &entry = *artefact->entries[i];
    NamedTensors inputs = InputGenerator(entry).make();
    llvm::Expected<NamedTensors> actual =
        runArtefact(artefact, entry.name, inputs, /*threads=*/0);
    if (!actual)
      return actual.takeError();
    llvm::Expected<NamedTensors> expected =
        runReference(model, entry.name, inputs);
    if (!expected)
      return expected.takeError();
    for (const auto &[name, tensor] : *actual) {
      auto found = expected->find(name);
      if (found == expected->end())
        return makeError(ExitCode::Mismatch,
                         "verification failed: the reference has no output {0}",
                         name);
      if (llvm::Error error =
              compareOutput(entry.name, name, tensor, found->second, isNarrow))
        return error;
    }
  }
  return llvm::Error::success();
}
