//===- Session.h - A context of an artefact ---------------------*- C++ -*-===//

#ifndef TX_LIB_DRIVER_SESSION_H
#define TX_LIB_DRIVER_SESSION_H

#include "tx/Driver/Driver.h"

namespace tx {

/// One entry of an artefact, inputs bound and outputs allocated.
class Session {
public:
  /// `model` and `inputs` must outlive the session.
  static llvm::Expected<Session> create(const tx_model &model,
                                        llvm::StringRef entry,
                                        const NamedTensors &inputs, int threads,
                                        tx_affinity affinity = TX_AFFINITY_NONE,
                                        bool profile = false);

  llvm::Error run();
  NamedTensors takeOutputs();
  /// Of a session that profiles.
  std::vector<tx_kernel_time> getKernelTimes() const;
  const tx_entry_info &getEntry() const { return *entry; }

private:
  Session() = default;
  llvm::Error bindInputs(const NamedTensors &named);
  void allocateOutputs();
  int64_t sizeOf(int64_t code) const;

  struct Deleter {
    const tx_model *model;
    void operator()(tx_context *context) const { model->destroy(context); }
  };

  const tx_model *model = nullptr;
  const tx_entry_info *entry = nullptr;
  int32_t index = 0;
  int64_t tokens = 1, sequences = 1, length = 0;
  std::unique_ptr<tx_context, Deleter> context{nullptr, {nullptr}};
  std::vector<tx_tensor> inputs, outputs;
  std::vector<Tensor> values;
};

} // namespace tx

#endif // TX_LIB_DRIVER_SESSION_H
