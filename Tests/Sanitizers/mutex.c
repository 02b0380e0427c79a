// Tells ThreadSanitizer of Swift's Mutex. A lock that nobody waits for is taken and left by atomics in the program's own
// code, which the sanitizer sees; one that threads wait for, by two functions of libswiftSynchronization, which is not
// instrumented: what the next owner does then looks as if it had never waited. Loaded before that library, this stands
// in for both of them and says so. It takes no report away that is of anything else.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// Absent in programs without the sanitizer, which tests start too.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

SWIFT void ty_lock(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFT void ty_unlock(SELF void *mutex) __asm__(UNLOCK);

SWIFT void ty_lock(uint32_t thread, SELF void *mutex) {
  SWIFT void (*lock)(uint32_t, SELF void *);
  *(void **)&lock = dlsym(RTLD_NEXT, LOCK);
  lock(thread, mutex);
  if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT void ty_unlock(SELF void *mutex) {
  SWIFT void (*unlock)(SELF void *);
  *(void **)&unlock = dlsym(RTLD_NEXT, UNLOCK);
  if (__tsan_release) __tsan_release(mutex);
  unlock(mutex);
}
