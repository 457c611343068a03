//===- ParamAccess.cpp - The bytes of parameters --------------------------===//

#include "tx/Dialect/Tx/IR/ParamAccess.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"

#include <cstring>

using namespace mlir;
using namespace tx;

int64_t tx::getStorageBytes(RankedTensorType type) {
  // Sizes that no machine has are kept from wrapping round.
  constexpr int64_t most = int64_t(1) << 62;
  SmallVector<int64_t> dims(type.getShape());
  if (auto layout = dyn_cast_if_present<LayoutAttr>(type.getEncoding())) {
    dims[0] =
        llvm::SaturatingMultiply<uint64_t>(
            llvm::divideCeil(dims[0], layout.getPanels()), layout.getPanels()) &
        INT64_MAX;
    dims[1] = layout.getPaddedColumns(dims[1]);
  }
  uint64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  for (int64_t dim : dims)
    bytes = llvm::SaturatingMultiply<uint64_t>(bytes, dim);
  return std::min<uint64_t>(bytes, most);
}

static ArrayRef<uint8_t> asBytes(ArrayRef<char> data) {
  return {reinterpret_cast<const uint8_t *>(data.data()), data.size()};
}

static RankedTensorType getType(ParamOp op) {
  return cast<RankedTensorType>(op.getResult().getType());
}

//===----------------------------------------------------------------------===//
// External params
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
  if (!opened)
    return withHint(opened.takeError(),
                    "external parameters are looked for beside the module; "
                    "--param-root names another folder");
  file = std::move(*opened);
  return file.get();
}

llvm::Expected<ArrayRef<uint8_t>> ParamSource::getExternalBytes(ParamOp op) {
  auto external = cast<ExternalAttr>(op.getValue());
  RankedTensorType type = getType(op);
  llvm::Expected<const SafetensorsFile *> file = openFile(external.getFile());
  if (!file)
    return file.takeError();
  const TensorView *view = (*file)->find(external.getKey());
  if (!view)
    return makeError(ExitCode::Malformed, "{0} has no tensor '{1}'",
                     external.getFile(), external.getKey());
  if (getElementType(view->dtype, op.getContext()) == type.getElementType() &&
      ArrayRef<int64_t>(view->shape) == type.getShape())
    return view->bytes;
  std::string expected, found;
  llvm::raw_string_ostream(expected) << type;
  llvm::raw_string_ostream os(found);
  llvm::interleaveComma(view->shape, os);
  return makeError(ExitCode::Malformed,
                   "tensor '{0}' of {1} is {2} [{3}], the module expects {4}",
                   external.getKey(), external.getFile(), getName(view->dtype),
                   found, expected);
}

//===----------------------------------------------------------------------===//
// Params in the module
//===----------------------------------------------------------------------===//

static llvm::Expected<ArrayRef<uint8_t>> getResourceBytes(ParamOp op) {
  auto resource = cast<DenseResourceElementsAttr>(op.getValue());
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  auto expected = static_cast<size_t>(getStorageBytes(getType(op)));
  if (!blob)
    return makeError(ExitCode::Malformed, "resource '{0}' has no data",
                     resource.getRawHandle().getKey());
  if (blob->getData().size() != expected)
    return makeError(
        ExitCode::Malformed, "resource '{0}' has {1} bytes, its type needs {2}",
        resource.getRawHandle().getKey(), blob->getData().size(), expected);
  return asBytes(blob->getData());
}

/// A literal of one value is stored once; here it is written out.
llvm::Expected<ArrayRef<uint8_t>> ParamSource::getSplatBytes(ParamOp op) {
  ArrayRef<uint8_t> element =
      asBytes(cast<DenseElementsAttr>(op.getValue()).getRawData());
  auto size = static_cast<size_t>(getStorageBytes(getType(op)));
  if (size == 0)
    return ArrayRef<uint8_t>();
  auto &memory = splats[op];
  memory.reset(static_cast<uint8_t *>(std::malloc(size)));
  if (!memory)
    return makeError(ExitCode::Backend,
                     "not enough memory for a parameter of {0} bytes", size);
  std::memcpy(memory.get(), element.data(), element.size());
  // What is there is copied behind itself until all is there.
  for (size_t done = element.size(); done < size;) {
    size_t part = std::min(done, size - done);
    std::memcpy(memory.get() + done, memory.get(), part);
    done += part;
  }
  return ArrayRef<uint8_t>(memory.get(), size);
}

llvm::Expected<ArrayRef<uint8_t>> ParamSource::getBytes(ParamOp op) {
  if (isa<ExternalAttr>(op.getValue()))
    return getExternalBytes(op);
  if (isa<DenseResourceElementsAttr>(op.getValue()))
    return getResourceBytes(op);
  auto dense = cast<DenseElementsAttr>(op.getValue());
  if (dense.isSplat())
    return getSplatBytes(op);
  return asBytes(dense.getRawData());
}

void ParamSource::release(ParamOp op) {
  splats.erase(op);
  auto external = dyn_cast<ExternalAttr>(op.getValue());
  if (!external)
    return;
  auto file = files.find(external.getFile().str());
  if (file == files.end() || !file->second)
    return;
  if (const TensorView *view = file->second->find(external.getKey()))
    file->second->release(view->bytes);
}
