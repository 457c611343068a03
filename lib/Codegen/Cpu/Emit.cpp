//===- Emit.cpp - From lowered modules to files ---------------------------===//
//
// A shared object is
//
//   ELF image | zeros to 2 MiB | weights | tx_weights_footer
//
// and an object file is ELF whose last bytes are the weight section. In both
// the digest of the weights is written into `tx_the_program` last, when it is
// known. docs/artefact.md describes the formats for readers.
//
//===----------------------------------------------------------------------===//

#include "tx/Codegen/Cpu/Emit.h"
#include "ElfObject.h"
#include "EmitLlvm.h"
#include "Link.h"
#include "WeightSection.h"
#include "tx/Checkpoint/Files.h"
#include "tx/Runtime/tx_program.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include <sys/stat.h>
#include <unistd.h>

using namespace tx;

static llvm::Error checkOptions(const EmitOptions &options) {
  llvm::StringRef prefix = options.symbolPrefix;
  bool valid =
      !prefix.empty() && !llvm::isDigit(prefix.front()) &&
      llvm::all_of(prefix, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  if (!valid)
    return withHint(makeError(ExitCode::Usage,
                              "the symbol prefix '{0}' is not a C identifier",
                              prefix),
                    "use letters, digits and underscores, a letter first");
  if (options.threads < 1 || options.threads > TX_MAX_THREADS)
    return makeError(ExitCode::Usage,
                     "{0} threads are asked for, expected 1 to {1}",
                     options.threads, TX_MAX_THREADS);
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// The digest in the program
//===----------------------------------------------------------------------===//

/// Where `image` holds the bytes that stand for the digest.
static llvm::Expected<uint64_t> findWeightsId(llvm::StringRef image) {
  WeightsId unknown = getUnknownWeightsId();
  llvm::StringRef bytes(reinterpret_cast<const char *>(unknown.data()),
                        unknown.size());
  size_t first = image.find(bytes);
  if (first == llvm::StringRef::npos ||
      image.find(bytes, first + 1) != llvm::StringRef::npos)
    return makeError(ExitCode::Backend,
                     "the program constant is not in the image exactly once");
  return first;
}

/// Overwrites bytes of `file` that have been written.
static llvm::Error overwrite(OutputFile &file, uint64_t offset,
                             llvm::ArrayRef<uint8_t> bytes,
                             llvm::StringRef path) {
  while (!bytes.empty()) {
    ssize_t written =
        ::pwrite(file.descriptor(), bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return makeError(ExitCode::File, "cannot write '{0}': {1}", path,
                       std::strerror(errno));
    bytes = bytes.drop_front(written);
    offset += written;
  }
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

static llvm::ArrayRef<uint8_t> asBytes(llvm::StringRef text) {
  return llvm::arrayRefFromStringRef(text);
}

/// Appends what follows the weights of a shared object.
static llvm::Error writeFooter(OutputFile &file, uint64_t offset, uint64_t size,
                               const WeightsId &id) {
  tx_weights_footer footer = {};
  std::memcpy(footer.magic, TX_FOOTER_MAGIC, sizeof footer.magic);
  footer.offset = offset;
  footer.size = size;
  llvm::copy(id, footer.weights_id);
  return file.write(llvm::ArrayRef(reinterpret_cast<const uint8_t *>(&footer),
                                   sizeof footer));
}

/// Writes `image`, then, at `offset`, the weights, then what `finish` adds;
/// puts the digest into the image.
static llvm::Error
writeImage(OutputFile &file, llvm::StringRef image, uint64_t offset,
           const ProgramInfo &info, ParamSource &source, llvm::StringRef path,
           llvm::function_ref<llvm::Error(const WeightsId &)> finish) {
  llvm::Expected<uint64_t> idOffset = findWeightsId(image);
  if (!idOffset)
    return idOffset.takeError();
  if (llvm::Error error = file.write(asBytes(image)))
    return error;
  if (llvm::Error error = writeZeros(file, offset - image.size()))
    return error;
  llvm::Expected<WeightsId> id = writeWeights(file, info.getWeights(), source);
  if (!id)
    return id.takeError();
  if (llvm::Error error = finish(*id))
    return error;
  return overwrite(file, *idOffset, *id, path);
}

/// Tools expect shared objects to be executable by whoever may read them.
static void makeExecutable(OutputFile &file) {
  struct stat status;
  if (::fstat(file.descriptor(), &status) == 0)
    ::fchmod(file.descriptor(),
             (status.st_mode | (status.st_mode & 0444) >> 2) & 0777);
}

static llvm::Error emitSharedObject(llvm::ArrayRef<char> object,
                                    const ProgramInfo &info,
                                    ParamSource &source, llvm::StringRef path) {
  llvm::Expected<std::vector<uint8_t>> linked = linkSharedObject(object);
  if (!linked)
    return linked.takeError();
  llvm::Expected<OutputFile> file = OutputFile::create(path);
  if (!file)
    return file.takeError();
  // The runtime maps weights at a multiple of the size of huge pages.
  uint64_t offset = llvm::alignTo(linked->size(), 2 << 20);
  auto finish = [&](const WeightsId &id) {
    return writeFooter(*file, offset, info.getWeightsSize(), id);
  };
  if (llvm::Error error = writeImage(*file, llvm::toStringRef(*linked), offset,
                                     info, source, path, finish))
    return error;
  makeExecutable(*file);
  return file->commit();
}

static llvm::Error emitObject(llvm::SmallVectorImpl<char> &object,
                              const ProgramInfo &info, ParamSource &source,
                              llvm::StringRef path,
                              const EmitOptions &options) {
  if (int64_t size = info.getWeightsSize())
    if (llvm::Error error = moveSectionToEnd(object, kWeightsSection, size))
      return error;
  llvm::SmallString<128> headerPath(path);
  llvm::sys::path::replace_extension(headerPath, ".h");
  if (headerPath == path)
    return makeError(ExitCode::Usage,
                     "'{0}' is the name of the object's header; name the "
                     "object '.o'",
                     path);
  llvm::Expected<OutputFile> file = OutputFile::create(path);
  if (!file)
    return file.takeError();
  llvm::Expected<OutputFile> header = OutputFile::create(headerPath);
  if (!header)
    return header.takeError();
  llvm::StringRef image(object.data(), object.size());
  auto finish = [](const WeightsId &) { return llvm::Error::success(); };
  if (llvm::Error error =
          writeImage(*file, image, image.size(), info, source, path, finish))
    return error;
  if (llvm::Error error = header->write(asBytes(makeHeader(info, options))))
    return error;
  if (llvm::Error error = header->commit())
    return error;
  return file->commit();
}

static llvm::Error emitText(llvm::StringRef text, llvm::StringRef path) {
  if (path == "-") {
    llvm::outs() << text;
    llvm::outs().flush();
    return llvm::Error::success();
  }
  llvm::Expected<OutputFile> file = OutputFile::create(path);
  if (!file)
    return file.takeError();
  if (llvm::Error error = file->write(asBytes(text)))
    return error;
  return file->commit();
}

llvm::Error tx::emitModule(llvm::ArrayRef<mlir::ModuleOp> variants,
                           ParamSource &source, llvm::StringRef path,
                           const EmitOptions &options) {
  if (llvm::Error error = checkOptions(options))
    return error;
  bool isText =
      options.kind == EmitKind::Llvm || options.kind == EmitKind::Assembly;
  if (path == "-" && !isText)
    return withHint(makeError(ExitCode::Usage,
                              "an artefact cannot be written to standard "
                              "output"),
                    "name a file with -o");
  llvm::Expected<ProgramInfo> info = ProgramInfo::read(variants);
  if (!info)
    return info.takeError();
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine =
      createTargetMachine(info->getTargets());
  if (!machine)
    return machine.takeError();
  ErrorCollector errors;
  llvm::LLVMContext context;
  errors.attachTo(context);
  llvm::Expected<std::unique_ptr<llvm::Module>> code =
      makeLlvmModule(*info, options, **machine, context);
  if (!code)
    return code.takeError();

  if (options.kind == EmitKind::Llvm) {
    std::string text;
    llvm::raw_string_ostream(text) << **code;
    return emitText(text, path);
  }
  llvm::SmallVector<char, 0> machineCode;
  if (llvm::Error error =
          emitMachineCode(**code, **machine,
                          isText ? llvm::CodeGenFileType::AssemblyFile
                                 : llvm::CodeGenFileType::ObjectFile,
                          machineCode))
    return error;
  if (llvm::Error error = errors.takeError())
    return error;
  if (isText)
    return emitText({machineCode.data(), machineCode.size()}, path);
  if (options.kind == EmitKind::Object)
    return emitObject(machineCode, *info, source, path, options);
  return emitSharedObject(machineCode, *info, source, path);
}
