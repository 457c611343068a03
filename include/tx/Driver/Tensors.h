//===- Tensors.h - Inputs and outputs of runs in files ----------*- C++ -*-===//

#ifndef TX_DRIVER_TENSORS_H
#define TX_DRIVER_TENSORS_H

#include "tx/Driver/Driver.h"

namespace tx {

/// Reads inputs: inline JSON (`{"input_ids": [[101, 102]]}`), a .safetensors
/// file, a JSON file, or `-` for JSON on standard input. A list of lists of
/// unequal lengths becomes packed tokens and their offsets; a flat list one
/// packed sequence.
llvm::Expected<NamedTensors> readInputs(llvm::StringRef spec);

/// The entry that takes `inputs`: "packed" if input_ids has rank 1.
llvm::Expected<std::string> chooseEntry(const NamedTensors &inputs);

/// Fails unless `path` is a name that writeOutputs takes, or `-`.
llvm::Error checkOutputName(llvm::StringRef path);

/// Writes outputs to a .safetensors or .json file.
llvm::Error writeOutputs(const NamedTensors &outputs, llvm::StringRef path);

/// {"logits": {"shape": [1, 2], "data": [[0.5, -0.5]]}}. JSON has no infinities
/// and NaNs: they become null.
llvm::json::Value toJson(const NamedTensors &outputs);

/// Name, shape and the first values of each output.
void printOutputs(const NamedTensors &outputs, llvm::raw_ostream &os);

} // namespace tx

#endif // TX_DRIVER_TENSORS_H
