//===- ElfObject.cpp - Weights in an object file --------------------------===//
//
// Section headers say where a section's bytes are; nothing in a relocatable
// file depends on their order. Moving one section is a matter of its header and
// of the sizes of the symbols in it.
//
//===----------------------------------------------------------------------===//

#include "ElfObject.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace llvm::object;

using Elf = ELF64LE;

/// Object bytes that are not ELF as our own code generator writes it.
static llvm::Error unexpected(llvm::Error reason) {
  return tx::makeError(tx::ExitCode::Backend,
                       "the weights cannot be added to the object: {0}",
                       toString(std::move(reason)));
}

/// The header of section `name` and its index.
static Expected<std::pair<Elf::Shdr *, size_t>>
findSection(const ELFFile<Elf> &file, StringRef name) {
  Expected<ArrayRef<Elf::Shdr>> sections = file.sections();
  if (!sections)
    return sections.takeError();
  for (const auto &[index, section] : llvm::enumerate(*sections)) {
    Expected<StringRef> found = file.getSectionName(section);
    if (!found)
      return found.takeError();
    // The bytes are ours to change: file refers to a mutable buffer.
    if (*found == name)
      return std::make_pair(const_cast<Elf::Shdr *>(&section), index);
  }
  return createStringError("it has no section " + name);
}

/// Sets the size of the data symbols of section `index`.
static llvm::Error resizeSymbols(const ELFFile<Elf> &file, size_t index,
                                 uint64_t size) {
  Expected<ArrayRef<Elf::Shdr>> sections = file.sections();
  if (!sections)
    return sections.takeError();
  for (const Elf::Shdr &section : *sections) {
    if (section.sh_type != ELF::SHT_SYMTAB)
      continue;
    Expected<ArrayRef<Elf::Sym>> symbols = file.symbols(&section);
    if (!symbols)
      return symbols.takeError();
    for (const Elf::Sym &symbol : *symbols)
      if (symbol.st_shndx == index && symbol.getType() == ELF::STT_OBJECT)
        const_cast<Elf::Sym &>(symbol).st_size = size;
  }
  return Error::success();
}

llvm::Error tx::moveSectionToEnd(SmallVectorImpl<char> &object, StringRef name,
                                 uint64_t size) {
  Expected<ELFFile<Elf>> file =
      ELFFile<Elf>::create(StringRef(object.data(), object.size()));
  if (!file)
    return unexpected(file.takeError());
  auto found = findSection(*file, name);
  if (!found)
    return unexpected(found.takeError());
  auto [section, index] = *found;
  if (llvm::Error error = resizeSymbols(*file, index, size))
    return unexpected(std::move(error));
  uint64_t offset = alignTo(object.size(), section->sh_addralign);
  section->sh_offset = offset;
  section->sh_size = size;
  object.resize(offset); // invalidates `file` and `section`
  return llvm::Error::success();
}
