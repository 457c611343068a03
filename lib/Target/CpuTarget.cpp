//===- CpuTarget.cpp - Facts about CPUs -----------------------------------===//

#include "tx/Target/CpuTarget.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/TargetParser/AArch64TargetParser.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/RISCVISAInfo.h"
#include "llvm/TargetParser/RISCVTargetParser.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sched.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

using namespace llvm;
using namespace tx;

//===----------------------------------------------------------------------===//
// Instruction sets
//===----------------------------------------------------------------------===//

struct tx::InstructionSet {
  StringLiteral name;
  int64_t lanes, registers;
  std::initializer_list<StringLiteral> features;
  CodegenCpu codegen = {};              ///< none: `name` is a CPU of LLVM
  Precision precision = Precision::F32; ///< the least that has use for it

  bool serves(Precision program) const { return precision <= program; }
};

// Highest first. Features beyond those tested come with every CPU that has
// them; avx512f is implied by the others, and LLVM does not list it for
// x86-64-v4. Code may ask for lines that it will write (prfchw), which is no
// operation on the few CPUs of these levels that do not have it.
static const InstructionSet kX86Levels[] = {
    {"x86-64-v4+amx",
     16,
     32,
     {"amx-tile", "amx-bf16"},
     {"x86-64-v4", "+prfchw,+avx512bf16,+amx-tile,+amx-bf16"},
     Precision::BF16},
    {"x86-64-v4+bf16",
     16,
     32,
     {"avx512bf16"},
     {"x86-64-v4", "+prfchw,+avx512bf16"},
     Precision::BF16},
    {"x86-64-v4",
     16,
     32,
     {"avx512bw", "avx512cd", "avx512dq", "avx512vl"},
     {"x86-64-v4", "+prfchw"}},
    {"x86-64-v3",
     8,
     16,
     {"avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe"},
     {"x86-64-v3", "+prfchw"}},
};
static const InstructionSet kArmLevels[] = {
    {"armv8-a", 4, 32, {"neon"}, {"generic", "+fp-armv8,+neon"}},
};
// Vector registers have 128 bits at least; code for more says so.
static const InstructionSet kRiscvLevels[] = {
    {"rv64gcv_zvl256b",
     8,
     32,
     {"v", "zvl256b"},
     {"generic-rv64", "+m,+a,+f,+d,+c,+v,+zvl256b"}},
    {"rv64gcv", 4, 32, {"v"}, {"generic-rv64", "+m,+a,+f,+d,+c,+v"}},
};

static CodegenCpu getCodegen(const InstructionSet &level) {
  return level.codegen.cpu.empty() ? CodegenCpu{level.name, ""} : level.codegen;
}

//===----------------------------------------------------------------------===//
// CPUs
//===----------------------------------------------------------------------===//

using Features = StringMap<bool>;

static std::optional<Features> getX86Features(StringRef cpu) {
  if (X86::parseArchX86(cpu, /*Only64Bit=*/true) == X86::CK_None)
    return std::nullopt;
  SmallVector<StringRef> listed;
  X86::getFeaturesForCPU(cpu, listed);
  Features features; // LLVM's list leaves out what others imply
  for (StringRef feature : listed) {
    features[feature] = true;
    X86::updateImpliedFeatures(feature, true, features);
  }
  return features;
}

static std::optional<Features> getArmFeatures(StringRef cpu) {
  std::optional<AArch64::CpuInfo> info = AArch64::parseCpu(cpu);
  if (!info)
    return std::nullopt;
  Features features;
  features["neon"] = info->getImpliedExtensions().test(AArch64::AEK_SIMD);
  return features;
}

static std::optional<Features> getRiscvFeatures(StringRef cpu) {
  if (!RISCV::parseCPU(cpu, /*IsRV64=*/true))
    return std::nullopt;
  auto info = RISCVISAInfo::parseArchString(
      RISCV::getMArchFromMcpu(cpu), /*EnableExperimentalExtension=*/true);
  Features features;
  if (!info) {
    consumeError(info.takeError());
    return features;
  }
  for (StringRef name : {"v", "zvl256b"})
    features[name] = (*info)->hasExtension(name);
  return features;
}

//===----------------------------------------------------------------------===//
// Caches
//===----------------------------------------------------------------------===//

namespace {
/// In bytes.
struct Caches {
  int64_t l1 = 32 << 10, l2 = 512 << 10;
};
} // namespace

/// Those of CPUs that differ from the common sizes, by the makers' manuals for
/// optimization.
static Caches getCaches(StringRef cpu) {
  constexpr int64_t KiB = 1 << 10;
  return StringSwitch<Caches>(cpu)
      .Cases({"haswell", "broadwell", "skylake"}, {32 * KiB, 256 * KiB})
      .Cases({"skylake-avx512", "cascadelake", "cooperlake", "znver4"},
             {32 * KiB, 1024 * KiB})
      .Cases({"icelake-server", "tigerlake"}, {48 * KiB, 1280 * KiB})
      .Cases({"sapphirerapids", "emeraldrapids", "graniterapids",
              "graniterapids-d"},
             {48 * KiB, 2048 * KiB})
      .Case("znver5", {48 * KiB, 1024 * KiB})
      .Cases({"neoverse-n1", "neoverse-n2", "neoverse-v1", "neoverse-v2"},
             {64 * KiB, 1024 * KiB})
      .Default({});
}

/// What the C library says of this host, which knows more CPUs.
static Caches getHostCaches() {
  Caches caches = getCaches(sys::getHostCPUName());
  long l1 = ::sysconf(_SC_LEVEL1_DCACHE_SIZE);
  long l2 = ::sysconf(_SC_LEVEL2_CACHE_SIZE);
  return {l1 > 0 ? l1 : caches.l1, l2 > 0 ? l2 : caches.l2};
}

//===----------------------------------------------------------------------===//
// Architectures
//===----------------------------------------------------------------------===//

static const Architecture kArchitectures[] = {
    {"x86_64-unknown-linux-gnu",
     kX86Levels,
     getX86Features,
     {"x86-64", ""},
     "",
     "AVX2 and FMA",
     "znver4"},
    {"aarch64-unknown-linux-gnu",
     kArmLevels,
     getArmFeatures,
     {"generic", "+fp-armv8,+neon"},
     "",
     "NEON",
     "cortex-a76"},
    {"riscv64-unknown-linux-gnu",
     kRiscvLevels,
     getRiscvFeatures,
     {"generic-rv64", "+m,+a,+f,+d,+c"},
     "lp64d",
     "vector extension V",
     "sifive-x280"},
};

const Architecture *tx::findArchitecture(StringRef name) {
  Triple triple(name.empty() ? sys::getProcessTriple()
                             : Triple::normalize(name));
  // The runtime is built for this C library.
  if (!triple.isOSLinux() ||
      (triple.getEnvironment() != Triple::GNU &&
       triple.getEnvironment() != Triple::UnknownEnvironment))
    return nullptr;
  for (const Architecture &architecture : kArchitectures)
    if (Triple(architecture.triple).getArch() == triple.getArch())
      return &architecture;
  return nullptr;
}

const Architecture *tx::findArchitectureOfCpu(StringRef cpu) {
  for (const Architecture &architecture : kArchitectures)
    if (architecture.findTarget(cpu, Precision::BF16))
      return &architecture;
  return nullptr;
}

StringRef Architecture::getName() const { return triple.split('-').first; }

const InstructionSet *Architecture::findIsa(StringRef isa) const {
  auto found = llvm::find_if(
      isas, [&](const InstructionSet &one) { return one.name == isa; });
  return found == isas.end() ? nullptr : found;
}

std::optional<CodegenCpu> Architecture::getCodegenCpu(StringRef isa) const {
  if (isa == baseline.cpu)
    return baseline;
  const InstructionSet *found = findIsa(isa);
  if (!found)
    return std::nullopt;
  return getCodegen(*found);
}

std::vector<std::string> Architecture::getIsas(Precision precision) const {
  std::vector<std::string> names;
  for (const InstructionSet &isa : isas)
    if (isa.serves(precision))
      names.push_back(isa.name.str());
  return names;
}

/// The best instruction set that `features` make up and `precision` has use
/// for.
static const InstructionSet *findBest(ArrayRef<InstructionSet> isas,
                                      const Features &features,
                                      Precision precision) {
  // One includes those below it.
  const InstructionSet *best = nullptr;
  for (const InstructionSet &isa : llvm::reverse(isas)) {
    if (!llvm::all_of(isa.features,
                      [&](StringRef f) { return features.lookup(f); }))
      break;
    if (isa.serves(precision))
      best = &isa;
  }
  return best;
}

static CpuTarget makeTarget(StringRef triple, const InstructionSet *isa,
                            StringRef tune, const Caches &caches) {
  CpuTarget target;
  target.triple = triple.str();
  target.tune = tune.str();
  target.isa = isa ? isa->name.str() : "";
  target.lanes = isa ? isa->lanes : 0;
  target.registers = isa ? isa->registers : 0;
  target.l1 = caches.l1;
  target.l2 = caches.l2;
  return target;
}

std::optional<CpuTarget> Architecture::findTarget(StringRef cpu,
                                                  Precision precision) const {
  const InstructionSet *isa = cpu == "generic" ? &isas.back() : findIsa(cpu);
  if (isa && !isa->serves(precision))
    return std::nullopt;
  if (isa)
    return makeTarget(triple, isa, getCodegen(*isa).cpu, {});
  if (std::optional<Features> features = getFeatures(cpu))
    return makeTarget(triple, findBest(isas, *features, precision), cpu,
                      getCaches(cpu));
  return std::nullopt;
}

std::optional<CpuTarget> tx::resolveCpu(StringRef cpu, StringRef triple,
                                        Precision precision) {
  const Architecture *architecture = findArchitecture(triple);
  if (!architecture)
    return std::nullopt;
  if (cpu != "native")
    return architecture->findTarget(cpu, precision);
  if (architecture != findArchitecture())
    return std::nullopt;
  // On x86 getHostCPUFeatures looks at XCR0 as well as at CPUID.
  return makeTarget(
      architecture->triple,
      findBest(architecture->isas, sys::getHostCPUFeatures(), precision),
      sys::getHostCPUName(), getHostCaches());
}

std::string tx::getHostIsa() {
  std::optional<CpuTarget> host = resolveCpu("native");
  return host ? host->isa : "";
}

std::string tx::getHostName() {
#if defined(__x86_64__)
  unsigned words[12] = {};
  if (__get_cpuid_max(0x80000000, nullptr) >= 0x80000004) {
    for (unsigned leaf = 0; leaf < 3; ++leaf)
      __get_cpuid(0x80000002 + leaf, &words[4 * leaf], &words[4 * leaf + 1],
                  &words[4 * leaf + 2], &words[4 * leaf + 3]);
    char text[sizeof words + 1] = {};
    std::memcpy(text, words, sizeof words);
    StringRef brand = StringRef(text).trim();
    if (!brand.empty())
      return brand.str();
  }
#endif
  return sys::getHostCPUName().str();
}

//===----------------------------------------------------------------------===//
// CPUs that may be used
//===----------------------------------------------------------------------===//

namespace {
/// What a control group may use in a period; none without a limit.
struct Quota {
  int64_t time, period;

  /// Rounded up: a part of a CPU is worth a thread.
  int64_t getCpus() const { return divideCeil(time, period); }
};
} // namespace

/// The integer at the beginning of `file`, none for "max" and the like.
static std::optional<int64_t> readInteger(std::ifstream &file) {
  std::string word;
  int64_t value;
  if (!(file >> word) || !to_integer(word, value) || value <= 0)
    return std::nullopt;
  return value;
}

/// Version 2 keeps both numbers in one file, version 1 in two.
static std::optional<Quota> readQuota(const std::string &folder) {
  std::ifstream both(folder + "/cpu.max");
  std::ifstream quota(folder + "/cpu.cfs_quota_us");
  std::ifstream period(folder + "/cpu.cfs_period_us");
  std::optional<int64_t> time = readInteger(both.is_open() ? both : quota);
  std::optional<int64_t> length = readInteger(both.is_open() ? both : period);
  if (!time || !length)
    return std::nullopt;
  return Quota{*time, *length};
}

/// The folders of this process's control group that hold a CPU quota, as
/// /proc/self/cgroup tells: lines `0::/PATH` (version 2) or
/// `ID:CONTROLLERS:/PATH` (version 1).
static std::vector<std::pair<std::string, std::string>> findGroups() {
  std::vector<std::pair<std::string, std::string>> groups;
  std::ifstream list("/proc/self/cgroup");
  for (std::string line; std::getline(list, line);) {
    auto [id, rest] = StringRef(line).split(':');
    auto [controllers, path] = rest.split(':');
    SmallVector<StringRef> names;
    controllers.split(names, ',');
    if (controllers.empty())
      groups.emplace_back("/sys/fs/cgroup", path.str());
    else if (llvm::is_contained(names, "cpu"))
      groups.emplace_back("/sys/fs/cgroup/cpu", path.str());
  }
  return groups;
}

/// CPUs that the tightest quota from this process's group upwards amounts to.
/// Within a container the path may not exist; the root is the container's then.
static int64_t getQuotaCpus() {
  int64_t cpus = INT64_MAX;
  for (auto &[root, path] : findGroups())
    for (StringRef group = path;; group = group.rsplit('/').first) {
      group = group.rtrim('/');
      if (std::optional<Quota> quota = readQuota(root + group.str()))
        cpus = std::min(cpus, quota->getCpus());
      if (group.empty())
        break;
    }
  return cpus;
}

/// CPUs of the affinity mask, which may be longer than cpu_set_t.
static int64_t getAffinityCpus() {
  for (int capacity = CPU_SETSIZE; capacity <= 1 << 20; capacity *= 2) {
    cpu_set_t *set = CPU_ALLOC(capacity);
    if (!set)
      break;
    size_t size = CPU_ALLOC_SIZE(capacity);
    bool known = ::sched_getaffinity(0, size, set) == 0;
    int count = known ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (known)
      return count;
  }
  return 1;
}

int tx::getAvailableCpus() {
  return std::max<int64_t>(1, std::min(getAffinityCpus(), getQuotaCpus()));
}
