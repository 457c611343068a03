//===- KernelHarness.h - Running single kernels in tests --------*- C++ -*-===//
//
// Kernels as text, through the passes of phase `lower` and LLVM, into this
// process, where they run on buffers that end at guard pages.
//
//===----------------------------------------------------------------------===//

#ifndef TX_TEST_UNIT_CODEGEN_KERNELHARNESS_H
#define TX_TEST_UNIT_CODEGEN_KERNELHARNESS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "gtest/gtest.h"
#include <functional>
#include <memory>
#include <random>

namespace tx::test {

/// Elements of four bytes whose memory ends, and within a page begins, where
/// touching it is a fault. They start as NaN (as i32, not a plausible index).
class GuardedTensor {
public:
  explicit GuardedTensor(std::initializer_list<int64_t> sizes);
  GuardedTensor(std::initializer_list<int64_t> sizes,
                llvm::ArrayRef<float> values);
  GuardedTensor(std::initializer_list<int64_t> sizes,
                llvm::ArrayRef<int32_t> values);
  GuardedTensor(GuardedTensor &&other);
  GuardedTensor(const GuardedTensor &) = delete;
  ~GuardedTensor();

  llvm::ArrayRef<int64_t> sizes() const { return shape; }
  /// Changes what kernels are told, not the memory: for weights in panels,
  /// which are more elements than their sizes say.
  void setSizes(std::initializer_list<int64_t> sizes) { shape = sizes; }
  int64_t size() const { return count; }
  llvm::MutableArrayRef<float> floats() const {
    return {static_cast<float *>(elements), static_cast<size_t>(count)};
  }
  llvm::MutableArrayRef<int32_t> ints() const {
    return {static_cast<int32_t *>(elements), static_cast<size_t>(count)};
  }

private:
  llvm::SmallVector<int64_t> shape;
  int64_t count;
  size_t mappedBytes;
  void *mapping, *elements;
};

/// The vector widths that kernels are made for.
struct KernelIsa {
  int64_t lanes;
  const char *isa;
  const char *unit = "fma"; ///< that multiplies bf16
  bool isEmulated = false;  ///< the unit is that of EmulateUnits.h
};

/// 4 lanes, as other architectures have them, and 8 lanes of x86-64-v3, and 16
/// lanes: of x86-64-v4 if this machine has it, else two registers of v3 each.
llvm::ArrayRef<KernelIsa> getKernelIsas();
/// "lanes4": the name of a suite's instance for one of them, by number.
std::string getIsaName(const testing::TestParamInfo<int> &number);

class KernelLibrary {
public:
  /// Compiles the tx.kernel ops of `text`, which has `LANES` and `UNIT` where
  /// schedules say theirs. A failure fails the test; nothing can be run then.
  KernelLibrary(llvm::StringRef text, KernelIsa isa);
  ~KernelLibrary();

  /// The work items of `kernel` on `arguments`, its operands and results.
  int64_t countItems(llvm::StringRef kernel,
                     llvm::ArrayRef<const GuardedTensor *> arguments);
  /// Runs all items, `parts` runs of consecutive ones, the last first.
  void run(llvm::StringRef kernel,
           llvm::ArrayRef<const GuardedTensor *> arguments, int64_t parts = 1);

  /// The address of a function; null, and a failed test, if there is none.
  void *lookUp(const std::string &symbol);

private:
  struct Jit;
  std::unique_ptr<Jit> jit;
  int64_t scratchBytes = 0;
};

/// `count` values around zero, with standard deviation `scale`.
std::vector<float> randomFloats(std::mt19937 &engine, int64_t count,
                                float scale = 1);
/// `count` values of [0, limit).
std::vector<int32_t> randomInts(std::mt19937 &engine, int64_t count,
                                int32_t limit);

/// Whether every element is within `tolerance` x (the largest expected
/// magnitude) of what is expected.
testing::AssertionResult areClose(llvm::ArrayRef<float> actual,
                                  llvm::ArrayRef<double> expected,
                                  double tolerance);
/// Whether both hold the same bits.
testing::AssertionResult areIdentical(const GuardedTensor &actual,
                                      const GuardedTensor &expected);

} // namespace tx::test

#endif // TX_TEST_UNIT_CODEGEN_KERNELHARNESS_H
