//===- LowerEntries.cpp - Entries to functions that drive kernels ---------===//
//
//   func.func @packed(%ids: tensor<?xi32> {tx.name = "input_ids"}, ...)
//   attributes {tx.entry = "packed", ...} {
//     %w = tx.param #tx.external<"m.safetensors", "w"> : tensor<8x8xf32>
//     %y = tx.call @linear(%x, %w) {places = [#tx.place<output, 0>], ...} : ...
//     return %y
//   }
//   // becomes
//   func.func @packed(%call: !llvm.ptr) attributes {tx.signature = {...}} {
//     // fill the words of @linear's arguments, then
//     %n = call @linear_items(%words)
//     llvm.call %parallel_for(%pool, @linear, %words, %n, 0)
//   }
//   tx.weights @weights size 256 { ... }
//
// The code of one entry is EntryBuilder's, the weights are WeightPlan's.
//
//===----------------------------------------------------------------------===//

#include "EntryBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tx/Codegen/Cpu/Passes.h"

namespace tx {
#define GEN_PASS_DEF_LOWERENTRIES
#include "tx/Codegen/Cpu/Passes.h.inc"
} // namespace tx

using namespace mlir;
using namespace tx;

/// The numbers of the kernels; fails unless each has been emitted.
static LogicalResult numberKernels(ModuleOp module,
                                   llvm::StringMap<int64_t> &numbers) {
  auto kernels = module->getAttrOfType<ArrayAttr>(kKernelsAttrName);
  if (!kernels)
    return module.emitOpError(
        "does not list its kernels; run tx-describe-entries first");
  for (auto [index, attribute] : llvm::enumerate(kernels)) {
    auto kernel = dyn_cast<DictionaryAttr>(attribute);
    auto name = kernel ? kernel.getAs<StringAttr>("name") : nullptr;
    if (!name)
      return module.emitOpError() << "has the malformed kernel " << attribute;
    std::string items = name.str() + "_items";
    if (!module.lookupSymbol<func::FuncOp>(name) ||
        !module.lookupSymbol<func::FuncOp>(items))
      return module.emitOpError()
             << "has no code of kernel @" << name.getValue()
             << "; run tx-emit-kernels first";
    numbers[name] = index;
  }
  return success();
}

/// Replaces `entry` by its code.
static LogicalResult lowerEntry(func::FuncOp entry,
                                const llvm::StringMap<int64_t> &kernels,
                                WeightPlan &weights) {
  auto attribute = entry->getAttrOfType<DictionaryAttr>(kSignatureAttrName);
  std::optional<EntrySignature> signature;
  if (attribute)
    signature = EntrySignature::fromAttribute(attribute);
  if (!signature || signature->inputs.size() != entry.getNumArguments())
    return entry.emitOpError("is not described; run tx-describe-entries first");
  EntryBuilder builder(entry, *signature, kernels, weights);
  FailureOr<func::FuncOp> function = builder.build();
  if (failed(function))
    return failure();
  (*function)->setAttr(kSignatureAttrName, attribute);
  return success();
}

namespace {
struct LowerEntries : tx::impl::LowerEntriesBase<LowerEntries> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> entries;
    for (auto function : module.getOps<func::FuncOp>())
      if (function->hasAttr(kEntryAttrName))
        entries.push_back(function);
    llvm::StringMap<int64_t> kernels;
    if (failed(numberKernels(module, kernels)))
      return signalPassFailure();

    WeightPlan weights;
    for (func::FuncOp entry : entries)
      if (failed(lowerEntry(entry, kernels, weights)))
        return signalPassFailure();
    // Copies the expressions, so before the entries that hold them go.
    weights.addTo(module);
    for (func::FuncOp entry : entries) {
      auto code = cast<func::FuncOp>(entry->getPrevNode());
      StringAttr name = entry.getSymNameAttr();
      entry.erase();
      code.setSymNameAttr(name);
    }
  }
};
} // namespace
