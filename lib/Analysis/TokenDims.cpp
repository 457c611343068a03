//===- TokenDims.cpp - What the dynamic sizes of an entry are -------------===//
//
// One walk in program order. A call is evaluated by walking the kernel's body
// with the sizes of the call's operands; static sizes of types must agree with
// what is derived and stand where nothing is, so a kernel may lose channel
// counts that its calls know.
//
//===----------------------------------------------------------------------===//

#include "tx/Analysis/TokenDims.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tx;

using Kind = DimSymbol::Kind;
using Dims = SmallVector<DimSymbol>;

std::string DimSymbol::str() const {
  switch (kind) {
  case Kind::Static:
    return std::to_string(size);
  case Kind::Tokens:
    return "tokens";
  case Kind::Sequences:
    return "sequences";
  case Kind::SequencesPlus1:
    return "sequences + 1";
  case Kind::PaddedLength:
    return "padded length";
  case Kind::Tiles:
    return "tiles of " + std::to_string(rows) + " rows";
  case Kind::Unknown:
    return "unknown";
  }
  llvm_unreachable("all kinds are named");
}

//===----------------------------------------------------------------------===//
// Rules of ops
//===----------------------------------------------------------------------===//

namespace {
/// Sizes of the values of one block, filled in program order.
class BlockDims {
public:
  explicit BlockDims(DenseMap<Value, Dims> &dims) : dims(dims) {}

  /// `value` is the mask of a padded entry.
  void addMask(Value value) { masks.insert(value); }
  /// `value` is returned to a call, as a result of `type`.
  void addReturned(Value value, RankedTensorType type) {
    returned[value] = type;
  }
  /// Derives the sizes of `op`'s results.
  LogicalResult visit(Operation *op);

private:
  /// The derived sizes of each result, before types are taken into account.
  FailureOr<SmallVector<Dims>> derive(Operation *op);
  FailureOr<SmallVector<Dims>> deriveCall(tx::CallOp call);

  ArrayRef<DimSymbol> get(Value value) const {
    return dims.find(value)->second;
  }
  DimSymbol getRows(Value value) const { return get(value)[0]; }
  DimSymbol getColumns(Value value) const { return get(value)[1]; }
  /// The channels that `slice` takes; those of a kernel only the call knows.
  DimSymbol getTaken(SliceOp slice) const;

  /// Emits an error unless `offsets` has one entry more than sequences.
  LogicalResult checkOffsets(Operation *op, Value offsets) const;
  /// Emits an error unless both values have the same number of rows.
  LogicalResult checkRows(Operation *op, Value lhs, Value rhs) const;
  /// Emits an error if two sizes that must agree are known to differ.
  LogicalResult checkSizes(Operation *op, DimSymbol left, StringRef leftName,
                           DimSymbol right, StringRef rightName) const;
  LogicalResult checkLinear(LinearOp linear) const;
  LogicalResult checkSlice(SliceOp slice) const;
  /// Emits an error unless heads divide channels and agree in size.
  LogicalResult checkHeads(AttentionOp attention) const;
  /// Emits an error unless `value` counts tokens.
  LogicalResult checkTokens(Operation *op, Value value) const;
  /// Emits an error unless `mask` is that of the entry.
  LogicalResult checkMask(Operation *op, Value mask) const;
  LogicalResult check(Operation *op) const;

  DenseMap<Value, Dims> &dims;
  DenseSet<Value> masks;
  DenseMap<Value, RankedTensorType> returned;
};
} // namespace

static DimSymbol unknown() { return DimSymbol(); }

DimSymbol BlockDims::getTaken(SliceOp slice) const {
  auto found = returned.find(slice.getResult());
  RankedTensorType type =
      found == returned.end() ? slice.getResult().getType() : found->second;
  if (type.getRank() == 1)
    return DimSymbol::getStatic(1);
  return type.isDynamicDim(1) ? unknown()
                              : DimSymbol::getStatic(type.getDimSize(1));
}

LogicalResult BlockDims::checkOffsets(Operation *op, Value offsets) const {
  DimSymbol rows = getRows(offsets);
  if (rows.kind == Kind::SequencesPlus1)
    return success();
  return op->emitOpError("takes offsets of size ")
         << rows.str() << ", expected sequences + 1 (the entry's argument "
         << "named \"offsets\" or the offsets of tx.pack_tokens)";
}

LogicalResult BlockDims::checkRows(Operation *op, Value lhs, Value rhs) const {
  DimSymbol left = getRows(lhs), right = getRows(rhs);
  if (left == right)
    return success();
  return op->emitOpError("mixes values with different numbers of rows: ")
         << left.str() << " and " << right.str();
}

LogicalResult BlockDims::checkSizes(Operation *op, DimSymbol left,
                                    StringRef leftName, DimSymbol right,
                                    StringRef rightName) const {
  if (left == right || left.kind == Kind::Unknown ||
      right.kind == Kind::Unknown)
    return success();
  return op->emitOpError("has ") << left.str() << " " << leftName << ", but "
                                 << right.str() << " " << rightName;
}

LogicalResult BlockDims::checkLinear(LinearOp linear) const {
  Value weight = linear.getWeight(), bias = linear.getBias();
  if (failed(checkSizes(linear, getColumns(linear.getX()), "channels of x",
                        getColumns(weight), "columns of the weight")))
    return failure();
  return bias ? checkSizes(linear, getRows(bias), "entries of the bias",
                           getRows(weight), "rows of the weight")
              : success();
}

LogicalResult BlockDims::checkSlice(SliceOp slice) const {
  DimSymbol channels = getColumns(slice.getX()), taken = getTaken(slice);
  auto offset = static_cast<int64_t>(slice.getOffset());
  int64_t atLeast = taken.isStatic() ? taken.size : 0;
  if (!channels.isStatic() ||
      (offset <= channels.size && atLeast <= channels.size - offset))
    return success();
  return slice.emitOpError("takes ")
         << taken.str() << " channels from channel " << offset
         << " on, but x has " << channels.str();
}

/// Channels that a head has, of `heads` that divide them.
static DimSymbol getHeadSize(DimSymbol channels, int64_t heads) {
  return channels.isStatic() ? DimSymbol::getStatic(channels.size / heads)
                             : unknown();
}

LogicalResult BlockDims::checkHeads(AttentionOp attention) const {
  auto heads = static_cast<int64_t>(attention.getNumHeads());
  auto kvHeads = static_cast<int64_t>(attention.getNumKvHeads());
  std::pair<Value, int64_t> operands[] = {{attention.getQuery(), heads},
                                          {attention.getKey(), kvHeads},
                                          {attention.getValue(), kvHeads}};
  for (auto [value, count] : operands)
    if (DimSymbol channels = getColumns(value);
        channels.isStatic() && channels.size % count != 0)
      return attention.emitOpError("has an operand with ")
             << channels.str() << " channels, not a multiple of its " << count
             << " heads";
  return checkSizes(
      attention, getHeadSize(getColumns(attention.getQuery()), heads),
      "channels a head in the query",
      getHeadSize(getColumns(attention.getKey()), kvHeads), "in the key");
}

LogicalResult BlockDims::checkTokens(Operation *op, Value value) const {
  DimSymbol rows = getRows(value);
  if (rows.kind == Kind::Tokens)
    return success();
  return op->emitOpError("takes a value with one row for each of the ")
         << rows.str() << ", expected one for each token";
}

LogicalResult BlockDims::checkMask(Operation *op, Value mask) const {
  if (masks.contains(mask))
    return success();
  return op->emitOpError("takes another mask than the argument named "
                         "\"attention_mask\" of a padded entry; a call has "
                         "one number of tokens");
}

/// What a family of ops demands of its operands' sizes.
LogicalResult BlockDims::check(Operation *op) const {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<AddOp, MulOp>([&](auto binary) {
        Value lhs = binary.getLhs(), rhs = binary.getRhs();
        return success(
            succeeded(checkRows(op, lhs, rhs)) &&
            succeeded(checkSizes(op, getColumns(lhs), "channels of one operand",
                                 getColumns(rhs), "of the other")));
      })
      .Case([&](LinearOp linear) { return checkLinear(linear); })
      .Case<LayerNormOp, RmsNormOp>([&](auto norm) {
        for (Value vector : norm->getOperands().drop_front())
          if (failed(checkSizes(op, getColumns(norm.getX()), "channels of x",
                                getRows(vector),
                                "entries of its weight or bias")))
            return failure();
        return success();
      })
      .Case([&](SliceOp slice) { return checkSlice(slice); })
      .Case([&](AttentionOp attention) {
        return success(
            succeeded(checkOffsets(op, attention.getQueryOffsets())) &&
            succeeded(checkOffsets(op, attention.getKeyOffsets())) &&
            succeeded(checkTokens(op, attention.getQuery())) &&
            succeeded(checkTokens(op, attention.getKey())) &&
            succeeded(checkTokens(op, attention.getValue())) &&
            succeeded(checkHeads(attention)));
      })
      .Case([&](PoolOp pool) {
        return success(succeeded(checkOffsets(op, pool.getOffsets())) &&
                       succeeded(checkTokens(op, pool.getX())));
      })
      .Case([&](PackTokensOp pack) {
        for (Value input : pack.getInputs())
          for (auto [size, needed] : llvm::zip(get(input), get(pack.getMask())))
            if (failed(checkSizes(op, size, "rows or columns of an input",
                                  needed, "of the mask")))
              return failure();
        return checkMask(op, pack.getMask());
      })
      .Case([&](UnpackTokensOp unpack) {
        return success(succeeded(checkOffsets(op, unpack.getOffsets())) &&
                       succeeded(checkTokens(op, unpack.getTokens())) &&
                       succeeded(checkMask(op, unpack.getMask())));
      })
      .Case([&](PositionsOp positions) {
        return success(succeeded(checkOffsets(op, positions.getOffsets())) &&
                       succeeded(checkTokens(op, positions.getIds())));
      })
      .Case(
          [&](PlanTilesOp plan) { return checkOffsets(op, plan.getOffsets()); })
      .Default([](Operation *) { return success(); });
}

FailureOr<SmallVector<Dims>> BlockDims::derive(Operation *op) {
  using Result = FailureOr<SmallVector<Dims>>;
  auto one = [](Dims result) -> Result { return SmallVector<Dims>{result}; };
  return TypeSwitch<Operation *, Result>(op)
      .Case<ParamOp, CastOp, PackOp>([&](auto param) {
        return one(Dims(param.getType().getRank(), unknown()));
      })
      .Case([&](LinearOp linear) {
        return one({getRows(linear.getX()), getRows(linear.getWeight())});
      })
      .Case([&](EmbeddingOp embedding) {
        return one({getRows(embedding.getIndices()),
                    getColumns(embedding.getTable())});
      })
      .Case<LayerNormOp, RmsNormOp, SoftmaxOp, NormalizeOp, ActivationOp,
            FfnOp>([&](auto rowWise) {
        bool same = !isa<FfnOp>(op);
        return one({getRows(rowWise.getX()),
                    same ? getColumns(rowWise.getX()) : unknown()});
      })
      .Case<AddOp, MulOp>(
          [&](auto binary) { return one(Dims(get(binary.getLhs()))); })
      .Case([&](SliceOp slice) {
        Dims result{getRows(slice.getX()), getTaken(slice)};
        result.resize(slice.getType().getRank());
        return one(result);
      })
      .Case([&](AttentionOp attention) {
        auto heads = static_cast<int64_t>(attention.getNumHeads());
        auto kvHeads = static_cast<int64_t>(attention.getNumKvHeads());
        DimSymbol channels =
            getHeadSize(getColumns(attention.getValue()), kvHeads);
        channels.size *= heads;
        return one({getRows(attention.getQuery()), channels});
      })
      .Case([&](PackTokensOp pack) -> Result {
        SmallVector<Dims> results(pack->getNumResults(),
                                  {DimSymbol::get(Kind::Tokens)});
        results[pack.getPacked().size()] = {
            DimSymbol::get(Kind::SequencesPlus1)};
        return results;
      })
      .Case([&](UnpackTokensOp unpack) {
        Dims result(get(unpack.getMask()));
        ArrayRef<DimSymbol> tokens = get(unpack.getTokens());
        result.append(tokens.begin() + 1, tokens.end());
        return one(result);
      })
      .Case([&](PositionsOp positions) {
        return one(Dims(get(positions.getIds())));
      })
      .Case([&](PlanTilesOp plan) {
        DimSymbol tiles{Kind::Tiles, 0, plan.getOffsets(),
                        static_cast<int64_t>(plan.getRows())};
        return one({tiles, DimSymbol::getStatic(2)});
      })
      .Case([&](PoolOp pool) {
        return one({DimSymbol::get(Kind::Sequences), getColumns(pool.getX())});
      })
      .Case([&](tx::CallOp call) { return deriveCall(call); })
      .Default([](Operation *op) -> Result {
        return op->emitOpError("has results whose sizes cannot be derived: ")
               << "an entry may hold tx ops only";
      });
}

/// Lets the static sizes of `type` stand where nothing is derived; emits an
/// error where they differ from what is.
static LogicalResult applyType(Operation *op, StringRef what, Type type,
                               Dims &symbols) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(type).getShape();
  for (auto [dim, size] : llvm::enumerate(shape)) {
    DimSymbol &symbol = symbols[dim];
    if (ShapedType::isDynamic(size))
      continue;
    if (symbol.kind != Kind::Unknown && !symbol.isStatic())
      return op->emitOpError("has ")
             << what << " with a static size of " << size
             << " where the call decides (" << symbol.str() << ")";
    if (symbol.isStatic() && symbol.size != size)
      return op->emitOpError("has ")
             << what << " with a static size of " << size << " in dimension "
             << dim << ", but its operands make " << symbol.size;
    symbol = DimSymbol::getStatic(size);
  }
  return success();
}

FailureOr<SmallVector<Dims>> BlockDims::deriveCall(tx::CallOp call) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(
      call, call.getKernelAttr());
  if (!kernel)
    return call.emitOpError("calls the code of a kernel, of which no sizes can "
                            "be derived");
  Block &body = kernel.getBody().front();
  DenseMap<Value, Dims> inner;
  BlockDims bodyDims(inner);
  for (auto [argument, operand] :
       llvm::zip(body.getArguments(), call.getOperands())) {
    Dims symbols(get(operand));
    if (failed(applyType(call, "a kernel's argument", argument.getType(),
                         symbols)))
      return failure();
    inner[argument] = std::move(symbols);
    if (masks.contains(operand))
      bodyDims.addMask(argument);
  }
  for (auto [value, result] :
       llvm::zip(body.getTerminator()->getOperands(), call.getResults()))
    bodyDims.addReturned(value, cast<RankedTensorType>(result.getType()));
  for (Operation &op : body.without_terminator())
    if (failed(bodyDims.visit(&op))) {
      InFlightDiagnostic note = call.emitOpError("calls ");
      return note << call.getKernelAttr()
                  << " with operands whose sizes do not fit it";
    }

  SmallVector<Dims> results;
  for (Value returned : body.getTerminator()->getOperands()) {
    Dims result(inner[returned]);
    for (DimSymbol &symbol : result) {
      if (symbol.kind != Kind::Tiles)
        continue;
      // A plan is named by the caller's offsets, if it has any.
      auto argument = dyn_cast<BlockArgument>(symbol.offsets);
      if (!argument || argument.getOwner() != &body)
        symbol = unknown();
      else
        symbol.offsets = call.getOperands()[argument.getArgNumber()];
    }
    results.push_back(result);
  }
  return results;
}

LogicalResult BlockDims::visit(Operation *op) {
  if (failed(check(op)))
    return failure();
  FailureOr<SmallVector<Dims>> derived = derive(op);
  if (failed(derived))
    return failure();
  for (auto [result, symbols] : llvm::zip(op->getResults(), *derived)) {
    if (failed(applyType(op, "a result", result.getType(), symbols)))
      return failure();
    dims[result] = std::move(symbols);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

/// Sizes of an argument, by the kind of the entry.
static FailureOr<Dims> getArgumentDims(func::FuncOp entry, unsigned index,
                                       bool padded) {
  auto type = dyn_cast<RankedTensorType>(entry.getArgument(index).getType());
  if (!type)
    return entry.emitOpError("has argument ")
           << index << " of type " << entry.getArgument(index).getType()
           << ", expected a ranked tensor";
  auto name = entry.getArgAttrOfType<StringAttr>(index, kNameAttrName);
  bool isOffsets = !padded && name && name.getValue() == "offsets";
  Kind kinds[] = {padded      ? Kind::Sequences
                  : isOffsets ? Kind::SequencesPlus1
                              : Kind::Tokens,
                  padded ? Kind::PaddedLength : Kind::Unknown};
  Dims dims;
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    if (!ShapedType::isDynamic(size)) {
      dims.push_back(DimSymbol::getStatic(size));
      continue;
    }
    Kind kind = dim < 2 ? kinds[dim] : Kind::Unknown;
    if (kind == Kind::Unknown)
      return entry.emitOpError("has argument ")
             << index << " of type " << type << ", whose dimension " << dim
             << " must be static";
    dims.push_back(DimSymbol::get(kind));
  }
  return dims;
}

FailureOr<TokenDims> TokenDims::compute(func::FuncOp entry) {
  auto kind = entry->getAttrOfType<StringAttr>(kEntryAttrName);
  if (!kind || (kind != "packed" && kind != "padded"))
    return entry.emitOpError("expects ")
           << kEntryAttrName << " to be \"packed\" or \"padded\"";
  if (!entry.getBody().hasOneBlock())
    return entry.emitOpError("expects a body of one block");

  TokenDims result;
  BlockDims body(result.dims);
  for (unsigned index = 0; index < entry.getNumArguments(); ++index) {
    FailureOr<Dims> dims = getArgumentDims(entry, index, kind == "padded");
    if (failed(dims))
      return failure();
    result.dims[entry.getArgument(index)] = std::move(*dims);
    auto name = entry.getArgAttrOfType<StringAttr>(index, kNameAttrName);
    if (kind == "padded" && name && name.getValue() == "attention_mask")
      body.addMask(entry.getArgument(index));
  }
  for (Operation &op : entry.getBody().front().without_terminator()) {
    if (failed(body.visit(&op)))
      return failure();
    for (Value value : op.getResults())
      for (auto [dim, symbol] : llvm::enumerate(result.getDims(value)))
        if (symbol.kind == Kind::Unknown)
          return op.emitOpError("has a result whose dimension ")
                 << dim << " is neither static nor derived from the operands";
  }
  return result;
}

ArrayRef<DimSymbol> TokenDims::getDims(Value value) const {
  auto found = dims.find(value);
  assert(found != dims.end() && "not a value of the entry");
  return found->second;
}
