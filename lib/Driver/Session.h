//===- Session.h - A context of an artefact ---------------------*- C++ -*-===//

#ifndef TX_LIB_DRIVER_SESSION_H
#define TX_LIB_DRIVER_SESSION_H

#include "Batch.h"

namespace tx {

/// How a session runs.
struct SessionOptions {
  int threads = 0; ///< 0: the artefact's default
  tx_affinity affinity = TX_AFFINITY_NONE;
  tx_weights_mode weights = TX_WEIGHTS_MAP;
  bool profile = false; ///< time kernels
};

/// A kernel in one run.
struct KernelRun {
  llvm::StringRef name; ///< the artefact's
  int64_t calls;
  double seconds; ///< of all calls
};

struct ProfiledRun {
  double seconds;                 ///< from call to return
  std::vector<KernelRun> kernels; ///< all of the artefact
};

/// One entry of an artefact, inputs bound and outputs allocated.
class Session {
public:
  /// `model` and `inputs` must outlive the session.
  static llvm::Expected<Session> create(const tx_model &model,
                                        llvm::StringRef entry,
                                        const NamedTensors &inputs,
                                        const SessionOptions &options);

  llvm::Error run();
  /// Runs a session that profiles.
  llvm::Expected<ProfiledRun> runProfiled();
  NamedTensors takeOutputs();
  const tx_entry_info &getEntry() const { return *entry; }

private:
  Session() = default;
  std::vector<tx_kernel_time> getKernelTimes() const;
  llvm::Error bindInputs(const NamedTensors &named);
  llvm::Error allocateOutputs();

  struct Deleter {
    const tx_model *model;
    void operator()(tx_context *context) const { model->destroy(context); }
  };

  const tx_model *model = nullptr;
  const tx_entry_info *entry = nullptr;
  int32_t index = 0;
  BatchSizes sizes;
  std::unique_ptr<tx_context, Deleter> context{nullptr, {nullptr}};
  std::vector<tx_tensor> inputs, outputs;
  std::vector<Tensor> values;
};

} // namespace tx

#endif // TX_LIB_DRIVER_SESSION_H
