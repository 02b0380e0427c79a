/* Products of small matrices. A block of up to eight columns is summed in registers; its width is a
 * constant in each copy of the code, so that the compiler unrolls it. Full blocks are vectors, several of them at a time,
 * since each addition of a sum waits for the one before. Every sum is added up in the same order whatever way it takes. */
#include "mlp_kernels.h"
#include "portable.h"

#define BLOCK 8
/* Sums of a full block that are under way at a time. */
#define TOGETHER 4

typedef float block __attribute__((vector_size(BLOCK * sizeof(float)), aligned(sizeof(float)), may_alias));
#define AT(address) (*(block *)(address))
#define GET(address) (*(const block *)(address))

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

/* z[rows, o ..< o + BLOCK] = bias + x · w, several rows at a time. */
INLINE void forward_full(float *restrict z, const float *restrict x, const float *restrict w,
                         const float *restrict bias, ptrdiff_t rows, ptrdiff_t in, ptrdiff_t out, ptrdiff_t o) {
  const block first = bias ? GET(bias + o) : (block){0};
  ptrdiff_t i = 0;
  for (; i + TOGETHER <= rows; i += TOGETHER, x += TOGETHER * in, z += TOGETHER * out) {
    block sum[TOGETHER] = {first, first, first, first};
    for (ptrdiff_t k = 0; k < in; k++) {
      const block weights = GET(w + k * out + o);
      for (int r = 0; r < TOGETHER; r++) sum[r] += x[r * in + k] * weights;
    }
    for (int r = 0; r < TOGETHER; r++) AT(z + r * out + o) = sum[r];
  }
  for (; i < rows; i++, x += in, z += out) {
    block sum = first;
    for (ptrdiff_t k = 0; k < in; k++) sum += x[k] * GET(w + k * out + o);
    AT(z + o) = sum;
  }
}

/* column[k] of an 8 by 8 tile whose rows are `stride` apart. */
INLINE void transpose(block *restrict column, const float *restrict x, ptrdiff_t stride) {
#define SHUFFLE __builtin_shufflevector
#define PAIRS(a, b, s) SHUFFLE(a, b, s, 8 + s, 1 + s, 9 + s, 4 + s, 12 + s, 5 + s, 13 + s)
#define FOURS(a, b, s) SHUFFLE(a, b, s, 1 + s, 8 + s, 9 + s, 4 + s, 5 + s, 12 + s, 13 + s)
  block row[BLOCK], pair[BLOCK];
  for (int r = 0; r < BLOCK; r++) row[r] = GET(x + r * stride);
  for (int r = 0; r < BLOCK; r += 2) {
    pair[r] = PAIRS(row[r], row[r + 1], 0);
    pair[r + 1] = PAIRS(row[r], row[r + 1], 2);
  }
  for (int r = 0; r < BLOCK; r += 4) {
    row[r] = FOURS(pair[r], pair[r + 2], 0);
    row[r + 1] = FOURS(pair[r], pair[r + 2], 2);
    row[r + 2] = FOURS(pair[r + 1], pair[r + 3], 0);
    row[r + 3] = FOURS(pair[r + 1], pair[r + 3], 2);
  }
  for (int r = 0; r < BLOCK / 2; r++) {
    column[r] = SHUFFLE(row[r], row[r + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    column[r + 4] = SHUFFLE(row[r], row[r + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
#undef FOURS
#undef PAIRS
#undef SHUFFLE
}

/* z[BLOCK rows, o ..< o + width] = bias + x · w: a vector has one column of eight rows. */
INLINE void forward_rows(float *restrict z, const float *restrict x, const float *restrict w,
                         const float *restrict bias, ptrdiff_t in, ptrdiff_t out, ptrdiff_t o, int width) {
  block sum[BLOCK];
  for (int j = 0; j < width; j++) {
    const float v = bias ? bias[o + j] : 0.0f;
    sum[j] = (block){v, v, v, v, v, v, v, v};
  }
  ptrdiff_t k = 0;
  for (; k + BLOCK <= in; k += BLOCK) {
    block column[BLOCK];
    transpose(column, x + k, in);
    for (int c = 0; c < BLOCK; c++)
      for (int j = 0; j < width; j++) sum[j] += column[c] * w[(k + c) * out + o + j];
  }
  for (; k < in; k++) {
    const float *of = x + k;
    const block column = {of[0], of[in], of[2 * in], of[3 * in], of[4 * in], of[5 * in], of[6 * in], of[7 * in]};
    for (int j = 0; j < width; j++) sum[j] += column * w[k * out + o + j];
  }
  for (int j = 0; j < width; j++)
    for (int r = 0; r < BLOCK; r++) z[r * out + o + j] = sum[j][r];
}

/* z[rows, o ..< o + width] = bias + x · w */
INLINE void forward_block(float *restrict z, const float *restrict x, const float *restrict w,
                          const float *restrict bias, ptrdiff_t rows, ptrdiff_t in, ptrdiff_t out,
                          ptrdiff_t o, int width) {
  if (width == BLOCK) {
    forward_full(z, x, w, bias, rows, in, out, o);
    return;
  }
  ptrdiff_t i = 0;
  for (; i + BLOCK <= rows; i += BLOCK, x += BLOCK * in, z += BLOCK * out)
    forward_rows(z, x, w, bias, in, out, o, width);
  for (; i < rows; i++, x += in, z += out) {
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
  ptrdiff_t k = 0;
  for (; width == BLOCK && k + TOGETHER <= in; k += TOGETHER) {
    block sum[TOGETHER] = {0};
    for (ptrdiff_t i = 0; i < rows; i++) {
      const block values = GET(b + i * out + o);
      for (int t = 0; t < TOGETHER; t++) sum[t] += a[i * in + k + t] * values;
    }
    for (int t = 0; t < TOGETHER; t++)
      for (int j = 0; j < BLOCK; j++) {
        float *place = c + (k + t) * row + (o + j) * column;
        *place = add ? *place + sum[t][j] : sum[t][j];
      }
  }
  for (; k < in; k++) {
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
