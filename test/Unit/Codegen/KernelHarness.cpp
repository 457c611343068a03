//===- KernelHarness.cpp - Running single kernels in tests ----------------===//

#include "KernelHarness.h"
#include "EmulateUnits.h"
#include "lib/Codegen/Cpu/EmitLlvm.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "tx/Codegen/Cpu/Lowering.h"
#include "tx/Codegen/Cpu/Passes.h"
#include "tx/Conversion/Passes.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/TargetParser/Host.h"
#include <cmath>
#include <sys/mman.h>
#include <unistd.h>

using namespace tx;
using namespace tx::test;

//===----------------------------------------------------------------------===//
// GuardedTensor
//===----------------------------------------------------------------------===//

static constexpr int32_t kUnwritten = 0x7fc0dead; // a NaN

GuardedTensor::GuardedTensor(std::initializer_list<int64_t> sizes)
    : shape(sizes), count(1) {
  for (int64_t size : sizes)
    count *= size;
  size_t page = sysconf(_SC_PAGESIZE);
  size_t bytes = count * sizeof(float), body = llvm::alignTo(bytes, page);
  mappedBytes = body + 2 * page;
  mapping = mmap(nullptr, mappedBytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED)
    llvm::report_fatal_error("no memory for a test's buffer");
  char *start = static_cast<char *>(mapping);
  mprotect(start, page, PROT_NONE);
  mprotect(start + page + body, page, PROT_NONE);
  elements = start + page + body - bytes;
  llvm::fill(ints(), kUnwritten);
}

GuardedTensor::GuardedTensor(std::initializer_list<int64_t> sizes,
                             llvm::ArrayRef<float> values)
    : GuardedTensor(sizes) {
  llvm::copy(values, floats().begin());
}

GuardedTensor::GuardedTensor(std::initializer_list<int64_t> sizes,
                             llvm::ArrayRef<int32_t> values)
    : GuardedTensor(sizes) {
  llvm::copy(values, ints().begin());
}

GuardedTensor::GuardedTensor(GuardedTensor &&other)
    : shape(std::move(other.shape)), count(other.count),
      mappedBytes(other.mappedBytes), mapping(other.mapping),
      elements(other.elements) {
  other.mapping = nullptr;
}

GuardedTensor::~GuardedTensor() {
  if (mapping)
    munmap(mapping, mappedBytes);
}

//===----------------------------------------------------------------------===//
// KernelLibrary
//===----------------------------------------------------------------------===//

llvm::ArrayRef<KernelIsa> tx::test::getKernelIsas() {
  static const KernelIsa isas[] = {
      {4, "x86-64-v3"},
      {8, "x86-64-v3"},
      {16, llvm::sys::getHostCPUFeatures().lookup("avx512vl") ? "x86-64-v4"
                                                              : "x86-64-v3"}};
  return isas;
}

std::string tx::test::getIsaName(const testing::TestParamInfo<int> &number) {
  return "lanes" + std::to_string(getKernelIsas()[number.param].lanes);
}

struct KernelLibrary::Jit {
  std::unique_ptr<llvm::orc::LLJIT> orc;
};

/// The kernels of `text` in LLVM's dialect.
static mlir::OwningOpRef<mlir::ModuleOp>
lowerKernels(llvm::StringRef text, bool isEmulated,
             mlir::MLIRContext &context) {
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return {};
  mlir::PassManager emission(&context), lowering(&context);
  emission.addPass(createConvertTxToLinalg());
  emission.addPass(createEmitKernels());
  lowering.addPass(createExpandMath());
  buildLowerToLLVM(lowering);
  if (mlir::failed(emission.run(*module)))
    return {};
  if (isEmulated)
    emulateUnits(*module);
  if (mlir::failed(lowering.run(*module)))
    return {};
  return module;
}

/// The object of a lowered `module`.
static llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
compileKernels(mlir::ModuleOp module, TargetAttr target) {
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  llvm::LLVMContext context;
  auto machine = createTargetMachine(target);
  if (!machine)
    return machine.takeError();
  std::unique_ptr<llvm::Module> code =
      mlir::translateModuleToLLVMIR(module, context, "kernels");
  if (!code)
    return makeError(ExitCode::Backend, "no LLVM IR for the kernels");
  code->setDataLayout((*machine)->createDataLayout());
  code->setTargetTriple((*machine)->getTargetTriple());
  for (llvm::Function &function : *code)
    if (!function.isDeclaration())
      setTargetAttributes(function, target);
  cleanUpKernels(*code, **machine);
  llvm::SmallVector<char> object;
  if (llvm::Error error = emitMachineCode(
          *code, **machine, llvm::CodeGenFileType::ObjectFile, object))
    return error;
  return llvm::MemoryBuffer::getMemBufferCopy(
      llvm::StringRef(object.data(), object.size()), "kernels");
}

KernelLibrary::KernelLibrary(llvm::StringRef text, KernelIsa isa)
    : jit(std::make_unique<Jit>()) {
  std::string source = text.str(), lanes = std::to_string(isa.lanes);
  for (auto [word, value] :
       {std::pair<llvm::StringRef, llvm::StringRef>{"LANES", lanes},
        {"UNIT", isa.unit}})
    for (size_t at; (at = source.find(word)) != std::string::npos;)
      source.replace(at, word.size(), value);
  mlir::MLIRContext context;
  context.loadDialect<TxDialect, mlir::LLVM::LLVMDialect,
                      mlir::math::MathDialect>();
  mlir::OwningOpRef<mlir::ModuleOp> module =
      lowerKernels(source, isa.isEmulated, context);
  if (!module) {
    ADD_FAILURE() << "the kernels cannot be lowered";
    return;
  }
  if (auto scratch = (*module)->getAttrOfType<mlir::IntegerAttr>("tx.scratch"))
    scratchBytes = scratch.getInt();
  auto target =
      TargetAttr::get(&context, "x86_64-unknown-linux-gnu", isa.isa,
                      llvm::StringRef(isa.isa).split('+').first, isa.lanes, 16);
  auto object = compileKernels(*module, target);
  if (!object) {
    ADD_FAILURE() << llvm::toString(object.takeError());
    return;
  }
  jit->orc = llvm::cantFail(llvm::orc::LLJITBuilder().create());
  auto &dylib = jit->orc->getMainJITDylib();
  dylib.addGenerator(llvm::cantFail(
      llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
          jit->orc->getDataLayout().getGlobalPrefix())));
  llvm::cantFail(jit->orc->addObjectFile(std::move(*object)));
}

KernelLibrary::~KernelLibrary() = default;

void *KernelLibrary::lookUp(const std::string &symbol) {
  if (!jit->orc)
    return nullptr; // the constructor has failed the test
  auto address = jit->orc->lookup(symbol);
  if (!address) {
    ADD_FAILURE() << llvm::toString(address.takeError());
    return nullptr;
  }
  return address->toPtr<void *>();
}

/// The words that kernels take: addresses and sizes.
static std::vector<int64_t>
makeWords(llvm::ArrayRef<const GuardedTensor *> arguments) {
  std::vector<int64_t> words;
  for (const GuardedTensor *argument : arguments) {
    words.push_back(reinterpret_cast<int64_t>(argument->floats().data()));
    words.insert(words.end(), argument->sizes().begin(),
                 argument->sizes().end());
  }
  return words;
}

int64_t
KernelLibrary::countItems(llvm::StringRef kernel,
                          llvm::ArrayRef<const GuardedTensor *> arguments) {
  auto *count = reinterpret_cast<int64_t (*)(const int64_t *)>(
      lookUp(kernel.str() + "_items"));
  return count ? count(makeWords(arguments).data()) : 0;
}

void KernelLibrary::run(llvm::StringRef kernel,
                        llvm::ArrayRef<const GuardedTensor *> arguments,
                        int64_t parts) {
  auto *function =
      reinterpret_cast<void (*)(const int64_t *, int64_t, int64_t, void *)>(
          lookUp(kernel.str()));
  if (!function)
    return;
  int64_t items = countItems(kernel, arguments);
  std::vector<int64_t> words = makeWords(arguments);
  // Its size is a multiple of 64, so that its start is aligned as promised.
  GuardedTensor scratch({scratchBytes / 4});
  for (int64_t part = parts - 1; part >= 0; --part)
    function(words.data(), items * part / parts, items * (part + 1) / parts,
             scratch.floats().data());
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

std::vector<float> tx::test::randomFloats(std::mt19937 &engine, int64_t count,
                                          float scale) {
  std::normal_distribution<float> distribution(0, scale);
  std::vector<float> values(count);
  for (float &value : values)
    value = distribution(engine);
  return values;
}

std::vector<int32_t> tx::test::randomInts(std::mt19937 &engine, int64_t count,
                                          int32_t limit) {
  std::uniform_int_distribution<int32_t> distribution(0, limit - 1);
  std::vector<int32_t> values(count);
  for (int32_t &value : values)
    value = distribution(engine);
  return values;
}

testing::AssertionResult tx::test::areClose(llvm::ArrayRef<float> actual,
                                            llvm::ArrayRef<double> expected,
                                            double tolerance) {
  if (actual.size() != expected.size())
    return testing::AssertionFailure() << "sizes " << actual.size() << " and "
                                       << expected.size() << " differ";
  double largest = 0;
  for (double value : expected)
    largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < actual.size(); ++i)
    if (!(std::abs(actual[i] - expected[i]) <= tolerance * largest))
      return testing::AssertionFailure()
             << "element " << i << " of " << actual.size() << " is "
             << actual[i] << ", expected " << expected[i] << " +- "
             << tolerance * largest;
  return testing::AssertionSuccess();
}

testing::AssertionResult tx::test::areIdentical(const GuardedTensor &actual,
                                                const GuardedTensor &expected) {
  if (actual.size() != expected.size())
    return testing::AssertionFailure() << "sizes " << actual.size() << " and "
                                       << expected.size() << " differ";
  for (int64_t i = 0; i < actual.size(); ++i)
    if (actual.ints()[i] != expected.ints()[i])
      return testing::AssertionFailure()
             << "element " << i << " of " << actual.size() << " has bits "
             << actual.ints()[i] << ", expected " << expected.ints()[i];
  return testing::AssertionSuccess();
}
