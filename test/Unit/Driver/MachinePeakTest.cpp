//===- MachinePeakTest.cpp - Tests of the measured ceilings ---------------===//

#include "tx/Driver/Driver.h"
#include <gtest/gtest.h>

using namespace tx;

// Bounds that every machine of the last ten years keeps, busy or not.
TEST(MachinePeak, is_plausible) {
  for (int threads : {0, 1, 2}) {
    MachinePeak peak = measurePeak(threads);
    EXPECT_GT(peak.gflops, 0.5);
    EXPECT_LT(peak.gflops, 2000);
    EXPECT_GT(peak.gigabytesPerSecond, 0.1);
    EXPECT_LT(peak.gigabytesPerSecond, 4000);
    EXPECT_GT(peak.availability, 0);
    EXPECT_LE(peak.availability, 1);
  }
}
