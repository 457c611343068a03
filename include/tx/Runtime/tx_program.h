/*===- tx_program.h - What compiled code and runtime know of each other -*- C -*-
|*
|* The compiler emits one constant `tx_program` and the functions it points to;
|* the runtime, linked into the same module, drives them. Not for users.
\*===----------------------------------------------------------------------===*/

#ifndef TX_RUNTIME_TX_PROGRAM_H
#define TX_RUNTIME_TX_PROGRAM_H

#include "tx/Runtime/tx_model.h"

/* Kernel: work items begin..end-1. `args` holds, for each operand and then each
   result of the kernel, its address followed by its sizes (one word each). */
typedef void (*tx_kernel_fn)(const int64_t *args, int64_t begin, int64_t end,
                             void *scratch);

/* Argument of an entry. */
typedef struct tx_call {
  void *pool;
  /* Runs items 0..items-1 of a kernel on all threads and returns when done. */
  void (*parallel_for)(void *pool, tx_kernel_fn kernel, const int64_t *args,
                       int64_t items, int64_t kernel_index);
  const void *const *inputs; /* as in tx_entry_info, none null */
  void *const *outputs;
  /* dims[0]: T (packed) or B * S (padded); dims[1]: B; dims[2]: S or 0 */
  const int64_t *dims;
  char *workspace;      /* aligned to 64 */
  const char *weights;  /* aligned to 64 */
} tx_call;

typedef void (*tx_entry_fn)(const tx_call *call);

typedef struct tx_entry {
  tx_entry_fn run;
  tx_entry_info info;
  /* Workspace bytes = token * T' + sequence * (B + 1)' + fixed, where x' is x
     rounded up to a multiple of 16. */
  int64_t workspace_token, workspace_sequence, workspace_fixed;
  int32_t padded; /* inputs are input_ids, attention_mask, token_type_ids ... */
} tx_entry;

/* Most inputs, and most outputs, of an entry. */
#define TX_MAX_TENSORS 8

/* Values of tx_variant.isa_level: those of one architecture are compared. */
#define TX_ISA_BASELINE 0
#define TX_ISA_X86_V3 3
#define TX_ISA_X86_V4 4
#define TX_ISA_X86_V4_BF16 5
#define TX_ISA_X86_V4_AMX 6
#define TX_ISA_ARM_V8 1
#define TX_ISA_RV64GCV 1
#define TX_ISA_RV64GCV_ZVL256B 2

/* The instruction sets of each architecture, ISA(name, level) each: names of
   tx_variant.isa, which the environment variable TX_ISA takes as well. */
#define TX_X86_64_ISAS(ISA)                                                    \
  ISA("x86-64", TX_ISA_BASELINE)                                               \
  ISA("x86-64-v3", TX_ISA_X86_V3)                                              \
  ISA("x86-64-v4", TX_ISA_X86_V4)                                              \
  ISA("x86-64-v4+bf16", TX_ISA_X86_V4_BF16)                                    \
  ISA("x86-64-v4+amx", TX_ISA_X86_V4_AMX)
#define TX_AARCH64_ISAS(ISA) ISA("armv8-a", TX_ISA_ARM_V8)
#define TX_RISCV64_ISAS(ISA)                                                   \
  ISA("rv64gcv", TX_ISA_RV64GCV)                                               \
  ISA("rv64gcv_zvl256b", TX_ISA_RV64GCV_ZVL256B)

/* The model's code for one instruction set. */
typedef struct tx_variant {
  const char *isa;
  int32_t isa_level;
  int32_t num_kernels;
  const tx_entry *entries;
  const tx_entry_info *const *infos; /* those inside entries */
  const char *const *kernel_names;
  int64_t scratch_bytes; /* per thread, aligned to 64 */
} tx_variant;

typedef struct tx_program {
  uint32_t abi_version;
  int32_t threads; /* default */
  const char *metadata;
  int32_t num_entries, num_variants;
  const tx_variant *variants; /* the highest level first */
  /* The weights: linked in, or (null) behind the shared object's own file,
     which then ends in a tx_weights_footer. */
  const void *weights;
  int64_t weights_size;
  uint8_t weights_id[32]; /* digest of the weight section */
} tx_program;

#define TX_FOOTER_MAGIC "TXWEIGHTS000001"

/* The last bytes of a shared object with weights. */
typedef struct tx_weights_footer {
  char magic[16];
  int64_t offset, size; /* in the file; offset is a multiple of 2 MiB */
  uint8_t weights_id[32];
} tx_weights_footer;

/* Defined by the compiler, one per artefact. */
extern const tx_program tx_the_program;

/* Defined by the runtime; renamed to PREFIX_v1 and exported when linked. */
const tx_model *tx_model_v1(void);

#endif /* TX_RUNTIME_TX_PROGRAM_H */
