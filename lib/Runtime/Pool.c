/*===- Pool.c - Worker threads of a context -------------------------------===*\
|*                                                                            *|
|* One fork and join per kernel. The caller opens a task, works on it itself, *|
|* closes it when nothing is left to take, and waits for those who have begun *|
|* to work: a worker that comes late, because it slept or its CPU does        *|
|* something else, is not waited for. Workers spin a short while for the next *|
|* task and then sleep (futex), so an idle pool costs nothing; the start of a *|
|* call wakes them, ahead of its first kernel. Each thread has a share of     *|
|* the items, consecutive ones and in every kernel about the same rows, whose *|
|* data thus stay in its caches; it takes runs of it that shrink with what is *|
|* left, then runs of what others have left (Markatos and LeBlanc 1994,       *|
|* "affinity scheduling"): a thread that is held up costs one item at the     *|
|* end, not a share of all. Which thread computes an item never changes what  *|
|* it computes.                                                               *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Runtime.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
  SPINS = 2000 /* some tens of microseconds */
};

/* The items of a thread that nobody has taken. */
typedef struct tx_share {
  _Alignas(64) int64_t next;
  int64_t end;
} tx_share;

typedef struct tx_worker {
  tx_pool *pool;
  pthread_t thread;
  int32_t index;
  int32_t cpu; /* to stay on; negative: any */
} tx_worker;

/* A pool's state: the workers at its task, and flags; above them the number of
   the task, which may wrap: a worker that takes a task for the one it has just
   done only leaves it to others. */
enum { WORKERS = 0xffff, OPEN = 1 << 16, STOP = 1 << 17, TASK = 1 << 18 };

struct tx_pool {
  /* What the threads wait for, and the task, which nobody reads before the
     state has counted it and nobody writes while it counts anyone. */
  _Alignas(64) uint32_t state;
  tx_kernel_fn kernel;
  const int64_t *args;
  _Alignas(64) uint32_t sleepers; /* workers */
  uint32_t is_joining;            /* the caller sleeps until all have left */

  _Alignas(64) int32_t threads;
  int32_t started;
  tx_affinity affinity;
  int32_t caller_cpu; /* with affinity: the last that the caller was seen on */
  char *scratch;
  int64_t scratch_bytes;
  int64_t *kernel_ns, *kernel_calls; /* null: not timed */
  pid_t process;                     /* that has the workers */
  tx_share *shares;                  /* of all threads */
  tx_worker workers[];
};

/* Where the shares begin, behind the workers. */
static size_t shares_offset(int32_t threads) {
  size_t bytes = sizeof(tx_pool) + sizeof(tx_worker) * (size_t)threads;
  return (bytes + TX_ALIGNMENT - 1) & ~(size_t)(TX_ALIGNMENT - 1);
}

size_t tx_pool_bytes(int32_t threads) {
  return shares_offset(threads) + sizeof(tx_share) * (size_t)threads;
}

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  __asm__ volatile("" ::: "memory");
#endif
}

void tx_wait_while(uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

void tx_wake_all(uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

/* Takes runs of a share until nothing is left: half of it each time. */
static void work_on(tx_pool *pool, tx_share *share, char *scratch) {
  int64_t begin = __atomic_load_n(&share->next, __ATOMIC_RELAXED);
  while (begin < share->end) {
    int64_t end = begin + (share->end - begin + 1) / 2;
    if (!__atomic_compare_exchange_n(&share->next, &begin, end, /*weak=*/1,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      continue; /* `begin` is now what another thread has left */
    pool->kernel(pool->args, begin, end, scratch);
    begin = __atomic_load_n(&share->next, __ATOMIC_RELAXED);
  }
}

/* Works on the thread's own share, then on what others have left of theirs. */
static void work(tx_pool *pool, int32_t thread) {
  char *scratch = pool->scratch + thread * pool->scratch_bytes;
  for (int32_t i = 0; i < pool->threads; ++i) {
    int32_t owner = thread + i;
    if (owner >= pool->threads)
      owner -= pool->threads;
    work_on(pool, &pool->shares[owner], scratch);
  }
}

/* Joins the workers at the next task, a new one since state `seen`, and returns
   the state then; the pool may have stopped instead. */
static uint32_t await_task(tx_pool *pool, uint32_t seen) {
  for (int spins = 0;; ++spins) {
    uint32_t state = __atomic_load_n(&pool->state, __ATOMIC_ACQUIRE);
    if (state & STOP)
      return state;
    if ((state & OPEN) && state / TASK != seen / TASK) {
      if (__atomic_compare_exchange_n(&pool->state, &state, state + 1,
                                      /*weak=*/1, __ATOMIC_ACQUIRE,
                                      __ATOMIC_RELAXED))
        return state;
      continue;
    }
    if (spins < SPINS) {
      relax();
      continue;
    }
    __atomic_fetch_add(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&pool->state, __ATOMIC_SEQ_CST) == state)
      tx_wait_while(&pool->state, state);
    __atomic_fetch_sub(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    spins = 0;
  }
}

/* The last worker to leave a closed task wakes the caller if it sleeps. */
static void leave_task(tx_pool *pool) {
  uint32_t state = __atomic_sub_fetch(&pool->state, 1, __ATOMIC_SEQ_CST);
  if ((state & (WORKERS | OPEN)) == 0 &&
      __atomic_load_n(&pool->is_joining, __ATOMIC_SEQ_CST))
    tx_wake_all(&pool->state);
}

static void *worker_main(void *argument) {
  tx_worker *worker = argument;
  tx_pool *pool = worker->pool;
  uint32_t seen = 0;
  for (;;) {
    seen = await_task(pool, seen);
    if (seen & STOP)
      return NULL;
    work(pool, worker->index);
    leave_task(pool);
  }
}

static void wake_workers(tx_pool *pool) {
  if (__atomic_load_n(&pool->sleepers, __ATOMIC_SEQ_CST) != 0)
    tx_wake_all(&pool->state);
}

/* Lets workers begin the task that was just written. Nobody is at one. */
static void open_task(tx_pool *pool) {
  uint32_t state = __atomic_load_n(&pool->state, __ATOMIC_RELAXED);
  __atomic_store_n(&pool->state, (state + TASK) | OPEN, __ATOMIC_SEQ_CST);
  wake_workers(pool);
}

/* Lets nobody begin any more and waits for those who have. */
static void close_task(tx_pool *pool) {
  uint32_t state =
      __atomic_and_fetch(&pool->state, ~(uint32_t)OPEN, __ATOMIC_ACQ_REL);
  for (int i = 0; i < SPINS && (state & WORKERS); ++i) {
    relax();
    state = __atomic_load_n(&pool->state, __ATOMIC_ACQUIRE);
  }
  if ((state & WORKERS) == 0)
    return;
  __atomic_store_n(&pool->is_joining, 1, __ATOMIC_SEQ_CST);
  while ((state = __atomic_load_n(&pool->state, __ATOMIC_SEQ_CST)) & WORKERS)
    tx_wait_while(&pool->state, state);
  __atomic_store_n(&pool->is_joining, 0, __ATOMIC_RELAXED);
}

/* If the CPU is gone since it was chosen, the thread runs anywhere. */
static void stay_on(const tx_worker *worker) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET((unsigned)worker->cpu, &one);
  (void)pthread_setaffinity_np(worker->thread, sizeof one, &one);
}

/* The caller goes where the system puts it. If that is the CPU of a worker, the
   worker takes the one that the caller has left: two threads that take turns on
   one CPU are slower than one. */
static void part_from_caller(tx_pool *pool) {
  if (pool->affinity != TX_AFFINITY_SPREAD)
    return;
  int32_t cpu = sched_getcpu();
  if (cpu == pool->caller_cpu || cpu < 0)
    return;
  for (int32_t i = 0; i < pool->started; ++i)
    if (pool->workers[i].cpu == cpu) {
      pool->workers[i].cpu = pool->caller_cpu;
      stay_on(&pool->workers[i]);
    }
  pool->caller_cpu = cpu;
}

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void run_task(tx_pool *pool, tx_kernel_fn kernel, const int64_t *args,
                     int64_t items) {
  if (pool->threads == 1 || items <= 1) {
    if (items > 0)
      kernel(args, 0, items, pool->scratch);
    return;
  }
  part_from_caller(pool);
  pool->kernel = kernel;
  pool->args = args;
  for (int32_t i = 0; i < pool->threads; ++i) {
    pool->shares[i].end = items * (i + 1) / pool->threads;
    __atomic_store_n(&pool->shares[i].next, items * i / pool->threads,
                     __ATOMIC_RELAXED);
  }
  open_task(pool);
  work(pool, 0);
  close_task(pool);
}

void tx_pool_run(void *argument, tx_kernel_fn kernel, const int64_t *args,
                 int64_t items, int64_t kernel_index) {
  tx_pool *pool = argument;
  if (!pool->kernel_ns) {
    run_task(pool, kernel, args, items);
    return;
  }
  int64_t begin = now_ns();
  run_task(pool, kernel, args, items);
  pool->kernel_ns[kernel_index] += now_ns() - begin;
  pool->kernel_calls[kernel_index]++;
}

/* Gives each worker a CPU of those this thread may run on, in turn from the one
   behind its own. */
static tx_status spread_workers(tx_pool *pool, tx_message message) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
    return tx_fail(message, TX_ERROR_THREAD,
                   "cannot ask for the CPUs of this thread: %s",
                   strerror(errno));
  int32_t cpus = CPU_COUNT(&allowed);
  if (cpus < pool->threads)
    return tx_fail(message, TX_ERROR_THREAD,
                   "%d threads cannot have a CPU each, this thread may run on "
                   "%d; ask for fewer threads or no affinity",
                   pool->threads, cpus);
  int32_t cpu = pool->caller_cpu = sched_getcpu();
  for (int32_t i = 0; i < pool->threads - 1; ++i) {
    do
      cpu = (cpu + 1) % CPU_SETSIZE;
    while (!CPU_ISSET((unsigned)cpu, &allowed));
    pool->workers[i].cpu = cpu;
  }
  return TX_OK;
}

static void stop_workers(tx_pool *pool) {
  __atomic_fetch_or(&pool->state, STOP, __ATOMIC_SEQ_CST);
  wake_workers(pool);
  for (int32_t i = 0; i < pool->started; ++i)
    pthread_join(pool->workers[i].thread, NULL);
  pool->started = 0;
}

/* Starts the thread of `worker`, which leaves signals to the program's own
   threads, but for those that tell of a fault in it or take its profile. */
static int start_thread(tx_worker *worker) {
  static const int kept[] = {SIGSEGV, SIGBUS,  SIGILL, SIGFPE,
                             SIGTRAP, SIGPROF, SIGSYS};
  sigset_t blocked, before;
  sigfillset(&blocked);
  for (size_t i = 0; i < sizeof kept / sizeof *kept; ++i)
    sigdelset(&blocked, kept[i]);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  int reason = pthread_create(&worker->thread, NULL, worker_main, worker);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return reason;
}

static tx_status start_workers(tx_pool *pool, tx_message message) {
  pool->state = pool->sleepers = pool->is_joining = 0;
  pool->started = 0;
  for (int32_t i = 0; i < pool->threads - 1; ++i)
    pool->workers[i].cpu = -1;
  if (pool->affinity == TX_AFFINITY_SPREAD && pool->threads > 1) {
    tx_status status = spread_workers(pool, message);
    if (status != TX_OK)
      return status;
  }
  for (pool->started = 0; pool->started < pool->threads - 1; ++pool->started) {
    tx_worker *worker = &pool->workers[pool->started];
    worker->pool = pool;
    worker->index = pool->started + 1;
    int reason = start_thread(worker);
    if (reason != 0) {
      stop_workers(pool);
      return tx_fail(message, TX_ERROR_THREAD,
                     "cannot start worker thread %d of %d: %s", worker->index,
                     pool->threads - 1, strerror(reason));
    }
    if (worker->cpu >= 0)
      stay_on(worker);
  }
  pool->process = getpid();
  return TX_OK;
}

tx_status tx_pool_start(tx_pool *pool, int32_t threads, tx_affinity affinity,
                        char *scratch, int64_t scratch_bytes,
                        int64_t *kernel_ns, int64_t *kernel_calls,
                        tx_message message) {
  memset(pool, 0, sizeof *pool);
  pool->threads = threads;
  pool->affinity = affinity;
  pool->shares = (tx_share *)((char *)pool + shares_offset(threads));
  pool->scratch = scratch;
  pool->scratch_bytes = scratch_bytes;
  pool->kernel_ns = kernel_ns;
  pool->kernel_calls = kernel_calls;
  return start_workers(pool, message);
}

tx_status tx_pool_begin_call(tx_pool *pool, tx_message message) {
  if (pool->process != getpid())
    return start_workers(pool, message);
  part_from_caller(pool);
  wake_workers(pool);
  return TX_OK;
}

void tx_pool_stop(tx_pool *pool) {
  if (pool->process == getpid()) /* else the workers are the parent's */
    stop_workers(pool);
}
