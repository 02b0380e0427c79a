/*
 * What a checker needs of C: memory whose every misuse is a fault with a name, a count of a
 * plugin's allocations, and the facts of a process that a plugin must leave alone.
 *
 * For a child process that runs one rule and ends: all of it is global to the process.
 */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include <stddef.h>
#include <stdint.h>

/* ---- Loans: memory that a plugin may use until a call returns -------------------- */

#define CF_TAKEN_BACK 0 /* every use is a fault */
#define CF_READ_ONLY 1
#define CF_WRITABLE 2

/* Lends `size` bytes, writable and zero, whose end touches a page that cannot be used (but for
 * what `alignment`, a power of two, leaves between). `name` is what a report calls them, such as
 * "the event". Returns NULL where there is no memory. `loan` is the number for what follows. */
void *cf_lend(size_t size, size_t alignment, const char *name, int32_t *loan);
/* As above, for the life of an instance rather than for a call. */
void *cf_lend_for_life(size_t size, size_t alignment, const char *name, int32_t *loan);
/* CF_READ_ONLY while the plugin has it, CF_TAKEN_BACK when the call has returned. */
void cf_allow(int32_t loan, int32_t access);
/* Gives the addresses back to the system: a misuse is no longer noticed. */
void cf_forget(int32_t loan);

/* ---- Faults ------------------------------------------------------------------------ */

/* What the host is about to ask of the plugin; what was lent since the last call belongs to it.
 * Numbers count from 0, -1: none. */
void cf_enter_call(const char *name, int64_t epoch, int64_t batch);
void cf_leave_call(void);
/* From now on a crash leaves a sentence in `text`, which other processes may share, before the
 * process dies of its signal: "read the event of on_epoch_end after it had returned". */
int32_t cf_report_faults(char *text, size_t size);

/* ---- Allocations --------------------------------------------------------------------- */

/* Has every allocation of every library that is loaded now counted. Returns the number of
 * places that call an allocator, or -1. Call it again after another library was opened. */
int32_t cf_watch_allocations(void);
/* Counts those of this thread from here on. */
void cf_count_allocations(void);
/* The count so far; counting ends. */
uint64_t cf_allocations(void);
/* Leaves out what the host allocates while the plugin calls it. */
void cf_pause_count(void);
void cf_resume_count(void);
/* Bytes that are allocated and not freed. */
uint64_t cf_heap_in_use(void);

/* ---- The process --------------------------------------------------------------------- */

#define CF_SIGNALS 65

typedef struct cf_process {
  /* Rounding, exceptions that trap, flushing of denormals; not the flags that any sum sets. */
  uint32_t rounding;
  uint32_t traps;
  uint32_t flushes_denormals;
  uint32_t mask_of_files; /* umask */
  uint64_t blocked;       /* the thread's signal mask, signal n in bit n - 1 */
  uint64_t handlers[CF_SIGNALS];
  uint64_t flags[CF_SIGNALS];
  int64_t timer_microseconds; /* of ITIMER_REAL, 0: none */
} cf_process;

void cf_look_at_process(cf_process *process);
/* Variable `index` of the environment, NULL past the last. */
const char *cf_variable(size_t index);

/* Runs `body` on a thread of its own and waits for it; 0, or an error number. */
int32_t cf_on_another_thread(void (*body)(void *), void *context);

#endif
