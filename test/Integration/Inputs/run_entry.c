/*===- run_entry.c - Runs one entry of an artefact ------------------------===*\
|*                                                                            *|
|*   run_entry MODEL.so ENTRY THREADS map|copy NAME=SIZES:NUMBERS ...         *|
|*                                                                            *|
|* SIZES and NUMBERS (i32) are separated by commas. Prints a line per output: *|
|* its name and values. For machines that have nothing but a C library.       *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "tx/Runtime/tx_model.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TENSORS = 8, MAX_NUMBERS = 1 << 12 };

static void fail(const char *reason) {
  fprintf(stderr, "error: %s\n", reason);
  exit(1);
}

/* Reads "1,2,3" up to `end`; how many there are. */
static int64_t read_numbers(const char *text, char end, int64_t *numbers) {
  int64_t count = 0;
  while (*text != end) {
    char *next;
    numbers[count++] = strtoll(text, &next, 10);
    if (next == text || count == MAX_NUMBERS)
      fail("a list of numbers is malformed or too long");
    text = *next == ',' ? next + 1 : next;
  }
  return count;
}

/* The tensor that "NAME=SIZES:NUMBERS" describes. */
static tx_tensor read_tensor(const char *text) {
  static int64_t numbers[MAX_NUMBERS];
  const char *sizes = strchr(text, '=') + 1;
  tx_tensor tensor = {.dtype = TX_I32};
  tensor.rank = (int32_t)read_numbers(sizes, ':', numbers);
  memcpy(tensor.shape, numbers, sizeof tensor.shape);
  int64_t count = read_numbers(strchr(sizes, ':') + 1, 0, numbers);
  int32_t *data = malloc((size_t)count * sizeof *data);
  for (int64_t i = 0; i < count; ++i)
    data[i] = (int32_t)numbers[i];
  tensor.data = data;
  tensor.capacity = count * (int64_t)sizeof *data;
  return tensor;
}

/* Whether `text` describes the input `name`. */
static int describes(const char *text, const char *name) {
  size_t length = strlen(name);
  return !strncmp(text, name, length) && text[length] == '=';
}

static int32_t find_entry(const tx_model *model, const char *name) {
  for (int32_t i = 0; i < model->num_entries; ++i)
    if (!strcmp(model->entries[i]->name, name))
      return i;
  fail("there is no such entry");
  return -1;
}

static const tx_model *load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    fail(dlerror());
  const tx_model *(*get)(void);
  *(void **)&get = dlsym(library, "tx_model_v1");
  if (!get)
    fail("it has no tx_model_v1");
  return get();
}

static void print_values(const tx_tensor_info *info, const tx_tensor *tensor) {
  int64_t count = 1;
  for (int32_t d = 0; d < tensor->rank; ++d)
    count *= tensor->shape[d];
  printf("%s", info->name);
  for (int64_t i = 0; i < count; ++i)
    printf(" %.9g", ((const float *)tensor->data)[i]);
  printf("\n");
}

int main(int argc, char **argv) {
  if (argc < 6)
    fail("usage: run_entry MODEL.so ENTRY THREADS map|copy INPUT...");
  const tx_model *model = load(argv[1]);
  int32_t index = find_entry(model, argv[2]);
  const tx_entry_info *entry = model->entries[index];
  fprintf(stderr, "isa %s\n", model->isa);

  tx_tensor inputs[MAX_TENSORS] = {0}, outputs[MAX_TENSORS] = {0};
  for (int32_t i = 0; i < entry->num_inputs; ++i)
    for (int a = 5; a < argc; ++a)
      if (describes(argv[a], entry->inputs[i].name))
        inputs[i] = read_tensor(argv[a]);
  for (int32_t i = 0; i < entry->num_outputs; ++i) {
    outputs[i].dtype = TX_F32;
    outputs[i].capacity = 1 << 20;
    outputs[i].data = malloc(1 << 20);
  }

  tx_options options = {.size = sizeof options,
                        .threads = atoi(argv[3]),
                        .max_tokens = 256,
                        .max_sequences = 8};
  options.weights_mode =
      strcmp(argv[4], "copy") ? TX_WEIGHTS_MAP : TX_WEIGHTS_COPY;
  tx_context *context;
  char error[256];
  if (model->create(&options, &context, error, sizeof error) != TX_OK)
    fail(error);
  if (model->run(context, index, inputs, outputs) != TX_OK)
    fail(model->error(context));
  for (int32_t i = 0; i < entry->num_outputs; ++i)
    print_values(&entry->outputs[i], &outputs[i]);
  model->destroy(context);
  return 0;
}
