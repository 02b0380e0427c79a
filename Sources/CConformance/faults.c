#define _GNU_SOURCE
#include "loans.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

/* Everything below runs in a signal handler: no allocation, no stdio. */

static char *line;
static size_t room, length;

static void add(const char *text) {
  while (*text != 0 && length + 1 < room) line[length++] = *text++;
}

static void add_number(uint64_t number, unsigned base) {
  char digits[24];
  size_t count = 0;
  do {
    digits[count++] = "0123456789abcdef"[number % base];
    number /= base;
  } while (number > 0);
  while (count > 0 && length + 1 < room) line[length++] = digits[--count];
}

/* "on_batch_end, epoch 1, batch 3": counted from 1, as people do. */
static void add_call(const call *call) {
  add(call->name);
  if (call->epoch >= 0) {
    add(", epoch ");
    add_number((uint64_t)call->epoch + 1, 10);
  }
  if (call->batch >= 0) {
    add(", batch ");
    add_number((uint64_t)call->batch + 1, 10);
  }
}

/* 1: a write, 0: a read, -1: this machine does not say. */
static int is_write(void *context) {
#if defined(__x86_64__)
  return (((ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & 2) != 0;
#else
  (void)context;
  return -1;
#endif
}

static void describe_access(uintptr_t address, int writes) {
  const char *verb = writes < 0 ? "used " : writes ? "wrote into " : "read ";
  const loan *found = cf_loan_at(address);
  if (address < cf_page_size()) {
    add("followed a NULL pointer");
  } else if (found == NULL) {
    add(verb);
    add("memory at 0x");
    add_number(address, 16);
    add(", which it was not lent");
  } else if (found->access == CF_TAKEN_BACK) {
    add(verb);
    add(found->name);
    if (found->call.name[0] == 0) {
      add(" after the instance was destroyed");
    } else {
      add(" of ");
      add_call(&found->call);
      add(", after that call had returned");
    }
  } else if (address - found->start >= found->room) {
    add(verb);
    add("what lies behind ");
    add(found->name);
    add(" (");
    add_number(found->size, 10);
    add(" bytes)");
  } else {
    add(verb);
    add(found->name);
    add(found->access == CF_READ_ONLY ? ", which is read-only" : "");
  }
}

static void describe(int number, siginfo_t *info, void *context) {
  switch (number) {
  case SIGSEGV:
  case SIGBUS: describe_access((uintptr_t)info->si_addr, is_write(context)); break;
  case SIGFPE: add("divided by zero, or trapped on a floating-point exception"); break;
  case SIGABRT: add("called abort()"); break;
  case SIGILL:
  case SIGTRAP: add("trapped, as Swift does on an overflow or an index out of range"); break;
  default: add("died of a signal"); break;
  }
}

static void report(int number, siginfo_t *info, void *context) {
  length = 0;
  describe(number, info, context);
  line[length] = 0;
  /* SA_RESETHAND: what has happened happens again, and the process dies of it; a signal that was
   * sent is sent again. abort() does so itself. */
  if (info->si_code <= 0 && number != SIGABRT) raise(number);
}

int32_t cf_report_faults(char *text, size_t size) {
  static char stack[65536];
  if (size == 0) return EINVAL;
  line = text;
  room = size;
  stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
  /* A stack of its own: the plugin's may be what has run out. */
  if (sigaltstack(&other, NULL) != 0) return errno;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = report;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
    if (sigaction(signals[i], &action, NULL) != 0) return errno;
  }
  return 0;
}
