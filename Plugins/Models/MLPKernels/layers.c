/* Biases, activations and dropout, forward and backward. */
#include "elementary.h"
#include "mlp_kernels.h"

KERNEL
void mlp_add_bias(float *z, const float *bias, ptrdiff_t rows, ptrdiff_t width) {
  for (ptrdiff_t i = 0; i < rows; i++, z += width)
    for (ptrdiff_t j = 0; j < width; j++) z[j] += bias[j];
}

/* One loop for each activation, with and without the slope; an unused slope is optimised away. */
#define ACTIVATE(f)                                                              \
  do {                                                                           \
    float unused;                                                                \
    if (slope)                                                                   \
      for (ptrdiff_t i = 0; i < count; i++) z[i] = f(z[i], &slope[i]);           \
    else                                                                         \
      for (ptrdiff_t i = 0; i < count; i++) z[i] = f(z[i], &unused);             \
  } while (0)

INLINE float relu(float x, float *slope) {
  *slope = x > 0.0f ? 1.0f : 0.0f;
  return x < 0.0f ? 0.0f : x; /* NaN stays */
}

INLINE float tangent(float x, float *slope) {
  float y = hyperbolic_tangent(x);
  *slope = 1.0f - y * y;
  return y;
}

INLINE float gelu(float x, float *slope) {
  float p = normal_distribution(x);
  *slope = p + x * normal_density(x);
  return x * p;
}

INLINE float sigmoid(float x, float *slope) {
  float y = logistic(x);
  *slope = y * (1.0f - y);
  return y;
}

KERNEL
void mlp_activate(float *restrict z, float *restrict slope, ptrdiff_t count, int activation) {
  switch (activation) {
  case MLP_RELU: ACTIVATE(relu); break;
  case MLP_TANH: ACTIVATE(tangent); break;
  case MLP_GELU: ACTIVATE(gelu); break;
  case MLP_SIGMOID: ACTIVATE(sigmoid); break;
  default: break;
  }
}

/* A bijection of 32 bits in which every input bit reaches every output bit. */
INLINE uint32_t scramble(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x9E3779B1u;
  x = (x ^ (x >> 15)) * 0x85EBCA77u;
  return x ^ (x >> 16);
}

KERNEL
void mlp_dropout(float *restrict z, float *restrict slope, ptrdiff_t first, ptrdiff_t count, double rate,
                 uint64_t key) {
  const uint32_t low = (uint32_t)key + (uint32_t)first, high = (uint32_t)(key >> 32);
  const uint32_t limit = (uint32_t)(rate * 4294967296.0); /* rate < 1 */
  const float kept = (float)(1.0 / (1.0 - rate));
  for (ptrdiff_t i = 0; i < count; i++) {
    uint32_t draw = scramble(scramble((uint32_t)i + low) ^ high);
    float factor = draw < limit ? 0.0f : kept;
    z[i] *= factor;
    slope[i] *= factor;
  }
}

KERNEL
void mlp_multiply(float *restrict d, const float *restrict slope, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) d[i] *= slope[i];
}
