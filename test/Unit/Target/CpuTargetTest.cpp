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

TEST(CpuTarget, has_the_caches_of_its_cpu) {
  auto getCaches = [](const char *cpu, const char *triple) {
    std::optional<CpuTarget> target = resolveCpu(cpu, triple);
    return std::make_pair(target->l1, target->l2);
  };
  const char *x86 = "x86_64-linux-gnu", *arm = "aarch64-linux-gnu";
  EXPECT_EQ(getCaches("x86-64-v4", x86), std::make_pair(32l << 10, 512l << 10));
  EXPECT_EQ(getCaches("znver3", x86), std::make_pair(32l << 10, 512l << 10));
  EXPECT_EQ(getCaches("znver4", x86), std::make_pair(32l << 10, 1024l << 10));
  EXPECT_EQ(getCaches("skylake", x86), std::make_pair(32l << 10, 256l << 10));
  EXPECT_EQ(getCaches("sapphirerapids", x86),
            std::make_pair(48l << 10, 2048l << 10));
  EXPECT_EQ(getCaches("neoverse-v2", arm),
            std::make_pair(64l << 10, 1024l << 10));
  EXPECT_EQ(getCaches("generic", arm), std::make_pair(32l << 10, 512l << 10));
  auto [l1, l2] = getCaches("native", "");
  EXPECT_GE(l1, 8 << 10);
  EXPECT_GT(l2, l1);
}

TEST(CpuTarget, triples_are_those_of_linux) {
  auto getTriple = [](llvm::StringRef name) -> std::string {
    const Architecture *found = findArchitecture(name);
    return found ? found->triple.str() : "none";
  };
  for (const char *name : {"aarch64-linux-gnu", "arm64-linux-gnu",
                           "aarch64-linux", "aarch64-unknown-linux-gnu"})
    EXPECT_EQ(getTriple(name), "aarch64-unknown-linux-gnu") << name;
  EXPECT_EQ(getTriple("riscv64-linux-gnu"), "riscv64-unknown-linux-gnu");
  EXPECT_EQ(getTriple("x86_64-pc-linux-gnu"), "x86_64-unknown-linux-gnu");
  // Other systems, C libraries, sizes of pointers and orders of bytes.
  for (const char *name :
       {"aarch64", "arm64-apple-darwin", "x86_64-linux-musl",
        "x86_64-linux-gnux32", "i686-linux-gnu", "riscv32-linux-gnu",
        "aarch64_be-linux-gnu", "s390x-linux-gnu", "nonsense"})
    EXPECT_EQ(getTriple(name), "none") << name;
}

TEST(CpuTarget, knows_the_cpus_of_other_architectures) {
  auto getIsaOn = [](llvm::StringRef triple, llvm::StringRef cpu) {
    std::optional<CpuTarget> target = resolveCpu(cpu, triple);
    return target ? target->isa : "unknown";
  };
  for (const char *cpu : {"generic", "armv8-a", "cortex-a76", "neoverse-n1",
                          "neoverse-v2", "apple-m1"})
    EXPECT_EQ(getIsaOn("aarch64-linux-gnu", cpu), "armv8-a") << cpu;
  for (const char *cpu : {"znver3", "x86-64-v3", "native", "sifive-x280"})
    EXPECT_EQ(getIsaOn("aarch64-linux-gnu", cpu), "unknown") << cpu;
  EXPECT_EQ(getIsaOn("riscv64-linux-gnu", "generic"), "rv64gcv");
  for (const char *cpu : {"rv64gcv_zvl256b", "spacemit-x60", "sifive-x280"})
    EXPECT_EQ(getIsaOn("riscv64-linux-gnu", cpu), "rv64gcv_zvl256b") << cpu;
  for (const char *cpu : {"sifive-u74", "generic-rv64", "rocket-rv64"})
    EXPECT_EQ(getIsaOn("riscv64-linux-gnu", cpu), "") << cpu;
  EXPECT_EQ(getIsaOn("riscv64-linux-gnu", "sifive-e76"), "unknown");
  EXPECT_EQ(getIsaOn("x86_64-linux-gnu", "generic"), "x86-64-v3");
  EXPECT_EQ(getIsaOn("s390x-linux-gnu", "generic"), "unknown");
}

TEST(CpuTarget, has_the_registers_of_other_architectures) {
  CpuTarget arm = *resolveCpu("cortex-a76", "aarch64-linux-gnu");
  EXPECT_EQ(arm.triple, "aarch64-unknown-linux-gnu");
  EXPECT_EQ(arm.tune, "cortex-a76");
  EXPECT_EQ(arm.lanes, 4);
  EXPECT_EQ(arm.registers, 32);
  CpuTarget narrow = *resolveCpu("generic", "riscv64-linux-gnu");
  EXPECT_EQ(narrow.tune, "generic-rv64");
  EXPECT_EQ(narrow.lanes, 4);
  CpuTarget wide = *resolveCpu("rv64gcv_zvl256b", "riscv64-linux-gnu");
  EXPECT_EQ(wide.lanes, 8);
  EXPECT_EQ(wide.registers, 32);
}

TEST(CpuTarget, finds_the_architecture_of_a_cpu) {
  EXPECT_EQ(findArchitectureOfCpu("cortex-a76")->getName(), "aarch64");
  EXPECT_EQ(findArchitectureOfCpu("sifive-u74")->getName(), "riscv64");
  EXPECT_EQ(findArchitectureOfCpu("nehalem")->getName(), "x86_64");
  EXPECT_EQ(findArchitectureOfCpu("z80"), nullptr);
}

TEST(CpuTarget, isas_are_cpus) {
  auto getIsas = [](llvm::StringRef triple) {
    return findArchitecture(triple)->getIsas();
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(getIsas("x86_64-linux-gnu"), (Names{"x86-64-v4", "x86-64-v3"}));
  EXPECT_EQ(getIsas("aarch64-linux-gnu"), (Names{"armv8-a"}));
  EXPECT_EQ(getIsas("riscv64-linux-gnu"),
            (Names{"rv64gcv_zvl256b", "rv64gcv"}));
  for (const char *triple :
       {"x86_64-linux-gnu", "aarch64-linux-gnu", "riscv64-linux-gnu"})
    for (const std::string &isa : getIsas(triple)) {
      EXPECT_EQ(resolveCpu(isa, triple)->isa, isa);
      EXPECT_TRUE(findArchitecture(triple)->getCodegenCpu(isa)) << isa;
    }
  EXPECT_FALSE(findArchitecture("aarch64-linux-gnu")->getCodegenCpu("rv64gcv"));
}

TEST(CpuTarget, bf16_has_instruction_sets_of_its_own) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(
      findArchitecture("x86_64-linux-gnu")->getIsas(Precision::BF16),
      (Names{"x86-64-v4+amx", "x86-64-v4+bf16", "x86-64-v4", "x86-64-v3"}));
  auto getIsa = [](llvm::StringRef cpu, Precision precision) {
    return resolveCpu(cpu, "x86_64-linux-gnu", precision)->isa;
  };
  EXPECT_EQ(getIsa("sapphirerapids", Precision::BF16), "x86-64-v4+amx");
  EXPECT_EQ(getIsa("sapphirerapids", Precision::F32), "x86-64-v4");
  EXPECT_EQ(getIsa("znver4", Precision::BF16), "x86-64-v4+bf16");
  EXPECT_EQ(getIsa("icelake-server", Precision::BF16), "x86-64-v4");
  EXPECT_EQ(getIsa("znver3", Precision::BF16), "x86-64-v3");
  EXPECT_EQ(getIsa("x86-64-v4+bf16", Precision::BF16), "x86-64-v4+bf16");
  for (const char *isa : {"x86-64-v4+amx", "x86-64-v4+bf16"})
    EXPECT_FALSE(resolveCpu(isa, "x86_64-linux-gnu", Precision::F32)) << isa;
  const Architecture *architecture = findArchitecture("x86_64-linux-gnu");
  EXPECT_EQ(architecture->getCodegenCpu("x86-64-v4+bf16")->cpu, "x86-64-v4");
  EXPECT_EQ(architecture->getCodegenCpu("x86-64-v4+bf16")->features,
            "+prfchw,+avx512bf16");
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
