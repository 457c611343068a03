//===- TensorSizes.h - Sizes of tensors, known or not -----------*- C++ -*-===//
//
// What verifiers, shape inference and cost of all op families ask of sizes. A
// dynamic size is compatible with every other.
//
//===----------------------------------------------------------------------===//

#ifndef TX_LIB_DIALECT_TX_IR_TENSORSIZES_H
#define TX_LIB_DIALECT_TX_IR_TENSORSIZES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

namespace tx {

inline bool isKnown(int64_t size) { return !mlir::ShapedType::isDynamic(size); }

inline int64_t getSize(mlir::Value value, unsigned dimension) {
  return mlir::cast<mlir::RankedTensorType>(value.getType())
      .getDimSize(dimension);
}

/// Whether the two may be equal at run time.
inline bool agree(int64_t a, int64_t b) {
  return !isKnown(a) || !isKnown(b) || a == b;
}

/// Whether `offsets` entries may bound that many sequences.
inline bool boundsSequences(int64_t offsets, int64_t sequences) {
  return !isKnown(offsets) || !isKnown(sequences) || offsets == sequences + 1;
}

/// The number of sequences that `offsets` entries bound.
inline int64_t countSequences(int64_t offsets) {
  return isKnown(offsets) ? offsets - 1 : offsets;
}

/// The number of offsets that bound `sequences`.
inline int64_t countOffsets(int64_t sequences) {
  return isKnown(sequences) ? sequences + 1 : sequences;
}

/// (rows, columns) of f32: the type of activations.
inline mlir::Type getActivationType(mlir::MLIRContext *context, int64_t rows,
                                    int64_t columns) {
  return mlir::RankedTensorType::get({rows, columns},
                                     mlir::Float32Type::get(context));
}

} // namespace tx

#endif // TX_LIB_DIALECT_TX_IR_TENSORSIZES_H
