/* The arithmetic of a 4-8-1 step, and nothing else. */
#include "baselines.h"

#include <stdlib.h>

/* ThreadSanitizer has not begun when the loader picks. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KERNEL
#endif
#endif
#if !defined(KERNEL) && defined(__x86_64__) && defined(__linux__)
#define KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#elif !defined(KERNEL)
#define KERNEL
#endif

enum { BATCH = 32, INPUTS = 4, UNITS = 8, ROWS = 160000 };

struct model {
  float w1[INPUTS][UNITS], b1[UNITS], w2[UNITS], b2;
};

KERNEL
static float step(struct model *model, const float *x, const float *y, const int *rows) {
#pragma clang fp reassociate(on)
  struct model g = {0};
  float loss = 0;
  for (int k = 0; k < BATCH; k++) {
    const float *input = x + INPUTS * rows[k];
    float hidden[UNITS], output = model->b2;
    for (int j = 0; j < UNITS; j++) {
      float sum = model->b1[j];
      for (int i = 0; i < INPUTS; i++) sum += input[i] * model->w1[i][j];
      hidden[j] = sum > 0 ? sum : 0;
    }
    for (int j = 0; j < UNITS; j++) output += hidden[j] * model->w2[j];
    float delta = output - y[rows[k]];
    loss += delta * delta;
    delta *= 2.0f / BATCH;
    g.b2 += delta;
    for (int j = 0; j < UNITS; j++) {
      float back = hidden[j] > 0 ? delta * model->w2[j] : 0;
      g.w2[j] += delta * hidden[j];
      g.b1[j] += back;
      for (int i = 0; i < INPUTS; i++) g.w1[i][j] += back * input[i];
    }
  }
  const float rate = 0.01f;
  for (int j = 0; j < UNITS; j++) {
    model->w2[j] -= rate * g.w2[j];
    model->b1[j] -= rate * g.b1[j];
    for (int i = 0; i < INPUTS; i++) model->w1[i][j] -= rate * g.w1[i][j];
  }
  model->b2 -= rate * g.b2;
  return loss / BATCH;
}

static float uniform(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return (float)(*state >> 8) / 16777216.0f;
}

double baseline_tiny_steps(long steps) {
  float *x = malloc(sizeof *x * INPUTS * ROWS), *y = malloc(sizeof *y * ROWS);
  int *rows = malloc(sizeof *rows * ROWS);
  if (!x || !y || !rows) return -1;
  uint32_t random = 1;
  for (int i = 0; i < INPUTS * ROWS; i++) x[i] = uniform(&random);
  for (int i = 0; i < ROWS; i++) {
    y[i] = x[INPUTS * i] + x[INPUTS * i + 1] > 1;
    rows[i] = i;
  }
  for (int i = ROWS - 1; i > 0; i--) {
    int j = (int)(uniform(&random) * (float)(i + 1)), other = rows[i];
    rows[i] = rows[j];
    rows[j] = other;
  }
  struct model model = {0};
  for (int j = 0; j < UNITS; j++) {
    for (int i = 0; i < INPUTS; i++) model.w1[i][j] = uniform(&random) - 0.5f;
    model.w2[j] = uniform(&random) - 0.5f;
  }
  volatile float loss = 0;
  double start = baseline_now();
  for (long s = 0; s < steps; s++) loss = step(&model, x, y, rows + s % (ROWS / BATCH) * BATCH);
  double seconds = baseline_now() - start;
  (void)loss;
  free(x);
  free(y);
  free(rows);
  return seconds;
}
