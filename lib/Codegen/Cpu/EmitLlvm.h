//===- EmitLlvm.h - The whole artefact as LLVM IR ---------------*- C++ -*-===//
//
// Generated code, program constant and runtime in one optimized LLVM module,
// and machine code from it.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CODEGEN_CPU_EMITLLVM_H
#define TX_CODEGEN_CPU_EMITLLVM_H

#include "EmitProgram.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Target/TargetMachine.h"

namespace tx {

/// Keeps LLVM's errors; its default prints them and ends the process.
class ErrorCollector {
public:
  void attachTo(llvm::LLVMContext &context);
  llvm::Error takeError() const; ///< Backend

private:
  std::string errors;
};

/// The machine that `targets` name, which differ in CPUs at most; those are up
/// to the attributes of functions. Errors: Unsupported.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(llvm::ArrayRef<TargetAttr> targets);

/// Makes `function` code for `target`, for which createTargetMachine has found
/// a machine.
void setTargetAttributes(llvm::Function &function, TargetAttr target);

/// All that LLVM optimizes in generated code before it selects instructions.
void cleanUpKernels(llvm::Module &module, llvm::TargetMachine &machine);

/// Translates the variants, adds program and runtime, and optimizes. Only
/// PREFIX_v1 is visible in the result.
llvm::Expected<std::unique_ptr<llvm::Module>>
makeLlvmModule(const ProgramInfo &info, const EmitOptions &options,
               llvm::TargetMachine &machine, llvm::LLVMContext &context);

/// Object or assembly of `module`.
llvm::Error emitMachineCode(llvm::Module &module, llvm::TargetMachine &machine,
                            llvm::CodeGenFileType type,
                            llvm::SmallVectorImpl<char> &out);

} // namespace tx

#endif // TX_CODEGEN_CPU_EMITLLVM_H
