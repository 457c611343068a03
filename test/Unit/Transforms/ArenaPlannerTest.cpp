//===- ArenaPlannerTest.cpp - Buffers of one arena ------------------------===//

#include "lib/Transforms/Schedule/ArenaPlanner.h"
#include <gtest/gtest.h>
#include <random>

using namespace tx;

static bool overlap(const Buffer &a, const Buffer &b) {
  return a.livesWith(b) && a.offset < b.offset + b.size &&
         b.offset < a.offset + a.size;
}

/// The most bytes that are alive at one step: no plan can do with less.
static int64_t getLowerBound(const std::vector<Buffer> &buffers) {
  int64_t bound = 0;
  for (const Buffer &at : buffers) {
    int64_t alive = 0;
    for (const Buffer &buffer : buffers)
      if (buffer.begin <= at.begin && at.begin <= buffer.end)
        alive += buffer.size;
    bound = std::max(bound, alive);
  }
  return bound;
}

TEST(ArenaPlanner, empty_arena_needs_nothing) {
  std::vector<Buffer> buffers;
  EXPECT_EQ(planArena(buffers), 0);
}

TEST(ArenaPlanner, operand_and_result_of_a_step_do_not_overlap) {
  std::vector<Buffer> buffers{{32, 0, 1}, {32, 1, 2}};
  EXPECT_EQ(planArena(buffers), 64);
}

TEST(ArenaPlanner, later_buffer_takes_the_bytes_of_an_earlier_one) {
  std::vector<Buffer> buffers{{32, 0, 1}, {32, 1, 2}, {32, 2, 3}};
  EXPECT_EQ(planArena(buffers), 64);
  EXPECT_EQ(buffers[0].offset, buffers[2].offset);
}

TEST(ArenaPlanner, smallest_gap_that_fits_is_taken) {
  // At step 5 live: one of 100 at 0, gap of 40, one of 90, gap of 20 (between
  // buffers that are there from before), one of 80.
  std::vector<Buffer> buffers{{100, 0, 9}, {95, 0, 3}, {90, 0, 9},
                              {85, 0, 3},  {80, 0, 9}, {70, 5, 9}};
  EXPECT_EQ(planArena(buffers), 100 + 95 + 90 + 85 + 80);
  EXPECT_EQ(buffers[5].offset, buffers[3].offset);
}

TEST(ArenaPlanner, random_plans_never_overlap) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<Buffer> buffers(1 + random() % 40);
    for (Buffer &buffer : buffers) {
      buffer.size = 4 * (1 + random() % 100);
      buffer.begin = random() % 50;
      buffer.end = buffer.begin + random() % 10;
    }
    int64_t total = planArena(buffers);
    EXPECT_GE(total, getLowerBound(buffers)) << "seed " << seed;
    for (size_t a = 0; a < buffers.size(); ++a) {
      EXPECT_GE(buffers[a].offset, 0);
      EXPECT_LE(buffers[a].offset + buffers[a].size, total);
      for (size_t b = 0; b < a; ++b)
        ASSERT_FALSE(overlap(buffers[a], buffers[b]))
            << "seed " << seed << ", buffers " << b << " and " << a;
    }
  }
}
