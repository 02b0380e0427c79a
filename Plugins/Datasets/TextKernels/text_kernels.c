#include "text_kernels.h"

#include <string.h>

/* ---- Numbers ---- */

static const uint64_t whole_powers[20] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    10000000000000000000u,
};

/* Those that a double holds exactly. */
static const double exact_powers[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Up to eight digits at once: those at the start of `word`, which is little-endian. */
static inline uint64_t eight_digits(uint64_t word) {
  word = (word & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561 >> 8;
  word = (word & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
  return (word & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32;
}

/* `digits` wraps round after 19 of them, which is for the caller to see. */
static inline const uint8_t *read_digits(const uint8_t *text, uint64_t *digits) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  for (;;) {
    uint64_t word;
    memcpy(&word, text, 8);
    word ^= UINT64_C(0x3030303030303030);
    /* The high bit of each byte from the first that is no digit on; carries go to later bytes only. */
    const uint64_t others = ((word + UINT64_C(0x7676767676767676)) | word) & UINT64_C(0x8080808080808080);
    if (others == 0) {
      *digits = *digits * 100000000u + eight_digits(word);
      text += 8;
      continue;
    }
    const int count = __builtin_ctzll(others) >> 3;
    if (count == 0) return text;
    *digits = *digits * whole_powers[count] + eight_digits(word << (64 - 8 * count));
    return text + count;
  }
#else
  for (; (uint8_t)(*text - '0') < 10; text++) *digits = *digits * 10 + (uint64_t)(*text - '0');
  return text;
#endif
}

static const uint8_t *read_exponent(const uint8_t *text, ptrdiff_t *exponent) {
  const int is_negative = *text == '-';
  if (is_negative || *text == '+') text++;
  const uint8_t *first = text;
  ptrdiff_t written = 0;
  for (; (uint8_t)(*text - '0') < 10; text++) {
    if (written < 100000) written = written * 10 + (*text - '0');
  }
  *exponent += is_negative ? -written : written;
  return text == first ? NULL : text;
}

/*
 * digits / power for whole numbers that are not 0: the quotient's first 64 bits, and a last one that says whether
 * anything is left, are more than a double's 53.
 */
static double quotient(uint64_t digits, uint64_t power) {
  const int shift = __builtin_clzll(digits), power_shift = __builtin_clzll(power);
  const uint64_t high = digits << shift, divisor = power << power_shift;
  /* Halved where the quotient would not fit; its first bit is then set in both cases. */
  const int is_halved = high >= divisor;
  __extension__ typedef unsigned __int128 wide;
  const wide dividend = is_halved ? (wide)(high >> 1) << 64 | (wide)(high << 63) : (wide)high << 64;
#if defined(__x86_64__)
  /* The compiler does not know that the quotient fits. */
  uint64_t bits, rest;
  __asm__("divq %4" : "=a"(bits), "=d"(rest) : "a"((uint64_t)dividend), "d"((uint64_t)(dividend >> 64)), "r"(divisor));
#else
  const uint64_t bits = (uint64_t)(dividend / divisor), rest = (uint64_t)(dividend % divisor);
#endif
  const int exponent = power_shift - shift - (is_halved ? 63 : 64);
  double scale;
  const uint64_t scale_bits = (uint64_t)(1023 + exponent) << 52;
  memcpy(&scale, &scale_bits, 8);
  return (double)(bits | (rest != 0)) * scale;
}

static inline const uint8_t *decimal(const uint8_t *text, double *value, int *is_hard) {
  const int is_negative = *text == '-';
  if (is_negative || *text == '+') text++;
  uint64_t digits = 0;
  const uint8_t *first = text;
  text = read_digits(text, &digits);
  ptrdiff_t count = text - first, exponent = 0;
  if (*text == '.') {
    const uint8_t *fraction = text + 1;
    text = read_digits(fraction, &digits);
    exponent = fraction - text;
    count += text - fraction;
  }
  if (count == 0) return NULL;
  if ((*text | 0x20) == 'e') {
    text = read_exponent(text + 1, &exponent);
    if (text == NULL) return NULL;
  }
  double magnitude;
  if (count > 19) {
    *is_hard = 1;
    return text;
  } else if (exponent == 0) {
    magnitude = (double)digits;
  } else if (exponent >= -22 && exponent <= 22 && digits <= UINT64_C(1) << 53) {
    /* Both are exact, and so the one operation is rounded correctly. */
    magnitude = exponent < 0 ? (double)digits / exact_powers[-exponent] : (double)digits * exact_powers[exponent];
  } else if (exponent < 0 && exponent >= -19 && digits > 0) {
    magnitude = quotient(digits, whole_powers[-exponent]);
  } else {
    *is_hard = 1;
    return text;
  }
  *value = is_negative ? -magnitude : magnitude;
  return text;
}

const uint8_t *text_decimal(const uint8_t *text, double *value, int *is_hard) {
  *is_hard = 0;
  return decimal(text, value, is_hard);
}

ptrdiff_t text_cells(const uint8_t **cursor, uint8_t separator, double *const *columns, ptrdiff_t count,
                     ptrdiff_t row) {
  const uint8_t *text = *cursor;
  ptrdiff_t read = 0;
  while (read < count && columns[read] != NULL) {
    int is_hard = 0;
    double value = 0;
    const uint8_t *stop = decimal(text, &value, &is_hard);
    if (stop == NULL || is_hard) break;
    if (*stop == separator) {
      columns[read++][row] = value;
      text = stop + 1;
    } else if (*stop == '\n' || *stop == '\r') {
      columns[read++][row] = value;
      text = stop;
      break;
    } else {
      break;
    }
  }
  *cursor = text;
  return read;
}

/* ---- Text ---- */

/* The length of the character that begins at `text`; 0: it is none of UTF-8. See the Unicode standard, table 3-7. */
static ptrdiff_t character(const uint8_t *text, ptrdiff_t count) {
  const uint8_t lead = text[0];
  if (lead < 0x80) return lead != 0;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const ptrdiff_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length > count) return 0;
  const uint8_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const uint8_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (text[1] < least || text[1] > most) return 0;
  for (ptrdiff_t i = 2; i < length; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
  }
  return length;
}

#define PIECE 128

/* The byte after the last of a text is there: the caller's spare. */
static inline uint8_t ends_line(const uint8_t *text) {
  return (uint8_t)((text[0] == '\n') | ((text[0] == '\r') & (text[1] != '\n')));
}

text_facts text_look(const uint8_t *text, ptrdiff_t count) {
  text_facts facts = {0, 0, -1};
  ptrdiff_t place = 0, checked = 0;
  while (place < count) {
    /* Short enough to stay in the nearest cache for a second look. */
    const ptrdiff_t block = count - place < 4096 ? count - place : 4096;
    const uint8_t *bytes = text + place;
    uint8_t is_odd = 0;
    ptrdiff_t begin = 0;
    /* In pieces whose line ends and quotes a byte can count: that is what the compiler makes short work of. */
    for (; begin + PIECE <= block; begin += PIECE) {
      uint8_t lines = 0, quotes = 0;
      for (ptrdiff_t i = begin; i < begin + PIECE; i++) {
        lines += ends_line(bytes + i);
        quotes += bytes[i] == '"';
        is_odd |= (uint8_t)(bytes[i] - 1) | bytes[i];
      }
      facts.lines += lines;
      facts.quotes += quotes;
    }
    for (; begin < block; begin++) {
      facts.lines += ends_line(bytes + begin);
      facts.quotes += bytes[begin] == '"';
      is_odd |= (uint8_t)(bytes[begin] - 1) | bytes[begin];
    }
    place += block;
    if (checked < place - block) checked = place - block;
    /* The high bit: of a byte that is not ASCII, or of 0 - 1. */
    if (!(is_odd & 0x80)) {
      checked = place;
      continue;
    }
    /* A character may go on in the next block. */
    while (checked < place) {
      const ptrdiff_t length = character(text + checked, count - checked);
      if (length == 0) {
        facts.bad = checked;
        return facts;
      }
      checked += length;
    }
  }
  return facts;
}
