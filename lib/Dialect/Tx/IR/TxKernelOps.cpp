//===- TxKernelOps.cpp - Kernels and their use ----------------------------===//
//
// Syntax and verification of kernels and of calls of kernels.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "tx/Dialect/Tx/IR/Tx.h"

using namespace mlir;
using namespace tx;

//===----------------------------------------------------------------------===//
// KernelOp
//===----------------------------------------------------------------------===//

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType =
      [](Builder &builder, ArrayRef<Type> arguments, ArrayRef<Type> results,
         function_interface_impl::VariadicFlag, std::string &) -> Type {
    return builder.getFunctionType(arguments, results);
  };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false,
      getFunctionTypeAttrName(result.name), buildType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void KernelOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

std::vector<std::string> KernelOp::getOpNames() {
  std::vector<std::string> names;
  for (Operation &op : getBody().front().without_terminator())
    names.push_back(op.getName().getStringRef().str());
  return names;
}

LogicalResult KernelOp::verifyRegions() {
  if (!getBody().hasOneBlock()) // kernel_c1
    return emitOpError("expects a body of one block");
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getFunctionType().getInputs())
    return emitOpError("has a body whose arguments differ from the signature");
  auto terminator =
      block.empty() ? ReturnOp() : dyn_cast<tx::ReturnOp>(block.back());
  if (!terminator ||
      terminator.getOperandTypes() != getFunctionType().getResults())
    return emitOpError("expects a body that ends in tx.return of ")
           << getFunctionType().getResults();
  for (Operation &op : block)
    if (isa<tx::CallOp>(op))
      return op.emitOpError("does not belong into a kernel");
  for (TypeRange types : {TypeRange(getFunctionType().getInputs()),
                          TypeRange(getFunctionType().getResults())})
    for (Type type : types)
      if (!isa<RankedTensorType>(type)) // kernel_c2
        return emitOpError("expects ranked tensors in its signature, got ")
               << type;
  return success();
}

//===----------------------------------------------------------------------===//
// CallOp
//===----------------------------------------------------------------------===//

/// Whether a value of type `actual` may stand where the kernel says `formal`:
/// the same but for static sizes in place of dynamic ones.
static bool fits(Type actual, Type formal) {
  auto from = cast<RankedTensorType>(actual);
  auto to = dyn_cast<RankedTensorType>(formal);
  return to && from.getElementType() == to.getElementType() &&
         from.getEncoding() == to.getEncoding() &&
         succeeded(verifyCompatibleShape(from, to));
}

/// While entries are lowered, the code of a kernel stands in its place: a
/// function of its arguments' addresses, the range of items and scratch memory.
static bool isKernelCode(Operation *symbol) {
  auto function = dyn_cast_or_null<func::FuncOp>(symbol);
  return function && function.getNumArguments() == 4 &&
         function.getNumResults() == 0 &&
         llvm::none_of(function.getArgumentTypes(), llvm::IsaPred<ShapedType>);
}

LogicalResult tx::CallOp::verifySymbolUses(SymbolTableCollection &symbols) {
  Operation *symbol = symbols.lookupNearestSymbolFrom(*this, getKernelAttr());
  if (isKernelCode(symbol))
    return success();
  auto kernel = dyn_cast_or_null<KernelOp>(symbol);
  if (!kernel) // call_c1
    return emitOpError("calls ")
           << getKernelAttr() << ", which is no kernel of this module";
  FunctionType function = kernel.getFunctionType();
  if (function.getNumInputs() != getNumOperands() ||
      function.getNumResults() != getNumResults()) // call_c2
    return emitOpError("has ")
           << getNumOperands() << " operands and " << getNumResults()
           << " results, but " << getKernelAttr() << " has "
           << function.getNumInputs() << " and " << function.getNumResults();
  for (auto [index, types] :
       llvm::enumerate(llvm::zip(getOperandTypes(), function.getInputs())))
    if (!fits(std::get<0>(types), std::get<1>(types)))
      return emitOpError("has operand ")
             << index << " of type " << std::get<0>(types) << ", but "
             << getKernelAttr() << " expects " << std::get<1>(types);
  for (auto [index, types] :
       llvm::enumerate(llvm::zip(getResultTypes(), function.getResults())))
    if (!fits(std::get<0>(types), std::get<1>(types)))
      return emitOpError("has result ")
             << index << " of type " << std::get<0>(types) << ", but "
             << getKernelAttr() << " returns " << std::get<1>(types);
  if (ArrayAttr places = getPlacesAttr()) { // call_c3
    if (places.size() != getNumResults() ||
        !llvm::all_of(places, llvm::IsaPred<PlaceAttr>))
      return emitOpError("expects one #tx.place per result, got ") << places;
  }
  return success();
}
