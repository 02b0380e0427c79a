#define _GNU_SOURCE
#include "ty_process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The numbers of the kernel's interfaces are written here and not taken from its headers, which may be older
 * than the kernel that runs. What the kernel has is asked at run time.
 */
#define TY_PR_SET_PDEATHSIG 1
#define TY_PR_SET_SECCOMP 22
#define TY_PR_SET_NO_NEW_PRIVS 38
#define TY_SECCOMP_MODE_FILTER 2

#define TY_LANDLOCK_CREATE_RULESET 444
#define TY_LANDLOCK_ADD_RULE 445
#define TY_LANDLOCK_RESTRICT_SELF 446
#define TY_LANDLOCK_VERSION 1U
#define TY_LANDLOCK_PATH_BENEATH 1

/* ---- Landlock ---------------------------------------------------------------------------------- */

typedef struct {
  uint64_t files;
  uint64_t network;
  uint64_t scoped;
} landlock_ruleset;

typedef struct {
  uint64_t allowed;
  int32_t folder;
} __attribute__((packed)) landlock_path;

enum {
  write_file = 1 << 1,
  every_change = 1 << 1 | 0x1ff0, /* write, remove (2), make (7) */
  refer = 1 << 13,                /* version 2 */
  cut = 1 << 14,                  /* version 3 */
  scope_all = 1 << 0 | 1 << 1     /* version 6: abstract sockets, signals */
};

static void allow_writing(int ruleset, const char *path, uint64_t handled) {
  int place = open(path, O_PATH | O_CLOEXEC);
  if (place < 0) {
    return;
  }
  landlock_path rule = {.allowed = handled, .folder = place};
  if (syscall(TY_LANDLOCK_ADD_RULE, ruleset, TY_LANDLOCK_PATH_BENEATH, &rule, 0) != 0) {
    /* Not a folder: of what is handled, a file knows these two. */
    rule.allowed = handled & (write_file | cut);
    (void)syscall(TY_LANDLOCK_ADD_RULE, ruleset, TY_LANDLOCK_PATH_BENEATH, &rule, 0);
  }
  close(place);
}

static uint32_t confine_files(const ty_confinement *how) {
  long version = syscall(TY_LANDLOCK_CREATE_RULESET, NULL, 0, TY_LANDLOCK_VERSION);
  if (version < 1) {
    return 0;
  }
  landlock_ruleset rules = {.files = every_change};
  size_t size = sizeof rules.files;
  if (version >= 2) {
    rules.files |= refer;
  }
  if (version >= 3) {
    rules.files |= cut;
  }
  if (version >= 6) {
    rules.scoped = scope_all;
    size = sizeof rules;
  }
  int ruleset = (int)syscall(TY_LANDLOCK_CREATE_RULESET, &rules, size, 0);
  if (ruleset < 0) {
    return 0;
  }
  allow_writing(ruleset, "/dev/null", rules.files);
  for (size_t i = 0; i < how->writable_count; i++) {
    allow_writing(ruleset, how->writable[i], rules.files);
  }
  long error = syscall(TY_LANDLOCK_RESTRICT_SELF, ruleset, 0);
  close(ruleset);
  if (error != 0) {
    return 0;
  }
  return version >= 6 ? TY_CONFINED_FILES | TY_CONFINED_SCOPE : TY_CONFINED_FILES;
}

/* ---- Seccomp ----------------------------------------------------------------------------------- */

typedef struct {
  uint16_t code;
  uint8_t if_true;
  uint8_t if_false;
  uint32_t value;
} instruction;

typedef struct {
  uint16_t count;
  const instruction *first;
} program;

enum { load = 0x20, equals = 0x15, at_least = 0x35, any_bit = 0x45, give = 0x06 };
/* Where the filter finds things. */
enum { at_number = 0, at_architecture = 4, at_argument = 16 };

#define TY_ALLOW 0x7fff0000U
#define TY_KILL 0x80000000U
#define TY_ERROR(number) (0x00050000U | (uint32_t)(number))

#if defined(__x86_64__)
#define TY_ARCHITECTURE 0xc000003eU
#elif defined(__aarch64__)
#define TY_ARCHITECTURE 0xc00000b7U
#else
#define TY_ARCHITECTURE 0U
#endif

#define TY_CLONE_THREAD 0x00010000U

enum { room = 256 };
typedef struct {
  instruction list[room];
  uint16_t count;
} filter;

static void add(filter *to, uint16_t code, uint8_t if_true, uint8_t if_false, uint32_t value) {
  if (to->count < room) {
    to->list[to->count++] = (instruction){code, if_true, if_false, value};
  }
}

static void refuse(filter *to, uint32_t number, uint32_t error) {
  add(to, equals, 0, 1, number);
  add(to, give, 0, 0, TY_ERROR(error));
}

/* The low half of an argument; both architectures are little-endian. */
static uint32_t argument(uint32_t index) { return at_argument + 8 * index; }

/* The call goes through when its argument is one of two values. */
static void allow_only(filter *to, uint32_t number, uint32_t index, uint32_t first, uint32_t second) {
  add(to, equals, 0, 5, number);
  add(to, load, 0, 0, argument(index));
  add(to, equals, 2, 0, first);
  add(to, equals, 1, 0, second);
  add(to, give, 0, 0, TY_ERROR(EPERM));
  add(to, give, 0, 0, TY_ALLOW);
}

/* Calls that no plugin needs, by architecture. */
static const uint32_t refused[] = {
#ifdef SYS_fork
    SYS_fork,
#endif
#ifdef SYS_vfork
    SYS_vfork,
#endif
    SYS_setsid, SYS_setpgid, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_rt_sigqueueinfo,
    SYS_kcmp, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_bpf,
    SYS_perf_event_open, SYS_kexec_load, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_init_module,
    SYS_finit_module, SYS_delete_module, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_open_by_handle_at,
    SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_sethostname, SYS_setdomainname, SYS_acct,
    424 /* pidfd_send_signal */, 425 /* io_uring_setup: it has sockets of its own */,
    429 /* move_mount */, 430 /* fsopen */, 438 /* pidfd_getfd */, 440 /* process_madvise */,
    442 /* mount_setattr */, 448 /* process_mrelease */,
};

static uint32_t confine_calls(const ty_confinement *how) {
  filter rules = {.count = 0};
  if (TY_ARCHITECTURE == 0) {
    return 0;
  }
  uint32_t self = (uint32_t)getpid();
  add(&rules, load, 0, 0, at_architecture);
  add(&rules, equals, 1, 0, TY_ARCHITECTURE);
  add(&rules, give, 0, 0, TY_KILL);
  add(&rules, load, 0, 0, at_number);
#if defined(__x86_64__)
  /* The x32 numbers name the same calls again. */
  add(&rules, at_least, 0, 1, 0x40000000U);
  add(&rules, give, 0, 0, TY_ERROR(ENOSYS));
#endif
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    refuse(&rules, refused[i], EPERM);
  }
  /* The C library falls back to clone, whose flags can be seen. */
  refuse(&rules, 435 /* clone3 */, ENOSYS);
  add(&rules, equals, 0, 4, SYS_clone);
  add(&rules, load, 0, 0, argument(0));
  add(&rules, any_bit, 0, 1, TY_CLONE_THREAD);
  add(&rules, give, 0, 0, TY_ALLOW);
  add(&rules, give, 0, 0, TY_ERROR(EPERM));
  /* To itself: abort() sends a signal. */
  allow_only(&rules, SYS_kill, 0, self, 0);
  allow_only(&rules, SYS_tkill, 0, self, self);
  allow_only(&rules, SYS_tgkill, 0, self, self);
  allow_only(&rules, SYS_rt_tgsigqueueinfo, 0, self, self);
  allow_only(&rules, SYS_prlimit64, 0, self, 0);
  /* It would outlive the host. */
  add(&rules, equals, 0, 4, SYS_prctl);
  add(&rules, load, 0, 0, argument(0));
  add(&rules, equals, 0, 1, TY_PR_SET_PDEATHSIG);
  add(&rules, give, 0, 0, TY_ERROR(EPERM));
  add(&rules, give, 0, 0, TY_ALLOW);
  if (!how->allows_network) {
    refuse(&rules, SYS_socket, EACCES);
  }
  add(&rules, give, 0, 0, TY_ALLOW);
  program whole = {.count = rules.count, .first = rules.list};
  if (rules.count >= room || prctl(TY_PR_SET_SECCOMP, TY_SECCOMP_MODE_FILTER, &whole, 0, 0) != 0) {
    return 0;
  }
  return how->allows_network ? TY_CONFINED_SECCOMP : TY_CONFINED_SECCOMP | TY_CONFINED_NETWORK;
}

/* ---- Limits ------------------------------------------------------------------------------------ */

static void limit(int what, uint64_t most) {
  struct rlimit now;
  if (getrlimit((__rlimit_resource_t)what, &now) != 0) {
    return;
  }
  if (now.rlim_max == RLIM_INFINITY || now.rlim_max > most) {
    now.rlim_max = (rlim_t)most;
  }
  now.rlim_cur = now.rlim_max;
  (void)setrlimit((__rlimit_resource_t)what, &now);
}

int32_t ty_confine(const ty_confinement *how, uint32_t *confined) {
  *confined = 0;
  limit(RLIMIT_CORE, 0);
  if (how->open_files > 0) {
    limit(RLIMIT_NOFILE, how->open_files);
  }
  if (how->memory > 0) {
    /* What is shared with the host and what is only reserved does not count. */
    limit(RLIMIT_DATA, how->memory);
  }
  /* Where memory runs out all the same, this process goes and not the host. */
  int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0) {
    ssize_t ignored = write(score, "900", 3);
    (void)ignored;
    close(score);
  }
  if (prctl(TY_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return -errno;
  }
  *confined |= confine_files(how);
  *confined |= confine_calls(how);
  return 0;
}
