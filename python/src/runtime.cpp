//===- runtime.cpp - tx._runtime: runs compiled artefacts -----------------===//
//
// A thin layer over the C interface (tx_model.h): opens a shared object, keeps
// contexts, passes the buffers of numpy arrays without copying them, and lets
// go of the interpreter lock while a model runs. Links neither LLVM nor MLIR.
//
//===----------------------------------------------------------------------===//

#include "tx/Runtime/tx_model.h"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <vector>

namespace py = pybind11;

namespace {

/// Raises exception `name` of tx.errors.
[[noreturn]] void raise(const char *name, const std::string &message) {
  py::object type = py::module_::import("tx.errors").attr(name);
  PyErr_SetObject(type.ptr(), py::str(message).ptr());
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

/// What ELF calls an architecture that tx makes code for; "" for others.
const char *architectureName(unsigned machine) {
  switch (machine) {
  case EM_X86_64:
    return "x86_64";
  case EM_AARCH64:
    return "aarch64";
  case EM_RISCV:
    return "riscv64";
  default:
    return "";
  }
}

/// Refuses an artefact for another machine, of which the loader says that there
/// is no such file.
void checkMachine(const std::string &path) {
#if defined(__x86_64__)
  constexpr unsigned host = EM_X86_64;
#elif defined(__aarch64__)
  constexpr unsigned host = EM_AARCH64;
#elif defined(__riscv)
  constexpr unsigned host = EM_RISCV;
#endif
  Elf64_Ehdr header = {};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char *>(&header), sizeof header) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return; // the loader knows what is wrong
  const char *name = architectureName(header.e_machine);
  if (*name && header.e_machine != host)
    raise("TargetMismatchError", path + " is for " + name +
                                     ", this machine is " +
                                     architectureName(host));
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

class Artefact {
public:
  Artefact(const std::string &path, const std::string &prefix, int threads,
           const std::string &weights, const std::string &affinity)
      : threads(threads) {
    if (affinity != "none" && affinity != "spread")
      raise("InputError", "affinity must be 'none' or 'spread', not '" + affinity + "'");
    this->affinity = affinity == "spread" ? TX_AFFINITY_SPREAD : TX_AFFINITY_NONE;
    if (weights != "map" && weights != "copy")
      raise("InputError", "weights must be 'map' or 'copy', not '" + weights + "'");
    weightsMode = weights == "copy" ? TX_WEIGHTS_COPY : TX_WEIGHTS_MAP;
    if (threads < 0)
      raise("InputError", "threads must not be negative");
    checkMachine(path);
    handle.reset(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
    if (!handle) {
      const char *reason = dlerror();
      raise("ModelFormatError",
            "cannot load " + path + ": " + (reason ? reason : "unknown reason"));
    }
    std::string symbol = prefix + "_v1";
    auto get = reinterpret_cast<const tx_model *(*)()>(
        dlsym(handle.get(), symbol.c_str()));
    if (!get)
      raise("ModelFormatError",
            path + " is not a compiled model: it has no function " + symbol);
    model = get();
    if (model->abi_version != TX_ABI_VERSION || model->size != sizeof(tx_model))
      raise("ModelFormatError",
            path + " speaks version " + std::to_string(model->abi_version) +
                " of the interface, this package version " +
                std::to_string(TX_ABI_VERSION) + "; compile the model again");
  }

  ~Artefact() { idle.clear(); } // contexts go before the code they run

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
        status = model->run(context.context.get(), index, in.data(), out.data());
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

  /// Takes an idle context that is large enough, or makes one. Sizes grow to
  /// powers of two, so that calls of varying size settle on few contexts.
  tx_status acquire(int64_t tokens, int64_t sequences, SizedContext &result,
                    std::string &error) {
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
      idle.clear(); // all too small: make room for the larger one
    }
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
    tx_status status = model->create(&options, &context, message, sizeof message);
    error = message;
    result.context = Context(context, ContextDeleter{model});
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

  struct LibraryCloser {
    void operator()(void *library) const { dlclose(library); }
  };
  std::unique_ptr<void, LibraryCloser> handle;
  const tx_model *model = nullptr;
  int threads;
  tx_weights_mode weightsMode;
  tx_affinity affinity;
  std::mutex mutex;
  std::vector<SizedContext> idle;
};

} // namespace

PYBIND11_MODULE(_runtime, module) {
  module.doc() = "Runs compiled artefacts. Use tx.Program.";
  module.attr("DIM_TOKENS") = TX_DIM_TOKENS;
  module.attr("DIM_SEQUENCES") = TX_DIM_SEQUENCES;
  module.attr("DIM_SEQUENCES_PLUS") = TX_DIM_SEQUENCES_PLUS;
  module.attr("DIM_LENGTH") = TX_DIM_LENGTH;
  py::class_<Artefact>(module, "Artefact")
      .def(py::init<const std::string &, const std::string &, int,
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
