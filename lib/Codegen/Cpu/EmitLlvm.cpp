//===- EmitLlvm.cpp - The whole artefact as LLVM IR -----------------------===//
//
// Generated functions carry the instruction set of their variant as attributes;
// those of the runtime keep the baseline of the architecture, so that the check
// of the CPU itself runs on every CPU.
//
//===----------------------------------------------------------------------===//

#include "EmitLlvm.h"
#include "Instrument.h"
#include "RuntimeBitcode.h"
#include "SharedFunctions.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "tx/Target/CpuTarget.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include <mutex>

using namespace tx;

//===----------------------------------------------------------------------===//
// Target
//===----------------------------------------------------------------------===//

static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
#define TX_INITIALIZE(NAME)                                                    \
  LLVMInitialize##NAME##TargetInfo();                                          \
  LLVMInitialize##NAME##Target();                                              \
  LLVMInitialize##NAME##TargetMC();                                            \
  LLVMInitialize##NAME##AsmPrinter();                                          \
  LLVMInitialize##NAME##AsmParser()
    TX_INITIALIZE(X86);
    TX_INITIALIZE(AArch64);
    TX_INITIALIZE(RISCV);
#undef TX_INITIALIZE
  });
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
tx::createTargetMachine(llvm::ArrayRef<TargetAttr> targets) {
  initializeTargets();
  llvm::StringRef name = targets.front().getTriple();
  const Architecture *architecture = findArchitecture(name);
  if (!architecture)
    return makeError(ExitCode::Unsupported,
                     "the target is '{0}', expected x86_64, aarch64 or riscv64 "
                     "Linux",
                     name);
  // Every artefact needs one: better now than after an optimized module.
  if (llvm::Error error = getRuntimeBitcode(*architecture).takeError())
    return std::move(error);
  llvm::Triple triple(architecture->triple);
  std::string reason;
  const llvm::Target *backend =
      llvm::TargetRegistry::lookupTarget(triple, reason);
  if (!backend)
    return makeError(ExitCode::Unsupported, "no code generator for '{0}': {1}",
                     name, reason);
  llvm::TargetOptions options;
  options.FunctionSections = true;
  options.DataSections = true;
  options.UseInitArray = true; // the runtime has a constructor
  // Where a loop begins within a line of the cache decides up to a tenth of the
  // speed of a register tile.
  options.LoopAlignment = 64;
  options.MCOptions.ABIName = architecture->abi.str();
  std::unique_ptr<llvm::TargetMachine> machine(backend->createTargetMachine(
      triple, architecture->baseline.cpu, architecture->baseline.features,
      options, llvm::Reloc::PIC_, llvm::CodeModel::Small,
      llvm::CodeGenOptLevel::Aggressive));
  for (TargetAttr target : targets) {
    if (!architecture->getCodegenCpu(target.getIsa()))
      return makeError(ExitCode::Unsupported,
                       "{0} has no instruction set '{1}'",
                       architecture->getName(), target.getIsa());
    if (!machine->getMCSubtargetInfo()->isCPUStringValid(target.getTune()))
      return makeError(ExitCode::Unsupported, "LLVM does not know CPU '{0}'",
                       target.getTune());
  }
  return machine;
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

namespace {
struct CollectErrors : llvm::DiagnosticHandler {
  explicit CollectErrors(std::string &errors) : errors(errors) {}

  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() != llvm::DS_Error)
      return true;
    llvm::raw_string_ostream os(errors);
    llvm::DiagnosticPrinterRawOStream printer(os);
    os << (errors.empty() ? "" : "; ");
    info.print(printer);
    return true;
  }

  std::string &errors;
};
} // namespace

void ErrorCollector::attachTo(llvm::LLVMContext &context) {
  context.setDiagnosticHandler(std::make_unique<CollectErrors>(errors));
}

llvm::Error ErrorCollector::takeError() const {
  if (errors.empty())
    return llvm::Error::success();
  return makeError(ExitCode::Backend, "LLVM rejects the code: {0}", errors);
}

//===----------------------------------------------------------------------===//
// Generated code
//===----------------------------------------------------------------------===//

/// Translates all but `tx.weights`, which is data.
static std::unique_ptr<llvm::Module> translate(mlir::ModuleOp module,
                                               WeightsOp weights,
                                               llvm::LLVMContext &context) {
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  if (!weights)
    return mlir::translateModuleToLLVMIR(module, context, "tx");
  mlir::Operation *next = weights->getNextNode();
  weights->remove();
  llvm::scope_exit restore([&] {
    mlir::Block *body = module.getBody();
    body->getOperations().insert(
        next ? mlir::Block::iterator(next) : body->end(), weights);
  });
  return mlir::translateModuleToLLVMIR(module, context, "tx");
}

static std::string makeName(const llvm::Function &function, TargetAttr target) {
  return ("tx_fn_" + function.getName() + "." + makeIdentifier(target.getIsa()))
      .str();
}

/// Kernels and entries may be called like functions of libc, the runtime or
/// another variant: inside the artefact they get a name of their own. Those
/// that are `shared` are left to their owner.
static llvm::Error rename(llvm::Module &module, TargetAttr target,
                          const SharedFunctions &shared) {
  for (llvm::Function &function : module) {
    bool isShared = shared.names.contains(function.getName());
    if (function.isDeclaration()) {
      if (!function.isIntrinsic() && !function.use_empty())
        return makeError(ExitCode::Backend,
                         "generated code calls '{0}', which is not defined",
                         function.getName());
      continue;
    }
    std::string name =
        makeName(function, isShared ? shared.owner->target : target);
    function.setName(name);
    if (function.getName() != name) // one has it already
      return makeError(ExitCode::Backend, "two functions would be called '{0}'",
                       name);
    if (isShared)
      function.deleteBody();
  }
  return llvm::Error::success();
}

void tx::setTargetAttributes(llvm::Function &function, TargetAttr target) {
  CodegenCpu cpu =
      *findArchitecture(target.getTriple())->getCodegenCpu(target.getIsa());
  std::string width = llvm::utostr(target.getLanes() * 32);
  function.addFnAttr("target-cpu", cpu.cpu);
  if (!cpu.features.empty())
    function.addFnAttr("target-features", cpu.features);
  function.addFnAttr("tune-cpu", target.getTune());
  function.addFnAttr("prefer-vector-width", width);
  function.addFnAttr("min-legal-vector-width", width);
  function.addFnAttr("frame-pointer", "none");
  function.addFnAttr(llvm::Attribute::NoUnwind);
}

/// Names change, so entries are found by function, not by symbol. Other
/// variants take the functions called `taken`.
static llvm::Error prepareVariant(llvm::Module &module, VariantInfo &variant,
                                  const SharedFunctions &shared,
                                  const llvm::StringSet<> &taken) {
  std::vector<llvm::Function *> entries;
  for (const EntrySignature &entry : variant.entries)
    entries.push_back(module.getFunction(entry.symbol));
  llvm::SmallPtrSet<const llvm::GlobalValue *, 16> kept(entries.begin(),
                                                        entries.end());
  for (llvm::StringRef name : taken.keys())
    kept.insert(module.getFunction(name));
  if (llvm::Error error = rename(module, variant.target, shared))
    return error;
  // What the program or another variant calls stays; all else is up to LLVM.
  llvm::internalizeModule(module, [&](const llvm::GlobalValue &value) {
    return kept.contains(&value);
  });
  for (auto [entry, function] : llvm::zip_equal(variant.entries, entries))
    entry.symbol = function->getName().str();
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      setTargetAttributes(function, variant.target);
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Optimization
//===----------------------------------------------------------------------===//

/// Kernels arrive vectorized, unrolled and scheduled, and call little: what is
/// left to do is clean-up and address arithmetic. Kernels are as fast as after
/// -O2, which takes three times as long.
static constexpr llvm::StringLiteral kCleanUp =
    "function(sroa,early-cse<memssa>,simplifycfg,loop-mssa(loop-rotate,licm),"
    "gvn,instcombine<no-verify-fixpoint>,simplifycfg,adce)";

using PassesBuilder =
    llvm::function_ref<llvm::ModulePassManager(llvm::PassBuilder &)>;

/// Runs the passes that `build` makes on `module`.
static void runPasses(llvm::Module &module, llvm::TargetMachine &machine,
                      PassesBuilder build) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  build(builder).run(module, modules);
}

void tx::cleanUpKernels(llvm::Module &module, llvm::TargetMachine &machine) {
  runPasses(module, machine, [](llvm::PassBuilder &builder) {
    llvm::ModulePassManager passes;
    llvm::cantFail(builder.parsePassPipeline(passes, kCleanUp));
    return passes;
  });
}

//===----------------------------------------------------------------------===//
// Variants
//===----------------------------------------------------------------------===//

namespace {
/// The code of one variant while it is made, in a context of its own, so that
/// variants are optimized side by side.
struct VariantCode {
  VariantCode() { errors.attachTo(context); }

  ErrorCollector errors;
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;

  llvm::Error translate(VariantInfo &variant, const SharedFunctions &shared,
                        const llvm::StringSet<> &taken);
  void optimize();
  /// The same module in another context.
  llvm::Expected<std::unique_ptr<llvm::Module>>
  moveTo(llvm::LLVMContext &other) const;
};
} // namespace

llvm::Error VariantCode::translate(VariantInfo &variant,
                                   const SharedFunctions &shared,
                                   const llvm::StringSet<> &taken) {
  auto created = createTargetMachine(variant.target);
  if (!created)
    return created.takeError();
  machine = std::move(*created);
  module = ::translate(variant.module, variant.weights, context);
  if (!module)
    return makeError(ExitCode::Backend,
                     "the module cannot be translated to LLVM IR");
  module->setTargetTriple(machine->getTargetTriple());
  module->setDataLayout(machine->createDataLayout());
  return prepareVariant(*module, variant, shared, taken);
}

void VariantCode::optimize() { cleanUpKernels(*module, *machine); }

llvm::Expected<std::unique_ptr<llvm::Module>>
VariantCode::moveTo(llvm::LLVMContext &other) const {
  llvm::SmallVector<char, 0> bitcode;
  llvm::raw_svector_ostream os(bitcode);
  llvm::WriteBitcodeToFile(*module, os);
  return llvm::parseBitcodeFile(
      llvm::MemoryBufferRef({bitcode.data(), bitcode.size()}, "variant"),
      other);
}

/// All variants, optimized, and the program that points to them.
static llvm::Expected<std::unique_ptr<llvm::Module>>
makeGenerated(ProgramInfo info, const EmitOptions &options,
              llvm::LLVMContext &context) {
  std::vector<SharedFunctions> shared = findSharedFunctions(info.variants);
  llvm::DenseMap<const VariantInfo *, llvm::StringSet<>> taken;
  for (const SharedFunctions &functions : shared)
    for (llvm::StringRef name : functions.names.keys())
      taken[functions.owner].insert(name);
  std::vector<VariantCode> codes(info.variants.size());
  for (auto [code, variant, functions] :
       llvm::zip_equal(codes, info.variants, shared))
    if (llvm::Error error = code.translate(variant, functions, taken[&variant]))
      return std::move(error);
  // Threads of this call, not LLVM's own, which a forked process would lack.
  llvm::DefaultThreadPool pool(
      llvm::hardware_concurrency(static_cast<unsigned>(codes.size())));
  for (VariantCode &code : codes)
    pool.async([&code] { code.optimize(); });
  pool.wait();
  std::unique_ptr<llvm::Module> result;
  for (auto [code, variant] : llvm::zip_equal(codes, info.variants)) {
    if (llvm::Error error = code.errors.takeError())
      return std::move(error);
    auto moved = code.moveTo(context);
    if (!moved)
      return makeError(
          ExitCode::Backend, "the code for {0} cannot be read: {1}",
          variant.target.getIsa(), llvm::toString(moved.takeError()));
    if (!result)
      result = std::move(*moved);
    else if (llvm::Linker::linkModules(*result, std::move(*moved)))
      return makeError(ExitCode::Backend, "the code for {0} cannot be linked",
                       variant.target.getIsa());
  }
  // Only now: linking drops what is internal and not yet referred to.
  for (llvm::Function &function : *result)
    if (!function.isDeclaration())
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
  if (llvm::Error error =
          addProgram(*result, info, options, options.kind == EmitKind::Object))
    return std::move(error);
  return result;
}

//===----------------------------------------------------------------------===//
// Runtime
//===----------------------------------------------------------------------===//

/// Links the runtime into `module` and hides all but the function callers use.
static llvm::Error linkRuntime(llvm::Module &module,
                               const EmitOptions &options) {
  llvm::Expected<llvm::StringRef> bitcode =
      getRuntimeBitcode(*findArchitecture(module.getTargetTriple().str()));
  if (!bitcode)
    return bitcode.takeError();
  llvm::Expected<std::unique_ptr<llvm::Module>> runtime =
      llvm::parseBitcodeFile(llvm::MemoryBufferRef(*bitcode, "runtime"),
                             module.getContext());
  if (!runtime)
    return makeError(ExitCode::Backend, "the runtime cannot be read: {0}",
                     llvm::toString(runtime.takeError()));
  (*runtime)->setDataLayout(module.getDataLayout());
  (*runtime)->setTargetTriple(module.getTargetTriple());
  if (llvm::Linker::linkModules(module, std::move(*runtime)))
    return makeError(ExitCode::Backend, "the runtime cannot be linked");
  llvm::Function *function = module.getFunction("tx_model_v1");
  if (!function || function->isDeclaration())
    return makeError(ExitCode::Backend, "the runtime lacks tx_model_v1");
  function->setName(options.symbolPrefix + "_v1");
  function->setVisibility(llvm::GlobalValue::DefaultVisibility);
  llvm::internalizeModule(module, [&](const llvm::GlobalValue &value) {
    return &value == function;
  });
  // What is initialized from outside is not touched by the above.
  module.getNamedGlobal("tx_the_program")
      ->setLinkage(llvm::GlobalValue::InternalLinkage);
  // The text of a translation unit's path would differ between build folders.
  module.setModuleIdentifier("tx");
  module.setSourceFileName("tx");
  if (llvm::NamedMDNode *ident = module.getNamedMetadata("llvm.ident"))
    module.eraseNamedMetadata(ident);
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// The module
//===----------------------------------------------------------------------===//

llvm::Expected<std::unique_ptr<llvm::Module>>
tx::makeLlvmModule(const ProgramInfo &info, const EmitOptions &options,
                   llvm::TargetMachine &machine, llvm::LLVMContext &context) {
  auto generated = makeGenerated(info, options, context);
  if (!generated)
    return generated.takeError();
  std::unique_ptr<llvm::Module> result = std::move(*generated);

  // The runtime was optimized when it was built, and calls generated code
  // through pointers only, so there is nothing to gain across the two.
  if (llvm::Error error = linkRuntime(*result, options))
    return std::move(error);
  runPasses(*result, machine, [&](llvm::PassBuilder &) {
    llvm::ModulePassManager passes;
    passes.addPass(llvm::GlobalDCEPass());
    addSanitizer(*result, passes, options.sanitizer);
    return passes;
  });

  std::string reason;
  llvm::raw_string_ostream os(reason);
  if (llvm::verifyModule(*result, &os))
    return makeError(ExitCode::Backend, "the LLVM IR is invalid: {0}", reason);
  return result;
}

llvm::Error tx::emitMachineCode(llvm::Module &module,
                                llvm::TargetMachine &machine,
                                llvm::CodeGenFileType type,
                                llvm::SmallVectorImpl<char> &out) {
  llvm::raw_svector_ostream os(out);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, os, nullptr, type))
    return makeError(ExitCode::Backend,
                     "the code generator cannot write this kind of file");
  passes.run(module);
  return llvm::Error::success();
}
