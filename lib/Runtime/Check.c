/*===- Check.c - What callers hand in -------------------------------------===*\
|*                                                                            *|
|* Compiled code trusts its inputs: every id is looked up in a table, every   *|
|* offset is an address. So nothing reaches it unchecked.                     *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Runtime.h"

#include <stdio.h>
#include <string.h>

enum { UNKNOWN = -1 };

/* The input that holds offsets, or the attention mask; null if there is none.
 */
static const tx_tensor *find_input(const tx_entry *entry,
                                   const tx_tensor *inputs, const char *name) {
  for (int32_t i = 0; i < entry->info.num_inputs; ++i)
    if (!strcmp(entry->info.inputs[i].name, name))
      return &inputs[i];
  return NULL;
}

static int has_elements(const tx_tensor *tensor) {
  for (int32_t d = 0; d < tensor->rank && d < 4; ++d)
    if (tensor->shape[d] == 0)
      return 0;
  return 1;
}

/* Vectors of some CPUs need the alignment of their elements. */
static tx_status check_alignment(const tx_tensor_info *info,
                                 const tx_tensor *tensor, tx_message message) {
  if ((uintptr_t)tensor->data % 4 != 0)
    return tx_fail(message, TX_ERROR_ARGUMENT,
                   "%s is at an address that is no multiple of 4", info->name);
  return TX_OK;
}

/* Of a tensor whose shape has been checked. */
static int64_t count_bytes(const tx_tensor *tensor) {
  int64_t bytes = 4; /* float and int32_t alike */
  for (int32_t d = 0; d < tensor->rank; ++d)
    bytes *= tensor->shape[d];
  return bytes;
}

static int overlap(const tx_tensor *one, const tx_tensor *other) {
  uintptr_t first = (uintptr_t)one->data, second = (uintptr_t)other->data;
  uintptr_t end = first + (uintptr_t)count_bytes(one);
  uintptr_t other_end = second + (uintptr_t)count_bytes(other);
  return (first > second ? first : second) <
         (end < other_end ? end : other_end);
}

/* Binds the sizes that `info` leaves open to those of `tensor`. */
static tx_status bind_shape(const tx_tensor_info *info, const tx_tensor *tensor,
                            tx_sizes *sizes, tx_message message) {
  if (tensor->dtype != info->dtype)
    return tx_fail(message, TX_ERROR_ARGUMENT, "%s must be %s", info->name,
                   info->dtype == TX_I32 ? "int32" : "float32");
  if (tensor->rank != info->rank)
    return tx_fail(message, TX_ERROR_ARGUMENT,
                   "%s has rank %d, expected rank %d", info->name, tensor->rank,
                   info->rank);
  for (int32_t d = 0; d < info->rank; ++d) {
    int64_t size = tensor->shape[d], *bound = NULL;
    if (size < 0)
      return tx_fail(message, TX_ERROR_ARGUMENT, "%s has a negative size",
                     info->name);
    if (info->shape[d] == TX_DIM_SEQUENCES_PLUS) {
      size--;
      bound = &sizes->sequences;
    } else if (info->shape[d] == TX_DIM_TOKENS) {
      bound = &sizes->tokens;
    } else if (info->shape[d] == TX_DIM_SEQUENCES) {
      bound = &sizes->sequences;
    } else if (info->shape[d] == TX_DIM_LENGTH) {
      bound = &sizes->length;
    } else if (size != info->shape[d]) {
      return tx_fail(message, TX_ERROR_ARGUMENT,
                     "%s has size %lld in dimension %d, expected %lld",
                     info->name, (long long)size, d, (long long)info->shape[d]);
    }
    if (bound && *bound == UNKNOWN)
      *bound = size;
    else if (bound && *bound != size)
      return tx_fail(message, TX_ERROR_ARGUMENT,
                     "%s does not have the form of the inputs before it: size "
                     "%lld in dimension %d, expected %lld",
                     info->name, (long long)tensor->shape[d], d,
                     (long long)(*bound + tensor->shape[d] - size));
  }
  return TX_OK;
}

/* Offsets begin at 0, ascend by 1..max_length and end at the token count. */
static tx_status check_offsets(const tx_entry *entry, const tx_sizes *sizes,
                               const int32_t *offsets, tx_message message) {
  if (offsets[0] != 0)
    return tx_fail(message, TX_ERROR_INPUT, "offsets begin at %d, expected 0",
                   offsets[0]);
  for (int64_t b = 0; b < sizes->sequences; ++b) {
    int64_t length = (int64_t)offsets[b + 1] - offsets[b];
    if (length == 0)
      return tx_fail(message, TX_ERROR_INPUT, "sequence %lld is empty",
                     (long long)b);
    if (length < 0)
      return tx_fail(message, TX_ERROR_INPUT,
                     "offsets do not ascend: %d after %d", offsets[b + 1],
                     offsets[b]);
    if (length > entry->info.max_length)
      return tx_fail(message, TX_ERROR_INPUT,
                     "sequence %lld has %lld tokens, the model takes at most "
                     "%lld; truncate it",
                     (long long)b, (long long)length,
                     (long long)entry->info.max_length);
  }
  if (offsets[sizes->sequences] != sizes->tokens)
    return tx_fail(message, TX_ERROR_INPUT,
                   "offsets end at %d, but there are %lld tokens",
                   offsets[sizes->sequences], (long long)sizes->tokens);
  return TX_OK;
}

/* Every row of the mask has an entry, and none beyond the longest sequence. */
static tx_status check_mask(const tx_entry *entry, const tx_sizes *sizes,
                            const int32_t *mask, tx_message message) {
  for (int64_t b = 0; b < sizes->sequences; ++b) {
    int64_t last = sizes->length - 1;
    if (mask)
      while (last >= 0 && mask[b * sizes->length + last] == 0)
        last--;
    if (last < 0)
      return tx_fail(message, TX_ERROR_INPUT,
                     "sequence %lld is empty: its attention_mask is all zero",
                     (long long)b);
    if (last >= entry->info.max_length)
      return tx_fail(message, TX_ERROR_INPUT,
                     "sequence %lld reaches column %lld, the model takes at "
                     "most %lld tokens; truncate it",
                     (long long)b, (long long)last,
                     (long long)entry->info.max_length);
  }
  return TX_OK;
}

/* Every index lies in its table; padding, which only inputs of the mask's shape
   have, is not looked up. */
static tx_status check_indices(const tx_tensor_info *info,
                               const tx_tensor *tensor, const int32_t *mask,
                               tx_message message) {
  const int32_t *values = tensor->data;
  int64_t count = 1;
  for (int32_t d = 0; d < info->rank; ++d)
    count *= tensor->shape[d];
  int is_padded = info->rank == 2 && info->shape[0] == TX_DIM_SEQUENCES &&
                  info->shape[1] == TX_DIM_LENGTH;
  int is_packed = info->rank == 1 && info->shape[0] == TX_DIM_TOKENS;
  if (!is_padded)
    mask = NULL;
  /* One pass without branches settles the ordinary case. */
  uint32_t limit =
      info->limit > INT32_MAX ? (uint32_t)INT32_MAX + 1 : (uint32_t)info->limit;
  uint32_t outside = 0;
  for (int64_t i = 0; i < count; ++i)
    outside |= (uint32_t)values[i] >= limit;
  if (!outside)
    return TX_OK;
  for (int64_t i = 0; i < count; ++i)
    if ((uint32_t)values[i] >= limit && (!mask || mask[i] != 0))
      return tx_fail(message, TX_ERROR_INPUT,
                     "%s holds %d at %s %lld, expected 0 to %lld", info->name,
                     values[i], is_padded || is_packed ? "token" : "element",
                     (long long)i, (long long)info->limit - 1);
  return TX_OK;
}

tx_status tx_check_inputs(const tx_entry *entry, const tx_tensor *inputs,
                          tx_sizes *sizes, tx_message message) {
  sizes->tokens = sizes->sequences = sizes->length = UNKNOWN;
  for (int32_t i = 0; i < entry->info.num_inputs; ++i) {
    const tx_tensor_info *info = &entry->info.inputs[i];
    if (!inputs[i].data && info->optional)
      continue;
    if (!inputs[i].data && has_elements(&inputs[i]))
      return tx_fail(message, TX_ERROR_ARGUMENT, "%s is missing", info->name);
    tx_status status = bind_shape(info, &inputs[i], sizes, message);
    if (status == TX_OK)
      status = check_alignment(info, &inputs[i], message);
    if (status != TX_OK)
      return status;
  }
  if (sizes->sequences <= 0)
    return tx_fail(message, TX_ERROR_INPUT, "the batch is empty");
  if (entry->padded && sizes->length == 0)
    return tx_fail(message, TX_ERROR_INPUT, "sequence 0 is empty");
  if (entry->padded &&
      __builtin_mul_overflow(sizes->sequences, sizes->length, &sizes->tokens))
    return tx_fail(message, TX_ERROR_CAPACITY, "the batch is too large");
  if (!entry->padded)
    sizes->length = 0;
  if (sizes->tokens > INT32_MAX)
    return tx_fail(message, TX_ERROR_CAPACITY,
                   "the batch has more than %d tokens", INT32_MAX);

  const int32_t *mask = NULL;
  tx_status status;
  if (entry->padded) {
    const tx_tensor *input = find_input(entry, inputs, "attention_mask");
    mask = input ? input->data : NULL;
    status = check_mask(entry, sizes, mask, message);
  } else {
    const tx_tensor *input = find_input(entry, inputs, "offsets");
    status = check_offsets(entry, sizes, input->data, message);
  }
  for (int32_t i = 0; status == TX_OK && i < entry->info.num_inputs; ++i)
    if (entry->info.inputs[i].limit > 0 && inputs[i].data)
      status = check_indices(&entry->info.inputs[i], &inputs[i], mask, message);
  return status;
}

/* Kernels read inputs, offsets among them, after others have written outputs.
   Looks at inputs and at outputs before number `index`. */
static tx_status check_overlap(const tx_entry *entry, const tx_tensor *inputs,
                               const tx_tensor *outputs, int32_t index,
                               tx_message message) {
  const tx_entry_info *info = &entry->info;
  const char *other = NULL;
  for (int32_t i = 0; i < info->num_inputs; ++i)
    if (inputs[i].data && overlap(&inputs[i], &outputs[index]))
      other = info->inputs[i].name;
  for (int32_t i = 0; i < index; ++i)
    if (overlap(&outputs[i], &outputs[index]))
      other = info->outputs[i].name;
  if (!other)
    return TX_OK;
  return tx_fail(message, TX_ERROR_ARGUMENT,
                 "output %s shares memory with %s, expected memory of its own",
                 info->outputs[index].name, other);
}

tx_status tx_check_outputs(const tx_entry *entry, const tx_sizes *sizes,
                           const tx_tensor *inputs, tx_tensor *outputs,
                           tx_message message) {
  for (int32_t i = 0; i < entry->info.num_outputs; ++i) {
    const tx_tensor_info *info = &entry->info.outputs[i];
    tx_tensor *output = &outputs[i];
    int64_t bytes = 4;
    output->dtype = info->dtype;
    output->rank = info->rank;
    for (int32_t d = 0; d < info->rank; ++d) {
      int64_t size = info->shape[d];
      if (size == TX_DIM_TOKENS)
        size = sizes->tokens;
      else if (size == TX_DIM_SEQUENCES)
        size = sizes->sequences;
      else if (size == TX_DIM_SEQUENCES_PLUS)
        size = sizes->sequences + 1;
      else if (size == TX_DIM_LENGTH)
        size = sizes->length;
      output->shape[d] = size;
      if (__builtin_mul_overflow(bytes, size, &bytes))
        return tx_fail(message, TX_ERROR_CAPACITY, "output %s is too large",
                       info->name);
    }
    if (!output->data)
      return tx_fail(message, TX_ERROR_ARGUMENT, "output %s has no memory",
                     info->name);
    if (output->capacity < bytes)
      return tx_fail(message, TX_ERROR_CAPACITY,
                     "output %s needs %lld bytes, %lld were given", info->name,
                     (long long)bytes, (long long)output->capacity);
    tx_status status = check_alignment(info, output, message);
    if (status == TX_OK)
      status = check_overlap(entry, inputs, outputs, i, message);
    if (status != TX_OK)
      return status;
  }
  return TX_OK;
}
