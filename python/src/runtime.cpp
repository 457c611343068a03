//===- runtime.cpp - tx._runtime: runs compiled artefacts -----------------===//
//
// A thin layer over the C interface (tx_model.h): opens a shared object, keeps
// contexts, passes the buffers of numpy arrays without copying them, and lets
// go of the interpreter lock while a model runs. Links neither LLVM nor MLIR.
//
//===----------------------------------------------------------------------===//

#include "tx/Runtime/LoadedModel.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <vector>

namespace py = pybind11;

namespace {

/// What the command line ends with when an argument is none of its values.
constexpr int kUsage = 2;

/// Raises exception `name` of tx.errors; `code` where its own is another.
[[noreturn]] void raise(const char *name, const std::string &message,
                        std::optional<int> code = std::nullopt) {
  py::object error = py::module_::import("tx.errors").attr(name)(message);
  if (code)
    error.attr("code") = *code;
  PyErr_SetObject(py::type::of(error).ptr(), error.ptr());
  throw py::error_already_set();
}

[[noreturn]] void raiseStatus(tx_status status, const std::string &message) {
  switch (status) {
  case TX_ERROR_ARGUMENT:
  case TX_ERROR_CAPACITY:
  case TX_ERROR_INPUT:
    raise("InputError", message);
  case TX_ERROR_VERSION:
  case TX_ERROR_WEIGHTS:
    raise("ModelFormatError", message);
  case TX_ERROR_CPU:
    raise("TargetMismatchError", message);
  default:
    raise("Error", message);
  }
}

/// Opens the shared object at `path`.
tx::LoadedModel open(const std::string &path, const std::string &prefix) {
  auto opened = tx::LoadedModel::open(path, prefix);
  if (auto *loaded = std::get_if<tx::LoadedModel>(&opened))
    return std::move(*loaded);
  auto &error = std::get<tx::LoadError>(opened);
  switch (error.reason) {
  case tx::LoadError::Unreadable:
  case tx::LoadError::Folder:
    raise("FileError", error.message);
  case tx::LoadError::OtherMachine:
    raise("TargetMismatchError", error.message);
  case tx::LoadError::OtherVersion:
    raise("ModelFormatError", error.message + "; compile the model again");
  case tx::LoadError::NotElf:
  case tx::LoadError::NotLoaded:
  case tx::LoadError::NoFunction:
    break;
  }
  raise("ModelFormatError", error.message);
}

struct ContextDeleter {
  const tx_model *model;
  void operator()(tx_context *context) const { model->destroy(context); }
};
using Context = std::unique_ptr<tx_context, ContextDeleter>;

/// A context and what it was made for.
struct SizedContext {
  Context context;
  int64_t tokens, sequences;
};

tx_weights_mode readWeightsMode(const std::string &name) {
  if (name == "map")
    return TX_WEIGHTS_MAP;
  if (name == "copy")
    return TX_WEIGHTS_COPY;
  raise("InputError", "weights must be 'map' or 'copy', not '" + name + "'",
        kUsage);
}

tx_affinity readAffinity(const std::string &name) {
  if (name == "none")
    return TX_AFFINITY_NONE;
  if (name == "spread")
    return TX_AFFINITY_SPREAD;
  raise("InputError", "affinity must be 'none' or 'spread', not '" + name + "'",
        kUsage);
}

int readThreads(py::int_ threads) {
  if (threads < py::int_(0))
    raise("InputError", "threads must not be negative", kUsage);
  if (threads > py::int_(TX_MAX_THREADS))
    raise("InputError",
          "threads is " + std::string(py::str(threads)) + ", expected at most " +
              std::to_string(TX_MAX_THREADS),
          kUsage);
  return threads.cast<int>();
}

class Artefact {
public:
  Artefact(const std::string &path, const std::string &prefix, py::int_ threads,
           const std::string &weights, const std::string &affinity)
      : affinity(readAffinity(affinity)), weightsMode(readWeightsMode(weights)),
        threads(readThreads(threads)), model(open(path, prefix)) {}

  py::str metadata() const { return model->metadata; }
  py::str isa() const { return model->isa; }
  int64_t weightsSize() const { return model->weights_size; }

  py::list entries() const {
    py::list result;
    for (int32_t i = 0; i < model->num_entries; ++i) {
      const tx_entry_info &info = *model->entries[i];
      py::dict entry;
      entry["name"] = info.name;
      entry["max_length"] = info.max_length;
      entry["inputs"] = describe(info.inputs, info.num_inputs);
      entry["outputs"] = describe(info.outputs, info.num_outputs);
      result.append(entry);
    }
    return result;
  }

  /// Runs entry `index` on arrays that are dense and of the right type; an
  /// input that is None is left to the model.
  void run(int32_t index, const std::vector<std::optional<py::array>> &inputs,
           const std::vector<py::array> &outputs, int64_t tokens,
           int64_t sequences) {
    if (index < 0 || index >= model->num_entries)
      raise("InputError", "entry " + std::to_string(index) + " does not exist");
    const tx_entry_info &info = *model->entries[index];
    if (static_cast<int32_t>(inputs.size()) != info.num_inputs ||
        static_cast<int32_t>(outputs.size()) != info.num_outputs)
      raise("InputError", "wrong number of inputs or outputs");
    std::vector<tx_tensor> in, out;
    for (const std::optional<py::array> &input : inputs)
      in.push_back(input ? view(*input, /*writable=*/false) : tx_tensor{});
    for (const py::array &output : outputs)
      out.push_back(view(output, /*writable=*/true));

    tx_status status;
    std::string error;
    {
      py::gil_scoped_release unlocked;
      SizedContext context;
      status = acquire(tokens, sequences, context, error);
      if (status == TX_OK) {
        status =
            model->run(context.context.get(), index, in.data(), out.data());
        if (status != TX_OK)
          error = model->error(context.context.get());
        std::lock_guard<std::mutex> guard(mutex);
        idle.push_back(std::move(context));
      }
    }
    if (status != TX_OK)
      raiseStatus(status, error);
  }

private:
  static py::list describe(const tx_tensor_info *infos, int32_t count) {
    py::list result;
    for (int32_t i = 0; i < count; ++i) {
      py::dict tensor;
      tensor["name"] = infos[i].name;
      tensor["dtype"] = infos[i].dtype == TX_I32 ? "int32" : "float32";
      py::list shape;
      for (int32_t d = 0; d < infos[i].rank; ++d)
        shape.append(infos[i].shape[d]);
      tensor["shape"] = py::tuple(shape);
      tensor["limit"] = infos[i].limit;
      tensor["optional"] = infos[i].optional != 0;
      result.append(tensor);
    }
    return result;
  }

  static tx_tensor view(const py::array &array, bool writable) {
    if (!(array.flags() & py::array::c_style))
      raise("InputError", "arrays must be contiguous in C order");
    if (writable && !array.writeable())
      raise("InputError", "an output array is read-only");
    if (array.ndim() > 4)
      raise("InputError", "arrays must have at most 4 dimensions");
    tx_tensor tensor = {};
    if (py::isinstance<py::array_t<int32_t>>(array))
      tensor.dtype = TX_I32;
    else if (py::isinstance<py::array_t<float>>(array))
      tensor.dtype = TX_F32;
    else
      raise("InputError", "arrays must be int32 or float32");
    tensor.data = const_cast<void *>(array.data());
    tensor.rank = static_cast<int32_t>(array.ndim());
    for (py::ssize_t d = 0; d < array.ndim(); ++d)
      tensor.shape[d] = array.shape(d);
    tensor.capacity = array.nbytes();
    return tensor;
  }

  /// Takes an idle context that is large enough, or makes one, which replaces
  /// the idle ones and has room for what they had: calls of few long sequences
  /// and of many short ones settle on one context.
  tx_status acquire(int64_t tokens, int64_t sequences, SizedContext &result,
                    std::string &error) {
    sequences = std::min(sequences, tokens); // empty sequences are refused
    std::vector<SizedContext> replaced; // gone when the new one has its weights
    {
      std::lock_guard<std::mutex> guard(mutex);
      auto fits = std::find_if(idle.begin(), idle.end(), [&](const auto &c) {
        return c.tokens >= tokens && c.sequences >= sequences;
      });
      if (fits != idle.end()) {
        result = std::move(*fits);
        idle.erase(fits);
        return TX_OK;
      }
      replaced.swap(idle);
    }
    int64_t mostTokens = tokens, mostSequences = sequences;
    for (const SizedContext &context : replaced) {
      mostTokens = std::max(mostTokens, context.tokens);
      mostSequences = std::max(mostSequences, context.sequences);
    }
    tx_status status = create(mostTokens, mostSequences, result, error);
    bool lacks = status == TX_ERROR_MEMORY || status == TX_ERROR_THREAD;
    if (!lacks || replaced.empty())
      return status;
    replaced.clear(); // what they held may be enough
    return create(tokens, sequences, result, error);
  }

  /// Makes a context of these sizes, rounded up to powers of two, so that calls
  /// of varying size settle on few contexts.
  tx_status create(int64_t tokens, int64_t sequences, SizedContext &result,
                   std::string &error) const {
    tx_options options = {};
    options.size = sizeof options;
    options.threads = threads;
    options.max_tokens = std::max<int64_t>(roundUp(tokens), 16);
    options.max_sequences =
        std::min(std::max<int64_t>(roundUp(sequences), 1), options.max_tokens);
    options.weights_mode = weightsMode;
    options.affinity = affinity;
    tx_context *context = nullptr;
    char message[256] = "";
    tx_status status =
        model->create(&options, &context, message, sizeof message);
    error = message;
    result.context = Context(context, ContextDeleter{&*model});
    result.tokens = options.max_tokens;
    result.sequences = options.max_sequences;
    return status;
  }

  static int64_t roundUp(int64_t value) {
    int64_t power = 1;
    while (power < value && power < INT32_MAX / 2)
      power *= 2;
    return std::max(power, value);
  }

  tx_affinity affinity;
  tx_weights_mode weightsMode;
  int threads;
  tx::LoadedModel model;
  std::mutex mutex;
  std::vector<SizedContext> idle; // last: they go before the code they run
};

} // namespace

PYBIND11_MODULE(_runtime, module) {
  module.doc() = "Runs compiled artefacts. Use tx.Program.";
  module.attr("DIM_TOKENS") = TX_DIM_TOKENS;
  module.attr("DIM_SEQUENCES") = TX_DIM_SEQUENCES;
  module.attr("DIM_SEQUENCES_PLUS") = TX_DIM_SEQUENCES_PLUS;
  module.attr("DIM_LENGTH") = TX_DIM_LENGTH;
  py::class_<Artefact>(module, "Artefact")
      .def(py::init<const std::string &, const std::string &, py::int_,
                    const std::string &, const std::string &>(),
           py::arg("path"), py::arg("prefix"), py::arg("threads"),
           py::arg("weights"), py::arg("affinity"))
      .def_property_readonly("metadata", &Artefact::metadata)
      .def_property_readonly("isa", &Artefact::isa)
      .def_property_readonly("weights_size", &Artefact::weightsSize)
      .def_property_readonly("entries", &Artefact::entries)
      .def("run", &Artefact::run, py::arg("entry"), py::arg("inputs"),
           py::arg("outputs"), py::arg("tokens"), py::arg("sequences"));
}
