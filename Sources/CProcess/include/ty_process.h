/*
 * Starting and watching processes: what Swift cannot call (variadic functions, vfork) or what
 * the C library of an older system does not know yet. Every function returns 0 or a number that
 * makes sense on success, and a negated errno otherwise.
 */
#ifndef TY_PROCESS_H
#define TY_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a new process is given. All pointers are borrowed until the call returns. */
typedef struct ty_spawn {
  const char *executable;
  char *const *arguments;   /* ends with NULL; [0] is the name that the process sees */
  char *const *environment; /* ends with NULL; NULL: that of this process */
  const char *folder;       /* where it starts; NULL: where this process is */
  const int *sources;       /* descriptors of this process ... */
  const int *targets;       /* ... and the numbers that they have in the new one */
  size_t descriptor_count;
  int dies_with_parent;     /* SIGKILL when the calling thread ends */
} ty_spawn;

/* Starts a process in a process group of its own, with default signal handling, nothing blocked,
 * and no descriptor but those that are listed: 0, 1 and 2 must be among the targets.
 * Sets *pid and *pidfd; the pidfd is close-on-exec. An executable that cannot be started is
 * reported here, and leaves no process behind. */
int32_t ty_spawn_process(const ty_spawn *what, int32_t *pid, int *pidfd);

#define TY_PROCESS_EXITED 1
#define TY_PROCESS_KILLED 2
#define TY_PROCESS_DUMPED 3

/* Waits for the end of a child. With `peek` it stays a zombie, so that its number is still taken.
 * *how: TY_PROCESS_...; *value: its exit code, or the signal. Both may be NULL. */
int32_t ty_wait_process(int32_t pid, int peek, int32_t *how, int32_t *value);

#ifdef __cplusplus
}
#endif

#endif
