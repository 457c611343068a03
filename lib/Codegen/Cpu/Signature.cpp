//===- Signature.cpp - What callers must know of an entry -----------------===//
//
// To the `tx.signature` dictionary and back.
//
//===----------------------------------------------------------------------===//

#include "Signature.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tx;

static DictionaryAttr toAttribute(const TensorSignature &tensor, Builder &b) {
  SmallVector<NamedAttribute> fields{
      b.getNamedAttr("name", b.getStringAttr(tensor.name)),
      b.getNamedAttr("dtype",
                     b.getStringAttr(tensor.dtype == TX_I32 ? "i32" : "f32")),
      b.getNamedAttr("shape", b.getDenseI64ArrayAttr(tensor.shape))};
  if (tensor.limit != 0)
    fields.push_back(
        b.getNamedAttr("limit", b.getI64IntegerAttr(tensor.limit)));
  if (tensor.optional)
    fields.push_back(b.getNamedAttr("optional", b.getUnitAttr()));
  return b.getDictionaryAttr(fields);
}

static std::optional<TensorSignature> toTensor(Attribute attribute) {
  auto fields = dyn_cast<DictionaryAttr>(attribute);
  if (!fields)
    return std::nullopt;
  auto name = fields.getAs<StringAttr>("name");
  auto dtype = fields.getAs<StringAttr>("dtype");
  auto shape = fields.getAs<DenseI64ArrayAttr>("shape");
  if (!name || !dtype || (dtype != "i32" && dtype != "f32") || !shape ||
      shape.size() > 4)
    return std::nullopt;
  TensorSignature tensor;
  tensor.name = name.str();
  tensor.dtype = dtype == "i32" ? TX_I32 : TX_F32;
  tensor.shape.assign(shape.asArrayRef().begin(), shape.asArrayRef().end());
  if (auto limit = fields.getAs<IntegerAttr>("limit"))
    tensor.limit = limit.getInt();
  tensor.optional = fields.contains("optional");
  return tensor;
}

static bool readTensors(Attribute attribute,
                        std::vector<TensorSignature> &tensors) {
  auto list = dyn_cast_or_null<ArrayAttr>(attribute);
  if (!list)
    return false;
  for (Attribute element : list) {
    std::optional<TensorSignature> tensor = toTensor(element);
    if (!tensor)
      return false;
    tensors.push_back(std::move(*tensor));
  }
  return true;
}

DictionaryAttr EntrySignature::toAttribute(MLIRContext *context) const {
  Builder b(context);
  auto list = [&](const std::vector<TensorSignature> &tensors) {
    SmallVector<Attribute> elements;
    for (const TensorSignature &tensor : tensors)
      elements.push_back(::toAttribute(tensor, b));
    return b.getArrayAttr(elements);
  };
  return b.getDictionaryAttr(
      {b.getNamedAttr("entry", b.getStringAttr(name)),
       b.getNamedAttr("inputs", list(inputs)),
       b.getNamedAttr("outputs", list(outputs)),
       b.getNamedAttr("max_length", b.getI64IntegerAttr(maxLength)),
       b.getNamedAttr("workspace", workspace),
       b.getNamedAttr(
           "flops",
           b.getDenseI64ArrayAttr({flops.token, flops.sequence, flops.pair}))});
}

bool EntrySignature::hasInterfaceOf(const EntrySignature &other,
                                    MLIRContext *context) const {
  EntrySignature same = other;
  same.workspace = workspace;
  return toAttribute(context) == same.toAttribute(context);
}

std::optional<EntrySignature>
EntrySignature::fromAttribute(DictionaryAttr attribute) {
  auto name = attribute.getAs<StringAttr>("entry");
  auto maxLength = attribute.getAs<IntegerAttr>("max_length");
  auto workspace = attribute.getAs<WorkspaceAttr>("workspace");
  auto flops = attribute.getAs<DenseI64ArrayAttr>("flops");
  EntrySignature signature;
  if (!name || !maxLength || !workspace || !flops || flops.size() != 3 ||
      !readTensors(attribute.get("inputs"), signature.inputs) ||
      !readTensors(attribute.get("outputs"), signature.outputs))
    return std::nullopt;
  signature.name = name.str();
  signature.maxLength = maxLength.getInt();
  signature.workspace = workspace;
  signature.flops = {flops[0], flops[1], flops[2]};
  return signature;
}
