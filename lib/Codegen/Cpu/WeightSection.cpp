//===- WeightSection.cpp - Weights into a file ----------------------------===//
//
// Stores ascend in offset, so writing them in order with zeros in between
// gives the section. The digest covers all bytes, the zeros included.
//
//===----------------------------------------------------------------------===//

#include "WeightSection.h"
#include "llvm/Support/BLAKE3.h"

using namespace tx;

llvm::Error tx::writeZeros(OutputFile &file, uint64_t size) {
  static const uint8_t zeros[4096] = {};
  while (size > 0) {
    size_t part = std::min<uint64_t>(size, sizeof zeros);
    if (llvm::Error error = file.write(llvm::ArrayRef(zeros, part)))
      return error;
    size -= part;
  }
  return llvm::Error::success();
}

namespace {
/// Writes and digests a section piece by piece.
class SectionWriter {
public:
  explicit SectionWriter(OutputFile &file) : file(file) {}

  llvm::Error append(llvm::ArrayRef<uint8_t> bytes) {
    // Digest and write a piece while it is in the cache.
    constexpr size_t kPiece = 1 << 20;
    while (!bytes.empty()) {
      llvm::ArrayRef<uint8_t> piece = bytes.take_front(kPiece);
      hasher.update(piece);
      if (llvm::Error error = file.write(piece))
        return error;
      bytes = bytes.drop_front(piece.size());
      size += piece.size();
    }
    return llvm::Error::success();
  }

  llvm::Error padTo(uint64_t offset) {
    static const uint8_t zeros[4096] = {};
    while (size < offset) {
      size_t part = std::min<uint64_t>(offset - size, sizeof zeros);
      if (llvm::Error error = append(llvm::ArrayRef(zeros, part)))
        return error;
    }
    return llvm::Error::success();
  }

  WeightsId digest() { return hasher.final<32>(); }

private:
  OutputFile &file;
  llvm::BLAKE3 hasher;
  uint64_t size = 0;
};

/// A block of memory that is not cleared when it is made and returns to the
/// system when it is freed; tensors are large.
class Buffer {
public:
  ~Buffer() { std::free(data); }

  /// `size` bytes, the old ones lost; null if there is no memory.
  uint8_t *resize(size_t size) {
    if (size > capacity) {
      std::free(data);
      data = static_cast<uint8_t *>(std::malloc(size));
      capacity = data ? size : 0;
    }
    return data;
  }
  /// Keeps small blocks for the next tensor.
  void shrink() {
    constexpr size_t kKeep = 32 << 20;
    if (capacity > kKeep) {
      std::free(data);
      data = nullptr;
      capacity = 0;
    }
  }

private:
  uint8_t *data = nullptr;
  size_t capacity = 0;
};
} // namespace

/// The param at the root of an expression.
static ParamOp getRoot(mlir::Value value) {
  mlir::Operation *op = value.getDefiningOp();
  while (op && !mlir::isa<ParamOp>(op) && op->getNumOperands() == 1)
    op = op->getOperand(0).getDefiningOp();
  return mlir::dyn_cast_or_null<ParamOp>(op);
}

static llvm::Error writeStore(StoreOp store, ParamSource &source,
                              SectionWriter &writer, Buffer &buffer) {
  if (llvm::Error error = writer.padTo(store.getOffset()))
    return error;
  mlir::Value value = store.getValue();
  ParamOp root = getRoot(value);
  if (root && root.getResult() == value) {
    llvm::Expected<llvm::ArrayRef<uint8_t>> bytes = source.getBytes(root);
    if (!bytes)
      return bytes.takeError();
    if (llvm::Error error = writer.append(*bytes))
      return error;
  } else {
    size_t size =
        getStorageBytes(mlir::cast<mlir::RankedTensorType>(value.getType()));
    uint8_t *data = buffer.resize(size);
    if (!data && size > 0)
      return makeError(ExitCode::Backend,
                       "not enough memory for a tensor of {0} bytes", size);
    llvm::MutableArrayRef<uint8_t> bytes(data, size);
    if (llvm::Error error = evaluateParam(value, source, bytes))
      return error;
    if (llvm::Error error = writer.append(bytes))
      return error;
    buffer.shrink();
  }
  if (root)
    source.release(root);
  return llvm::Error::success();
}

llvm::Expected<WeightsId> tx::writeWeights(OutputFile &file, WeightsOp weights,
                                           ParamSource &source) {
  SectionWriter writer(file);
  Buffer buffer;
  if (weights) {
    for (auto store : weights.getBody().getOps<StoreOp>())
      if (llvm::Error error = writeStore(store, source, writer, buffer))
        return std::move(error);
    if (llvm::Error error = writer.padTo(weights.getSize()))
      return std::move(error);
  }
  return writer.digest();
}
