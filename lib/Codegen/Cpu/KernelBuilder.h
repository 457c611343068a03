//===- KernelBuilder.h - Building blocks of kernel code ---------*- C++ -*-===//
//
// Kernels are written against this class: f32 vectors of the schedule's lanes,
// pointers that advance by elements, and sizes that are i64 throughout, so that
// no casts stand between loops, addresses and comparisons.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_KERNELBUILDER_H
#define TX_CODEGEN_CPU_KERNELBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "tx/Dialect/Tx/IR/Tx.h"

namespace tx {

using mlir::Value;
using mlir::ValueRange;
using Values = llvm::SmallVector<Value>;

/// An operand or result of a kernel, as its function sees it.
struct KernelArgument {
  Value address; ///< !llvm.ptr to the first element
  Values sizes;  ///< i64, one per dimension, of the logical shape
};

/// Appends code to one of a kernel's two functions.
class KernelBuilder {
public:
  /// Positions at the start of the empty entry block of a kernel's function,
  /// whose first argument is the array of words, and loads the words of the
  /// operands and results of `kernel`.
  KernelBuilder(KernelOp kernel, mlir::Block &entry);
  /// For a function that kernels call: there is nothing to load.
  KernelBuilder(mlir::Block &entry, mlir::Location loc, int64_t lanes)
      : b(mlir::OpBuilder::atBlockEnd(&entry)), loc(loc), lanes(lanes) {}

  mlir::OpBuilder b;
  mlir::Location loc;
  int64_t lanes; ///< f32 lanes of a vector

  llvm::SmallVector<KernelArgument> operands, results;
  /// Only in @k: the work items to do, and this thread's memory (64-byte
  /// aligned).
  Value begin, end, scratch;

  /// The argument that `value` is, a block argument of the kernel's body.
  const KernelArgument &operand(Value value) const;

  //===---- Types --------------------------------------------------------===//
  mlir::Type f32() { return b.getF32Type(); }
  mlir::Type i32() { return b.getI32Type(); }
  mlir::Type i64() { return b.getI64Type(); }
  mlir::Type pointer() {
    return mlir::LLVM::LLVMPointerType::get(b.getContext());
  }
  /// vector<lanes x element>; f32 if no element is given.
  mlir::VectorType vector(mlir::Type element = {});

  //===---- Constants ----------------------------------------------------===//
  Value i64(int64_t value);
  Value i32(int32_t value);
  Value f32(double value);
  /// A vector whose lanes are `value`.
  Value splat(double value);
  /// A vector whose lanes are the scalar f32 `value`.
  Value broadcast(Value value);

  //===---- Integers (i64, or both operands of one type) ------------------===//
  Value add(Value lhs, Value rhs);
  Value add(Value lhs, int64_t rhs);
  Value sub(Value lhs, Value rhs);
  Value mul(Value lhs, Value rhs);
  Value mul(Value lhs, int64_t rhs);
  /// Division and remainder of values that are not negative.
  Value div(Value lhs, Value rhs);
  Value div(Value lhs, int64_t rhs);
  Value rem(Value lhs, Value rhs);
  Value rem(Value lhs, int64_t rhs);
  Value ceilDiv(Value lhs, Value rhs);
  Value ceilDiv(Value lhs, int64_t rhs);
  Value min(Value lhs, Value rhs);
  Value max(Value lhs, Value rhs);
  Value compare(mlir::arith::CmpIPredicate predicate, Value lhs, Value rhs);
  Value less(Value lhs, Value rhs); ///< signed
  Value equal(Value lhs, Value rhs);
  Value select(Value condition, Value ifTrue, Value ifFalse);
  /// i32 to i64, sign-extended; i64 to i32, truncated.
  Value toI64(Value value);
  Value toI32(Value value);

  //===---- Memory -------------------------------------------------------===//
  /// `base` advanced by `index` elements of four bytes (f32 and i32 alike).
  Value at(Value base, Value index);
  Value at(Value base, int64_t index);
  /// `base` advanced by whole rows: base + row * stride + column.
  Value at(Value base, Value row, Value stride, Value column);
  /// The same value, computed here and then kept: loops that advance many
  /// pointers would else recompute them from one another in every step.
  Value keep(Value address);
  /// One element.
  Value load(Value address);
  Value loadI32(Value address);
  void store(Value value, Value address);
  /// `lanes` f32 at any address that is a multiple of four. With a mask, lanes
  /// that are off are neither read (they are zero) nor written.
  Value loadVector(Value address, Value mask = {});
  void storeVector(Value value, Value address, Value mask = {});
  /// Asks for the cache line at `address`, which need not exist.
  void prefetch(Value address);
  /// Of a line that will be written: other cores give it up.
  void prefetchToWrite(Value address);
  /// The lanes below `count`, an i64 that may be negative or beyond the lanes.
  Value tailMask(Value count);

  //===---- f32 scalars and vectors
  //----------------------------------------===//
  Value addF(Value lhs, Value rhs);
  Value subF(Value lhs, Value rhs);
  Value mulF(Value lhs, Value rhs);
  Value divF(Value lhs, Value rhs);
  Value maxF(Value lhs, Value rhs); ///< NaN if either is
  Value fma(Value lhs, Value rhs, Value accumulator);
  /// Over the lanes of a vector, always in the same order.
  Value reduceAdd(Value vector);
  Value reduceMax(Value vector);

  //===---- Control flow
  //---------------------------------------------------===//
  /// for (i = first; i < last; i += step) body(i). All i64.
  void loop(Value first, Value last, int64_t step,
            llvm::function_ref<void(Value)> body);
  /// As above with carried values: body returns their next values.
  Values loop(Value first, Value last, int64_t step, ValueRange init,
              llvm::function_ref<Values(Value, ValueRange)> body);
  /// for (i = 0; i < count; ++i), `unroll` times the body in an iteration as
  /// long as so many are left.
  Values unrolledLoop(Value count, int64_t unroll, ValueRange init,
                      llvm::function_ref<Values(Value, ValueRange)> body);
  /// Over a row of `count` elements: body(first, mask) once per whole vector
  /// with a null mask, then once with the mask of the rest, if there is one.
  void vectorLoop(Value count, llvm::function_ref<void(Value, Value)> body);
  /// As above with carried values.
  Values vectorLoop(Value count, ValueRange init,
                    llvm::function_ref<Values(Value, Value, ValueRange)> body);
  void ifThen(Value condition, llvm::function_ref<void()> thenBody,
              llvm::function_ref<void()> elseBody = nullptr);
  /// Both bodies return values of `types`.
  Values ifElse(Value condition, mlir::TypeRange types,
                llvm::function_ref<Values()> thenBody,
                llvm::function_ref<Values()> elseBody);
  /// Runs body(i) for the one i of 1..last that `value` equals, if any; every
  /// case is code of its own, for which i is a constant.
  void switchOver(Value value, int64_t last,
                  llvm::function_ref<void(int64_t)> body);
};

/// Steps of a product in a row, beside so many vectors of sums. With half of
/// the registers a step is so short that the loop's own instructions count;
/// where it fills all 32, two would make LLVM spill.
inline int64_t getProductUnroll(int64_t sums) { return sums <= 16 ? 4 : 1; }

/// What an emitter tells of a kernel.
struct EmittedKernel {
  Value items;              ///< i64 in @k_items: the number of work items
  int64_t scratchBytes = 0; ///< of `scratch` that @k uses, per thread
};

/// Emitters. Each fills `run`, the body of @k, which works through the items
/// [run.begin, run.end), and in `items`, the body of @k_items, counts them. The
/// caller adds the returns. Failures have been reported on an op.
mlir::FailureOr<EmittedKernel> emitLinear(KernelOp kernel, KernelBuilder &items,
                                          KernelBuilder &run);
mlir::FailureOr<EmittedKernel>
emitAttention(KernelOp kernel, KernelBuilder &items, KernelBuilder &run);
/// Kernels of linalg.generic ops.
mlir::FailureOr<EmittedKernel> emitRows(KernelOp kernel, KernelBuilder &items,
                                        KernelBuilder &run);
/// Kernels of one pack_tokens, unpack_tokens, positions, plan_tiles, pool or
/// slice op.
mlir::FailureOr<EmittedKernel> emitTokens(KernelOp kernel, KernelBuilder &items,
                                          KernelBuilder &run);

} // namespace tx

#endif // TX_CODEGEN_CPU_KERNELBUILDER_H
