//===- MachinePeak.cpp - What the machine could do at best ----------------===//
//
// The two ceilings that measured speed is compared with: multiply-adds from
// registers to registers, and reading memory. Both are the best of a few short
// rounds, all threads at the same time, each on a CPU of its own, since what
// disturbs a round only ever makes it slower.
//
//===----------------------------------------------------------------------===//

#include "tx/Driver/Driver.h"
#include "tx/Target/CpuTarget.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <thread>
#include <vector>

using namespace tx;

using Clock = std::chrono::steady_clock;

static double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

namespace {
typedef float Float8 __attribute__((vector_size(32)));
typedef float Float16 __attribute__((vector_size(64)));
typedef long long Long4 __attribute__((vector_size(32)));
typedef long long Long8 __attribute__((vector_size(64)));

/// Work per call: a few ten microseconds, so that the clock costs nothing.
constexpr int64_t kSteps = 4096;
/// Latency 4 on two ports needs 8 chains; 12 leave room and fit 16 registers.
constexpr int64_t kChains = 12;

/// Returns after kSteps x kChains multiply-adds of `lanes` floats each.
using FmaLoop = void (*)();
/// Reads `size` bytes, a multiple of 512.
using ReadLoop = void (*)(const uint8_t *data, size_t size);

struct Loops {
  FmaLoop fma;
  ReadLoop read;
  int64_t lanes;
};
} // namespace

// The empty asm statements keep a value in a register and hide from the
// compiler what it holds. The multiply-adds themselves are asm, since
// intrinsics would need the whole file to be compiled for the instruction set.

__attribute__((target("avx2,fma"))) static void runFma256() {
  Float8 x[kChains] = {}, a = {}, b = {};
  asm volatile("" : "+x"(a), "+x"(b));
#pragma clang loop unroll(full)
  for (int64_t i = 0; i < kChains; ++i)
    asm volatile("" : "+x"(x[i]));
  for (int64_t step = 0; step < kSteps; ++step) {
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < kChains; ++i)
      asm("vfmadd231ps %2, %1, %0" : "+x"(x[i]) : "x"(a), "x"(b));
  }
#pragma clang loop unroll(full)
  for (int64_t i = 0; i < kChains; ++i)
    asm volatile("" : : "x"(x[i]));
}

__attribute__((target("avx512f"))) static void runFma512() {
  Float16 x[kChains] = {}, a = {}, b = {};
  asm volatile("" : "+v"(a), "+v"(b));
#pragma clang loop unroll(full)
  for (int64_t i = 0; i < kChains; ++i)
    asm volatile("" : "+v"(x[i]));
  for (int64_t step = 0; step < kSteps; ++step) {
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < kChains; ++i)
      asm("vfmadd231ps %2, %1, %0" : "+v"(x[i]) : "v"(a), "v"(b));
  }
#pragma clang loop unroll(full)
  for (int64_t i = 0; i < kChains; ++i)
    asm volatile("" : : "v"(x[i]));
}

__attribute__((target("avx2"))) static void read256(const uint8_t *data,
                                                    size_t size) {
  constexpr int64_t chains = 8;
  Long4 sum[chains] = {};
  for (const uint8_t *end = data + size; data < end; data += chains * 32)
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < chains; ++i)
      sum[i] |= *reinterpret_cast<const Long4 *>(data + i * 32);
  for (Long4 &part : sum)
    asm volatile("" : : "x"(part));
}

__attribute__((target("avx512f"))) static void read512(const uint8_t *data,
                                                       size_t size) {
  constexpr int64_t chains = 8;
  Long8 sum[chains] = {};
  for (const uint8_t *end = data + size; data < end; data += chains * 64)
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < chains; ++i)
      sum[i] |= *reinterpret_cast<const Long8 *>(data + i * 64);
  for (Long8 &part : sum)
    asm volatile("" : : "v"(part));
}

/// A CPU below what tx supports: scalar code, which measures what it can.
static void runFmaScalar() {
  float x[kChains] = {}, a = 0, b = 0;
  asm volatile("" : "+x"(a), "+x"(b));
  for (int64_t step = 0; step < kSteps; ++step)
    for (float &chain : x) {
      chain += a * b;
      asm volatile("" : "+x"(chain));
    }
}

static void readScalar(const uint8_t *data, size_t size) {
  uint64_t sum = 0;
  for (size_t i = 0; i < size; i += sizeof sum)
    sum |= *reinterpret_cast<const uint64_t *>(data + i);
  asm volatile("" : : "r"(sum));
}

static Loops getLoops() {
  std::string isa = getHostIsa();
  if (isa == "x86-64-v4")
    return {runFma512, read512, 16};
  if (isa == "x86-64-v3")
    return {runFma256, read256, 8};
  return {runFmaScalar, readScalar, 1};
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

namespace {
/// Threads on CPUs of their own that run rounds together.
class Crew {
public:
  explicit Crew(int size) : size(size) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0)
      for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &allowed))
          cpus.push_back(cpu);
  }

  /// Runs work(thread) on every thread, all beginning together.
  void run(llvm::function_ref<void(int)> work) const {
    std::atomic<int> waiting{size};
    std::vector<std::thread> threads;
    for (int i = 0; i < size; ++i)
      threads.emplace_back([&, i] {
        pin(i);
        --waiting;
        while (waiting.load() > 0)
          std::this_thread::yield();
        work(i);
      });
    for (std::thread &thread : threads)
      thread.join();
  }

private:
  void pin(int thread) const {
    if (cpus.empty())
      return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpus[thread % cpus.size()], &one);
    ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
  }

  int size;
  std::vector<int> cpus;
};
} // namespace

static double sum(const std::vector<double> &values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// Each thread counts what it does until its time is over. Rounds are shorter
/// than a time slice of the scheduler, so that some run undisturbed on a busy
/// machine too.
static MachinePeak measureGflops(const Crew &crew, int threads,
                                 const Loops &loops) {
  constexpr double roundSeconds = 0.003;
  constexpr int rounds = 60;
  double best = 0, total = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> speeds(threads);
    crew.run([&](int thread) {
      auto begin = Clock::now();
      int64_t calls = 0;
      double elapsed = 0;
      do {
        loops.fma();
        ++calls;
        elapsed = secondsSince(begin);
      } while (elapsed < roundSeconds);
      // A multiplication and an addition per lane.
      speeds[thread] = 2.0 * loops.lanes * kChains * kSteps * calls / elapsed;
    });
    best = std::max(best, sum(speeds));
    total += sum(speeds);
  }
  return {best / 1e9, 0, total / rounds / best};
}

/// Bytes per second of reading `part` bytes: the median over pieces, since the
/// few during which the thread had to wait say nothing about memory.
static double measureRead(const Loops &loops, const uint8_t *data,
                          size_t part) {
  constexpr size_t most = size_t(4) << 20;
  std::vector<double> speeds;
  for (size_t at = 0; at < part; at += most) {
    size_t size = std::min(most, part - at);
    auto begin = Clock::now();
    loops.read(data + at, size);
    speeds.push_back(size / secondsSince(begin));
  }
  auto middle = speeds.begin() + speeds.size() / 2;
  std::nth_element(speeds.begin(), middle, speeds.end());
  return *middle;
}

static double measureBandwidth(const Crew &crew, int threads,
                               const Loops &loops) {
  constexpr size_t size = size_t(256) << 20;
  void *memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return 0;
  ::madvise(memory, size, MADV_HUGEPAGE);
  auto *data = static_cast<uint8_t *>(memory);
  // Whole 4 KiB pages a thread.
  size_t part = size / threads & ~size_t(4095);
  // Pages that were never written are all the same page of zeros.
  crew.run([&](int thread) {
    for (size_t i = 0; i < part; i += 4096)
      data[thread * part + i] = 1;
  });
  constexpr int rounds = 5;
  double best = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> speeds(threads);
    crew.run([&](int thread) {
      speeds[thread] = measureRead(loops, data + thread * part, part);
    });
    best = std::max(best, sum(speeds));
  }
  ::munmap(memory, size);
  return best / 1e9;
}

MachinePeak tx::measurePeak(int threads) {
  threads = std::clamp(threads, 1, TX_MAX_THREADS);
  Loops loops = getLoops();
  Crew crew(threads);
  MachinePeak peak = measureGflops(crew, threads, loops);
  peak.gigabytesPerSecond = measureBandwidth(crew, threads, loops);
  return peak;
}
