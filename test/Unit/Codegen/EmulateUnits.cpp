//===- EmulateUnits.cpp - Units of bf16 on any CPU ------------------------===//
//
// Intel, "Instruction Set Extensions Programming Reference": VDPBF16PS,
// VCVTNEPS2BF16, TILELOADD, TILESTORED and TDPBF16PS, without their flush of
// subnormal numbers. Vectors pass through memory, and a value of a tile is the
// address of a copy: kernels have few tiles alive at a time.
//
//===----------------------------------------------------------------------===//

#include "EmulateUnits.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/TypeSwitch.h"
#include <array>
#include <cmath>
#include <cstring>

using namespace mlir;

//===----------------------------------------------------------------------===//
// The instructions
//===----------------------------------------------------------------------===//

namespace {
constexpr int64_t kRows = 16, kWords = 16;
using Tile = std::array<std::array<uint32_t, kWords>, kRows>;
} // namespace

/// The first (0) or second bf16 of a pair.
static float getElement(uint32_t pair, int element) {
  uint32_t bits = element == 0 ? pair << 16 : pair & 0xffff0000;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

static float addProducts(float sum, uint32_t x, uint32_t y) {
  for (int element : {1, 0})
    sum = std::fma(getElement(x, element), getElement(y, element), sum);
  return sum;
}

static void multiplyPairs(float *sums, const uint32_t *x, const uint32_t *y) {
  for (int64_t lane = 0; lane < kWords; ++lane)
    sums[lane] = addProducts(sums[lane], x[lane], y[lane]);
}

static void roundVector(uint16_t *result, const uint32_t *values) {
  for (int64_t lane = 0; lane < kWords; ++lane) {
    uint32_t bits = values[lane];
    bool isNan = (bits & 0x7fffffff) > 0x7f800000;
    uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
    result[lane] = uint16_t((isNan ? bits | 0x400000 : rounded) >> 16);
  }
}

static Tile *takeTile() {
  static thread_local std::array<Tile, 1024> tiles;
  static thread_local size_t next = 0;
  return &tiles[next++ % tiles.size()];
}

static Tile *loadTile(const char *address, int64_t stride) {
  Tile *tile = takeTile();
  for (int64_t row = 0; row < kRows; ++row)
    std::memcpy(&(*tile)[row], address + row * stride, sizeof(*tile)[row]);
  return tile;
}

static void storeTile(char *address, int64_t stride, const Tile *tile) {
  for (int64_t row = 0; row < kRows; ++row)
    std::memcpy(address + row * stride, &(*tile)[row], sizeof(*tile)[row]);
}

static Tile *multiplyTiles(const Tile *sums, const Tile *x, const Tile *y) {
  Tile *result = takeTile();
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t column = 0; column < kWords; ++column) {
      float sum;
      std::memcpy(&sum, &(*sums)[row][column], sizeof sum);
      for (int64_t k = 0; k < kWords; ++k)
        sum = addProducts(sum, (*x)[row][k], (*y)[k][column]);
      std::memcpy(&(*result)[row][column], &sum, sizeof sum);
    }
  return result;
}

//===----------------------------------------------------------------------===//
// Their calls
//===----------------------------------------------------------------------===//

namespace {
class Emulator {
public:
  explicit Emulator(MLIRContext *context)
      : b(context), pointer(LLVM::LLVMPointerType::get(context)) {}

  void emulate(LLVM::CallIntrinsicOp op);
  void emulate(arith::TruncFOp op);

private:
  template <typename Function>
  Value call(Operation *op, Function *function, ValueRange arguments,
             Type result = {}) {
    if (!result)
      result = LLVM::LLVMVoidType::get(b.getContext());
    auto type = LLVM::LLVMFunctionType::get(
        result, llvm::to_vector(arguments.getTypes()));
    Value address = arith::ConstantIntOp::create(
        b, op->getLoc(), b.getI64Type(), reinterpret_cast<int64_t>(function));
    SmallVector<Value> operands{LLVM::IntToPtrOp::create(
        b, op->getLoc(), pointer, ValueRange{address})};
    llvm::append_range(operands, arguments);
    auto call = LLVM::CallOp::create(b, op->getLoc(), type, operands);
    return call.getNumResults() ? call.getResult() : Value();
  }

  /// Memory of the function around `op`, for a value of `type`.
  Value allocate(Operation *op, Type type) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(
        &op->getParentOfType<func::FuncOp>().getBody().front());
    Value one =
        arith::ConstantIntOp::create(b, op->getLoc(), b.getI64Type(), 1);
    return LLVM::AllocaOp::create(b, op->getLoc(), pointer, type, one, 64);
  }
  Value spill(Operation *op, Value value) {
    Value address = allocate(op, value.getType());
    LLVM::StoreOp::create(b, op->getLoc(), value, address);
    return address;
  }
  void replaceByLoad(Operation *op, Value address) {
    Value value = LLVM::LoadOp::create(b, op->getLoc(),
                                       op->getResult(0).getType(), address);
    op->getResult(0).replaceAllUsesWith(value);
    op->erase();
  }

  OpBuilder b;
  Type pointer;
};
} // namespace

void Emulator::emulate(LLVM::CallIntrinsicOp op) {
  b.setInsertionPoint(op);
  StringRef name = op.getIntrin();
  ValueRange operands = op.getArgs();
  if (name == "llvm.x86.avx512bf16.dpbf16ps.512") {
    Value sums = spill(op, operands[0]);
    call(op, multiplyPairs,
         {sums, spill(op, operands[1]), spill(op, operands[2])});
    return replaceByLoad(op, sums);
  }
  // Behind the rows and bytes of a tile, which are always all of them.
  if (name == "llvm.x86.tileloadd64.internal")
    op.getResult(0).replaceAllUsesWith(
        call(op, loadTile, operands.drop_front(2), pointer));
  else if (name == "llvm.x86.tdpbf16ps.internal")
    op.getResult(0).replaceAllUsesWith(
        call(op, multiplyTiles, operands.drop_front(3), pointer));
  else if (name == "llvm.x86.tilestored64.internal")
    call(op, storeTile, operands.drop_front(2));
  else
    return;
  op->erase();
}

void Emulator::emulate(arith::TruncFOp op) {
  auto type = dyn_cast<VectorType>(op.getType());
  if (!type || !type.getElementType().isBF16())
    return;
  b.setInsertionPoint(op);
  Value result = allocate(op, type);
  call(op, roundVector, {result, spill(op, op.getIn())});
  replaceByLoad(op, result);
}

void tx::test::emulateUnits(ModuleOp module) {
  Emulator emulator(module.getContext());
  // Tiles that loops carry become addresses like all others.
  Type pointer = LLVM::LLVMPointerType::get(module.getContext());
  auto change = [&](Value value) {
    if (isa<LLVM::LLVMX86AMXType>(value.getType()))
      value.setType(pointer);
  };
  SmallVector<Operation *> operations;
  module.walk([&](Operation *op) {
    operations.push_back(op);
    llvm::for_each(op->getResults(), change);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        llvm::for_each(block.getArguments(), change);
  });
  for (Operation *op : operations)
    llvm::TypeSwitch<Operation *>(op)
        .Case<LLVM::CallIntrinsicOp, arith::TruncFOp>(
            [&](auto op) { emulator.emulate(op); });
}
