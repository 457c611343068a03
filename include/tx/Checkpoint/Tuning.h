//===- Tuning.h - Tuning files ----------------------------------*- C++ -*-===//
//
// Schedules of kernels that were measured to be faster than the chosen ones, as
// JSON (docs/cli.md, txc tune). A file is for one instruction set. The reader
// checks form and ranges; whether a schedule fits a target is for the pass that
// applies it.
//
//===----------------------------------------------------------------------===//

#ifndef TX_CHECKPOINT_TUNING_H
#define TX_CHECKPOINT_TUNING_H

#include "tx/Checkpoint/Files.h"
#include "llvm/Support/JSON.h"
#include <vector>

namespace tx {

/// No schedule has numbers beyond these; scratch memory grows with item rows.
inline constexpr int64_t kMaxScheduleNumber = 4096, kMaxStretch = INT32_MAX;

/// The numbers of a #tx.schedule.
struct TunedSchedule {
  int64_t lanes = 0, rows = 0, panels = 0, itemRows = 0;
  int64_t chunk = 0, stretch = 0; ///< 0: the attribute's default

  bool operator==(const TunedSchedule &other) const {
    return lanes == other.lanes && rows == other.rows &&
           panels == other.panels && itemRows == other.itemRows &&
           chunk == other.chunk && stretch == other.stretch;
  }
};
/// As in a tuning file.
llvm::json::Object toJson(const TunedSchedule &schedule);

struct TunedKernel {
  std::string name;             ///< "linear_add"
  std::vector<std::string> ops; ///< "tx.linear", "tx.add"
  TunedSchedule schedule;
  double milliseconds = 0;        ///< of one run, with that schedule
  double defaultMilliseconds = 0; ///< with the one that was not tuned
};

struct TuningFile {
  std::string cpu;              ///< the CPU's name, for readers
  std::string isa;              ///< "x86-64-v4"
  std::vector<int64_t> lengths; ///< of the sequences that were measured
  int64_t threads = 1;
  std::vector<TunedKernel> kernels;

  /// The kernel called `name` that holds `ops`; null without one.
  const TunedKernel *find(llvm::StringRef name,
                          const std::vector<std::string> &ops) const;
};

/// Reads the file at `path`. Errors: File, Malformed.
llvm::Expected<TuningFile> readTuning(llvm::StringRef path);
/// Writes and commits.
llvm::Error writeTuning(const TuningFile &tuning, OutputFile &file);

} // namespace tx

#endif // TX_CHECKPOINT_TUNING_H
