//===- Inspect.cpp - What is in a model, an artefact, a checkpoint --------===//

#include "tx/Checkpoint/Error.h"
#include "tx/Checkpoint/Safetensors.h"
#include "tx/Driver/Reports.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace tx;
namespace json = llvm::json;

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

static json::Value describeTensor(Type type, StringAttr name) {
  json::Object object{{"name", name ? json::fixUTF8(name.getValue()) : ""}};
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return object;
  json::Array shape;
  for (int64_t size : tensor.getShape())
    shape.push_back(ShapedType::isDynamic(size) ? json::Value("?")
                                                : json::Value(size));
  object["dtype"] = tensor.getElementType().isF32() ? "f32" : "i32";
  object["shape"] = std::move(shape);
  return object;
}

static json::Array describeEntries(ModuleOp module) {
  json::Array entries;
  for (auto function : module.getOps<func::FuncOp>()) {
    auto kind = function->getAttrOfType<StringAttr>(kEntryAttrName);
    if (!kind)
      continue;
    json::Array inputs, outputs;
    for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
      inputs.push_back(describeTensor(
          type, function.getArgAttrOfType<StringAttr>(i, kNameAttrName)));
    for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
      outputs.push_back(describeTensor(
          type, function.getResultAttrOfType<StringAttr>(i, kNameAttrName)));
    entries.push_back(json::Object{{"name", kind.getValue()},
                                   {"inputs", std::move(inputs)},
                                   {"outputs", std::move(outputs)}});
  }
  return entries;
}

/// Distinct parameters: entries that were inlined name theirs twice.
static json::Object describeParameters(ModuleOp module) {
  llvm::DenseSet<Attribute> seen;
  int64_t tensors = 0, count = 0, bytes = 0;
  std::map<std::string, int64_t> byDtype;
  module.walk([&](ParamOp op) {
    if (!seen.insert(op.getValue()).second)
      return;
    RankedTensorType type = op.getResult().getType();
    ++tensors;
    count += type.getNumElements();
    bytes += type.getNumElements() * type.getElementTypeBitWidth() / 8;
    std::string dtype;
    llvm::raw_string_ostream(dtype) << type.getElementType();
    byDtype[dtype] += type.getNumElements();
  });
  json::Object dtypes;
  for (const auto &[dtype, elements] : byDtype)
    dtypes[dtype] = elements;
  return json::Object{{"tensors", tensors},
                      {"count", count},
                      {"bytes", bytes},
                      {"dtypes", std::move(dtypes)}};
}

json::Value tx::inspectModel(const Model &model) {
  ModuleOp module = *model.module;
  json::Object description;
  if (auto dictionary = module->getAttrOfType<DictionaryAttr>(kModelAttrName))
    for (NamedAttribute field : dictionary)
      description[json::fixUTF8(field.getName().getValue())] =
          describeAttribute(field.getValue());
  json::Object result{{"kind", "model"},
                      {"model", std::move(description)},
                      {"entries", describeEntries(module)},
                      {"parameters", describeParameters(module)}};
  if (model.phase)
    result["phase"] = getName(*model.phase);
  return result;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

static llvm::Expected<json::Value> inspectArtefact(StringRef path,
                                                   StringRef symbolPrefix) {
  llvm::Expected<LoadedModel> model = openArtefact(path, symbolPrefix);
  if (!model)
    return model.takeError();
  llvm::Expected<json::Value> metadata = json::parse((*model)->metadata);
  if (!metadata || !metadata->getAsObject()) {
    if (!metadata)
      llvm::consumeError(metadata.takeError());
    return makeError(ExitCode::Malformed, "{0} has no readable metadata", path);
  }
  uint64_t bytes = 0;
  llvm::sys::fs::file_size(path, bytes);
  json::Object &object = *metadata->getAsObject();
  object["kind"] = "artefact";
  object["isa"] = std::string((*model)->isa); // of the variant chosen here
  object["file_bytes"] = int64_t(bytes);
  return std::move(*metadata);
}

static llvm::Expected<json::Value> inspectSafetensors(StringRef path) {
  auto file = SafetensorsFile::open(path);
  if (!file)
    return file.takeError();
  json::Array tensors;
  int64_t count = 0, bytes = 0;
  for (const auto &[name, view] : (*file)->tensors()) {
    tensors.push_back(json::Object{{"name", json::fixUTF8(name)},
                                   {"dtype", getName(view.dtype)},
                                   {"shape", json::Array(view.shape)},
                                   {"bytes", int64_t(view.bytes.size())}});
    count += view.bytes.size() / getSize(view.dtype);
    bytes += view.bytes.size();
  }
  json::Object notes;
  for (const auto &[key, value] : (*file)->metadata())
    notes[json::fixUTF8(key)] = json::fixUTF8(value);
  return json::Object{
      {"kind", "safetensors"},
      {"parameters", json::Object{{"tensors", int64_t(tensors.size())},
                                  {"count", count},
                                  {"bytes", bytes}}},
      {"tensors", std::move(tensors)},
      {"metadata", std::move(notes)}};
}

llvm::Expected<json::Value> tx::inspect(StringRef path, Head head,
                                        StringRef symbolPrefix,
                                        MLIRContext &context) {
  if (path.ends_with(".safetensors"))
    return inspectSafetensors(path);
  if (isElf(path.str()) || path.ends_with(".so"))
    return inspectArtefact(path, symbolPrefix);
  llvm::Expected<Model> model = loadModel(path, head, "", context);
  if (!model)
    return model.takeError();
  return inspectModel(*model);
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// 1234567 as "1.23 M".
static std::string shorten(double value, StringRef unit) {
  static constexpr StringLiteral prefixes[] = {"", "k", "M", "G", "T"};
  size_t i = 0;
  for (; value >= 1000 && i + 1 < std::size(prefixes); ++i)
    value /= 1000;
  if (i == 0)
    return llvm::formatv("{0:f0} {1}", value, unit).str();
  return llvm::formatv("{0:f2} {1}{2}", value, prefixes[i], unit).str();
}

/// A value on one line: lists in parentheses, strings without quotes.
static void printInline(const json::Value &value, llvm::raw_ostream &os) {
  if (std::optional<StringRef> text = value.getAsString()) {
    os << *text;
  } else if (const json::Array *list = value.getAsArray()) {
    os << '(';
    llvm::interleaveComma(*list, os, [&](const json::Value &element) {
      printInline(element, os);
    });
    os << ')';
  } else if (const json::Object *object = value.getAsObject()) {
    std::map<std::string, const json::Value *> sorted;
    for (const auto &[key, element] : *object)
      sorted[key.str()] = &element;
    llvm::interleaveComma(sorted, os, [&](const auto &field) {
      os << field.first << ' ';
      printInline(*field.second, os);
    });
  } else {
    os << value;
  }
}

static void printFields(const json::Object &object, llvm::raw_ostream &os) {
  std::map<std::string, const json::Value *> sorted;
  for (const auto &[key, value] : object)
    sorted[key.str()] = &value;
  for (const auto &[key, value] : sorted) {
    os << llvm::formatv("  {0,-22} ", key);
    printInline(*value, os);
    os << '\n';
  }
}

static void printTensors(StringRef title, const json::Array &tensors,
                         llvm::raw_ostream &os) {
  for (const json::Value &value : tensors) {
    const json::Object &tensor = *value.getAsObject();
    os << llvm::formatv("  {0,-8} {1,-22} {2} ", title,
                        tensor.getString("name").value_or(""),
                        tensor.getString("dtype").value_or("?"));
    if (const json::Value *shape = tensor.get("shape"))
      printInline(*shape, os);
    if (tensor.getBoolean("optional").value_or(false))
      os << " optional";
    os << '\n';
  }
}

static void printEntries(const json::Object &object, llvm::raw_ostream &os) {
  const json::Array *entries = object.getArray("entries");
  if (!entries)
    return;
  for (const json::Value &value : *entries) {
    const json::Object &entry = *value.getAsObject();
    os << "entry " << entry.getString("name").value_or("") << '\n';
    if (const json::Array *inputs = entry.getArray("inputs"))
      printTensors("input", *inputs, os);
    if (const json::Array *outputs = entry.getArray("outputs"))
      printTensors("output", *outputs, os);
  }
}

static void printParameters(const json::Object &object, llvm::raw_ostream &os) {
  const json::Object *parameters = object.getObject("parameters");
  if (!parameters)
    return;
  auto number = [&](StringRef key) {
    return double(parameters->getInteger(key).value_or(0));
  };
  os << "parameters\n  " << shorten(number("count"), "parameters") << " in "
     << shorten(number("tensors"), "tensors") << ", "
     << shorten(number("bytes"), "B") << '\n';
}

static void printTargets(const json::Object &object, llvm::raw_ostream &os) {
  const json::Array *variants = object.getArray("variants");
  if (!variants)
    return;
  for (const json::Value &variant : *variants) {
    os << llvm::formatv("  {0,-22} ", "target");
    printInline(*variant.getAsObject()->get("target"), os);
    os << '\n';
  }
  os << llvm::formatv("  {0,-22} {1}\n", "chosen here",
                      object.getString("isa").value_or(""));
}

static void printKernels(const json::Object &variant, llvm::raw_ostream &os) {
  os << "kernels for "
     << variant.getObject("target")->getString("isa").value_or("") << '\n';
  for (const json::Value &value : *variant.getArray("kernels")) {
    const json::Object &kernel = *value.getAsObject();
    os << llvm::formatv("  {0,-44} ", kernel.getString("name").value_or(""));
    if (const json::Value *schedule = kernel.get("schedule"))
      printInline(*schedule, os);
    os << '\n';
  }
}

void tx::printInspection(const json::Value &report, llvm::raw_ostream &os) {
  const json::Object &object = *report.getAsObject();
  os << object.getString("kind").value_or("") << '\n';
  if (std::optional<StringRef> phase = object.getString("phase"))
    os << llvm::formatv("  {0,-22} {1}\n", "phase", *phase);
  if (std::optional<int64_t> bytes = object.getInteger("file_bytes"))
    os << llvm::formatv("  {0,-22} {1}\n", "file", shorten(*bytes, "B"));
  if (std::optional<int64_t> bytes = object.getInteger("weights_bytes"))
    os << llvm::formatv("  {0,-22} {1}\n", "weights", shorten(*bytes, "B"));
  printTargets(object, os);
  if (const json::Object *model = object.getObject("model")) {
    os << "model\n";
    printFields(*model, os);
  }
  printParameters(object, os);
  printEntries(object, os);
  if (const json::Array *variants = object.getArray("variants"))
    for (const json::Value &variant : *variants)
      printKernels(*variant.getAsObject(), os);
  if (const json::Array *tensors = object.getArray("tensors")) {
    os << "tensors\n";
    for (const json::Value &value : *tensors) {
      const json::Object &tensor = *value.getAsObject();
      os << llvm::formatv("  {0,-60} {1,-5} ",
                          tensor.getString("name").value_or(""),
                          tensor.getString("dtype").value_or("?"));
      printInline(*tensor.get("shape"), os);
      os << '\n';
    }
  }
  if (const json::Object *notes = object.getObject("metadata");
      notes && !notes->empty()) {
    os << "metadata\n";
    printFields(*notes, os);
  }
}
