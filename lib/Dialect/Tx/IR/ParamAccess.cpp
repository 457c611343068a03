//===- ParamAccess.cpp - The bytes of parameters --------------------------===//

#include "tx/Dialect/Tx/IR/ParamAccess.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/Path.h"

#include <cstring>

using namespace mlir;
using namespace tx;

int64_t tx::getStorageBytes(RankedTensorType type) {
  int64_t count = type.getNumElements();
  if (auto layout = dyn_cast_if_present<LayoutAttr>(type.getEncoding()))
    count = llvm::alignTo(type.getDimSize(0), layout.getPanels()) *
            type.getDimSize(1);
  return count * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

//===----------------------------------------------------------------------===//
// ParamSource
//===----------------------------------------------------------------------===//

static Type getElementType(Dtype dtype, MLIRContext *context) {
  switch (dtype) {
  case Dtype::F32:
    return Float32Type::get(context);
  case Dtype::F16:
    return Float16Type::get(context);
  case Dtype::BF16:
    return BFloat16Type::get(context);
  case Dtype::I32:
    return IntegerType::get(context, 32);
  case Dtype::I64:
    return IntegerType::get(context, 64);
  default:
    return Type();
  }
}

llvm::Expected<const SafetensorsFile *> ParamSource::openFile(StringRef name) {
  std::unique_ptr<SafetensorsFile> &file = files[name.str()];
  if (file)
    return file.get();
  SmallString<256> path(root);
  if (llvm::sys::path::is_absolute(name))
    path = name;
  else
    llvm::sys::path::append(path, name);
  llvm::Expected<std::unique_ptr<SafetensorsFile>> opened =
      SafetensorsFile::open(path);
  if (!opened) {
    files.erase(name.str());
    return withHint(opened.takeError(),
                    "external parameters are looked for beside the module; "
                    "--param-root names another folder");
  }
  file = std::move(*opened);
  return file.get();
}

llvm::Expected<ArrayRef<uint8_t>> ParamSource::getBytes(ParamOp op) {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  if (auto external = dyn_cast<ExternalAttr>(op.getValue())) {
    llvm::Expected<const SafetensorsFile *> file = openFile(external.getFile());
    if (!file)
      return file.takeError();
    const TensorView *view = (*file)->find(external.getKey());
    if (!view)
      return makeError(ExitCode::Malformed, "{0} has no tensor '{1}'",
                       external.getFile(), external.getKey());
    if (getElementType(view->dtype, op.getContext()) != type.getElementType() ||
        ArrayRef<int64_t>(view->shape) != type.getShape()) {
      std::string expected, shape;
      llvm::raw_string_ostream(expected) << type;
      llvm::raw_string_ostream os(shape);
      llvm::interleave(view->shape, os, "x");
      return makeError(ExitCode::Malformed,
                       "tensor '{0}' of {1} is {2} {3}, the module expects {4}",
                       external.getKey(), external.getFile(),
                       getName(view->dtype), shape, expected);
    }
    return view->bytes;
  }
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(op.getValue())) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || blob->getData().size() <
                     static_cast<size_t>(getStorageBytes(type)))
      return makeError(ExitCode::Malformed,
                       "resource '{0}' is missing or too short",
                       resource.getRawHandle().getKey());
    ArrayRef<char> data = blob->getData();
    return ArrayRef<uint8_t>(reinterpret_cast<const uint8_t *>(data.data()),
                             getStorageBytes(type));
  }
  auto dense = cast<DenseElementsAttr>(op.getValue());
  ArrayRef<char> data = dense.getRawData();
  ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(data.data()),
                          data.size());
  if (!dense.isSplat() || type.getNumElements() == 1)
    return bytes;
  std::vector<uint8_t> &expanded = splats[dense.getAsOpaquePointer()];
  if (expanded.empty())
    for (int64_t i = 0, e = type.getNumElements(); i < e; ++i)
      expanded.insert(expanded.end(), bytes.begin(), bytes.end());
  return ArrayRef<uint8_t>(expanded);
}

void ParamSource::release(ParamOp op) {
  auto external = dyn_cast<ExternalAttr>(op.getValue());
  if (!external)
    return;
  auto file = files.find(external.getFile().str());
  if (file == files.end() || !file->second)
    return;
  if (const TensorView *view = file->second->find(external.getKey()))
    file->second->release(view->bytes);
}

//===----------------------------------------------------------------------===//
// evaluateParam
//===----------------------------------------------------------------------===//

/// Reads element `i` of `bytes` as f32; exact for f16 and bf16.
static float readFloat(const uint8_t *bytes, Type type, int64_t i) {
  if (type.isF32()) {
    float value;
    std::memcpy(&value, bytes + 4 * i, 4);
    return value;
  }
  uint16_t bits;
  std::memcpy(&bits, bytes + 2 * i, 2);
  if (type.isBF16()) {
    uint32_t wide = static_cast<uint32_t>(bits) << 16;
    float value;
    std::memcpy(&value, &wide, 4);
    return value;
  }
  _Float16 half;
  std::memcpy(&half, &bits, 2);
  return static_cast<float>(half);
}

/// Writes `value` as element `i`, rounded to nearest even.
static void writeFloat(uint8_t *bytes, Type type, int64_t i, float value) {
  if (type.isF32()) {
    std::memcpy(bytes + 4 * i, &value, 4);
    return;
  }
  uint16_t bits;
  if (type.isBF16()) {
    uint32_t wide;
    std::memcpy(&wide, &value, 4);
    bool isNan = (wide & 0x7fffffffu) > 0x7f800000u;
    uint32_t rounded = wide + 0x7fffu + ((wide >> 16) & 1);
    bits = isNan ? static_cast<uint16_t>((wide >> 16) | 0x40)
                 : static_cast<uint16_t>(rounded >> 16);
  } else {
    auto half = static_cast<_Float16>(value);
    std::memcpy(&bits, &half, 2);
  }
  std::memcpy(bytes + 2 * i, &bits, 2);
}

/// (N, K) row-major to [ceil(N / panels)][K][panels]; rows beyond N are zero.
/// Blocks of K keep the rows that are read and the panel that is written in L1.
template <typename T>
static void packPanels(const T *in, T *out, int64_t rows, int64_t columns,
                       int64_t panels) {
  constexpr int64_t block = 64;
  for (int64_t first = 0; first < rows; first += panels) {
    T *panel = out + first * columns;
    int64_t count = std::min(panels, rows - first);
    if (count < panels)
      std::memset(panel, 0, panels * columns * sizeof(T));
    for (int64_t k0 = 0; k0 < columns; k0 += block)
      for (int64_t r = 0; r < count; ++r) {
        const T *row = in + (first + r) * columns;
        for (int64_t k = k0, e = std::min(k0 + block, columns); k < e; ++k)
          panel[k * panels + r] = row[k];
      }
  }
}

static llvm::Error evaluatePack(PackOp op, ParamSource &source,
                                MutableArrayRef<uint8_t> out) {
  auto type = cast<RankedTensorType>(op.getInput().getType());
  auto layout = cast<LayoutAttr>(
      cast<RankedTensorType>(op.getResult().getType()).getEncoding());
  ArrayRef<uint8_t> in;
  std::vector<uint8_t> temporary;
  auto param = op.getInput().getDefiningOp<ParamOp>();
  if (param) {
    llvm::Expected<ArrayRef<uint8_t>> bytes = source.getBytes(param);
    if (!bytes)
      return bytes.takeError();
    in = *bytes;
  } else {
    temporary.resize(getStorageBytes(type));
    if (llvm::Error error = evaluateParam(op.getInput(), source, temporary))
      return error;
    in = temporary;
  }
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  // Files need not align tensors; packing goes through aligned memory then.
  std::vector<uint8_t> aligned;
  if (type.getElementTypeBitWidth() == 32) {
    if (reinterpret_cast<uintptr_t>(in.data()) % 4 != 0) {
      aligned.assign(in.begin(), in.end());
      in = aligned;
    }
    packPanels(reinterpret_cast<const uint32_t *>(in.data()),
               reinterpret_cast<uint32_t *>(out.data()), rows, columns,
               layout.getPanels());
  } else if (type.getElementTypeBitWidth() == 16) {
    if (reinterpret_cast<uintptr_t>(in.data()) % 2 != 0) {
      aligned.assign(in.begin(), in.end());
      in = aligned;
    }
    packPanels(reinterpret_cast<const uint16_t *>(in.data()),
               reinterpret_cast<uint16_t *>(out.data()), rows, columns,
               layout.getPanels());
  } else {
    return makeError(ExitCode::Unsupported,
                     "only 16- and 32-bit weights can be packed");
  }
  if (param)
    source.release(param);
  return llvm::Error::success();
}

llvm::Error tx::evaluateParam(Value value, ParamSource &source,
                              MutableArrayRef<uint8_t> out) {
  if (auto param = value.getDefiningOp<ParamOp>()) {
    llvm::Expected<ArrayRef<uint8_t>> bytes = source.getBytes(param);
    if (!bytes)
      return bytes.takeError();
    if (!bytes->empty())
      std::memcpy(out.data(), bytes->data(), bytes->size());
    source.release(param);
    return llvm::Error::success();
  }
  if (auto pack = value.getDefiningOp<PackOp>())
    return evaluatePack(pack, source, out);
  auto cast = value.getDefiningOp<CastOp>();
  if (!cast)
    return makeError(ExitCode::Unsupported,
                     "a value is needed at compile time that is no parameter");
  auto from = mlir::cast<RankedTensorType>(cast.getInput().getType());
  auto to = mlir::cast<RankedTensorType>(cast.getResult().getType());
  std::vector<uint8_t> in(getStorageBytes(from));
  if (llvm::Error error = evaluateParam(cast.getInput(), source, in))
    return error;
  int64_t count = in.size() / (from.getElementTypeBitWidth() / 8);
  for (int64_t i = 0; i < count; ++i)
    writeFloat(out.data(), to.getElementType(), i,
               readFloat(in.data(), from.getElementType(), i));
  return llvm::Error::success();
}
