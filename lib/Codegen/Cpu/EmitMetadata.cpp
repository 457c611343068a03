//===- EmitMetadata.cpp - Descriptions of an artefact ---------------------===//
//
// The JSON that an artefact carries and the C header of an object file. Both
// depend on the module and the options alone: no paths, no time, no host.
//
//===----------------------------------------------------------------------===//

#include "EmitProgram.h"
#include "RuntimeBitcode.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/JSON.h"

using namespace tx;
namespace json = llvm::json;

//===----------------------------------------------------------------------===//
// Metadata
//===----------------------------------------------------------------------===//

json::Value tx::describeAttribute(mlir::Attribute attribute) {
  if (auto text = mlir::dyn_cast<mlir::StringAttr>(attribute))
    return json::fixUTF8(text.getValue());
  if (auto flag = mlir::dyn_cast<mlir::BoolAttr>(attribute))
    return flag.getValue();
  if (auto number = mlir::dyn_cast<mlir::IntegerAttr>(attribute);
      number && number.getValue().isSignedIntN(64))
    return number.getValue().getSExtValue();
  if (auto number = mlir::dyn_cast<mlir::FloatAttr>(attribute);
      number && number.getValue().isFinite())
    return number.getValueAsDouble();
  if (mlir::isa<mlir::UnitAttr>(attribute))
    return true;
  if (auto list = mlir::dyn_cast<mlir::ArrayAttr>(attribute)) {
    json::Array array;
    for (mlir::Attribute element : list)
      array.push_back(describeAttribute(element));
    return array;
  }
  if (auto fields = mlir::dyn_cast<mlir::DictionaryAttr>(attribute)) {
    json::Object object;
    for (mlir::NamedAttribute field : fields)
      object[json::fixUTF8(field.getName().getValue())] =
          describeAttribute(field.getValue());
    return object;
  }
  std::string printed;
  llvm::raw_string_ostream(printed) << attribute;
  return json::fixUTF8(printed);
}

static json::Value toJson(const TensorSignature &tensor) {
  json::Array shape;
  for (int64_t size : tensor.shape) {
    switch (size) {
    case TX_DIM_TOKENS:
      shape.push_back("tokens");
      break;
    case TX_DIM_SEQUENCES:
      shape.push_back("sequences");
      break;
    case TX_DIM_SEQUENCES_PLUS:
      shape.push_back("sequences + 1");
      break;
    case TX_DIM_LENGTH:
      shape.push_back("length");
      break;
    default:
      shape.push_back(size);
    }
  }
  json::Object object{{"name", json::fixUTF8(tensor.name)},
                      {"dtype", tensor.dtype == TX_I32 ? "i32" : "f32"},
                      {"shape", std::move(shape)}};
  if (tensor.limit != 0)
    object["limit"] = tensor.limit;
  if (tensor.optional)
    object["optional"] = true;
  return object;
}

static json::Value toJson(const std::vector<TensorSignature> &tensors) {
  json::Array array;
  for (const TensorSignature &tensor : tensors)
    array.push_back(toJson(tensor));
  return array;
}

static json::Value toJson(const EntrySignature &entry) {
  return json::Object{{"name", entry.name},
                      {"inputs", toJson(entry.inputs)},
                      {"outputs", toJson(entry.outputs)},
                      {"max_length", entry.maxLength},
                      {"flops", json::Object{{"token", entry.flops.token},
                                             {"sequence", entry.flops.sequence},
                                             {"pair", entry.flops.pair}}}};
}

static json::Value toJson(WorkspaceAttr workspace) {
  return json::Object{{"token", workspace.getToken()},
                      {"sequence", workspace.getSequence()},
                      {"fixed", workspace.getFixed()}};
}

static json::Value toJson(TargetAttr target) {
  return json::Object{{"triple", target.getTriple()},
                      {"isa", target.getIsa()},
                      {"tune", target.getTune()},
                      {"lanes", target.getLanes()},
                      {"registers", target.getRegisters()},
                      {"l1", target.getL1()},
                      {"l2", target.getL2()}};
}

json::Object tx::describeSchedule(ScheduleAttr schedule) {
  return json::Object{{"unit", stringifyProductUnit(schedule.getUnit())},
                      {"lanes", schedule.getLanes()},
                      {"rows", schedule.getRows()},
                      {"panels", schedule.getPanels()},
                      {"item_rows", schedule.getItemRows()},
                      {"item_panels", schedule.getPanelsOfItem()},
                      {"chunk", schedule.getChunk()},
                      {"stretch", schedule.getStretch()}};
}

static json::Value toJson(llvm::StringRef kernel, ScheduleAttr schedule,
                          mlir::DenseI64ArrayAttr packed) {
  json::Object object{{"name", json::fixUTF8(kernel)}};
  if (schedule)
    object["schedule"] = describeSchedule(schedule);
  if (packed)
    object["packed"] =
        json::Object{{"flops", json::Object{{"token", packed[0]},
                                            {"sequence", packed[1]},
                                            {"pair", packed[2]}}},
                     {"bytes", json::Object{{"token", packed[3]},
                                            {"sequence", packed[4]},
                                            {"fixed", packed[5]}}}};
  return object;
}

static json::Value toJson(const VariantInfo &variant) {
  json::Array kernels;
  for (auto [kernel, schedule, packed] :
       llvm::zip_equal(variant.kernels, variant.schedules, variant.packedWork))
    kernels.push_back(toJson(kernel, schedule, packed));
  json::Object workspaces;
  for (const EntrySignature &entry : variant.entries)
    workspaces[entry.name] = toJson(entry.workspace);
  return json::Object{{"target", toJson(variant.target)},
                      {"scratch_bytes", variant.scratchBytes},
                      {"workspaces", std::move(workspaces)},
                      {"kernels", std::move(kernels)}};
}

std::string tx::makeMetadata(const ProgramInfo &info,
                             const EmitOptions &options) {
  json::Array entries, variants;
  for (const EntrySignature &entry : info.getEntries())
    entries.push_back(toJson(entry));
  for (const VariantInfo &variant : info.variants)
    variants.push_back(toJson(variant));
  json::Object object{{"format", "tx"},
                      {"tx_version", TX_VERSION},
                      {"abi_version", TX_ABI_VERSION},
                      {"threads", options.threads},
                      {"weights_bytes", info.getWeightsSize()},
                      {"entries", std::move(entries)},
                      {"variants", std::move(variants)}};
  if (info.model)
    object["model"] = describeAttribute(info.model);
  return llvm::formatv("{0}", json::Value(std::move(object))).str();
}

//===----------------------------------------------------------------------===//
// Header
//===----------------------------------------------------------------------===//

std::string tx::makeIdentifier(llvm::StringRef name) {
  std::string identifier;
  for (char c : name)
    identifier += llvm::isAlnum(c) ? c : '_';
  return identifier;
}

/// `enum { PREFIX_a = 0, ... };`, or nothing where there are no names.
static void printEnum(llvm::raw_ostream &os, llvm::StringRef comment,
                      llvm::StringRef prefix,
                      llvm::ArrayRef<std::string> names) {
  if (names.empty())
    return;
  os << "\n/* " << comment << " */\nenum {\n";
  llvm::StringSet<> used;
  for (auto [index, name] : llvm::enumerate(names)) {
    std::string identifier = makeIdentifier(name);
    while (!used.insert(identifier).second) // "a-b" beside "a.b"
      identifier += "_";
    os << "  " << prefix << "_" << identifier << " = " << index
       << (index + 1 < names.size() ? ",\n" : "\n");
  }
  os << "};\n";
}

static std::vector<std::string>
getNames(const std::vector<TensorSignature> &tensors) {
  std::vector<std::string> names;
  for (const TensorSignature &tensor : tensors)
    names.push_back(tensor.name);
  return names;
}

std::string tx::makeHeader(const ProgramInfo &info,
                           const EmitOptions &options) {
  llvm::StringRef prefix = options.symbolPrefix;
  std::string guard = "TX_COMPILED_" + prefix.str() + "_H";
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "/* A model compiled by tx " << TX_VERSION << " for ";
  llvm::interleaveComma(info.variants, os, [&](const VariantInfo &variant) {
    os << variant.target.getIsa();
  });
  os << ". Generated: do not edit. */\n\n"
     << "#ifndef " << guard << "\n#define " << guard << "\n\n"
     << getModelHeader() << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
     << "/* The model. Never null. */\n"
     << "const tx_model *" << prefix << "_v1(void);\n";

  std::vector<std::string> entries;
  for (const EntrySignature &entry : info.getEntries())
    entries.push_back(entry.name);
  printEnum(os, "Entries, for tx_model.run.", prefix, entries);
  for (const EntrySignature &entry : info.getEntries()) {
    std::string base = prefix.str() + "_" + makeIdentifier(entry.name);
    printEnum(os, "Inputs of " + entry.name + ".", base + "_in",
              getNames(entry.inputs));
    printEnum(os, "Outputs of " + entry.name + ".", base + "_out",
              getNames(entry.outputs));
  }
  os << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
  return text;
}
