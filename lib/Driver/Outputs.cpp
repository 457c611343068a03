//===- Outputs.cpp - Outputs of a run, as safetensors, JSON and text ------===//

#include "tx/Checkpoint/Files.h"
#include "tx/Checkpoint/Safetensors.h"
#include "tx/Driver/Tensors.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace mlir;
using namespace tx;
namespace json = llvm::json;

/// The elements from `begin` on, nested by `shape`; moves `begin` past them.
static json::Value nest(const Tensor &tensor, ArrayRef<int64_t> shape,
                        int64_t &begin) {
  if (shape.empty()) {
    double value = tensor.at(begin++);
    return std::isfinite(value) ? json::Value(value) : json::Value(nullptr);
  }
  json::Array list;
  for (int64_t i = 0; i < shape.front(); ++i)
    list.push_back(nest(tensor, shape.drop_front(), begin));
  return list;
}

json::Value tx::toJson(const NamedTensors &outputs) {
  json::Object result;
  for (const auto &[name, tensor] : outputs) {
    int64_t begin = 0;
    result[json::fixUTF8(name)] =
        json::Object{{"shape", json::Array(tensor.shape)},
                     {"data", nest(tensor, tensor.shape, begin)}};
  }
  return result;
}

llvm::Error tx::checkOutputName(StringRef path) {
  if (path == "-" || path.ends_with(".json") || path.ends_with(".safetensors"))
    return llvm::Error::success();
  return makeError(ExitCode::Usage,
                   "cannot tell the format of {0}: expected a name that ends "
                   "in .safetensors or .json, or -",
                   path);
}

static llvm::Error writeJson(const NamedTensors &outputs, StringRef path) {
  llvm::Expected<OutputFile> file = OutputFile::create(path);
  if (!file)
    return file.takeError();
  return file->commitText(llvm::formatv("{0}\n", toJson(outputs)).str());
}

llvm::Error tx::writeOutputs(const NamedTensors &outputs, StringRef path) {
  if (llvm::Error error = checkOutputName(path))
    return error;
  if (path.ends_with(".json"))
    return writeJson(outputs, path);
  std::map<std::string, TensorView> views;
  for (const auto &[name, tensor] : outputs) {
    bool isFloats = std::holds_alternative<std::vector<float>>(tensor.data);
    const void *data = isFloats
                           ? static_cast<const void *>(tensor.floats().data())
                           : tensor.ints().data();
    TensorView view;
    view.dtype = isFloats ? Dtype::F32 : Dtype::I32;
    view.shape.assign(tensor.shape.begin(), tensor.shape.end());
    view.bytes =
        ArrayRef(static_cast<const uint8_t *>(data), tensor.size() * 4);
    views[name] = view;
  }
  return writeSafetensors(path, views);
}

void tx::printOutputs(const NamedTensors &outputs, llvm::raw_ostream &os) {
  constexpr int64_t kRows = 8, kColumns = 6;
  for (const auto &[name, tensor] : outputs) {
    os << name << " (";
    llvm::interleaveComma(tensor.shape, os);
    os << ")\n";
    int64_t width = tensor.shape.empty() ? 1 : tensor.shape.back();
    int64_t rows = width == 0 ? 0 : tensor.size() / width;
    for (int64_t row = 0; row < std::min(rows, kRows); ++row) {
      os << " ";
      for (int64_t i = 0; i < std::min(width, kColumns); ++i)
        os << ' ' << llvm::format("%11.6g", tensor.at(row * width + i));
      os << (width > kColumns ? " ...\n" : "\n");
    }
    if (rows > kRows)
      os << "  ... " << rows - kRows << " more rows\n";
  }
}
