//===- Tuning.cpp - Tuning files ------------------------------------------===//

#include "tx/Checkpoint/Tuning.h"
#include "tx/Checkpoint/Json.h"

using namespace llvm;
using namespace tx;

static constexpr int64_t kVersion = 1;
static constexpr uint64_t kMaxTuningBytes = 1'000'000;
static constexpr double kMaxMilliseconds = 1e9;

static Expected<TunedSchedule> readSchedule(const json::Value &value,
                                            StringRef where) {
  std::string file = (where + ": schedule").str();
  JsonFields fields(value, file);
  TunedSchedule schedule;
  schedule.lanes = fields.integer("lanes", 1, kMaxScheduleNumber);
  schedule.rows = fields.integer("rows", 1, kMaxScheduleNumber);
  schedule.panels = fields.integer("panels", 1, kMaxScheduleNumber);
  schedule.itemRows = fields.integer("item_rows", 1, kMaxScheduleNumber);
  schedule.chunk = fields.integerOr("chunk", 0, 1, kMaxScheduleNumber);
  schedule.stretch = fields.integerOr("stretch", 0, 1, kMaxStretch);
  if (schedule.itemRows % schedule.rows != 0)
    fields.failMember("item_rows",
                      formatv("a multiple of {0} rows", schedule.rows).str());
  if (fields.failed())
    return fields.getError();
  return schedule;
}

static Expected<TunedKernel> readKernel(const json::Value &value,
                                        StringRef path, size_t index) {
  std::string where = formatv("{0}: kernel {1}", path, index);
  JsonFields fields(value, where);
  TunedKernel kernel;
  kernel.name = fields.string("name");
  kernel.ops = fields.strings("ops");
  kernel.milliseconds = fields.number("milliseconds", 0, kMaxMilliseconds);
  kernel.defaultMilliseconds =
      fields.number("default_milliseconds", 0, kMaxMilliseconds);
  const json::Value *schedule = fields.find("schedule");
  if (!schedule)
    fields.failMember("schedule", "an object");
  if (fields.failed())
    return fields.getError();
  Expected<TunedSchedule> read = readSchedule(*schedule, where);
  if (!read)
    return read.takeError();
  kernel.schedule = *read;
  return kernel;
}

Expected<TuningFile> tx::readTuning(StringRef path) {
  Expected<json::Value> value = readJsonFile(path, path, kMaxTuningBytes);
  if (!value)
    return value.takeError();
  JsonFields fields(*value, path);
  if (fields.integer("version", 1, INT64_MAX) != kVersion)
    fields.failMember("version", std::to_string(kVersion));
  TuningFile tuning;
  tuning.cpu = fields.string("cpu");
  tuning.isa = fields.string("isa");
  tuning.threads = fields.integer("threads", 1, INT32_MAX);
  tuning.lengths = fields.integers("lengths", 1, INT32_MAX);
  const json::Array &kernels = fields.array("kernels");
  if (fields.failed())
    return fields.getError();
  for (auto [index, entry] : enumerate(kernels)) {
    Expected<TunedKernel> kernel = readKernel(entry, path, index);
    if (!kernel)
      return kernel.takeError();
    if (tuning.find(kernel->name, kernel->ops))
      return makeError(ExitCode::Malformed, "{0}: two kernels are {1}", path,
                       kernel->name);
    tuning.kernels.push_back(std::move(*kernel));
  }
  return tuning;
}

const TunedKernel *TuningFile::find(StringRef name,
                                    const std::vector<std::string> &ops) const {
  for (const TunedKernel &kernel : kernels)
    if (kernel.name == name && kernel.ops == ops)
      return &kernel;
  return nullptr;
}

json::Object tx::toJson(const TunedSchedule &schedule) {
  json::Object object{{"lanes", schedule.lanes},
                      {"rows", schedule.rows},
                      {"panels", schedule.panels},
                      {"item_rows", schedule.itemRows}};
  if (schedule.chunk)
    object["chunk"] = schedule.chunk;
  if (schedule.stretch)
    object["stretch"] = schedule.stretch;
  return object;
}

llvm::Error tx::writeTuning(const TuningFile &tuning, OutputFile &file) {
  json::Array kernels;
  for (const TunedKernel &kernel : tuning.kernels)
    kernels.push_back(
        json::Object{{"name", kernel.name},
                     {"ops", json::Array(kernel.ops)},
                     {"schedule", toJson(kernel.schedule)},
                     {"milliseconds", kernel.milliseconds},
                     {"default_milliseconds", kernel.defaultMilliseconds}});
  json::Value value = json::Object{
      {"version", kVersion},       {"cpu", tuning.cpu},
      {"isa", tuning.isa},         {"lengths", json::Array(tuning.lengths)},
      {"threads", tuning.threads}, {"kernels", std::move(kernels)}};
  return file.commitText(formatv("{0:2}\n", value).str());
}
