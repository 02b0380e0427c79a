#define _GNU_SOURCE
#include "loans.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A ring: the oldest loan that was taken back is forgotten when a new one needs its place. */
static loan loans[most_loans];
static int32_t next_loan;
/* Where loans that wait for their call begin. */
static int32_t first_pending;
static call running;
static int is_running;

size_t cf_page_size(void) {
  static size_t size;
  if (size == 0) size = (size_t)sysconf(_SC_PAGESIZE);
  return size;
}

const call *cf_running_call(void) { return is_running ? &running : NULL; }

static void copy_name(char *to, const char *from) {
  size_t length = from == NULL ? 0 : strnlen(from, longest_name - 1);
  if (length > 0) memcpy(to, from, length);
  to[length] = 0;
}

void cf_enter_call(const char *name, int64_t epoch, int64_t batch) {
  copy_name(running.name, name);
  running.epoch = epoch;
  running.batch = batch;
  is_running = 1;
  for (; first_pending != next_loan; first_pending = (first_pending + 1) % most_loans) {
    if (!loans[first_pending].waits) continue;
    loans[first_pending].waits = 0;
    loans[first_pending].call = running;
  }
}

void cf_leave_call(void) { is_running = 0; }

static void *lend(size_t size, size_t alignment, const char *name, int32_t *number) {
  size_t page = cf_page_size();
  if (alignment == 0) alignment = 1;
  size_t whole = (size + alignment - 1) & ~(alignment - 1);
  size_t room = (whole + page - 1) / page * page;
  if (room == 0) room = page;
  if (whole < size || room < whole || room + page < room) return NULL;
  char *start = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return NULL;
  if (mprotect(start + room, page, PROT_NONE) != 0) {
    munmap(start, room + page);
    return NULL;
  }
  /* What is still lent stays; were all of them, the oldest would be noticed no longer. */
  for (int tries = 0; tries < most_loans; tries++) {
    if (loans[next_loan].room == 0 || loans[next_loan].access == CF_TAKEN_BACK) break;
    next_loan = (next_loan + 1) % most_loans;
  }
  *number = next_loan;
  next_loan = (next_loan + 1) % most_loans;
  cf_forget(*number);
  loan *made = &loans[*number];
  made->start = (uintptr_t)start;
  made->room = room;
  made->size = size;
  made->access = CF_WRITABLE;
  copy_name(made->name, name);
  return start + room - whole;
}

void *cf_lend(size_t size, size_t alignment, const char *name, int32_t *number) {
  void *memory = lend(size, alignment, name, number);
  if (memory == NULL) return NULL;
  loans[*number].waits = !is_running;
  loans[*number].call = running;
  return memory;
}

void *cf_lend_for_life(size_t size, size_t alignment, const char *name, int32_t *number) {
  void *memory = lend(size, alignment, name, number);
  if (memory == NULL) return NULL;
  loans[*number].waits = 0;
  loans[*number].call.name[0] = 0;
  return memory;
}

void cf_allow(int32_t number, int32_t access) {
  if (number < 0 || number >= most_loans || loans[number].room == 0) return;
  int protection = access == CF_WRITABLE    ? PROT_READ | PROT_WRITE
                   : access == CF_READ_ONLY ? PROT_READ
                                            : PROT_NONE;
  loan *changed = &loans[number];
  changed->access = access;
  mprotect((void *)changed->start, changed->room, protection);
  /* What is taken back stays a hole in the address space, so that nothing else comes to lie there. */
  if (access == CF_TAKEN_BACK) madvise((void *)changed->start, changed->room, MADV_DONTNEED);
}

void cf_forget(int32_t number) {
  if (number < 0 || number >= most_loans || loans[number].room == 0) return;
  munmap((void *)loans[number].start, loans[number].room + cf_page_size());
  loans[number].room = 0;
}

const loan *cf_loan_at(uintptr_t address) {
  size_t page = cf_page_size();
  for (int32_t i = 0; i < most_loans; i++) {
    const loan *candidate = &loans[i];
    if (candidate->room == 0 || address < candidate->start) continue;
    if (address - candidate->start < candidate->room + page) return candidate;
  }
  return NULL;
}
