//===- LoadedModel.h - Opening compiled models ------------------*- C++ -*-===//
//
// The one loader of artefacts, for the tools and for the Python package, which
// links neither LLVM nor MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef TX_RUNTIME_LOADEDMODEL_H
#define TX_RUNTIME_LOADEDMODEL_H

#include "tx/Runtime/tx_model.h"
#include <string>
#include <variant>

namespace tx {

/// Why a file cannot be opened as an artefact.
struct LoadError {
  enum Reason {
    Unreadable,   ///< the file is missing, or not for this user
    Folder,       ///< it is a folder
    NotElf,       ///< it is something else
    OtherMachine, ///< it is for another architecture
    NotLoaded,    ///< the system's loader refuses it
    NoFunction,   ///< it has no function of that prefix
    OtherVersion  ///< it speaks another version of the interface
  };
  Reason reason;
  std::string message; ///< one sentence, names the file
};

/// A compiled model in this process. Its contexts must be gone before it is.
class LoadedModel {
public:
  /// Opens the shared object at `path`, whose function is `symbolPrefix`_v1:
  /// what lies there now, whatever was opened from there before.
  static std::variant<LoadedModel, LoadError>
  open(const std::string &path, const std::string &symbolPrefix);
  LoadedModel(LoadedModel &&other) noexcept;
  ~LoadedModel();

  const tx_model *operator->() const { return model; }
  const tx_model &operator*() const { return *model; }

private:
  explicit LoadedModel(std::string spelling) : spelling(std::move(spelling)) {}

  std::string spelling; ///< of the path, as the system's loader knows it
  void *handle = nullptr;
  const tx_model *model = nullptr;
};

/// Whether the file at `path` is an ELF image, by its first bytes.
bool isElf(const std::string &path);

} // namespace tx

#endif // TX_RUNTIME_LOADEDMODEL_H
