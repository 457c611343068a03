//===- Bench.cpp - How fast an artefact is --------------------------------===//
//
// Every round times the batch and, right beside it, the machine's peak: clocks
// wander, the ratio of neighbours does not. Kernels are timed in a context of
// their own, so that the clock calls do not count; each is held against the
// roofline, the time that its arithmetic or its memory traffic takes at least.
//
//===----------------------------------------------------------------------===//

#include "Batch.h"
#include "Session.h"
#include "tx/Checkpoint/Error.h"
#include "tx/Driver/Reports.h"
#include "llvm/Support/Format.h"
#include <chrono>
#include <numeric>

using namespace mlir;
using namespace tx;
namespace json = llvm::json;

using Clock = std::chrono::steady_clock;

static double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

static double countFlops(const tx_entry_info &entry,
                         ArrayRef<int64_t> lengths) {
  double tokens = 0, pairs = 0;
  for (int64_t length : lengths) {
    tokens += length;
    pairs += double(length) * length;
  }
  return entry.flops_token * tokens +
         double(entry.flops_sequence) * lengths.size() +
         entry.flops_pair * pairs;
}

namespace {
/// One number per round.
struct Rounds {
  std::vector<double> seconds, peaks, bandwidths, shares;
};
} // namespace

/// Seconds of one run, the mean of as many as fill a twentieth of a second.
static llvm::Expected<double> timeRuns(Session &session) {
  Clock::time_point begin = Clock::now();
  for (int runs = 1;; ++runs) {
    if (llvm::Error error = session.run())
      return error;
    double seconds = secondsSince(begin);
    if (seconds > 0.05)
      return seconds / runs;
  }
}

static llvm::Expected<Rounds> measure(Session &session, double flops,
                                      int threads, int count) {
  Rounds rounds;
  if (llvm::Error error =
          session.run()) // weights and workspace become resident
    return error;
  for (int i = 0; i < count; ++i) {
    llvm::Expected<double> seconds = timeRuns(session);
    if (!seconds)
      return seconds.takeError();
    MachinePeak peak = measurePeak(threads);
    rounds.seconds.push_back(*seconds);
    rounds.peaks.push_back(peak.gflops);
    rounds.bandwidths.push_back(peak.gigabytesPerSecond);
    rounds.shares.push_back(flops / *seconds / 1e9 / peak.gflops);
  }
  return rounds;
}

namespace {
/// What a kernel does in one run.
struct Work {
  double flops = 0, bytes = 0;
};
} // namespace

/// token * T + sequence * B + pair * (sum of len^2) + fixed.
static double evaluate(const json::Object &count, ArrayRef<int64_t> lengths) {
  auto get = [&](StringRef key) { return count.getNumber(key).value_or(0); };
  double total = get("fixed") + get("sequence") * lengths.size();
  for (int64_t length : lengths)
    total += get("token") * length + get("pair") * double(length) * length;
  return total;
}

/// The work of each kernel of the packed entry, as the metadata tells it.
static llvm::StringMap<Work> readWork(const tx_model &model,
                                      ArrayRef<int64_t> lengths) {
  llvm::StringMap<Work> work;
  llvm::Expected<json::Value> metadata = json::parse(model.metadata);
  if (!metadata) {
    llvm::consumeError(metadata.takeError());
    return work;
  }
  for (const json::Value &variant :
       *metadata->getAsObject()->getArray("variants")) {
    const json::Object &object = *variant.getAsObject();
    if (object.getObject("target")->getString("isa") != StringRef(model.isa))
      continue;
    for (const json::Value &kernel : *object.getArray("kernels"))
      if (auto *packed = kernel.getAsObject()->getObject("packed"))
        work[*kernel.getAsObject()->getString("name")] = {
            evaluate(*packed->getObject("flops"), lengths),
            evaluate(*packed->getObject("bytes"), lengths)};
  }
  return work;
}

namespace {
/// Medians of runs with clocks around kernels.
struct Profile {
  std::vector<KernelRun> kernels; ///< those that run, the longest first
  double outside;                 ///< seconds of a run that no kernel takes
};
} // namespace

static llvm::Expected<Profile> profile(const tx_model &model,
                                       const NamedTensors &inputs,
                                       SessionOptions options) {
  constexpr int kLeastRuns = 5, kMostRuns = 500;
  constexpr double kSeconds = 0.5;
  options.profile = true;
  llvm::Expected<Session> session =
      Session::create(model, "packed", inputs, options);
  if (!session)
    return session.takeError();
  if (llvm::Error error = session->run()) // the workspace becomes resident
    return std::move(error);
  ProfiledRun last;
  std::vector<std::vector<double>> times(model.num_kernels);
  std::vector<double> outside;
  Clock::time_point begin = Clock::now();
  for (int run = 0;
       run < kLeastRuns || (run < kMostRuns && secondsSince(begin) < kSeconds);
       ++run) {
    llvm::Expected<ProfiledRun> profiled = session->runProfiled();
    if (!profiled)
      return profiled.takeError();
    last = std::move(*profiled);
    double rest = last.seconds;
    for (auto [kernel, seconds] : llvm::zip_equal(last.kernels, times)) {
      seconds.push_back(kernel.seconds);
      rest -= kernel.seconds;
    }
    outside.push_back(rest);
  }
  Profile result;
  result.outside = std::max(0.0, quantile(outside, 0.5));
  for (auto [kernel, seconds] : llvm::zip_equal(last.kernels, times))
    if (kernel.calls > 0)
      result.kernels.push_back(
          {kernel.name, kernel.calls, std::max(quantile(seconds, 0.5), 1e-9)});
  llvm::sort(result.kernels, [](const KernelRun &a, const KernelRun &b) {
    return a.seconds > b.seconds;
  });
  return result;
}

static json::Array describeKernels(const Profile &profile,
                                   const tx_model &model,
                                   ArrayRef<int64_t> lengths,
                                   const MachinePeak &peak) {
  llvm::StringMap<Work> works = readWork(model, lengths);
  double total = 0;
  for (const KernelRun &kernel : profile.kernels)
    total += kernel.seconds;
  json::Array kernels;
  for (const KernelRun &kernel : profile.kernels) {
    Work work = works.lookup(kernel.name);
    double gflops = work.flops / kernel.seconds / 1e9;
    double gigabytes = work.bytes / kernel.seconds / 1e9;
    kernels.push_back(json::Object{
        {"name", kernel.name},
        {"calls", kernel.calls},
        {"milliseconds", kernel.seconds * 1e3},
        {"share", kernel.seconds / total},
        {"gflop", work.flops / 1e9},
        {"megabytes", work.bytes / 1e6},
        {"gflops", gflops},
        {"gigabytes_per_second", gigabytes},
        {"share_of_peak", gflops / peak.gflops},
        {"share_of_roofline",
         std::max(gflops / peak.gflops, gigabytes / peak.gigabytesPerSecond)}});
  }
  return kernels;
}

static int getDefaultThreads(const tx_model &model) {
  if (auto metadata = json::parse(model.metadata)) {
    if (const json::Object *object = metadata->getAsObject())
      return object->getInteger("threads").value_or(1);
  } else {
    llvm::consumeError(metadata.takeError());
  }
  return 1;
}

llvm::Expected<json::Value> tx::bench(const LoadedModel &model, StringRef name,
                                      const BenchOptions &options) {
  const tx_entry_info *entry = findPacked(*model);
  if (!entry)
    return makeError(ExitCode::Unsupported,
                     "{0} has no entry 'packed', which bench runs", name);
  if (llvm::Error error = checkLengths(*entry, options.lengths))
    return error;
  int threads = options.threads ? options.threads : getDefaultThreads(*model);
  SessionOptions how{threads, options.affinity, options.weights};
  std::mt19937 random(1); // the same batch in every call
  NamedTensors inputs = makeBatch(*entry, options.lengths, random);
  llvm::Expected<Session> session =
      Session::create(*model, "packed", inputs, how);
  if (!session)
    return session.takeError();
  double flops = countFlops(*entry, options.lengths);
  llvm::Expected<Rounds> rounds =
      measure(*session, flops, threads, options.rounds);
  if (!rounds)
    return rounds.takeError();
  MachinePeak peak{quantile(rounds->peaks, 0.5),
                   quantile(rounds->bandwidths, 0.5)};
  llvm::Expected<Profile> kernels = profile(*model, inputs, how);
  if (!kernels)
    return kernels.takeError();
  int64_t tokens =
      std::accumulate(options.lengths.begin(), options.lengths.end(), 0ll);
  double median = quantile(rounds->seconds, 0.5);
  return json::Object{
      {"artefact", name},
      {"isa", model->isa},
      {"sequences", int64_t(options.lengths.size())},
      {"tokens", tokens},
      {"threads", threads},
      {"rounds", options.rounds},
      {"latency_ms", json::Object{{"median", median * 1e3},
                                  {"p90", quantile(rounds->seconds, 0.9) * 1e3},
                                  {"min", quantile(rounds->seconds, 0) * 1e3}}},
      {"tokens_per_second", tokens / median},
      {"gflop", flops / 1e9},
      {"gflops", flops / median / 1e9},
      {"peak_gflops", peak.gflops},
      {"read_gigabytes_per_second", peak.gigabytesPerSecond},
      {"share_of_peak", quantile(rounds->shares, 0.5)},
      {"outside_kernels_us", kernels->outside * 1e6},
      {"kernels", describeKernels(*kernels, *model, options.lengths, peak)}};
}

void tx::printBench(const json::Value &report, llvm::raw_ostream &os) {
  const json::Object &object = *report.getAsObject();
  const json::Object &latency = *object.getObject("latency_ms");
  auto number = [&](StringRef key) {
    return object.getNumber(key).value_or(0);
  };
  auto integer = [&](StringRef key) {
    return object.getInteger(key).value_or(0);
  };
  os << llvm::formatv(
      "{0}, {1}: {2} sequences, {3} tokens, threads: {4}, rounds: {5}\n",
      object.getString("artefact").value_or(""),
      object.getString("isa").value_or(""), integer("sequences"),
      integer("tokens"), integer("threads"), integer("rounds"));
  os << llvm::formatv("latency    {0:f3} ms median, {1:f3} ms p90\n",
                      *latency.getNumber("median"), *latency.getNumber("p90"));
  os << llvm::formatv("throughput {0:f0} tokens/s\n",
                      number("tokens_per_second"));
  os << llvm::formatv("arithmetic {0:f1} GFLOP/s, {1:f1} % of the measured "
                      "FP32 peak of {2:f1} GFLOP/s\n",
                      number("gflops"), number("share_of_peak") * 100,
                      number("peak_gflops"));
  os << llvm::formatv("overhead   {0:f1} us outside kernels\n\n",
                      number("outside_kernels_us"));
  os << llvm::formatv("{0,-34} {1,5} {2,9} {3,6} {4,8} {5,7} {6,7} {7,9}\n",
                      "kernel", "calls", "ms", "share", "GFLOP/s", "of peak",
                      "GB/s", "roofline");
  for (const json::Value &value : *object.getArray("kernels")) {
    const json::Object &kernel = *value.getAsObject();
    auto get = [&](StringRef key) { return *kernel.getNumber(key); };
    os << llvm::formatv(
        "{0,-34} {1,5} {2,9:f3} {3,5:f1}% {4,8:f1} {5,6:f1}% {6,7:f1} "
        "{7,8:f1}%\n",
        kernel.getString("name").value_or(""), *kernel.getInteger("calls"),
        get("milliseconds"), get("share") * 100, get("gflops"),
        get("share_of_peak") * 100, get("gigabytes_per_second"),
        get("share_of_roofline") * 100);
  }
}
