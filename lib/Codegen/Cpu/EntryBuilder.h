//===- EntryBuilder.h - Code of an entry ------------------------*- C++ -*-===//
//
// Builds the function that drives the kernels of one entry: addresses and
// sizes of all values, and one parallel_for per call.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_ENTRYBUILDER_H
#define TX_CODEGEN_CPU_ENTRYBUILDER_H

#include "Signature.h"
#include "WeightPlan.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"

namespace tx {

class EntryBuilder {
public:
  /// `kernels`: index of each kernel in tx.kernels.
  EntryBuilder(mlir::func::FuncOp entry, const EntrySignature &signature,
               const llvm::StringMap<int64_t> &kernels, WeightPlan &weights);

  /// Builds the code before the entry, under a name of its own; diagnoses what
  /// cannot be lowered.
  mlir::FailureOr<mlir::func::FuncOp> build();

private:
  /// A tensor at run time.
  struct Place {
    mlir::Value address;
    llvm::SmallVector<mlir::Value, 3> sizes;
  };

  mlir::Value constant(int64_t value);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value roundUp(mlir::Value x);
  mlir::Value advance(mlir::Value pointer, mlir::Value bytes);
  mlir::Value load(mlir::Type type, mlir::Value pointer, int64_t offset);
  mlir::Value loadOffset(mlir::Value offsets, mlir::Value index);
  mlir::Value countTiles(mlir::Value offsets, int64_t rows);

  void readCall(mlir::Value call);
  mlir::Value getSize(int64_t code);
  void placeArguments();
  void placeParam(mlir::Value value);
  mlir::FailureOr<mlir::Value> getAddress(CallOp call, PlaceAttr place);
  mlir::LogicalResult placeResults(CallOp call);
  void readTokenCount(CallOp call);
  mlir::LogicalResult buildCall(CallOp call);

  mlir::func::FuncOp entry;
  const EntrySignature &signature;
  const llvm::StringMap<int64_t> &kernels;
  WeightPlan &weights;
  mlir::OpBuilder builder;
  mlir::Location loc;
  mlir::Type i32, i64;
  mlir::LLVM::LLVMPointerType pointer;

  // Fields of tx_call and what follows from them.
  mlir::Value pool, parallelFor, inputs, outputs, weightsBase;
  mlir::Value tokens, sequences, sequencesPlus, length;
  bool knowsTokens; ///< else `tokens` are all places of a padded batch
  mlir::Value tokenUnits, sequenceUnits; ///< counts by which arenas grow
  mlir::Value tokenArena, sequenceArena, fixedArena;
  mlir::Value words; ///< the kernels' arguments
  llvm::DenseMap<mlir::Value, Place> places;
};

} // namespace tx

#endif // TX_CODEGEN_CPU_ENTRYBUILDER_H
