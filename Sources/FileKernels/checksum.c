#include "file_kernels.h"

#include <zlib.h>

/* zlib counts a length in 32 bits. */
static uint32_t plain(uint32_t crc, const unsigned char *bytes, size_t count) {
  while (count > 0) {
    const size_t part = count < (size_t)1 << 30 ? count : (size_t)1 << 30;
    crc = (uint32_t)crc32(crc, bytes, (uInt)part);
    bytes += part;
    count -= part;
  }
  return crc;
}

#if defined(__x86_64__)

#include <immintrin.h>

#define FOLDING __attribute__((target("pclmul,sse4.1")))

/* Two numbers that move 128 bits of a message by `distance` bits: x^(distance + 32) and x^(distance - 32) modulo the
 * polynomial, with their bits in the order in which CRC-32 has a message's, and moved by one for the product of two such
 * numbers. CRC-32's polynomial is x^32 + x^26 + x^23 + x^22 + x^16 + x^12 + x^11 + x^10 + x^8 + x^7 + x^5 + x^4 + x^2 + x + 1. */
#define BY_512 _mm_set_epi64x(0x1c6e41596, 0x154442bd4)
#define BY_128 _mm_set_epi64x(0x0ccaa009e, 0x1751997d0)

FOLDING static inline __m128i folded(__m128i sum, __m128i by, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(sum, by, 0x00), high = _mm_clmulepi64_si128(sum, by, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

static inline __m128i load(const unsigned char *bytes) { return _mm_loadu_si128((const __m128i *)(const void *)bytes); }

/* Folds all whole blocks of 64 bytes, of which there is one at least, into 16 bytes that have the same remainder. */
FOLDING static uint32_t fold(uint32_t crc, const unsigned char *bytes, size_t blocks) {
  __m128i a = load(bytes), b = load(bytes + 16), c = load(bytes + 32), d = load(bytes + 48);
  /* zlib keeps the complement of the remainder, and what stands before a message is added to its first bits. */
  a = _mm_xor_si128(a, _mm_cvtsi32_si128((int)~crc));
  for (const unsigned char *next = bytes + 64; --blocks > 0; next += 64) {
    a = folded(a, BY_512, load(next));
    b = folded(b, BY_512, load(next + 16));
    c = folded(c, BY_512, load(next + 32));
    d = folded(d, BY_512, load(next + 48));
  }
  a = folded(folded(folded(a, BY_128, b), BY_128, c), BY_128, d);
  unsigned char rest[16];
  _mm_storeu_si128((__m128i *)(void *)rest, a);
  return plain(~(uint32_t)0, rest, sizeof rest);
}

uint32_t file_checksum(uint32_t crc, const void *start, size_t count) {
  const unsigned char *bytes = start;
  if (count >= 256 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
    const size_t blocks = count / 64;
    crc = fold(crc, bytes, blocks);
    bytes += 64 * blocks;
    count %= 64;
  }
  return plain(crc, bytes, count);
}

#else

uint32_t file_checksum(uint32_t crc, const void *start, size_t count) { return plain(crc, start, count); }

#endif
