//===- Safetensors.cpp - Mapped safetensors files -------------------------===//

#include "tx/Checkpoint/Safetensors.h"
#include "Quote.h"
#include "RegularFile.h"
#include "tx/Checkpoint/Json.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

#include <sys/mman.h>
#include <unistd.h>

using namespace llvm;
using namespace tx;

int64_t tx::getSize(Dtype dtype) {
  switch (dtype) {
  case Dtype::Bool:
  case Dtype::U8:
  case Dtype::I8:
    return 1;
  case Dtype::I16:
  case Dtype::F16:
  case Dtype::BF16:
    return 2;
  case Dtype::I32:
  case Dtype::F32:
    return 4;
  case Dtype::I64:
  case Dtype::F64:
    return 8;
  }
  llvm_unreachable("all dtypes are listed");
}

static constexpr std::pair<StringLiteral, Dtype> kDtypeNames[] = {
    {"BOOL", Dtype::Bool}, {"U8", Dtype::U8},     {"I8", Dtype::I8},
    {"I16", Dtype::I16},   {"I32", Dtype::I32},   {"I64", Dtype::I64},
    {"F16", Dtype::F16},   {"BF16", Dtype::BF16}, {"F32", Dtype::F32},
    {"F64", Dtype::F64}};

StringRef tx::getName(Dtype dtype) {
  for (const auto &[name, value] : kDtypeNames)
    if (value == dtype)
      return name;
  llvm_unreachable("all dtypes are listed");
}

namespace {
/// Where a tensor's bytes are, relative to the end of the header.
struct Extent {
  uint64_t begin, end;
  StringRef key;
};

/// The checks of one file; messages begin with its name.
class HeaderReader {
public:
  HeaderReader(ArrayRef<uint8_t> bytes, StringRef name)
      : bytes(bytes), name(name) {}

  llvm::Error read(std::map<std::string, TensorView> &views,
                   std::map<std::string, std::string> &notes) {
    if (llvm::Error error = findHeader())
      return error;
    Expected<json::Value> header = parseJson(text, name);
    if (!header)
      return header.takeError();
    const json::Object *object = header->getAsObject();
    if (!object)
      return fail("the header is not a JSON object");
    if (object->size() > kMaxTensors)
      return fail(formatv("{0} tensors, at most {1} are read", object->size(),
                          kMaxTensors));
    std::vector<Extent> extents;
    for (const auto &[key, value] : *object) {
      llvm::Error error = key == "__metadata__"
                              ? readMetadata(value, notes)
                              : readTensor(key, value, views, extents);
      if (error)
        return error;
    }
    return checkCoverage(extents);
  }

private:
  template <typename T>
  llvm::Error fail(const T &message) {
    return makeError(ExitCode::Malformed, "{0}: {1}", name, message);
  }

  llvm::Error findHeader() {
    constexpr size_t lengthBytes = 8;
    if (bytes.size() < lengthBytes)
      return fail(formatv("{0} bytes are too few for a safetensors file",
                          bytes.size()));
    // What a clone without git-lfs leaves in the place of large files.
    if (toStringRef(bytes.take_front(64))
            .starts_with("version https://git-lfs"))
      return withHint(fail("the file is a pointer of git-lfs"),
                      "fetch the content with `git lfs pull`");
    uint64_t length = support::endian::read64le(bytes.data());
    uint64_t rest = bytes.size() - lengthBytes;
    if (length > kMaxHeaderBytes)
      return fail(formatv("the header claims {0} bytes, at most {1} are read",
                          length, kMaxHeaderBytes));
    if (length > rest)
      return fail(formatv("the header claims {0} bytes, but only {1} follow; "
                          "the file is truncated or not a safetensors file",
                          length, rest));
    text = StringRef(reinterpret_cast<const char *>(bytes.data()) + lengthBytes,
                     length);
    if (!text.starts_with("{"))
      return fail("the header does not begin with '{'");
    data = bytes.drop_front(lengthBytes + length);
    return llvm::Error::success();
  }

  llvm::Error readMetadata(const json::Value &value,
                           std::map<std::string, std::string> &notes) {
    const json::Object *object = value.getAsObject();
    if (!object)
      return fail("__metadata__ is not an object");
    for (const auto &[key, entry] : *object) {
      std::optional<StringRef> string = entry.getAsString();
      if (!string)
        return fail(formatv("__metadata__ {0} is not a string", quote(key)));
      notes[key.str()] = string->str();
    }
    return llvm::Error::success();
  }

  llvm::Error readTensor(StringRef key, const json::Value &value,
                         std::map<std::string, TensorView> &views,
                         std::vector<Extent> &extents) {
    if (key.size() > kMaxNameBytes || key != escapeControls(key))
      return fail(formatv("tensor {0} has a name that is longer than {1} bytes "
                          "or contains control characters",
                          quote(key), kMaxNameBytes));
    const json::Object *object = value.getAsObject();
    if (!object)
      return fail(formatv("tensor '{0}' is not described by an object", key));
    TensorView view;
    uint64_t expected = 0;
    if (llvm::Error error = readDtype(key, *object, view))
      return error;
    if (llvm::Error error = readShape(key, *object, view, expected))
      return error;
    const json::Array *offsets = object->getArray("data_offsets");
    std::optional<uint64_t> begin, end;
    if (offsets && offsets->size() == 2) {
      begin = (*offsets)[0].getAsUINT64();
      end = (*offsets)[1].getAsUINT64();
    }
    if (!begin || !end)
      return fail(formatv("tensor '{0}' has no two data_offsets", key));
    if (*begin > *end || *end > data.size())
      return fail(formatv("tensor '{0}' has data_offsets {1} to {2}, but there "
                          "are {3} bytes of data",
                          key, *begin, *end, data.size()));
    if (*end - *begin != expected)
      return fail(formatv("tensor '{0}' has {1} bytes, but its dtype and shape "
                          "need {2}",
                          key, *end - *begin, expected));
    view.bytes = data.slice(*begin, expected);
    auto [entry, isNew] = views.emplace(key.str(), std::move(view));
    (void)isNew; // parseJson refuses repeated keys
    extents.push_back({*begin, *end, entry->first});
    return llvm::Error::success();
  }

  llvm::Error readDtype(StringRef key, const json::Object &object,
                        TensorView &view) {
    std::optional<StringRef> dtype = object.getString("dtype");
    if (!dtype)
      return fail(formatv("tensor '{0}' has no dtype", key));
    for (const auto &[name, value] : kDtypeNames)
      if (name == *dtype) {
        view.dtype = value;
        return llvm::Error::success();
      }
    return makeError(ExitCode::Unsupported,
                     "{0}: tensor '{1}' has dtype {2}, which is not supported",
                     name, key, escapeControls(dtype->take_front(40)));
  }

  llvm::Error readShape(StringRef key, const json::Object &object,
                        TensorView &view, uint64_t &size) {
    const json::Array *shape = object.getArray("shape");
    if (!shape)
      return fail(formatv("tensor '{0}' has no shape", key));
    if (shape->size() > kMaxRank)
      return fail(formatv("tensor '{0}' has {1} dimensions, at most {2} are "
                          "supported",
                          key, shape->size(), kMaxRank));
    size = getSize(view.dtype);
    // Whoever multiplies the other dimensions of a tensor without elements
    // must not overflow either.
    bool overflow = false, isEmpty = false;
    for (const json::Value &entry : *shape) {
      std::optional<int64_t> dim = entry.getAsInteger();
      if (!dim || *dim < 0)
        return fail(formatv("tensor '{0}' has a dimension that is no natural "
                            "number",
                            key));
      view.shape.push_back(*dim);
      if (*dim == 0) {
        isEmpty = true;
        continue;
      }
      overflow |= size > static_cast<uint64_t>(INT64_MAX) / *dim;
      size *= *dim;
    }
    if (isEmpty)
      size = 0;
    if (overflow)
      return fail(formatv("tensor '{0}' has a shape too large to exist", key));
    return llvm::Error::success();
  }

  /// The tensors cover the data exactly: no gap, no overlap.
  llvm::Error checkCoverage(std::vector<Extent> &extents) {
    llvm::sort(extents, [](const Extent &a, const Extent &b) {
      return std::tie(a.begin, a.end, a.key) < std::tie(b.begin, b.end, b.key);
    });
    uint64_t at = 0;
    for (const Extent &extent : extents) {
      if (extent.begin < at)
        return fail(formatv("tensor '{0}' overlaps another", extent.key));
      if (extent.begin > at)
        return fail(formatv("{0} bytes before tensor '{1}' belong to no tensor",
                            extent.begin - at, extent.key));
      at = extent.end;
    }
    if (at != data.size())
      return fail(
          formatv("the last {0} bytes belong to no tensor", data.size() - at));
    return llvm::Error::success();
  }

  ArrayRef<uint8_t> bytes;
  StringRef name, text;
  ArrayRef<uint8_t> data;
};
} // namespace

Expected<std::unique_ptr<SafetensorsFile>>
SafetensorsFile::parse(ArrayRef<uint8_t> bytes, StringRef name) {
  std::unique_ptr<SafetensorsFile> file(new SafetensorsFile);
  if (llvm::Error error =
          HeaderReader(bytes, name).read(file->views, file->notes))
    return std::move(error);
  return std::move(file);
}

Expected<std::unique_ptr<SafetensorsFile>>
SafetensorsFile::open(StringRef path) {
  Expected<RegularFile> opened = RegularFile::open(path);
  if (!opened)
    return opened.takeError();
  if (opened->size() == 0)
    return makeError(ExitCode::Malformed, "{0}: the file is empty", path);
  Expected<ArrayRef<uint8_t>> bytes = opened->map();
  if (!bytes)
    return bytes.takeError();
  Expected<std::unique_ptr<SafetensorsFile>> file = parse(*bytes, path);
  if (!file) {
    ::munmap(const_cast<uint8_t *>(bytes->data()), bytes->size());
    return file.takeError();
  }
  (*file)->mapping = *bytes;
  return file;
}

SafetensorsFile::~SafetensorsFile() {
  if (!mapping.empty())
    ::munmap(const_cast<uint8_t *>(mapping.data()), mapping.size());
}

const TensorView *SafetensorsFile::find(StringRef key) const {
  auto found = views.find(key.str());
  return found == views.end() ? nullptr : &found->second;
}

void SafetensorsFile::release(ArrayRef<uint8_t> bytes) const {
  if (mapping.empty() || bytes.empty())
    return;
  // Only whole pages: the neighbours' bytes stay.
  auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  auto begin = reinterpret_cast<uintptr_t>(bytes.begin());
  auto end = reinterpret_cast<uintptr_t>(bytes.end());
  begin = alignTo(begin, page);
  end = alignDown(end, page);
  if (begin < end)
    ::madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

using NamedTensor = std::pair<const std::string, TensorView>;

static uint64_t getBytes(const TensorView &view) {
  uint64_t size = getSize(view.dtype);
  for (int64_t dim : view.shape)
    size *= dim;
  return size;
}

/// The header of a file whose data holds `tensors` in this order.
static std::string
makeHeader(ArrayRef<const NamedTensor *> tensors,
           const std::map<std::string, std::string> &metadata) {
  std::string text;
  raw_string_ostream os(text);
  json::OStream writer(os);
  writer.object([&] {
    if (!metadata.empty())
      writer.attributeObject("__metadata__", [&] {
        for (const auto &[key, value] : metadata)
          writer.attribute(key, value);
      });
    uint64_t at = 0;
    for (const NamedTensor *tensor : tensors) {
      const TensorView &view = tensor->second;
      writer.attributeObject(tensor->first, [&] {
        writer.attribute("dtype", getName(view.dtype));
        writer.attributeArray("shape", [&] {
          for (int64_t dim : view.shape)
            writer.value(dim);
        });
        writer.attributeArray("data_offsets", [&] {
          writer.value(at);
          at += view.bytes.size();
          writer.value(at);
        });
      });
    }
  });
  // The data begins at a multiple of 8 bytes.
  text.resize(alignTo(text.size(), 8), ' ');
  return text;
}

llvm::Error
tx::writeSafetensors(StringRef path,
                     const std::map<std::string, TensorView> &tensors,
                     const std::map<std::string, std::string> &metadata) {
  SmallVector<const NamedTensor *> order;
  for (const NamedTensor &tensor : tensors) {
    if (getBytes(tensor.second) != tensor.second.bytes.size())
      return makeError(ExitCode::Failure,
                       "tensor '{0}' has {1} bytes, but its dtype and shape "
                       "need {2}",
                       tensor.first, tensor.second.bytes.size(),
                       getBytes(tensor.second));
    order.push_back(&tensor);
  }
  llvm::sort(order, [](const NamedTensor *a, const NamedTensor *b) {
    int64_t sizeA = getSize(a->second.dtype), sizeB = getSize(b->second.dtype);
    return sizeA != sizeB ? sizeA > sizeB : a->first < b->first;
  });
  std::string header = makeHeader(order, metadata);

  Expected<OutputFile> file = OutputFile::create(path);
  if (!file)
    return file.takeError();
  uint8_t length[8];
  support::endian::write64le(length, header.size());
  if (llvm::Error error = file->write(length))
    return error;
  if (llvm::Error error = file->write(arrayRefFromStringRef(header)))
    return error;
  for (const NamedTensor *tensor : order)
    if (llvm::Error error = file->write(tensor->second.bytes))
      return error;
  return file->commit();
}
