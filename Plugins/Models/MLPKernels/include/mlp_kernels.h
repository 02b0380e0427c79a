/*
 * mlp_kernels.h: the arithmetic of the mlp model that is not a large matrix product.
 *
 * Matrices are row-major and dense; a batch has one row for each example. Sizes are counts of
 * elements. Pointers never overlap, except that a function's first argument may be its result.
 * Nothing here allocates, locks, fails or keeps state, but for the library of mlp_blas_ and the threads of
 * mlp_team_: the same call gives the same bits.
 */
#ifndef MLP_KERNELS_H
#define MLP_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* ---- Small matrix products, which beat a BLAS where its own cost counts ---------------------- */

/* rows·in·out of such a product is at most this. */
#define MLP_SMALL_PRODUCT 2048

/* z[rows, out] = x[rows, in] · w[in, out] + bias[out] */
void mlp_small_forward(float *z, const float *x, const float *w, const float *bias, ptrdiff_t rows,
                       ptrdiff_t in, ptrdiff_t out);
/* g[in, out] = (add ? g : 0) + xᵀ · d, where x is [rows, in] and d is [rows, out] */
void mlp_small_weight_gradient(float *g, const float *x, const float *d, ptrdiff_t rows, ptrdiff_t in,
                               ptrdiff_t out, int add);
/* e[rows, in] = d[rows, out] · wᵀ, where w is [in, out] */
void mlp_small_input_gradient(float *e, const float *d, const float *w, ptrdiff_t rows, ptrdiff_t in,
                              ptrdiff_t out);
/* g[width] = (add ? g : 0) + the sum over the rows of d[rows, width], whose rows are `stride` apart */
void mlp_column_sums(float *g, const float *d, ptrdiff_t rows, ptrdiff_t stride, ptrdiff_t width, int add);

/* ---- Products that caches hold ------------------------------------------------------------------ */

/* Whether this processor has what they need: AVX-512. They are not to be called otherwise. */
int mlp_has_dense_kernels(void);

void mlp_dense_forward(float *z, const float *x, const float *w, const float *bias, ptrdiff_t rows,
                       ptrdiff_t in, ptrdiff_t out);
void mlp_dense_weight_gradient(float *g, const float *x, const float *d, ptrdiff_t rows, ptrdiff_t in,
                               ptrdiff_t out, int add);
void mlp_dense_input_gradient(float *e, const float *d, const float *w, ptrdiff_t rows, ptrdiff_t in,
                              ptrdiff_t out);

/* Rows first ..< first + count of g alone. Every element is summed in the same order whatever part it is computed with,
 * here and, where a batch's rows are done in parts, above. */
void mlp_dense_weight_gradient_part(float *g, const float *x, const float *d, ptrdiff_t rows, ptrdiff_t in,
                                    ptrdiff_t out, int add, ptrdiff_t first, ptrdiff_t count);

/* ---- Products of any size, in OpenBLAS ------------------------------------------------------------ */

/* Opens the library at the first call, and has it use so many threads from now on, for the whole process.
 * 0: it cannot be opened, and the functions below are not to be called. */
int mlp_blas_open(int threads);

/* c[m, n] = (add ? c : 0) + left · right, where left is [m, k] and right is [k, n], or the other way round. */
void mlp_blas_multiply(float *c, const float *a, int left_is_transposed, const float *b, int right_is_transposed,
                       ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, int add);
void mlp_blas_forward(float *z, const float *x, const float *w, const float *bias, ptrdiff_t rows,
                      ptrdiff_t in, ptrdiff_t out);
void mlp_blas_weight_gradient(float *g, const float *x, const float *d, ptrdiff_t rows, ptrdiff_t in,
                              ptrdiff_t out, int add);
void mlp_blas_input_gradient(float *e, const float *d, const float *w, ptrdiff_t rows, ptrdiff_t in,
                             ptrdiff_t out);

/* ---- Products in bfloat16 -------------------------------------------------------------------------- */

#define MLP_BF16_NONE 0
#define MLP_BF16_VECTORS 1 /* AVX512_BF16 */
#define MLP_BF16_TILES 2 /* AMX, as the system lets this process use it */

/* The best that there is here. With MLP_BF16_NONE nothing below is to be called. */
int mlp_bf16_kernels(void);

/* Numbers (of 32 bits) of a packed matrix: depth is the dimension that is summed, width the other one. */
ptrdiff_t mlp_bf16_size(ptrdiff_t width, ptrdiff_t depth);

/* Rounds rows first ..< end of x[rows, columns] to bfloat16 and packs them, as the left or the right matrix of a product.
 * The functions for the left one and for the transposed right one take whole portions of 16 rows, the others of 32, but
 * for the last; a portion touches its own part of `to` alone. */
void mlp_bf16_left(uint32_t *to, const float *x, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t first, ptrdiff_t end);
void mlp_bf16_left_transposed(uint32_t *to, const float *x, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t first,
                              ptrdiff_t end);
void mlp_bf16_right(uint32_t *to, const float *x, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t first, ptrdiff_t end);
void mlp_bf16_right_transposed(uint32_t *to, const float *x, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t first,
                               ptrdiff_t end);

/* c[m, n], whose rows are c_row apart, = (add ? c : 0) + left · right, plus the bias where there is one, in float32.
 * Not both add and bias. Every element is summed in the same order, whatever part of the result is asked for. */
void mlp_bf16_multiply(int kernels, float *c, ptrdiff_t c_row, const uint32_t *left, const uint32_t *right, ptrdiff_t m,
                       ptrdiff_t n, ptrdiff_t depth, int add, const float *bias);

/* ---- Layers ----------------------------------------------------------------------------------- */

#define MLP_RELU 0
#define MLP_TANH 1
#define MLP_GELU 2 /* exact: x·Φ(x) */
#define MLP_SIGMOID 3

/* z[rows, width] += bias[width] */
void mlp_add_bias(float *z, const float *bias, ptrdiff_t rows, ptrdiff_t width);
/* z = f(z); where slope is not NULL, slope = f'(z) of the value before. */
void mlp_activate(float *z, float *slope, ptrdiff_t count, int activation);
/* Inverted dropout: each value and its slope become 0, or are multiplied by 1 / (1 - rate). Which of the
 * two depends on key and index alone; the first index is that of z[0]. */
void mlp_dropout(float *z, float *slope, ptrdiff_t first, ptrdiff_t count, double rate, uint64_t key);
/* d *= slope */
void mlp_multiply(float *d, const float *slope, ptrdiff_t count);
/* ---- Outputs and losses ------------------------------------------------------------------------ */

/* Index of the first label outside 0 ..< classes; -1: none. */
ptrdiff_t mlp_find_bad_label(const int32_t *label, ptrdiff_t rows, int32_t classes);

/* Each row of z becomes probabilities. Where target is not NULL, loss[rows] becomes the loss of each row. */
void mlp_softmax(float *z, float *loss, const int32_t *target, ptrdiff_t rows, ptrdiff_t classes);
/* z becomes probabilities of class 1. Where target is not NULL, loss[rows] becomes the loss of each row. */
void mlp_logistic(float *z, float *loss, const int32_t *target, ptrdiff_t rows);
/* loss[rows]: the mean over the width of the squared difference. */
void mlp_squared_error(const float *p, float *loss, const float *target, ptrdiff_t rows, ptrdiff_t width);

/* d: gradient of each row's loss by the logits, from the probabilities p. */
void mlp_softmax_gradient(float *d, const float *p, const int32_t *target, ptrdiff_t rows, ptrdiff_t classes);
void mlp_logistic_gradient(float *d, const float *p, const int32_t *target, ptrdiff_t rows);
void mlp_squared_error_gradient(float *d, const float *p, const float *target, ptrdiff_t rows,
                                ptrdiff_t width);

/* d[rows, width]: each row is multiplied by its weight. */
void mlp_weigh_rows(float *d, const float *weight, ptrdiff_t rows, ptrdiff_t width);

/* Sums in double. */
double mlp_sum(const float *x, ptrdiff_t count);
double mlp_dot(const float *x, const float *y, ptrdiff_t count);

/* ---- Optimizers: one step over count parameters --------------------------------------------------- */

/* In all of them the gradient is scale·g, and the parameters are first multiplied by keep, which is
 * 1 - learning rate · weight decay. */
void mlp_sgd(float *w, const float *g, ptrdiff_t count, float scale, float keep, float rate);
void mlp_sgd_momentum(float *w, const float *g, float *velocity, ptrdiff_t count, float scale, float keep,
                      float rate, float momentum, int nesterov);
/* step_size: learning rate · √(1 - beta_2^t) / (1 - beta_1^t) */
void mlp_adam(float *w, const float *g, float *first, float *second, ptrdiff_t count, float scale, float keep,
              float step_size, double beta_1, double beta_2, float epsilon);
/* velocity may be NULL: no momentum. */
void mlp_rmsprop(float *w, const float *g, float *square, float *velocity, ptrdiff_t count, float scale,
                 float keep, float rate, double rho, float epsilon, float momentum);

/* g = scale·g + factor·w */
void mlp_add_penalty(float *g, const float *w, ptrdiff_t count, float scale, float factor);
/* g = scale·g */
void mlp_scale(float *g, ptrdiff_t count, float scale);
/* g = scale·g, cut to -limit ... limit; NaN stays. */
void mlp_clamp(float *g, ptrdiff_t count, float scale, float limit);

/* ---- Threads ------------------------------------------------------------------------------------------ */

typedef struct mlp_team mlp_team;
/* Does part `index` of `count` of the work. */
typedef void mlp_share(void *work, int index, int count);

/* So many threads, of which the first is the one that calls; the others are started by the first work and gone when
 * mlp_team_end() returns. NULL: no memory. One thread at a time may use a team. */
mlp_team *mlp_team_new(int threads);
/* Returns when every part is done. There are fewer parts where not all threads could be had. */
void mlp_team_run(mlp_team *team, mlp_share *share, void *work);
void mlp_team_end(mlp_team *team);

/* ---- The processor ------------------------------------------------------------------------------------ */

/* Numbers too small for full precision (below 1e-38, as gradients of a well-trained classifier are) cost
 * a processor a hundred times more than others. This makes the calling thread take them as 0, and
 * returns what mlp_restore_denormals() wants. */
uint32_t mlp_flush_denormals(void);
void mlp_restore_denormals(uint32_t mode);

#endif
