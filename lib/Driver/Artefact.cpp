//===- Artefact.cpp - Opening compiled models -----------------------------===//

#include "tx/Driver/Driver.h"
#include "tx/Target/CpuTarget.h"

using namespace mlir;
using namespace tx;

static ExitCode getExitCode(LoadError::Reason reason) {
  switch (reason) {
  case LoadError::Unreadable:
  case LoadError::Folder:
    return ExitCode::File;
  case LoadError::OtherMachine:
    return ExitCode::Unsupported;
  case LoadError::NotElf:
  case LoadError::NotLoaded:
  case LoadError::NoFunction:
  case LoadError::OtherVersion:
    return ExitCode::Malformed;
  }
  llvm_unreachable("unknown reason");
}

/// What to do next; empty where the reason says it all.
static std::string getHint(LoadError::Reason reason) {
  switch (reason) {
  case LoadError::Unreadable:
  case LoadError::NotLoaded:
    return "";
  case LoadError::Folder:
  case LoadError::NotElf:
    return "compile one with: txc compile MODEL -o model.so";
  case LoadError::OtherMachine:
    return ("load it on such a machine, or compile the model with --target=" +
            findArchitecture()->getName() + "-linux-gnu")
        .str();
  case LoadError::NoFunction:
    return "name the prefix it was compiled with: --symbol-prefix=";
  case LoadError::OtherVersion:
    return "compile the model again";
  }
  llvm_unreachable("unknown reason");
}

llvm::Expected<LoadedModel> tx::openArtefact(StringRef path,
                                             StringRef symbolPrefix) {
  auto opened = LoadedModel::open(path.str(), symbolPrefix.str());
  if (auto *loaded = std::get_if<LoadedModel>(&opened))
    return std::move(*loaded);
  LoadError failure = std::get<LoadError>(opened);
  llvm::Error error =
      makeError(getExitCode(failure.reason), "{0}", StringRef(failure.message));
  std::string hint = getHint(failure.reason);
  return hint.empty() ? std::move(error) : withHint(std::move(error), hint);
}
