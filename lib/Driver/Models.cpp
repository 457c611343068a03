//===- Models.cpp - Reading and writing models ----------------------------===//

#include "Diagnostics.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "tx/Checkpoint/Files.h"
#include "tx/Driver/Driver.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace tx;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

std::unique_ptr<MLIRContext> tx::makeContext() {
  DialectRegistry registry;
  registerAllDialects(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  // Without threads of its own: a forked child would wait for them.
  auto context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->printOpOnDiagnostic(false); // users see where, not a dump of IR
  return context;
}

Model Model::clone() const { return {module.get().clone(), paramRoot, phase}; }

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static llvm::Expected<std::optional<Phase>> readPhase(ModuleOp module,
                                                      StringRef file) {
  Attribute attribute = module->getAttr(kPhaseAttrName);
  if (!attribute)
    return std::nullopt;
  auto name = dyn_cast<StringAttr>(attribute);
  std::optional<Phase> phase = name ? parsePhase(name) : std::nullopt;
  if (!phase || *phase == Phase::Emit)
    return makeError(ExitCode::Malformed,
                     "{0}: {1} does not name a phase that leaves a module",
                     file, kPhaseAttrName);
  return phase;
}

static llvm::Expected<Model> readModule(StringRef file, MLIRContext &context) {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(file);
  if (std::error_code code = buffer.getError())
    return makeError(ExitCode::File, "cannot read {0}: {1}", file,
                     code.message());
  StringRef bytes = (*buffer)->getBuffer();
  if (bytes.starts_with("\x7f"
                        "ELF"))
    return withHint(makeError(ExitCode::Malformed,
                              "{0} is a compiled artefact, expected a "
                              "checkpoint folder, .mlir or .mlirbc",
                              file),
                    "run it with: txc run " + file.str() + " --input=...");
  DiagnosticCollector diagnostics(&context);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  Model model;
  model.module = parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
  if (!model.module)
    return diagnostics.takeError(ExitCode::Malformed,
                                 (file + " is not an MLIR module").str());
  llvm::Expected<std::optional<Phase>> phase = readPhase(*model.module, file);
  if (!phase)
    return phase.takeError();
  model.phase = *phase;
  return model;
}

/// The folder of `file`, "." for a plain name and standard input.
static std::string folderOf(StringRef file) {
  StringRef folder = path::parent_path(file);
  return folder.empty() ? "." : folder.str();
}

llvm::Expected<Model> tx::loadModel(StringRef file, Head head,
                                    StringRef paramRoot, MLIRContext &context) {
  if (!fs::is_directory(file)) {
    if (head != Head::Auto)
      return withHint(makeError(ExitCode::Usage,
                                "a head is chosen when a checkpoint is "
                                "imported, and {0} is no folder of one",
                                file),
                      "leave it out: a module has its head already");
    llvm::Expected<Model> model = readModule(file, context);
    if (model)
      model->paramRoot = paramRoot.empty() ? folderOf(file) : paramRoot.str();
    return model;
  }
  DiagnosticCollector diagnostics(&context);
  llvm::Expected<OwningOpRef<ModuleOp>> module =
      importModel(file, head, context);
  if (!module)
    return module.takeError();
  Model model;
  model.module = std::move(*module);
  model.paramRoot = paramRoot.empty() ? file.str() : paramRoot.str();
  model.phase = Phase::Import;
  return model;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// `folder` without links; as it is if it does not exist.
static SmallString<128> resolve(StringRef folder) {
  SmallString<128> real;
  if (fs::real_path(folder, real)) {
    real = folder;
    fs::make_absolute(real);
    path::remove_dots(real, /*remove_dot_dot=*/true);
  }
  return real;
}

/// How `file` is called from `folder`; both absolute and without links. Where
/// they share no more than the root, the absolute name says it best.
static std::string relativeTo(StringRef file, StringRef folder) {
  auto at = path::begin(file), end = path::end(file);
  auto base = path::begin(folder), baseEnd = path::end(folder);
  int shared = 0;
  while (at != end && base != baseEnd && *at == *base) {
    ++at, ++base, ++shared;
  }
  if (shared <= 1)
    return file.str();
  SmallString<128> result;
  for (; base != baseEnd; ++base)
    path::append(result, "..");
  for (; at != end; ++at)
    path::append(result, *at);
  return result.str().str();
}

/// Renames the external files of `module`, which resolve from `root`, so that
/// they resolve from `folder`.
static void moveExternals(ModuleOp module, StringRef root, StringRef folder) {
  SmallString<128> from = resolve(root), to = resolve(folder);
  if (from == to)
    return;
  module.walk([&](ParamOp op) {
    auto external = dyn_cast<ExternalAttr>(op.getValue());
    if (!external || path::is_absolute(external.getFile()))
      return;
    SmallString<128> file(from);
    path::append(file, external.getFile());
    path::remove_dots(file, /*remove_dot_dot=*/true);
    op.setValueAttr(ExternalAttr::get(external.getType(), relativeTo(file, to),
                                      external.getKey()));
  });
}

llvm::Error tx::writeModule(const Model &model, StringRef file) {
  StringRef ending = path::extension(file);
  if (ending != ".mlir" && ending != ".mlirbc")
    return makeError(ExitCode::Usage,
                     "cannot tell the format of {0}: expected a name that ends "
                     "in .mlir or .mlirbc",
                     file);
  OwningOpRef<ModuleOp> copy(model.module.get().clone());
  moveExternals(*copy, model.paramRoot, folderOf(file));
  llvm::Expected<OutputFile> output = OutputFile::create(file);
  if (!output)
    return output.takeError();
  llvm::raw_fd_ostream os(output->descriptor(), /*shouldClose=*/false);
  if (ending == ".mlir") {
    copy->print(os);
    os << '\n';
  } else if (failed(
                 writeBytecodeToFile(*copy, os, BytecodeWriterConfig("tx")))) {
    return makeError(ExitCode::Failure, "cannot write {0} as bytecode", file);
  }
  os.flush();
  if (std::error_code code = os.error()) {
    os.clear_error();
    return makeError(ExitCode::File, "cannot write {0}: {1}", file,
                     code.message());
  }
  return output->commit();
}

void tx::printModule(const Model &model, llvm::raw_ostream &os) {
  OwningOpRef<ModuleOp> copy(model.module.get().clone());
  moveExternals(*copy, model.paramRoot, ".");
  copy->print(os);
  os << '\n';
}
