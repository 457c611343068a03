//===- LoadedModel.cpp - Opening compiled models --------------------------===//

#include "tx/Runtime/LoadedModel.h"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

using namespace tx;
namespace fs = std::filesystem;

#if defined(__x86_64__)
static constexpr unsigned kHostMachine = EM_X86_64;
#elif defined(__aarch64__)
static constexpr unsigned kHostMachine = EM_AARCH64;
#elif defined(__riscv)
static constexpr unsigned kHostMachine = EM_RISCV;
#endif

/// The first bytes of a file, as far as it has them.
static std::optional<Elf64_Ehdr> readHeader(const std::string &path) {
  Elf64_Ehdr header = {};
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored))
    return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char *>(&header), sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return std::nullopt;
  return header;
}

bool tx::isElf(const std::string &path) { return readHeader(path).has_value(); }

/// Whether all that the system's loader maps is there: it would touch bytes
/// beyond the end of a file, which is a fault, not an error.
static bool isComplete(const std::string &path, const Elf64_Ehdr &header) {
  std::error_code error;
  uint64_t size = fs::file_size(path, error);
  if (error || header.e_phentsize != sizeof(Elf64_Phdr))
    return false;
  std::ifstream file(path, std::ios::binary);
  file.seekg(header.e_phoff);
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    if (!file.read(reinterpret_cast<char *>(&segment), sizeof segment) ||
        segment.p_offset > size || segment.p_filesz > size - segment.p_offset)
      return false;
  }
  return true;
}

/// The architecture that `machine` is in ELF; empty for those that tx makes no
/// code for.
static std::string getArchitecture(unsigned machine) {
  switch (machine) {
  case EM_X86_64:
    return "x86_64";
  case EM_AARCH64:
    return "aarch64";
  case EM_RISCV:
    return "riscv64";
  default:
    return "";
  }
}

static std::optional<LoadError> checkFile(const std::string &path) {
  if (access(path.c_str(), R_OK) != 0)
    return LoadError{LoadError::Unreadable,
                     "cannot read " + path + ": " + std::strerror(errno)};
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    return LoadError{LoadError::Folder,
                     path + " is not a compiled model: it is a folder"};
  std::optional<Elf64_Ehdr> header = readHeader(path);
  if (!header)
    return LoadError{LoadError::NotElf,
                     path + " is not a compiled model: it is no ELF file"};
  if (header->e_type == ET_REL)
    return LoadError{LoadError::NotElf,
                     path + " is not a compiled model to load: it is an object "
                            "file, to be linked into a program"};
  if (header->e_ident[EI_CLASS] == ELFCLASS32)
    return LoadError{LoadError::OtherMachine,
                     path + " is for a machine of 32 bits"};
  // The system's loader says of other machines that there is no such file.
  std::string architecture = getArchitecture(header->e_machine);
  if (!architecture.empty() && header->e_machine != kHostMachine)
    return LoadError{LoadError::OtherMachine,
                     path + " is for " + architecture + ", this machine is " +
                         getArchitecture(kHostMachine)};
  if (!isComplete(path, *header))
    return LoadError{LoadError::NotLoaded,
                     "cannot load " + path + ": it was cut short or damaged"};
  return std::nullopt;
}

namespace {
/// The system's loader takes a file for one that it has if their names are the
/// same, even where another file has taken the place of that one. So each open
/// file has a spelling of its path to itself: DIR/m.so, DIR/./m.so and so on,
/// and only one, whatever other names the file has.
class Spellings {
public:
  static Spellings &get() {
    static Spellings spellings;
    return spellings;
  }

  /// The spelling of `path`, a file that is there; used until release().
  std::string acquire(const fs::path &path) {
    struct stat status = {};
    bool isThere = ::stat(path.c_str(), &status) == 0;
    std::lock_guard<std::mutex> guard(mutex);
    for (auto &[spelling, file] : files)
      if (isThere && file.users > 0 && file.device == status.st_dev &&
          file.number == status.st_ino) {
        ++file.users;
        return spelling;
      }
    std::string folder = path.parent_path().string() + "/";
    for (;; folder += "./") {
      std::string spelling = folder + path.filename().string();
      File &file = files[spelling];
      if (file.users == 0) {
        file = {status.st_dev, status.st_ino, /*users=*/1};
        return spelling;
      }
    }
  }

  void release(const std::string &spelling) {
    std::lock_guard<std::mutex> guard(mutex);
    --files.at(spelling).users;
  }

private:
  struct File {
    dev_t device = 0;
    ino_t number = 0;
    int users = 0;
  };
  std::mutex mutex;
  std::map<std::string, File> files; ///< by their spellings
};
} // namespace

std::variant<LoadedModel, LoadError>
LoadedModel::open(const std::string &path, const std::string &symbolPrefix) {
  if (std::optional<LoadError> error = checkFile(path))
    return *error;
  // A plain name would be searched for.
  std::error_code ignored;
  LoadedModel loaded(Spellings::get().acquire(fs::absolute(path, ignored)));
  loaded.handle = dlopen(loaded.spelling.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!loaded.handle) {
    const char *reason = dlerror();
    return LoadError{LoadError::NotLoaded,
                     "cannot load " + path + ": " +
                         (reason ? reason : "unknown reason")};
  }
  std::string symbol = symbolPrefix + "_v1";
  auto get = reinterpret_cast<const tx_model *(*)()>(
      dlsym(loaded.handle, symbol.c_str()));
  if (!get)
    return LoadError{LoadError::NoFunction,
                     path + " is not a compiled model: it has no function " +
                         symbol};
  loaded.model = get();
  auto describe = [](uint32_t version, size_t size) {
    return "version " + std::to_string(version) + " of the interface (" +
           std::to_string(size) + " bytes)";
  };
  if (loaded->abi_version != TX_ABI_VERSION || loaded->size != sizeof(tx_model))
    return LoadError{
        LoadError::OtherVersion,
        path + " speaks " + describe(loaded->abi_version, loaded->size) +
            ", this program " + describe(TX_ABI_VERSION, sizeof(tx_model))};
  return loaded;
}

LoadedModel::LoadedModel(LoadedModel &&other) noexcept
    : spelling(std::exchange(other.spelling, std::string())),
      handle(std::exchange(other.handle, nullptr)), model(other.model) {}

LoadedModel::~LoadedModel() {
  if (handle)
    dlclose(handle);
  if (!spelling.empty())
    Spellings::get().release(spelling);
}
