//===- Tuning.cpp - Tuning files ------------------------------------------===//

#include "tx/Checkpoint/Tuning.h"
#include "tx/Checkpoint/Safetensors.h"

using namespace llvm;
using namespace tx;

static constexpr int64_t kVersion = 1;
static constexpr uint64_t kMaxTuningBytes = 1'000'000;
/// No schedule has numbers beyond it; scratch memory grows with item rows.
static constexpr int64_t kMaxScheduleNumber = 4096;

namespace {
/// Reads fields of one object; the first failure stays.
class Fields {
public:
  Fields(const json::Value &value, StringRef path, std::string where)
      : object(value.getAsObject()), path(path), where(std::move(where)) {
    if (!object)
      fail("is no object");
  }

  std::string getString(StringRef key) {
    const json::Value *value = get(key);
    std::optional<StringRef> text = value ? value->getAsString() : std::nullopt;
    if (!text || text->empty())
      fail(formatv("has no string '{0}'", key));
    return text ? text->str() : "";
  }

  int64_t getInteger(StringRef key, int64_t most) {
    const json::Value *value = get(key);
    std::optional<int64_t> number =
        value ? value->getAsInteger() : std::nullopt;
    if (!number || *number < 1 || *number > most)
      fail(formatv("has no '{0}' from 1 to {1}", key, most));
    return number.value_or(1);
  }

  double getTime(StringRef key) {
    const json::Value *value = get(key);
    std::optional<double> number = value ? value->getAsNumber() : std::nullopt;
    if (!number || !(*number >= 0))
      fail(formatv("has no time '{0}'", key));
    return number.value_or(0);
  }

  const json::Array &getArray(StringRef key) {
    static const json::Array empty;
    const json::Value *value = get(key);
    const json::Array *array = value ? value->getAsArray() : nullptr;
    if (!array)
      fail(formatv("has no list '{0}'", key));
    return array ? *array : empty;
  }

  const json::Value *get(StringRef key) {
    return object ? object->get(key) : nullptr;
  }

  template <typename T>
  void fail(const T &what) {
    if (message.empty())
      message = formatv("{0}: {1} {2}", path, where, what);
  }

  llvm::Error takeError() const {
    return message.empty() ? llvm::Error::success()
                           : makeError(ExitCode::Malformed, "{0}", message);
  }

private:
  const json::Object *object;
  StringRef path;
  std::string where, message;
};
} // namespace

static Expected<TunedSchedule> readSchedule(const json::Value &value,
                                            StringRef path, StringRef kernel) {
  Fields fields(value, path, ("the schedule of " + kernel).str());
  TunedSchedule schedule;
  schedule.lanes = fields.getInteger("lanes", kMaxScheduleNumber);
  schedule.rows = fields.getInteger("rows", kMaxScheduleNumber);
  schedule.panels = fields.getInteger("panels", kMaxScheduleNumber);
  schedule.itemRows = fields.getInteger("item_rows", kMaxScheduleNumber);
  if (fields.get("chunk"))
    schedule.chunk = fields.getInteger("chunk", kMaxScheduleNumber);
  if (schedule.itemRows % schedule.rows != 0)
    fields.fail("has item_rows that are no multiple of its rows");
  if (llvm::Error error = fields.takeError())
    return std::move(error);
  return schedule;
}

static Expected<TunedKernel> readKernel(const json::Value &value,
                                        StringRef path) {
  Fields fields(value, path, "a kernel");
  TunedKernel kernel;
  kernel.name = fields.getString("name");
  for (const json::Value &op : fields.getArray("ops"))
    if (std::optional<StringRef> name = op.getAsString())
      kernel.ops.push_back(name->str());
    else
      fields.fail("has an op that is no string");
  kernel.milliseconds = fields.getTime("milliseconds");
  kernel.defaultMilliseconds = fields.getTime("default_milliseconds");
  const json::Value *schedule = fields.get("schedule");
  if (!schedule)
    fields.fail("has no 'schedule'");
  if (llvm::Error error = fields.takeError())
    return std::move(error);
  Expected<TunedSchedule> read = readSchedule(*schedule, path, kernel.name);
  if (!read)
    return read.takeError();
  kernel.schedule = *read;
  return kernel;
}

static Expected<TuningFile> parse(const json::Value &value, StringRef path) {
  Fields fields(value, path, "the tuning file");
  if (fields.getInteger("version", INT64_MAX) != kVersion)
    fields.fail(formatv("is not of version {0}", kVersion));
  TuningFile tuning;
  tuning.cpu = fields.getString("cpu");
  tuning.isa = fields.getString("isa");
  tuning.threads = fields.getInteger("threads", INT32_MAX);
  for (const json::Value &length : fields.getArray("lengths"))
    if (std::optional<int64_t> number = length.getAsInteger())
      tuning.lengths.push_back(*number);
    else
      fields.fail("has a length that is no integer");
  const json::Array &kernels = fields.getArray("kernels");
  if (llvm::Error error = fields.takeError())
    return std::move(error);
  for (const json::Value &entry : kernels) {
    Expected<TunedKernel> kernel = readKernel(entry, path);
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

Expected<TuningFile> tx::readTuning(StringRef path) {
  Expected<std::string> text = readTextFile(path, kMaxTuningBytes);
  if (!text)
    return text.takeError();
  Expected<json::Value> value = parseJson(*text, path);
  if (!value)
    return value.takeError();
  return parse(*value, path);
}

llvm::Error tx::writeTuning(const TuningFile &tuning, StringRef path) {
  json::Array kernels;
  for (const TunedKernel &kernel : tuning.kernels) {
    const TunedSchedule &schedule = kernel.schedule;
    json::Object written{{"lanes", schedule.lanes},
                         {"rows", schedule.rows},
                         {"panels", schedule.panels},
                         {"item_rows", schedule.itemRows}};
    if (schedule.chunk)
      written["chunk"] = schedule.chunk;
    kernels.push_back(
        json::Object{{"name", kernel.name},
                     {"ops", json::Array(kernel.ops)},
                     {"schedule", std::move(written)},
                     {"milliseconds", kernel.milliseconds},
                     {"default_milliseconds", kernel.defaultMilliseconds}});
  }
  json::Value value = json::Object{
      {"version", kVersion},       {"cpu", tuning.cpu},
      {"isa", tuning.isa},         {"lengths", json::Array(tuning.lengths)},
      {"threads", tuning.threads}, {"kernels", std::move(kernels)}};
  std::string text = formatv("{0:2}\n", value);
  Expected<OutputFile> file = OutputFile::create(path);
  if (!file)
    return file.takeError();
  if (llvm::Error error = file->write(arrayRefFromStringRef(text)))
    return error;
  return file->commit();
}
