#include "file_kernels.h"

#include <string.h>

#if defined(__x86_64__)

#include <emmintrin.h>

/* Less than this is soon read again, or too little to matter. */
#define LEAST_PAST_CACHES ((size_t)1 << 16)

static inline __m128i load(const char *from) { return _mm_loadu_si128((const __m128i *)(const void *)from); }
static inline void stream(char *to, __m128i value) { _mm_stream_si128((__m128i *)(void *)to, value); }

void file_copy(void *start, const void *source, size_t count) {
  char *to = start;
  const char *from = source;
  if (count >= LEAST_PAST_CACHES) {
    /* A line of the cache is written whole, from its beginning. */
    const size_t before = -(uintptr_t)to % 64;
    memcpy(to, from, before);
    to += before, from += before, count -= before;
    for (; count >= 64; to += 64, from += 64, count -= 64) {
      const __m128i a = load(from), b = load(from + 16), c = load(from + 32), d = load(from + 48);
      stream(to, a);
      stream(to + 16, b);
      stream(to + 32, c);
      stream(to + 48, d);
    }
    /* Before another thread is told of the copy, it is there. */
    _mm_sfence();
  }
  if (count > 0) memcpy(to, from, count);
}

#else

void file_copy(void *to, const void *from, size_t count) {
  if (count > 0) memcpy(to, from, count);
}

#endif
