//===- Run.cpp - One run, by the artefact or by Reference -----------------===//

#include "Session.h"
#include "tx/Checkpoint/Error.h"

using namespace mlir;
using namespace tx;

llvm::Expected<NamedTensors> tx::runArtefact(const LoadedModel &model,
                                             StringRef entry,
                                             const NamedTensors &inputs,
                                             int threads) {
  llvm::Expected<Session> session =
      Session::create(*model, entry, inputs, {threads});
  if (!session)
    return session.takeError();
  if (llvm::Error error = session->run())
    return error;
  return session->takeOutputs();
}

//===----------------------------------------------------------------------===//
// Reference
//===----------------------------------------------------------------------===//

static func::FuncOp findEntry(ModuleOp module, StringRef name) {
  for (auto function : module.getOps<func::FuncOp>())
    if (auto kind = function->getAttrOfType<StringAttr>(kEntryAttrName);
        kind && kind == name)
      return function;
  return nullptr;
}

/// The names of arguments or results; `attribute` reads number i.
template <typename Fn>
static SmallVector<std::string> getNames(unsigned count, Fn attribute) {
  SmallVector<std::string> names;
  for (unsigned i = 0; i < count; ++i) {
    StringAttr name = attribute(i);
    names.push_back(name ? name.str() : std::to_string(i));
  }
  return names;
}

/// What an input that callers may leave out stands for.
static std::optional<Tensor> makeDefault(StringRef name, const Tensor &ids) {
  if (name != "attention_mask" && name != "token_type_ids")
    return std::nullopt;
  Tensor result{ids.shape, std::vector<int32_t>(
                               ids.size(), name == "attention_mask" ? 1 : 0)};
  return result;
}

static llvm::Expected<std::vector<Tensor>>
orderInputs(ArrayRef<std::string> names, const NamedTensors &inputs,
            StringRef entry) {
  for (const auto &[name, tensor] : inputs)
    if (!llvm::is_contained(names, name))
      return makeError(ExitCode::Input,
                       "entry {0} has no input '{1}'; its inputs are {2}",
                       entry, name, llvm::join(names, ", "));
  std::vector<Tensor> ordered;
  for (const std::string &name : names) {
    auto found = inputs.find(name);
    if (found != inputs.end()) {
      ordered.push_back(found->second);
      continue;
    }
    auto ids = inputs.find("input_ids");
    std::optional<Tensor> value;
    if (ids != inputs.end())
      value = makeDefault(name, ids->second);
    if (!value)
      return makeError(ExitCode::Input, "input {0} is missing", name);
    ordered.push_back(std::move(*value));
  }
  return ordered;
}

llvm::Expected<NamedTensors> tx::runReference(const Model &model,
                                              StringRef entry,
                                              const NamedTensors &inputs) {
  func::FuncOp function = findEntry(*model.module, entry);
  if (!function)
    return makeError(ExitCode::Input, "the model has no entry '{0}'", entry);
  SmallVector<std::string> argumentNames =
      getNames(function.getNumArguments(), [&](unsigned i) {
        return function.getArgAttrOfType<StringAttr>(i, kNameAttrName);
      });
  llvm::Expected<std::vector<Tensor>> ordered =
      orderInputs(argumentNames, inputs, entry);
  if (!ordered)
    return ordered.takeError();
  ParamSource source(model.paramRoot);
  llvm::Expected<std::vector<Tensor>> results =
      interpret(*model.module, function.getSymName(), *ordered, source);
  if (!results)
    return results.takeError();
  SmallVector<std::string> resultNames =
      getNames(function.getNumResults(), [&](unsigned i) {
        return function.getResultAttrOfType<StringAttr>(i, kNameAttrName);
      });
  NamedTensors outputs;
  for (auto [name, result] : llvm::zip_equal(resultNames, *results))
    outputs[name] = std::move(result);
  return outputs;
}
