//===- EmitProgram.cpp - The program constant -----------------------------===//
//
// Reads the attributes of lowered modules and builds `tx_the_program`. The
// LLVM types below mirror the C structs of tx_program.h field by field; their
// sizes are compared, so that the two cannot drift apart unnoticed.
//
//===----------------------------------------------------------------------===//

#include "EmitProgram.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "tx/Runtime/tx_program.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/Support/BLAKE3.h"

using namespace tx;
using llvm::Constant;
using llvm::ConstantInt;
using llvm::ConstantStruct;
using llvm::GlobalValue;
using llvm::GlobalVariable;

//===----------------------------------------------------------------------===//
// Reading the module
//===----------------------------------------------------------------------===//

static llvm::Error notLowered(const llvm::Twine &what) {
  return withHint(makeError(ExitCode::Backend,
                            "the module cannot be emitted: {0}", what.str()),
                  "run phase lower first");
}

static llvm::Error readKernels(VariantInfo &info) {
  mlir::ModuleOp module = info.module;
  auto kernels = module->getAttrOfType<mlir::ArrayAttr>(kKernelsAttrName);
  if (!kernels)
    return notLowered("it has no tx.kernels");
  for (mlir::Attribute attribute : kernels) {
    auto kernel = mlir::dyn_cast<mlir::DictionaryAttr>(attribute);
    auto name = kernel ? kernel.getAs<mlir::StringAttr>("name") : nullptr;
    if (!name || !module.lookupSymbol<mlir::LLVM::LLVMFuncOp>(name))
      return notLowered("tx.kernels names a function it does not have");
    info.kernels.push_back(name.str());
    info.schedules.push_back(kernel.getAs<ScheduleAttr>("schedule"));
    auto work = kernel.getAs<mlir::DenseI64ArrayAttr>("packed");
    if (work && work.size() != 6)
      return notLowered("tx.kernels has malformed work of '" + name.getValue() +
                        "'");
    info.packedWork.push_back(work);
  }
  return llvm::Error::success();
}

static llvm::Error readEntries(VariantInfo &info) {
  for (auto function : info.module.getOps<mlir::LLVM::LLVMFuncOp>()) {
    auto attribute =
        function->getAttrOfType<mlir::DictionaryAttr>(kSignatureAttrName);
    if (!attribute)
      continue;
    auto signature = EntrySignature::fromAttribute(attribute);
    if (!signature)
      return notLowered("the tx.signature of '" + function.getSymName() +
                        "' is incomplete");
    signature->symbol = function.getSymName().str();
    info.entries.push_back(std::move(*signature));
  }
  if (info.entries.empty())
    return notLowered("it has no entry");
  return llvm::Error::success();
}

/// The level of tx_variant.isa_level, or none.
static std::optional<int> getIsaLevel(llvm::StringRef isa) {
#define TX_ISA_CASE(NAME, LEVEL) levels.Case(NAME, LEVEL);
  llvm::StringSwitch<std::optional<int>> levels(isa);
  TX_X86_64_ISAS(TX_ISA_CASE)
  TX_AARCH64_ISAS(TX_ISA_CASE)
  TX_RISCV64_ISAS(TX_ISA_CASE)
  return levels.Default(std::nullopt);
#undef TX_ISA_CASE
}

static llvm::Expected<VariantInfo> readVariant(mlir::ModuleOp module) {
  VariantInfo info;
  info.module = module;
  info.target = module->getAttrOfType<TargetAttr>(kTargetAttrName);
  if (!info.target)
    return notLowered("it has no tx.target");
  std::optional<int> level = getIsaLevel(info.target.getIsa());
  if (!level)
    return makeError(ExitCode::Unsupported,
                     "the target's instruction set '{0}' is unknown",
                     info.target.getIsa());
  info.isaLevel = *level;
  if (auto scratch = module->getAttrOfType<mlir::IntegerAttr>(kScratchAttrName))
    info.scratchBytes = scratch.getInt();
  if (llvm::Error error = readKernels(info))
    return std::move(error);
  if (llvm::Error error = readEntries(info))
    return std::move(error);
  for (auto weights : module.getOps<WeightsOp>()) {
    if (info.weights)
      return notLowered("it has more than one tx.weights");
    info.weights = weights;
  }
  return info;
}

static bool haveSameEntries(const VariantInfo &a, const VariantInfo &b) {
  return llvm::equal(a.entries, b.entries,
                     [&](const EntrySignature &x, const EntrySignature &y) {
                       return x.hasInterfaceOf(y, a.target.getContext());
                     });
}

/// Whether the same parameters, in the same layouts, lie at the same offsets.
static bool haveSameWeights(const VariantInfo &a, const VariantInfo &b) {
  if (!a.weights || !b.weights)
    return !a.weights && !b.weights;
  return mlir::OperationEquivalence::isEquivalentTo(
      a.weights, b.weights, mlir::OperationEquivalence::IgnoreLocations);
}

/// Whether `a` and `b`, the one after the other, can be in one artefact.
static llvm::Error checkVariants(const VariantInfo &a, const VariantInfo &b) {
  llvm::StringRef isa = a.target.getIsa(), other = b.target.getIsa();
  if (a.isaLevel == b.isaLevel)
    return makeError(ExitCode::Unsupported, "two variants are for {0}", isa);
  if (a.target.getTriple() != b.target.getTriple())
    return makeError(ExitCode::Unsupported,
                     "the variants are for '{0}' and '{1}'",
                     a.target.getTriple(), b.target.getTriple());
  if (!haveSameEntries(a, b))
    return makeError(ExitCode::Backend,
                     "the variants for {0} and {1} have different entries", isa,
                     other);
  if (!haveSameWeights(a, b))
    return makeError(ExitCode::Backend,
                     "the variants for {0} and {1} cannot share their weights: "
                     "they read different parameters, layouts or offsets",
                     isa, other);
  return llvm::Error::success();
}

llvm::Expected<ProgramInfo>
ProgramInfo::read(llvm::ArrayRef<mlir::ModuleOp> modules) {
  ProgramInfo info;
  for (mlir::ModuleOp module : modules) {
    llvm::Expected<VariantInfo> variant = readVariant(module);
    if (!variant)
      return variant.takeError();
    info.variants.push_back(std::move(*variant));
  }
  llvm::sort(info.variants, [](const VariantInfo &a, const VariantInfo &b) {
    return a.isaLevel > b.isaLevel;
  });
  for (size_t i = 1; i < info.variants.size(); ++i)
    if (llvm::Error error =
            checkVariants(info.variants[i - 1], info.variants[i]))
      return std::move(error);
  mlir::ModuleOp first = info.variants.front().module;
  info.model = first->getAttrOfType<mlir::DictionaryAttr>(kModelAttrName);
  return info;
}

std::vector<TargetAttr> ProgramInfo::getTargets() const {
  std::vector<TargetAttr> targets;
  for (const VariantInfo &variant : variants)
    targets.push_back(variant.target);
  return targets;
}

int64_t ProgramInfo::getWeightsSize() const {
  WeightsOp weights = getWeights();
  return weights ? weights.getSize() : 0;
}

std::array<uint8_t, 32> tx::getUnknownWeightsId() {
  return llvm::BLAKE3::hash(
      llvm::arrayRefFromStringRef("tx: weights not yet written"));
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

namespace {
/// Makes the constants of one module.
class ProgramBuilder {
public:
  explicit ProgramBuilder(llvm::Module &module)
      : module(module), context(module.getContext()),
        i8(llvm::Type::getInt8Ty(context)),
        i32(llvm::Type::getInt32Ty(context)),
        i64(llvm::Type::getInt64Ty(context)),
        pointer(llvm::PointerType::get(context, 0)),
        tensorType(struct_(
            {pointer, i32, i32, llvm::ArrayType::get(i64, 4), i64, i32, i32})),
        entryInfoType(
            struct_({pointer, i32, i32, pointer, pointer, i64, i64, i64, i64})),
        entryType(struct_({pointer, entryInfoType, i64, i64, i64, i32})),
        variantType(
            struct_({pointer, i32, i32, pointer, pointer, pointer, i64})),
        programType(struct_({i32, i32, pointer, i32, i32, pointer, pointer, i64,
                             llvm::ArrayType::get(i8, 32)})) {}

  /// Whether the types above have the sizes of the C structs.
  bool agreesWithHeader() const {
    const llvm::DataLayout &layout = module.getDataLayout();
    return layout.getTypeAllocSize(tensorType) == sizeof(tx_tensor_info) &&
           layout.getTypeAllocSize(entryInfoType) == sizeof(tx_entry_info) &&
           layout.getTypeAllocSize(entryType) == sizeof(tx_entry) &&
           layout.getTypeAllocSize(variantType) == sizeof(tx_variant) &&
           layout.getTypeAllocSize(programType) == sizeof(tx_program);
  }

  Constant *makeWeights();
  void makeProgram(const ProgramInfo &info, const EmitOptions &options,
                   Constant *weights);

private:
  llvm::StructType *struct_(llvm::ArrayRef<llvm::Type *> fields) {
    return llvm::StructType::get(context, fields);
  }
  Constant *word(int64_t value) { return ConstantInt::getSigned(i64, value); }
  Constant *number(int64_t value) { return ConstantInt::getSigned(i32, value); }
  Constant *null() { return llvm::ConstantPointerNull::get(pointer); }

  GlobalVariable *makeGlobal(Constant *value, const llvm::Twine &name) {
    return new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                              GlobalValue::InternalLinkage, value, name);
  }
  Constant *text(llvm::StringRef value) {
    GlobalVariable *global =
        makeGlobal(llvm::ConstantDataArray::getString(context, value), ".txt");
    global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    global->setAlignment(llvm::Align(1));
    return global;
  }
  Constant *table(llvm::Type *type, llvm::ArrayRef<Constant *> elements,
                  const llvm::Twine &name) {
    if (elements.empty())
      return null();
    return makeGlobal(
        llvm::ConstantArray::get(llvm::ArrayType::get(type, elements.size()),
                                 elements),
        name);
  }
  Constant *tensors(const std::vector<TensorSignature> &list,
                    const llvm::Twine &name);
  Constant *entry(const EntrySignature &signature);
  Constant *variant(const VariantInfo &info);

  llvm::Module &module;
  llvm::LLVMContext &context;
  llvm::Type *i8, *i32, *i64;
  llvm::PointerType *pointer;
  llvm::StructType *tensorType, *entryInfoType, *entryType, *variantType,
      *programType;
};
} // namespace

Constant *ProgramBuilder::tensors(const std::vector<TensorSignature> &list,
                                  const llvm::Twine &name) {
  llvm::SmallVector<Constant *> elements;
  for (const TensorSignature &tensor : list) {
    int64_t shape[4] = {};
    llvm::copy(tensor.shape, shape);
    elements.push_back(ConstantStruct::get(
        tensorType,
        {text(tensor.name), number(tensor.dtype), number(tensor.shape.size()),
         llvm::ConstantArray::get(
             llvm::ArrayType::get(i64, 4),
             {word(shape[0]), word(shape[1]), word(shape[2]), word(shape[3])}),
         word(tensor.limit), number(tensor.optional), number(0)}));
  }
  return table(tensorType, elements, name);
}

Constant *ProgramBuilder::entry(const EntrySignature &signature) {
  llvm::Function *function = module.getFunction(signature.symbol);
  Constant *info = ConstantStruct::get(
      entryInfoType,
      {text(signature.name), number(signature.inputs.size()),
       number(signature.outputs.size()), tensors(signature.inputs, "tx_inputs"),
       tensors(signature.outputs, "tx_outputs"), word(signature.maxLength),
       word(signature.flops.token), word(signature.flops.sequence),
       word(signature.flops.pair)});
  return ConstantStruct::get(
      entryType,
      {function, info, word(signature.workspace.getToken()),
       word(signature.workspace.getSequence()),
       word(signature.workspace.getFixed()), number(signature.isPadded())});
}

Constant *ProgramBuilder::makeWeights() {
  // The bytes are appended to the object later; a few stand for them, so that
  // the section, its symbol and the relocation that refers to it exist.
  llvm::Type *type = llvm::ArrayType::get(i8, 64);
  GlobalVariable *weights =
      makeGlobal(llvm::Constant::getNullValue(type), "tx_weights");
  weights->setSection(kWeightsSection);
  weights->setAlignment(llvm::Align(4096));
  weights->setExternallyInitialized(true);
  return weights;
}

Constant *ProgramBuilder::variant(const VariantInfo &info) {
  llvm::SmallVector<Constant *> entries, infos, names;
  for (const EntrySignature &signature : info.entries)
    entries.push_back(entry(signature));
  Constant *entryTable = table(entryType, entries, "tx_entries");
  auto *entryTableType = llvm::ArrayType::get(entryType, entries.size());
  for (size_t i = 0; i < entries.size(); ++i)
    infos.push_back(llvm::ConstantExpr::getInBoundsGetElementPtr(
        entryTableType, entryTable,
        llvm::ArrayRef<Constant *>{number(0), number(i), number(1)}));
  for (const std::string &kernel : info.kernels)
    names.push_back(text(kernel));
  return ConstantStruct::get(
      variantType,
      {text(info.target.getIsa()), number(info.isaLevel), number(names.size()),
       entryTable, table(pointer, infos, "tx_infos"),
       table(pointer, names, "tx_kernel_names"), word(info.scratchBytes)});
}

void ProgramBuilder::makeProgram(const ProgramInfo &info,
                                 const EmitOptions &options,
                                 Constant *weights) {
  llvm::SmallVector<Constant *> variants;
  for (const VariantInfo &one : info.variants)
    variants.push_back(variant(one));
  std::array<uint8_t, 32> id = getUnknownWeightsId();
  Constant *program = ConstantStruct::get(
      programType,
      {number(TX_ABI_VERSION), number(options.threads),
       text(makeMetadata(info, options)), number(info.getEntries().size()),
       number(variants.size()), table(variantType, variants, "tx_variants"),
       weights ? weights : null(), word(info.getWeightsSize()),
       llvm::ConstantDataArray::get(context, llvm::ArrayRef<uint8_t>(id))});
  auto *global = new GlobalVariable(module, programType, /*isConstant=*/true,
                                    GlobalValue::ExternalLinkage, program,
                                    "tx_the_program");
  global->setVisibility(GlobalValue::HiddenVisibility);
  global->setAlignment(llvm::Align(64));
  // The digest in it is written after code generation: no code may assume its
  // value.
  global->setExternallyInitialized(true);
}

llvm::Error tx::addProgram(llvm::Module &module, const ProgramInfo &info,
                           const EmitOptions &options, bool weightsInSection) {
  for (const EntrySignature &entry : info.getEntries())
    if (entry.inputs.size() > TX_MAX_TENSORS ||
        entry.outputs.size() > TX_MAX_TENSORS)
      return makeError(ExitCode::Unsupported,
                       "entry {0} has {1} inputs and {2} outputs, at most {3} "
                       "of each are supported",
                       entry.name, entry.inputs.size(), entry.outputs.size(),
                       TX_MAX_TENSORS);
  ProgramBuilder builder(module);
  if (!builder.agreesWithHeader())
    return makeError(ExitCode::Backend,
                     "target '{0}' lays out structs unlike this compiler",
                     module.getTargetTriple().str());
  Constant *weights = weightsInSection && info.getWeightsSize() > 0
                          ? builder.makeWeights()
                          : nullptr;
  builder.makeProgram(info, options, weights);
  return llvm::Error::success();
}
