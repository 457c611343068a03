//===- PoolTest.cpp - Tests of the worker threads -------------------------===//
//
// The pool alone, without an artefact around it. Its file is part of this
// program; the one function it needs of its neighbours is below.
//
//===----------------------------------------------------------------------===//

extern "C" {
#include "lib/Runtime/Runtime.h"
}

#include <atomic>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern "C" tx_status tx_fail(tx_message message, tx_status status,
                             const char *format, ...) {
  va_list values;
  va_start(values, format);
  vsnprintf(message.text, message.size, format, values);
  va_end(values);
  return status;
}

namespace {
constexpr int64_t kScratchBytes = 64;

class Pool {
public:
  explicit Pool(int threads, tx_affinity affinity = TX_AFFINITY_NONE)
      : memory(tx_pool_bytes(threads) + 64), scratch(threads * kScratchBytes) {
    uintptr_t address = reinterpret_cast<uintptr_t>(memory.data());
    pool = reinterpret_cast<tx_pool *>((address + 63) / 64 * 64);
    status = tx_pool_start(pool, threads, affinity, scratch.data(),
                           kScratchBytes, nullptr, nullptr, getMessage());
  }
  ~Pool() {
    if (status == TX_OK)
      tx_pool_stop(pool);
  }

  tx_status begin() { return tx_pool_begin_call(pool, getMessage()); }
  /// How often a task of `items` items ran each of them.
  std::vector<int> run(int64_t items) {
    Counts counts(items);
    runKernel(count, reinterpret_cast<int64_t>(&counts), items);
    return {counts.begin(), counts.end()};
  }
  void runKernel(tx_kernel_fn kernel, int64_t argument, int64_t items) {
    int64_t args[] = {argument};
    tx_pool_run(pool, kernel, args, items, /*kernel_index=*/0);
  }
  tx_status getStatus() const { return status; }
  std::string getError() const { return error; }

private:
  using Counts = std::vector<std::atomic<int>>;

  static void count(const int64_t *args, int64_t begin, int64_t end,
                    void *scratch) {
    *static_cast<int64_t *>(scratch) += end - begin; // nobody else's
    for (int64_t i = begin; i < end; ++i)
      ++(*reinterpret_cast<Counts *>(args[0]))[i];
  }
  tx_message getMessage() { return {error, sizeof error}; }

  std::vector<char> memory, scratch;
  tx_pool *pool;
  char error[TX_ERROR_BYTES] = "";
  tx_status status;
};
} // namespace

static std::vector<int> once(int64_t items) {
  return std::vector<int>(items, 1);
}

/// Moves this thread to `cpu`.
static void runOn(int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
}

TEST(Pool, runs_every_item_once) {
  for (int threads : {1, 2, 3, 8}) {
    Pool pool(threads);
    ASSERT_EQ(pool.getStatus(), TX_OK) << pool.getError();
    for (int round = 0; round < 200; ++round)
      for (int64_t items : {0, 1, 2, 7, 8, 1000})
        ASSERT_EQ(pool.run(items), once(items)) << threads << " " << round;
  }
}

// Workers sleep by then, and with one CPU come late to most tasks.
TEST(Pool, runs_every_item_once_when_workers_are_late) {
  Pool pool(4);
  ASSERT_EQ(pool.getStatus(), TX_OK) << pool.getError();
  for (int round = 0; round < 100; ++round) {
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    ASSERT_EQ(pool.begin(), TX_OK);
    for (int task = 0; task < 20; ++task)
      ASSERT_EQ(pool.run(5 + task), once(5 + task));
  }
  cpu_set_t all;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  runOn(sched_getcpu());
  {
    Pool crowded(4); // on the caller's CPU
    for (int task = 0; task < 200; ++task)
      EXPECT_EQ(crowded.run(9), once(9));
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof all, &all), 0);
}

// The number of a task is kept in 14 bits.
TEST(Pool, runs_on_when_task_numbers_wrap) {
  Pool pool(2);
  for (int task = 0; task < 40000; ++task)
    ASSERT_EQ(pool.run(3), once(3)) << task;
}

/// Whether `check` is true in a forked child.
template <typename Check>
static bool holdsInChild(Check check) {
  pid_t child = fork();
  if (child == 0)
    _exit(check() ? 0 : 1);
  int result = -1;
  return child > 0 && waitpid(child, &result, 0) == child && result == 0;
}

namespace {
/// Workers on CPUs of their own.
class SpreadPool : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
    if (CPU_COUNT(&all) < 2)
      GTEST_SKIP() << "this thread may run on one CPU only";
  }
  cpu_set_t all; ///< that this thread may run on
};
} // namespace

TEST(Pool, has_workers_in_a_forked_child) {
  Pool pool(3);
  ASSERT_EQ(pool.run(50), once(50));
  EXPECT_TRUE(holdsInChild(
      [&] { return pool.begin() == TX_OK && pool.run(50) == once(50); }));
  EXPECT_EQ(pool.run(50), once(50));
}

TEST_F(SpreadPool, a_forked_child_tries_again_what_failed) {
  Pool pool(2, TX_AFFINITY_SPREAD);
  ASSERT_EQ(pool.getStatus(), TX_OK) << pool.getError();
  EXPECT_TRUE(holdsInChild([&] {
    runOn(sched_getcpu());
    bool isGood = pool.begin() == TX_ERROR_THREAD;
    isGood &= pool.begin() == TX_ERROR_THREAD;
    sched_setaffinity(0, sizeof all, &all);
    return isGood && pool.begin() == TX_OK && pool.run(50) == once(50);
  }));
}

/// Whether SIGTERM could interrupt the threads that a task's items ran on.
struct Signals {
  std::atomic<bool> caller{false}, worker{false}, wasWorker{false};
  std::thread::id callerThread = std::this_thread::get_id();
};
static void findSignals(const int64_t *args, int64_t, int64_t, void *) {
  auto *signals = reinterpret_cast<Signals *>(args[0]);
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  bool isOpen = !sigismember(&blocked, SIGTERM);
  bool isCaller = std::this_thread::get_id() == signals->callerThread;
  (isCaller ? signals->caller : signals->worker) = isOpen;
  if (!isCaller)
    signals->wasWorker = !sigismember(&blocked, SIGSEGV);
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(Pool, leaves_signals_to_the_program) {
  Pool pool(2);
  ASSERT_EQ(pool.getStatus(), TX_OK) << pool.getError();
  Signals signals;
  for (int round = 0; round < 100 && !signals.wasWorker; ++round)
    pool.runKernel(findSignals, reinterpret_cast<int64_t>(&signals), 8);
  EXPECT_TRUE(signals.wasWorker);
  EXPECT_TRUE(signals.caller);
  EXPECT_FALSE(signals.worker);
}

TEST(Pool, stops_while_workers_spin_or_sleep) {
  for (int round = 0; round < 50; ++round) {
    Pool pool(4);
    ASSERT_EQ(pool.getStatus(), TX_OK);
    if (round % 2)
      pool.run(10);
    if (round % 3 == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

/// Where the items of a task ran: on the caller's CPU and the workers'.
struct Places {
  std::atomic<int> caller{-1}, worker{-1};
  std::thread::id callerThread = std::this_thread::get_id();
};
static void findPlaces(const int64_t *args, int64_t, int64_t, void *) {
  auto *places = reinterpret_cast<Places *>(args[0]);
  bool isCaller = std::this_thread::get_id() == places->callerThread;
  (isCaller ? places->caller : places->worker) = sched_getcpu();
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST_F(SpreadPool, workers_leave_the_cpu_that_the_caller_moves_to) {
  Pool pool(2, TX_AFFINITY_SPREAD);
  ASSERT_EQ(pool.getStatus(), TX_OK) << pool.getError();
  for (int round = 0; round < 20; ++round) {
    Places before, after;
    pool.runKernel(findPlaces, reinterpret_cast<int64_t>(&before), 40);
    ASSERT_GE(before.worker, 0);
    runOn(before.worker);
    ASSERT_EQ(pool.begin(), TX_OK);
    pool.runKernel(findPlaces, reinterpret_cast<int64_t>(&after), 40);
    EXPECT_EQ(after.caller, before.worker);
    EXPECT_GE(after.worker, 0);
    EXPECT_NE(after.worker, after.caller);
    ASSERT_EQ(sched_setaffinity(0, sizeof all, &all), 0);
  }
}

TEST(Pool, tells_that_cpus_are_few) {
  Pool pool(1000, TX_AFFINITY_SPREAD);
  EXPECT_EQ(pool.getStatus(), TX_ERROR_THREAD);
  EXPECT_NE(pool.getError().find("1000 threads cannot have a CPU each"),
            std::string::npos)
      << pool.getError();
}
