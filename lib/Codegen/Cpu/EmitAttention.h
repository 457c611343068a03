//===- EmitAttention.h - Parts of an attention kernel -----------*- C++ -*-===//
//
// Lanes are queries. A work item, the rows of one tile of the plan and one
// head, goes through groups of query vectors; a group keeps, per thread,
//
//   queries (D,W)    transposed and scaled
//   weights (Bc,W)   scores, then softmax weights, of one block of keys
//   sums (Dv,W)      weighted values so far, transposed
//   highest, total, decay (W)
//
// with W = the lanes of a group. So scores are sums over broadcast
// elements of key rows, and sums of broadcast elements of value rows, both as
// they lie in memory: neither is packed, only the group's own queries and
// results are transposed, and softmax never crosses lanes. A query's result is
// a function of its own sequence alone, whatever shares its vector.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_CODEGEN_CPU_EMITATTENTION_H
#define TX_LIB_CODEGEN_CPU_EMITATTENTION_H

#include "KernelBuilder.h"

namespace tx {

class AttentionEmitter {
public:
  AttentionEmitter(KernelOp kernel, AttentionOp attention, KernelBuilder &run);

  /// Fills @k.
  void emit();
  /// For heads of at most these many channels in queries and values.
  int64_t getScratchBytes(int64_t width, int64_t valueWidth) const;

private:
  /// One head of an operand or the result.
  struct HeadView {
    Value address; ///< of the head's first channel in row 0
    Value stride;  ///< elements from row to row
    Value width;   ///< channels of the head
  };
  /// What an item reads and writes.
  struct Item {
    HeadView query, key, value, result;
    Value firstQuery, lastQuery; ///< rows [firstQuery, lastQuery)
    Value firstKey, lastKey;
    Value shift; ///< causal: query row plus this is the last key row it sees
  };
  /// Query vectors that are worked on together.
  struct Group {
    Value firstQuery; ///< row of lane 0
    Value vectors;
    Value sums;    ///< address; the other buffers have fixed places
    Value lastKey; ///< one past the last key row that some lane sees
  };
  /// Keys [first, first + count) of a sequence.
  struct KeyBlock {
    Value first, count;
  };

  Item readItem(Value item);
  /// Head number `head` of an operand or result of type `type`.
  HeadView getHead(const KernelArgument &argument, mlir::Type type, Value head,
                   int64_t heads);
  void emitItem(const Item &item);
  void emitGroup(const Item &item, const Group &group);
  void askForRows(const HeadView &head, Value first, Value rows,
                  llvm::function_ref<void(Value)> ask);

  void emitPackQueries(const Item &item, const Group &group);
  void emitReset(const Item &item, const Group &group);
  void emitScores(const Item &item, const Group &group, const KeyBlock &block);
  void emitScoreTile(const Item &item, const Group &group, Value firstKey,
                     Value slot, int64_t height, int64_t vectors);
  void emitSoftmax(const Item &item, const Group &group, const KeyBlock &block);
  void emitSums(const Item &item, const Group &group, const KeyBlock &block);
  void emitSumTile(const Item &item, const Group &group, const KeyBlock &block,
                   Value firstChannel, int64_t height, int64_t vectors);
  void emitStoreResult(const Item &item, const Group &group);

  /// Vectors of a group, at most, and rows of keys or channels beside so many
  /// of them in a register tile.
  int64_t getMaxVectors() const;
  int64_t getMaxRows(int64_t vectors) const;
  /// Channels or keys in a row, beside so many vectors.
  int64_t getUnroll(int64_t vectors) const;
  /// Cuts `count` rows into tiles whose heights differ by one at most and emits
  /// body(first, height, vectors) for each shape.
  void emitTiles(Value count, Value vectors,
                 llvm::function_ref<void(Value, int64_t, int64_t)> body);
  /// Lanes of query vector `index` that see the key at row `key`.
  Value isVisible(const Item &item, const Group &group, Value index, Value key);
  Values transpose(Values rows);
  /// Whether a square of `lanes` rows and channels from `firstRow` on lies
  /// before `lastRow` and within `channels`.
  Value isWhole(Value firstRow, Value lastRow, Value channels);

  bool isCausal() { return attention.getMask() == MaskKind::Causal; }
  int64_t getGroupWidth() const { return getMaxVectors() * run.lanes; }
  /// Elements from the start of the scratch memory.
  int64_t getHighestOffset() const;
  Value getVector(int64_t offset, Value index);

  AttentionOp attention;
  KernelBuilder &run;
  ScheduleAttr schedule;
};

} // namespace tx

#endif // TX_LIB_CODEGEN_CPU_EMITATTENTION_H
