//===- DialectAttributes.cpp - tx attributes on other ops -----------------===//
//
// Verifies the `tx.` attributes of modules, functions, arguments and results:
// where each may stand and what it holds. An unknown name is an error, as it is
// most likely a typing error that would otherwise change nothing.
//
//===----------------------------------------------------------------------===//

#include "tx/Dialect/Tx/IR/Tx.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tx;

//===----------------------------------------------------------------------===//
// What attributes hold
//===----------------------------------------------------------------------===//

template <typename T>
static LogicalResult verifyKind(Operation *op, NamedAttribute attribute,
                                StringRef expected) {
  if (isa<T>(attribute.getValue()))
    return success();
  return op->emitOpError("expects attribute '")
         << attribute.getName().getValue() << "' to be " << expected << ", got "
         << attribute.getValue();
}

static LogicalResult verifyOneOf(Operation *op, NamedAttribute attribute,
                                 ArrayRef<StringRef> choices) {
  auto string = dyn_cast<StringAttr>(attribute.getValue());
  if (string && llvm::is_contained(choices, string.getValue()))
    return success();
  InFlightDiagnostic diagnostic = op->emitOpError("expects attribute '")
                                  << attribute.getName().getValue()
                                  << "' to be one of ";
  llvm::interleaveComma(choices, diagnostic, [&](StringRef choice) {
    diagnostic << '"' << choice << '"';
  });
  return diagnostic << ", got " << attribute.getValue();
}

/// The facts about a model that passes and artefacts read. Other entries are
/// for readers and may hold anything.
static LogicalResult verifyModel(Operation *op, NamedAttribute attribute) {
  if (failed(verifyKind<DictionaryAttr>(op, attribute, "a dictionary")))
    return failure();
  for (NamedAttribute entry : cast<DictionaryAttr>(attribute.getValue())) {
    StringRef name = entry.getName();
    Attribute value = entry.getValue();
    auto number = dyn_cast<IntegerAttr>(value);
    StringRef expected;
    if ((name == "family" || name == "head") && !isa<StringAttr>(value))
      expected = "a string";
    else if (name == "labels" &&
             !(isa<ArrayAttr>(value) &&
               llvm::all_of(cast<ArrayAttr>(value), llvm::IsaPred<StringAttr>)))
      expected = "a list of strings";
    else if ((name == "max_length" || name == "tokenizer_max_length") &&
             !(number && number.getType().isInteger(64) && number.getInt() > 0))
      expected = "a positive i64";
    else if ((name == "position_base" || name == "pad_id") &&
             !(number && number.getType().isInteger(64)))
      expected = "an i64";
    else if (name == "tokenizer_lowercase" && !isa<BoolAttr>(value))
      expected = "true or false";
    if (!expected.empty())
      return op->emitOpError("expects '")
             << name << "' of '" << attribute.getName().getValue() << "' to be "
             << expected << ", got " << value;
  }
  return success();
}

/// Users pass and find tensors by name: no two inputs, and no two outputs, of
/// an entry may have the same.
static LogicalResult verifyDistinctNames(FunctionOpInterface function) {
  auto verify = [&](StringRef what, unsigned count, auto getName) {
    llvm::StringSet<> names;
    for (unsigned i = 0; i < count; ++i)
      if (auto name = dyn_cast_if_present<StringAttr>(getName(i)))
        if (!names.insert(name.getValue()).second)
          return LogicalResult(function.emitOpError("has two ")
                               << what << " named " << name);
    return success();
  };
  if (failed(verify("arguments", function.getNumArguments(), [&](unsigned i) {
        return function.getArgAttr(i, kNameAttrName);
      })))
    return failure();
  return verify("results", function.getNumResults(), [&](unsigned i) {
    return function.getResultAttr(i, kNameAttrName);
  });
}

static LogicalResult verifyEntry(Operation *op, NamedAttribute attribute) {
  if (failed(verifyOneOf(op, attribute, {"packed", "padded"})))
    return failure();
  return verifyDistinctNames(cast<FunctionOpInterface>(op));
}

static LogicalResult verifyPhase(Operation *op, NamedAttribute attribute) {
  return verifyOneOf(op, attribute,
                     {"import", "normalize", "compress", "quantize", "fuse",
                      "schedule", "lower"});
}

static LogicalResult verifyScratch(Operation *op, NamedAttribute attribute) {
  auto number = dyn_cast<IntegerAttr>(attribute.getValue());
  if (number && number.getType().isInteger(64) && number.getInt() >= 0)
    return success();
  return op->emitOpError("expects attribute '")
         << attribute.getName().getValue()
         << "' to be an i64 that is not negative, got " << attribute.getValue();
}

static LogicalResult verifyTarget(Operation *op, NamedAttribute attribute) {
  return verifyKind<TargetAttr>(op, attribute, "a #tx.target");
}

static LogicalResult verifyWorkspace(Operation *op, NamedAttribute attribute) {
  return verifyKind<WorkspaceAttr>(op, attribute, "a #tx.workspace");
}

static LogicalResult verifySchedule(Operation *op, NamedAttribute attribute) {
  return verifyKind<ScheduleAttr>(op, attribute, "a #tx.schedule");
}

static LogicalResult verifySignature(Operation *op, NamedAttribute attribute) {
  return verifyKind<DictionaryAttr>(op, attribute, "a dictionary");
}

static LogicalResult verifyArray(Operation *op, NamedAttribute attribute) {
  return verifyKind<ArrayAttr>(op, attribute, "an array");
}

static LogicalResult verifyNumbers(Operation *op, NamedAttribute attribute) {
  return verifyKind<DenseI64ArrayAttr>(op, attribute, "an array of i64");
}

//===----------------------------------------------------------------------===//
// Where attributes stand
//===----------------------------------------------------------------------===//

namespace {
struct KnownAttribute {
  StringRef name;
  StringRef place; ///< in words
  bool (*mayStandOn)(Operation *);
  LogicalResult (*verify)(Operation *, NamedAttribute);
};
} // namespace

template <typename... Ops>
static bool isAnyOf(Operation *op) {
  return isa<Ops...>(op);
}

static const KnownAttribute knownAttributes[] = {
    {kModelAttrName, "a module", isAnyOf<ModuleOp>, verifyModel},
    {kTargetAttrName, "a module or kernel", isAnyOf<ModuleOp, KernelOp>,
     verifyTarget},
    {kPhaseAttrName, "a module", isAnyOf<ModuleOp>, verifyPhase},
    {"tx.kernels", "a module", isAnyOf<ModuleOp>, verifyArray},
    {"tx.scratch", "a module", isAnyOf<ModuleOp>, verifyScratch},
    {kEntryAttrName, "a function", isAnyOf<FunctionOpInterface>, verifyEntry},
    {kWorkspaceAttrName, "a function", isAnyOf<FunctionOpInterface>,
     verifyWorkspace},
    {"tx.signature", "a function", isAnyOf<FunctionOpInterface>,
     verifySignature},
    {"tx.schedule", "a function", isAnyOf<FunctionOpInterface>, verifySchedule},
    {"tx.flops", "a call", isAnyOf<tx::CallOp>, verifyNumbers},
    {"tx.sizes", "a call", isAnyOf<tx::CallOp>, verifyArray},
    {"tx.tiles", "a call", isAnyOf<tx::CallOp>, verifyNumbers},
};

LogicalResult TxDialect::verifyOperationAttribute(Operation *op,
                                                  NamedAttribute attribute) {
  StringRef name = attribute.getName();
  const auto *known = llvm::find_if(
      knownAttributes, [&](const KnownAttribute &k) { return k.name == name; });
  if (name == kNameAttrName)
    return op->emitOpError("has attribute '")
           << name << "', which belongs on an argument or result";
  if (known == std::end(knownAttributes))
    return op->emitOpError("has attribute '")
           << name << "', which the tx dialect does not know";
  if (!known->mayStandOn(op))
    return op->emitOpError("has attribute '")
           << name << "', which belongs on " << known->place;
  return known->verify(op, attribute);
}

/// An argument or a result can have a name only.
static LogicalResult verifyName(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name != kNameAttrName)
    return op->emitOpError("has attribute '")
           << name << "' on an argument or result; only '" << kNameAttrName
           << "' belongs there";
  auto value = dyn_cast<StringAttr>(attribute.getValue());
  if (!value || value.getValue().empty())
    return op->emitOpError("expects attribute '")
           << name << "' to be a string that is not empty, got "
           << attribute.getValue();
  return success();
}

LogicalResult TxDialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                  unsigned,
                                                  NamedAttribute attribute) {
  return verifyName(op, attribute);
}

LogicalResult TxDialect::verifyRegionResultAttribute(Operation *op, unsigned,
                                                     unsigned,
                                                     NamedAttribute attribute) {
  return verifyName(op, attribute);
}
