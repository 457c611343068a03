//===- EmitKernels.cpp - Kernels to vector code ---------------------------===//
//
// Makes the two functions of each kernel and lets the emitter of its kind fill
// them. The kind is told by the op the kernel was formed around.
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tx/Codegen/Cpu/Passes.h"

namespace tx {
#define GEN_PASS_DEF_EMITKERNELS
#include "tx/Codegen/Cpu/Passes.h.inc"
} // namespace tx

using namespace mlir;
using namespace tx;

using Emitter = FailureOr<EmittedKernel> (*)(KernelOp, KernelBuilder &,
                                             KernelBuilder &);

/// The emitter for the kind of `kernel`; null if no kind fits.
static Emitter getEmitter(KernelOp kernel) {
  bool hasRows = false, hasTokens = false;
  for (Operation &op : kernel.getBody().front()) {
    if (isa<LinearOp>(op))
      return emitLinear;
    if (isa<AttentionOp>(op))
      return emitAttention;
    hasRows |= isa<linalg::GenericOp>(op);
    hasTokens |= isa<PackTokensOp, UnpackTokensOp, PositionsOp, PlanTilesOp,
                     PoolOp, SliceOp>(op);
  }
  if (hasTokens)
    return emitTokens;
  return hasRows ? emitRows : nullptr;
}

/// Adds function `name` with an entry block in front of `kernel`.
static func::FuncOp addFunction(OpBuilder &builder, KernelOp kernel,
                                const Twine &name, TypeRange inputs,
                                TypeRange results) {
  auto function =
      func::FuncOp::create(builder, kernel.getLoc(), name.str(),
                           builder.getFunctionType(inputs, results));
  function.addEntryBlock();
  // The array of words is written by nobody while a kernel runs.
  function.setArgAttr(0, LLVM::LLVMDialect::getNoAliasAttrName(),
                      builder.getUnitAttr());
  function.setArgAttr(0, LLVM::LLVMDialect::getReadonlyAttrName(),
                      builder.getUnitAttr());
  return function;
}

/// Replaces `kernel` by its functions; the result is its scratch bytes.
static FailureOr<int64_t> emitKernel(KernelOp kernel) {
  if (!kernel.getScheduleAttr()) {
    kernel.emitOpError() << "has no schedule; run tx-assign-schedules first";
    return failure();
  }
  Emitter emitter = getEmitter(kernel);
  if (!emitter) {
    kernel.emitOpError()
        << "computes something that there is no code for; expected one linear, "
           "attention or token op, or linalg that convert-tx-to-linalg made";
    return failure();
  }
  OpBuilder builder(kernel);
  Type pointer = LLVM::LLVMPointerType::get(kernel.getContext());
  Type i64 = builder.getI64Type();
  // The kernel keeps its symbol until it is erased.
  func::FuncOp run = addFunction(builder, kernel, kernel.getSymName(),
                                 {pointer, i64, i64, pointer}, {});
  run.setArgAttr(3, LLVM::LLVMDialect::getNoAliasAttrName(),
                 builder.getUnitAttr());
  func::FuncOp items = addFunction(
      builder, kernel, kernel.getSymName() + "_items", pointer, i64);
  KernelBuilder runBody(kernel, run.front()), itemsBody(kernel, items.front());
  FailureOr<EmittedKernel> emitted = emitter(kernel, itemsBody, runBody);
  if (failed(emitted))
    return failure();
  func::ReturnOp::create(runBody.b, runBody.loc);
  func::ReturnOp::create(itemsBody.b, itemsBody.loc, emitted->items);
  kernel.erase();
  return emitted->scratchBytes;
}

namespace {
struct EmitKernels : tx::impl::EmitKernelsBase<EmitKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    int64_t scratch = 0;
    for (KernelOp kernel :
         llvm::make_early_inc_range(module.getOps<KernelOp>())) {
      FailureOr<int64_t> bytes = emitKernel(kernel);
      if (failed(bytes))
        return signalPassFailure();
      scratch = std::max(scratch, *bytes);
    }
    module->setAttr("tx.scratch",
                    IntegerAttr::get(IntegerType::get(&getContext(), 64),
                                     llvm::alignTo(scratch, 64)));
  }
};
} // namespace
