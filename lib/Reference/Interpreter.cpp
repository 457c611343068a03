//===- Interpreter.cpp - Walks functions of tx ops ------------------------===//
//
// Values live in an environment as long as an op to come uses them. Parameters
// are read when they are first needed, so that a large model is never in memory
// as a whole.
//
//===----------------------------------------------------------------------===//

#include "tx/Reference/Interpreter.h"
#include "Ops.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "tx/Checkpoint/Error.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tx;
using namespace tx::reference;

using llvm::Expected;

Tensor tx::reference::makeFloats(ArrayRef<int64_t> shape) {
  Tensor result{{shape.begin(), shape.end()}, std::vector<float>()};
  floats(result).resize(result.size());
  return result;
}

Tensor tx::reference::makeInts(ArrayRef<int64_t> shape) {
  Tensor result{{shape.begin(), shape.end()}, std::vector<int32_t>()};
  ints(result).resize(result.size());
  return result;
}

std::vector<float> &tx::reference::floats(Tensor &tensor) {
  return std::get<std::vector<float>>(tensor.data);
}

std::vector<int32_t> &tx::reference::ints(Tensor &tensor) {
  return std::get<std::vector<int32_t>>(tensor.data);
}

namespace {

using Shared = std::shared_ptr<const Tensor>;
using Results = std::vector<Shared>;

/// Calls within calls: without conditions a function that calls itself never
/// returns.
constexpr int kMaxDepth = 64;

/// Evaluates one function or kernel; calls make another.
class Evaluator {
public:
  /// `resultTypes` are those of the call: a kernel's own leave sizes open.
  /// `depth` is the number of calls around it.
  Evaluator(ModuleOp module, TypeRange resultTypes, ParamSource &source,
            int depth = 0)
      : module(module), resultTypes(resultTypes), source(source), depth(depth) {
  }

  Expected<Results> run(FunctionOpInterface function, Results inputs);

private:
  Expected<Shared> get(Value value);
  Expected<Shared> evaluateParam(Operation *op);
  Expected<Results> evaluate(Operation *op, ArrayRef<Shared> operands);
  Expected<Results> call(StringRef symbol, ArrayRef<Shared> operands,
                         Operation *op);
  int64_t getChannels(SliceOp op, const Tensor &x);
  void drop(Operation *op);

  ModuleOp module;
  TypeRange resultTypes;
  ParamSource &source;
  int depth;
  llvm::DenseMap<Value, Shared> values;
  /// How many uses are still to come.
  llvm::DenseMap<Value, int64_t> uses;
};

/// Wraps the one result of an op.
Expected<Results> wrap(Expected<Tensor> result) {
  if (!result)
    return result.takeError();
  return Results{std::make_shared<Tensor>(std::move(*result))};
}

std::string describeShape(ArrayRef<int64_t> shape) {
  std::string text = "(";
  for (auto [i, size] : llvm::enumerate(shape)) {
    text += i ? ", " : "";
    text += ShapedType::isDynamic(size) ? "?" : std::to_string(size);
  }
  return text + ")";
}

/// What users call argument `index`.
std::string nameOf(FunctionOpInterface function, unsigned index) {
  if (auto name = function.getArgAttrOfType<StringAttr>(index, kNameAttrName))
    return name.str();
  return "argument " + std::to_string(index);
}

llvm::Error checkInput(const Tensor &input, Type type,
                       const std::string &name) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return makeError(ExitCode::Unsupported, "{0} is not a tensor", name);
  bool wantsInts = tensor.getElementType().isInteger(32);
  bool hasInts = std::holds_alternative<std::vector<int32_t>>(input.data);
  if (wantsInts != hasInts)
    return makeError(ExitCode::Input, "{0} holds {1} values, expected {2}",
                     name, hasInts ? "i32" : "f32", wantsInts ? "i32" : "f32");
  bool fits = int64_t(input.shape.size()) == tensor.getRank();
  for (int64_t i = 0; fits && i < tensor.getRank(); ++i)
    fits = tensor.isDynamicDim(i) || tensor.getDimSize(i) == input.shape[i];
  if (!fits)
    return makeError(ExitCode::Input, "{0} has shape {1}, expected {2}", name,
                     describeShape(input.shape),
                     describeShape(tensor.getShape()));
  int64_t size = hasInts ? input.ints().size() : input.floats().size();
  if (size != input.size())
    return makeError(ExitCode::Input, "{0} has {1} elements for shape {2}",
                     name, size, describeShape(input.shape));
  return llvm::Error::success();
}

Expected<Results> Evaluator::run(FunctionOpInterface function, Results inputs) {
  if (function.isExternal())
    return makeError(ExitCode::Unsupported, "function @{0} has no body",
                     function.getName());
  if (inputs.size() != function.getNumArguments())
    return makeError(ExitCode::Input, "@{0} takes {1} inputs, got {2}",
                     function.getName(), function.getNumArguments(),
                     inputs.size());
  for (auto [i, input] : llvm::enumerate(inputs)) {
    Type type = function.getArgumentTypes()[i];
    if (llvm::Error e = checkInput(*input, type, nameOf(function, i)))
      return e;
    values[function.getArgument(i)] = input;
  }
  Block &body = function.getFunctionBody().front();
  body.walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      ++uses[operand];
  });
  for (Operation &op : body) {
    if (isa<ParamOp, CastOp, PackOp>(op))
      continue; // read when needed
    Results operands;
    for (Value operand : op.getOperands()) {
      Expected<Shared> value = get(operand);
      if (!value)
        return value.takeError();
      operands.push_back(*value);
    }
    if (isa<func::ReturnOp, tx::ReturnOp>(op))
      return operands;
    drop(&op);
    Expected<Results> results = evaluate(&op, operands);
    if (!results)
      return results.takeError();
    for (auto [value, result] : llvm::zip_equal(op.getResults(), *results))
      values[value] = result;
  }
  return makeError(ExitCode::Unsupported, "function @{0} does not return",
                   function.getName());
}

/// Forgets operands that `op` is the last to use. Parameters count one use for
/// each op that reads them, those of casts and packs included.
void Evaluator::drop(Operation *op) {
  for (Value operand : op->getOperands())
    if (--uses[operand] == 0)
      values.erase(operand);
}

Expected<Shared> Evaluator::get(Value value) {
  SmallVector<Operation *> missing; // from the use back to what is known
  for (Value at = value; !values.count(at);) {
    Operation *op = at.getDefiningOp();
    if (!op || !isa<ParamOp, CastOp, PackOp>(op))
      return makeError(ExitCode::Unsupported, "a value has no definition");
    missing.push_back(op);
    if (isa<ParamOp>(op))
      break;
    at = op->getOperand(0);
  }
  for (Operation *op : llvm::reverse(missing)) {
    Expected<Shared> result = evaluateParam(op);
    if (!result)
      return result;
    values[op->getResult(0)] = *result;
  }
  return values.lookup(value);
}

/// Element `i` of `bytes`, which hold `type`, as f32. All of f16 and bf16 is
/// exact in f32.
float readFloat(ArrayRef<uint8_t> bytes, int64_t i, Type type) {
  if (type.isF32()) {
    float value;
    memcpy(&value, &bytes[i * 4], 4);
    return value;
  }
  uint16_t bits;
  memcpy(&bits, &bytes[i * 2], 2);
  llvm::APFloat value(cast<FloatType>(type).getFloatSemantics(),
                      llvm::APInt(16, bits));
  return value.convertToFloat();
}

/// `value` rounded to `type`, to nearest even.
float roundTo(float value, FloatType type) {
  llvm::APFloat rounded(value);
  bool inexact;
  rounded.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven,
                  &inexact);
  rounded.convert(llvm::APFloat::IEEEsingle(),
                  llvm::APFloat::rmNearestTiesToEven, &inexact);
  return rounded.convertToFloat();
}

/// Rounds what `tensor` holds.
void roundTo(Tensor &tensor, Type type) {
  if (type.isF32())
    return;
  for (float &value : floats(tensor))
    value = roundTo(value, cast<FloatType>(type));
}

Type getElementType(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

Expected<Shared> readParam(ParamOp op, ParamSource &source) {
  auto type = op.getResult().getType();
  Expected<ArrayRef<uint8_t>> bytes = source.getBytes(op);
  if (!bytes)
    return bytes.takeError();
  Type element = type.getElementType();
  Tensor result;
  if (isa<FloatType>(element)) {
    result = makeFloats(type.getShape());
    std::vector<float> &out = floats(result);
    if (element.isF32())
      memcpy(out.data(), bytes->data(), out.size() * 4);
    else
      for (size_t i = 0; i < out.size(); ++i)
        out[i] = readFloat(*bytes, i, element);
  } else if (element.isInteger(32)) {
    result = makeInts(type.getShape());
    memcpy(ints(result).data(), bytes->data(), ints(result).size() * 4);
  } else {
    return makeError(ExitCode::Unsupported,
                     "the reference does not compute with i64 parameters");
  }
  source.release(op);
  return std::make_shared<Tensor>(std::move(result));
}

Expected<Shared> Evaluator::evaluateParam(Operation *op) {
  if (auto param = dyn_cast<ParamOp>(op))
    return readParam(param, source);
  Shared input = values.lookup(op->getOperand(0)); // evaluated by get
  drop(op);
  if (isa<PackOp>(op)) // changes the layout, not the value
    return input;
  Tensor result = *input;
  roundTo(result, getElementType(op->getResult(0)));
  return std::make_shared<Tensor>(std::move(result));
}

Expected<Results> Evaluator::call(StringRef symbol, ArrayRef<Shared> operands,
                                  Operation *op) {
  auto callee = module.lookupSymbol<FunctionOpInterface>(symbol);
  if (!callee)
    return makeError(ExitCode::Unsupported,
                     "'{0}' calls @{1}, which does not "
                     "exist",
                     op->getName(), symbol);
  if (depth == kMaxDepth)
    return makeError(ExitCode::Unsupported,
                     "calls of @{0} are more than {1} deep", symbol, kMaxDepth);
  return Evaluator(module, op->getResultTypes(), source, depth + 1)
      .run(callee, operands.vec());
}

/// How many channels `op` takes. In a kernel the type leaves them open; the
/// result of the call knows.
int64_t Evaluator::getChannels(SliceOp op, const Tensor &x) {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  for (OpOperand &use : op.getResult().getUses())
    if (isa<tx::ReturnOp>(use.getOwner()) &&
        use.getOperandNumber() < resultTypes.size())
      type = cast<RankedTensorType>(resultTypes[use.getOperandNumber()]);
  if (type.getRank() == 1)
    return 1;
  return type.isDynamicDim(1) ? x.shape[1] - op.getOffset()
                              : type.getDimSize(1);
}

/// The operand of `op` that became operand `value`, or null if it is absent.
const Tensor *optional(Operation *op, Value value, ArrayRef<Shared> operands) {
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    if (operand == value)
      return operands[i].get();
  return nullptr;
}

std::optional<int64_t> padIdOf(std::optional<uint64_t> padId) {
  if (padId)
    return int64_t(*padId);
  return std::nullopt;
}

Expected<Results> evaluatePackTokens(PackTokensOp op,
                                     ArrayRef<Shared> operands) {
  SmallVector<const Tensor *> inputs;
  for (const Shared &operand : operands.drop_front())
    inputs.push_back(operand.get());
  Expected<std::vector<Tensor>> results =
      packTokens(padIdOf(op.getPadId()), *operands[0], inputs);
  if (!results)
    return results.takeError();
  Results shared;
  for (Tensor &result : *results)
    shared.push_back(std::make_shared<Tensor>(std::move(result)));
  return shared;
}

Expected<Results> Evaluator::evaluate(Operation *op, ArrayRef<Shared> in) {
  auto operand = [&](Value value) { return optional(op, value, in); };
  using Out = Expected<Results>;
  return llvm::TypeSwitch<Operation *, Out>(op)
      .Case<func::CallOp>([&](auto op) { return call(op.getCallee(), in, op); })
      .Case<tx::CallOp>([&](auto op) { return call(op.getKernel(), in, op); })
      .Case<LinearOp>([&](auto op) {
        Tensor x = *in[0];
        roundTo(x, getElementType(op.getWeight()));
        return wrap(linear(x, *in[1], operand(op.getBias())));
      })
      .Case<EmbeddingOp>([&](auto) { return wrap(embedding(*in[0], *in[1])); })
      .Case<FfnOp>([&](auto op) {
        return wrap(ffn(op.getActivation(),
                        {operand(op.getX()), operand(op.getUp()),
                         operand(op.getUpBias()), operand(op.getGate()),
                         operand(op.getGateBias()), operand(op.getDown()),
                         operand(op.getDownBias())}));
      })
      .Case<AttentionOp>([&](auto op) {
        return wrap(attention(
            op.getMask(), op.getNumHeads(), op.getNumKvHeads(),
            op.getScale().convertToFloat(),
            {in[0].get(), in[1].get(), in[2].get(), in[3].get(), in[4].get()}));
      })
      .Case<LayerNormOp>([&](auto op) {
        return wrap(
            layerNorm(*in[0], *in[1], *in[2], op.getEps().convertToFloat()));
      })
      .Case<RmsNormOp>([&](auto op) {
        return wrap(rmsNorm(*in[0], *in[1], op.getEps().convertToFloat()));
      })
      .Case<SoftmaxOp>([&](auto) { return wrap(softmax(*in[0])); })
      .Case<NormalizeOp>([&](auto op) {
        return wrap(normalize(*in[0], op.getEps().convertToFloat()));
      })
      .Case<ActivationOp>(
          [&](auto op) { return wrap(activation(op.getKind(), *in[0])); })
      .Case<AddOp>([&](auto) { return wrap(add(*in[0], *in[1])); })
      .Case<MulOp>([&](auto) { return wrap(mul(*in[0], *in[1])); })
      .Case<SliceOp>([&](auto op) {
        return wrap(slice(*in[0], op.getOffset(), getChannels(op, *in[0]),
                          op.getResult().getType().getRank()));
      })
      .Case<PackTokensOp>([&](auto op) { return evaluatePackTokens(op, in); })
      .Case<UnpackTokensOp>(
          [&](auto) { return wrap(unpackTokens(*in[0], *in[1], *in[2])); })
      .Case<PositionsOp>([&](auto op) {
        return wrap(positions(padIdOf(op.getPadId()), *in[0], *in[1]));
      })
      .Case<PlanTilesOp>(
          [&](auto op) { return wrap(planTiles(*in[0], op.getRows())); })
      .Case<PoolOp>(
          [&](auto op) { return wrap(pool(op.getKind(), *in[0], *in[1])); })
      .Default([](Operation *op) -> Out {
        return makeError(ExitCode::Unsupported,
                         "the reference does not know '{0}'",
                         op->getName().getStringRef());
      });
}

} // namespace

Expected<std::vector<Tensor>> tx::interpret(ModuleOp module, StringRef entry,
                                            ArrayRef<Tensor> inputs,
                                            ParamSource &source) {
  auto function = module.lookupSymbol<FunctionOpInterface>(entry);
  if (!function)
    return makeError(ExitCode::Input, "the model has no entry '{0}'", entry);
  Results shared;
  for (const Tensor &input : inputs)
    shared.push_back(std::make_shared<Tensor>(input));
  Expected<Results> results =
      Evaluator(module, function.getResultTypes(), source)
          .run(function, std::move(shared));
  if (!results)
    return results.takeError();
  std::vector<Tensor> outputs;
  for (const Shared &result : *results)
    outputs.push_back(*result);
  return outputs;
}
