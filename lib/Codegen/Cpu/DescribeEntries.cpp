//===- DescribeEntries.cpp - What emitted kernels no longer tell ----------===//
//
// Analyses follow calls into kernels; once kernels are code on words, nothing
// can be followed. What the code of entries and callers need is written down
// before.
//
//===----------------------------------------------------------------------===//

#include "Signature.h"
#include "mlir/IR/Builders.h"
#include "tx/Analysis/Flops.h"
#include "tx/Analysis/IndexLimits.h"
#include "tx/Analysis/TokenDims.h"
#include "tx/Analysis/Traffic.h"
#include "tx/Codegen/Cpu/Passes.h"
#include "llvm/ADT/StringSet.h"

namespace tx {
#define GEN_PASS_DEF_DESCRIBEENTRIES
#include "tx/Codegen/Cpu/Passes.h.inc"
} // namespace tx

using namespace mlir;
using namespace tx;

/// The number or code of a size.
static int64_t getCode(const DimSymbol &dim) {
  switch (dim.kind) {
  case DimSymbol::Kind::Static:
    return dim.size;
  case DimSymbol::Kind::Tokens:
    return TX_DIM_TOKENS;
  case DimSymbol::Kind::Sequences:
    return TX_DIM_SEQUENCES;
  case DimSymbol::Kind::SequencesPlus1:
    return TX_DIM_SEQUENCES_PLUS;
  case DimSymbol::Kind::PaddedLength:
    return TX_DIM_LENGTH;
  case DimSymbol::Kind::Tiles:
    return kDimTiles;
  case DimSymbol::Kind::Unknown:
    break;
  }
  llvm_unreachable("sizes of an entry are known");
}

static std::vector<int64_t> getCodes(ArrayRef<DimSymbol> dims) {
  std::vector<int64_t> codes;
  for (const DimSymbol &dim : dims)
    codes.push_back(getCode(dim));
  return codes;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// Gives `call` the sizes of its results.
static LogicalResult describeCall(tx::CallOp call, const TokenDims &dims) {
  Builder builder(call.getContext());
  SmallVector<Attribute> sizes;
  call->removeAttr(kTilesAttrName);
  for (Value result : call.getResults()) {
    for (const DimSymbol &dim : dims.getDims(result)) {
      if (dim.kind != DimSymbol::Kind::Tiles || call->hasAttr(kTilesAttrName))
        continue;
      auto operand = llvm::find(call.getOperands(), dim.offsets);
      if (operand == call.getOperands().end())
        return call.emitOpError("plans tiles of offsets that it does not take");
      call->setAttr(kTilesAttrName,
                    builder.getDenseI64ArrayAttr(
                        {operand - call.getOperands().begin(), dim.rows}));
    }
    sizes.push_back(
        builder.getDenseI64ArrayAttr(getCodes(dims.getDims(result))));
  }
  call->setAttr(kSizesAttrName, builder.getArrayAttr(sizes));
  return success();
}

//===----------------------------------------------------------------------===//
// Signature
//===----------------------------------------------------------------------===//

/// The user's name of an argument or result, or `fallback` and its number.
static std::string getName(Attribute name, StringRef fallback, unsigned index) {
  if (auto text = dyn_cast_or_null<StringAttr>(name))
    return text.str();
  return (fallback + Twine(index)).str();
}

/// The longest sequence: what the model says, else what its position tables
/// have rows for. Without a position table any length goes.
static FailureOr<int64_t> getMaxLength(func::FuncOp entry, ModuleOp module) {
  std::optional<int64_t> limit = getLengthLimit(entry);
  int64_t length = limit.value_or(INT32_MAX);
  if (auto model = module->getAttrOfType<DictionaryAttr>(kModelAttrName))
    if (auto number = model.getAs<IntegerAttr>("max_length"))
      length = number.getInt();
  if (!limit || (length >= 1 && length <= *limit))
    return length;
  return entry.emitOpError()
         << "takes sequences of " << std::max<int64_t>(length, 1)
         << " tokens, but its table of positions has rows for "
         << std::max<int64_t>(*limit, 0);
}

/// Masks and token types may be left out, where they have a number for each
/// token; ones and zeros stand for them.
static bool isOptional(const TensorSignature &tensor) {
  using Shape = std::vector<int64_t>;
  bool perToken = tensor.shape == Shape{TX_DIM_TOKENS} ||
                  tensor.shape == Shape{TX_DIM_SEQUENCES, TX_DIM_LENGTH};
  return (tensor.name == "attention_mask" || tensor.name == "token_type_ids") &&
         tensor.dtype == TX_I32 && perToken;
}

/// The C interface knows int32 and float32, four dimensions, and sizes that
/// follow from the inputs.
static FailureOr<TensorSignature> describeTensor(func::FuncOp entry,
                                                 Value value, std::string name,
                                                 const TokenDims &dims) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() > 4 || type.getEncoding() ||
      !(type.getElementType().isF32() || type.getElementType().isInteger(32)))
    return entry.emitOpError()
           << "has input or output '" << name << "' of type " << value.getType()
           << ", expected a tensor of f32 or i32 with at most 4 dimensions";
  TensorSignature tensor;
  tensor.name = std::move(name);
  tensor.dtype = type.getElementType().isF32() ? TX_F32 : TX_I32;
  tensor.shape = getCodes(dims.getDims(value));
  if (llvm::is_contained(tensor.shape, kDimTiles))
    return entry.emitOpError() << "has output '" << tensor.name
                               << "', whose size callers cannot know";
  bool isPadded = entry->getAttrOfType<StringAttr>(kEntryAttrName) == "padded";
  if (isPadded && llvm::is_contained(tensor.shape, TX_DIM_TOKENS))
    return entry.emitOpError()
           << "is padded and has output '" << tensor.name
           << "' with a row for each token, which callers cannot count; put "
              "tokens back with tx.unpack_tokens";
  return tensor;
}

/// The runtime tells sequences by one input; without it nothing can be checked.
static LogicalResult checkInputs(func::FuncOp entry,
                                 const EntrySignature &signature) {
  if (signature.inputs.size() > kMaxEntryTensors ||
      entry.getNumResults() > kMaxEntryTensors)
    return entry.emitOpError()
           << "has more than " << kMaxEntryTensors << " inputs or outputs";
  StringRef needed = signature.isPadded() ? "attention_mask" : "offsets";
  std::vector<int64_t> shape{TX_DIM_SEQUENCES_PLUS};
  if (signature.isPadded())
    shape = {TX_DIM_SEQUENCES, TX_DIM_LENGTH};
  llvm::StringSet<> names;
  bool found = false;
  for (const TensorSignature &input : signature.inputs) {
    if (!names.insert(input.name).second)
      return entry.emitOpError()
             << "has two inputs called '" << input.name << "'";
    found |=
        input.name == needed && input.dtype == TX_I32 && input.shape == shape;
  }
  if (!found)
    return entry.emitOpError()
           << "is " << signature.name << " and expects an input '" << needed
           << "' of type "
           << (signature.isPadded() ? "tensor<?x?xi32>" : "tensor<?xi32>");
  return success();
}

static LogicalResult describeInputs(func::FuncOp entry, const TokenDims &dims,
                                    EntrySignature &signature) {
  for (BlockArgument argument : entry.getArguments()) {
    unsigned index = argument.getArgNumber();
    FailureOr<TensorSignature> tensor = describeTensor(
        entry, argument,
        getName(entry.getArgAttr(index, kNameAttrName), "input", index), dims);
    if (failed(tensor))
      return failure();
    tensor->limit = getIndexLimit(argument).value_or(0);
    tensor->optional = isOptional(*tensor);
    signature.inputs.push_back(std::move(*tensor));
  }
  return checkInputs(entry, signature);
}

static LogicalResult describeOutputs(func::FuncOp entry, const TokenDims &dims,
                                     EntrySignature &signature) {
  Operation *terminator = entry.getBody().front().getTerminator();
  for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
    FailureOr<TensorSignature> tensor = describeTensor(
        entry, value,
        getName(entry.getResultAttr(index, kNameAttrName), "output", index),
        dims);
    if (failed(tensor))
      return failure();
    signature.outputs.push_back(std::move(*tensor));
  }
  return success();
}

/// Describes `entry` and its calls.
static LogicalResult describeEntry(func::FuncOp entry, ModuleOp module) {
  FailureOr<TokenDims> dims = TokenDims::compute(entry);
  if (failed(dims) || failed(checkIndices(entry)))
    return failure();
  EntrySignature signature;
  signature.name = entry->getAttrOfType<StringAttr>(kEntryAttrName).str();
  if (signature.name != "packed" && signature.name != "padded")
    return entry.emitOpError() << "is an entry called '" << signature.name
                               << "', expected packed or padded";
  signature.workspace = entry->getAttrOfType<WorkspaceAttr>(kWorkspaceAttrName);
  if (!signature.workspace)
    return entry.emitOpError("has no workspace; run tx-plan-memory first");
  FailureOr<int64_t> maxLength = getMaxLength(entry, module);
  if (failed(maxLength))
    return failure();
  signature.maxLength = *maxLength;
  if (failed(describeInputs(entry, *dims, signature)) ||
      failed(describeOutputs(entry, *dims, signature)))
    return failure();
  for (auto call : entry.getOps<tx::CallOp>()) {
    if (failed(describeCall(call, *dims)))
      return failure();
    signature.flops += getFlops(call, *dims);
  }
  entry->setAttr(kSignatureAttrName,
                 signature.toAttribute(module.getContext()));
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

using KernelWork = llvm::DenseMap<StringAttr, SmallVector<int64_t>>;

/// By kernel: what its calls in `entry` compute and move together, FLOPs per
/// token, sequence and pair, bytes per token, per sequence and at all.
static FailureOr<KernelWork> sumWork(func::FuncOp entry, ModuleOp module) {
  FailureOr<TokenDims> dims = TokenDims::compute(entry);
  if (failed(dims))
    return failure();
  llvm::MapVector<StringAttr, std::pair<FlopCount, TrafficCount>> sums;
  for (auto call : entry.getOps<tx::CallOp>()) {
    StringAttr name = call.getKernelAttr().getAttr();
    auto &[flops, traffic] = sums[name];
    flops += getFlops(call, *dims);
    traffic += getTraffic(call, module.lookupSymbol<KernelOp>(name), *dims);
  }
  KernelWork work;
  for (auto &[name, sum] : sums) {
    auto &[flops, traffic] = sum;
    work[name] = {flops.token,   flops.sequence,   flops.pair,
                  traffic.token, traffic.sequence, traffic.fixed};
  }
  return work;
}

static ArrayAttr listKernels(ModuleOp module, const KernelWork &packed) {
  Builder builder(module.getContext());
  SmallVector<Attribute> kernels;
  for (auto kernel : module.getOps<KernelOp>()) {
    SmallVector<NamedAttribute> fields{
        builder.getNamedAttr("name", kernel.getSymNameAttr())};
    if (ScheduleAttr schedule = kernel.getScheduleAttr())
      fields.push_back(builder.getNamedAttr("schedule", schedule));
    if (auto work = packed.find(kernel.getSymNameAttr()); work != packed.end())
      fields.push_back(builder.getNamedAttr(
          "packed", builder.getDenseI64ArrayAttr(work->second)));
    kernels.push_back(builder.getDictionaryAttr(fields));
  }
  return builder.getArrayAttr(kernels);
}

namespace {
struct DescribeEntries : tx::impl::DescribeEntriesBase<DescribeEntries> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::StringSet<> names;
    KernelWork packed;
    for (auto function : module.getOps<func::FuncOp>()) {
      auto name = function->getAttrOfType<StringAttr>(kEntryAttrName);
      if (!name)
        continue;
      if (!names.insert(name.getValue()).second) {
        function.emitOpError() << "is the second entry called " << name;
        return signalPassFailure();
      }
      if (failed(describeEntry(function, module)))
        return signalPassFailure();
      if (name.getValue() == "packed") {
        FailureOr<KernelWork> work = sumWork(function, module);
        if (failed(work))
          return signalPassFailure();
        packed = std::move(*work);
      }
    }
    module->setAttr(kKernelsAttrName, listKernels(module, packed));
  }
};
} // namespace
