//===- Doctor.cpp - What this machine can do ------------------------------===//

#include "tx/Analysis/ProductUnits.h"
#include "tx/Driver/Reports.h"
#include "tx/Target/CpuTarget.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Host.h"
#include <cstring>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

using namespace mlir;
using namespace tx;
namespace json = llvm::json;

static json::Object measure(int threads) {
  MachinePeak peak = measurePeak(threads);
  return json::Object{{"threads", threads},
                      {"gflops", peak.gflops},
                      {"gigabytes_per_second", peak.gigabytesPerSecond}};
}

/// What the system says of itself in `path`; such files have no size.
static std::optional<std::string> readSystemFile(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFileAsStream(path);
  if (!buffer)
    return std::nullopt;
  return (*buffer)->getBuffer().str();
}

/// The choice in brackets of a file like "always [madvise] never".
static std::string readChoice(StringRef path) {
  std::optional<std::string> text = readSystemFile(path);
  if (!text)
    return "unknown";
  return StringRef(*text).split('[').second.split(']').first.str();
}

/// Whether the kernel was built to give mapped files huge pages.
static bool mapsFilesHuge() {
  utsname names;
  if (uname(&names) != 0)
    return false;
  std::optional<std::string> config =
      readSystemFile(("/boot/config-" + StringRef(names.release)).str());
  return config && StringRef(*config).contains("CONFIG_READ_ONLY_THP_FOR_FS=y");
}

/// Whether memory that asks for huge pages gets them, as weights that are
/// copied do; no answer where the system does not tell.
static std::optional<bool> givesHugePages() {
  constexpr size_t size = size_t(8) << 20;
  void *memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return std::nullopt;
  ::madvise(memory, size, MADV_HUGEPAGE);
  std::memset(memory, 1, size);
  auto start = reinterpret_cast<uintptr_t>(memory);
  std::optional<std::string> maps = readSystemFile("/proc/self/smaps");
  ::munmap(memory, size);
  if (!maps)
    return std::nullopt;
  SmallVector<StringRef> lines;
  StringRef(*maps).split(lines, '\n');
  bool isHere = false;
  for (StringRef line : lines) {
    auto [first, rest] = line.split('-');
    uintptr_t begin, end, bytes;
    if (!first.getAsInteger(16, begin) &&
        !rest.split(' ').first.getAsInteger(16, end))
      isHere = begin <= start && start < end;
    else if (isHere && line.consume_front("AnonHugePages:") &&
             !line.trim().split(' ').first.getAsInteger(10, bytes))
      return bytes > 0;
  }
  return std::nullopt;
}

/// What programs of bf16 use on this machine; null where tx makes no code for
/// it.
static json::Value describeBf16() {
  std::optional<CpuTarget> host = resolveCpu("native", "", Precision::BF16);
  if (!host || host->isa.empty())
    return nullptr;
  switch (getNarrowUnit(host->isa)) {
  case ProductUnit::Matrix:
    return "AMX";
  case ProductUnit::Dot:
    return "AVX512_BF16";
  case ProductUnit::Fma:
    return "weights widened to f32";
  }
  llvm_unreachable("unknown unit");
}

json::Value tx::examineMachine() {
  int cpus = getAvailableCpus();
  json::Array peaks{measure(1)};
  if (cpus > 1)
    peaks.push_back(measure(cpus));
  std::string isa = getHostIsa();
  json::Object result{{"cpu", getHostName()},
                      {"llvm_cpu", llvm::sys::getHostCPUName()},
                      {"isa", isa},
                      {"supported", !isa.empty()},
                      {"bf16", describeBf16()},
                      {"cpus_online", int64_t(sysconf(_SC_NPROCESSORS_ONLN))},
                      {"cpus_available", cpus},
                      {"peaks", std::move(peaks)},
                      {"llvm", LLVM_VERSION_STRING}};
  json::Object pages{
      {"anonymous", readChoice("/sys/kernel/mm/transparent_hugepage/enabled")},
      {"given", nullptr},
      {"mapped_files", mapsFilesHuge()}};
  if (std::optional<bool> given = givesHugePages())
    pages["given"] = *given;
  result["huge_pages"] = std::move(pages);
  return result;
}

void tx::printMachine(const json::Value &report, llvm::raw_ostream &os) {
  const json::Object &object = *report.getAsObject();
  auto text = [&](StringRef key) { return object.getString(key).value_or(""); };
  os << "cpu         " << text("cpu") << " (" << text("llvm_cpu") << ")\n";
  os << "target      "
     << (text("isa").empty() ? "none: tx needs AVX2 and FMA" : text("isa"))
     << '\n';
  if (std::optional<StringRef> bf16 = object.getString("bf16"))
    os << "bf16        " << *bf16 << '\n';
  os << "cpus        " << *object.getInteger("cpus_available")
     << " available of " << *object.getInteger("cpus_online") << '\n';
  for (const json::Value &value : *object.getArray("peaks")) {
    const json::Object &peak = *value.getAsObject();
    int64_t threads = *peak.getInteger("threads");
    os << llvm::formatv(
        "peak        {0:f1} GFLOP/s FP32, {1:f1} GB/s read, {2} "
        "thread{3}\n",
        *peak.getNumber("gflops"), *peak.getNumber("gigabytes_per_second"),
        threads, threads == 1 ? "" : "s");
  }
  const json::Object &pages = *object.getObject("huge_pages");
  std::optional<bool> given = pages.getBoolean("given");
  os << llvm::formatv(
      "huge pages  {0} to memory that asks (weights copied; {1}), {2} for "
      "mapped files (weights mapped)\n",
      !given   ? "perhaps given"
      : *given ? "given"
               : "not given",
      pages.getString("anonymous").value_or(""),
      *pages.getBoolean("mapped_files") ? "available" : "not available");
  os << "llvm        " << text("llvm") << '\n';
}
