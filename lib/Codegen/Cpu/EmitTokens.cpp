//===- EmitTokens.cpp - Code of token kernels -----------------------------===//
//
// Kernels of one op that knows sequences. Here are those on indices: each is
// one work item, a walk over the batch that carries the next free place. They
// touch a few bytes per token, next to the kilobytes of any other kernel.
//
//===----------------------------------------------------------------------===//

#include "TokenKernel.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tx;

//===----------------------------------------------------------------------===//
// TokenKernel
//===----------------------------------------------------------------------===//

std::optional<unsigned> TokenKernel::getResultNumber(Value value) {
  Operation *terminator = kernel.getBody().front().getTerminator();
  for (OpOperand &operand : terminator->getOpOperands())
    if (operand.get() == value)
      return operand.getOperandNumber();
  return std::nullopt;
}

void TokenKernel::storeResult(Value value, Value result, Value index) {
  if (std::optional<unsigned> number = getResultNumber(result))
    run.store(value, run.at(run.results[*number].address, index));
}

EmittedKernel TokenKernel::forEachRow(function_ref<Value(KernelBuilder &)> rows,
                                      function_ref<void(Value)> body) {
  int64_t itemRows = getItemRows();
  Value first = run.mul(run.begin, itemRows);
  Value last = run.min(run.mul(run.end, itemRows), rows(run));
  run.loop(first, last, 1, body);
  return EmittedKernel{items.ceilDiv(rows(items), itemRows)};
}

/// The one item is run by whoever is given items [0, 1).
EmittedKernel TokenKernel::once(function_ref<void()> body) {
  run.ifThen(run.less(run.begin, run.end), body);
  return EmittedKernel{items.i64(1)};
}

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

/// Position of the entry at `column` of its sequence and the next count of ids
/// that are not padding. Without a padding id, positions are columns.
static std::pair<Value, Value> buildPosition(KernelBuilder &k,
                                             std::optional<int64_t> padId,
                                             Value column, Value id,
                                             Value count) {
  if (!padId)
    return {k.toI32(column), count};
  Value pad = k.i32(*padId);
  Value isPad = k.equal(id, pad);
  Value next = k.select(isPad, count, k.add(count, k.i32(1)));
  return {k.select(isPad, pad, k.add(pad, next)), next};
}

static std::optional<int64_t> getPadId(std::optional<uint64_t> attr) {
  if (attr)
    return static_cast<int64_t>(*attr);
  return std::nullopt;
}

// ids (T), offsets (B + 1) -> (T)
EmittedKernel tx::emitPositions(PositionsOp op, TokenKernel kernel) {
  KernelBuilder &k = kernel.run;
  std::optional<int64_t> padId = getPadId(op.getPadId());
  Value ids = k.operand(op.getIds()).address;
  const KernelArgument &offsets = k.operand(op.getOffsets());
  return kernel.once([&] {
    Value sequences = k.add(offsets.sizes[0], k.i64(-1));
    k.loop(k.i64(0), sequences, 1, [&](Value sequence) {
      Value first = k.toI64(k.loadI32(k.at(offsets.address, sequence)));
      Value last =
          k.toI64(k.loadI32(k.at(offsets.address, k.add(sequence, 1))));
      k.loop(first, last, 1, k.i32(0), [&](Value token, ValueRange carried) {
        auto [position, count] =
            buildPosition(k, padId, k.sub(token, first),
                          k.loadI32(k.at(ids, token)), carried[0]);
        kernel.storeResult(position, op.getResult(), token);
        return Values{count};
      });
    });
  });
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

// mask (B, S), inputs (B, S) each -> packed (T) each, offsets (B + 1),
// positions (T)
EmittedKernel tx::emitPackTokens(PackTokensOp op, TokenKernel kernel) {
  KernelBuilder &k = kernel.run;
  std::optional<int64_t> padId = getPadId(op.getPadId());
  const KernelArgument &mask = k.operand(op.getMask());
  Value length = mask.sizes[1];

  // Entry `column` of a row of the batch, `entry` in it as a whole.
  auto packEntry = [&](Value column, Value entry, Value token, Value count) {
    Values inputs;
    for (Value input : op.getInputs())
      inputs.push_back(k.loadI32(k.at(k.operand(input).address, entry)));
    Value id = inputs.empty() ? Value() : inputs.front();
    auto [position, nextCount] = buildPosition(k, padId, column, id, count);
    Value kept = k.compare(arith::CmpIPredicate::ne,
                           k.loadI32(k.at(mask.address, entry)), k.i32(0));
    k.ifThen(kept, [&, position = position] {
      for (auto [input, packed] : llvm::zip_equal(inputs, op.getPacked()))
        kernel.storeResult(input, packed, token);
      kernel.storeResult(position, op.getPositions(), token);
    });
    return Values{k.select(kept, k.add(token, 1), token), nextCount};
  };
  auto packRow = [&](Value sequence, ValueRange carried) {
    Value firstEntry = k.mul(sequence, length);
    Values next = k.loop(k.i64(0), length, 1, {carried[0], k.i32(0)},
                         [&](Value column, ValueRange carried) {
                           return packEntry(column, k.add(firstEntry, column),
                                            carried[0], carried[1]);
                         });
    kernel.storeResult(k.toI32(next[0]), op.getOffsets(), k.add(sequence, 1));
    return Values{next[0]};
  };
  return kernel.once([&] {
    kernel.storeResult(k.i32(0), op.getOffsets(), k.i64(0));
    k.loop(k.i64(0), mask.sizes[0], 1, k.i64(0), packRow);
  });
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

// offsets (B + 1) -> (W, 2)
EmittedKernel tx::emitPlanTiles(PlanTilesOp op, TokenKernel kernel) {
  KernelBuilder &k = kernel.run;
  const KernelArgument &offsets = k.operand(op.getOffsets());
  int64_t rows = op.getRows();
  return kernel.once([&] {
    Value sequences = k.add(offsets.sizes[0], k.i64(-1));
    auto cutSequence = [&](Value sequence, ValueRange carried) {
      Value first = k.toI64(k.loadI32(k.at(offsets.address, sequence)));
      Value last =
          k.toI64(k.loadI32(k.at(offsets.address, k.add(sequence, 1))));
      return k.loop(
          first, last, rows, carried, [&](Value row, ValueRange carried) {
            Value tile = k.mul(carried[0], 2);
            kernel.storeResult(k.toI32(sequence), op.getTiles(), tile);
            kernel.storeResult(k.toI32(row), op.getTiles(), k.add(tile, 1));
            return Values{k.add(carried[0], 1)};
          });
    };
    k.loop(k.i64(0), sequences, 1, k.i64(0), cutSequence);
  });
}

//===----------------------------------------------------------------------===//
// Entry point
//===----------------------------------------------------------------------===//

/// The one op of `kernel`; reports why it is not one op on arguments.
static Operation *getOnlyOp(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  Operation *op = &body.front();
  if (std::next(op->getIterator()) != body.getTerminator()->getIterator()) {
    kernel.emitOpError() << "has several ops and one of them works on "
                            "sequences; expected that op alone";
    return nullptr;
  }
  if (body.getTerminator()->getNumOperands() == 0) {
    body.getTerminator()->emitOpError()
        << "returns no result of " << op->getName();
    return nullptr;
  }
  llvm::SmallPtrSet<Value, 4> returned;
  for (Value value : body.getTerminator()->getOperands())
    if (value.getDefiningOp() != op || !returned.insert(value).second) {
      body.getTerminator()->emitOpError()
          << "returns an argument or a value twice; expected each result of "
          << op->getName() << " at most once";
      return nullptr;
    }
  return op;
}

FailureOr<EmittedKernel> tx::emitTokens(KernelOp kernel, KernelBuilder &items,
                                        KernelBuilder &run) {
  Operation *op = getOnlyOp(kernel);
  if (!op)
    return failure();
  TokenKernel tokens{kernel, items, run};
  return TypeSwitch<Operation *, FailureOr<EmittedKernel>>(op)
      .Case([&](PackTokensOp op) { return emitPackTokens(op, tokens); })
      .Case([&](UnpackTokensOp op) { return emitUnpackTokens(op, tokens); })
      .Case([&](PositionsOp op) { return emitPositions(op, tokens); })
      .Case([&](PlanTilesOp op) { return emitPlanTiles(op, tokens); })
      .Case([&](PoolOp op) { return emitPool(op, tokens); })
      .Case([&](SliceOp op) { return emitSlice(op, tokens); })
      .Default([](Operation *op) -> FailureOr<EmittedKernel> {
        return op->emitOpError() << "is not an op on tokens";
      });
}
