//===- ParamEvaluation.cpp - Values of parameter expressions --------------===//
//
// An expression is a param, casts, and at most one pack. Casts work on
// elements and packing only moves them (the zeros it adds are zeros in
// every type), so any order of them is: convert a short run of a row, put it
// where the layout wants it. That needs one pass over the param's bytes and
// no memory but a tile.
//
//===----------------------------------------------------------------------===//

#include "FloatConversion.h"
#include "tx/Dialect/Tx/IR/ParamAccess.h"

#include <cstring>

using namespace mlir;
using namespace tx;

namespace {
/// The expression, resolved: element types from the param's to the result's.
struct Expression {
  mutable ParamOp param; ///< accessors of ops are not const
  SmallVector<Type, 4> types;
  LayoutAttr layout; ///< null: row-major
};

/// Elements that are converted at once.
constexpr int64_t kRun = 256;
} // namespace

static llvm::Expected<Expression> resolve(Value value) {
  Expression result;
  for (;;) {
    Operation *op = value.getDefiningOp();
    if (!isa_and_nonnull<ParamOp, CastOp, PackOp>(op))
      return makeError(
          ExitCode::Unsupported,
          "a value is needed at compile time that is no parameter");
    auto type = cast<RankedTensorType>(value.getType());
    if (auto layout = dyn_cast_if_present<LayoutAttr>(type.getEncoding()))
      result.layout = layout;
    Type element = type.getElementType();
    if (result.types.empty() || result.types.back() != element)
      result.types.push_back(element);
    if (auto param = dyn_cast<ParamOp>(op)) {
      result.param = param;
      std::reverse(result.types.begin(), result.types.end());
      return result;
    }
    value = op->getOperand(0);
  }
}

//===----------------------------------------------------------------------===//
// Conversion
//===----------------------------------------------------------------------===//

/// `count` floats of `type` as bits of f32.
static void widen(const uint8_t *in, Type type, uint32_t *out, int64_t count) {
  if (type.isF32()) {
    std::memcpy(out, in, count * 4);
    return;
  }
  uint16_t narrow[kRun];
  std::memcpy(narrow, in, count * 2);
  if (type.isBF16())
    for (int64_t i = 0; i < count; ++i)
      out[i] = static_cast<uint32_t>(narrow[i]) << 16;
  else
    for (int64_t i = 0; i < count; ++i)
      out[i] = widenHalf(narrow[i]);
}

/// The other way, rounding.
static void narrow(const uint32_t *in, Type type, uint8_t *out, int64_t count) {
  if (type.isF32()) {
    std::memcpy(out, in, count * 4);
    return;
  }
  uint16_t result[kRun];
  if (type.isBF16())
    for (int64_t i = 0; i < count; ++i)
      result[i] = narrowToBfloat(in[i]);
  else
    for (int64_t i = 0; i < count; ++i)
      result[i] = narrowToHalf(in[i]);
  std::memcpy(out, result, count * 2);
}

/// Converts at most kRun elements through all of `types`.
static void convertRun(const uint8_t *in, ArrayRef<Type> types, uint8_t *out,
                       int64_t count) {
  if (types.size() == 1) {
    std::memcpy(out, in, count * (types[0].getIntOrFloatBitWidth() / 8));
    return;
  }
  uint32_t wide[kRun];
  uint8_t between[kRun * 4];
  widen(in, types[0], wide, count);
  for (Type type : types.drop_front().drop_back()) {
    narrow(wide, type, between, count);
    widen(between, type, wide, count);
  }
  narrow(wide, types.back(), out, count);
}

static void convert(ArrayRef<uint8_t> in, ArrayRef<Type> types,
                    MutableArrayRef<uint8_t> out) {
  if (types.size() == 1) {
    if (!in.empty())
      std::memcpy(out.data(), in.data(), in.size());
    return;
  }
  int64_t inBytes = types.front().getIntOrFloatBitWidth() / 8;
  int64_t outBytes = types.back().getIntOrFloatBitWidth() / 8;
  int64_t count = in.size() / inBytes;
  for (int64_t i = 0; i < count; i += kRun)
    convertRun(in.data() + i * inBytes, types, out.data() + i * outBytes,
               std::min(kRun, count - i));
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

namespace {
/// Packs (N, K) into [ceil(N / panels)][K / group][panels][group], with K padded
/// to whole blocks where there are groups; elements of type T in the result.
///
/// A tile of up to kRows rows by kColumns is read a row at a time, since each
/// row is a stream of its own and whole cache lines are used at once (rows a
/// power of two apart fall into the same set), and written column by column.
template <typename T>
class Packer {
public:
  Packer(const Expression &expression, int64_t rows, int64_t columns)
      : types(expression.types), rows(rows), columns(columns),
        panels(expression.layout.getPanels()),
        group(expression.layout.getGroup()),
        padded(expression.layout.getPaddedColumns(columns)),
        inBytes(types.front().getIntOrFloatBitWidth() / 8) {}

  void run(const uint8_t *in, uint8_t *out) const {
    for (int64_t first = 0; first < rows; first += panels) {
      uint8_t *panel = out + first * padded * sizeof(T);
      for (int64_t lane = 0; lane < panels; lane += kRows)
        for (int64_t k = 0; k < padded; k += kColumns)
          packTile(in, first, lane, k, panel);
    }
  }

private:
  static constexpr int64_t kRows = 16, kColumns = 64;

  /// Lanes [lane, lane + kRows) of the panel whose first row is `first`.
  void packTile(const uint8_t *in, int64_t first, int64_t lane, int64_t k,
                uint8_t *panel) const {
    T tile[kRows][kColumns];
    int64_t lanes = std::min(kRows, panels - lane);
    int64_t width = std::min(kColumns, padded - k);
    int64_t filled = std::clamp<int64_t>(columns - k, 0, width);
    for (int64_t r = 0; r < lanes; ++r) {
      int64_t row = first + lane + r;
      int64_t count = row < rows ? filled : 0;
      if (count > 0)
        convertRun(in + (row * columns + k) * inBytes, types,
                   reinterpret_cast<uint8_t *>(tile[r]), count);
      std::memset(tile[r] + count, 0, (width - count) * sizeof(T));
    }
    uint8_t *out = panel + (k * panels + lane * group) * sizeof(T);
    if (group > 1)
      return writeGroups(tile, out, width, lanes);
    if (lanes == kRows)
      return writeColumns<kRows>(tile, out, width, lanes);
    if (lanes == 8)
      return writeColumns<8>(tile, out, width, lanes);
    writeColumns<0>(tile, out, width, lanes);
  }

  /// A length that is known to the compiler makes the transposition vector
  /// code; 0 stands for any.
  template <int64_t length>
  void writeColumns(const T (&tile)[kRows][kColumns], uint8_t *out,
                    int64_t width, int64_t lanes) const {
    int64_t count = length ? length : lanes;
    for (int64_t c = 0; c < width; ++c) {
      T column[kRows];
      for (int64_t r = 0; r < count; ++r)
        column[r] = tile[r][c];
      std::memcpy(out + c * panels * sizeof(T), column, count * sizeof(T));
    }
  }

  /// The elements of a group side by side; `width` is a multiple of the group.
  void writeGroups(const T (&tile)[kRows][kColumns], uint8_t *out,
                   int64_t width, int64_t lanes) const {
    for (int64_t c = 0; c < width; c += group)
      for (int64_t r = 0; r < lanes; ++r)
        std::memcpy(out + (c * panels + r * group) * sizeof(T), &tile[r][c],
                    group * sizeof(T));
  }

  ArrayRef<Type> types;
  int64_t rows, columns, panels, group, padded, inBytes;
};
} // namespace

static void pack(ArrayRef<uint8_t> in, const Expression &expression,
                 MutableArrayRef<uint8_t> out) {
  auto type = cast<RankedTensorType>(expression.param.getResult().getType());
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  switch (expression.types.back().getIntOrFloatBitWidth()) {
  case 16:
    return Packer<uint16_t>(expression, rows, columns)
        .run(in.data(), out.data());
  case 32:
    return Packer<uint32_t>(expression, rows, columns)
        .run(in.data(), out.data());
  default:
    return Packer<uint64_t>(expression, rows, columns)
        .run(in.data(), out.data());
  }
}

llvm::Error tx::evaluateParam(Value value, ParamSource &source,
                              MutableArrayRef<uint8_t> out) {
  llvm::Expected<Expression> expression = resolve(value);
  if (!expression)
    return expression.takeError();
  assert(out.size() == static_cast<size_t>(getStorageBytes(
                           cast<RankedTensorType>(value.getType()))) &&
         "the buffer must be of the value's size");
  llvm::Expected<ArrayRef<uint8_t>> bytes = source.getBytes(expression->param);
  if (!bytes)
    return bytes.takeError();
  if (expression->layout)
    pack(*bytes, *expression, out);
  else
    convert(*bytes, expression->types, out);
  source.release(expression->param);
  return llvm::Error::success();
}
