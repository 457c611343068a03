//===- CpuTarget.cpp - Facts about CPUs -----------------------------------===//

#include "tx/Target/CpuTarget.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sched.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

using namespace llvm;
using namespace tx;

namespace {
struct Level {
  StringLiteral name;
  int64_t lanes, registers;
  std::initializer_list<StringLiteral> features;
};
} // namespace

// Highest first. Features beyond those tested come with every CPU that has
// them; avx512f is implied by the others, and LLVM does not list it for
// x86-64-v4.
static const Level kLevels[] = {
    {"x86-64-v4", 16, 32, {"avx512bw", "avx512cd", "avx512dq", "avx512vl"}},
    {"x86-64-v3",
     8,
     16,
     {"avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe"}},
};
static constexpr StringLiteral kTriple = "x86_64-unknown-linux-gnu";

template <typename HasFeature>
static const Level *findLevel(HasFeature has) {
  // A level includes the ones below it.
  const Level *best = nullptr;
  for (const Level &level : llvm::reverse(kLevels)) {
    if (!llvm::all_of(level.features, has))
      break;
    best = &level;
  }
  return best;
}

static CpuTarget makeTarget(const Level *level, StringRef tune) {
  CpuTarget target;
  target.triple = kTriple;
  target.tune = tune.str();
  target.isa = level ? level->name.str() : "";
  target.lanes = level ? level->lanes : 0;
  target.registers = level ? level->registers : 0;
  return target;
}

std::optional<CpuTarget> tx::resolveCpu(StringRef name) {
  if (name == "native") {
    // getHostCPUFeatures looks at XCR0 as well as at CPUID.
    StringMap<bool> host = sys::getHostCPUFeatures();
    return makeTarget(findLevel([&](StringRef f) { return host.lookup(f); }),
                      sys::getHostCPUName());
  }
  if (X86::parseArchX86(name, /*Only64Bit=*/true) == X86::CK_None)
    return std::nullopt;
  SmallVector<StringRef> listed;
  X86::getFeaturesForCPU(name, listed);
  StringMap<bool> features; // LLVM's list leaves out what others imply
  for (StringRef feature : listed) {
    features[feature] = true;
    X86::updateImpliedFeatures(feature, true, features);
  }
  return makeTarget(findLevel([&](StringRef f) { return features.lookup(f); }),
                    name);
}

std::vector<std::string> tx::getIsas() {
  std::vector<std::string> names;
  for (const Level &level : kLevels)
    names.push_back(level.name.str());
  return names;
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
