/* Optimizer steps. The formulas are those of Keras 3; the plugin's README has them with sources. */
#include "mlp_kernels.h"
#include "portable.h"

KERNEL
void mlp_sgd(float *restrict w, const float *restrict g, ptrdiff_t count, float scale, float keep,
             float rate) {
  const float step = rate * scale;
  for (ptrdiff_t i = 0; i < count; i++) w[i] = keep * w[i] - step * g[i];
}

KERNEL
void mlp_sgd_momentum(float *restrict w, const float *restrict g, float *restrict velocity, ptrdiff_t count,
                      float scale, float keep, float rate, float momentum, int nesterov) {
  const float step = rate * scale;
  if (nesterov)
    for (ptrdiff_t i = 0; i < count; i++) {
      velocity[i] = momentum * velocity[i] - step * g[i];
      w[i] = keep * w[i] + (momentum * velocity[i] - step * g[i]);
    }
  else
    for (ptrdiff_t i = 0; i < count; i++) {
      velocity[i] = momentum * velocity[i] - step * g[i];
      w[i] = keep * w[i] + velocity[i];
    }
}

KERNEL
void mlp_adam(float *restrict w, const float *restrict g, float *restrict first, float *restrict second,
              ptrdiff_t count, float scale, float keep, float step_size, double beta_1, double beta_2,
              float epsilon) {
  /* Subtracted in double: 1 - 0.999f is wrong in the fifth digit. */
  const float new_1 = (float)(1.0 - beta_1), new_2 = (float)(1.0 - beta_2);
  for (ptrdiff_t i = 0; i < count; i++) {
    float gradient = scale * g[i];
    float m = first[i] + new_1 * (gradient - first[i]);
    float v = second[i] + new_2 * (gradient * gradient - second[i]);
    first[i] = m;
    second[i] = v;
    w[i] = keep * w[i] - step_size * m / (SQUARE_ROOT(v) + epsilon);
  }
}

KERNEL
void mlp_rmsprop(float *restrict w, const float *restrict g, float *restrict square, float *restrict velocity,
                 ptrdiff_t count, float scale, float keep, float rate, double rho, float epsilon,
                 float momentum) {
  const float old = (float)rho, new = (float)(1.0 - rho);
  if (velocity)
    for (ptrdiff_t i = 0; i < count; i++) {
      float gradient = scale * g[i];
      square[i] = old * square[i] + new * (gradient * gradient);
      velocity[i] = momentum * velocity[i] + rate * gradient / SQUARE_ROOT(square[i] + epsilon);
      w[i] = keep * w[i] - velocity[i];
    }
  else
    for (ptrdiff_t i = 0; i < count; i++) {
      float gradient = scale * g[i];
      square[i] = old * square[i] + new * (gradient * gradient);
      w[i] = keep * w[i] - rate * gradient / SQUARE_ROOT(square[i] + epsilon);
    }
}

KERNEL
void mlp_add_penalty(float *restrict g, const float *restrict w, ptrdiff_t count, float scale, float factor) {
  for (ptrdiff_t i = 0; i < count; i++) g[i] = scale * g[i] + factor * w[i];
}

KERNEL
void mlp_scale(float *restrict g, ptrdiff_t count, float scale) {
  for (ptrdiff_t i = 0; i < count; i++) g[i] *= scale;
}

KERNEL
void mlp_clamp(float *restrict g, ptrdiff_t count, float scale, float limit) {
  for (ptrdiff_t i = 0; i < count; i++) {
    float x = scale * g[i];
    x = x > limit ? limit : x;
    g[i] = x < -limit ? -limit : x;
  }
}
