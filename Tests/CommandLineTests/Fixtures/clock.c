/*
 * Goes before a program's C library (LD_PRELOAD) and tells it other times than the machine has.
 *
 * CLOCK=wall: each time that the time of day is asked for, it has jumped: ten years back, ten years on, and back again.
 * CLOCK=fast: each time that a clock is asked that never jumps, a minute has gone by.
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static atomic_long asked;

static int is(const char *mode) {
  const char *found = getenv("CLOCK");
  return found != NULL && strcmp(found, mode) == 0;
}

static time_t jump(void) {
  const time_t years = 10L * 365 * 86400;
  return is("wall") ? (atomic_fetch_add(&asked, 1) % 2 == 0 ? -years : years) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  if (syscall(SYS_clock_gettime, clock, now) != 0) {
    return -1;
  }
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
    now->tv_sec += jump();
  } else if ((clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME) && is("fast")) {
    now->tv_sec += 60 * atomic_fetch_add(&asked, 1);
  }
  return 0;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != NULL) {
    *result = now.tv_sec;
  }
  return now.tv_sec;
}

int gettimeofday(struct timeval *result, void *zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  result->tv_sec = now.tv_sec;
  result->tv_usec = now.tv_nsec / 1000;
  return 0;
}
