//===- EmitTokenRows.cpp - Code of token kernels that move rows -----------===//
//
// Token ops that copy or add rows of channels, by vectors of them.
//
//===----------------------------------------------------------------------===//

#include "TokenKernel.h"

using namespace mlir;
using namespace tx;

/// Vectors of channels that a pooling item adds up at a time, in registers.
static constexpr int64_t kPoolVectors = 4;

/// Copies `channels` f32; from nowhere means zeros.
static void copyChannels(KernelBuilder &k, Value from, Value to,
                         Value channels) {
  k.vectorLoop(channels, [&](Value first, Value mask) {
    Value value = from ? k.loadVector(k.at(from, first), mask) : k.splat(0);
    k.storeVector(value, k.at(to, first), mask);
  });
}

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

// x (T, C) -> (T, channels) or (T)
EmittedKernel tx::emitSlice(SliceOp op, TokenKernel kernel) {
  KernelBuilder &k = kernel.run;
  const KernelArgument &x = k.operand(op.getX());
  const KernelArgument &result = k.results.front();
  Value source = k.at(x.address, static_cast<int64_t>(op.getOffset()));
  return kernel.forEachRow(
      [](KernelBuilder &k) { return k.results.front().sizes[0]; },
      [&](Value row) {
        Value from = k.at(source, k.mul(row, x.sizes[1]));
        if (result.sizes.size() == 1)
          return k.store(k.load(from), k.at(result.address, row));
        Value channels = result.sizes[1];
        copyChannels(k, from, k.at(result.address, k.mul(row, channels)),
                     channels);
      });
}

//===----------------------------------------------------------------------===//
// Unpacking
//===----------------------------------------------------------------------===//

/// How many of the `count` entries of a mask at `address` are not zero.
static Value countKept(KernelBuilder &k, Value address, Value count) {
  return k
      .loop(k.i64(0), count, 1, k.i64(0),
            [&](Value entry, ValueRange carried) {
              Value isPad = k.equal(k.loadI32(k.at(address, entry)), k.i32(0));
              return Values{k.select(isPad, carried[0], k.add(carried[0], 1))};
            })
      .front();
}

/// Items are blocks of entries of one sequence. Each counts the tokens before
/// its block, which is little beside the rows it copies.
// tokens (T, C) or (T), offsets (B + 1), mask (B, S) -> (B, S, C) or (B, S)
EmittedKernel tx::emitUnpackTokens(UnpackTokensOp op, TokenKernel kernel) {
  KernelBuilder &k = kernel.run;
  const KernelArgument &tokens = k.operand(op.getTokens());
  const KernelArgument &offsets = k.operand(op.getOffsets());
  const KernelArgument &mask = k.operand(op.getMask());
  Value result = k.results.front().address;
  Value length = mask.sizes[1];
  bool isScalar = tokens.sizes.size() == 1;
  Value channels = isScalar ? k.i64(1) : tokens.sizes[1];
  int64_t itemRows = kernel.getItemRows();

  auto unpackEntry = [&](Value entry, ValueRange carried) {
    Value token = carried[0];
    Value to = k.at(result, k.mul(entry, channels));
    Value from = k.at(tokens.address, k.mul(token, channels));
    Value kept = k.compare(arith::CmpIPredicate::ne,
                           k.loadI32(k.at(mask.address, entry)), k.i32(0));
    if (isScalar)
      k.ifThen(
          kept, [&] { k.store(k.load(from), to); },
          [&] { k.store(k.f32(0), to); });
    else
      k.ifThen(
          kept, [&] { copyChannels(k, from, to, channels); },
          [&] { copyChannels(k, {}, to, channels); });
    return Values{k.select(kept, k.add(token, 1), token)};
  };
  Value blocks = k.ceilDiv(length, itemRows);
  k.loop(k.begin, k.end, 1, [&](Value item) {
    Value sequence = k.div(item, blocks);
    Value before = k.mul(k.rem(item, blocks), itemRows);
    Value columns = k.min(k.sub(length, before), k.i64(itemRows));
    Value start = k.mul(sequence, length);
    Value token = k.add(k.toI64(k.loadI32(k.at(offsets.address, sequence))),
                        countKept(k, k.at(mask.address, start), before));
    Value first = k.add(start, before);
    k.loop(first, k.add(first, columns), 1, token, unpackEntry);
  });

  KernelBuilder &counter = kernel.items;
  const KernelArgument &shape = counter.operand(op.getMask());
  return EmittedKernel{
      counter.mul(shape.sizes[0], counter.ceilDiv(shape.sizes[1], itemRows))};
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

/// Sums `count` vectors of channels at `channel` over the tokens [first, last),
/// in their order, and stores the means at `to`.
static void emitMean(KernelBuilder &k, const KernelArgument &x, Value channel,
                     Value mask, int64_t count, Value first, Value last,
                     Value to) {
  Values zeros(count, k.splat(0));
  Values sums =
      k.loop(first, last, 1, zeros, [&](Value token, ValueRange carried) {
        Value from = k.at(x.address, token, x.sizes[1], channel);
        Values next;
        for (int64_t i = 0; i < count; ++i)
          next.push_back(
              k.addF(carried[i], k.loadVector(k.at(from, i * k.lanes), mask)));
        return next;
      });
  Value tokens =
      arith::SIToFPOp::create(k.b, k.loc, k.f32(), k.sub(last, first));
  Value divisor = k.broadcast(tokens);
  for (int64_t i = 0; i < count; ++i)
    k.storeVector(k.divF(sums[i], divisor), k.at(to, i * k.lanes), mask);
}

/// Items are runs of channels of one sequence.
// x (T, C), offsets (B + 1) -> (B, C)
EmittedKernel tx::emitPool(PoolOp op, TokenKernel kernel) {
  KernelBuilder &k = kernel.run;
  const KernelArgument &x = k.operand(op.getX());
  Value offsets = k.operand(op.getOffsets()).address;
  Value result = k.results.front().address;
  Value channels = x.sizes[1];
  int64_t width = kPoolVectors * k.lanes;

  Value runs = k.ceilDiv(channels, width);
  k.loop(k.begin, k.end, 1, [&](Value item) {
    Value sequence = k.div(item, runs);
    Value channel = k.mul(k.rem(item, runs), width);
    Value count = k.min(k.sub(channels, channel), k.i64(width));
    Value first = k.toI64(k.loadI32(k.at(offsets, sequence)));
    Value to = k.at(result, sequence, channels, channel);
    if (op.getKind() == PoolKind::Cls)
      return copyChannels(k, k.at(x.address, first, channels, channel), to,
                          count);
    Value last = k.toI64(k.loadI32(k.at(offsets, k.add(sequence, 1))));
    k.ifThen(
        k.equal(count, k.i64(width)),
        [&] { emitMean(k, x, channel, {}, kPoolVectors, first, last, to); },
        [&] {
          k.vectorLoop(count, [&](Value start, Value mask) {
            emitMean(k, x, k.add(channel, start), mask, 1, first, last,
                     k.at(to, start));
          });
        });
  });

  KernelBuilder &counter = kernel.items;
  Value sequences = counter.results.front().sizes[0];
  Value columns = counter.operand(op.getX()).sizes[1];
  return EmittedKernel{counter.mul(sequences, counter.ceilDiv(columns, width))};
}
