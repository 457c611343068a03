//===- WeightTable.cpp - Checked tensors as tx.param ----------------------===//

#include "WeightTable.h"
#include "tx/Checkpoint/Json.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tx;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

llvm::Error WeightTable::detectPrefix(const Family &family) {
  std::string words = family.embeddings.words.str() + ".weight";
  if (has(words)) {
    prefix = "";
    return llvm::Error::success();
  }
  if (has(family.prefix.str() + words)) {
    prefix = family.prefix.str();
    return llvm::Error::success();
  }
  return makeError(ExitCode::Malformed,
                   "the checkpoint has no tensor '{0}' or '{1}{0}', which a "
                   "model of type '{2}' has",
                   words, family.prefix, family.name);
}

StringRef WeightTable::shorten(StringRef name) const {
  name.consume_front(prefix);
  size_t layer = name.find("layer.");
  return layer == StringRef::npos ? name : name.substr(layer);
}

bool WeightTable::has(StringRef name) const {
  return checkpoint.tensors().count(name.str()) != 0;
}

bool WeightTable::hasWeight(StringRef name) const {
  return has(choose(name, ".weight", ".gamma"));
}

/// The name that the checkpoint has; the new one if it has neither or both, so
/// that messages name what is expected and an old name beside a new one counts
/// as unexplained.
std::string WeightTable::choose(StringRef name, StringRef suffix,
                                StringRef oldSuffix) const {
  std::string current = (name + suffix).str();
  std::string old = (name + oldSuffix).str();
  return !has(current) && has(old) ? old : current;
}

/// Whether `name` begins with `part` and a dot or is just that.
static bool isWithin(StringRef name, StringRef part) {
  return !part.empty() && name.consume_front(part) &&
         (name.empty() || name.starts_with("."));
}

/// Whether `name` is a tensor of a head other than the one that was built, or
/// a buffer: what transformers saves beside the weights of the body.
bool WeightTable::isKnown(StringRef name, const Family &family) const {
  const MaskedLmHeadNames &lm = family.maskedLm;
  auto is = [&](StringRef part) {
    auto [stem, suffix] = name.rsplit('.');
    return !part.empty() && stem == part &&
           llvm::is_contained({"weight", "bias", "gamma", "beta"}, suffix);
  };
  if (is(lm.dense) || is(lm.norm) || is(lm.decoder) || name == lm.bias ||
      is(family.tokenClassifier) || is(family.questionAnswering) ||
      is(family.sequence.output))
    return true;
  if (!family.sequence.denseInBody && is(family.sequence.dense))
    return true;
  if (llvm::any_of(family.otherHeads,
                   [&](StringRef head) { return isWithin(name, head); }))
    return true;
  if (!name.consume_front(prefix))
    return false;
  return is(family.pooler) || llvm::is_contained(family.buffers, name);
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

void WeightTable::fail(ExitCode code, std::string problem) {
  if (!failure)
    failure = {code, std::move(problem)};
}

llvm::Error WeightTable::getError() const {
  if (!failure)
    return llvm::Error::success();
  return makeError(failure->first, "{0}", failure->second);
}

/// "(60, 24)".
static std::string printShape(ArrayRef<int64_t> shape) {
  return "(" +
         llvm::join(
             llvm::map_range(shape,
                             [](int64_t size) { return std::to_string(size); }),
             ", ") +
         ")";
}

void WeightTable::check(StringRef name, const Checkpoint::Location &location,
                        ArrayRef<Dim> dims) {
  const TensorView &view = *location.view;
  if (!llvm::is_contained({Dtype::F32, Dtype::F16, Dtype::BF16}, view.dtype))
    fail(ExitCode::Unsupported,
         llvm::formatv("{0}: tensor '{1}' is {2}, expected F32, F16 or BF16",
                       location.file, name, getName(view.dtype))
             .str());
  auto sizes = llvm::map_to_vector(dims, [](Dim dim) { return dim.size; });
  if (ArrayRef<int64_t>(view.shape) == ArrayRef<int64_t>(sizes))
    return;
  auto fields = llvm::map_range(dims, [](Dim dim) { return dim.field; });
  fail(ExitCode::Malformed,
       llvm::formatv("{0}: tensor '{1}' has the shape {2}, expected {3}, which "
                     "is ({4}) of {5}",
                     location.file, name, printShape(view.shape),
                     printShape(sizes), llvm::join(fields, ", "), configFile)
           .str());
}

void WeightTable::checkAllExplained(const Family *family, StringRef model) {
  SmallVector<StringRef> unexplained;
  for (const auto &[name, location] : checkpoint.tensors())
    if (!values.count(name) && !(family && isKnown(name, *family)))
      unexplained.push_back(name);
  if (unexplained.empty())
    return;
  const Checkpoint::Location &first =
      checkpoint.tensors().at(unexplained.front().str());
  std::string others;
  if (unexplained.size() > 1)
    others = llvm::formatv(" (and {0} more)", unexplained.size() - 1).str();
  fail(ExitCode::Unsupported,
       llvm::formatv("{0}: tensor {1}{2} is not one that {3} with the "
                     "numbers of {4} has",
                     first.file, describe(unexplained.front()), others, model,
                     configFile)
           .str());
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

static Type getElementType(MLIRContext *context, Dtype dtype) {
  if (dtype == Dtype::F16)
    return Float16Type::get(context);
  if (dtype == Dtype::BF16)
    return BFloat16Type::get(context);
  return Float32Type::get(context);
}

Value WeightTable::get(StringRef name, ArrayRef<Dim> dims) {
  auto found = values.find(name);
  if (found != values.end())
    return found->second;
  MLIRContext *context = builder.getContext();
  auto sizes = llvm::map_to_vector(dims, [](Dim dim) { return dim.size; });
  Type type = Float32Type::get(context);
  std::string file = "missing"; // of a module that the failure throws away
  auto tensor = checkpoint.tensors().find(name.str());
  if (tensor == checkpoint.tensors().end()) {
    fail(ExitCode::Malformed,
         llvm::formatv("the checkpoint has no tensor '{0}', expected one of "
                       "shape {1}",
                       name, printShape(sizes))
             .str());
  } else {
    check(name, tensor->second, dims);
    type = getElementType(context, tensor->second.view->dtype);
    file = folder.empty() ? tensor->second.file
                          : (folder + "/" + tensor->second.file).str();
  }
  Location loc = NameLoc::get(builder.getStringAttr(shorten(name)));
  auto stored = RankedTensorType::get(sizes, type);
  Value value = ParamOp::create(builder, loc, stored,
                                ExternalAttr::get(stored, file, name));
  if (!type.isF32())
    value = CastOp::create(
        builder, loc, RankedTensorType::get(sizes, Float32Type::get(context)),
        value);
  values[name] = value;
  return value;
}

Value WeightTable::getWeight(StringRef name, ArrayRef<Dim> dims) {
  return get(choose(name, ".weight", ".gamma"), dims);
}

Value WeightTable::getBias(StringRef name, Dim dim) {
  return get(choose(name, ".bias", ".beta"), dim);
}
