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

/* ---- Shared memory and messages ------------------------------------------------------------- */

/* Makes memory that can be handed to another process: `size` bytes of zeros, close-on-exec, whose size
 * is fixed. Returns its descriptor. */
int32_t ty_memory_make(uint64_t size);

/* From now on nobody can make a mapping of it that can be written to; those that exist stay.
 * -EINVAL where the kernel does not know how. */
int32_t ty_memory_seal_writing(int descriptor);

/* Sends bytes, and with the first of them at most one descriptor (-1: none). Never raises SIGPIPE and never
 * waits: returns the number of bytes that went, or -EAGAIN. */
int64_t ty_socket_send(int socket, const void *bytes, size_t count, int descriptor);

/* Receives up to `count` bytes, and sets *descriptor to one that came with them, close-on-exec, or -1. Further
 * ones are closed. 0: the other end is closed. */
int64_t ty_socket_receive(int socket, void *bytes, size_t count, int *descriptor, int waits);

/* A pair of connected sockets, close-on-exec. */
int32_t ty_socket_pair(int *first, int *second);

/* ---- What a process may no longer do ---------------------------------------------------------- */

#define TY_CONFINED_SECCOMP 0x1  /* no new processes, signals to others, tracing, and so on */
#define TY_CONFINED_NETWORK 0x2  /* no sockets */
#define TY_CONFINED_FILES 0x4    /* writes to the given folders only */
#define TY_CONFINED_SCOPE 0x8    /* signals to nobody outside, also by the kernel's own rule */

typedef struct ty_confinement {
  uint64_t memory;              /* the most bytes of memory of its own; 0: no limit */
  uint64_t open_files;          /* 0: no limit */
  int allows_network;
  const char *const *writable;  /* folders and files below which it may write */
  size_t writable_count;
} ty_confinement;

/* Takes away what a plugin does not need, for ever, from the calling thread and all that it will start. Sets
 * *confined to what has worked: TY_CONFINED_...; what this kernel does not have is no error. */
int32_t ty_confine(const ty_confinement *how, uint32_t *confined);

#ifdef __cplusplus
}
#endif

#endif
