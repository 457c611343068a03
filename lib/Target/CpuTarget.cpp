//===- CpuTarget.cpp - Facts about CPUs -----------------------------------===//

#include "tx/Target/CpuTarget.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/STLExtras.h"
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

// Highest first. Features beyond those tested come with every CPU that has them;
// avx512f is implied by the others, and LLVM does not list it for x86-64-v4.
static const Level kLevels[] = {
    {"x86-64-v4", 16, 32,
     {"avx512bw", "avx512cd", "avx512dq", "avx512vl"}},
    {"x86-64-v3", 8, 16, {"avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe"}},
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
      return (brand + " (" + sys::getHostCPUName() + ")").str();
  }
#endif
  return sys::getHostCPUName().str();
}

/// CPUs that the control group's quota amounts to, rounded up; 0 for no limit.
static int getQuotaCpus() {
  std::string quota;
  int64_t period = 0;
  std::ifstream v2("/sys/fs/cgroup/cpu.max");
  if (v2 >> quota >> period && quota != "max" && period > 0)
    return static_cast<int>((std::atoll(quota.c_str()) + period - 1) / period);
  int64_t quotaV1 = 0;
  std::ifstream q("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream p("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (q >> quotaV1 && p >> period && quotaV1 > 0 && period > 0)
    return static_cast<int>((quotaV1 + period - 1) / period);
  return 0;
}

int tx::getAvailableCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  if (int quota = getQuotaCpus())
    cpus = std::min(cpus, quota);
  return std::max(cpus, 1);
}
