//===- Doctor.cpp - What this machine can do ------------------------------===//

#include "tx/Driver/Reports.h"
#include "tx/Target/CpuTarget.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Host.h"
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

json::Value tx::examineMachine() {
  int cpus = getAvailableCpus();
  json::Array peaks{measure(1)};
  if (cpus > 1)
    peaks.push_back(measure(cpus));
  std::string isa = getHostIsa();
  json::Object result{
      {"cpu", getHostName()},
      {"llvm_cpu", llvm::sys::getHostCPUName()},
      {"isa", isa},
      {"supported", !isa.empty()},
      {"cpus_online", int64_t(sysconf(_SC_NPROCESSORS_ONLN))},
      {"cpus_available", cpus},
      {"peaks", std::move(peaks)},
      {"huge_pages",
       json::Object{{"anonymous",
                     readChoice("/sys/kernel/mm/transparent_hugepage/enabled")},
                    {"mapped_files", mapsFilesHuge()}}},
      {"llvm", LLVM_VERSION_STRING}};
  return result;
}

void tx::printMachine(const json::Value &report, llvm::raw_ostream &os) {
  const json::Object &object = *report.getAsObject();
  auto text = [&](StringRef key) { return object.getString(key).value_or(""); };
  os << "cpu         " << text("cpu") << " (" << text("llvm_cpu") << ")\n";
  os << "target      "
     << (text("isa").empty() ? "none: tx needs AVX2 and FMA" : text("isa"))
     << '\n';
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
  os << "huge pages  " << pages.getString("anonymous").value_or("")
     << " for memory (weights copied), "
     << (*pages.getBoolean("mapped_files") ? "available" : "not available")
     << " for mapped files (weights mapped)\n";
  os << "llvm        " << text("llvm") << '\n';
}
