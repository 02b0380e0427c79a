/* Products of matrices that a processor's caches hold, with AVX-512: a tile of the result stays in registers while
 * a panel of the right matrix, 64 columns of it, passes by. Nothing is allocated, and there is no cost before the
 * first multiplication, which is where a BLAS loses on the shapes of small networks. */
#include "mlp_kernels.h"
#include "portable.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))

/* Floats in a vector, vectors in a full panel, and rows of the right matrix that are done at a time. */
enum { LANES = 16, VECTORS = 4, DEPTH = 128, PANEL = LANES * VECTORS };
/* Accumulators of a tile: the 32 registers have room for them, a row of the panel and a factor. */
enum { ACCUMULATORS = 24 };

/* Element (i, k) of the left matrix: [i, k], or [k, i] of one that is given transposed. */
#define LEFT(i, k) a[is_transposed ? (k) * a_row + (i) : (i) * a_row + (k)]

AVX512 INLINE __m512 load(const float *from, __mmask16 mask, int is_last) {
  return is_last ? _mm512_maskz_loadu_ps(mask, from) : _mm512_loadu_ps(from);
}

/* c[rows, 16·vectors] = (add ? c : 0) + a·panel, plus the bias. `mask` is of the last vector's columns. */
AVX512 INLINE void tile(float *c, ptrdiff_t c_row, const float *a, ptrdiff_t a_row, int is_transposed,
                        const float *panel, ptrdiff_t panel_row, ptrdiff_t depth, int add, const float *bias,
                        __mmask16 mask, int rows, int vectors) {
  __m512 sum[ACCUMULATORS];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vectors; j++)
      sum[i * vectors + j] =
          add ? load(c + i * c_row + LANES * j, mask, j == vectors - 1) : _mm512_setzero_ps();
  for (ptrdiff_t k = 0; k < depth; k++) {
    __m512 b[VECTORS];
    for (int j = 0; j < vectors; j++) b[j] = load(panel + k * panel_row + LANES * j, mask, j == vectors - 1);
    for (int i = 0; i < rows; i++) {
      __m512 x = _mm512_set1_ps(LEFT(i, k));
      for (int j = 0; j < vectors; j++) sum[i * vectors + j] = _mm512_fmadd_ps(x, b[j], sum[i * vectors + j]);
    }
  }
  if (bias)
    for (int j = 0; j < vectors; j++) {
      __m512 more = load(bias + LANES * j, mask, j == vectors - 1);
      for (int i = 0; i < rows; i++) sum[i * vectors + j] = _mm512_add_ps(sum[i * vectors + j], more);
    }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vectors; j++)
      if (j == vectors - 1)
        _mm512_mask_storeu_ps(c + i * c_row + LANES * j, mask, sum[i * vectors + j]);
      else
        _mm512_storeu_ps(c + i * c_row + LANES * j, sum[i * vectors + j]);
}

/* All rows of one panel: full tiles, and what is left by fours and ones. */
typedef void panel_kernel(float *c, ptrdiff_t c_row, const float *a, ptrdiff_t a_row, const float *panel,
                          ptrdiff_t panel_row, ptrdiff_t rows, ptrdiff_t depth, int add, const float *bias,
                          __mmask16 mask);

#define TILES(rows_of_tile)                                                                                  \
  for (; i + (rows_of_tile) <= rows; i += (rows_of_tile), c += (rows_of_tile) * c_row)                       \
  tile(c, c_row, is_transposed ? a + i : a + i * a_row, a_row, is_transposed, panel, panel_row, depth, add,  \
       bias, mask, rows_of_tile, vectors)

#define PANEL_KERNEL(name, is_transposed_, vectors_, full)                                                   \
  AVX512 static void name(float *c, ptrdiff_t c_row, const float *a, ptrdiff_t a_row, const float *panel,    \
                          ptrdiff_t panel_row, ptrdiff_t rows, ptrdiff_t depth, int add, const float *bias,  \
                          __mmask16 mask) {                                                                  \
    enum { is_transposed = is_transposed_, vectors = vectors_ };                                             \
    ptrdiff_t i = 0;                                                                                         \
    TILES(full);                                                                                             \
    TILES(4);                                                                                                \
    TILES(1);                                                                                                \
  }
PANEL_KERNEL(panel_1, 0, 1, 12)
PANEL_KERNEL(panel_2, 0, 2, 8)
PANEL_KERNEL(panel_3, 0, 3, 8)
PANEL_KERNEL(panel_4, 0, 4, 6)
PANEL_KERNEL(transposed_panel_1, 1, 1, 12)
PANEL_KERNEL(transposed_panel_2, 1, 2, 8)
PANEL_KERNEL(transposed_panel_3, 1, 3, 8)
PANEL_KERNEL(transposed_panel_4, 1, 4, 6)

static panel_kernel *const kernels[2][VECTORS] = {
    {panel_1, panel_2, panel_3, panel_4},
    {transposed_panel_1, transposed_panel_2, transposed_panel_3, transposed_panel_4}};

/* packed[k, 0 ..< 64] = b[first ..< first + width, k], for a right matrix that is given transposed. */
AVX512 static void pack_transposed(float *packed, const float *b, ptrdiff_t b_row, ptrdiff_t depth,
                                   ptrdiff_t width) {
  const __m512i places = _mm512_mullo_epi32(
      _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), _mm512_set1_epi32((int)b_row));
  for (ptrdiff_t j = 0; j < width; j += LANES) {
    const __mmask16 mask = width - j < LANES ? (__mmask16)((1u << (width - j)) - 1) : 0xFFFF;
    for (ptrdiff_t k = 0; k < depth; k++)
      _mm512_store_ps(packed + k * PANEL + j,
                      _mm512_mask_i32gather_ps(_mm512_setzero_ps(), mask, places, b + j * b_row + k, 4));
  }
}

AVX512 static void pack(float *packed, const float *b, ptrdiff_t b_row, ptrdiff_t depth, ptrdiff_t width) {
  for (ptrdiff_t k = 0; k < depth; k++)
    for (ptrdiff_t j = 0; j < width; j += LANES) {
      const __mmask16 mask = width - j < LANES ? (__mmask16)((1u << (width - j)) - 1) : 0xFFFF;
      _mm512_store_ps(packed + k * PANEL + j, _mm512_maskz_loadu_ps(mask, b + k * b_row + j));
    }
}

/* Rows that are a multiple of 1 KiB long share too few places of a cache to be used where they lie. */
enum { ROW_TO_PACK = 256 };

/* c[m, n] = (add ? c : 0) + left · right, plus the bias; either matrix may be given transposed. */
AVX512 static void multiply(float *c, const float *a, ptrdiff_t a_row, int left_is_transposed, const float *b,
                            int right_is_transposed, ptrdiff_t m, ptrdiff_t n, ptrdiff_t depth, int add,
                            const float *bias) {
  _Alignas(64) float packed[DEPTH * PANEL];
  const ptrdiff_t b_row = right_is_transposed ? depth : n;
  /* Blocks of equal depth: a last one of a few rows costs a pass over the result as the others do. */
  const ptrdiff_t blocks = (depth + DEPTH - 1) / DEPTH, even = (depth + blocks - 1) / blocks;
  for (ptrdiff_t k = 0; k < depth; k += even) {
    const ptrdiff_t block = depth - k < even ? depth - k : even;
    const float *part = left_is_transposed ? a + k * a_row : a + k;
    for (ptrdiff_t j = 0; j < n; j += PANEL) {
      const ptrdiff_t width = n - j < PANEL ? n - j : PANEL, vectors = (width + LANES - 1) / LANES;
      const float *panel = b + k * n + j;
      ptrdiff_t panel_row = n;
      if (right_is_transposed || n >= ROW_TO_PACK) {
        if (right_is_transposed) pack_transposed(packed, b + j * b_row + k, b_row, block, width);
        else pack(packed, panel, n, block, width);
        panel = packed;
        panel_row = PANEL;
      }
      const float *last = bias && k + block == depth ? bias + j : NULL;
      kernels[left_is_transposed][vectors - 1](
          c + j, n, part, a_row, panel, panel_row, m, block, add || k > 0, last,
          (__mmask16)((1u << (width - LANES * (vectors - 1))) - 1));
    }
  }
}

int mlp_has_dense_kernels(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

void mlp_dense_forward(float *z, const float *x, const float *w, const float *bias, ptrdiff_t rows, ptrdiff_t in,
                       ptrdiff_t out) {
  multiply(z, x, in, 0, w, 0, rows, out, in, 0, bias);
}

void mlp_dense_weight_gradient(float *g, const float *x, const float *d, ptrdiff_t rows, ptrdiff_t in,
                               ptrdiff_t out, int add) {
  mlp_dense_weight_gradient_part(g, x, d, rows, in, out, add, 0, in);
}

void mlp_dense_weight_gradient_part(float *g, const float *x, const float *d, ptrdiff_t rows, ptrdiff_t in,
                                    ptrdiff_t out, int add, ptrdiff_t first, ptrdiff_t count) {
  multiply(g + first * out, x + first, in, 1, d, 0, count, out, rows, add, NULL);
}

void mlp_dense_input_gradient(float *e, const float *d, const float *w, ptrdiff_t rows, ptrdiff_t in,
                              ptrdiff_t out) {
  multiply(e, d, out, 0, w, 1, rows, in, out, 0, NULL);
}

#else

int mlp_has_dense_kernels(void) { return 0; }

/* Never called. */
void mlp_dense_forward(float *z, const float *x, const float *w, const float *bias, ptrdiff_t rows, ptrdiff_t in,
                       ptrdiff_t out) {
  mlp_small_forward(z, x, w, bias, rows, in, out);
}

void mlp_dense_weight_gradient(float *g, const float *x, const float *d, ptrdiff_t rows, ptrdiff_t in,
                               ptrdiff_t out, int add) {
  mlp_small_weight_gradient(g, x, d, rows, in, out, add);
}

void mlp_dense_weight_gradient_part(float *g, const float *x, const float *d, ptrdiff_t rows, ptrdiff_t in,
                                    ptrdiff_t out, int add, ptrdiff_t first, ptrdiff_t count) {
  (void)first, (void)count;
  mlp_small_weight_gradient(g, x, d, rows, in, out, add);
}

void mlp_dense_input_gradient(float *e, const float *d, const float *w, ptrdiff_t rows, ptrdiff_t in,
                              ptrdiff_t out) {
  mlp_small_input_gradient(e, d, w, rows, in, out);
}

#endif
