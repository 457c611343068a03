//===- LinearTile.cpp - Register tiles of matrix products -----------------===//
//
// Every shape of a tile is straight code: one case for each. The accumulators
// stay in registers over the steps of a call; a step loads one vector of every
// panel and broadcasts one element of every row.
//
// What decides is that nothing else is in the loop. Rows have a pointer each,
// which LLVM must not recompute from one another; panels have one pointer and
// their distance, of which x86 adds a multiple for free. So 8 rows of 3 panels
// need 8 + 2 of the general registers and the counter.
//
// Weights of bf16 come in pairs of channels, a word for each output channel.
// Unit dot multiplies them as they are. Unit fma widens them: the upper half of
// a word, and the lower half moved up, are f32.
//
//===----------------------------------------------------------------------===//

#include "LinearTile.h"

using namespace mlir;
using namespace tx;

static StringRef getUnitName(const LinearTile &tile) {
  if (!tile.isNarrow)
    return "";
  switch (tile.unit) {
  case ProductUnit::Fma:
    return "bf16.";
  case ProductUnit::Dot:
    return "bf16_dot.";
  case ProductUnit::Matrix:
    return "bf16_matrix.";
  }
  llvm_unreachable("unknown unit");
}

std::string LinearTile::getName() const {
  std::string name = llvm::formatv("linear_tile.{0}{1}x{2}x{3}",
                                   getUnitName(*this), lanes, rows, panels);
  return itemWidth == getWidth() ? name : name + "." + llvm::utostr(itemWidth);
}

func::FuncOp LinearTile::getFunction(KernelOp kernel) const {
  auto module = kernel->getParentOfType<ModuleOp>();
  std::string name = getName();
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;
  OpBuilder builder(kernel);
  Type pointer = LLVM::LLVMPointerType::get(kernel.getContext());
  Type i64 = builder.getI64Type();
  auto function = func::FuncOp::create(
      builder, kernel.getLoc(), name,
      builder.getFunctionType(
          {pointer, i64, pointer, i64, pointer, i64, i64, i64, i64}, {}));
  function.setPrivate();
  // Whatever passes may come to clean up.
  function->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  for (unsigned index : {0, 2, 4})
    function.setArgAttr(index, LLVM::LLVMDialect::getNoAliasAttrName(),
                        builder.getUnitAttr());
  Block &entry = *function.addEntryBlock();
  KernelBuilder k(entry, kernel.getLoc(), lanes);
  emitBody(k, entry);
  func::ReturnOp::create(k.b, k.loc);
  return function;
}

/// Heights that a tile can have: rows, or rows of matrices.
static int64_t countHeights(const LinearTile &tile) {
  return tile.unit == ProductUnit::Matrix ? tile.rows / kMatrix : tile.rows;
}

void LinearTile::emitBody(KernelBuilder &k, Block &entry) const {
  int64_t heights = countHeights(*this);
  k.switchOver(entry.getArgument(3), heights * panels, [&](int64_t which) {
    int64_t height = (which - 1) % heights + 1;
    int64_t columns = (which - 1) / heights + 1;
    if (unit == ProductUnit::Matrix)
      emitMatrices(k, entry, height, columns);
    else
      emitVectors(k, entry, height, columns);
  });
}

Value LinearTile::getShape(KernelBuilder &k, Value height,
                           Value columns) const {
  if (unit == ProductUnit::Matrix)
    height = k.ceilDiv(height, kMatrix);
  return k.add(k.mul(k.add(columns, -1), countHeights(*this)), height);
}

//===----------------------------------------------------------------------===//
// x rounded to bf16
//===----------------------------------------------------------------------===//

int64_t LinearTile::getRoundedBytes(int64_t itemRows) const {
  if (!isNarrow)
    return 0;
  return itemRows * kDefaultChunk * (unit == ProductUnit::Fma ? 4 : 2);
}

Value LinearTile::getRounded(KernelBuilder &k, Value row, Value channel) const {
  if (unit == ProductUnit::Fma)
    return k.add(k.mul(row, kDefaultChunk), channel);
  if (unit == ProductUnit::Dot)
    return k.add(k.mul(row, kDefaultChunk / 2), k.div(channel, 2));
  // Matrices of a row of them lie side by side: kMatrix rows of half a chunk.
  Value firstRow = k.mul(k.div(row, kMatrix), kMatrix * kDefaultChunk / 2);
  Value matrix = k.mul(k.div(channel, 2), kMatrix);
  return k.add(k.add(firstRow, matrix), k.mul(k.rem(row, kMatrix), kMatrix));
}

/// The bf16 nearest to each element, as f32. By integers, since LLVM has no
/// instruction to use without AVX512_BF16. A NaN stays one.
static Value roundToBf16(KernelBuilder &k, Value x) {
  Type words = k.vector(k.i32());
  auto splat = [&](int64_t value) -> Value {
    return k.broadcast(k.i32(value));
  };
  Value bits = arith::BitcastOp::create(k.b, k.loc, words, x);
  Value isOdd = arith::AndIOp::create(
      k.b, k.loc, arith::ShRUIOp::create(k.b, k.loc, bits, splat(16)),
      splat(1));
  Value rounded = k.add(bits, k.add(isOdd, splat(0x7fff)));
  Value quiet = arith::OrIOp::create(k.b, k.loc, bits, splat(0x400000));
  Value isNan =
      arith::CmpFOp::create(k.b, k.loc, arith::CmpFPredicate::UNO, x, x);
  Value upper = arith::AndIOp::create(
      k.b, k.loc, k.select(isNan, quiet, rounded), splat(int32_t(0xffff0000)));
  return arith::BitcastOp::create(k.b, k.loc, k.vector(), upper);
}

void LinearTile::storeRounded(KernelBuilder &k, Value x, Value address,
                              int64_t offset) const {
  if (unit == ProductUnit::Fma)
    return k.storeVector(roundToBf16(k, x), k.at(address, offset));
  Value narrow =
      arith::TruncFOp::create(k.b, k.loc, k.vector(k.b.getBF16Type()), x);
  LLVM::StoreOp::create(k.b, k.loc, narrow, k.at(address, offset / 2),
                        /*alignment=*/4);
}

//===----------------------------------------------------------------------===//
// Vectors
//===----------------------------------------------------------------------===//

void LinearTile::emitVectors(KernelBuilder &k, Block &entry, int64_t height,
                             int64_t columns) const {
  Value depth = entry.getArgument(1), buffer = entry.getArgument(4);
  Value count = entry.getArgument(5), ahead = entry.getArgument(6);
  Value rowDistance = depth;
  if (isNarrow)
    rowDistance =
        k.i64(unit == ProductUnit::Fma ? kDefaultChunk : kDefaultChunk / 2);
  Values rowStarts{entry.getArgument(0)};
  while (int64_t(rowStarts.size()) < height)
    rowStarts.push_back(k.keep(k.at(rowStarts.back(), rowDistance)));
  Value firstPanel = entry.getArgument(2);
  Value aheadPanel = k.keep(k.at(firstPanel, ahead));
  Value distance = k.keep(k.mul(depth, kPanelWidth));
  int64_t vectors = columns * kPanelWidth / lanes;
  auto getSum = [&](int64_t index) {
    return k.at(buffer, index / vectors * itemWidth + index % vectors * lanes);
  };
  int64_t rowWords = isNarrow && unit == ProductUnit::Fma ? 2 : 1;

  // `period`: steps for an ask, which is for a vector of weights of each panel;
  // 0 without any.
  auto emitSteps = [&](Value first, int64_t steps, int64_t period,
                       ValueRange carried) {
    Values rowAddresses, panelAddresses, aheadAddresses, values(carried);
    for (Value row : rowStarts)
      rowAddresses.push_back(
          k.at(row, rowWords == 1 ? first : k.mul(first, rowWords)));
    Value offset = k.mul(first, kPanelWidth);
    Value asked = period ? k.mul(k.div(first, period), kPanelWidth) : Value();
    for (int64_t i = 0; i < columns; ++i) {
      Value panel = k.mul(distance, i);
      panelAddresses.push_back(k.at(firstPanel, k.add(offset, panel)));
      if (period)
        aheadAddresses.push_back(k.at(aheadPanel, k.add(asked, panel)));
    }
    for (int64_t step = 0; step < steps; ++step) {
      if (period && step % period == 0)
        for (Value address : aheadAddresses)
          k.prefetch(k.at(address, step / period * kPanelWidth));
      values = emitStep(k, rowAddresses, panelAddresses, step, values);
    }
    return values;
  };
  auto emitLoop = [&](Value first, Value last, int64_t step, int64_t period,
                      ValueRange sums) {
    return k.loop(first, last, step, sums,
                  [&](Value index, ValueRange carried) {
                    return emitSteps(index, step, period, carried);
                  });
  };
  // An ask takes the place of a load, so that steps with and without have loops
  // of their own.
  int64_t unroll = getUnroll();
  Value whole = k.mul(k.div(count, unroll), unroll);
  Value done = k.i64(0);
  Values sums;
  for (int64_t index = 0; index < height * vectors; ++index)
    sums.push_back(k.loadVector(getSum(index)));
  for (int64_t period = 1; period <= getMaxPeriod(); ++period) {
    Value steps = k.mul(entry.getArgument(6 + period), period);
    Value end = k.min(k.mul(k.ceilDiv(steps, unroll), unroll), whole);
    sums = emitLoop(k.i64(0), end, unroll, period, sums);
    done = k.max(done, end);
  }
  sums = emitLoop(done, whole, unroll, /*period=*/0, sums);
  if (unroll > 1)
    sums = emitLoop(whole, count, 1, /*period=*/0, sums);
  for (auto [index, sum] : llvm::enumerate(sums))
    k.storeVector(sum, getSum(index));
}

/// A vector of words.
static Value loadWords(KernelBuilder &k, Value address) {
  return LLVM::LoadOp::create(k.b, k.loc, k.vector(k.i32()), address,
                              /*alignment=*/4);
}

static Value asPairs(KernelBuilder &k, Value words) {
  auto pairs = VectorType::get({2 * k.lanes}, k.b.getBF16Type());
  return LLVM::BitcastOp::create(k.b, k.loc, pairs, words);
}

/// The first (0) or second element of each pair, as f32.
static Value widen(KernelBuilder &k, Value words, int64_t element) {
  Value half = k.broadcast(k.i32(element == 0 ? 16 : int32_t(0xffff0000)));
  Value bits = element == 0
                   ? Value(arith::ShLIOp::create(k.b, k.loc, words, half))
                   : Value(arith::AndIOp::create(k.b, k.loc, words, half));
  return arith::BitcastOp::create(k.b, k.loc, k.vector(), bits);
}

/// Element `step` of each row times vector `step` of each panel.
Values LinearTile::emitStep(KernelBuilder &k, ValueRange rowAddresses,
                            ValueRange panelAddresses, int64_t step,
                            ValueRange accumulators) const {
  Values words;
  for (Value panel : panelAddresses)
    for (int64_t lane = 0; lane < kPanelWidth; lane += lanes) {
      Value address = k.at(panel, step * kPanelWidth + lane);
      words.push_back(isNarrow ? loadWords(k, address) : k.loadVector(address));
    }
  if (isNarrow && unit == ProductUnit::Dot) {
    auto name = k.b.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512");
    for (Value &vector : words)
      vector = asPairs(k, vector);
    Values next;
    for (Value row : rowAddresses) {
      Value pair = asPairs(k, k.broadcast(k.loadI32(k.at(row, step))));
      for (Value vector : words)
        next.push_back(LLVM::CallIntrinsicOp::create(
                           k.b, k.loc, k.vector(), name,
                           ValueRange{accumulators[next.size()], pair, vector})
                           .getResult(0));
    }
    return next;
  }
  int64_t group = getGroup();
  Values values(accumulators);
  for (int64_t element = 0; element < group; ++element) {
    Values weights, next;
    for (Value vector : words)
      weights.push_back(isNarrow ? widen(k, vector, element) : vector);
    for (Value row : rowAddresses) {
      Value x = k.broadcast(k.load(k.at(row, step * group + element)));
      for (Value vector : weights)
        next.push_back(k.fma(x, vector, values[next.size()]));
    }
    values = next;
  }
  return values;
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

namespace {
/// Instructions on tiles of kMatrix rows of 64 bytes (AMX).
struct MatrixBuilder {
  KernelBuilder &k;

  Type getType() { return LLVM::LLVMX86AMXType::get(k.b.getContext()); }
  Value i16(int64_t value) {
    return arith::ConstantIntOp::create(k.b, k.loc, k.b.getI16Type(), value);
  }
  /// `stride` in bytes.
  Value load(Value address, int64_t stride) {
    return call("llvm.x86.tileloadd64.internal", getType(),
                {i16(kMatrix), i16(64), address, k.i64(stride)});
  }
  void store(Value matrix, Value address, int64_t stride) {
    call("llvm.x86.tilestored64.internal", {},
         {i16(kMatrix), i16(64), address, k.i64(stride), matrix});
  }
  /// sums + the products of pairs of bf16.
  Value multiply(Value sums, Value x, Value weights) {
    return call("llvm.x86.tdpbf16ps.internal", getType(),
                {i16(kMatrix), i16(64), i16(64), sums, x, weights});
  }

private:
  Value call(StringRef name, TypeRange results, ValueRange operands) {
    auto op = LLVM::CallIntrinsicOp::create(k.b, k.loc, results,
                                            k.b.getStringAttr(name), operands,
                                            LLVM::FastmathFlagsAttr());
    return results.empty() ? Value() : op.getResult(0);
  }
};
} // namespace

/// Does not ask for what follows: blocks of weights are whole kilobytes in a
/// row, which the cores that have matrices notice by themselves.
void LinearTile::emitMatrices(KernelBuilder &k, Block &entry, int64_t height,
                              int64_t columns) const {
  // Words of a matrix, and of the x of one row of them.
  constexpr int64_t size = kMatrix * kMatrix,
                    rowSize = kMatrix * kDefaultChunk / 2;
  MatrixBuilder m{k};
  Value x = entry.getArgument(0), depth = entry.getArgument(1);
  Value firstPanel = entry.getArgument(2), buffer = entry.getArgument(4);
  Value count = entry.getArgument(5);
  Values panels{firstPanel};
  Value distance = k.mul(depth, kPanelWidth);
  while (int64_t(panels.size()) < columns)
    panels.push_back(k.at(panels.back(), distance));
  auto getSum = [&](int64_t index) {
    return k.at(buffer, index / columns * kMatrix * itemWidth +
                            index % columns * kMatrix);
  };
  int64_t stride = itemWidth * sizeof(float);
  Values sums;
  for (int64_t index = 0; index < height * columns; ++index)
    sums.push_back(m.load(getSum(index), stride));
  Value matrices = k.div(count, kMatrix);
  sums =
      k.loop(k.i64(0), matrices, 1, sums, [&](Value index, ValueRange carried) {
        Value offset = k.mul(index, size);
        Values weights, next;
        for (Value panel : panels)
          weights.push_back(m.load(k.at(panel, offset), 64));
        for (int64_t row = 0; row < height; ++row) {
          Value matrix = m.load(k.at(k.at(x, row * rowSize), offset), 64);
          for (Value vector : weights)
            next.push_back(m.multiply(carried[next.size()], matrix, vector));
        }
        return next;
      });
  for (auto [index, sum] : llvm::enumerate(sums))
    m.store(sum, getSum(index), stride);
}
