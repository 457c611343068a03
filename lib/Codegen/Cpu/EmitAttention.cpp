//===- EmitAttention.cpp - Attention kernels ------------------------------===//
//
// Items, groups, and what goes around the register tiles: transposing queries
// and results, and softmax over blocks of keys (Milakov and Gimelshein 2018,
// "Online normalizer calculation for softmax"). Scores are in units of log2 e,
// so that weights are powers of two.
//
//===----------------------------------------------------------------------===//

#include "EmitAttention.h"
#include "ExpandMath.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace tx;

/// Keys in a block: their weights for a group stay in the first-level cache.
static constexpr int64_t kBlockKeys = 64;
/// Below every score, and finite: differences of two are numbers.
static constexpr double kLowest = -3.0e38;

// The scratch memory: weights, highest, total, decay, queries, sums.
int64_t AttentionEmitter::getHighestOffset() const {
  return kBlockKeys * getGroupWidth();
}
static constexpr int64_t kHighest = 0, kTotal = 1, kDecay = 2, kQueries = 3;

int64_t AttentionEmitter::getScratchBytes(int64_t width,
                                          int64_t valueWidth) const {
  int64_t rows = kBlockKeys + kQueries + llvm::alignTo(width, run.lanes) +
                 llvm::alignTo(valueWidth, run.lanes);
  return rows * getGroupWidth() * sizeof(float);
}

AttentionEmitter::AttentionEmitter(KernelOp kernel, AttentionOp attention,
                                   KernelBuilder &run)
    : attention(attention), run(run), schedule(kernel.getScheduleAttr()) {}

/// The address of vector `index` of buffer `which`.
Value AttentionEmitter::getVector(int64_t which, Value index) {
  return run.at(
      run.at(run.scratch, getHighestOffset() + which * getGroupWidth()),
      run.mul(index, run.lanes));
}

//===----------------------------------------------------------------------===//
// Items and groups
//===----------------------------------------------------------------------===//

void AttentionEmitter::emit() {
  run.loop(run.begin, run.end, 1,
           [&](Value item) { emitItem(readItem(item)); });
}

AttentionEmitter::HeadView
AttentionEmitter::getHead(const KernelArgument &argument, Type type, Value head,
                          int64_t heads) {
  Value channels = argument.sizes[1];
  Value width = run.div(channels, heads);
  if (isa_and_present<HeadsAttr>(cast<RankedTensorType>(type).getEncoding()))
    return {run.at(argument.address, head, run.mul(argument.sizes[0], width),
                   run.i64(0)),
            width, width};
  return {run.at(argument.address, run.mul(head, width)), channels, width};
}

AttentionEmitter::Item AttentionEmitter::readItem(Value index) {
  int64_t heads = attention.getNumHeads(), kvHeads = attention.getNumKvHeads();
  // All tiles of a head before the next head: keys and values of a sequence
  // stay in the second-level cache for its tiles.
  Value tiles = run.operand(attention.getTiles()).sizes[0];
  Value head = run.div(index, tiles);
  Value kvHead = run.div(head, heads / kvHeads);
  Item item;
  auto getOperand = [&](Value operand, Value head, int64_t heads) {
    return getHead(run.operand(operand), operand.getType(), head, heads);
  };
  item.query = getOperand(attention.getQuery(), head, heads);
  item.key = getOperand(attention.getKey(), kvHead, kvHeads);
  item.value = getOperand(attention.getValue(), kvHead, kvHeads);
  item.result =
      getHead(run.results[0], attention.getResult().getType(), head, heads);

  Value tile = run.at(run.operand(attention.getTiles()).address,
                      run.mul(run.rem(index, tiles), 2));
  Value sequence = run.toI64(run.loadI32(tile));
  auto readBounds = [&](Value offsets) {
    Value address = run.at(run.operand(offsets).address, sequence);
    return std::pair(run.toI64(run.loadI32(address)),
                     run.toI64(run.loadI32(run.at(address, 1))));
  };
  auto [firstQuery, lastQuery] = readBounds(attention.getQueryOffsets());
  (void)firstQuery;
  std::tie(item.firstKey, item.lastKey) = readBounds(attention.getKeyOffsets());
  item.firstQuery = run.toI64(run.loadI32(run.at(tile, 1)));
  item.lastQuery =
      run.min(lastQuery, run.add(item.firstQuery, schedule.getItemRows()));
  item.shift = run.sub(item.lastKey, lastQuery);
  return item;
}

/// Cuts the query vectors into groups of nearly the same size.
void AttentionEmitter::emitItem(const Item &item) {
  Value vectors =
      run.ceilDiv(run.sub(item.lastQuery, item.firstQuery), run.lanes);
  Value groups = run.ceilDiv(vectors, getMaxVectors());
  Value size = run.div(vectors, groups), larger = run.rem(vectors, groups);
  Value paddedWidth =
      run.mul(run.ceilDiv(item.query.width, run.lanes), run.lanes);
  Value sums = run.at(
      run.at(run.scratch, getHighestOffset() + kQueries * getGroupWidth()),
      run.mul(paddedWidth, getGroupWidth()));
  run.loop(run.i64(0), groups, 1, [&](Value index) {
    Value firstVector = run.add(run.mul(index, size), run.min(index, larger));
    Group group;
    group.vectors = run.select(run.less(index, larger), run.add(size, 1), size);
    group.firstQuery =
        run.add(item.firstQuery, run.mul(firstVector, run.lanes));
    group.sums = sums;
    group.lastKey = item.lastKey;
    if (isCausal()) {
      Value end = run.add(group.firstQuery, run.mul(group.vectors, run.lanes));
      group.lastKey = run.add(run.min(end, item.lastQuery), item.shift);
    }
    emitGroup(item, group);
  });
}

/// Emits ask(address) for the lines of the head in `rows` rows from `first`.
void AttentionEmitter::askForRows(const HeadView &head, Value first, Value rows,
                                  function_ref<void(Value)> ask) {
  constexpr int64_t kLine = 64 / sizeof(float);
  run.loop(first, run.add(first, rows), 1, [&](Value row) {
    Value address = run.at(head.address, run.mul(row, head.stride));
    run.loop(run.i64(0), head.width, kLine,
             [&](Value channel) { ask(run.at(address, channel)); });
  });
}

void AttentionEmitter::emitGroup(const Item &item, const Group &group) {
  emitPackQueries(item, group);
  // Where the next group is of another head, its queries lie behind as well.
  Value queries = run.mul(group.vectors, run.lanes);
  askForRows(item.query, run.add(group.firstQuery, queries), queries,
             [&](Value address) { run.prefetch(address); });
  askForRows(item.result, group.firstQuery, queries,
             [&](Value address) { run.prefetchToWrite(address); });
  emitReset(item, group);
  run.loop(item.firstKey, group.lastKey, kBlockKeys, [&](Value first) {
    KeyBlock block;
    block.first = first;
    block.count = run.min(run.sub(group.lastKey, first), run.i64(kBlockKeys));
    emitScores(item, group, block);
    emitSoftmax(item, group, block);
    emitSums(item, group, block);
  });
  emitStoreResult(item, group);
}

//===----------------------------------------------------------------------===//
// Transposing
//===----------------------------------------------------------------------===//

/// Square blocks of decreasing size change places off the diagonal.
Values AttentionEmitter::transpose(Values rows) {
  int64_t lanes = run.lanes;
  for (int64_t block = lanes / 2; block > 0; block /= 2) {
    SmallVector<int64_t> upper, lower;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      bool isRight = lane & block;
      upper.push_back(isRight ? lanes + lane - block : lane);
      lower.push_back(isRight ? lanes + lane : lane + block);
    }
    for (int64_t row = 0; row < lanes; ++row) {
      if (row & block)
        continue;
      Value first = rows[row], second = rows[row + block];
      rows[row] =
          vector::ShuffleOp::create(run.b, run.loc, first, second, upper);
      rows[row + block] =
          vector::ShuffleOp::create(run.b, run.loc, first, second, lower);
    }
  }
  return rows;
}

Value AttentionEmitter::isWhole(Value firstRow, Value lastRow, Value channels) {
  Value rows = run.sub(lastRow, firstRow);
  return run.less(run.i64(run.lanes - 1), run.min(rows, channels));
}

void AttentionEmitter::emitPackQueries(const Item &item, const Group &group) {
  constexpr double kLog2E = 1.44269504088896341;
  Value scale = run.splat(attention.getScale().convertToFloat() * kLog2E);
  Value queries =
      run.at(run.scratch, getHighestOffset() + kQueries * getGroupWidth());
  run.loop(run.i64(0), group.vectors, 1, [&](Value index) {
    Value first = run.add(group.firstQuery, run.mul(index, run.lanes));
    run.loop(run.i64(0), item.query.width, run.lanes, [&](Value channel) {
      Value rest = run.sub(item.query.width, channel);
      auto getAddress = [&](int64_t i) {
        return run.at(item.query.address, run.add(first, i), item.query.stride,
                      channel);
      };
      Values rows = run.ifElse(
          isWhole(first, item.lastQuery, rest),
          SmallVector<Type>(run.lanes, run.vector()),
          [&] {
            Values loaded;
            for (int64_t i = 0; i < run.lanes; ++i)
              loaded.push_back(run.loadVector(getAddress(i)));
            return loaded;
          },
          [&] {
            Values loaded;
            for (int64_t i = 0; i < run.lanes; ++i) {
              // Lanes beyond the last query compute with zeros.
              Value isRow = run.less(run.add(first, i), item.lastQuery);
              Value count = run.select(isRow, rest, run.i64(0));
              loaded.push_back(
                  run.loadVector(getAddress(i), run.tailMask(count)));
            }
            return loaded;
          });
      for (Value &row : rows)
        row = run.mulF(row, scale);
      Value target = run.at(queries, channel, run.i64(getGroupWidth()),
                            run.mul(index, run.lanes));
      for (auto [i, vector] : llvm::enumerate(transpose(rows)))
        run.storeVector(vector, run.at(target, i * getGroupWidth()));
    });
  });
}

void AttentionEmitter::emitStoreResult(const Item &item, const Group &group) {
  run.loop(run.i64(0), group.vectors, 1, [&](Value index) {
    Value first = run.add(group.firstQuery, run.mul(index, run.lanes));
    Value factor =
        run.divF(run.splat(1), run.loadVector(getVector(kTotal, index)));
    run.loop(run.i64(0), item.value.width, run.lanes, [&](Value channel) {
      Value rest = run.sub(item.value.width, channel);
      Value source = run.at(group.sums, channel, run.i64(getGroupWidth()),
                            run.mul(index, run.lanes));
      Values rows;
      for (int64_t i = 0; i < run.lanes; ++i)
        rows.push_back(run.mulF(
            run.loadVector(run.at(source, i * getGroupWidth())), factor));
      rows = transpose(rows);
      auto getAddress = [&](int64_t i) {
        return run.at(item.result.address, run.add(first, i),
                      item.result.stride, channel);
      };
      // Masked stores are slow on many CPUs without AVX-512.
      run.ifThen(
          isWhole(first, item.lastQuery, rest),
          [&] {
            for (auto [i, row] : llvm::enumerate(rows))
              run.storeVector(row, getAddress(i));
          },
          [&] {
            for (auto [i, row] : llvm::enumerate(rows)) {
              Value isRow = run.less(run.add(first, i), item.lastQuery);
              Value count = run.select(isRow, rest, run.i64(0));
              run.storeVector(row, getAddress(i), run.tailMask(count));
            }
          });
    });
  });
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

void AttentionEmitter::emitReset(const Item &item, const Group &group) {
  for (int64_t i = 0; i < getMaxVectors(); ++i) {
    run.storeVector(run.splat(kLowest), getVector(kHighest, run.i64(i)));
    run.storeVector(run.splat(0), getVector(kTotal, run.i64(i)));
  }
  run.loop(run.i64(0), run.mul(item.value.width, getGroupWidth()), run.lanes,
           [&](Value index) {
             run.storeVector(run.splat(0), run.at(group.sums, index));
           });
}

Value AttentionEmitter::isVisible(const Item &item, const Group &group,
                                  Value index, Value key) {
  // Query row + lane + shift >= key, so lane > key - shift - row - 1.
  Value row = run.add(group.firstQuery, run.mul(index, run.lanes));
  Value hidden = run.sub(run.sub(key, item.shift), row);
  Value mask = run.tailMask(hidden);
  Value on = arith::ConstantOp::create(
      run.b, run.loc,
      DenseElementsAttr::get(run.vector(run.b.getI1Type()), true));
  return arith::XOrIOp::create(run.b, run.loc, mask, on);
}

/// Scores become weights; `highest` already covers the block, `decay` holds
/// what it was before.
void AttentionEmitter::emitSoftmax(const Item &item, const Group &group,
                                   const KeyBlock &block) {
  run.loop(run.i64(0), group.vectors, 1, [&](Value index) {
    Value highest = run.loadVector(getVector(kHighest, index));
    Value before = run.loadVector(getVector(kDecay, index));
    Value decay =
        buildExp2OfNegative(run.b, run.loc, run.subF(before, highest));
    run.storeVector(decay, getVector(kDecay, index));
    Value total = run.mulF(run.loadVector(getVector(kTotal, index)), decay);
    Value column = run.at(run.scratch, run.mul(index, run.lanes));
    Values totals = run.loop(
        run.i64(0), block.count, 1, total, [&](Value key, ValueRange carried) {
          Value address = run.at(column, run.mul(key, getGroupWidth()));
          Value score = run.loadVector(address);
          Value weight =
              buildExp2OfNegative(run.b, run.loc, run.subF(score, highest));
          if (isCausal())
            weight = run.select(
                isVisible(item, group, index, run.add(block.first, key)),
                weight, run.splat(0));
          run.storeVector(weight, address);
          return Values{run.addF(carried[0], weight)};
        });
    run.storeVector(totals[0], getVector(kTotal, index));
  });
}

//===----------------------------------------------------------------------===//
// Register tiles
//===----------------------------------------------------------------------===//

int64_t AttentionEmitter::getMaxVectors() const {
  // All queries of an item share what is loaded for one key, as long as six
  // rows and more remain.
  int64_t vectors = std::max<int64_t>(1, schedule.getItemRows() / run.lanes);
  while (vectors > 1 && getMaxRows(vectors) < 6)
    vectors /= 2;
  return std::max(vectors, schedule.getPanels());
}

int64_t AttentionEmitter::getMaxRows(int64_t vectors) const {
  constexpr int64_t kMost = 12; // key pointers in general registers
  int64_t accumulators = schedule.getRows() * schedule.getPanels();
  return std::clamp<int64_t>(accumulators / vectors, 1, kMost);
}

int64_t AttentionEmitter::getUnroll(int64_t vectors) const {
  // Beside one vector an element is read for one sum, which LLVM then puts
  // into its register: sums that change places step by step do not fit.
  if (vectors == 1)
    return 1;
  return getProductUnroll(schedule.getRows() * schedule.getPanels());
}

void AttentionEmitter::emitTiles(
    Value count, Value vectors,
    function_ref<void(Value, int64_t, int64_t)> body) {
  run.switchOver(vectors, getMaxVectors(), [&](int64_t vectors) {
    int64_t rows = getMaxRows(vectors);
    // One of height 0, for which there is no code, where there are no rows.
    Value tiles = run.max(run.ceilDiv(count, rows), run.i64(1));
    Value height = run.div(count, tiles), higher = run.rem(count, tiles);
    run.loop(run.i64(0), tiles, 1, [&](Value index) {
      Value first = run.add(run.mul(index, height), run.min(index, higher));
      Value rowsHere =
          run.select(run.less(index, higher), run.add(height, 1), height);
      run.switchOver(rowsHere, rows,
                     [&](int64_t height) { body(first, height, vectors); });
    });
  });
}

void AttentionEmitter::emitScores(const Item &item, const Group &group,
                                  const KeyBlock &block) {
  for (int64_t i = 0; i < getMaxVectors(); ++i)
    run.storeVector(run.loadVector(getVector(kHighest, run.i64(i))),
                    getVector(kDecay, run.i64(i)));
  emitTiles(block.count, group.vectors,
            [&](Value slot, int64_t height, int64_t vectors) {
              emitScoreTile(item, group, run.add(block.first, slot), slot,
                            height, vectors);
            });
}

/// One instruction: the second where one is NaN. That may lose NaN, but not the
/// NaN in the weights that the score becomes.
static Value getHigher(KernelBuilder &run, Value first, Value second) {
  Value isHigher = arith::CmpFOp::create(
      run.b, run.loc, arith::CmpFPredicate::OGT, first, second);
  return run.select(isHigher, first, second);
}

/// Scores of `height` keys from `firstKey`, into the rows of the weights from
/// `slot`.
void AttentionEmitter::emitScoreTile(const Item &item, const Group &group,
                                     Value firstKey, Value slot, int64_t height,
                                     int64_t vectors) {
  Values keys{
      run.keep(run.at(item.key.address, run.mul(firstKey, item.key.stride)))};
  while (int64_t(keys.size()) < height)
    keys.push_back(run.keep(run.at(keys.back(), item.key.stride)));
  Value queries =
      run.at(run.scratch, getHighestOffset() + kQueries * getGroupWidth());
  Values scores = run.unrolledLoop(
      item.key.width, getUnroll(vectors),
      Values(height * vectors, run.splat(0)),
      [&](Value channel, ValueRange carried) {
        Value row = run.at(queries, run.mul(channel, getGroupWidth()));
        Values columns, next;
        for (int64_t i = 0; i < vectors; ++i)
          columns.push_back(run.loadVector(run.at(row, i * run.lanes)));
        for (Value key : keys) {
          Value element = run.broadcast(run.load(run.at(key, channel)));
          for (Value column : columns)
            next.push_back(run.fma(element, column, carried[next.size()]));
        }
        return next;
      });
  Value target = run.at(run.scratch, run.mul(slot, getGroupWidth()));
  for (int64_t i = 0; i < vectors; ++i) {
    Value address = getVector(kHighest, run.i64(i));
    Value highest = run.loadVector(address);
    for (int64_t k = 0; k < height; ++k) {
      Value score = scores[k * vectors + i];
      run.storeVector(score,
                      run.at(target, k * getGroupWidth() + i * run.lanes));
      if (isCausal())
        score =
            run.select(isVisible(item, group, run.i64(i), run.add(firstKey, k)),
                       score, run.splat(kLowest));
      highest = getHigher(run, highest, score);
    }
    run.storeVector(highest, address);
  }
}

void AttentionEmitter::emitSums(const Item &item, const Group &group,
                                const KeyBlock &block) {
  emitTiles(item.value.width, group.vectors,
            [&](Value firstChannel, int64_t height, int64_t vectors) {
              emitSumTile(item, group, block, firstChannel, height, vectors);
            });
}

/// Adds the block's weighted values in `height` channels to the sums.
void AttentionEmitter::emitSumTile(const Item &item, const Group &group,
                                   const KeyBlock &block, Value firstChannel,
                                   int64_t height, int64_t vectors) {
  Value values =
      run.at(item.value.address, block.first, item.value.stride, firstChannel);
  Value target = run.at(group.sums, run.mul(firstChannel, getGroupWidth()));
  auto getSum = [&](int64_t channel, int64_t vector) {
    return run.at(target, channel * getGroupWidth() + vector * run.lanes);
  };
  Values decays, sums;
  for (int64_t i = 0; i < vectors; ++i)
    decays.push_back(run.loadVector(getVector(kDecay, run.i64(i))));
  for (int64_t c = 0; c < height; ++c)
    for (int64_t i = 0; i < vectors; ++i)
      sums.push_back(run.mulF(run.loadVector(getSum(c, i)), decays[i]));
  sums = run.unrolledLoop(
      block.count, getUnroll(vectors), sums,
      [&](Value key, ValueRange carried) {
        Value row = run.at(run.scratch, run.mul(key, getGroupWidth()));
        Value value = run.at(values, run.mul(key, item.value.stride));
        Values columns, next;
        for (int64_t i = 0; i < vectors; ++i)
          columns.push_back(run.loadVector(run.at(row, i * run.lanes)));
        for (int64_t c = 0; c < height; ++c) {
          Value element = run.broadcast(run.load(run.at(value, c)));
          for (Value column : columns)
            next.push_back(run.fma(element, column, carried[next.size()]));
        }
        return next;
      });
  for (int64_t c = 0; c < height; ++c)
    for (int64_t i = 0; i < vectors; ++i)
      run.storeVector(sums[c * vectors + i], getSum(c, i));
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

/// Channels a head that `kernel` must have memory for.
struct HeadWidths {
  int64_t query = 0, value = 0;
};

/// Kernels are compiled without sizes, but their calls have them, and must.
/// Without a call, in tests, 512 channels a head are assumed.
static FailureOr<HeadWidths> getLargestHeads(KernelOp kernel,
                                             AttentionOp attention) {
  constexpr int64_t kAssumedWidth = 512;
  HeadWidths widths;
  bool isCalled = false;
  auto include = [&](tx::CallOp call, Value argument, int64_t heads,
                     int64_t &width) -> LogicalResult {
    Value operand =
        call.getOperands()[cast<BlockArgument>(argument).getArgNumber()];
    int64_t channels = cast<RankedTensorType>(operand.getType()).getDimSize(1);
    if (ShapedType::isDynamic(channels))
      return call.emitOpError("passes ")
             << operand.getType()
             << " to attention, expected a static number of channels";
    width = std::max(width, channels / heads);
    isCalled = true;
    return success();
  };
  WalkResult walk =
      kernel->getParentOfType<ModuleOp>().walk([&](tx::CallOp call) {
        if (call.getKernel() == kernel.getSymName() &&
            (failed(include(call, attention.getQuery(), attention.getNumHeads(),
                            widths.query)) ||
             failed(include(call, attention.getValue(),
                            attention.getNumKvHeads(), widths.value))))
          return WalkResult::interrupt();
        return WalkResult::advance();
      });
  if (walk.wasInterrupted())
    return failure();
  if (!isCalled)
    return HeadWidths{kAssumedWidth, kAssumedWidth};
  return widths;
}

static LogicalResult verifyAttention(KernelOp kernel, AttentionOp attention) {
  if (!attention.getTiles())
    return attention.emitOpError(
        "has no tiles to work through; run tx-plan-attention-tiles before "
        "kernels are formed");
  for (Value operand : attention->getOperands())
    if (!isa<BlockArgument>(operand))
      return attention.emitOpError(
          "reads a value that its kernel computes; expected arguments");
  for (Operation &op : kernel.getBody().front())
    if (&op != attention && !isa<ReturnOp>(op))
      return op.emitOpError("cannot share a kernel with tx.attention");
  Operation *terminator = kernel.getBody().front().getTerminator();
  if (!llvm::equal(terminator->getOperands(), attention->getResults()))
    return terminator->emitOpError("of a kernel of tx.attention must return "
                                   "its result and nothing else");
  if (!llvm::isPowerOf2_64(kernel.getScheduleAttr().getLanes()))
    return kernel.emitOpError("has a schedule of ")
           << kernel.getScheduleAttr().getLanes()
           << " lanes, expected a power of two";
  return success();
}

FailureOr<EmittedKernel>
tx::emitAttention(KernelOp kernel, KernelBuilder &items, KernelBuilder &run) {
  AttentionOp attention =
      *kernel.getBody().front().getOps<AttentionOp>().begin();
  if (failed(verifyAttention(kernel, attention)))
    return failure();
  FailureOr<HeadWidths> widths = getLargestHeads(kernel, attention);
  if (failed(widths))
    return failure();
  AttentionEmitter emitter(kernel, attention, run);
  emitter.emit();
  Value count = items.mul(items.operand(attention.getTiles()).sizes[0],
                          attention.getNumHeads());
  return EmittedKernel{count,
                       emitter.getScratchBytes(widths->query, widths->value)};
}
