/*===- Runtime.h - Parts of the runtime ---------------------------*- C -*-===*\
|*                                                                            *|
|* The runtime is compiled to bitcode and linked into every artefact. It      *|
|* checks what callers hand in, owns memory, weights and threads, and calls   *|
|* the compiled entries. It uses libc and nothing else, and no floating point.*|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef TX_RUNTIME_RUNTIME_H
#define TX_RUNTIME_RUNTIME_H

#include "tx/Runtime/tx_program.h"

#define TX_HIDDEN __attribute__((visibility("hidden")))

enum { TX_ALIGNMENT = 64, TX_ERROR_BYTES = 256 };

/* Where the reason of a failure goes. */
typedef struct tx_message {
  char *text;
  size_t size;
} tx_message;

/* Formats `format` into `message` and returns `status`. */
TX_HIDDEN tx_status tx_fail(tx_message message, tx_status status,
                            const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Isa.c: TX_ISA in the environment ("x86-64-v3") lowers what the CPU is taken
   to have. */
/* The best variant that this CPU and its operating system run; the least one
   where they run none. */
TX_HIDDEN const tx_variant *tx_choose_variant(void);
/* TX_OK if they run `variant`. */
TX_HIDDEN tx_status tx_check_isa(const tx_variant *variant, tx_message message);

/* Weights.c: shared by all contexts of the process, mapped or copied once. A
   forked child may call both, whatever other threads did. */
TX_HIDDEN tx_status tx_acquire_weights(tx_weights_mode mode,
                                       const char **weights,
                                       tx_message message);
TX_HIDDEN void tx_release_weights(tx_weights_mode mode);

/* Pool.c: sleeps while *word is `value`, or is woken for no reason. */
TX_HIDDEN void tx_wait_while(uint32_t *word, uint32_t value);
/* Wakes all who sleep on `word`. */
TX_HIDDEN void tx_wake_all(uint32_t *word);
/* The worker threads of one context. */
typedef struct tx_pool tx_pool;
/* Bytes of a pool of `threads` threads, the caller's included. */
TX_HIDDEN size_t tx_pool_bytes(int32_t threads);
/* Starts threads - 1 workers. `scratch` is scratch_bytes for each thread. */
TX_HIDDEN tx_status tx_pool_start(tx_pool *pool, int32_t threads,
                                  tx_affinity affinity, char *scratch,
                                  int64_t scratch_bytes, int64_t *kernel_ns,
                                  int64_t *kernel_calls, tx_message message);
/* Wakes the workers that sleep, beside the caller's CPU if they have CPUs of
   their own; starts them again in a forked child, which has none, until it
   succeeds. */
TX_HIDDEN tx_status tx_pool_begin_call(tx_pool *pool, tx_message message);
TX_HIDDEN void tx_pool_stop(tx_pool *pool);
/* tx_call.parallel_for */
TX_HIDDEN void tx_pool_run(void *pool, tx_kernel_fn kernel, const int64_t *args,
                           int64_t items, int64_t kernel_index);

/* Check.c: sizes of one call. */
typedef struct tx_sizes {
  int64_t tokens;    /* T, or B * S for a padded call */
  int64_t sequences; /* B */
  int64_t length;    /* S of a padded call, else 0 */
} tx_sizes;
/* Checks shapes, ids, offsets and masks and tells the sizes. */
TX_HIDDEN tx_status tx_check_inputs(const tx_entry *entry,
                                    const tx_tensor *inputs, tx_sizes *sizes,
                                    tx_message message);
/* Checks and sets the shapes of outputs, and that they have memory of their
   own; inputs have been checked. */
TX_HIDDEN tx_status tx_check_outputs(const tx_entry *entry,
                                     const tx_sizes *sizes,
                                     const tx_tensor *inputs,
                                     tx_tensor *outputs, tx_message message);

#endif /* TX_RUNTIME_RUNTIME_H */
