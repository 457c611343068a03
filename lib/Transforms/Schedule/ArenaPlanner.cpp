//===- ArenaPlanner.cpp - Buffers of one arena ----------------------------===//

#include "ArenaPlanner.h"
#include <algorithm>

using namespace tx;

/// The start of the smallest gap among `neighbours`, ordered by offset, that
/// holds `size` bytes; their end if there is none.
static int64_t findGap(const std::vector<const Buffer *> &neighbours,
                       int64_t size) {
  int64_t end = 0, best = -1, bestSize = 0;
  for (const Buffer *neighbour : neighbours) {
    int64_t gap = neighbour->offset - end;
    if (gap >= size && (best < 0 || gap < bestSize)) {
      best = end;
      bestSize = gap;
    }
    end = std::max(end, neighbour->offset + neighbour->size);
  }
  return best < 0 ? end : best;
}

int64_t tx::planArena(std::vector<Buffer> &buffers) {
  std::vector<Buffer *> bySize;
  for (Buffer &buffer : buffers)
    bySize.push_back(&buffer);
  // Buffers of one size keep program order, so plans are reproducible.
  std::sort(bySize.begin(), bySize.end(), [](const Buffer *a, const Buffer *b) {
    return a->size != b->size ? a->size > b->size : a < b;
  });

  int64_t total = 0;
  std::vector<const Buffer *> placed; // by offset
  for (Buffer *buffer : bySize) {
    std::vector<const Buffer *> neighbours;
    std::copy_if(
        placed.begin(), placed.end(), std::back_inserter(neighbours),
        [&](const Buffer *other) { return other->livesWith(*buffer); });
    buffer->offset = findGap(neighbours, buffer->size);
    total = std::max(total, buffer->offset + buffer->size);
    auto position = std::upper_bound(
        placed.begin(), placed.end(), buffer,
        [](const Buffer *a, const Buffer *b) { return a->offset < b->offset; });
    placed.insert(position, buffer);
  }
  return total;
}
