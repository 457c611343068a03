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

/// Seconds that the kernels take at least, each by its arithmetic or its
/// traffic.
static double getLeastSeconds(const llvm::StringMap<Work> &works,
                              const MachinePeak &peak) {
  double seconds = 0;
  for (const Work &work : llvm::make_second_range(works))
    seconds += std::max(work.flops / peak.gflops,
                        work.bytes / peak.gigabytesPerSecond) /
               1e9;
  return seconds;
}

namespace {
/// One number per round.
struct Rounds {
  std::vector<double> seconds, peaks, bandwidths, shares, rooflines,
      availabilities;
};

/// A context with some number of threads, and what was measured with it.
struct Series {
  int threads;
  Session session;
  Rounds rounds;
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

static llvm::Error measureRound(Series &series, double flops,
                                const llvm::StringMap<Work> &works) {
  llvm::Expected<double> seconds = timeRuns(series.session);
  if (!seconds)
    return seconds.takeError();
  MachinePeak peak = measurePeak(series.threads);
  Rounds &rounds = series.rounds;
  rounds.seconds.push_back(*seconds);
  rounds.peaks.push_back(peak.gflops);
  rounds.bandwidths.push_back(peak.gigabytesPerSecond);
  rounds.availabilities.push_back(peak.availability);
  rounds.shares.push_back(flops / *seconds / 1e9 / peak.gflops);
  rounds.rooflines.push_back(getLeastSeconds(works, peak) / *seconds);
  return llvm::Error::success();
}

/// Contexts of different numbers of threads take turns.
static llvm::Error measure(MutableArrayRef<Series> all, double flops,
                           const llvm::StringMap<Work> &works, int count) {
  for (Series &series : all) // weights and workspace become resident
    if (llvm::Error error = series.session.run())
      return error;
  for (int round = 0; round < count; ++round)
    for (Series &series : all)
      if (llvm::Error error = measureRound(series, flops, works))
        return error;
  return llvm::Error::success();
}

/// The median over rounds of how many times as large `values` are as those of
/// the first series.
static double getMedianRatio(ArrayRef<double> values, ArrayRef<double> first) {
  std::vector<double> ratios;
  for (auto [value, other] : llvm::zip_equal(values, first))
    ratios.push_back(value / other);
  return quantile(std::move(ratios), 0.5);
}

/// How much faster than the first series, and how much of that the peak shows.
static json::Object describeScaling(const Series &series, const Series &first) {
  double run = getMedianRatio(first.rounds.seconds, series.rounds.seconds);
  double peak = getMedianRatio(series.rounds.peaks, first.rounds.peaks);
  double share = getMedianRatio(series.rounds.shares, first.rounds.shares);
  return json::Object{{"from_threads", first.threads},
                      {"run", run},
                      {"peak", peak},
                      {"share_of_peak", share}};
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
                                   const llvm::StringMap<Work> &works,
                                   const MachinePeak &peak) {
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

static json::Object describeSeries(const Series &series, const Profile &profile,
                                   double flops, int64_t tokens,
                                   const llvm::StringMap<Work> &works) {
  const Rounds &rounds = series.rounds;
  MachinePeak peak{quantile(rounds.peaks, 0.5),
                   quantile(rounds.bandwidths, 0.5),
                   quantile(rounds.availabilities, 0.5)};
  double median = quantile(rounds.seconds, 0.5);
  return json::Object{
      {"threads", series.threads},
      {"latency_ms", json::Object{{"median", median * 1e3},
                                  {"p90", quantile(rounds.seconds, 0.9) * 1e3},
                                  {"min", quantile(rounds.seconds, 0) * 1e3}}},
      {"tokens_per_second", tokens / median},
      {"gflops", flops / median / 1e9},
      {"peak_gflops", peak.gflops},
      {"read_gigabytes_per_second", peak.gigabytesPerSecond},
      {"cpu_availability", peak.availability},
      {"share_of_peak", quantile(rounds.shares, 0.5)},
      {"share_of_roofline", quantile(rounds.rooflines, 0.5)},
      {"outside_kernels_us", profile.outside * 1e6},
      {"kernels", describeKernels(profile, works, peak)}};
}

llvm::Expected<json::Value> tx::bench(const LoadedModel &model, StringRef name,
                                      const BenchOptions &options) {
  const tx_entry_info *entry = findPacked(*model);
  if (!entry)
    return makeError(ExitCode::Unsupported,
                     "{0} has no entry 'packed', which bench runs", name);
  if (llvm::Error error = checkLengths(*entry, options.lengths))
    return error;
  std::vector<int> threads = options.threads;
  if (threads.empty())
    threads.push_back(getDefaultThreads(*model));
  std::mt19937 random(1); // the same batch in every call
  NamedTensors inputs = makeBatch(*entry, options.lengths, random);
  auto configure = [&](int threads) {
    return SessionOptions{threads, options.affinity, options.weights};
  };
  std::vector<Series> all;
  for (int count : threads) {
    llvm::Expected<Session> session =
        Session::create(*model, "packed", inputs, configure(count));
    if (!session)
      return session.takeError();
    all.push_back({count, std::move(*session), {}});
  }
  double flops = countFlops(*entry, options.lengths);
  llvm::StringMap<Work> works = readWork(*model, options.lengths);
  if (llvm::Error error = measure(all, flops, works, options.rounds))
    return error;
  int64_t tokens =
      std::accumulate(options.lengths.begin(), options.lengths.end(), 0ll);
  json::Array runs;
  for (const Series &series : all) {
    llvm::Expected<Profile> kernels =
        profile(*model, inputs, configure(series.threads));
    if (!kernels)
      return kernels.takeError();
    json::Object run = describeSeries(series, *kernels, flops, tokens, works);
    if (&series != &all.front())
      run["scaling"] = describeScaling(series, all.front());
    runs.push_back(std::move(run));
  }
  return json::Object{{"artefact", json::fixUTF8(name)},
                      {"isa", model->isa},
                      {"sequences", int64_t(options.lengths.size())},
                      {"tokens", tokens},
                      {"gflop", flops / 1e9},
                      {"rounds", options.rounds},
                      {"runs", std::move(runs)}};
}

static void printKernels(const json::Array &kernels, llvm::raw_ostream &os) {
  os << llvm::formatv("\n{0,-34} {1,5} {2,9} {3,6} {4,8} {5,7} {6,7} {7,9}\n",
                      "kernel", "calls", "ms", "share", "GFLOP/s", "of peak",
                      "GB/s", "roofline");
  for (const json::Value &value : kernels) {
    const json::Object &kernel = *value.getAsObject();
    auto get = [&](StringRef key) { return *kernel.getNumber(key); };
    os << llvm::formatv(
        "{0,-34} {1,5} {2,9:f3} {3,5:f1}% {4,8:f1} {5,6:f1}% {6,7:f1} "
        "{7,8:f1}%\n",
        *kernel.getString("name"), *kernel.getInteger("calls"),
        get("milliseconds"), get("share") * 100, get("gflops"),
        get("share_of_peak") * 100, get("gigabytes_per_second"),
        get("share_of_roofline") * 100);
  }
}

/// One number of threads.
static void printRun(const json::Object &run, llvm::raw_ostream &os) {
  const json::Object &latency = *run.getObject("latency_ms");
  auto number = [&](StringRef key) { return *run.getNumber(key); };
  os << llvm::formatv("\nthreads    {0}\n", *run.getInteger("threads"));
  os << llvm::formatv("latency    {0:f3} ms median, {1:f3} ms p90\n",
                      *latency.getNumber("median"), *latency.getNumber("p90"));
  os << llvm::formatv("throughput {0:f0} tokens/s\n",
                      number("tokens_per_second"));
  os << llvm::formatv("arithmetic {0:f1} GFLOP/s, {1:f1} % of the measured "
                      "FP32 peak of {2:f1} GFLOP/s\n",
                      number("gflops"), number("share_of_peak") * 100,
                      number("peak_gflops"));
  os << llvm::formatv("roofline   {0:f1} %, with {1:f1} GB/s read\n",
                      number("share_of_roofline") * 100,
                      number("read_gigabytes_per_second"));
  os << llvm::formatv("overhead   {0:f1} us outside kernels\n",
                      number("outside_kernels_us"));
  os << llvm::formatv(
      "machine    {0:f1} % of the peak is taken by other load\n",
      (1 - number("cpu_availability")) * 100);
  if (const json::Object *scaling = run.getObject("scaling"))
    os << llvm::formatv(
        "scaling    {0:f2} times as fast as {1} {2}, {3:f1} % of the peak's "
        "{4:f2}\n",
        *scaling->getNumber("run"), *scaling->getInteger("from_threads"),
        *scaling->getInteger("from_threads") == 1 ? "thread" : "threads",
        *scaling->getNumber("share_of_peak") * 100,
        *scaling->getNumber("peak"));
  printKernels(*run.getArray("kernels"), os);
}

void tx::printBench(const json::Value &report, llvm::raw_ostream &os) {
  const json::Object &object = *report.getAsObject();
  os << llvm::formatv("{0}, {1}: {2} sequences, {3} tokens, {4} rounds\n",
                      *object.getString("artefact"), *object.getString("isa"),
                      *object.getInteger("sequences"),
                      *object.getInteger("tokens"),
                      *object.getInteger("rounds"));
  for (const json::Value &run : *object.getArray("runs"))
    printRun(*run.getAsObject(), os);
}
