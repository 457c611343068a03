//===- Checkpoint.cpp - Checkpoints in a folder ---------------------------===//

#include "Quote.h"
#include "tx/Checkpoint/Json.h"
#include "tx/Checkpoint/Safetensors.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;
using namespace tx;

/// The tensors of an index, by the shard that holds them.
static Expected<std::map<std::string, std::string>>
readIndex(const std::string &path) {
  Expected<json::Value> value = readJsonFile(path, path);
  if (!value)
    return value.takeError();
  const json::Object *object = value->getAsObject();
  const json::Object *map = object ? object->getObject("weight_map") : nullptr;
  if (!map)
    return makeError(ExitCode::Malformed, "{0}: no object weight_map", path);
  std::map<std::string, std::string> shards;
  for (const auto &[key, entry] : *map) {
    std::optional<StringRef> file = entry.getAsString();
    if (!file || !isPlainName(*file))
      return makeError(ExitCode::Malformed,
                       "{0}: tensor {1} is in file {2}, expected the plain "
                       "name of a file in the same folder",
                       path, quote(key), quote(file ? *file : ""));
    shards[key.str()] = file->str();
  }
  return shards;
}

/// Whether there is something of that name, a dangling link included: opening
/// it says better what is wrong.
static bool isPresent(const std::string &path) {
  sys::fs::file_status status;
  return !sys::fs::status(path, status, /*follow=*/false);
}

/// Why folder `dir` is no checkpoint.
static llvm::Error explainAbsence(StringRef dir) {
  if (!sys::fs::is_directory(dir))
    return makeError(ExitCode::File, "{0}: {1}", dir,
                     sys::fs::exists(dir) ? "not a folder" : "no such folder");
  if (isPresent(joinPath(dir, "pytorch_model.bin")) ||
      isPresent(joinPath(dir, "pytorch_model.bin.index.json")))
    return withHint(
        makeError(ExitCode::Unsupported,
                  "{0} holds pytorch_model.bin, which can run any program "
                  "when it is read; only safetensors are read",
                  dir),
        "convert it with the framework: python -c \"from transformers import "
        "AutoModel; AutoModel.from_pretrained('DIR').save_pretrained('OUT')\"");
  return makeError(ExitCode::File,
                   "{0} holds neither model.safetensors nor "
                   "model.safetensors.index.json",
                   dir);
}

Expected<Checkpoint> Checkpoint::open(StringRef dir) {
  Checkpoint result;
  std::string single = joinPath(dir, "model.safetensors");
  std::string index = joinPath(dir, "model.safetensors.index.json");
  if (isPresent(single)) {
    Expected<std::unique_ptr<SafetensorsFile>> file =
        SafetensorsFile::open(single);
    if (!file)
      return file.takeError();
    for (const auto &[key, view] : (*file)->tensors())
      result.locations[key] = {"model.safetensors", file->get(), &view};
    result.files["model.safetensors"] = std::move(*file);
    return std::move(result);
  }
  if (!isPresent(index))
    return explainAbsence(dir);

  Expected<std::map<std::string, std::string>> shards = readIndex(index);
  if (!shards)
    return shards.takeError();
  for (const auto &[key, name] : *shards) {
    std::unique_ptr<SafetensorsFile> &file = result.files[name];
    if (!file) {
      Expected<std::unique_ptr<SafetensorsFile>> opened =
          SafetensorsFile::open(joinPath(dir, name));
      if (!opened)
        return opened.takeError();
      file = std::move(*opened);
    }
    const TensorView *view = file->find(key);
    if (!view)
      return makeError(ExitCode::Malformed,
                       "{0}: tensor {1} is not in {2}, where the index has it",
                       index, quote(key), name);
    result.locations[key] = {name, file.get(), view};
  }
  for (const auto &[name, file] : result.files)
    for (const auto &[key, view] : file->tensors())
      if (auto found = shards->find(key); found == shards->end())
        return makeError(ExitCode::Malformed,
                         "{0}: tensor '{1}' of {2} is not in the index", index,
                         key, name);
      else if (found->second != name)
        return makeError(ExitCode::Malformed,
                         "{0}: tensor '{1}' is in {2} as well as in {3}, where "
                         "the index has it",
                         index, key, name, found->second);
  return std::move(result);
}
