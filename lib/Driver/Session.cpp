//===- Session.cpp - A context of an artefact -----------------------------===//

#include "Session.h"
#include "tx/Checkpoint/Error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <chrono>
#include <unistd.h>

using namespace mlir;
using namespace tx;

static ExitCode toExitCode(tx_status status) {
  switch (status) {
  case TX_ERROR_ARGUMENT:
  case TX_ERROR_CAPACITY:
  case TX_ERROR_INPUT:
    return ExitCode::Input;
  case TX_ERROR_VERSION:
  case TX_ERROR_WEIGHTS:
    return ExitCode::Malformed;
  case TX_ERROR_CPU:
    return ExitCode::Unsupported;
  default:
    return ExitCode::Failure;
  }
}

/// The names of `infos`, for messages.
static std::string listNames(ArrayRef<tx_tensor_info> infos) {
  return llvm::join(llvm::map_range(infos,
                                    [](const tx_tensor_info &info) {
                                      return std::string(info.name);
                                    }),
                    ", ");
}

/// Describes `tensor` to the artefact. The memory stays ours.
static tx_tensor describe(const Tensor &tensor) {
  tx_tensor result = {};
  bool isInts = std::holds_alternative<std::vector<int32_t>>(tensor.data);
  const void *data = isInts ? static_cast<const void *>(tensor.ints().data())
                            : tensor.floats().data();
  result.data = const_cast<void *>(data);
  result.dtype = isInts ? TX_I32 : TX_F32;
  result.rank = tensor.shape.size();
  llvm::copy(tensor.shape, result.shape);
  result.capacity = tensor.size() * 4;
  return result;
}

llvm::Error Session::bindInputs(const NamedTensors &named) {
  ArrayRef<tx_tensor_info> infos(entry->inputs, entry->num_inputs);
  for (const auto &[name, tensor] : named) {
    StringRef wanted = name;
    if (llvm::none_of(infos, [&](auto &info) { return wanted == info.name; }))
      return makeError(ExitCode::Input,
                       "entry {0} has no input '{1}'; its inputs are {2}",
                       entry->name, name, listNames(infos));
    if (tensor.shape.size() > 4)
      return makeError(ExitCode::Input, "{0} has rank {1}, expected at most 4",
                       name, tensor.shape.size());
  }
  for (const tx_tensor_info &info : infos) {
    auto found = named.find(info.name);
    if (found == named.end()) {
      if (!info.optional)
        return makeError(ExitCode::Input, "input {0} is missing", info.name);
      inputs.push_back({});
      continue;
    }
    inputs.push_back(describe(found->second));
    for (int32_t d = 0; d < info.rank && d < inputs.back().rank; ++d) {
      int64_t size = inputs.back().shape[d];
      if (info.shape[d] == TX_DIM_TOKENS)
        sizes.tokens = size;
      else if (info.shape[d] == TX_DIM_SEQUENCES)
        sizes.sequences = size;
      else if (info.shape[d] == TX_DIM_SEQUENCES_PLUS)
        sizes.sequences = size - 1;
      else if (info.shape[d] == TX_DIM_LENGTH)
        sizes.length = size;
    }
  }
  if (sizes.length > 0 &&
      llvm::MulOverflow(sizes.sequences, sizes.length, sizes.tokens))
    sizes.tokens = INT64_MAX;
  return llvm::Error::success();
}

/// Bytes of the machine's memory.
static int64_t getMemoryBytes() {
  return int64_t(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
}

llvm::Error Session::allocateOutputs() {
  double bytes = 0;
  for (const tx_tensor_info &info :
       ArrayRef(entry->outputs, entry->num_outputs)) {
    Tensor value;
    double count = 1;
    for (int64_t dimension : ArrayRef(info.shape, info.rank)) {
      value.shape.push_back(sizes.resolve(dimension));
      count *= value.shape.back();
    }
    bytes += count * sizeof(float);
    if (bytes > getMemoryBytes())
      return makeError(ExitCode::Input,
                       "the outputs of {0} tokens are larger than the memory "
                       "of this machine",
                       sizes.tokens);
    if (info.dtype == TX_I32)
      value.data = std::vector<int32_t>(int64_t(count));
    else
      value.data = std::vector<float>(int64_t(count));
    values.push_back(std::move(value));
  }
  // Only now: a growing vector may copy its tensors to other addresses.
  for (const Tensor &value : values)
    outputs.push_back(describe(value));
  return llvm::Error::success();
}

llvm::Expected<Session> Session::create(const tx_model &model, StringRef name,
                                        const NamedTensors &named,
                                        const SessionOptions &how) {
  Session session;
  session.model = &model;
  for (int32_t i = 0; i < model.num_entries; ++i)
    if (name == model.entries[i]->name) {
      session.entry = model.entries[i];
      session.index = i;
    }
  if (!session.entry)
    return makeError(ExitCode::Input, "the artefact has no entry '{0}'", name);
  if (llvm::Error error = session.bindInputs(named))
    return error;
  tx_options options = {};
  options.size = sizeof options;
  options.threads = how.threads;
  // Sizes that no batch has are for run() to refuse, in its words; nothing is
  // allocated for them.
  BatchSizes &sizes = session.sizes;
  if (sizes.sequences < 1 || sizes.sequences > sizes.tokens ||
      sizes.tokens > INT32_MAX)
    sizes = {};
  options.max_tokens = sizes.tokens;
  options.max_sequences = sizes.sequences;
  options.weights_mode = how.weights;
  options.profile = how.profile;
  options.affinity = how.affinity;
  char message[256] = "";
  tx_context *context = nullptr;
  tx_status status = model.create(&options, &context, message, sizeof message);
  if (status != TX_OK)
    return makeError(toExitCode(status), "{0}", StringRef(message));
  session.context = {context, Deleter{&model}};
  if (llvm::Error error = session.allocateOutputs())
    return error;
  return session;
}

llvm::Error Session::run() {
  tx_status status =
      model->run(context.get(), index, inputs.data(), outputs.data());
  if (status == TX_OK)
    return llvm::Error::success();
  return makeError(toExitCode(status), "{0}",
                   StringRef(model->error(context.get())));
}

NamedTensors Session::takeOutputs() {
  NamedTensors result;
  for (auto [i, value] : llvm::enumerate(values))
    result[entry->outputs[i].name] = std::move(value);
  return result;
}

std::vector<tx_kernel_time> Session::getKernelTimes() const {
  std::vector<tx_kernel_time> times(model->num_kernels);
  if (model->kernel_times(context.get(), times.data()) != TX_OK)
    times.clear();
  return times;
}

llvm::Expected<ProfiledRun> Session::runProfiled() {
  using Clock = std::chrono::steady_clock;
  std::vector<tx_kernel_time> before = getKernelTimes();
  Clock::time_point begin = Clock::now();
  if (llvm::Error error = run())
    return std::move(error);
  ProfiledRun result;
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  for (auto [then, now] : llvm::zip_equal(before, getKernelTimes()))
    result.kernels.push_back({now.name, now.calls - then.calls,
                              (now.nanoseconds - then.nanoseconds) / 1e9});
  return result;
}
