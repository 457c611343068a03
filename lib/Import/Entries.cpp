//===- Entries.cpp - @encoder, @packed and @padded ------------------------===//

#include "Entries.h"

using namespace mlir;
using namespace tx;

static constexpr llvm::StringLiteral kEncoderName = "encoder";

/// A tensor of i32 with `rank` dimensions known at run time.
static RankedTensorType getIndices(OpBuilder &builder, int64_t rank = 1) {
  SmallVector<int64_t> shape(rank, ShapedType::kDynamic);
  return RankedTensorType::get(shape, builder.getI32Type());
}

//===----------------------------------------------------------------------===//
// @encoder
//===----------------------------------------------------------------------===//

EncoderFunction tx::beginEncoder(OpBuilder &builder, bool hasTypes) {
  SmallVector<StringRef> names = {"ids"};
  if (hasTypes)
    names.push_back("types");
  names.append({"positions", "offsets"});
  SmallVector<Type> types(names.size(), getIndices(builder));
  auto function = func::FuncOp::create(
      builder, NameLoc::get(builder.getStringAttr(kEncoderName)), kEncoderName,
      builder.getFunctionType(types, {}));
  function.setPrivate();
  Block *block = function.addEntryBlock();
  for (auto [argument, name] : llvm::zip(block->getArguments(), names))
    argument.setLoc(NameLoc::get(builder.getStringAttr(name)));
  builder.setInsertionPointToEnd(block);
  ValueRange arguments = block->getArguments();
  return {function,
          {arguments[0], hasTypes ? arguments[1] : Value(),
           arguments.drop_back().back(), arguments.back()}};
}

void tx::endEncoder(OpBuilder &builder, EncoderFunction function,
                    ArrayRef<Output> outputs) {
  auto values = llvm::map_to_vector(
      outputs, [](const Output &output) { return output.value; });
  func::ReturnOp::create(builder, function.op.getLoc(), values);
  function.op.setType(builder.getFunctionType(function.op.getArgumentTypes(),
                                              ValueRange(values).getTypes()));
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

namespace {
/// Builds one public function.
class EntryBuilder {
public:
  EntryBuilder(ModuleOp module, const ModelConfig &config,
               ArrayRef<Output> outputs)
      : builder(module.getContext()), config(config), outputs(outputs) {
    builder.setInsertionPointToEnd(module.getBody());
  }

  void buildPacked();
  void buildPadded();

private:
  void begin(StringRef name, ArrayRef<StringRef> argumentNames,
             int64_t argumentRank);
  Value argument(StringRef name);
  ValueRange callEncoder(Value ids, Value types, Value positions,
                         Value offsets);
  void end(ArrayRef<Value> results);
  IntegerAttr getPadId();

  OpBuilder builder;
  const ModelConfig &config;
  ArrayRef<Output> outputs;
  Location loc = builder.getUnknownLoc();
  func::FuncOp function;
};
} // namespace

/// Creates the function; its results' types are set at the end. All arguments
/// but the offsets have `argumentRank` dimensions.
void EntryBuilder::begin(StringRef name, ArrayRef<StringRef> argumentNames,
                         int64_t argumentRank) {
  auto types = llvm::map_to_vector(argumentNames, [&](StringRef argument) {
    return Type(getIndices(builder, argument == "offsets" ? 1 : argumentRank));
  });
  loc = NameLoc::get(builder.getStringAttr(name));
  function = func::FuncOp::create(builder, loc, name,
                                  builder.getFunctionType(types, {}));
  function->setAttr(kEntryAttrName, builder.getStringAttr(name));
  Block *block = function.addEntryBlock();
  for (auto [index, argument] : llvm::enumerate(argumentNames)) {
    StringAttr attribute = builder.getStringAttr(argument);
    function.setArgAttr(index, kNameAttrName, attribute);
    block->getArgument(index).setLoc(NameLoc::get(attribute));
  }
  builder.setInsertionPointToEnd(block);
}

/// The argument called `name`, or null.
Value EntryBuilder::argument(StringRef name) {
  for (BlockArgument argument : function.getArguments())
    if (function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                              kNameAttrName) == name)
      return argument;
  return {};
}

ValueRange EntryBuilder::callEncoder(Value ids, Value types, Value positions,
                                     Value offsets) {
  SmallVector<Value> operands = {ids};
  if (types)
    operands.push_back(types);
  operands.append({positions, offsets});
  auto resultTypes = llvm::map_to_vector(
      outputs, [](const Output &output) { return output.value.getType(); });
  return func::CallOp::create(builder, loc, kEncoderName, resultTypes, operands)
      .getResults();
}

void EntryBuilder::end(ArrayRef<Value> results) {
  func::ReturnOp::create(builder, loc, results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           ValueRange(results).getTypes()));
  for (auto [index, output] : llvm::enumerate(outputs))
    function.setResultAttr(index, kNameAttrName,
                           builder.getStringAttr(output.name));
  builder.setInsertionPointAfter(function);
}

/// What positions that skip padding need to know of it.
IntegerAttr EntryBuilder::getPadId() {
  return config.family->positions == PositionKind::NonPad
             ? builder.getI64IntegerAttr(config.padId)
             : IntegerAttr();
}

void EntryBuilder::buildPacked() {
  SmallVector<StringRef> names = {"input_ids"};
  if (config.family->hasTokenTypes())
    names.push_back("token_type_ids");
  names.push_back("offsets");
  begin("packed", names, /*argumentRank=*/1);
  Value ids = argument("input_ids"), offsets = argument("offsets");
  Location positionsLoc = NameLoc::get(builder.getStringAttr("positions"));
  Value positions = PositionsOp::create(
      builder, positionsLoc, ids.getType(),
      PositionKindAttr::get(builder.getContext(), config.family->positions),
      getPadId(), ids, offsets);
  end(llvm::to_vector(
      callEncoder(ids, argument("token_type_ids"), positions, offsets)));
}

void EntryBuilder::buildPadded() {
  SmallVector<StringRef> names = {"input_ids", "attention_mask"};
  if (config.family->hasTokenTypes())
    names.push_back("token_type_ids");
  begin("padded", names, /*argumentRank=*/2);
  Value mask = argument("attention_mask");
  SmallVector<Value> inputs = {argument("input_ids")};
  if (Value types = argument("token_type_ids"))
    inputs.push_back(types);
  SmallVector<Type> packedTypes(inputs.size(), getIndices(builder));
  auto pack = PackTokensOp::create(
      builder, NameLoc::get(builder.getStringAttr("pack")), packedTypes,
      getIndices(builder), getIndices(builder),
      PositionKindAttr::get(builder.getContext(), config.family->positions),
      getPadId(), mask, inputs);
  ValueRange packed = pack.getPacked();
  ValueRange values =
      callEncoder(packed.front(), packed.size() > 1 ? packed[1] : Value(),
                  pack.getPositions(), pack.getOffsets());
  SmallVector<Value> results;
  for (auto [value, output] : llvm::zip(values, outputs)) {
    if (!output.perToken) {
      results.push_back(value);
      continue;
    }
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.insert(shape.begin(), ShapedType::kDynamic);
    results.push_back(UnpackTokensOp::create(
        builder, NameLoc::get(builder.getStringAttr(output.name)),
        RankedTensorType::get(shape, type.getElementType()), value,
        pack.getOffsets(), mask));
  }
  end(results);
}

void tx::buildEntries(ModuleOp module, const ModelConfig &config,
                      ArrayRef<Output> outputs) {
  EntryBuilder entries(module, config, outputs);
  entries.buildPacked();
  entries.buildPadded();
}
