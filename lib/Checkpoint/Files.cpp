//===- Files.cpp - Small files and their names ----------------------------===//

#include "tx/Checkpoint/Files.h"
#include "RegularFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace tx;

Expected<std::string> tx::readTextFile(StringRef path, uint64_t limit) {
  Expected<RegularFile> file = RegularFile::open(path);
  if (!file)
    return file.takeError();
  if (file->size() > limit)
    return makeError(ExitCode::Malformed,
                     "{0} has {1} bytes, at most {2} are read", path,
                     file->size(), limit);
  return file->read();
}

bool tx::isPlainName(StringRef name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(StringRef("/\\\0", 3)) == StringRef::npos;
}

std::string tx::joinPath(StringRef dir, StringRef folder, StringRef file) {
  SmallString<128> path(dir);
  for (StringRef part : {folder, file})
    if (!part.empty())
      sys::path::append(path, part);
  return std::string(path);
}
