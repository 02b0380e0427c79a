#define _GNU_SOURCE
#include "ty_crash.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_INSTANCES = 4096, MOST_THREADS = 256, LONGEST_PARTY = 200, LONGEST_PATH = 4096 };

/* A slot is free while its thread is 0; it is taken by -1 and told when it is whole. */
typedef struct watched {
  _Atomic int thread;
  const volatile uint8_t *call;
  char party[LONGEST_PARTY + 1];
} watched;

typedef struct note {
  _Atomic int thread;
  void *stack;
  char path[LONGEST_PATH];
} note;

static watched instances[MOST_INSTANCES];
static note notes[MOST_THREADS];
static uint8_t idle, loader;

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
enum { SIGNALS = sizeof signals / sizeof signals[0] };
static struct sigaction before[SIGNALS];

static int this_thread(void) { return (int)syscall(SYS_gettid); }

/* ---- The note: nothing below may allocate, lock, or call what is not safe in a handler. ---- */

typedef struct text {
  size_t size;
  char bytes[LONGEST_PATH + 512];
} text;

static void add(text *to, const char *bytes) {
  while (*bytes != 0 && to->size < sizeof to->bytes) to->bytes[to->size++] = *bytes++;
}

static void add_number(text *to, uintptr_t number) {
  char digits[24];
  int at = sizeof digits - 1;
  digits[at] = 0;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  add(to, digits + at);
}

/* The instance that is being called on this thread, or -1. */
static int called_here(int thread) {
  for (int i = 0; i < MOST_INSTANCES; i++) {
    if (atomic_load(&instances[i].thread) == thread && *instances[i].call != idle) return i;
  }
  return -1;
}

/* The loader's thread has this name, and makes the loader's call of an instance that another thread owns. */
static int is_loader_thread(void) {
  char name[16] = {0};
  return prctl(PR_GET_NAME, name) == 0 && strcmp(name, "data-loader") == 0;
}

/* For a thread that owns no instance. The loader's: what it reads from. One that a plugin has started: the one instance
 * that is being called, on whichever thread; among several nobody knows whose it is. */
static int called_elsewhere(void) {
  const int is_loader = is_loader_thread();
  int found = -1, count = 0;
  for (int i = 0; i < MOST_INSTANCES; i++) {
    if (atomic_load(&instances[i].thread) <= 0) continue;
    const uint8_t call = *instances[i].call;
    if (call == idle || (call == loader) != is_loader) continue;
    found = i;
    count++;
  }
  return count == 1 || is_loader ? found : -1;
}

static void add_called(text *to, int thread) {
  int found = called_here(thread);
  if (found < 0) found = called_elsewhere();
  if (found < 0) return;
  add(to, "call ");
  add_number(to, *instances[found].call);
  add(to, " of ");
  add(to, instances[found].party);
  add(to, "\n");
}

static const char *path_of(int thread) {
  const char *any = NULL;
  for (int i = 0; i < MOST_THREADS; i++) {
    int owner = atomic_load(&notes[i].thread);
    if (owner == thread) return notes[i].path;
    if (owner > 0 && any == NULL) any = notes[i].path;
  }
  return any;
}

/* A line of /proc/self/maps, "7f00-7f80 rw-p 00001000 08:01 42 /path", where `address` lies in it and it is a file's:
 * its path, or NULL. *place is set to the place in the file. */
static const char *file_at(const char *line, uintptr_t address, uintptr_t *place) {
  uintptr_t numbers[3] = {0, 0, 0};
  for (int i = 0; i < 3; i++) {
    for (;; line++) {
      int digit = *line >= '0' && *line <= '9' ? *line - '0' : *line >= 'a' && *line <= 'f' ? *line - 'a' + 10 : -1;
      if (digit < 0) break;
      numbers[i] = numbers[i] << 4 | (uintptr_t)digit;
    }
    /* Behind the end of the range stand the rights. */
    if (i == 1) line += strlen(" rw-p");
    if (*line != 0) line++;
  }
  if (address < numbers[0] || address >= numbers[1]) return NULL;
  *place = numbers[2] + (address - numbers[0]);
  while (*line != 0 && *line != '/') line++;
  return *line == '/' ? line : NULL;
}

/* Says which file a page is gone from: it was made shorter after it was mapped, or its disk has failed. */
static void add_gone(text *to, const void *address) {
  static char line[LONGEST_PATH + 128], block[4096];
  int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (maps < 0) return;
  size_t size = 0;
  for (ssize_t count; (count = read(maps, block, sizeof block)) > 0;) {
    for (ssize_t i = 0; i < count; i++) {
      if (block[i] != '\n') {
        if (size < sizeof line - 8) line[size++] = block[i];
        continue;
      }
      /* With zeros behind it, so that a line of another form is not read past. */
      memset(line + size, 0, 8);
      size = 0;
      uintptr_t place;
      const char *path = file_at(line, (uintptr_t)address, &place);
      if (path == NULL) continue;
      add(to, "gone ");
      add_number(to, place);
      add(to, " of ");
      add(to, path);
      add(to, "\n");
      close(maps);
      return;
    }
  }
  close(maps);
}

static void write_note(int number, const void *address) {
  int thread = this_thread();
  const char *path = path_of(thread);
  if (path == NULL) return;
  text line;
  line.size = 0;
  add(&line, "signal ");
  add_number(&line, (unsigned)number);
  add(&line, "\n");
  add_called(&line, thread);
  if (number == SIGBUS) add_gone(&line, address);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return;
  ssize_t done = write(file, line.bytes, line.size);
  (void)done;
  fsync(file);
  close(file);
}

static void crashed(int number, siginfo_t *info, void *context) {
  int saved = errno;
  /* Once: a second crash in here goes to whom it went before. */
  for (int i = 0; i < SIGNALS; i++) sigaction(signals[i], &before[i], NULL);
  write_note(number, info->si_addr);
  errno = saved;
  /* A handler of before may have more to say, as a backtrace. It is called and not sent a signal,
   * which would not tell it where the crash was. */
  for (int i = 0; i < SIGNALS; i++) {
    void (*plain)(int) = before[i].sa_handler;
    if (signals[i] != number || plain == SIG_DFL || plain == SIG_IGN) continue;
    if (before[i].sa_flags & SA_SIGINFO) {
      before[i].sa_sigaction(number, info, context);
    } else {
      plain(number);
    }
  }
  /* Nothing goes on after a crash. Blocked until this returns, and then the end. */
  signal(number, SIG_DFL);
  raise(number);
}

/* ---- Outside of signals ---- */

void ty_crash_install(uint8_t idle_call, uint8_t loader_call) {
  static atomic_flag is_installed = ATOMIC_FLAG_INIT;
  if (atomic_flag_test_and_set(&is_installed)) return;
  idle = idle_call;
  loader = loader_call;
  for (int i = 0; i < SIGNALS; i++) sigaction(signals[i], NULL, &before[i]);
  for (int i = 0; i < SIGNALS; i++) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = crashed;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(signals[i], &action, NULL);
  }
}

int ty_crash_watch(const volatile uint8_t *call, const char *party) {
  for (int i = 0; i < MOST_INSTANCES; i++) {
    int unused = 0;
    if (!atomic_compare_exchange_strong(&instances[i].thread, &unused, -1)) continue;
    instances[i].call = call;
    strncpy(instances[i].party, party, LONGEST_PARTY);
    instances[i].party[LONGEST_PARTY] = 0;
    atomic_store(&instances[i].thread, this_thread());
    return i;
  }
  return -1;
}

void ty_crash_forget(int number) {
  if (number >= 0 && number < MOST_INSTANCES) atomic_store(&instances[number].thread, 0);
}

static void use_stack(void *stack, size_t size) {
  stack_t new = {.ss_sp = stack, .ss_size = size, .ss_flags = stack == NULL ? SS_DISABLE : 0};
  sigaltstack(&new, NULL);
}

int ty_crash_note_to(const char *path) {
  enum { STACK = 64 << 10 };
  int thread = this_thread();
  note *own = NULL;
  for (int i = 0; i < MOST_THREADS && own == NULL; i++) {
    if (atomic_load(&notes[i].thread) == thread) own = &notes[i];
  }
  if (own != NULL) {
    use_stack(NULL, 0);
    void *stack = own->stack;
    own->stack = NULL;
    atomic_store(&own->thread, 0);
    free(stack);
  }
  if (path == NULL) return 0;
  if (strlen(path) >= LONGEST_PATH) return -1;
  for (int i = 0; i < MOST_THREADS; i++) {
    int unused = 0;
    if (!atomic_compare_exchange_strong(&notes[i].thread, &unused, -1)) continue;
    strcpy(notes[i].path, path);
    notes[i].stack = malloc(STACK);
    if (notes[i].stack != NULL) use_stack(notes[i].stack, STACK);
    atomic_store(&notes[i].thread, thread);
    return 0;
  }
  return -1;
}
