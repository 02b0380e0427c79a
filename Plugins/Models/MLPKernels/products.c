/* Products of small matrices. Each walks along rows in blocks of eight columns, whose sums stay in registers. */
#include "mlp_kernels.h"
#include "portable.h"

#define BLOCK 8

KERNEL
void mlp_small_forward(float *z, const float *x, const float *w, ptrdiff_t rows, ptrdiff_t in, ptrdiff_t out) {
  for (ptrdiff_t i = 0; i < rows; i++, x += in, z += out) {
    ptrdiff_t o = 0;
    for (; o + BLOCK <= out; o += BLOCK) {
      float sum[BLOCK] = {0};
      for (ptrdiff_t k = 0; k < in; k++)
        for (int j = 0; j < BLOCK; j++) sum[j] += x[k] * w[k * out + o + j];
      for (int j = 0; j < BLOCK; j++) z[o + j] = sum[j];
    }
    for (; o < out; o++) {
      float sum = 0;
      for (ptrdiff_t k = 0; k < in; k++) sum += x[k] * w[k * out + o];
      z[o] = sum;
    }
  }
}

KERNEL
void mlp_small_weight_gradient(float *g, const float *x, const float *d, ptrdiff_t rows, ptrdiff_t in,
                               ptrdiff_t out, int add) {
  for (ptrdiff_t k = 0; k < in; k++, g += out) {
    ptrdiff_t o = 0;
    for (; o + BLOCK <= out; o += BLOCK) {
      float sum[BLOCK] = {0};
      for (ptrdiff_t i = 0; i < rows; i++)
        for (int j = 0; j < BLOCK; j++) sum[j] += x[i * in + k] * d[i * out + o + j];
      for (int j = 0; j < BLOCK; j++) g[o + j] = add ? g[o + j] + sum[j] : sum[j];
    }
    for (; o < out; o++) {
      float sum = 0;
      for (ptrdiff_t i = 0; i < rows; i++) sum += x[i * in + k] * d[i * out + o];
      g[o] = add ? g[o] + sum : sum;
    }
  }
}

KERNEL
void mlp_small_input_gradient(float *e, const float *d, const float *w, ptrdiff_t rows, ptrdiff_t in,
                              ptrdiff_t out) {
  for (ptrdiff_t i = 0; i < rows; i++, d += out, e += in) {
    for (ptrdiff_t k = 0; k < in; k++) {
      float sum = 0;
      for (ptrdiff_t o = 0; o < out; o++) sum += d[o] * w[k * out + o];
      e[k] = sum;
    }
  }
}
