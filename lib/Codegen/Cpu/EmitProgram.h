//===- EmitProgram.h - The program constant and the metadata ----*- C++ -*-===//
//
// `tx_the_program` (tx_program.h) is how the runtime finds entries, kernels
// and weights. It is built here from the attributes that tx-lower-entries
// leaves on the module.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_EMITPROGRAM_H
#define TX_CODEGEN_CPU_EMITPROGRAM_H

#include "Signature.h"
#include "tx/Codegen/Cpu/Emit.h"
#include "llvm/IR/Module.h"
#include <array>

namespace tx {

/// What emission reads of the attributes of one lowered module.
struct VariantInfo {
  mlir::ModuleOp module;
  TargetAttr target;
  int isaLevel = 0; ///< tx_variant.isa_level
  std::vector<EntrySignature> entries;
  std::vector<std::string> kernels;
  std::vector<ScheduleAttr> schedules; ///< of kernels; null where unknown
  /// Of kernels: what the packed entry does with it (tx-describe-entries); null
  /// if it does not call it.
  std::vector<mlir::DenseI64ArrayAttr> packedWork;
  int64_t scratchBytes = 0;
  WeightsOp weights; ///< may be null
};

/// The variants of a model. They have entries that callers cannot tell apart,
/// and one plan of the weights.
struct ProgramInfo {
  mlir::DictionaryAttr model;        ///< may be null
  std::vector<VariantInfo> variants; ///< the highest level first

  /// Those of any variant, as far as callers are concerned.
  const std::vector<EntrySignature> &getEntries() const {
    return variants.front().entries;
  }
  WeightsOp getWeights() const { return variants.front().weights; }
  std::vector<TargetAttr> getTargets() const;
  int64_t getWeightsSize() const;

  /// Fails (Backend) where a module is not what phase lower leaves, or the
  /// modules are not variants of one model, and (Unsupported) where two are for
  /// one instruction set.
  static llvm::Expected<ProgramInfo>
  read(llvm::ArrayRef<mlir::ModuleOp> modules);
};

/// Section of the weights in object files. Linkers know the name and keep such
/// sections away from code, so that it stays within reach of itself.
inline constexpr llvm::StringLiteral kWeightsSection = ".lrodata.tx_weights";

/// Bytes that stand where the digest of the weights will be; it is known only
/// when the weights have been written.
std::array<uint8_t, 32> getUnknownWeightsId();

/// Adds `tx_the_program` and all it points to. With `weightsInSection`, it
/// points to a global in kWeightsSection, whose bytes the caller appends.
llvm::Error addProgram(llvm::Module &module, const ProgramInfo &info,
                       const EmitOptions &options, bool weightsInSection);

/// The artefact's description, JSON, the same for the same input.
std::string makeMetadata(const ProgramInfo &info, const EmitOptions &options);

/// What of `name` can be part of a C identifier, the rest as underscores.
std::string makeIdentifier(llvm::StringRef name);

/// The header of an object file: tx_model.h, the function PREFIX_v1 and enums
/// of entries, inputs and outputs.
std::string makeHeader(const ProgramInfo &info, const EmitOptions &options);

} // namespace tx

#endif // TX_CODEGEN_CPU_EMITPROGRAM_H
