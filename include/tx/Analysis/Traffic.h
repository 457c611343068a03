//===- Traffic.h - Bytes that kernels move ----------------------*- C++ -*-===//
//
// The least that a kernel must read and write: each operand and each result
// once. With the FLOPs it gives the kernel's place under the roofline (Williams
// et al. 2009).
//
//===----------------------------------------------------------------------===//

#ifndef TX_ANALYSIS_TRAFFIC_H
#define TX_ANALYSIS_TRAFFIC_H

#include "tx/Analysis/TokenDims.h"

namespace tx {

/// Bytes of a call: token * T + sequence * B + fixed.
struct TrafficCount {
  int64_t token = 0;
  int64_t sequence = 0;
  int64_t fixed = 0; ///< parameters, mostly

  TrafficCount &operator+=(const TrafficCount &other) {
    token += other.token;
    sequence += other.sequence;
    fixed += other.fixed;
    return *this;
  }
};

/// What `call` of `kernel` reads and writes. Of a table that rows are gathered
/// from, as many rows count as are gathered. Values of two dynamic sizes, which
/// only the border of padded entries has, do not count.
TrafficCount getTraffic(CallOp call, KernelOp kernel, const TokenDims &dims);

} // namespace tx

#endif // TX_ANALYSIS_TRAFFIC_H
