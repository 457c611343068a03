//===- KernelBuilder.cpp - Building blocks of kernel code -----------------===//
//
// Thin wrappers over arith, scf, vector and LLVM memory ops.
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tx;

/// Elements are f32 or i32.
static constexpr unsigned kElementBytes = 4;

KernelBuilder::KernelBuilder(KernelOp kernel, Block &entry)
    : b(OpBuilder::atBlockEnd(&entry)), loc(kernel.getLoc()),
      lanes(kernel.getScheduleAttr().getLanes()) {
  Value words = entry.getArgument(0);
  if (entry.getNumArguments() > 1) {
    begin = entry.getArgument(1);
    end = entry.getArgument(2);
    scratch = entry.getArgument(3);
  }
  int32_t next = 0;
  auto loadWord = [&](Type type) -> Value {
    Value address =
        LLVM::GEPOp::create(b, loc, pointer(), i64(), words,
                            ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(next++)});
    return LLVM::LoadOp::create(b, loc, type, address, /*alignment=*/8,
                                /*isVolatile=*/false, /*isNonTemporal=*/false,
                                /*isInvariant=*/true);
  };
  auto loadArguments = [&](ArrayRef<Type> types,
                           SmallVector<KernelArgument> &arguments) {
    for (Type type : types) {
      KernelArgument argument;
      argument.address = loadWord(pointer());
      for (int64_t i = 0; i < cast<RankedTensorType>(type).getRank(); ++i)
        argument.sizes.push_back(loadWord(i64()));
      arguments.push_back(argument);
    }
  };
  loadArguments(kernel.getArgumentTypes(), operands);
  loadArguments(kernel.getResultTypes(), results);
}

const KernelArgument &KernelBuilder::operand(Value value) const {
  return operands[cast<BlockArgument>(value).getArgNumber()];
}

VectorType KernelBuilder::vector(Type element) {
  return VectorType::get({lanes}, element ? element : f32());
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Value KernelBuilder::i64(int64_t value) {
  return arith::ConstantIntOp::create(b, loc, i64(), value);
}

Value KernelBuilder::i32(int32_t value) {
  return arith::ConstantIntOp::create(b, loc, i32(), value);
}

Value KernelBuilder::f32(double value) {
  return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(value));
}

Value KernelBuilder::splat(double value) {
  return arith::ConstantOp::create(
      b, loc,
      SplatElementsAttr::get(vector(), b.getF32FloatAttr(value).getValue()));
}

Value KernelBuilder::broadcast(Value value) {
  return vector::BroadcastOp::create(b, loc, vector(value.getType()), value);
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

Value KernelBuilder::add(Value lhs, Value rhs) {
  return arith::AddIOp::create(b, loc, lhs, rhs);
}
Value KernelBuilder::add(Value lhs, int64_t rhs) { return add(lhs, i64(rhs)); }
Value KernelBuilder::sub(Value lhs, Value rhs) {
  return arith::SubIOp::create(b, loc, lhs, rhs);
}
Value KernelBuilder::mul(Value lhs, Value rhs) {
  return arith::MulIOp::create(b, loc, lhs, rhs);
}
Value KernelBuilder::mul(Value lhs, int64_t rhs) { return mul(lhs, i64(rhs)); }
Value KernelBuilder::div(Value lhs, Value rhs) {
  return arith::DivUIOp::create(b, loc, lhs, rhs);
}
Value KernelBuilder::div(Value lhs, int64_t rhs) { return div(lhs, i64(rhs)); }
Value KernelBuilder::rem(Value lhs, Value rhs) {
  return arith::RemUIOp::create(b, loc, lhs, rhs);
}
Value KernelBuilder::rem(Value lhs, int64_t rhs) { return rem(lhs, i64(rhs)); }
Value KernelBuilder::ceilDiv(Value lhs, Value rhs) {
  return div(add(lhs, add(rhs, -1)), rhs);
}
Value KernelBuilder::ceilDiv(Value lhs, int64_t rhs) {
  return div(add(lhs, rhs - 1), rhs);
}
Value KernelBuilder::min(Value lhs, Value rhs) {
  return arith::MinSIOp::create(b, loc, lhs, rhs);
}
Value KernelBuilder::max(Value lhs, Value rhs) {
  return arith::MaxSIOp::create(b, loc, lhs, rhs);
}
Value KernelBuilder::compare(arith::CmpIPredicate predicate, Value lhs,
                             Value rhs) {
  return arith::CmpIOp::create(b, loc, predicate, lhs, rhs);
}
Value KernelBuilder::less(Value lhs, Value rhs) {
  return compare(arith::CmpIPredicate::slt, lhs, rhs);
}
Value KernelBuilder::equal(Value lhs, Value rhs) {
  return compare(arith::CmpIPredicate::eq, lhs, rhs);
}
Value KernelBuilder::select(Value condition, Value ifTrue, Value ifFalse) {
  return arith::SelectOp::create(b, loc, condition, ifTrue, ifFalse);
}
Value KernelBuilder::toI64(Value value) {
  return arith::ExtSIOp::create(b, loc, i64(), value);
}
Value KernelBuilder::toI32(Value value) {
  return arith::TruncIOp::create(b, loc, i32(), value);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value KernelBuilder::at(Value base, Value index) {
  return LLVM::GEPOp::create(b, loc, pointer(), f32(), base,
                             ArrayRef<LLVM::GEPArg>{index});
}
Value KernelBuilder::at(Value base, int64_t index) {
  if (index == 0)
    return base;
  return LLVM::GEPOp::create(
      b, loc, pointer(), f32(), base,
      ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(static_cast<int32_t>(index))});
}
Value KernelBuilder::at(Value base, Value row, Value stride, Value column) {
  return at(base, add(mul(row, stride), column));
}
Value KernelBuilder::keep(Value address) {
  // An instruction without text is opaque to LLVM's strength reduction.
  return LLVM::InlineAsmOp::create(
             b, loc, address.getType(), address, /*asm_string=*/"",
             /*constraints=*/"=r,0", /*has_side_effects=*/false,
             /*is_align_stack=*/false, LLVM::TailCallKind::None,
             /*asm_dialect=*/LLVM::AsmDialectAttr(),
             /*operand_attrs=*/ArrayAttr())
      .getResult(0);
}
Value KernelBuilder::load(Value address) {
  return LLVM::LoadOp::create(b, loc, f32(), address, kElementBytes);
}
Value KernelBuilder::loadI32(Value address) {
  return LLVM::LoadOp::create(b, loc, i32(), address, kElementBytes);
}
void KernelBuilder::store(Value value, Value address) {
  LLVM::StoreOp::create(b, loc, value, address, kElementBytes);
}
Value KernelBuilder::loadVector(Value address, Value mask) {
  if (!mask)
    return LLVM::LoadOp::create(b, loc, vector(), address, kElementBytes);
  return LLVM::MaskedLoadOp::create(b, loc, vector(), address, mask, splat(0),
                                    kElementBytes);
}
void KernelBuilder::storeVector(Value value, Value address, Value mask) {
  if (mask)
    LLVM::MaskedStoreOp::create(b, loc, value, address, mask, kElementBytes);
  else
    LLVM::StoreOp::create(b, loc, value, address, kElementBytes);
}
void KernelBuilder::prefetch(Value address) {
  LLVM::Prefetch::create(b, loc, address, /*rw=*/0, /*hint=*/3, /*cache=*/1);
}
void KernelBuilder::prefetchToWrite(Value address) {
  LLVM::Prefetch::create(b, loc, address, /*rw=*/1, /*hint=*/3, /*cache=*/1);
}
Value KernelBuilder::tailMask(Value count) {
  auto steps = llvm::to_vector(llvm::seq<int32_t>(0, lanes));
  Value step = arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(vector(i32()), ArrayRef<int32_t>(steps)));
  return less(step, broadcast(toI32(count)));
}

//===----------------------------------------------------------------------===//
// f32
//===----------------------------------------------------------------------===//

Value KernelBuilder::addF(Value lhs, Value rhs) {
  return arith::AddFOp::create(b, loc, lhs, rhs);
}
Value KernelBuilder::subF(Value lhs, Value rhs) {
  return arith::SubFOp::create(b, loc, lhs, rhs);
}
Value KernelBuilder::mulF(Value lhs, Value rhs) {
  return arith::MulFOp::create(b, loc, lhs, rhs);
}
Value KernelBuilder::divF(Value lhs, Value rhs) {
  return arith::DivFOp::create(b, loc, lhs, rhs);
}
Value KernelBuilder::maxF(Value lhs, Value rhs) {
  return arith::MaximumFOp::create(b, loc, lhs, rhs);
}
Value KernelBuilder::fma(Value lhs, Value rhs, Value accumulator) {
  return LLVM::FMAOp::create(b, loc, lhs, rhs, accumulator);
}

Value KernelBuilder::reduceAdd(Value vector) {
  return vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD,
                                     vector);
}
Value KernelBuilder::reduceMax(Value vector) {
  return vector::ReductionOp::create(b, loc, vector::CombiningKind::MAXIMUMF,
                                     vector);
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void KernelBuilder::loop(Value first, Value last, int64_t step,
                         function_ref<void(Value)> body) {
  loop(first, last, step, {}, [&](Value index, ValueRange) {
    body(index);
    return Values();
  });
}

Values KernelBuilder::loop(Value first, Value last, int64_t step,
                           ValueRange init,
                           function_ref<Values(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, loc, first, last, i64(step), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Values next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  // The builder adds an empty terminator to loops that carry nothing.
  if (!init.empty())
    scf::YieldOp::create(b, loc, next);
  return Values(loop.getResults());
}

Values
KernelBuilder::unrolledLoop(Value count, int64_t unroll, ValueRange init,
                            function_ref<Values(Value, ValueRange)> body) {
  Value whole = mul(div(count, unroll), unroll);
  Values results =
      loop(i64(0), whole, unroll, init, [&](Value index, ValueRange carried) {
        Values next(carried);
        for (int64_t step = 0; step < unroll; ++step)
          next = body(add(index, step), next);
        return next;
      });
  return unroll > 1 ? loop(whole, count, 1, results, body) : results;
}

void KernelBuilder::vectorLoop(Value count,
                               function_ref<void(Value, Value)> body) {
  vectorLoop(count, {}, [&](Value first, Value mask, ValueRange) {
    body(first, mask);
    return Values();
  });
}

Values
KernelBuilder::vectorLoop(Value count, ValueRange init,
                          function_ref<Values(Value, Value, ValueRange)> body) {
  Value whole = mul(div(count, lanes), lanes);
  Values carried =
      loop(i64(0), whole, lanes, init, [&](Value first, ValueRange values) {
        return body(first, Value(), values);
      });
  Value rest = sub(count, whole);
  SmallVector<Type> types(ValueRange(carried).getTypes());
  return ifElse(
      less(whole, count), types,
      [&] { return body(whole, tailMask(rest), carried); },
      [&] { return carried; });
}

void KernelBuilder::ifThen(Value condition, function_ref<void()> thenBody,
                           function_ref<void()> elseBody) {
  auto branch = scf::IfOp::create(b, loc, condition, bool(elseBody));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  thenBody();
  if (!elseBody)
    return;
  b.setInsertionPointToStart(branch.elseBlock());
  elseBody();
}

Values KernelBuilder::ifElse(Value condition, TypeRange types,
                             function_ref<Values()> thenBody,
                             function_ref<Values()> elseBody) {
  if (types.empty()) {
    ifThen(condition, [&] { thenBody(); }, [&] { elseBody(); });
    return {};
  }
  auto branch = scf::IfOp::create(b, loc, types, condition, true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, loc, thenBody());
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loc, elseBody());
  return Values(branch.getResults());
}

void KernelBuilder::switchOver(Value value, int64_t last,
                               function_ref<void(int64_t)> body) {
  Value index = arith::IndexCastOp::create(b, loc, b.getIndexType(), value);
  auto cases = llvm::to_vector(llvm::seq_inclusive<int64_t>(1, last));
  auto branch = scf::IndexSwitchOp::create(b, loc, TypeRange(), index, cases,
                                           cases.size());
  OpBuilder::InsertionGuard guard(b);
  auto fill = [&](Region &region, int64_t which) {
    b.setInsertionPointToStart(&region.emplaceBlock());
    if (which > 0)
      body(which);
    scf::YieldOp::create(b, loc);
  };
  for (auto [region, which] : llvm::zip_equal(branch.getCaseRegions(), cases))
    fill(region, which);
  fill(branch.getDefaultRegion(), 0);
}
