/* Elementary functions without branches or calls, so that loops over them become vector code. Accurate
 * to a few units in the last place of a float. NaN gives NaN. */
#ifndef MLP_ELEMENTARY_H
#define MLP_ELEMENTARY_H

#include "portable.h"

/* eˣ. Below -87 it stays at e⁻⁸⁷ (1.6e-38), above 88 at e⁸⁸. */
INLINE float exponential(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  /* x = n·ln 2 + r. Adding 1.5·2²³ leaves round(x / ln 2) in the low bits. */
  const float magic = 12582912.0f;
  float shifted = x * 1.44269504f + magic;
  float n = shifted - magic;
  float r = x - n * 0.693359375f;  /* ln 2 in two parts: the first has few bits, so n·it is exact */
  r = r + n * 2.12194440e-4f;
  /* Taylor; |r| ≤ 0.3466, so what follows r⁷ is below 6e-9. */
  float p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return float_of(bits_of(p) + (bits_of(shifted) << 23)); /* p·2ⁿ */
}

/* ln(1 + x) for 0 ≤ x ≤ 1, as 2·artanh(x / (2 + x)). */
INLINE float log_one_plus(float x) {
  float s = x / (2.0f + x);
  float q = s * s; /* ≤ 1/9 */
  float p = 1.0f / 13.0f;
  p = p * q + 1.0f / 11.0f;
  p = p * q + 1.0f / 9.0f;
  p = p * q + 1.0f / 7.0f;
  p = p * q + 1.0f / 5.0f;
  p = p * q + 1.0f / 3.0f;
  p = p * q + 1.0f;
  return 2.0f * s * p;
}

INLINE float logistic(float x) { return 1.0f / (1.0f + exponential(-x)); }

INLINE float hyperbolic_tangent(float x) {
  float a = fabsf(x);
  float e = exponential(-2.0f * a);
  float large = (1.0f - e) / (1.0f + e);
  /* Near 0 the difference would lose digits: Taylor. */
  float q = x * x;
  float p = -1382.0f / 155925.0f;
  p = p * q + 62.0f / 2835.0f;
  p = p * q - 17.0f / 315.0f;
  p = p * q + 2.0f / 15.0f;
  p = p * q - 1.0f / 3.0f;
  float small = a + a * q * p;
  return copysignf(a < 0.35f ? small : large, x);
}

/* Φ(x), the standard normal distribution function. */
INLINE float normal_distribution(float x) {
  /* erfc(a) = exp(-a·Q(a)). Q was fitted to -ln(erfc(a))/a on [0, 6] for the least absolute error of
   * erfc, which is 6e-8. */
  float a = fabsf(x) * 0.70710678f;
  a = a > 6.0f ? 6.0f : a;
  float q = 4.5970495e-7f;
  q = q * a - 1.0870768e-5f;
  q = q * a + 1.06778702e-4f;
  q = q * a - 5.55585837e-4f;
  q = q * a + 1.47506408e-3f;
  q = q * a + 8.10242054e-5f;
  q = q * a - 1.93163119e-2f;
  q = q * a + 1.02835156e-1f;
  q = q * a + 6.3661021e-1f;
  q = q * a + 1.1283797f;
  float tail = 0.5f * exponential(-a * q);
  return x > 0.0f ? 1.0f - tail : tail;
}

/* φ(x), the standard normal density. */
INLINE float normal_density(float x) { return 0.39894228f * exponential(-0.5f * x * x); }

#endif
