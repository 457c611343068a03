//===- ArenaPlanner.h - Buffers of one arena --------------------*- C++ -*-===//

#ifndef TX_LIB_TRANSFORMS_SCHEDULE_ARENAPLANNER_H
#define TX_LIB_TRANSFORMS_SCHEDULE_ARENAPLANNER_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tx {

/// Bytes that are needed from step `begin` to step `end`, both included.
struct Buffer {
  int64_t size;
  unsigned begin, end;
  int64_t offset = 0; ///< planned

  bool livesWith(const Buffer &other) const {
    return begin <= other.end && other.begin <= end;
  }
};

/// Sets offsets so that buffers that live at the same time do not overlap, and
/// returns the end of the last. Best fit by decreasing size (Pisarchyk and Lee
/// 2020, "greedy by size"): the largest buffers, which decide the total, meet
/// an empty arena.
int64_t planArena(std::vector<Buffer> &buffers);

} // namespace tx

#endif // TX_LIB_TRANSFORMS_SCHEDULE_ARENAPLANNER_H
