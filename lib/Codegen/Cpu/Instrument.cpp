//===- Instrument.cpp - Sanitizers in artefacts ---------------------------===//
//
// LLVM's ThreadSanitizer knows accesses of up to 16 bytes and passes over wider
// ones and over masked ones, which are nearly all that kernels do. They are
// told to its library as ranges here.
//
//===----------------------------------------------------------------------===//

#include "Instrument.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"
#include "llvm/Transforms/Instrumentation/ThreadSanitizer.h"

using namespace tx;

namespace {

/// A load or store that LLVM's pass leaves alone.
struct WideAccess {
  llvm::Instruction *instruction;
  llvm::Value *pointer;
  llvm::Type *type;
  llvm::Value *mask; ///< null: all lanes
  bool isStore;
};

/// Tells the library of TSan about wide accesses.
class WideAccesses {
public:
  explicit WideAccesses(llvm::Module &module) : module(module) {}
  void instrument();

private:
  std::optional<WideAccess> match(llvm::Instruction &instruction) const;
  llvm::Value *countBytes(llvm::IRBuilder<> &builder, const WideAccess &access);
  void tell(const WideAccess &access);

  llvm::Module &module;
};

} // namespace

std::optional<WideAccess>
WideAccesses::match(llvm::Instruction &instruction) const {
  WideAccess access = {&instruction, nullptr, nullptr, nullptr, false};
  if (auto *load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
    access.pointer = load->getPointerOperand();
    access.type = load->getType();
  } else if (auto *store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
    access.pointer = store->getPointerOperand();
    access.type = store->getValueOperand()->getType();
    access.isStore = true;
  } else if (auto *call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction)) {
    switch (call->getIntrinsicID()) {
    case llvm::Intrinsic::masked_load:
      access.pointer = call->getArgOperand(0);
      access.type = call->getType();
      access.mask = call->getArgOperand(1);
      return access;
    case llvm::Intrinsic::masked_store:
      access.pointer = call->getArgOperand(1);
      access.type = call->getArgOperand(0)->getType();
      access.mask = call->getArgOperand(2);
      access.isStore = true;
      return access;
    default:
      return std::nullopt;
    }
  } else {
    return std::nullopt;
  }
  if (module.getDataLayout().getTypeStoreSize(access.type) <= 16)
    return std::nullopt;
  return access;
}

/// The lanes of a mask that are on are the first ones: masks of kernels are
/// those of a row's tail.
llvm::Value *WideAccesses::countBytes(llvm::IRBuilder<> &builder,
                                      const WideAccess &access) {
  const llvm::DataLayout &layout = module.getDataLayout();
  if (!access.mask)
    return builder.getInt64(layout.getTypeStoreSize(access.type));
  llvm::Type *bits = builder.getIntNTy(
      llvm::cast<llvm::FixedVectorType>(access.type)->getNumElements());
  llvm::Value *count = builder.CreateUnaryIntrinsic(
      llvm::Intrinsic::ctpop, builder.CreateBitCast(access.mask, bits));
  return builder.CreateMul(
      builder.CreateZExt(count, builder.getInt64Ty()),
      builder.getInt64(layout.getTypeStoreSize(access.type->getScalarType())));
}

void WideAccesses::tell(const WideAccess &access) {
  llvm::IRBuilder<> builder(access.instruction);
  llvm::FunctionCallee function = module.getOrInsertFunction(
      access.isStore ? "__tsan_write_range" : "__tsan_read_range",
      builder.getVoidTy(), builder.getPtrTy(), builder.getInt64Ty());
  builder.CreateCall(function, {access.pointer, countBytes(builder, access)});
}

void WideAccesses::instrument() {
  std::vector<WideAccess> accesses;
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (std::optional<WideAccess> access = match(instruction))
        accesses.push_back(*access);
  for (const WideAccess &access : accesses)
    tell(access);
}

void tx::addSanitizer(llvm::Module &module, llvm::ModulePassManager &passes,
                      Sanitizer sanitizer) {
  if (sanitizer == Sanitizer::None)
    return;
  llvm::Attribute::AttrKind kind = sanitizer == Sanitizer::Address
                                       ? llvm::Attribute::SanitizeAddress
                                       : llvm::Attribute::SanitizeThread;
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      function.addFnAttr(kind);
  if (sanitizer == Sanitizer::Address) {
    // Kernels are long straight code: checks in line would double their blocks.
    llvm::AddressSanitizerOptions options;
    options.InstrumentationWithCallsThreshold = 64;
    passes.addPass(llvm::AddressSanitizerPass(options));
    return;
  }
  WideAccesses(module).instrument();
  passes.addPass(llvm::ModuleThreadSanitizerPass());
  passes.addPass(
      llvm::createModuleToFunctionPassAdaptor(llvm::ThreadSanitizerPass()));
}
