/*===- tx_model.h - C interface of compiled models ----------------*- C -*-===*\
|*                                                                            *|
|* A compiled model is one struct of data and functions, `tx_model`. A shared *|
|* object exports it through the function PREFIX_v1 (PREFIX is `tx_model`     *|
|* unless another was chosen); an object file is linked and called the same   *|
|* way. All functions are re-entrant: contexts share the weights and nothing  *|
|* else; one context serves one call at a time. Nothing is allocated after    *|
|* create().                                                                  *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef TX_RUNTIME_TX_MODEL_H
#define TX_RUNTIME_TX_MODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TX_ABI_VERSION 1u

/* Most threads of a context. */
#define TX_MAX_THREADS 1024

typedef enum tx_status {
  TX_OK = 0,
  TX_ERROR_ARGUMENT = 1, /* a null pointer, wrong dtype, rank or shape */
  TX_ERROR_VERSION = 2,  /* caller and model speak different ABI versions */
  TX_ERROR_CPU = 3,      /* this CPU lacks instructions the code uses */
  TX_ERROR_WEIGHTS = 4,  /* the weights cannot be read or do not belong here */
  TX_ERROR_MEMORY = 5,   /* out of memory */
  TX_ERROR_CAPACITY = 6, /* more tokens, sequences or output than provided for */
  TX_ERROR_INPUT = 7,    /* ids out of range, empty or too long sequences */
  TX_ERROR_THREAD = 8    /* a worker thread cannot be started */
} tx_status;

typedef enum tx_dtype { TX_F32 = 0, TX_I32 = 1 } tx_dtype;

/* Sizes that are known at run time only. */
#define TX_DIM_TOKENS (-1)         /* T: tokens of all sequences */
#define TX_DIM_SEQUENCES (-2)      /* B */
#define TX_DIM_SEQUENCES_PLUS (-3) /* B + 1 */
#define TX_DIM_LENGTH (-4)         /* S: padded length */

typedef struct tx_tensor_info {
  const char *name;
  int32_t dtype; /* tx_dtype */
  int32_t rank;
  int64_t shape[4]; /* sizes, or TX_DIM_... */
  int64_t limit;    /* inputs: values are in [0, limit); 0: not indices */
  int32_t optional; /* inputs: may have no data (mask: ones, types: zeros) */
  int32_t reserved;
} tx_tensor_info;

typedef struct tx_entry_info {
  const char *name; /* "packed" or "padded" */
  int32_t num_inputs, num_outputs;
  const tx_tensor_info *inputs, *outputs;
  int64_t max_length; /* longest sequence */
  /* FLOPs of a call: token * T + sequence * B + pair * (sum of len^2). */
  int64_t flops_token, flops_sequence, flops_pair;
} tx_entry_info;

/* Row-major and dense, at a multiple of 4 bytes. On return shape of an output is
   what was written; its memory is shared with no input and no other output. */
typedef struct tx_tensor {
  void *data;
  int32_t dtype;
  int32_t rank;
  int64_t shape[4];
  int64_t capacity; /* outputs: bytes behind data */
} tx_tensor;

typedef struct tx_context tx_context;

typedef enum tx_weights_mode {
  TX_WEIGHTS_MAP = 0, /* shared with the page cache and other processes */
  TX_WEIGHTS_COPY = 1 /* anonymous memory, huge pages where possible; one for
                         all contexts, while there are any of this mode */
} tx_weights_mode;

/* Where the worker threads of a context run; the caller's is never touched. */
typedef enum tx_affinity {
  TX_AFFINITY_NONE = 0, /* where the system puts them */
  /* Each on a CPU of its own, of those that the creating thread may run on,
     beside the one it runs on; when a caller comes to the CPU of one, that one
     takes the CPU the caller left. For one context at a time on CPUs that
     nobody else uses; an error where there are fewer CPUs than threads. */
  TX_AFFINITY_SPREAD = 1
} tx_affinity;

typedef struct tx_options {
  uint32_t size;         /* sizeof(tx_options) */
  int32_t threads;       /* at most TX_MAX_THREADS; 0: as many as the model was
                            compiled for */
  int64_t max_tokens;    /* T of a call, B * S for padded calls */
  int64_t max_sequences; /* B of a call */
  int32_t weights_mode;  /* tx_weights_mode */
  int32_t profile;       /* not 0: kernels are timed, see kernel_times */
  int32_t affinity;      /* tx_affinity */
  int32_t reserved;      /* 0 */
} tx_options;

typedef struct tx_kernel_time {
  const char *name;
  int64_t calls;
  int64_t nanoseconds;
} tx_kernel_time;

typedef struct tx_model {
  uint32_t abi_version; /* TX_ABI_VERSION */
  uint32_t size;        /* sizeof(tx_model) */
  const char *metadata; /* JSON, see docs/artefact.md */
  const char *isa;      /* "x86-64-v4", say: chosen when this was loaded */
  int32_t num_entries;
  int32_t num_kernels;
  const tx_entry_info *const *entries;
  int64_t weights_size; /* bytes */

  /* Makes a context. On failure *context is null and, if error is not, a
     message of at most error_size bytes is written there. */
  tx_status (*create)(const tx_options *options, tx_context **context,
                      char *error, size_t error_size);
  /* Runs entry number `entry`; inputs and outputs in the order of its info.
     Outputs with null data are an error. */
  tx_status (*run)(tx_context *context, int32_t entry, const tx_tensor *inputs,
                   tx_tensor *outputs);
  /* Why the last call on the context failed. */
  const char *(*error)(const tx_context *context);
  /* Bytes a context of that size takes beside the weights; -1 if the options
     are wrong or ask for too much. */
  int64_t (*context_bytes)(const tx_options *options);
  /* Times since create(), one per kernel; num_kernels entries. */
  tx_status (*kernel_times)(const tx_context *context, tx_kernel_time *times);
  void (*destroy)(tx_context *context);
} tx_model;

#ifdef __cplusplus
}
#endif

#endif /* TX_RUNTIME_TX_MODEL_H */
