//===- compiler.cpp - tx._compiler: loads and compiles models -------------===//
//
// The driver library (Driver/Driver.h) for Python. Errors become the exceptions
// of tx.errors with their exit codes; the interpreter lock is let go while a
// model compiles.
//
//===----------------------------------------------------------------------===//

#include "tx/Driver/Driver.h"
#include "tx/Runtime/tx_model.h"
#include "tx/Target/CpuTarget.h"

#include "mlir/IR/AsmState.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace py = pybind11;

namespace {

const char *exceptionFor(tx::ExitCode code) {
  switch (code) {
  case tx::ExitCode::File:
    return "FileError";
  case tx::ExitCode::Malformed:
    return "ModelFormatError";
  case tx::ExitCode::Unsupported:
    return "UnsupportedError";
  case tx::ExitCode::Pass:
  case tx::ExitCode::Backend:
    return "CompilationError";
  case tx::ExitCode::Mismatch:
    return "MismatchError";
  case tx::ExitCode::Input:
  case tx::ExitCode::Usage:
    return "InputError";
  default:
    return "Error";
  }
}

[[noreturn]] void raise(llvm::Error error) {
  std::string text;
  tx::ExitCode code = tx::ExitCode::Failure;
  llvm::handleAllErrors(
      std::move(error),
      [&](const tx::Error &e) {
        code = e.getCode();
        text += e.getMessage();
        if (!e.getHint().empty())
          text += ("; " + e.getHint()).str();
      },
      [&](const llvm::ErrorInfoBase &e) { text += e.message(); });
  py::object exception =
      py::module_::import("tx.errors").attr(exceptionFor(code))(text);
  exception.attr("code") = static_cast<int>(code);
  PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
  throw py::error_already_set();
}

tx::Head toHead(const std::string &name) {
  std::optional<tx::Head> head = tx::parseHead(name);
  if (!head)
    raise(tx::makeError(tx::ExitCode::Usage, "unknown head '{0}'", name));
  return *head;
}

/// A model with the context it lives in.
class Model {
public:
  Model(const std::string &path, const std::string &head)
      : context(tx::makeContext()), model(load(path, toHead(head))) {}

  std::string text() {
    py::gil_scoped_release unlocked;
    std::lock_guard<std::mutex> guard(mutex);
    std::string result;
    llvm::raw_string_ostream os(result);
    model.module->print(os);
    return result;
  }

  std::string inspect() {
    py::gil_scoped_release unlocked;
    std::lock_guard<std::mutex> guard(mutex);
    llvm::json::Value value = tx::inspectModel(model);
    std::string result;
    llvm::raw_string_ostream(result) << value;
    return result;
  }

  /// Compiles a copy, so that one model can be compiled more than once. An
  /// empty `cpu` is the module's own target, else this CPU.
  void compile(const std::string &output, const std::string &cpu,
               const std::vector<std::string> &cpuVariants,
               const std::string &precision, int threads, bool verify,
               const std::string &tuning) {
    if (!cpu.empty() && !cpuVariants.empty())
      raise(tx::makeError(tx::ExitCode::Usage,
                          "cpu_variants takes the place of cpu"));
    if (threads < 1 || threads > TX_MAX_THREADS)
      raise(tx::makeError(tx::ExitCode::Usage,
                          "threads is {0}, expected 1 to {1}", threads,
                          TX_MAX_THREADS));
    if (precision != "f32" && precision != "bf16")
      raise(tx::makeError(tx::ExitCode::Usage,
                          "precision is '{0}', expected f32 or bf16",
                          precision));
    llvm::Error error = llvm::Error::success();
    {
      py::gil_scoped_release unlocked;
      std::lock_guard<std::mutex> guard(mutex);
      tx::Model copy;
      copy.module = model.module->clone();
      copy.paramRoot = model.paramRoot;
      copy.phase = model.phase;
      tx::CompileOptions options;
      options.cpu = cpu;
      options.cpuVariants = cpuVariants;
      if (precision == "bf16") // else f32, or what the module has decided
        options.precision = tx::Precision::BF16;
      options.emit.threads = threads;
      options.verify = verify;
      options.tuning = tuning;
      error = tx::compileModel(copy, output, options);
    }
    if (error)
      raise(std::move(error));
  }

private:
  tx::Model load(const std::string &path, tx::Head head) {
    py::gil_scoped_release unlocked;
    llvm::Expected<tx::Model> loaded = tx::loadModel(path, head, "", *context);
    if (!loaded) {
      py::gil_scoped_acquire locked;
      raise(loaded.takeError());
    }
    return std::move(*loaded);
  }

  /// One thread at a time: even printing adds to what the context has, and what
  /// is added has no lock of its own.
  std::mutex mutex;
  std::unique_ptr<mlir::MLIRContext> context;
  tx::Model model;
};

} // namespace

PYBIND11_MODULE(_compiler, module) {
  module.doc() = "Loads and compiles models. Use tx.load.";
  py::class_<Model>(module, "Model")
      .def("text", &Model::text)
      .def("inspect", &Model::inspect)
      .def("compile", &Model::compile, py::arg("output"), py::arg("cpu"),
           py::arg("cpu_variants"), py::arg("precision"), py::arg("threads"),
           py::arg("verify"), py::arg("tuning"));
  module.def(
      "load",
      [](const std::string &path, const std::string &head) {
        return std::make_unique<Model>(path, head);
      },
      py::arg("path"), py::arg("head"));
  module.def(
      "measure_peak",
      [](int threads) {
        py::gil_scoped_release unlocked;
        tx::MachinePeak peak = tx::measurePeak(threads);
        return std::make_pair(peak.gflops, peak.gigabytesPerSecond);
      },
      py::arg("threads"));
  module.def("cpu_name", tx::getHostName);
}
