#include "gather_kernels.h"

/* Compiled for AVX-512, for AVX2 and for every processor; the loader picks one. Elsewhere there is one. */
/* ThreadSanitizer has not begun when the loader picks. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KERNEL
#endif
#endif
#if !defined(KERNEL) && defined(__x86_64__) && defined(__linux__) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
#endif
#ifndef KERNEL
#define KERNEL
#endif

/* Shuffled rows come from anywhere in memory: the processor is told of all of a row this many rows before. */
#define AHEAD 4
#define CACHE_LINE 64
#define PREFETCH_ROW(i)                                                                              \
  if ((i) + AHEAD < count)                                                                           \
    for (ptrdiff_t byte = 0; byte < width * (ptrdiff_t)sizeof *from; byte += CACHE_LINE)             \
      __builtin_prefetch((const char *)ROW((i) + AHEAD) + byte)

#define ROW(i) (from + (rows ? (ptrdiff_t)rows[i] : (i)) * width)

/* value · factor + shift, of which the factor is given in two parts. */
static inline float scaled(uint8_t value, float high, float low, float shift) {
  const float x = (float)value;
  return x * high + (x * low + shift);
}

/* Whether that is to the bit what double precision gives for each of the 256 values that there are: mostly so where a
 * multiplication and an addition are one instruction. */
static inline int is_exact(double center, double factor, float high, float low, float shift) {
  uint32_t differences = 0;
  for (int value = 0; value < 256; value++) {
    union { float number; uint32_t bits; } fast = {.number = scaled((uint8_t)value, high, low, shift)},
                                           exact = {.number = (float)(((double)value - center) * factor)};
    differences |= fast.bits ^ exact.bits;
  }
  return differences == 0;
}

KERNEL
void gather_bytes(float *restrict to, ptrdiff_t stride, const uint8_t *restrict from, const int64_t *restrict rows,
                  ptrdiff_t count, ptrdiff_t width, double center, double factor) {
  const float high = (float)factor, low = (float)(factor - (double)high), shift = (float)(-center * factor);
  if (count * width > 1024 && is_exact(center, factor, high, low, shift)) {
    for (ptrdiff_t i = 0; i < count; i++, to += stride) {
      PREFETCH_ROW(i);
      const uint8_t *row = ROW(i);
      for (ptrdiff_t j = 0; j < width; j++) to[j] = scaled(row[j], high, low, shift);
    }
    return;
  }
  for (ptrdiff_t i = 0; i < count; i++, to += stride) {
    PREFETCH_ROW(i);
    const uint8_t *row = ROW(i);
    for (ptrdiff_t j = 0; j < width; j++) to[j] = (float)(((double)row[j] - center) * factor);
  }
}

/* Not 0 for NaN and infinities; an OR of it over a row is vector code, where a test is not. */
static inline uint32_t not_finite(float x) {
  union { float number; uint32_t bits; } both = {.number = x};
  return (both.bits & 0x7F800000u) == 0x7F800000u;
}

/* Rows too short for a vector loop's preparations. */
enum { NARROW = 16 };

/* Rows of a width that is known when this is compiled; inlined once for each. */
#define INLINE static inline __attribute__((always_inline))
INLINE int copy_rows(float *restrict to, ptrdiff_t stride, const float *restrict from, const int64_t *restrict rows,
                     ptrdiff_t count, const int width) {
  uint32_t bad = 0;
  for (ptrdiff_t i = 0; i < count; i++, to += stride) {
    const float *row = ROW(i);
    for (int j = 0; j < width; j++) {
      to[j] = row[j];
      bad |= not_finite(row[j]);
    }
  }
  return bad != 0;
}

INLINE int copy_few(float *restrict to, ptrdiff_t stride, const float *restrict from, const int64_t *restrict rows,
                    ptrdiff_t count, ptrdiff_t width) {
  switch (width) {
  case 1: return copy_rows(to, stride, from, rows, count, 1);
  case 2: return copy_rows(to, stride, from, rows, count, 2);
  case 3: return copy_rows(to, stride, from, rows, count, 3);
  case 4: return copy_rows(to, stride, from, rows, count, 4);
  case 5: return copy_rows(to, stride, from, rows, count, 5);
  case 6: return copy_rows(to, stride, from, rows, count, 6);
  case 7: return copy_rows(to, stride, from, rows, count, 7);
  default: return copy_rows(to, stride, from, rows, count, 8);
  }
}

static inline int copy_narrow(float *restrict to, const float *restrict row, ptrdiff_t width) {
  uint32_t bad = 0;
#pragma clang loop vectorize(disable) unroll(disable)
  for (ptrdiff_t j = 0; j < width; j++) {
    to[j] = row[j];
    bad |= not_finite(row[j]);
  }
  return bad != 0;
}

static inline int copy_wide(float *restrict to, const float *restrict row, ptrdiff_t width) {
  uint32_t bad = 0;
  for (ptrdiff_t j = 0; j < width; j++) {
    to[j] = row[j];
    bad |= not_finite(row[j]);
  }
  return bad != 0;
}

KERNEL
ptrdiff_t gather_floats(float *restrict to, ptrdiff_t stride, const float *restrict from,
                        const int64_t *restrict rows, ptrdiff_t count, ptrdiff_t width) {
  ptrdiff_t first = -1;
  if (width > 0 && width <= 8) {
    if (!copy_few(to, stride, from, rows, count, width)) return -1;
    for (ptrdiff_t i = 0; i < count; i++)
      for (ptrdiff_t j = 0; j < width; j++)
        if (not_finite(ROW(i)[j])) return i;
    return -1;
  }
  for (ptrdiff_t i = 0; i < count; i++, to += stride) {
    PREFETCH_ROW(i);
    int bad = width < NARROW ? copy_narrow(to, ROW(i), width) : copy_wide(to, ROW(i), width);
    if (bad && first < 0) first = i;
  }
  return first;
}

void gather_announce(const void *from, const int64_t *rows, ptrdiff_t count, ptrdiff_t size) {
  for (ptrdiff_t i = 0; i < count; i++) __builtin_prefetch((const char *)from + rows[i] * size, 0, 2);
}
