/*===- embed.c - A compiled model inside a C program ----------------------===*\
|*                                                                            *|
|* The model is linked in: no file is read at run time. Each argument is one  *|
|* sequence of token ids, separated by commas; the first output of the entry  *|
|* `packed` is printed, one row per line.                                     *|
|*                                                                            *|
|*   txc compile MODEL --emit=obj -o model.o     # writes model.h as well     *|
|*   cc embed.c model.o -o embed                                              *|
|*   ./embed 101,7592,2088,102 101,102                                        *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct batch {
  int32_t *ids, *offsets;
  int64_t tokens, sequences;
} batch;

/* Reads "1,2,3" to `ids`; how many there are, or -1 if it is no such list. */
static int64_t parse_ids(const char *text, int32_t *ids) {
  int64_t count = 0;
  for (;;) {
    char *end;
    errno = 0;
    long id = strtol(text, &end, 10);
    if (end == text || errno || id < 0 || id > INT32_MAX)
      return -1;
    ids[count++] = (int32_t)id;
    if (*end == 0)
      return count;
    if (*end != ',')
      return -1;
    text = end + 1;
  }
}

static int parse_batch(int sequences, char **texts, batch *batch) {
  size_t most = 0; /* an id takes a digit and a comma */
  for (int i = 0; i < sequences; ++i)
    most += strlen(texts[i]) / 2 + 1;
  batch->ids = malloc(most * sizeof *batch->ids);
  batch->offsets = malloc(((size_t)sequences + 1) * sizeof *batch->offsets);
  batch->tokens = 0;
  batch->sequences = sequences;
  if (!batch->ids || !batch->offsets)
    return 0;
  batch->offsets[0] = 0;
  for (int i = 0; i < sequences; ++i) {
    int64_t count = parse_ids(texts[i], batch->ids + batch->tokens);
    if (count < 0) {
      fprintf(stderr, "error: '%s' is not a list of ids such as 101,2054,102\n",
              texts[i]);
      return 0;
    }
    batch->tokens += count;
    batch->offsets[i + 1] = (int32_t)batch->tokens;
  }
  return 1;
}

/* The size that a dimension has for this batch. */
static int64_t get_size(int64_t dim, const batch *batch) {
  switch (dim) {
  case TX_DIM_TOKENS:
    return batch->tokens;
  case TX_DIM_SEQUENCES:
    return batch->sequences;
  case TX_DIM_SEQUENCES_PLUS:
    return batch->sequences + 1;
  default:
    return dim;
  }
}

/* A tensor of the shape of `info`. */
static tx_tensor make_tensor(const tx_tensor_info *info, void *data,
                             const batch *batch) {
  tx_tensor tensor = {.data = data, .dtype = info->dtype, .rank = info->rank};
  tensor.capacity = 4; /* both dtypes have four bytes */
  for (int32_t d = 0; d < info->rank; ++d) {
    tensor.shape[d] = get_size(info->shape[d], batch);
    tensor.capacity *= tensor.shape[d];
  }
  return tensor;
}

static void print_rows(const tx_tensor *tensor) {
  const float *values = tensor->data;
  int64_t columns = tensor->rank > 1 ? tensor->shape[1] : 1;
  for (int64_t row = 0; row < tensor->shape[0]; ++row)
    for (int64_t c = 0; c < columns; ++c)
      printf("%.6f%c", values[row * columns + c], c + 1 < columns ? ' ' : '\n');
}

/* Runs the entry `packed` on `batch` and prints its first output. */
static tx_status embed(const tx_model *model, tx_context *context,
                       const batch *batch) {
  const tx_entry_info *info = model->entries[tx_model_packed];
  tx_tensor inputs[8], outputs[8];
  if (info->num_inputs > 8 || info->num_outputs > 8)
    return TX_ERROR_ARGUMENT;
  for (int32_t i = 0; i < info->num_inputs; ++i) {
    const tx_tensor_info *input = &info->inputs[i];
    void *data = NULL; /* token types: left out, which means zeros */
    if (!strcmp(input->name, "input_ids"))
      data = batch->ids;
    else if (!strcmp(input->name, "offsets"))
      data = batch->offsets;
    inputs[i] = make_tensor(input, data, batch);
  }
  for (int32_t i = 0; i < info->num_outputs; ++i) {
    outputs[i] = make_tensor(&info->outputs[i], NULL, batch);
    outputs[i].data = malloc((size_t)outputs[i].capacity);
  }
  tx_status status = model->run(context, tx_model_packed, inputs, outputs);
  if (status == TX_OK)
    print_rows(&outputs[0]);
  for (int32_t i = 0; i < info->num_outputs; ++i)
    free(outputs[i].data);
  return status;
}

int main(int argc, char **argv) {
  batch batch = {0};
  if (argc < 2) {
    fprintf(stderr, "usage: %s ID,ID,... [ID,ID,...]...\n", argv[0]);
    return 2;
  }
  if (!parse_batch(argc - 1, argv + 1, &batch))
    return 2;

  const tx_model *model = tx_model_v1();
  tx_options options = {.size = sizeof options,
                        .max_tokens = batch.tokens,
                        .max_sequences = batch.sequences};
  tx_context *context;
  char error[256];
  tx_status status = model->create(&options, &context, error, sizeof error);
  if (status != TX_OK) {
    fprintf(stderr, "error: %s\n", error);
    return 1;
  }
  status = embed(model, context, &batch);
  if (status != TX_OK)
    fprintf(stderr, "error: %s\n", model->error(context));
  model->destroy(context);
  free(batch.ids);
  free(batch.offsets);
  return status == TX_OK ? 0 : 1;
}
