/* Products of small matrices. A block of up to eight columns is summed in registers; its width is a
 * constant in each copy of the code, so that the compiler unrolls it. */
#include "mlp_kernels.h"
#include "portable.h"

#define BLOCK 8

/* Calls f(width) for blocks of eight columns from 0, and once for the columns that are left. */
#define FOR_COLUMN_BLOCKS(columns, first, f)                                    \
  do {                                                                          \
    ptrdiff_t first = 0;                                                        \
    for (; first + BLOCK <= (columns); first += BLOCK) f(BLOCK);                \
    switch ((columns) - first) {                                                \
    case 1: f(1); break;                                                        \
    case 2: f(2); break;                                                        \
    case 3: f(3); break;                                                        \
    case 4: f(4); break;                                                        \
    case 5: f(5); break;                                                        \
    case 6: f(6); break;                                                        \
    case 7: f(7); break;                                                        \
    default: break;                                                             \
    }                                                                           \
  } while (0)

/* z[rows, o ..< o + width] = bias + x · w */
INLINE void forward_block(float *restrict z, const float *restrict x, const float *restrict w,
                          const float *restrict bias, ptrdiff_t rows, ptrdiff_t in, ptrdiff_t out,
                          ptrdiff_t o, int width) {
  for (ptrdiff_t i = 0; i < rows; i++, x += in, z += out) {
    float sum[BLOCK];
    for (int j = 0; j < width; j++) sum[j] = bias ? bias[o + j] : 0.0f;
    for (ptrdiff_t k = 0; k < in; k++)
      for (int j = 0; j < width; j++) sum[j] += x[k] * w[k * out + o + j];
    for (int j = 0; j < width; j++) z[o + j] = sum[j];
  }
}

/* c[k, o] of the strides given = (add ? c : 0) + aᵀ · b, for all k and for o in o ..< o + width */
INLINE void transposed_block(float *restrict c, ptrdiff_t row, ptrdiff_t column, const float *restrict a,
                             ptrdiff_t in, const float *restrict b, ptrdiff_t out, ptrdiff_t rows,
                             ptrdiff_t o, int add, int width) {
  for (ptrdiff_t k = 0; k < in; k++) {
    float sum[BLOCK] = {0};
    for (ptrdiff_t i = 0; i < rows; i++)
      for (int j = 0; j < width; j++) sum[j] += a[i * in + k] * b[i * out + o + j];
    for (int j = 0; j < width; j++) {
      float *place = c + k * row + (o + j) * column;
      *place = add ? *place + sum[j] : sum[j];
    }
  }
}

KERNEL
void mlp_small_forward(float *z, const float *x, const float *w, const float *bias, ptrdiff_t rows,
                       ptrdiff_t in, ptrdiff_t out) {
#define FORWARD(width) forward_block(z, x, w, bias, rows, in, out, o, width)
  FOR_COLUMN_BLOCKS(out, o, FORWARD);
#undef FORWARD
}

KERNEL
void mlp_small_weight_gradient(float *g, const float *x, const float *d, ptrdiff_t rows, ptrdiff_t in,
                               ptrdiff_t out, int add) {
  /* The blocks go along the wider side. */
  if (out >= in || out >= BLOCK) {
#define BY_OUTPUT(width) transposed_block(g, out, 1, x, in, d, out, rows, o, add, width)
    FOR_COLUMN_BLOCKS(out, o, BY_OUTPUT);
#undef BY_OUTPUT
  } else {
#define BY_INPUT(width) transposed_block(g, 1, out, d, out, x, in, rows, k, add, width)
    FOR_COLUMN_BLOCKS(in, k, BY_INPUT);
#undef BY_INPUT
  }
}

KERNEL
void mlp_small_input_gradient(float *e, const float *d, const float *w, ptrdiff_t rows, ptrdiff_t in,
                              ptrdiff_t out) {
  float transposed[MLP_SMALL_PRODUCT]; /* [out, in]: then it is the forward product */
  for (ptrdiff_t k = 0; k < in; k++)
    for (ptrdiff_t o = 0; o < out; o++) transposed[o * in + k] = w[k * out + o];
#define BACKWARD(width) forward_block(e, d, transposed, NULL, rows, out, in, k, width)
  FOR_COLUMN_BLOCKS(in, k, BACKWARD);
#undef BACKWARD
}

/* g[first ..< first + width] = (add ? g : 0) + the sum of the rows of d */
INLINE void column_block(float *restrict g, const float *restrict d, ptrdiff_t rows, ptrdiff_t stride,
                         ptrdiff_t first, int add, int width) {
  float sum[BLOCK] = {0};
  for (ptrdiff_t i = 0; i < rows; i++)
    for (int j = 0; j < width; j++) sum[j] += d[i * stride + first + j];
  for (int j = 0; j < width; j++) g[first + j] = add ? g[first + j] + sum[j] : sum[j];
}

KERNEL
void mlp_column_sums(float *g, const float *d, ptrdiff_t rows, ptrdiff_t stride, ptrdiff_t width, int add) {
#define COLUMNS(n) column_block(g, d, rows, stride, first, add, n)
  FOR_COLUMN_BLOCKS(width, first, COLUMNS);
#undef COLUMNS
}
