#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "file_kernels.h"

#include <fcntl.h>

void file_reserve(int file, int64_t count) {
#if defined(__linux__) && defined(FALLOC_FL_KEEP_SIZE)
  /* Not posix_fallocate(), which writes zeros where a file system cannot reserve. */
  if (count > 0) (void)fallocate(file, FALLOC_FL_KEEP_SIZE, 0, (off_t)count);
#else
  (void)file, (void)count;
#endif
}
