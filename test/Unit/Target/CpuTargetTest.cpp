//===- CpuTargetTest.cpp - Tests of facts about CPUs ----------------------===//

#include "tx/Target/CpuTarget.h"
#include <gtest/gtest.h>
#include <sched.h>

using namespace tx;

static std::string getIsa(llvm::StringRef name) {
  std::optional<CpuTarget> target = resolveCpu(name);
  return target ? target->isa : "unknown";
}

TEST(CpuTarget, knows_the_level_of_cpus) {
  for (const char *name : {"x86-64-v4", "skylake-avx512", "icelake-server",
                           "sapphirerapids", "znver4", "znver5"})
    EXPECT_EQ(getIsa(name), "x86-64-v4") << name;
  // Knights Landing has AVX-512 without byte and word instructions.
  for (const char *name : {"x86-64-v3", "haswell", "skylake", "alderlake",
                           "znver1", "znver3", "knl"})
    EXPECT_EQ(getIsa(name), "x86-64-v3") << name;
  for (const char *name :
       {"x86-64", "x86-64-v2", "nehalem", "sandybridge", "ivybridge", "bdver2"})
    EXPECT_EQ(getIsa(name), "") << name;
  for (const char *name : {"", "x86-64-v5", "cortex-a72", "i686", "Haswell"})
    EXPECT_EQ(getIsa(name), "unknown") << name;
}

TEST(CpuTarget, has_the_registers_of_its_level) {
  CpuTarget v3 = *resolveCpu("znver3"), v4 = *resolveCpu("x86-64-v4");
  EXPECT_EQ(v3.triple, "x86_64-unknown-linux-gnu");
  EXPECT_EQ(v3.tune, "znver3");
  EXPECT_EQ(v3.lanes, 8);
  EXPECT_EQ(v3.registers, 16);
  EXPECT_EQ(v4.tune, "x86-64-v4");
  EXPECT_EQ(v4.lanes, 16);
  EXPECT_EQ(v4.registers, 32);
}

TEST(CpuTarget, isas_are_cpus) {
  EXPECT_EQ(getIsas(), (std::vector<std::string>{"x86-64-v4", "x86-64-v3"}));
  for (const std::string &isa : getIsas())
    EXPECT_EQ(getIsa(isa), isa);
}

TEST(CpuTarget, native_is_the_host) {
  std::optional<CpuTarget> host = resolveCpu("native");
  ASSERT_TRUE(host);
  EXPECT_EQ(host->isa, getHostIsa());
  EXPECT_FALSE(getHostName().empty());
  // Compilers ask the same CPU.
  __builtin_cpu_init();
  EXPECT_EQ(getHostIsa(), __builtin_cpu_supports("x86-64-v4")   ? "x86-64-v4"
                          : __builtin_cpu_supports("x86-64-v3") ? "x86-64-v3"
                                                                : "");
}

TEST(CpuTarget, counts_the_cpus_it_may_use) {
  cpu_set_t before, one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  int cpus = getAvailableCpus();
  EXPECT_GE(cpus, 1);
  EXPECT_LE(cpus, CPU_COUNT(&before));
  int first = 0;
  while (!CPU_ISSET(first, &before))
    ++first;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(getAvailableCpus(), 1);
  ::sched_setaffinity(0, sizeof before, &before);
}
