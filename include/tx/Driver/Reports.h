//===- Reports.h - What verbs of txc say ------------------------*- C++ -*-===//
//
// Each report is a JSON value first; the text is printed from it, so that both
// say the same.
//
//===----------------------------------------------------------------------===//

#ifndef TX_DRIVER_REPORTS_H
#define TX_DRIVER_REPORTS_H

#include "tx/Driver/Driver.h"

namespace tx {

struct BenchOptions {
  std::vector<int64_t> lengths; ///< of the sequences of one batch
  std::vector<int> threads; ///< of each series; none: the artefact's default
  tx_affinity affinity = TX_AFFINITY_NONE;
  tx_weights_mode weights = TX_WEIGHTS_MAP;
  int rounds = 20;
};

/// Runs a batch of random ids through entry "packed", the machine's peak
/// measured beside each round: latency, tokens and FLOPs a second, share of the
/// peak and of the roofline, time of each kernel and of what is not a kernel.
/// Several numbers of threads take turns; from the second on, the report has
/// how each scales from the first, and how the peak does.
llvm::Expected<llvm::json::Value> bench(const LoadedModel &model,
                                        llvm::StringRef name,
                                        const BenchOptions &options);
void printBench(const llvm::json::Value &report, llvm::raw_ostream &os);

struct TuneOptions {
  std::vector<int64_t> lengths; ///< of the sequences of one batch
  int threads = 1;
  int rounds = 7;
  /// Called before each comparison: what competes, which one it is, of how
  /// many; null: nothing.
  std::function<void(llvm::StringRef, int, int)> progress;
};

/// Measures candidate schedules of `model`'s products on this machine and
/// writes those that win to the tuning file `output`. The report has all that
/// was tried.
llvm::Expected<llvm::json::Value>
tune(const Model &model, llvm::StringRef output, const TuneOptions &options);
void printTuning(const llvm::json::Value &report, llvm::raw_ostream &os);

/// The report of compileModel: kernels, their ops, calls and schedules, and
/// what is not part of them.
void printFusion(const llvm::json::Value &report, llvm::raw_ostream &os);

/// What is in a model folder, a .mlir or .mlirbc file, an artefact or a
/// .safetensors file.
llvm::Expected<llvm::json::Value> inspect(llvm::StringRef path, Head head,
                                          llvm::StringRef symbolPrefix,
                                          mlir::MLIRContext &context);
void printInspection(const llvm::json::Value &report, llvm::raw_ostream &os);

/// The machine: CPU, instruction set, CPUs available, peak, huge pages.
llvm::json::Value examineMachine();
void printMachine(const llvm::json::Value &report, llvm::raw_ostream &os);

} // namespace tx

#endif // TX_DRIVER_REPORTS_H
