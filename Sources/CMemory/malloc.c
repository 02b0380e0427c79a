#include "ty_malloc.h"

#if defined(__GLIBC__) || defined(__linux__)
#include <malloc.h>
#endif

void ty_malloc_keep(void) {
#if defined(M_TRIM_THRESHOLD) && defined(M_MMAP_THRESHOLD)
  (void)mallopt(M_MMAP_THRESHOLD, 32 << 20);
  (void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}
