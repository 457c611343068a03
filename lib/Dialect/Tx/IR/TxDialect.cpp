//===- TxDialect.cpp - Registration of the tx dialect ---------------------===//

#include "tx/Dialect/Tx/IR/Tx.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
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

LogicalResult TxDialect::verifyOperationAttribute(Operation *op,
                                                  NamedAttribute attribute) {
  return success();
}

LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t panels) {
  if (panels <= 0)
    return emitError() << "layout expects panels of at least one channel, got "
                       << panels;
  return success();
}

LogicalResult TargetAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 StringRef triple, StringRef isa,
                                 StringRef tune, int64_t lanes,
                                 int64_t registers) {
  if (lanes <= 0 || registers <= 0)
    return emitError() << "target expects positive lanes and registers, got "
                       << lanes << " and " << registers;
  return success();
}

LogicalResult
ScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                     int64_t lanes, int64_t rows, int64_t panels,
                     int64_t itemRows) {
  if (lanes <= 0 || rows <= 0 || panels <= 0 || itemRows <= 0)
    return emitError() << "schedule expects positive numbers";
  if (itemRows % rows != 0)
    return emitError() << "schedule expects item_rows, " << itemRows
                       << ", to be a multiple of rows, " << rows;
  return success();
}

LogicalResult PlaceAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                DimKind kind, int64_t offset) {
  if (offset < 0)
    return emitError() << "place expects an offset that is not negative, got "
                       << offset;
  return success();
}
