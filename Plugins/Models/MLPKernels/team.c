/* A few threads that share work with the one that calls: started when there is work for the first time, spinning for a
 * moment between two pieces of it, for the next one mostly comes soon, and asleep after that. */
#define _GNU_SOURCE
#include "mlp_kernels.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

/* How long a thread spins before it sleeps: about as long as it takes to gather the rows of a batch. */
enum { SPIN_NANOSECONDS = 100000, LOOKS = 32 };
/* The kernels keep a panel on the stack, of 32 KiB. */
enum { STACK = 512 << 10 };

typedef struct member {
  mlp_team *team;
  pthread_t thread;
  int index;
} member;

struct mlp_team {
  /* The piece of work that is under way, written before `round` rises. */
  mlp_share *share;
  void *work;
  /* Threads wanted, and threads that there are, both with the caller's; 0: not started yet. */
  int wanted, count;
  int is_ending;
  atomic_uint round;
  /* Members that have not finished the round; members asleep; whether the caller is. */
  atomic_uint left, sleepers, caller_sleeps;
  pthread_mutex_t lock;
  pthread_cond_t for_members, for_caller;
  member members[];
};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Whether, within a moment, the number is the one wanted, or is another than the one that is not. */
static int comes(atomic_uint *number, unsigned value, int is_wanted) {
  const int64_t end = nanoseconds() + SPIN_NANOSECONDS;
  do {
    for (int i = 0; i < LOOKS; i++) {
      if ((atomic_load(number) == value) == is_wanted) return 1;
      pause_briefly();
    }
  } while (nanoseconds() < end);
  return 0;
}

/* Who sleeps says so first and looks once more; who wakes changes the number first and then asks who sleeps. */
static void wait_for_round(mlp_team *team, unsigned last) {
  if (comes(&team->round, last, 0)) return;
  pthread_mutex_lock(&team->lock);
  atomic_fetch_add(&team->sleepers, 1);
  while (atomic_load(&team->round) == last) pthread_cond_wait(&team->for_members, &team->lock);
  atomic_fetch_sub(&team->sleepers, 1);
  pthread_mutex_unlock(&team->lock);
}

static void *run_member(void *argument) {
  const member *self = argument;
  mlp_team *team = self->team;
  pthread_setname_np(pthread_self(), "mlp-thread");
  (void)mlp_flush_denormals();
  for (unsigned last = 0;; last++) {
    wait_for_round(team, last);
    if (team->is_ending) return NULL;
    team->share(team->work, self->index, team->count);
    if (atomic_fetch_sub(&team->left, 1) == 1 && atomic_load(&team->caller_sleeps)) {
      pthread_mutex_lock(&team->lock);
      pthread_cond_signal(&team->for_caller);
      pthread_mutex_unlock(&team->lock);
    }
  }
}

static void begin_round(mlp_team *team) {
  atomic_fetch_add(&team->round, 1);
  if (atomic_load(&team->sleepers) == 0) return;
  pthread_mutex_lock(&team->lock);
  pthread_cond_broadcast(&team->for_members);
  pthread_mutex_unlock(&team->lock);
}

/* Threads that cannot be had are done without: the results are the same. */
static void start(mlp_team *team) {
  sigset_t all, before;
  pthread_attr_t attributes;
  team->count = 1;
  if (pthread_attr_init(&attributes) != 0) return;
  pthread_attr_setstacksize(&attributes, STACK);
  /* Signals are for the threads that know what to do about them. */
  sigfillset(&all);
  /* What a crash raises cannot wait: the handler writes down who was being called. */
  const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
  for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++) sigdelset(&all, crashes[i]);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  int count = 1;
  for (; count < team->wanted; count++) {
    member *next = &team->members[count];
    next->team = team;
    next->index = count;
    if (pthread_create(&next->thread, &attributes, run_member, next) != 0) break;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  team->count = count;
}

mlp_team *mlp_team_new(int threads) {
  const int wanted = threads < 1 ? 1 : threads;
  mlp_team *team = calloc(1, sizeof *team + (size_t)wanted * sizeof team->members[0]);
  if (!team) return NULL;
  team->wanted = wanted;
  pthread_mutex_init(&team->lock, NULL);
  pthread_cond_init(&team->for_members, NULL);
  pthread_cond_init(&team->for_caller, NULL);
  return team;
}

void mlp_team_run(mlp_team *team, mlp_share *share, void *work) {
  if (team->count == 0) start(team);
  if (team->count > 1) {
    team->share = share;
    team->work = work;
    atomic_store(&team->left, (unsigned)team->count - 1);
    begin_round(team);
  }
  share(work, 0, team->count);
  if (team->count == 1 || comes(&team->left, 0, 1)) return;
  pthread_mutex_lock(&team->lock);
  atomic_store(&team->caller_sleeps, 1);
  while (atomic_load(&team->left) > 0) pthread_cond_wait(&team->for_caller, &team->lock);
  atomic_store(&team->caller_sleeps, 0);
  pthread_mutex_unlock(&team->lock);
}

void mlp_team_end(mlp_team *team) {
  team->is_ending = 1;
  begin_round(team);
  for (int i = 1; i < team->count; i++) pthread_join(team->members[i].thread, NULL);
  pthread_cond_destroy(&team->for_caller);
  pthread_cond_destroy(&team->for_members);
  pthread_mutex_destroy(&team->lock);
  free(team);
}
