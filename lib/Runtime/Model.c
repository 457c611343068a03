/*===- Model.c - The C interface ------------------------------------------===*\
|*                                                                            *|
|* Contexts: one block of anonymous memory each, laid out by plan_context and *|
|* never grown.                                                               *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Runtime.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* The code that this machine runs, chosen when the model is loaded. */
static const tx_variant *variant;

struct tx_context {
  tx_options options;
  size_t bytes;
  char *workspace;
  const char *weights;
  const int32_t *zeros, *ones; /* what optional inputs stand for */
  int64_t *kernel_ns, *kernel_calls;
  tx_pool *pool;
  char error[TX_ERROR_BYTES];
};

/* Byte offsets of a context's parts. */
typedef struct context_plan {
  size_t pool, kernel_ns, kernel_calls, zeros, ones, scratch, workspace, total;
} context_plan;

tx_status tx_fail(tx_message message, tx_status status, const char *format,
                  ...) {
  if (message.text && message.size > 0) {
    va_list values;
    va_start(values, format);
    vsnprintf(message.text, message.size, format, values);
    va_end(values);
  }
  return status;
}

static tx_status check_options(const tx_options *options, tx_options *checked,
                               tx_message message) {
  if (!options)
    return tx_fail(message, TX_ERROR_ARGUMENT, "options are missing");
  /* Fields since `affinity` are younger than callers may be. */
  if (options->size != sizeof *options &&
      options->size != offsetof(tx_options, affinity))
    return tx_fail(message, TX_ERROR_VERSION,
                   "options have %u bytes, ABI version %u expects %zu; use the "
                   "header of this model",
                   options->size, TX_ABI_VERSION, sizeof *options);
  memset(checked, 0, sizeof *checked);
  memcpy(checked, options, options->size);
  if (checked->threads == 0)
    checked->threads = tx_the_program.threads;
  if (checked->threads < 1 || checked->threads > TX_MAX_THREADS)
    return tx_fail(message, TX_ERROR_ARGUMENT,
                   "%d threads are asked for, expected 1 to %d",
                   checked->threads, TX_MAX_THREADS);
  if (checked->max_tokens < 1 || checked->max_tokens > INT32_MAX)
    return tx_fail(message, TX_ERROR_ARGUMENT,
                   "max_tokens is %lld, expected 1 to %d",
                   (long long)checked->max_tokens, INT32_MAX);
  if (checked->max_sequences < 1 ||
      checked->max_sequences > checked->max_tokens)
    return tx_fail(message, TX_ERROR_ARGUMENT,
                   "max_sequences is %lld, expected 1 to max_tokens (%lld)",
                   (long long)checked->max_sequences,
                   (long long)checked->max_tokens);
  if (checked->weights_mode != TX_WEIGHTS_MAP &&
      checked->weights_mode != TX_WEIGHTS_COPY)
    return tx_fail(message, TX_ERROR_ARGUMENT, "weights_mode %d is unknown",
                   checked->weights_mode);
  if (checked->affinity != TX_AFFINITY_NONE &&
      checked->affinity != TX_AFFINITY_SPREAD)
    return tx_fail(message, TX_ERROR_ARGUMENT, "affinity %d is unknown",
                   checked->affinity);
  return TX_OK;
}

static int64_t round_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/* Adds count * size bytes, aligned, to `total`; returns where they begin and
   sets `overflow` when the sum leaves the range of sizes. */
static size_t place(size_t *total, int64_t count, int64_t size, int *overflow) {
  size_t begin = *total;
  int64_t bytes, end;
  if (__builtin_mul_overflow(count, size, &bytes) ||
      __builtin_add_overflow((int64_t)begin, bytes, &end) ||
      __builtin_add_overflow(end, TX_ALIGNMENT - 1, &end)) {
    *overflow = 1;
    return begin;
  }
  *total = (size_t)(end / TX_ALIGNMENT * TX_ALIGNMENT);
  return begin;
}

static int plan_context(const tx_options *options, context_plan *plan) {
  int overflow = 0;
  int64_t tokens = round_up(options->max_tokens, 16);
  int64_t sequences = round_up(options->max_sequences + 1, 16);
  size_t total = 0;
  place(&total, 1, sizeof(tx_context), &overflow);
  plan->pool =
      place(&total, 1, (int64_t)tx_pool_bytes(options->threads), &overflow);
  plan->kernel_ns = place(&total, variant->num_kernels, 8, &overflow);
  plan->kernel_calls = place(&total, variant->num_kernels, 8, &overflow);
  plan->zeros = place(&total, tokens, 4, &overflow);
  plan->ones = place(&total, tokens, 4, &overflow);
  plan->scratch =
      place(&total, options->threads,
            round_up(variant->scratch_bytes, TX_ALIGNMENT), &overflow);
  plan->workspace = total;
  size_t end = total;
  for (int32_t i = 0; i < tx_the_program.num_entries; ++i) {
    const tx_entry *entry = &variant->entries[i];
    size_t here = plan->workspace;
    place(&here, tokens, entry->workspace_token, &overflow);
    place(&here, sequences, entry->workspace_sequence, &overflow);
    place(&here, 1, entry->workspace_fixed, &overflow);
    end = here > end ? here : end;
  }
  plan->total = end;
  return !overflow;
}

static int64_t model_context_bytes(const tx_options *options) {
  tx_options checked;
  context_plan plan;
  tx_message none = {NULL, 0};
  if (check_options(options, &checked, none) != TX_OK ||
      !plan_context(&checked, &plan))
    return -1;
  return (int64_t)plan.total;
}

static tx_status model_create(const tx_options *options, tx_context **result,
                              char *error, size_t error_size) {
  tx_message message = {error, error_size};
  tx_options checked;
  context_plan plan;
  if (!result)
    return tx_fail(message, TX_ERROR_ARGUMENT, "the context is null");
  *result = NULL;
  tx_status status = check_options(options, &checked, message);
  if (status == TX_OK)
    status = tx_check_isa(variant, message);
  if (status != TX_OK)
    return status;
  if (!plan_context(&checked, &plan))
    return tx_fail(message, TX_ERROR_MEMORY,
                   "a context of %lld tokens is too large",
                   (long long)checked.max_tokens);

  char *base = mmap(NULL, plan.total, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED)
    return tx_fail(message, TX_ERROR_MEMORY,
                   "cannot allocate %zu bytes for a context: %s", plan.total,
                   strerror(errno));
  madvise(base, plan.total, MADV_HUGEPAGE);
  tx_context *context = (tx_context *)base;
  context->options = checked;
  context->bytes = plan.total;
  context->pool = (tx_pool *)(base + plan.pool);
  context->kernel_ns = (int64_t *)(base + plan.kernel_ns);
  context->kernel_calls = (int64_t *)(base + plan.kernel_calls);
  context->zeros = (const int32_t *)(base + plan.zeros);
  context->ones = (const int32_t *)(base + plan.ones);
  context->workspace = base + plan.workspace;
  int32_t *ones = (int32_t *)(base + plan.ones);
  for (int64_t i = 0; i < checked.max_tokens; ++i)
    ones[i] = 1;

  status = tx_acquire_weights(checked.weights_mode, &context->weights, message);
  if (status == TX_OK) {
    status = tx_pool_start(context->pool, checked.threads, checked.affinity,
                           base + plan.scratch,
                           round_up(variant->scratch_bytes, TX_ALIGNMENT),
                           checked.profile ? context->kernel_ns : NULL,
                           context->kernel_calls, message);
    if (status != TX_OK)
      tx_release_weights(checked.weights_mode);
  }
  if (status != TX_OK) {
    munmap(base, plan.total);
    return status;
  }
  *result = context;
  return TX_OK;
}

static void model_destroy(tx_context *context) {
  if (!context)
    return;
  tx_pool_stop(context->pool);
  tx_release_weights(context->options.weights_mode);
  munmap(context, context->bytes);
}

static tx_status check_capacity(const tx_context *context,
                                const tx_sizes *sizes, tx_message message) {
  if (sizes->tokens > context->options.max_tokens)
    return tx_fail(message, TX_ERROR_CAPACITY,
                   "the batch has %lld tokens, the context was created for "
                   "%lld",
                   (long long)sizes->tokens,
                   (long long)context->options.max_tokens);
  if (sizes->sequences > context->options.max_sequences)
    return tx_fail(message, TX_ERROR_CAPACITY,
                   "the batch has %lld sequences, the context was created for "
                   "%lld",
                   (long long)sizes->sequences,
                   (long long)context->options.max_sequences);
  return TX_OK;
}

static tx_status model_run(tx_context *context, int32_t index,
                           const tx_tensor *inputs, tx_tensor *outputs) {
  if (!context)
    return TX_ERROR_ARGUMENT;
  tx_message message = {context->error, sizeof context->error};
  context->error[0] = 0;
  if (index < 0 || index >= tx_the_program.num_entries || !inputs || !outputs)
    return tx_fail(message, TX_ERROR_ARGUMENT,
                   "entry %d, inputs or outputs do not exist", index);
  const tx_entry *entry = &variant->entries[index];

  tx_sizes sizes;
  tx_status status = tx_check_inputs(entry, inputs, &sizes, message);
  if (status == TX_OK)
    status = check_capacity(context, &sizes, message);
  if (status == TX_OK)
    status = tx_check_outputs(entry, &sizes, inputs, outputs, message);
  if (status == TX_OK)
    status = tx_pool_begin_call(context->pool, message);
  if (status != TX_OK)
    return status;

  const void *input_data[TX_MAX_TENSORS];
  void *output_data[TX_MAX_TENSORS];
  for (int32_t i = 0; i < entry->info.num_inputs; ++i) {
    int is_mask = !strcmp(entry->info.inputs[i].name, "attention_mask");
    input_data[i] = inputs[i].data ? inputs[i].data
                    : is_mask      ? (const void *)context->ones
                                   : (const void *)context->zeros;
  }
  for (int32_t i = 0; i < entry->info.num_outputs; ++i)
    output_data[i] = outputs[i].data;
  int64_t dims[3] = {sizes.tokens, sizes.sequences, sizes.length};
  tx_call call = {context->pool,   tx_pool_run, input_data,
                  output_data,     dims,        context->workspace,
                  context->weights};
  entry->run(&call);
  return TX_OK;
}

static const char *model_error(const tx_context *context) {
  return context ? context->error : "the context is null";
}

static tx_status model_kernel_times(const tx_context *context,
                                    tx_kernel_time *times) {
  if (!context || !times || !context->options.profile)
    return TX_ERROR_ARGUMENT;
  for (int32_t i = 0; i < variant->num_kernels; ++i) {
    times[i].name = variant->kernel_names[i];
    times[i].calls = context->kernel_calls[i];
    times[i].nanoseconds = context->kernel_ns[i];
  }
  return TX_OK;
}

static tx_model model;

/* Fills `model` from the constants of the program before anyone can ask, ahead
   of constructors in the program that it is linked into. */
__attribute__((constructor(101))) static void fill_model(void) {
  variant = tx_choose_variant();
  tx_model filled = {.abi_version = tx_the_program.abi_version,
                     .size = sizeof(tx_model),
                     .metadata = tx_the_program.metadata,
                     .isa = variant->isa,
                     .num_entries = tx_the_program.num_entries,
                     .num_kernels = variant->num_kernels,
                     .entries = variant->infos,
                     .weights_size = tx_the_program.weights_size,
                     .create = model_create,
                     .run = model_run,
                     .error = model_error,
                     .context_bytes = model_context_bytes,
                     .kernel_times = model_kernel_times,
                     .destroy = model_destroy};
  model = filled;
}

const tx_model *tx_model_v1(void) { return &model; }
