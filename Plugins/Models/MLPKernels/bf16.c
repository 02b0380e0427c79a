/* Products of matrices that are rounded to bfloat16 and summed in float32. Both matrices are first brought into tiles
 * of 16 by 16 pairs of numbers, the pairs along the dimension that is summed and filled up with zeros; then tiles are
 * multiplied, by the tile unit of the processor (AMX) or by dot products of vectors (AVX512_BF16). */
#define _GNU_SOURCE
#include "mlp_kernels.h"
#include "portable.h"

#include <pthread.h>

enum { SIDE = 16, PAIRS = 2, DEEP = SIDE * PAIRS, TILE = SIDE * SIDE };

ptrdiff_t mlp_bf16_size(ptrdiff_t width, ptrdiff_t depth) {
  return (width + SIDE - 1) / SIDE * ((depth + DEEP - 1) / DEEP) * TILE;
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VECTORS __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))
#define TILES __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma,amx-tile,amx-bf16")))

/* ---- What the processor has ---------------------------------------------------------------------------- */

static int found = MLP_BF16_NONE;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The state of the tile unit is large, so the system gives it to processes that ask. */
static int may_use_tiles(void) {
#if defined(__linux__)
  enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
  return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
  return 0;
#endif
}

static void look(void) {
  unsigned a, b, c, d;
  if (!mlp_has_dense_kernels() || !__get_cpuid_count(7, 1, &a, &b, &c, &d) || !(a & 1u << 5)) return;
  found = MLP_BF16_VECTORS;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
  const unsigned tiles = 1u << 22 /* amx-bf16 */ | 1u << 24 /* amx-tile */;
  if ((d & tiles) == tiles && may_use_tiles()) found = MLP_BF16_TILES;
}

int mlp_bf16_kernels(void) {
  pthread_once(&once, look);
  return found;
}

/* ---- Into tiles ------------------------------------------------------------------------------------------ */

VECTORS INLINE __m512i rounded(__m512 low, __m512 high) { return (__m512i)_mm512_cvtne2ps_pbh(high, low); }

VECTORS INLINE __mmask16 first_of(ptrdiff_t count) {
  return count <= 0 ? 0 : count >= SIDE ? 0xFFFF : (__mmask16)((1u << count) - 1);
}

/* v[i] lane j becomes v[j] lane i. */
VECTORS INLINE void transpose(__m512i v[SIDE]) {
  __m512i t[SIDE];
  for (int i = 0; i < SIDE; i += 2) {
    t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
  }
  for (int i = 0; i < SIDE; i += 4) {
    v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    __m512i even = _mm512_shuffle_i32x4(v[i], v[i + 4], 0x88), odd = _mm512_shuffle_i32x4(v[i], v[i + 4], 0xDD);
    __m512i more_even = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0x88),
            more_odd = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0xDD);
    t[i] = _mm512_shuffle_i32x4(even, more_even, 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(odd, more_odd, 0x88);
    t[i + 8] = _mm512_shuffle_i32x4(even, more_even, 0xDD);
    t[i + 12] = _mm512_shuffle_i32x4(odd, more_odd, 0xDD);
  }
  for (int i = 0; i < SIDE; i++) v[i] = t[i];
}

VECTORS INLINE void store(uint32_t *tile, __m512i v[SIDE], int is_transposed) {
  if (is_transposed) transpose(v);
  for (int i = 0; i < SIDE; i++) _mm512_storeu_si512(tile + i * SIDE, v[i]);
}

/* Pairs along the columns: blocks of 16 rows and 32 columns. */
VECTORS INLINE void pack_along_columns(uint32_t *to, const float *x, ptrdiff_t columns, ptrdiff_t first, ptrdiff_t end,
                                       int is_transposed) {
  const ptrdiff_t depth = (columns + DEEP - 1) / DEEP;
  for (ptrdiff_t i = first; i < end; i += SIDE)
    for (ptrdiff_t k = 0; k < columns; k += DEEP) {
      const __mmask16 low = first_of(columns - k), high = first_of(columns - k - SIDE);
      __m512i v[SIDE];
      for (int row = 0; row < SIDE; row++) {
        const float *from = x + (i + row) * columns + k;
        v[row] = i + row < end ? rounded(_mm512_maskz_loadu_ps(low, from), _mm512_maskz_loadu_ps(high, from + SIDE))
                               : _mm512_setzero_si512();
      }
      store(to + (i / SIDE * depth + k / DEEP) * TILE, v, is_transposed);
    }
}

/* Pairs along the rows, of which there are `rows` in all: blocks of 32 rows and 16 columns. */
VECTORS INLINE void pack_along_rows(uint32_t *to, const float *x, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t first,
                                    ptrdiff_t end, int is_transposed) {
  const ptrdiff_t depth = (rows + DEEP - 1) / DEEP;
  const __m512i mixed = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
                                         5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  for (ptrdiff_t k = first; k < end; k += DEEP)
    for (ptrdiff_t j = 0; j < columns; j += SIDE) {
      const __mmask16 mask = first_of(columns - j);
      __m512i v[SIDE];
      for (int pair = 0; pair < SIDE; pair++) {
        const ptrdiff_t row = k + PAIRS * pair;
        const float *from = x + row * columns + j;
        const __m512 even = row < end ? _mm512_maskz_loadu_ps(mask, from) : _mm512_setzero_ps(),
                     odd = row + 1 < end ? _mm512_maskz_loadu_ps(mask, from + columns) : _mm512_setzero_ps();
        v[pair] = _mm512_permutexvar_epi16(mixed, rounded(even, odd));
      }
      store(to + (j / SIDE * depth + k / DEEP) * TILE, v, is_transposed);
    }
}

VECTORS void mlp_bf16_left(uint32_t *to, const float *x, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t first,
                           ptrdiff_t end) {
  (void)rows;
  pack_along_columns(to, x, columns, first, end, 0);
}

VECTORS void mlp_bf16_left_transposed(uint32_t *to, const float *x, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t first,
                                      ptrdiff_t end) {
  pack_along_rows(to, x, rows, columns, first, end, 1);
}

VECTORS void mlp_bf16_right(uint32_t *to, const float *x, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t first,
                            ptrdiff_t end) {
  pack_along_rows(to, x, rows, columns, first, end, 0);
}

VECTORS void mlp_bf16_right_transposed(uint32_t *to, const float *x, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t first,
                                       ptrdiff_t end) {
  (void)rows;
  pack_along_columns(to, x, columns, first, end, 1);
}

/* ---- Vectors ------------------------------------------------------------------------------------------------ */

VECTORS static void multiply_vectors(float *c, ptrdiff_t c_row, const uint32_t *a, const uint32_t *b, ptrdiff_t m,
                                     ptrdiff_t n, ptrdiff_t depth, int add, const float *bias) {
  for (ptrdiff_t j = 0; j < n; j += SIDE, b += depth * TILE) {
    const __mmask16 mask = first_of(n - j);
    const __m512 start = bias ? _mm512_maskz_loadu_ps(mask, bias + j) : _mm512_setzero_ps();
    for (ptrdiff_t i = 0; i < m; i += SIDE) {
      const ptrdiff_t rows = m - i < SIDE ? m - i : SIDE;
      const uint32_t *left = a + i / SIDE * depth * TILE;
      float *place = c + i * c_row + j;
      __m512 sum[SIDE];
      for (int row = 0; row < SIDE; row++)
        sum[row] = add && row < rows ? _mm512_maskz_loadu_ps(mask, place + row * c_row) : start;
      for (ptrdiff_t k = 0; k < depth * SIDE; k++) {
        const __m512bh right = (__m512bh)_mm512_loadu_si512(b + k * SIDE);
        const uint32_t *factors = left + k / SIDE * TILE + k % SIDE;
        for (int row = 0; row < SIDE; row++)
          sum[row] = _mm512_dpbf16_ps(sum[row], (__m512bh)_mm512_set1_epi32((int)factors[row * SIDE]), right);
      }
      for (int row = 0; row < rows; row++) _mm512_mask_storeu_ps(place + row * c_row, mask, sum[row]);
    }
  }
}

/* ---- The tile unit ------------------------------------------------------------------------------------------- */

/* As the instruction LDTILECFG reads it: every tile has 16 rows of 64 bytes. */
typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t bytes_of_row[16];
  uint8_t rows[16];
} shapes;

TILES INLINE int is_whole(ptrdiff_t rows, ptrdiff_t columns) { return rows >= SIDE && columns >= SIDE; }

TILES static void copy_part(float *to, ptrdiff_t to_row, const float *from, ptrdiff_t from_row, ptrdiff_t rows,
                            ptrdiff_t columns) {
  const __mmask16 mask = first_of(columns);
  for (ptrdiff_t i = 0; i < rows && i < SIDE; i++)
    _mm512_mask_storeu_ps(to + i * to_row, mask, _mm512_maskz_loadu_ps(mask, from + i * from_row));
}

/* Tile numbers are part of the instructions. A tile of a row of length 0 is that row 16 times. */
#define BEGIN_TILE(number, i, j)                                                                          \
  do {                                                                                                    \
    float *at = c + (i) * c_row + (j);                                                                    \
    if (add && is_whole(m - (i), n - (j))) {                                                              \
      _tile_loadd(number, at, c_row * 4);                                                                 \
    } else if (add) {                                                                                     \
      copy_part(beside, SIDE, at, c_row, m - (i), n - (j));                                               \
      _tile_loadd(number, beside, SIDE * 4);                                                              \
    } else if (bias) {                                                                                    \
      _mm512_store_ps(beside, _mm512_maskz_loadu_ps(first_of(n - (j)), bias + (j)));                      \
      _tile_loadd(number, beside, 0);                                                                     \
    } else {                                                                                              \
      _tile_zero(number);                                                                                 \
    }                                                                                                     \
  } while (0)

#define END_TILE(number, i, j)                                                                            \
  do {                                                                                                    \
    float *at = c + (i) * c_row + (j);                                                                    \
    if (is_whole(m - (i), n - (j))) {                                                                     \
      _tile_stored(number, at, c_row * 4);                                                                \
    } else {                                                                                              \
      _tile_stored(number, beside, SIDE * 4);                                                             \
      copy_part(at, c_row, beside, SIDE, m - (i), n - (j));                                               \
    }                                                                                                     \
  } while (0)

/* Two tiles by two of the result, or by one, where there are no more. */
TILES INLINE void multiply_block(float *c, ptrdiff_t c_row, const uint32_t *a, const uint32_t *b, ptrdiff_t m,
                                 ptrdiff_t n, ptrdiff_t i, ptrdiff_t j, ptrdiff_t depth, int add, const float *bias,
                                 int two_rows, int two_columns) {
  _Alignas(64) float beside[TILE] = {0};
  BEGIN_TILE(0, i, j);
  if (two_columns) BEGIN_TILE(1, i, j + SIDE);
  if (two_rows) BEGIN_TILE(2, i + SIDE, j);
  if (two_rows && two_columns) BEGIN_TILE(3, i + SIDE, j + SIDE);
  a += i / SIDE * depth * TILE;
  b += j / SIDE * depth * TILE;
  for (ptrdiff_t k = 0; k < depth; k++, a += TILE, b += TILE) {
    _tile_loadd(4, a, SIDE * 4);
    _tile_loadd(6, b, SIDE * 4);
    _tile_dpbf16ps(0, 4, 6);
    if (two_columns) {
      _tile_loadd(7, b + depth * TILE, SIDE * 4);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (two_rows) {
      _tile_loadd(5, a + depth * TILE, SIDE * 4);
      _tile_dpbf16ps(2, 5, 6);
    }
    if (two_rows && two_columns) _tile_dpbf16ps(3, 5, 7);
  }
  END_TILE(0, i, j);
  if (two_columns) END_TILE(1, i, j + SIDE);
  if (two_rows) END_TILE(2, i + SIDE, j);
  if (two_rows && two_columns) END_TILE(3, i + SIDE, j + SIDE);
}

TILES static void multiply_tiles(float *c, ptrdiff_t c_row, const uint32_t *a, const uint32_t *b, ptrdiff_t m,
                                 ptrdiff_t n, ptrdiff_t depth, int add, const float *bias) {
  shapes all = {.palette = 1};
  for (int tile = 0; tile < 8; tile++) {
    all.bytes_of_row[tile] = SIDE * 4;
    all.rows[tile] = SIDE;
  }
  _tile_loadconfig(&all);
  for (ptrdiff_t j = 0; j < n; j += 2 * SIDE)
    for (ptrdiff_t i = 0; i < m; i += 2 * SIDE) {
#define BLOCK(two_rows, two_columns) \
  multiply_block(c, c_row, a, b, m, n, i, j, depth, add, bias, two_rows, two_columns)
      if (m - i > SIDE && n - j > SIDE) BLOCK(1, 1);
      else if (m - i > SIDE) BLOCK(1, 0);
      else if (n - j > SIDE) BLOCK(0, 1);
      else BLOCK(0, 0);
#undef BLOCK
    }
  _tile_release();
}

void mlp_bf16_multiply(int kernels, float *c, ptrdiff_t c_row, const uint32_t *a, const uint32_t *b, ptrdiff_t m,
                       ptrdiff_t n, ptrdiff_t depth, int add, const float *bias) {
  const ptrdiff_t tiles = (depth + DEEP - 1) / DEEP;
  if (kernels == MLP_BF16_TILES) multiply_tiles(c, c_row, a, b, m, n, tiles, add, bias);
  else multiply_vectors(c, c_row, a, b, m, n, tiles, add, bias);
}

#else

int mlp_bf16_kernels(void) { return MLP_BF16_NONE; }

/* Never called. */
#define NOTHING(name)                                                                                          \
  void name(uint32_t *to, const float *x, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t first, ptrdiff_t end) { \
    (void)to, (void)x, (void)rows, (void)columns, (void)first, (void)end;                                      \
  }
NOTHING(mlp_bf16_left)
NOTHING(mlp_bf16_left_transposed)
NOTHING(mlp_bf16_right)
NOTHING(mlp_bf16_right_transposed)

void mlp_bf16_multiply(int kernels, float *c, ptrdiff_t c_row, const uint32_t *a, const uint32_t *b, ptrdiff_t m,
                       ptrdiff_t n, ptrdiff_t depth, int add, const float *bias) {
  (void)kernels, (void)c, (void)c_row, (void)a, (void)b, (void)m, (void)n, (void)depth, (void)add, (void)bias;
}

#endif
