/* Output activations, the loss of each row, and its gradient by the logits. */
#include "elementary.h"
#include "mlp_kernels.h"

KERNEL
ptrdiff_t mlp_find_bad_label(const int32_t *label, ptrdiff_t rows, int32_t classes) {
  uint32_t bad = 0;
  for (ptrdiff_t i = 0; i < rows; i++) bad |= (uint32_t)label[i] >= (uint32_t)classes;
  if (!bad) return -1;
  ptrdiff_t first = 0;
  while ((uint32_t)label[first] < (uint32_t)classes) first++;
  return first;
}

/* z -= the largest of its row, so that no exponential overflows. */
INLINE void subtract_row_maxima(float *restrict z, ptrdiff_t rows, ptrdiff_t classes) {
  for (ptrdiff_t i = 0; i < rows; i++, z += classes) {
    float largest = z[0];
    for (ptrdiff_t j = 1; j < classes; j++) largest = z[j] > largest ? z[j] : largest;
    for (ptrdiff_t j = 0; j < classes; j++) z[j] -= largest;
  }
}

KERNEL
void mlp_softmax(float *restrict z, float *restrict loss, const int32_t *restrict target, ptrdiff_t rows,
                 ptrdiff_t classes) {
  subtract_row_maxima(z, rows, classes);
  if (target)
    for (ptrdiff_t i = 0; i < rows; i++) loss[i] = z[i * classes + target[i]]; /* the rest follows */
  for (ptrdiff_t i = 0; i < rows * classes; i++) z[i] = exponential(z[i]);
  for (ptrdiff_t i = 0; i < rows; i++, z += classes) {
    float sum = 0.0f;
    for (ptrdiff_t j = 0; j < classes; j++) sum += z[j];
    float inverse = 1.0f / sum;
    for (ptrdiff_t j = 0; j < classes; j++) z[j] *= inverse;
    if (target) loss[i] = logf(sum) - loss[i];
  }
}

KERNEL
void mlp_logistic(float *restrict z, float *restrict loss, const int32_t *restrict target, ptrdiff_t rows) {
  if (target)
    for (ptrdiff_t i = 0; i < rows; i++) {
      float x = z[i];
      float larger = x < 0.0f ? 0.0f : x;
      loss[i] = larger - x * (float)target[i] + log_one_plus(exponential(-fabsf(x)));
    }
  for (ptrdiff_t i = 0; i < rows; i++) z[i] = logistic(z[i]);
}

KERNEL
void mlp_squared_error(const float *restrict p, float *restrict loss, const float *restrict target,
                       ptrdiff_t rows, ptrdiff_t width) {
  const float share = 1.0f / (float)width;
  if (width == 1) {
    for (ptrdiff_t i = 0; i < rows; i++) loss[i] = (p[i] - target[i]) * (p[i] - target[i]);
    return;
  }
  for (ptrdiff_t i = 0; i < rows; i++, p += width, target += width) {
    float sum = 0.0f;
    for (ptrdiff_t j = 0; j < width; j++) sum += (p[j] - target[j]) * (p[j] - target[j]);
    loss[i] = sum * share;
  }
}

KERNEL
void mlp_softmax_gradient(float *restrict d, const float *restrict p, const int32_t *restrict target,
                          ptrdiff_t rows, ptrdiff_t classes) {
  for (ptrdiff_t i = 0; i < rows * classes; i++) d[i] = p[i];
  for (ptrdiff_t i = 0; i < rows; i++) d[i * classes + target[i]] -= 1.0f;
}

KERNEL
void mlp_logistic_gradient(float *restrict d, const float *restrict p, const int32_t *restrict target,
                           ptrdiff_t rows) {
  for (ptrdiff_t i = 0; i < rows; i++) d[i] = p[i] - (float)target[i];
}

KERNEL
void mlp_squared_error_gradient(float *restrict d, const float *restrict p, const float *restrict target,
                                ptrdiff_t rows, ptrdiff_t width) {
  const float factor = 2.0f / (float)width;
  for (ptrdiff_t i = 0; i < rows * width; i++) d[i] = factor * (p[i] - target[i]);
}

KERNEL
void mlp_weigh_rows(float *restrict d, const float *restrict weight, ptrdiff_t rows, ptrdiff_t width) {
  if (width == 1) {
    for (ptrdiff_t i = 0; i < rows; i++) d[i] *= weight[i];
    return;
  }
  for (ptrdiff_t i = 0; i < rows; i++, d += width)
    for (ptrdiff_t j = 0; j < width; j++) d[j] *= weight[i];
}

/* The order of additions is part of the result: eight sums, whatever the processor. */
#define SUMS 8
#define SUM_OF(term)                                                         \
  do {                                                                       \
    double sum[SUMS] = {0};                                                  \
    ptrdiff_t i = 0;                                                         \
    for (; i + SUMS <= count; i += SUMS)                                     \
      for (int j = 0; j < SUMS; j++) sum[j] += (term(i + j));                \
    for (int j = 0; i < count; i++, j++) sum[j] += (term(i));                \
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7])); \
  } while (0)

KERNEL
double mlp_sum(const float *x, ptrdiff_t count) {
#define TERM(i) (double)x[i]
  SUM_OF(TERM);
#undef TERM
}

KERNEL
double mlp_dot(const float *x, const float *y, ptrdiff_t count) {
#define TERM(i) (double)x[i] * (double)y[i]
  SUM_OF(TERM);
#undef TERM
}
