/*===- Weights.c - The weights of the artefact ----------------------------===*\
|*                                                                            *|
|* Weights are linked in (object files), or lie behind the ELF image in the   *|
|* shared object's own file, at a multiple of 2 MiB, and are mapped from *|
|* there. All contexts of the process share them.                             *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HUGE_PAGE = 2 << 20, PATH_BYTES = 4096 };

typedef struct shared_weights {
  const char *data;
  void *reservation; /* what munmap gets */
  size_t reserved;
  int64_t users;
} shared_weights;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static shared_weights shared[2]; /* by tx_weights_mode */

/* The path of the file that `address` is mapped from. */
static int find_own_file(const void *address, char path[PATH_BYTES]) {
  FILE *maps = fopen("/proc/self/maps", "re");
  if (!maps)
    return 0;
  char line[PATH_BYTES + 128];
  int found = 0;
  while (!found && fgets(line, sizeof line, maps)) {
    unsigned long begin, end;
    int at = 0;
    if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %n", &begin, &end, &at) < 2)
      continue;
    if ((unsigned long)address < begin || (unsigned long)address >= end)
      continue;
    size_t length = strcspn(line + at, "\n");
    if (at > 0 && line[at] == '/' && length < PATH_BYTES) {
      memcpy(path, line + at, length);
      path[length] = 0;
      found = 1;
    }
    break;
  }
  fclose(maps);
  return found;
}

static tx_status read_footer(int file, const char *path,
                             tx_weights_footer *footer, tx_message message) {
  struct stat status;
  if (fstat(file, &status) != 0)
    return tx_fail(message, TX_ERROR_WEIGHTS, "cannot examine %s: %s", path,
                   strerror(errno));
  int64_t at = (int64_t)status.st_size - (int64_t)sizeof *footer;
  if (at < 0 || pread(file, footer, sizeof *footer, at) != sizeof *footer ||
      memcmp(footer->magic, TX_FOOTER_MAGIC, sizeof TX_FOOTER_MAGIC))
    return tx_fail(message, TX_ERROR_WEIGHTS,
                   "%s does not end in weights: it was cut short or stripped; "
                   "compile the model again",
                   path);
  if (footer->size != tx_the_program.weights_size ||
      memcmp(footer->weights_id, tx_the_program.weights_id,
             sizeof footer->weights_id))
    return tx_fail(message, TX_ERROR_WEIGHTS,
                   "the weights in %s belong to another model: the file was "
                   "replaced while it was loaded; load it again",
                   path);
  if (footer->offset < 0 || footer->offset % HUGE_PAGE ||
      footer->offset > at - footer->size)
    return tx_fail(message, TX_ERROR_WEIGHTS,
                   "%s is damaged: its weights do not fit the file", path);
  return TX_OK;
}

/* Reserves `size` bytes at a multiple of 2 MiB, so that huge pages fit. */
static char *reserve(shared_weights *weights, size_t size) {
  weights->reserved = size + HUGE_PAGE;
  weights->reservation =
      mmap(NULL, weights->reserved, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (weights->reservation == MAP_FAILED)
    return NULL;
  uintptr_t begin = (uintptr_t)weights->reservation;
  return (char *)((begin + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
}

static int read_fully(int file, char *to, int64_t size, int64_t offset) {
  while (size > 0) {
    ssize_t got = pread(file, to, (size_t)size, offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return 0;
    to += got;
    offset += got;
    size -= got;
  }
  return 1;
}

static tx_status load(shared_weights *weights, tx_weights_mode mode,
                      tx_message message) {
  char path[PATH_BYTES];
  if (!find_own_file(&tx_the_program, path))
    return tx_fail(message, TX_ERROR_WEIGHTS,
                   "cannot find the file this model was loaded from");
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return tx_fail(message, TX_ERROR_WEIGHTS, "cannot open %s: %s", path,
                   strerror(errno));
  tx_weights_footer footer;
  tx_status status = read_footer(file, path, &footer, message);
  if (status != TX_OK) {
    close(file);
    return status;
  }

  size_t size = (size_t)footer.size;
  char *data = reserve(weights, size);
  void *mapped = MAP_FAILED;
  if (data && mode == TX_WEIGHTS_MAP)
    mapped = mmap(data, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, file,
                  footer.offset);
  else if (data)
    mapped = mmap(data, size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  int complete = mapped != MAP_FAILED;
  if (complete) {
    madvise(data, size, MADV_HUGEPAGE);
    if (mode == TX_WEIGHTS_COPY)
      complete = read_fully(file, data, footer.size, footer.offset);
    else
      madvise(data, size, MADV_WILLNEED);
  }
  int reason = errno;
  close(file);
  if (!complete) {
    if (data)
      munmap(weights->reservation, weights->reserved);
    return tx_fail(message, TX_ERROR_MEMORY,
                   "cannot load the weights of %s: %s", path, strerror(reason));
  }
  weights->data = data;
  return TX_OK;
}

tx_status tx_acquire_weights(tx_weights_mode mode, const char **data,
                             tx_message message) {
  if (tx_the_program.weights || tx_the_program.weights_size == 0) {
    *data = tx_the_program.weights;
    return TX_OK;
  }
  tx_status status = TX_OK;
  pthread_mutex_lock(&lock);
  if (shared[mode].users == 0)
    status = load(&shared[mode], mode, message);
  if (status == TX_OK) {
    shared[mode].users++;
    *data = shared[mode].data;
  }
  pthread_mutex_unlock(&lock);
  return status;
}

void tx_release_weights(tx_weights_mode mode) {
  if (tx_the_program.weights || tx_the_program.weights_size == 0)
    return;
  pthread_mutex_lock(&lock);
  if (--shared[mode].users == 0)
    munmap(shared[mode].reservation, shared[mode].reserved);
  pthread_mutex_unlock(&lock);
}
