/* What the kernels need of the compiler. */
#ifndef MLP_PORTABLE_H
#define MLP_PORTABLE_H

#include <math.h>
#include <stdint.h>

/* On x86-64 a kernel is compiled for AVX-512, for AVX2 with FMA and for every processor, and the loader
 * picks one when the library is opened. Elsewhere there is one (arm64 always has its vectors). */
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

#define INLINE static inline __attribute__((always_inline))

/* sqrtf() may set errno, which keeps loops from being vectorised. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_sqrt)
#define SQUARE_ROOT(x) __builtin_elementwise_sqrt(x)
#endif
#endif
#ifndef SQUARE_ROOT
#define SQUARE_ROOT(x) sqrtf(x)
#endif

INLINE uint32_t bits_of(float x) {
  union { float number; uint32_t bits; } both = {.number = x};
  return both.bits;
}

INLINE float float_of(uint32_t bits) {
  union { uint32_t bits; float number; } both = {.bits = bits};
  return both.number;
}

#endif
