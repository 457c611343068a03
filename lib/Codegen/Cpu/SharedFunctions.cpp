//===- SharedFunctions.cpp - Functions that variants share ----------------===//

#include "SharedFunctions.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace tx;

/// Whether all that code for `owner` may use, code for `target` may, too, and
/// both are scheduled for the same CPU.
static bool includes(TargetAttr target, TargetAttr owner) {
  return target.getTriple() == owner.getTriple() &&
         target.getIsa().starts_with((owner.getIsa() + "+").str()) &&
         target.getTune() == owner.getTune() &&
         target.getLanes() == owner.getLanes() &&
         target.getRegisters() == owner.getRegisters();
}

/// Whether `symbol`, which `function` refers to, is the same one in `owner`.
static bool isSame(SymbolRefAttr symbol, Operation *function, ModuleOp owner,
                   const llvm::StringSet<> &shared) {
  if (shared.contains(symbol.getRootReference()))
    return true;
  Operation *own = SymbolTable::lookupNearestSymbolFrom(function, symbol);
  Operation *other = owner.lookupSymbol(symbol.getRootReference());
  auto declared = dyn_cast_or_null<LLVM::LLVMFuncOp>(own);
  if (!own || !other || (declared && !declared.isExternal()))
    return false;
  return OperationEquivalence::isEquivalentTo(
      own, other, OperationEquivalence::IgnoreLocations);
}

/// Functions of `module` that `owner` has, too, with all that they refer to.
static llvm::StringSet<> findEqual(ModuleOp module, ModuleOp owner) {
  llvm::StringSet<> shared;
  SmallVector<LLVM::LLVMFuncOp> functions;
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    auto other = owner.lookupSymbol<LLVM::LLVMFuncOp>(function.getSymName());
    if (function.isExternal() || !other ||
        !OperationEquivalence::isEquivalentTo(
            function, other, OperationEquivalence::IgnoreLocations))
      continue;
    functions.push_back(function);
    shared.insert(function.getSymName());
  }
  auto differs = [&](LLVM::LLVMFuncOp function) {
    auto uses = SymbolTable::getSymbolUses(function);
    return !uses || llvm::any_of(*uses, [&](SymbolTable::SymbolUse use) {
      return !isSame(use.getSymbolRef(), function, owner, shared);
    });
  };
  // One that is not shared takes those along that refer to it.
  for (bool isDone = false; !isDone;) {
    isDone = true;
    for (LLVM::LLVMFuncOp function : functions)
      if (shared.contains(function.getSymName()) && differs(function)) {
        shared.erase(function.getSymName());
        isDone = false;
      }
  }
  return shared;
}

std::vector<SharedFunctions>
tx::findSharedFunctions(ArrayRef<VariantInfo> variants) {
  std::vector<SharedFunctions> result(variants.size());
  for (auto [index, variant] : llvm::enumerate(variants)) {
    // The lowest makes them for all.
    for (const VariantInfo &lower : variants.drop_front(index + 1))
      if (includes(variant.target, lower.target))
        result[index].owner = &lower;
    if (!result[index].owner)
      continue;
    result[index].names =
        findEqual(variant.module, result[index].owner->module);
    for (const EntrySignature &entry : variant.entries)
      result[index].names.erase(entry.symbol);
  }
  return result;
}
