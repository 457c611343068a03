//===- TokenKernel.h - Kernels of one token op ------------------*- C++ -*-===//
//
// What the emitters of token ops share: where operands and results are.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_TOKENKERNEL_H
#define TX_CODEGEN_CPU_TOKENKERNEL_H

#include "KernelBuilder.h"

namespace tx {

/// A kernel of one op, with the builders of its two functions.
struct TokenKernel {
  KernelOp kernel;
  KernelBuilder &items;
  KernelBuilder &run;

  int64_t getItemRows() { return kernel.getScheduleAttr().getItemRows(); }
  /// The number of the kernel's result that `value` is, if it is returned.
  std::optional<unsigned> getResultNumber(Value value);
  /// Stores the scalar at element `index` of `result`, if that is returned.
  void storeResult(Value value, Value result, Value index);
  /// Items are blocks of rows [0, rows): counts them in `items` and calls
  /// `body` in `run` for each row of the items to do.
  EmittedKernel forEachRow(llvm::function_ref<Value(KernelBuilder &)> rows,
                           llvm::function_ref<void(Value)> body);
  /// The kernel is one item, `body`.
  EmittedKernel once(llvm::function_ref<void()> body);
};

EmittedKernel emitPackTokens(PackTokensOp op, TokenKernel kernel);
EmittedKernel emitUnpackTokens(UnpackTokensOp op, TokenKernel kernel);
EmittedKernel emitPositions(PositionsOp op, TokenKernel kernel);
EmittedKernel emitPlanTiles(PlanTilesOp op, TokenKernel kernel);
EmittedKernel emitPool(PoolOp op, TokenKernel kernel);
EmittedKernel emitSlice(SliceOp op, TokenKernel kernel);

} // namespace tx

#endif // TX_CODEGEN_CPU_TOKENKERNEL_H
