#define _GNU_SOURCE
#include "conformance.h"

#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static uint32_t flushes_denormals(void) {
#if defined(__x86_64__)
  /* FTZ and DAZ, which a library built with -ffast-math sets when it is loaded. */
  return __builtin_ia32_stmxcsr() & 0x8040u;
#elif defined(__aarch64__)
  uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  return (uint32_t)(control >> 24 & 1);
#else
  return 0;
#endif
}

void cf_look_at_process(cf_process *process) {
  memset(process, 0, sizeof *process);
  process->rounding = (uint32_t)fegetround();
  process->traps = (uint32_t)fegetexcept();
  process->flushes_denormals = flushes_denormals();
  mode_t mask = umask(0);
  umask(mask);
  process->mask_of_files = mask;
  sigset_t blocked;
  sigemptyset(&blocked);
  pthread_sigmask(SIG_BLOCK, NULL, &blocked);
  for (int number = 1; number < CF_SIGNALS; number++) {
    struct sigaction action;
    if (sigismember(&blocked, number) == 1) process->blocked |= (uint64_t)1 << (number - 1);
    if (sigaction(number, NULL, &action) != 0) continue;
    process->handlers[number] = action.sa_flags & SA_SIGINFO ? (uint64_t)(uintptr_t)action.sa_sigaction
                                                             : (uint64_t)(uintptr_t)action.sa_handler;
    process->flags[number] = (uint64_t)(unsigned)action.sa_flags;
  }
  struct itimerval timer;
  if (getitimer(ITIMER_REAL, &timer) == 0)
    process->timer_microseconds = (int64_t)timer.it_value.tv_sec * 1000000 + timer.it_value.tv_usec;
}

const char *cf_variable(size_t index) {
  size_t count = 0;
  if (environ == NULL) return NULL;
  while (environ[count] != NULL && count < index) count++;
  return environ[count];
}

struct work {
  void (*body)(void *);
  void *context;
};

static void *run(void *pointer) {
  struct work *work = pointer;
  work->body(work->context);
  return NULL;
}

int32_t cf_on_another_thread(void (*body)(void *), void *context) {
  pthread_t thread;
  struct work work = {body, context};
  int error = pthread_create(&thread, NULL, run, &work);
  if (error == 0) error = pthread_join(thread, NULL);
  return error;
}
