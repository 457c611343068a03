//===- TxParamOps.cpp - Parameters and pure ops on them -------------------===//
//
// Syntax of parameters; verification and folding of the expressions on them.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/DialectResourceBlobManager.h"
#include "tx/Dialect/Tx/IR/Tx.h"

using namespace mlir;
using namespace tx;

//===----------------------------------------------------------------------===//
// ParamOp
//===----------------------------------------------------------------------===//

// The type of a dense value repeats the result's, so it is printed once.
ParseResult ParamOp::parse(OpAsmParser &parser, OperationState &result) {
  Attribute value;
  SMLoc valueLoc = parser.getCurrentLocation();
  if (parser.parseAttribute(value) ||
      parser.parseOptionalAttrDict(result.attributes))
    return failure();
  // All three forms carry the type.
  auto typed = dyn_cast<TypedAttr>(value);
  if (!typed || !isa<RankedTensorType>(typed.getType()))
    return parser.emitError(valueLoc, "expected ': type' after the value");
  result.addAttribute("value", value);
  result.addTypes(typed.getType());
  return success();
}

void ParamOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printAttribute(getValue());
  printer.printOptionalAttrDict((*this)->getAttrs(), {"value"});
}

/// The tensor's name in its file, which says what the value is for.
void ParamOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  if (auto external = dyn_cast<ExternalAttr>(getValue()))
    setName(getResult(), external.getKey());
  else if (auto resource = dyn_cast<DenseResourceElementsAttr>(getValue()))
    setName(getResult(), resource.getRawHandle().getKey());
}

LogicalResult ParamOp::verify() {
  constexpr int64_t maxRank = 8, maxElements = int64_t(1) << 48;
  auto type = cast<RankedTensorType>(getResult().getType());
  if (!isa<ExternalAttr, DenseResourceElementsAttr, DenseElementsAttr>(
          getValue())) // param_c1
    return emitOpError("expects #tx.external, a dense resource or a dense "
                       "literal, got ")
           << getValue();
  if (!type.hasStaticShape() || type.getRank() > maxRank) // param_c2
    return emitOpError("expects a static shape of at most ")
           << maxRank << " dimensions, got " << type;
  int64_t left = maxElements - 1; // elements that further dimensions may have
  for (int64_t size : type.getShape()) {
    if (size > left)
      return emitOpError("expects less than 2^48 elements, got ") << type;
    left /= std::max<int64_t>(size, 1);
  }
  if (cast<TypedAttr>(getValue()).getType() != type) // param_c3
    return emitOpError("has a value of type ")
           << cast<TypedAttr>(getValue()).getType() << ", but the result is "
           << type;
  if (type.getEncoding()) // param_c4
    return emitOpError("expects a type without a layout, got ") << type;
  return success();
}

//===----------------------------------------------------------------------===//
// CastOp
//===----------------------------------------------------------------------===//

LogicalResult CastOp::verify() {
  auto from = cast<RankedTensorType>(getInput().getType());
  auto to = cast<RankedTensorType>(getResult().getType());
  if (from.getShape() != to.getShape() ||
      from.getEncoding() != to.getEncoding()) // cast_c1
    return emitOpError("changes the shape or layout: ") << from << " to " << to;
  for (Type type : {from.getElementType(), to.getElementType()})
    if (!type.isF32() && !type.isF16() && !type.isBF16()) // cast_c2
      return emitOpError("converts between f32, f16 and bf16 only, got ")
             << type;
  return success();
}

/// Whether f16 and bf16 widen to `to` without rounding.
static bool isExact(Type from, Type to) {
  return from == to || getElementTypeOrSelf(to).isF32();
}

/// A cast to the same type is its input, and an exact cast before another cast
/// changes nothing.
OpFoldResult CastOp::fold(FoldAdaptor) {
  if (getInput().getType() == getResult().getType())
    return getInput();
  auto inner = getInput().getDefiningOp<CastOp>();
  if (!inner || !isExact(inner.getInput().getType(), getInput().getType()))
    return {};
  if (inner.getInput().getType() == getResult().getType())
    return inner.getInput();
  getInputMutable().assign(inner.getInput());
  return getResult();
}

//===----------------------------------------------------------------------===//
// PackOp
//===----------------------------------------------------------------------===//

LogicalResult PackOp::verify() {
  auto from = cast<RankedTensorType>(getInput().getType());
  auto to = cast<RankedTensorType>(getResult().getType());
  if (from.getShape() != to.getShape() || from.getRank() != 2 ||
      from.getElementType() != to.getElementType()) // pack_c1
    return emitOpError("expects the same matrix on both sides, got ")
           << from << " to " << to;
  if (from.getEncoding() ||
      !isa_and_nonnull<LayoutAttr>(to.getEncoding())) // pack_c2
    return emitOpError("expects no layout before and a #tx.layout after, got ")
           << from << " to " << to;
  return success();
}

//===----------------------------------------------------------------------===//
// WeightsOp
//===----------------------------------------------------------------------===//

LogicalResult WeightsOp::verifyRegions() {
  constexpr int64_t alignment = 64;
  int64_t size = static_cast<int64_t>(getSize()), end = 0;
  if (size < 0)
    return emitOpError("has the negative size ") << size;
  for (Operation &op : getBody().front()) {
    if (!isa<ParamOp, CastOp, PackOp, StoreOp>(op)) // weights_c1
      return op.emitOpError("does not belong into the weight section, which "
                            "holds param, cast, pack and store only");
    auto store = dyn_cast<StoreOp>(op);
    if (!store)
      continue;
    int64_t offset = store.getOffset();
    if (offset % alignment != 0 || offset < end) // weights_c2
      return store.emitOpError("expects an offset that is a multiple of ")
             << alignment << " and at least " << end << ", got " << offset;
    auto type = cast<RankedTensorType>(store.getValue().getType());
    if (llvm::AddOverflow(offset, getStorageBytes(type), end) || end > size)
      return store.emitOpError("of ")
             << getStorageBytes(type) << " bytes at " << offset
             << " ends beyond the section's size " << size;
  }
  return success();
}
