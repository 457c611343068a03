//===- Inputs.cpp - Inputs of a run, from JSON and safetensors ------------===//

#include "tx/Checkpoint/Error.h"
#include "tx/Checkpoint/Json.h"
#include "tx/Checkpoint/Safetensors.h"
#include "tx/Driver/Tensors.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace tx;
namespace json = llvm::json;

static llvm::Expected<int32_t> toIndex(int64_t value, StringRef name) {
  if (value < INT32_MIN || value > INT32_MAX)
    return makeError(ExitCode::Input,
                     "{0} holds {1}, which is no 32-bit number", name, value);
  return int32_t(value);
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

namespace {
/// One input as JSON has it: a list, or a list of lists.
struct JsonInput {
  std::vector<std::vector<int32_t>> rows;
  bool nested = false;

  bool isRagged() const {
    return llvm::any_of(rows, [&](const std::vector<int32_t> &row) {
      return row.size() != rows.front().size();
    });
  }
};
} // namespace

static llvm::Expected<std::vector<int32_t>> readList(const json::Array &list,
                                                     StringRef name) {
  std::vector<int32_t> values;
  for (const json::Value &element : list) {
    std::optional<int64_t> number = element.getAsInteger();
    if (std::optional<bool> flag = element.getAsBoolean())
      number = *flag;
    if (!number)
      return makeError(ExitCode::Input,
                       "{0} is no list of integers, or of lists of integers: "
                       "it holds {1}",
                       name, element);
    llvm::Expected<int32_t> index = toIndex(*number, name);
    if (!index)
      return index.takeError();
    values.push_back(*index);
  }
  return values;
}

static llvm::Expected<JsonInput> readInput(const json::Value &value,
                                           StringRef name) {
  const json::Array *list = value.getAsArray();
  if (!list)
    return makeError(ExitCode::Input, "{0} is no list", name);
  JsonInput input;
  input.nested = !list->empty() && list->front().getAsArray();
  if (!input.nested) {
    llvm::Expected<std::vector<int32_t>> row = readList(*list, name);
    if (!row)
      return row.takeError();
    input.rows.push_back(std::move(*row));
    return input;
  }
  for (const json::Value &element : *list) {
    const json::Array *inner = element.getAsArray();
    if (!inner)
      return makeError(ExitCode::Input, "{0} mixes lists and numbers", name);
    llvm::Expected<std::vector<int32_t>> row = readList(*inner, name);
    if (!row)
      return row.takeError();
    input.rows.push_back(std::move(*row));
  }
  return input;
}

static Tensor concatenate(const JsonInput &input) {
  std::vector<int32_t> values;
  for (const std::vector<int32_t> &row : input.rows)
    values.insert(values.end(), row.begin(), row.end());
  return {{int64_t(values.size())}, std::move(values)};
}

static std::vector<int32_t> getOffsets(const JsonInput &input) {
  std::vector<int32_t> offsets{0};
  for (const std::vector<int32_t> &row : input.rows)
    offsets.push_back(offsets.back() + row.size());
  return offsets;
}

/// Sequences of unequal lengths: tokens one after the other, and offsets.
static llvm::Expected<NamedTensors>
packInputs(const std::map<std::string, JsonInput> &inputs,
           const std::vector<int32_t> &offsets) {
  NamedTensors result;
  for (const auto &[name, input] : inputs) {
    if (name == "attention_mask")
      return withHint(makeError(ExitCode::Input,
                                "sequences of unequal lengths take no "
                                "attention_mask"),
                      "leave it out, or pad all rows to one length");
    if (getOffsets(input) != offsets)
      return makeError(ExitCode::Input,
                       "the rows of {0} are not as long as those of input_ids",
                       name);
    result[name] = concatenate(input);
  }
  result["offsets"] = Tensor{{int64_t(offsets.size())}, offsets};
  return result;
}

/// What is malformed here is input, not a model.
static llvm::Error toInputError(llvm::Error error) {
  return llvm::handleErrors(std::move(error), [](const tx::Error &e) {
    ExitCode code =
        e.getCode() == ExitCode::Malformed ? ExitCode::Input : e.getCode();
    return withHint(makeError(code, "{0}", e.getMessage()), e.getHint());
  });
}

static llvm::Expected<NamedTensors> readJson(StringRef text, StringRef what) {
  llvm::Expected<json::Value> value = parseJson(text, what);
  if (!value)
    return toInputError(value.takeError());
  const json::Object *object = value->getAsObject();
  if (!object)
    return makeError(ExitCode::Input, "{0} is no JSON object of inputs by name",
                     what);
  std::map<std::string, JsonInput> inputs;
  for (const auto &[key, element] : *object) {
    llvm::Expected<JsonInput> input = readInput(element, key.str());
    if (!input)
      return input.takeError();
    inputs[key.str()] = std::move(*input);
  }
  auto ids = inputs.find("input_ids");
  if (ids != inputs.end() && ids->second.nested && ids->second.isRagged())
    return packInputs(inputs, getOffsets(ids->second));
  NamedTensors result;
  for (const auto &[name, input] : inputs) {
    if (input.nested && input.isRagged())
      return makeError(ExitCode::Input, "the rows of {0} have unequal lengths",
                       name);
    Tensor flat = concatenate(input);
    if (input.nested)
      flat.shape = {int64_t(input.rows.size()),
                    int64_t(input.rows.front().size())};
    result[name] = std::move(flat);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Safetensors
//===----------------------------------------------------------------------===//

/// Element `i` of `view` as an integer of type T.
template <typename T>
static int64_t readAs(const TensorView &view, int64_t i) {
  T value;
  memcpy(&value, view.bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}

static llvm::Expected<int64_t> readInteger(const TensorView &view, int64_t i,
                                           StringRef name) {
  switch (view.dtype) {
  case Dtype::Bool:
  case Dtype::U8:
    return readAs<uint8_t>(view, i);
  case Dtype::I8:
    return readAs<int8_t>(view, i);
  case Dtype::I16:
    return readAs<int16_t>(view, i);
  case Dtype::I32:
    return readAs<int32_t>(view, i);
  case Dtype::I64:
    return readAs<int64_t>(view, i);
  default:
    return makeError(ExitCode::Input, "{0} has dtype {1}, expected integers",
                     name, getName(view.dtype));
  }
}

static llvm::Expected<NamedTensors> readSafetensors(StringRef path) {
  auto file = SafetensorsFile::open(path);
  if (!file)
    return toInputError(file.takeError());
  NamedTensors result;
  for (const auto &[name, view] : (*file)->tensors()) {
    int64_t count = view.bytes.size() / getSize(view.dtype);
    std::vector<int32_t> values(count);
    for (int64_t i = 0; i < count; ++i) {
      llvm::Expected<int64_t> integer = readInteger(view, i, name);
      if (!integer)
        return integer.takeError();
      llvm::Expected<int32_t> index = toIndex(*integer, name);
      if (!index)
        return index.takeError();
      values[i] = *index;
    }
    result[name] =
        Tensor{{view.shape.begin(), view.shape.end()}, std::move(values)};
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Any of them
//===----------------------------------------------------------------------===//

static llvm::Expected<NamedTensors> readAny(StringRef spec) {
  if (spec.ltrim().starts_with("{"))
    return readJson(spec, "--input");
  if (spec.ends_with(".safetensors"))
    return readSafetensors(spec);
  if (spec == "-") {
    auto buffer = llvm::MemoryBuffer::getSTDIN();
    if (std::error_code code = buffer.getError())
      return makeError(ExitCode::File, "cannot read standard input: {0}",
                       code.message());
    return readJson((*buffer)->getBuffer(), "standard input");
  }
  llvm::Expected<std::string> text = readTextFile(spec);
  if (!text)
    return withHint(text.takeError(),
                    "inputs are a .safetensors file, a JSON file or inline "
                    "JSON, {\"input_ids\": [[101, 102]]} say");
  return readJson(*text, spec);
}

llvm::Expected<NamedTensors> tx::readInputs(StringRef spec) {
  llvm::Expected<NamedTensors> inputs = readAny(spec);
  if (!inputs)
    return inputs;
  auto ids = inputs->find("input_ids");
  if (ids == inputs->end())
    return makeError(ExitCode::Input, "input input_ids is missing");
  if (ids->second.shape.size() == 1 && !inputs->count("offsets"))
    inputs->insert(
        {"offsets",
         Tensor{{2}, std::vector<int32_t>{0, int32_t(ids->second.size())}}});
  return inputs;
}

llvm::Expected<std::string> tx::chooseEntry(const NamedTensors &inputs) {
  auto ids = inputs.find("input_ids");
  if (ids == inputs.end())
    return makeError(ExitCode::Input, "input input_ids is missing");
  switch (ids->second.shape.size()) {
  case 1:
    return "packed";
  case 2:
    return "padded";
  default:
    return makeError(
        ExitCode::Input,
        "input_ids has rank {0}, expected 1 (packed) or 2 (padded)",
        ids->second.shape.size());
  }
}
