//===- TxDialect.cpp - Registration of the tx dialect ---------------------===//
//
// Registers ops and attributes, and verifies attributes. The `tx.` attributes
// on ops of other dialects are in DialectAttributes.cpp.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
#include "tx/Checkpoint/Tuning.h"
#include "tx/Dialect/Tx/IR/Tx.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tx;

#include "tx/Dialect/Tx/IR/TxDialect.cpp.inc"
#include "tx/Dialect/Tx/IR/TxEnums.cpp.inc"
#include "tx/Dialect/Tx/IR/TxInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "tx/Dialect/Tx/IR/TxAttrs.cpp.inc"

namespace {
/// tx ops are pure and may be inlined anywhere.
struct TxInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void TxDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "tx/Dialect/Tx/IR/TxOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "tx/Dialect/Tx/IR/TxAttrs.cpp.inc"
      >();
  addInterfaces<TxInlinerInterface>();
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

LogicalResult ExternalAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   Type type, StringRef file, StringRef key) {
  if (file.empty() || key.empty())
    return emitError() << "external expects the names of a file and of a "
                          "tensor, got \""
                       << file << "\" and \"" << key << "\"";
  if (!isa<RankedTensorType>(type))
    return emitError() << "external expects ': tensor<...>' after it";
  return success();
}

LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t panels, int64_t group) {
  if (panels <= 0)
    return emitError() << "layout expects panels of at least one channel, got "
                       << panels;
  if (!llvm::is_contained({1, 2, 4}, group))
    return emitError() << "layout expects groups of 1, 2 or 4 channels, got "
                       << group;
  return success();
}

LogicalResult
LayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                           function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != 2)
    return emitError() << "layout is for matrices, got a tensor of rank "
                       << shape.size();
  return success();
}

LogicalResult HeadsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                int64_t count) {
  if (count <= 0)
    return emitError() << "heads expects at least one head, got " << count;
  return success();
}

LogicalResult
HeadsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                          function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != 2)
    return emitError() << "heads are for tokens by channels, got a tensor of "
                          "rank "
                       << shape.size();
  if (ShapedType::isStatic(shape[1]) && shape[1] % getCount() != 0)
    return emitError() << "heads expects channels that are a multiple of "
                       << getCount() << ", got " << shape[1];
  return success();
}

LogicalResult TargetAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 StringRef triple, StringRef isa,
                                 StringRef tune, int64_t lanes,
                                 int64_t registers, int64_t l1, int64_t l2) {
  if (triple.empty() || isa.empty() || tune.empty())
    return emitError() << "target expects a triple, isa and tune, got \""
                       << triple << "\", \"" << isa << "\" and \"" << tune
                       << "\"";
  if (lanes <= 0 || registers <= 0)
    return emitError() << "target expects positive lanes and registers, got "
                       << lanes << " and " << registers;
  if (lanes > kMaxScheduleNumber || registers > kMaxScheduleNumber)
    return emitError() << "target expects at most " << kMaxScheduleNumber
                       << " lanes and registers, got " << lanes << " and "
                       << registers;
  if (l1 <= 0 || l2 <= 0 || l1 > kMaxStretch || l2 > kMaxStretch)
    return emitError() << "target expects caches of 1 to " << kMaxStretch
                       << " bytes, got " << l1 << " and " << l2;
  return success();
}

LogicalResult ScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   int64_t lanes, int64_t rows, int64_t panels,
                                   int64_t itemRows, int64_t itemPanels,
                                   ProductUnit unit, int64_t chunk,
                                   int64_t stretch) {
  struct {
    StringRef name;
    int64_t number, most;
  } numbers[] = {{"lanes", lanes, kMaxScheduleNumber},
                 {"rows", rows, kMaxScheduleNumber},
                 {"panels", panels, kMaxScheduleNumber},
                 {"item_rows", itemRows, kMaxScheduleNumber},
                 {"chunk", chunk, kMaxScheduleNumber},
                 {"stretch", stretch, kMaxStretch}};
  for (auto [name, number, most] : numbers)
    if (number <= 0 || number > most)
      return emitError() << "schedule expects " << name << " from 1 to " << most
                         << ", got " << number;
  if (itemRows % rows != 0)
    return emitError() << "schedule expects item_rows, " << itemRows
                       << ", to be a multiple of rows, " << rows;
  if (itemPanels < 0 || itemPanels > kMaxScheduleNumber ||
      itemPanels % panels != 0)
    return emitError() << "schedule expects item_panels, " << itemPanels
                       << ", to be a multiple of panels, " << panels
                       << ", up to " << kMaxScheduleNumber;
  if (chunk != kDefaultChunk && unit != ProductUnit::Fma)
    return emitError() << "schedule expects a chunk of " << kDefaultChunk
                       << " unless unit is fma, got " << chunk;
  if (unit == ProductUnit::Matrix && rows % 16 != 0)
    return emitError() << "schedule expects rows that are a multiple of 16, "
                          "those of a tile of unit matrix, got "
                       << rows;
  return success();
}

LogicalResult PlaceAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                DimKind, int64_t offset) {
  if (offset < 0)
    return emitError() << "place expects an offset that is not negative, got "
                       << offset;
  return success();
}

LogicalResult
WorkspaceAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      int64_t token, int64_t sequence, int64_t fixed) {
  if (token < 0 || sequence < 0 || fixed < 0)
    return emitError() << "workspace expects sizes that are not negative, got "
                       << token << ", " << sequence << " and " << fixed;
  return success();
}
