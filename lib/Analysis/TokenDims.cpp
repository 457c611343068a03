//===- TokenDims.cpp - What the dynamic sizes of an entry are -------------===//
//
// One walk in program order. A call is evaluated by walking the kernel's body
// with the sizes of the call's operands; static sizes of types always win over
// what is derived, so a kernel may lose channel counts that its calls know.
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

  /// Emits an error unless `offsets` has one entry more than sequences.
  LogicalResult checkOffsets(Operation *op, Value offsets) const;
  /// Emits an error unless both values have the same number of rows.
  LogicalResult checkRows(Operation *op, Value lhs, Value rhs) const;
  /// Emits an error unless `value` counts tokens.
  LogicalResult checkTokens(Operation *op, Value value) const;
  /// Emits an error unless `mask` is that of the entry.
  LogicalResult checkMask(Operation *op, Value mask) const;
  LogicalResult check(Operation *op) const;

  DenseMap<Value, Dims> &dims;
  DenseSet<Value> masks;
};
} // namespace

static DimSymbol unknown() { return DimSymbol(); }

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
        return checkRows(op, binary.getLhs(), binary.getRhs());
      })
      .Case([&](AttentionOp attention) {
        return success(
            succeeded(checkOffsets(op, attention.getQueryOffsets())) &&
            succeeded(checkOffsets(op, attention.getKeyOffsets())) &&
            succeeded(checkTokens(op, attention.getQuery())) &&
            succeeded(checkTokens(op, attention.getKey())) &&
            succeeded(checkTokens(op, attention.getValue())));
      })
      .Case([&](PoolOp pool) {
        return success(succeeded(checkOffsets(op, pool.getOffsets())) &&
                       succeeded(checkTokens(op, pool.getX())));
      })
      .Case([&](PackTokensOp pack) { return checkMask(op, pack.getMask()); })
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
        return one(
            {getRows(embedding.getIndices()), get(embedding.getTable())[1]});
      })
      .Case<LayerNormOp, RmsNormOp, SoftmaxOp, NormalizeOp, ActivationOp,
            FfnOp>([&](auto rowWise) {
        bool same = !isa<FfnOp>(op);
        return one({getRows(rowWise.getX()),
                    same ? get(rowWise.getX())[1] : unknown()});
      })
      .Case<AddOp, MulOp>(
          [&](auto binary) { return one(Dims(get(binary.getLhs()))); })
      .Case([&](SliceOp slice) {
        Dims result(slice.getType().getRank(), unknown());
        result[0] = getRows(slice.getX());
        return one(result);
      })
      .Case([&](AttentionOp attention) {
        return one({getRows(attention.getQuery()), unknown()});
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
        return one({DimSymbol::get(Kind::Sequences), get(pool.getX())[1]});
      })
      .Case([&](tx::CallOp call) { return deriveCall(call); })
      .Default([](Operation *op) -> Result {
        return op->emitOpError("has results whose sizes cannot be derived: ")
               << "an entry may hold tx ops only";
      });
}

FailureOr<SmallVector<Dims>> BlockDims::deriveCall(tx::CallOp call) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(
      call, call.getKernelAttr());
  Block &body = kernel.getBody().front();
  DenseMap<Value, Dims> inner;
  BlockDims bodyDims(inner);
  for (auto [argument, operand] :
       llvm::zip(body.getArguments(), call.getOperands())) {
    inner[argument] = Dims(get(operand));
    if (masks.contains(operand))
      bodyDims.addMask(argument);
  }
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
    auto type = cast<RankedTensorType>(result.getType());
    for (auto [size, symbol] : llvm::zip(type.getShape(), symbols)) {
      if (ShapedType::isDynamic(size))
        continue;
      if (symbol.kind != Kind::Unknown && !symbol.isStatic())
        return op->emitOpError("has a result with a static size of ")
               << size << " where the call decides (" << symbol.str() << ")";
      symbol = DimSymbol::getStatic(size);
    }
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
