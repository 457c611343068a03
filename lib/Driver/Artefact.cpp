//===- Artefact.cpp - Opening compiled models -----------------------------===//

#include "tx/Driver/Driver.h"
#include "tx/Target/CpuTarget.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Triple.h"
#include <dlfcn.h>

using namespace mlir;
using namespace tx;
namespace fs = llvm::sys::fs;

bool tx::isElf(StringRef path) {
  if (!fs::is_regular_file(path))
    return false;
  auto head = llvm::MemoryBuffer::getFileSlice(path, 4, 0);
  return head && (*head)->getBuffer() == "\x7f"
                                         "ELF";
}

/// Something that can be read and begins like an ELF image.
static llvm::Error checkFile(StringRef path) {
  uint64_t size;
  if (std::error_code code = fs::file_size(path, size))
    return makeError(ExitCode::File, "cannot read {0}: {1}", path,
                     code.message());
  if (fs::is_directory(path))
    return makeError(ExitCode::File, "cannot read {0}: it is a folder", path);
  if (std::error_code code = fs::access(path, fs::AccessMode::Exist))
    return makeError(ExitCode::File, "cannot read {0}: {1}", path,
                     code.message());
  if (size < 4 || !isElf(path))
    return withHint(makeError(ExitCode::Malformed,
                              "{0} is not a compiled model: it is no ELF file",
                              path),
                    "compile one with: txc compile MODEL -o model.so");
  return llvm::Error::success();
}

/// An artefact for this machine: the loader's own words say nothing.
static llvm::Error checkMachine(StringRef path) {
  auto object = llvm::object::ObjectFile::createObjectFile(path);
  if (!object) { // cut short, say: the loader finds what is wrong
    llvm::consumeError(object.takeError());
    return llvm::Error::success();
  }
  llvm::Triple triple = object->getBinary()->makeTriple();
  const Architecture *host = findArchitecture();
  if (!host || triple.getArch() == llvm::Triple(host->triple).getArch())
    return llvm::Error::success();
  return withHint(makeError(ExitCode::Unsupported,
                            "{0} is for {1}, this machine is {2}", path,
                            triple.getArchName(), host->getName()),
                  ("load it on such a machine, or compile the model with "
                   "--target=" +
                   host->getName() + "-linux-gnu")
                      .str());
}

static llvm::Error checkVersion(const tx_model *model, StringRef path) {
  if (model->abi_version == TX_ABI_VERSION && model->size == sizeof(tx_model))
    return llvm::Error::success();
  return withHint(makeError(ExitCode::Malformed,
                            "{0} speaks version {1} of the interface ({2} "
                            "bytes), this program version {3} ({4} bytes)",
                            path, model->abi_version, model->size,
                            TX_ABI_VERSION, sizeof(tx_model)),
                  "compile the model again");
}

llvm::Expected<LoadedModel> LoadedModel::open(StringRef path,
                                              StringRef symbolPrefix) {
  if (llvm::Error error = checkFile(path))
    return error;
  if (llvm::Error error = checkMachine(path))
    return error;
  SmallString<128> absolute(path); // a plain name would be searched for
  fs::make_absolute(absolute);
  LoadedModel loaded;
  loaded.handle = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!loaded.handle) {
    const char *reason = dlerror();
    return makeError(ExitCode::Malformed, "cannot load {0}: {1}", path,
                     reason ? reason : "unknown reason");
  }
  std::string symbol = (symbolPrefix + "_v1").str();
  auto get = reinterpret_cast<const tx_model *(*)()>(
      dlsym(loaded.handle, symbol.c_str()));
  if (!get)
    return withHint(makeError(ExitCode::Malformed,
                              "{0} is not a compiled model: it has no function "
                              "{1}",
                              path, symbol),
                    "name the prefix it was compiled with: --symbol-prefix=");
  loaded.model = get();
  if (llvm::Error error = checkVersion(loaded.model, path))
    return error;
  return loaded;
}

LoadedModel::LoadedModel(LoadedModel &&other)
    : handle(other.handle), model(other.model) {
  other.handle = nullptr;
}

LoadedModel::~LoadedModel() {
  if (handle)
    dlclose(handle);
}
