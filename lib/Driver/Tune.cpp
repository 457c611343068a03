//===- Tune.cpp - Which schedules are fastest here ------------------------===//
//
// Schedules of products are tried one after the other, in all their kernels at
// once, each in an artefact of its own. A candidate and the schedules that the
// compiler chooses run in turns, so that both see the same wandering clock, and
// what counts is the median of the rounds' ratios, kernel by kernel. First the
// tiles compete, then, with the best tile of each kernel, the rows of items,
// then, with the best of these, chunks. The best of many is the luckiest too,
// so it is measured again, longer, and chosen if it wins three rounds of four.
//
// Not tried: attention, whose item rows belong to the plan of its tiles, and
// row-wise kernels, which wait for memory.
//
//===----------------------------------------------------------------------===//

#include "Batch.h"
#include "Session.h"
#include "tx/Analysis/RegisterTile.h"
#include "tx/Driver/Reports.h"
#include "tx/Target/CpuTarget.h"
#include "tx/Transforms/Schedule/TunedSchedules.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Signals.h"
#include <set>

using namespace mlir;
using namespace tx;
namespace json = llvm::json;

/// Rows of an item while tiles compete, at most; then these are tried.
static constexpr int64_t kItemRows = 64;
static constexpr int64_t kOtherItemRows[] = {32, 128, 256};
static constexpr int64_t kChunks[] = {96, 192, 384, kDefaultChunk};
static constexpr int64_t kStretches[] = {128 << 10, 256 << 10, 512 << 10,
                                         1 << 20, 2 << 20};
/// Rows of a tile have a general register each.
static constexpr int64_t kMaxTileRows = 12;
/// A schedule must win this share of its kernel's time, in this share of the
/// rounds of the last comparison, of which there are more.
static constexpr double kLeastGain = 0.02, kWonRounds = 0.75;
static constexpr int kConfirmingRounds = 3;

namespace {
/// The schedule of each tuned kernel.
using Candidate = std::map<std::string, TunedSchedule>;

/// A candidate's time in a kernel.
struct Trial {
  TunedSchedule schedule;
  double milliseconds; ///< of one run
  double ratio;        ///< to the time with the default schedule
  double highRatio;    ///< that kWonRounds of the rounds do not exceed
};

struct KernelTrials {
  std::vector<std::string> ops;
  TunedSchedule defaultSchedule;
  std::vector<double> defaultMilliseconds; ///< one of each comparison
  std::vector<Trial> trials;
  std::optional<Trial> confirmed; ///< the best one, measured again

  bool isWinner() const {
    return confirmed && confirmed->highRatio < 1 - kLeastGain;
  }
  /// The trial with the least ratio.
  const Trial *getBest() const;
  /// Whether `schedule` is the default or was tried.
  bool knows(const TunedSchedule &schedule) const;
};

class Tuner {
public:
  Tuner(const Model &model, const TuneOptions &options)
      : model(model), options(options) {}
  ~Tuner() { removeFile(referencePath); }

  llvm::Error run();
  TuningFile getTuning() const;
  json::Value report() const;

private:
  llvm::Error prepare();
  llvm::Error chooseTarget();
  llvm::Error compile(const Candidate &candidate, StringRef path);
  llvm::Expected<std::unique_ptr<LoadedModel>> make(const Candidate &candidate,
                                                    std::string &path);
  static void removeFile(StringRef path);
  llvm::Expected<std::map<std::string, Trial>>
  compare(const Candidate &candidate, int rounds);
  std::vector<Candidate> listTiles() const;
  std::vector<Candidate>
  vary(ArrayRef<int64_t> values,
       function_ref<void(TunedSchedule &schedule, int64_t value)> set) const;
  llvm::Error tryAll(const std::vector<Candidate> &candidates, StringRef what);
  llvm::Error confirm();

  const Model &model;
  const TuneOptions &options;
  Model fused;
  TargetAttr target;
  std::string referencePath;
  std::map<std::string, KernelTrials> kernels;
  std::unique_ptr<LoadedModel> reference;
  NamedTensors inputs;
};
} // namespace

const Trial *KernelTrials::getBest() const {
  auto least = std::min_element(
      trials.begin(), trials.end(),
      [](const Trial &a, const Trial &b) { return a.ratio < b.ratio; });
  return least == trials.end() ? nullptr : &*least;
}

bool KernelTrials::knows(const TunedSchedule &schedule) const {
  return schedule == defaultSchedule ||
         llvm::any_of(trials, [&](const Trial &trial) {
           return trial.schedule == schedule;
         });
}

//===----------------------------------------------------------------------===//
// Artefacts
//===----------------------------------------------------------------------===//

llvm::Error Tuner::compile(const Candidate &candidate, StringRef path) {
  Model copy = fused.clone();
  for (auto kernel : copy.module->getOps<KernelOp>()) {
    auto found = candidate.find(kernel.getSymName().str());
    if (found != candidate.end())
      kernel.setScheduleAttr(toSchedule(kernel.getContext(), found->second));
  }
  CompileOptions compileOptions;
  compileOptions.emit.threads = options.threads;
  return compileModel(copy, path, compileOptions);
}

void Tuner::removeFile(StringRef path) {
  llvm::sys::fs::remove(path);
  llvm::sys::DontRemoveFileOnSignal(path);
}

/// The artefact of `candidate`, made in a temporary file whose name goes to
/// `path`. Names are new: a loader knows libraries by them.
llvm::Expected<std::unique_ptr<LoadedModel>>
Tuner::make(const Candidate &candidate, std::string &path) {
  SmallString<128> file;
  if (std::error_code code =
          llvm::sys::fs::createTemporaryFile("txc-tune", "so", file))
    return makeError(ExitCode::File, "cannot make a temporary file: {0}",
                     code.message());
  path = file.str().str();
  llvm::sys::RemoveFileOnSignal(path);
  if (llvm::Error error = compile(candidate, path))
    return std::move(error);
  llvm::Expected<LoadedModel> loaded = openArtefact(path);
  if (!loaded)
    return loaded.takeError();
  return std::make_unique<LoadedModel>(std::move(*loaded));
}

/// Takes the target from the module; this machine must run its code.
llvm::Error Tuner::chooseTarget() {
  target = fused.module.get()->getAttrOfType<TargetAttr>(kTargetAttrName);
  if (!target)
    return makeError(ExitCode::Pass, "the module has no {0}", kTargetAttrName);
  const Architecture *architecture = findArchitecture(target.getTriple());
  std::optional<CpuTarget> host = resolveCpu("native", "", Precision::BF16);
  if (host && !host->isa.empty() && architecture == findArchitecture()) {
    std::vector<std::string> isas = architecture->getIsas(Precision::BF16);
    auto best = llvm::find(isas, host->isa); // the highest are first
    if (std::find(best, isas.end(), target.getIsa()) != isas.end())
      return llvm::Error::success();
  }
  return makeError(ExitCode::Unsupported,
                   "the module is for {0}, which this machine does not run",
                   target.getIsa());
}

/// Compiles up to phase fuse, and learns the kernels of products with the
/// schedules that the compiler chooses.
llvm::Error Tuner::prepare() {
  if (model.phase && *model.phase >= Phase::Schedule)
    return makeError(ExitCode::Usage,
                     "the module has been through phase {0}: it has schedules",
                     getName(*model.phase));
  CompileOptions compileOptions;
  fused = model.clone();
  if (!fused.phase || *fused.phase < Phase::Fuse) {
    compileOptions.to = Phase::Fuse;
    if (llvm::Error error = compileModel(fused, "", compileOptions))
      return error;
  }
  if (llvm::Error error = chooseTarget())
    return error;
  Model scheduled = fused.clone();
  compileOptions.to = Phase::Schedule;
  if (llvm::Error error = compileModel(scheduled, "", compileOptions))
    return error;
  std::set<std::string> measured; // what the entry that is measured calls
  scheduled.module->walk([&](tx::CallOp call) {
    auto entry =
        call->getParentOfType<func::FuncOp>()->getAttrOfType<StringAttr>(
            kEntryAttrName);
    if (entry && entry == "packed")
      measured.insert(call.getKernel().str());
  });
  for (auto kernel : scheduled.module->getOps<KernelOp>()) {
    if (kernel.getBody().getOps<LinearOp>().empty())
      continue;
    if (!measured.empty() && !measured.count(kernel.getSymName().str()))
      continue;
    if (kernel.getScheduleAttr().getItemPanels())
      return makeError(ExitCode::Unsupported,
                       "the model has products of bf16, which are not tuned");
    KernelTrials &trials = kernels[kernel.getSymName().str()];
    trials.defaultSchedule = toNumbers(kernel.getScheduleAttr());
    trials.ops = kernel.getOpNames();
  }
  if (kernels.empty())
    return makeError(ExitCode::Unsupported,
                     "the model has no kernel of products, nothing is tuned");
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

static int64_t roundItemRows(int64_t itemRows, int64_t rows) {
  return std::max<int64_t>(1, itemRows / rows) * rows;
}

/// For each number of panels the highest tile that fits the registers and the
/// highest of even rows, as long as half of the registers are accumulators.
std::vector<Candidate> Tuner::listTiles() const {
  std::vector<Candidate> candidates;
  for (int64_t panels = 1;; ++panels) {
    int64_t vectors = countTileVectors(panels, target.getLanes());
    int64_t most =
        std::min(kMaxTileRows, countTileRows(target.getRegisters(), vectors));
    if (most < 2)
      return candidates;
    std::set<int64_t> heights{most, most / 2 * 2, (most - 1) / 2 * 2};
    for (int64_t rows : heights) {
      const TunedSchedule &known = kernels.begin()->second.defaultSchedule;
      if (rows * vectors * 2 < target.getRegisters() ||
          (rows == known.rows && panels == known.panels))
        continue;
      Candidate candidate;
      for (auto &[name, trials] : kernels)
        candidate[name] = {target.getLanes(),
                           rows,
                           panels,
                           roundItemRows(kItemRows, rows),
                           trials.defaultSchedule.chunk,
                           trials.defaultSchedule.stretch};
      candidates.push_back(std::move(candidate));
    }
  }
}

/// For each of `values` the best schedules so far, changed by `set`, unless all
/// of them are known.
std::vector<Candidate> Tuner::vary(
    ArrayRef<int64_t> values,
    function_ref<void(TunedSchedule &schedule, int64_t value)> set) const {
  std::vector<Candidate> candidates;
  for (int64_t value : values) {
    Candidate candidate;
    bool isNew = false;
    for (auto &[name, trials] : kernels) {
      const Trial *best = trials.getBest();
      TunedSchedule schedule =
          best && best->ratio < 1 ? best->schedule : trials.defaultSchedule;
      set(schedule, value);
      candidate[name] = schedule;
      isNew |= !trials.knows(schedule);
    }
    if (isNew)
      candidates.push_back(std::move(candidate));
  }
  return candidates;
}

//===----------------------------------------------------------------------===//
// Measurement
//===----------------------------------------------------------------------===//

/// Runs `candidate` and the reference in turns.
llvm::Expected<std::map<std::string, Trial>>
Tuner::compare(const Candidate &candidate, int rounds) {
  std::string path;
  auto remove = llvm::scope_exit([&] { removeFile(path); });
  llvm::Expected<std::unique_ptr<LoadedModel>> artefact = make(candidate, path);
  if (!artefact)
    return artefact.takeError();
  SessionOptions how;
  how.threads = options.threads;
  how.profile = true;
  SmallVector<Session, 2> sessions;
  for (const LoadedModel *loaded : {reference.get(), artefact->get()}) {
    llvm::Expected<Session> session =
        Session::create(**loaded, "packed", inputs, how);
    if (!session)
      return session.takeError();
    sessions.push_back(std::move(*session));
    if (llvm::Error error = sessions.back().run()) // weights become resident
      return std::move(error);
  }
  std::map<std::string, std::vector<double>> times[2], ratios;
  for (int round = 0; round < rounds; ++round) {
    llvm::StringMap<double> pair[2];
    for (int turn = 0; turn < 2; ++turn) {
      int which = (turn + round) % 2; // who begins changes
      llvm::Expected<ProfiledRun> measured = sessions[which].runProfiled();
      if (!measured)
        return measured.takeError();
      for (const KernelRun &kernel : measured->kernels)
        pair[which][kernel.name] = kernel.seconds * 1e3;
    }
    for (auto &[name, schedule] : candidate) {
      for (int which : {0, 1})
        times[which][name].push_back(pair[which][name]);
      ratios[name].push_back(pair[1][name] / std::max(pair[0][name], 1e-6));
    }
  }
  std::map<std::string, Trial> results;
  for (auto &[name, schedule] : candidate) {
    kernels[name].defaultMilliseconds.push_back(quantile(times[0][name], 0.5));
    results[name] = {schedule, quantile(times[1][name], 0.5),
                     quantile(ratios[name], 0.5),
                     quantile(ratios[name], kWonRounds)};
  }
  return results;
}

llvm::Error Tuner::tryAll(const std::vector<Candidate> &candidates,
                          StringRef what) {
  for (auto [index, candidate] : llvm::enumerate(candidates)) {
    if (options.progress)
      options.progress(what, index + 1, candidates.size());
    llvm::Expected<std::map<std::string, Trial>> results =
        compare(candidate, options.rounds);
    if (!results)
      return results.takeError();
    for (auto &[name, trial] : *results)
      kernels[name].trials.push_back(trial);
  }
  return llvm::Error::success();
}

llvm::Error Tuner::confirm() {
  Candidate best;
  for (auto &[name, trials] : kernels)
    if (const Trial *trial = trials.getBest())
      best[name] = trial->schedule;
  if (options.progress)
    options.progress("the best", 1, 1);
  llvm::Expected<std::map<std::string, Trial>> results =
      compare(best, kConfirmingRounds * options.rounds);
  if (!results)
    return results.takeError();
  for (auto &[name, trial] : *results)
    kernels[name].confirmed = trial;
  return llvm::Error::success();
}

llvm::Error Tuner::run() {
  if (llvm::Error error = prepare())
    return error;
  llvm::Expected<std::unique_ptr<LoadedModel>> made = make({}, referencePath);
  if (!made)
    return made.takeError();
  reference = std::move(*made);
  const tx_entry_info *entry = findPacked(**reference);
  if (!entry)
    return makeError(ExitCode::Unsupported,
                     "the model has no entry 'packed', which tune runs");
  if (llvm::Error error = checkLengths(*entry, options.lengths))
    return error;
  std::mt19937 random(1); // the same batch in every call
  inputs = makeBatch(*entry, options.lengths, random);
  if (llvm::Error error = tryAll(listTiles(), "tiles"))
    return error;
  auto setItemRows = [](TunedSchedule &schedule, int64_t rows) {
    schedule.itemRows = roundItemRows(rows, schedule.rows);
  };
  if (llvm::Error error =
          tryAll(vary(kOtherItemRows, setItemRows), "rows of items"))
    return error;
  auto setChunk = [](TunedSchedule &schedule, int64_t chunk) {
    schedule.chunk = chunk;
  };
  if (llvm::Error error = tryAll(vary(kChunks, setChunk), "chunks"))
    return error;
  auto setStretch = [](TunedSchedule &schedule, int64_t stretch) {
    schedule.stretch = stretch;
  };
  if (llvm::Error error = tryAll(vary(kStretches, setStretch), "stretches"))
    return error;
  return confirm();
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

TuningFile Tuner::getTuning() const {
  TuningFile tuning;
  tuning.cpu = getHostName();
  tuning.isa = target.getIsa().str();
  tuning.lengths = options.lengths;
  tuning.threads = options.threads;
  for (auto &[name, trials] : kernels)
    if (trials.isWinner())
      tuning.kernels.push_back({name, trials.ops, trials.confirmed->schedule,
                                trials.confirmed->milliseconds,
                                quantile(trials.defaultMilliseconds, 0.5)});
  return tuning;
}

static json::Object toJson(const Trial &trial) {
  return json::Object{{"schedule", toJson(trial.schedule)},
                      {"milliseconds", trial.milliseconds},
                      {"ratio", trial.ratio},
                      {"high_ratio", trial.highRatio}};
}

json::Value Tuner::report() const {
  json::Array list;
  for (auto &[name, trials] : kernels) {
    json::Array tried;
    for (const Trial &trial : trials.trials)
      tried.push_back(toJson(trial));
    list.push_back(json::Object{
        {"name", name},
        {"default", toJson(trials.defaultSchedule)},
        {"default_milliseconds", quantile(trials.defaultMilliseconds, 0.5)},
        {"tried", std::move(tried)},
        {"confirmed", toJson(*trials.confirmed)},
        {"chosen", trials.isWinner()}});
  }
  int64_t tokens = 0;
  for (int64_t length : options.lengths)
    tokens += length;
  return json::Object{{"cpu", getHostName()},
                      {"isa", target.getIsa()},
                      {"sequences", int64_t(options.lengths.size())},
                      {"tokens", tokens},
                      {"threads", options.threads},
                      {"rounds", options.rounds},
                      {"kernels", std::move(list)}};
}

llvm::Expected<json::Value> tx::tune(const Model &model, StringRef output,
                                     const TuneOptions &options) {
  llvm::Expected<OutputFile> file = OutputFile::create(output);
  if (!file)
    return file.takeError();
  Tuner tuner(model, options);
  if (llvm::Error error = tuner.run())
    return std::move(error);
  if (llvm::Error error = writeTuning(tuner.getTuning(), *file))
    return std::move(error);
  return tuner.report();
}

static std::string format(const json::Object &schedule) {
  auto get = [&](StringRef key) { return *schedule.getInteger(key); };
  return llvm::formatv("{0,6} {1,6} {2,9} {3,5} {4,8}", get("rows"),
                       get("panels"), get("item_rows"), get("chunk"),
                       get("stretch"));
}

void tx::printTuning(const json::Value &report, llvm::raw_ostream &os) {
  const json::Object &object = *report.getAsObject();
  os << llvm::formatv(
      "{0}, {1}: {2} sequences, {3} tokens, threads: {4}, "
      "rounds: {5}\n",
      *object.getString("cpu"), *object.getString("isa"),
      *object.getInteger("sequences"), *object.getInteger("tokens"),
      *object.getInteger("threads"), *object.getInteger("rounds"));
  os << llvm::formatv("{0,-24} {1,6} {2,6} {3,9} {4,5} {5,8} {6,9} {7,10}\n",
                      "kernel", "rows", "panels", "item rows", "chunk",
                      "stretch", "ms", "of default");
  for (const json::Value &value : *object.getArray("kernels")) {
    const json::Object &kernel = *value.getAsObject();
    os << llvm::formatv("{0,-24} {1} {2,9:f3} {3,10}\n",
                        *kernel.getString("name"),
                        format(*kernel.getObject("default")),
                        *kernel.getNumber("default_milliseconds"), "default");
    auto print = [&](const json::Object &trial, StringRef note) {
      os << llvm::formatv("{0,-24} {1} {2,9:f3} {3,8:f1} %{4}\n", "",
                          format(*trial.getObject("schedule")),
                          *trial.getNumber("milliseconds"),
                          *trial.getNumber("ratio") * 100, note);
    };
    for (const json::Value &trial : *kernel.getArray("tried"))
      print(*trial.getAsObject(), "");
    print(*kernel.getObject("confirmed"), *kernel.getBoolean("chosen")
                                              ? "  measured again: chosen"
                                              : "  measured again: not chosen");
  }
}
