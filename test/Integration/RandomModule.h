//===- RandomModule.h - Generator of tx modules -----------------*- C++ -*-===//
//
// Valid small modules of one entry: a random chain of ops of random widths, odd
// ones too, with parameters as literals, and inputs that fit. The same seed
// gives the same module everywhere.
//
//===----------------------------------------------------------------------===//

#ifndef TX_TEST_INTEGRATION_RANDOMMODULE_H
#define TX_TEST_INTEGRATION_RANDOMMODULE_H

#include "tx/Driver/Driver.h"

namespace tx::test {

struct RandomModule {
  std::string entry; ///< "packed" or "padded"
  std::string text;  ///< of the module
  NamedTensors inputs;
};

RandomModule makeRandomModule(uint32_t seed);

} // namespace tx::test

#endif // TX_TEST_INTEGRATION_RANDOMMODULE_H
