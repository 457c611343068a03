//===- EntryBuilder.cpp - Code of an entry --------------------------------===//
//
// Straight-line code on a `tx_call` (tx_program.h). Sizes that only the run
// knows become values: the token count of a padded batch is read from the
// offsets once its packing kernel has run, the number of attention tiles is
// counted from the offsets before the kernel that lists them runs.
//
//===----------------------------------------------------------------------===//

#include "EntryBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tx/Runtime/tx_program.h"
#include <cstddef>

using namespace mlir;
using namespace tx;

EntryBuilder::EntryBuilder(func::FuncOp entry, const EntrySignature &signature,
                           const llvm::StringMap<int64_t> &kernels,
                           WeightPlan &weights)
    : entry(entry), signature(signature), kernels(kernels), weights(weights),
      builder(entry), loc(entry.getLoc()), i32(builder.getI32Type()),
      i64(builder.getI64Type()),
      pointer(LLVM::LLVMPointerType::get(builder.getContext())),
      knowsTokens(!signature.isPadded()) {}

//===----------------------------------------------------------------------===//
// Arithmetic and memory
//===----------------------------------------------------------------------===//

Value EntryBuilder::constant(int64_t value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getI64IntegerAttr(value));
}

Value EntryBuilder::add(Value x, Value y) {
  return arith::AddIOp::create(builder, loc, x, y);
}

Value EntryBuilder::mul(Value x, Value y) {
  return arith::MulIOp::create(builder, loc, x, y);
}

/// `x` rounded up to a multiple of 16.
Value EntryBuilder::roundUp(Value x) {
  return arith::AndIOp::create(builder, loc, add(x, constant(15)),
                               constant(-16));
}

/// `pointer` and `bytes` behind it.
Value EntryBuilder::advance(Value base, Value bytes) {
  return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base,
                             ArrayRef<LLVM::GEPArg>{bytes});
}

Value EntryBuilder::load(Type type, Value base, int64_t offset) {
  Value address = base;
  if (offset != 0)
    address = LLVM::GEPOp::create(
        builder, loc, pointer, builder.getI8Type(), base,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
  return LLVM::LoadOp::create(builder, loc, type, address);
}

/// offsets[index] as i64.
Value EntryBuilder::loadOffset(Value offsets, Value index) {
  Value address = LLVM::GEPOp::create(builder, loc, pointer, i32, offsets,
                                      ArrayRef<LLVM::GEPArg>{index});
  Value offset = LLVM::LoadOp::create(builder, loc, i32, address);
  return arith::ExtSIOp::create(builder, loc, i64, offset);
}

/// The sum over sequences of ceil(length / rows).
Value EntryBuilder::countTiles(Value offsets, int64_t rows) {
  Value zero = constant(0), one = constant(1);
  auto loop = scf::ForOp::create(builder, loc, zero, sequences, one,
                                 ValueRange{zero, zero});
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value begin = loop.getRegionIterArg(1);
  Value end = loadOffset(offsets, add(loop.getInductionVar(), one));
  Value count = arith::SubIOp::create(builder, loc, end, begin);
  Value tiles = arith::DivUIOp::create(
      builder, loc, add(count, constant(rows - 1)), constant(rows));
  scf::YieldOp::create(builder, loc,
                       ValueRange{add(loop.getRegionIterArg(0), tiles), end});
  return loop.getResult(0);
}

//===----------------------------------------------------------------------===//
// Where values are
//===----------------------------------------------------------------------===//

void EntryBuilder::readCall(Value call) {
  pool = load(pointer, call, offsetof(tx_call, pool));
  parallelFor = load(pointer, call, offsetof(tx_call, parallel_for));
  inputs = load(pointer, call, offsetof(tx_call, inputs));
  outputs = load(pointer, call, offsetof(tx_call, outputs));
  Value sizes = load(pointer, call, offsetof(tx_call, dims));
  Value workspace = load(pointer, call, offsetof(tx_call, workspace));
  weightsBase = load(pointer, call, offsetof(tx_call, weights));
  tokens = load(i64, sizes, 0);
  sequences = load(i64, sizes, 8);
  length = load(i64, sizes, 16);
  sequencesPlus = add(sequences, constant(1));

  // A padded call has room for B * S tokens, whatever the mask leaves of them.
  auto bytes = entry->getAttrOfType<WorkspaceAttr>(kWorkspaceAttrName);
  tokenUnits = roundUp(tokens);
  sequenceUnits = roundUp(sequencesPlus);
  tokenArena = workspace;
  sequenceArena =
      advance(tokenArena, mul(tokenUnits, constant(bytes.getToken())));
  fixedArena =
      advance(sequenceArena, mul(sequenceUnits, constant(bytes.getSequence())));
}

/// The value of a size: the number itself or what a TX_DIM_ code stands for.
Value EntryBuilder::getSize(int64_t code) {
  switch (code) {
  case TX_DIM_TOKENS:
    return tokens;
  case TX_DIM_SEQUENCES:
    return sequences;
  case TX_DIM_SEQUENCES_PLUS:
    return sequencesPlus;
  case TX_DIM_LENGTH:
    return length;
  default:
    return constant(code);
  }
}

void EntryBuilder::placeArguments() {
  for (auto [argument, input] :
       llvm::zip_equal(entry.getArguments(), signature.inputs)) {
    Place &place = places[argument];
    place.address = load(pointer, inputs, argument.getArgNumber() * 8);
    for (int64_t code : input.shape)
      place.sizes.push_back(getSize(code));
  }
}

void EntryBuilder::placeParam(Value value) {
  Place &place = places[value];
  place.address = advance(weightsBase, constant(weights.getOffset(value)));
  for (int64_t size : cast<RankedTensorType>(value.getType()).getShape())
    place.sizes.push_back(constant(size));
}

FailureOr<Value> EntryBuilder::getAddress(CallOp call, PlaceAttr place) {
  Value offset = constant(place.getOffset());
  switch (place.getKind()) {
  case DimKind::Fixed:
    return advance(fixedArena, offset);
  case DimKind::Token:
    return advance(tokenArena, mul(tokenUnits, offset));
  case DimKind::Sequence:
    return advance(sequenceArena, mul(sequenceUnits, offset));
  case DimKind::Output:
    if (place.getOffset() >= entry.getNumResults())
      return call.emitOpError()
             << "places a result in output " << place.getOffset()
             << ", but the entry has " << entry.getNumResults();
    return load(pointer, outputs, place.getOffset() * 8);
  }
  llvm_unreachable("unknown kind of place");
}

/// Whether `call` has what tx-plan-memory and tx-describe-entries add.
static bool isDescribed(tx::CallOp call) {
  auto sizes = call->getAttrOfType<ArrayAttr>(kSizesAttrName);
  auto tiles = call->getAttrOfType<DenseI64ArrayAttr>(kTilesAttrName);
  bool hasTiles = tiles && tiles.size() == 2 && tiles[0] >= 0 &&
                  tiles[0] < call.getNumOperands() && tiles[1] > 0;
  if (!call.getPlacesAttr() || !sizes || sizes.size() != call.getNumResults() ||
      call.getPlacesAttr().size() != call.getNumResults())
    return false;
  for (auto [result, attribute] : llvm::zip(call.getResults(), sizes)) {
    auto codes = dyn_cast<DenseI64ArrayAttr>(attribute);
    if (!codes ||
        codes.size() != cast<RankedTensorType>(result.getType()).getRank() ||
        (llvm::is_contained(codes.asArrayRef(), kDimTiles) && !hasTiles))
      return false;
  }
  return llvm::all_of(call.getPlacesAttr(), llvm::IsaPred<PlaceAttr>);
}

/// Sizes of result number `index`.
static ArrayRef<int64_t> getCodes(tx::CallOp call, unsigned index) {
  auto sizes = call->getAttrOfType<ArrayAttr>(kSizesAttrName);
  return cast<DenseI64ArrayAttr>(sizes[index]).asArrayRef();
}

/// Gives the results of `call` their addresses and sizes.
LogicalResult EntryBuilder::placeResults(tx::CallOp call) {
  if (!isDescribed(call))
    return call.emitOpError(
        "has no places or sizes; run tx-plan-memory and tx-describe-entries");
  for (OpResult result : call->getResults()) {
    unsigned index = result.getResultNumber();
    Place place;
    FailureOr<Value> address =
        getAddress(call, cast<PlaceAttr>(call.getPlacesAttr()[index]));
    if (failed(address))
      return failure();
    place.address = *address;
    for (int64_t code : getCodes(call, index)) {
      if (code != kDimTiles) {
        place.sizes.push_back(getSize(code));
        continue;
      }
      auto tiles = call->getAttrOfType<DenseI64ArrayAttr>(kTilesAttrName);
      Value offsets = places[call.getOperand(tiles[0])].address;
      place.sizes.push_back(countTiles(offsets, tiles[1]));
    }
    places[result] = std::move(place);
  }
  return success();
}

/// After the call that packs a padded batch the number of tokens is known: the
/// last entry of the offsets it wrote.
void EntryBuilder::readTokenCount(tx::CallOp call) {
  auto isOffsets = [&](OpResult result) {
    return getCodes(call, result.getResultNumber()) ==
           ArrayRef<int64_t>{TX_DIM_SEQUENCES_PLUS};
  };
  auto offsets = llvm::find_if(call->getResults(), isOffsets);
  if (offsets == call->getResults().end())
    return;
  tokens = loadOffset(places[*offsets].address, sequences);
  knowsTokens = true;
  // The other results are as long as what was packed.
  for (OpResult result : call->getResults())
    for (auto [size, code] : llvm::zip_equal(
             places[result].sizes, getCodes(call, result.getResultNumber())))
      if (code == TX_DIM_TOKENS)
        size = tokens;
}

LogicalResult EntryBuilder::buildCall(tx::CallOp call) {
  for (Value operand : call.getOperands())
    if (!places.count(operand)) {
      if (!isParamExpression(operand))
        return call.emitOpError("has an operand that is neither a parameter "
                                "nor the result of a call");
      placeParam(operand);
    }
  if (failed(placeResults(call)))
    return failure();

  int64_t at = 0;
  auto store = [&](Value word) {
    Value slot = advance(words, constant(8 * at++));
    LLVM::StoreOp::create(builder, loc, word, slot);
  };
  for (ValueRange values :
       {ValueRange(call.getOperands()), ValueRange(call.getResults())})
    for (Value value : values) {
      const Place &place = places.find(value)->second;
      store(place.address);
      for (Value size : place.sizes)
        store(size);
    }

  StringRef kernel = call.getKernel();
  Value items = func::CallOp::create(builder, loc, (kernel + "_items").str(),
                                     TypeRange(i64), ValueRange(words))
                    .getResult(0);
  auto type =
      FunctionType::get(builder.getContext(), {pointer, i64, i64, pointer}, {});
  Value function = func::ConstantOp::create(
      builder, loc, type, SymbolRefAttr::get(builder.getContext(), kernel));
  Value code = UnrealizedConversionCastOp::create(builder, loc, pointer,
                                                  ValueRange(function))
                   .getResult(0);
  auto runType =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()),
                                  {pointer, pointer, pointer, i64, i64});
  LLVM::CallOp::create(builder, loc, runType,
                       ValueRange{parallelFor, pool, code, words, items,
                                  constant(kernels.lookup(kernel))});
  if (knowsTokens)
    return success();
  readTokenCount(call);
  for (unsigned i = 0; !knowsTokens && i < call.getNumResults(); ++i)
    if (llvm::is_contained(getCodes(call, i), TX_DIM_TOKENS))
      return call.emitOpError("has a result with a row for each token before "
                              "offsets say how many there are; expected the "
                              "offsets of tx.pack_tokens among the results of "
                              "this call or an earlier one");
  return success();
}

//===----------------------------------------------------------------------===//
// The entry
//===----------------------------------------------------------------------===//

/// The most words that the arguments of one call take.
static int64_t countWords(func::FuncOp entry) {
  int64_t most = 1;
  for (auto call : entry.getOps<tx::CallOp>()) {
    int64_t words = 0;
    for (Type type : call->getOperandTypes())
      words += 1 + cast<RankedTensorType>(type).getRank();
    for (Type type : call->getResultTypes())
      words += 1 + cast<RankedTensorType>(type).getRank();
    most = std::max(most, words);
  }
  return most;
}

FailureOr<func::FuncOp> EntryBuilder::build() {
  auto function = func::FuncOp::create(builder, loc,
                                       (entry.getSymName() + "_lowered").str(),
                                       builder.getFunctionType({pointer}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  words = LLVM::AllocaOp::create(builder, loc, pointer, i64,
                                 constant(countWords(entry)), 64);
  readCall(function.getArgument(0));
  auto fail = [&]() -> FailureOr<func::FuncOp> {
    function.erase();
    return failure();
  };
  placeArguments();
  for (Operation &op : entry.getBody().front()) {
    if (auto call = dyn_cast<tx::CallOp>(op)) {
      if (failed(buildCall(call)))
        return fail();
    } else if (!isa<ParamOp, CastOp, PackOp, func::ReturnOp>(op)) {
      op.emitOpError("is left in an entry, which must consist of kernel calls "
                     "and parameters; run phases fuse and schedule first");
      return fail();
    }
  }
  func::ReturnOp::create(builder, loc);
  return function;
}
