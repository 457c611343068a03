/*===- Weights.c - The weights of the artefact ----------------------------===*\
|*                                                                            *|
|* Weights are linked in (object files), or lie behind the ELF image in the   *|
|* shared object's own file, at a multiple of 2 MiB, and are mapped from      *|
|* there. That mapping stays until the library goes: a program that has       *|
|* weights does not mind that the file is replaced. A copy is made of either, *|
|* and lasts as long as it has users. All contexts of the process share both. *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HUGE_PAGE = 2 << 20, PATH_BYTES = 4096 };

/* A child may be forked at any moment of another thread, so that these are
   whole at any moment: at worst, a block that is on its way in or out is lost
   to the child. */
static const char *original; /* null: not yet looked for */
static char *copy;           /* null: there is none */
static int64_t users[2];     /* contexts, by tx_weights_mode */

/* The process that holds the lock, or 0. A child that was forked meanwhile has
   the lock, but not the thread that would release it: it takes it over. */
static uint32_t holder;

static int try_lock(void) {
  uint32_t self = (uint32_t)getpid();
  uint32_t seen = __atomic_load_n(&holder, __ATOMIC_RELAXED);
  return seen != self &&
         __atomic_compare_exchange_n(&holder, &seen, self, /*weak=*/0,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void lock(void) {
  while (!try_lock())
    tx_wait_while(&holder, (uint32_t)getpid());
}

static void unlock(void) {
  __atomic_store_n(&holder, 0, __ATOMIC_RELEASE);
  tx_wake_all(&holder);
}

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

/* Bytes of the weights and of a copy in the address space. */
static size_t get_block_bytes(void) {
  size_t size = (size_t)tx_the_program.weights_size;
  return (size + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
}

/* Maps memory for weights at a multiple of 2 MiB, so that huge pages fit; null
   with errno where there is none. */
static char *map_block(int protection, int flags, int file, off_t offset) {
  size_t block = get_block_bytes();
  char *room = mmap(NULL, block + HUGE_PAGE, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED)
    return NULL;
  size_t before = -(uintptr_t)room & (HUGE_PAGE - 1);
  char *data = room + before;
  size_t size = (size_t)tx_the_program.weights_size;
  if (mmap(data, size, protection, MAP_PRIVATE | MAP_FIXED | flags, file,
           offset) == MAP_FAILED) {
    int reason = errno;
    munmap(room, block + HUGE_PAGE);
    errno = reason;
    return NULL;
  }
  if (before > 0)
    munmap(room, before);
  munmap(data + block, HUGE_PAGE - before);
  madvise(data, size, MADV_HUGEPAGE);
  return data;
}

/* Why the file that the system calls `path` cannot be opened. */
static tx_status explain_open(const char *path, int reason,
                              tx_message message) {
  static const char mark[] = " (deleted)";
  size_t length = strlen(path), rest = length - (sizeof mark - 1);
  if (length >= sizeof mark && !strcmp(path + rest, mark))
    return tx_fail(message, TX_ERROR_WEIGHTS,
                   "%.*s was replaced or removed while it was loaded, before "
                   "its weights were; load it again",
                   (int)rest, path);
  return tx_fail(message, TX_ERROR_WEIGHTS, "cannot open %s: %s", path,
                 strerror(reason));
}

static tx_status map_original(tx_message message) {
  char path[PATH_BYTES];
  if (!find_own_file(&tx_the_program, path))
    return tx_fail(message, TX_ERROR_WEIGHTS,
                   "cannot find the file this model was loaded from");
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return explain_open(path, errno, message);
  tx_weights_footer footer;
  tx_status status = read_footer(file, path, &footer, message);
  if (status == TX_OK) {
    char *data = map_block(PROT_READ, 0, file, footer.offset);
    if (!data)
      status =
          tx_fail(message, TX_ERROR_MEMORY, "cannot map the weights of %s: %s",
                  path, strerror(errno));
    else
      madvise(data, (size_t)footer.size, MADV_WILLNEED);
    __atomic_store_n(&original, data, __ATOMIC_RELEASE);
  }
  close(file);
  return status;
}

/* Drops pages of the original that the file has as well. */
static void drop_pages(size_t at, size_t bytes) {
  if (!tx_the_program.weights)
    madvise((char *)original + at, bytes, MADV_DONTNEED);
}

static tx_status copy_original(tx_message message) {
  char *data = map_block(PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1, 0);
  if (!data)
    return tx_fail(message, TX_ERROR_MEMORY, "cannot copy the weights: %s",
                   strerror(errno));
  size_t size = (size_t)tx_the_program.weights_size;
  for (size_t at = 0; at < size; at += HUGE_PAGE) {
    size_t piece = size - at < HUGE_PAGE ? size - at : HUGE_PAGE;
    memcpy(data + at, original + at, piece);
    drop_pages(at, piece); /* once in memory is enough */
  }
  __atomic_store_n(&copy, data, __ATOMIC_RELEASE);
  return TX_OK;
}

tx_status tx_acquire_weights(tx_weights_mode mode, const char **data,
                             tx_message message) {
  *data = NULL;
  if (tx_the_program.weights_size == 0)
    return TX_OK;
  tx_status status = TX_OK;
  lock();
  if (!original && tx_the_program.weights)
    original = tx_the_program.weights;
  if (!original)
    status = map_original(message);
  if (status == TX_OK && mode == TX_WEIGHTS_COPY && !copy)
    status = copy_original(message);
  if (status == TX_OK) {
    users[mode]++;
    *data = mode == TX_WEIGHTS_COPY ? copy : original;
  }
  unlock();
  return status;
}

void tx_release_weights(tx_weights_mode mode) {
  if (tx_the_program.weights_size == 0)
    return;
  lock();
  users[mode]--;
  if (users[mode] == 0 && mode == TX_WEIGHTS_MAP) {
    drop_pages(0, (size_t)tx_the_program.weights_size);
  } else if (users[mode] == 0) {
    char *last = copy;
    __atomic_store_n(&copy, NULL, __ATOMIC_SEQ_CST);
    munmap(last, get_block_bytes());
  }
  unlock();
}

/* When the library goes. It may go with the process, while other threads run on
   the weights or look for them. */
__attribute__((destructor)) static void unmap_original(void) {
  if (!try_lock())
    return;
  if (original && !tx_the_program.weights && users[TX_WEIGHTS_MAP] == 0) {
    char *last = (char *)original;
    __atomic_store_n(&original, NULL, __ATOMIC_SEQ_CST);
    munmap(last, get_block_bytes());
  }
  unlock();
}
