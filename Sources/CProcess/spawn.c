#define _GNU_SOURCE
#include "ty_process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Numbers that every architecture shares; older headers lack them. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define TY_CLOSE_RANGE_CLOEXEC 4U

/* Marks every descriptor from 3 on as close-on-exec, whoever opened it and however. */
static void close_all_on_exec(void) {
  if (syscall(SYS_close_range, 3U, ~0U, TY_CLOSE_RANGE_CLOEXEC) == 0) {
    return;
  }
  struct rlimit limit;
  int last = 65536;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536) {
    last = (int)limit.rlim_cur;
  }
  for (int number = 3; number < last; number++) {
    int flags = fcntl(number, F_GETFD);
    if (flags >= 0) {
      (void)fcntl(number, F_SETFD, flags | FD_CLOEXEC);
    }
  }
}

/* Runs in the new process, which borrows the memory of this one until it calls execve: only
 * system calls, nothing that takes a lock or writes to what the parent reads. */
static int become(const ty_spawn *what, const int *raised, pid_t parent, const sigset_t *none) {
  if (setpgid(0, 0) != 0) {
    return errno;
  }
  if (what->dies_with_parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
      return errno;
    }
    if (getppid() != parent) {
      return ESRCH;
    }
  }
  if (what->folder != NULL && chdir(what->folder) != 0) {
    return errno;
  }
  struct sigaction usual;
  memset(&usual, 0, sizeof usual);
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; number++) {
    (void)sigaction(number, &usual, NULL);
  }
  close_all_on_exec();
  for (size_t i = 0; i < what->descriptor_count; i++) {
    if (dup2(raised[i], what->targets[i]) < 0) {
      return errno;
    }
  }
  if (sigprocmask(SIG_SETMASK, none, NULL) != 0) {
    return errno;
  }
  execve(what->executable, what->arguments, what->environment);
  return errno;
}

/* vfork and not fork: a host with gigabytes of data has page tables that take long to copy, and
 * another thread's writes meanwhile would copy the pages too. */
static int start(const ty_spawn *what, const int *raised, int report, pid_t *child) {
  sigset_t all, before, none;
  sigfillset(&all);
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t parent = getpid();
  pid_t pid = vfork();
  if (pid == 0) {
    int error = become(what, raised, parent, &none);
    ssize_t ignored = write(report, &error, sizeof error);
    (void)ignored;
    _exit(127);
  }
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (pid < 0) {
    return error;
  }
  *child = pid;
  return 0;
}

static void reap(pid_t pid) {
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
  }
}

int32_t ty_spawn_process(const ty_spawn *what, int32_t *pid, int *pidfd) {
  extern char **environ;
  enum { limit = 32 };
  int raised[limit];
  size_t count = 0;
  int above = 3;
  int error = 0;
  int report[2] = {-1, -1};
  ty_spawn full = *what;
  if (full.environment == NULL) {
    full.environment = environ;
  }
  if (full.descriptor_count > limit) {
    return -EINVAL;
  }
  for (size_t i = 0; i < full.descriptor_count; i++) {
    if (full.targets[i] >= above) {
      above = full.targets[i] + 1;
    }
  }
  /* Copies above every target, so that no dup2 in the child overwrites a source. */
  for (; count < full.descriptor_count; count++) {
    raised[count] = fcntl(full.sources[count], F_DUPFD_CLOEXEC, above);
    if (raised[count] < 0) {
      error = errno;
      break;
    }
  }
  if (error == 0 && pipe2(report, O_CLOEXEC) != 0) {
    error = errno;
  }
  if (error == 0) {
    /* The same for the pipe that tells of a failed execve. */
    int moved = fcntl(report[1], F_DUPFD_CLOEXEC, above);
    if (moved < 0) {
      error = errno;
    } else {
      close(report[1]);
      report[1] = moved;
    }
  }
  pid_t child = -1;
  if (error == 0) {
    error = start(&full, raised, report[1], &child);
  }
  if (report[1] >= 0) {
    close(report[1]);
  }
  if (error == 0) {
    int told = 0;
    ssize_t size;
    do {
      size = read(report[0], &told, sizeof told);
    } while (size < 0 && errno == EINTR);
    if (size == (ssize_t)sizeof told) {
      error = told;
      reap(child);
    }
  }
  if (error == 0) {
    int opened = (int)syscall(SYS_pidfd_open, child, 0U);
    if (opened < 0) {
      error = errno;
      kill(-child, SIGKILL);
      reap(child);
    } else {
      *pidfd = opened;
      *pid = child;
    }
  }
  if (report[0] >= 0) {
    close(report[0]);
  }
  for (size_t i = 0; i < count; i++) {
    close(raised[i]);
  }
  return -error;
}

int32_t ty_wait_process(int32_t pid, int peek, int32_t *how, int32_t *value) {
  siginfo_t found;
  memset(&found, 0, sizeof found);
  if (waitid(P_PID, (id_t)pid, &found, WEXITED | (peek ? WNOWAIT : 0)) != 0) {
    return -errno;
  }
  if (how != NULL) {
    *how = found.si_code == CLD_EXITED   ? TY_PROCESS_EXITED
           : found.si_code == CLD_DUMPED ? TY_PROCESS_DUMPED
                                         : TY_PROCESS_KILLED;
  }
  if (value != NULL) {
    *value = found.si_status;
  }
  return 0;
}
