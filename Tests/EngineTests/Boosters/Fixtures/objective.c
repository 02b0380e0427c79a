/* The squared error as an objective of the user's. */
#include <stddef.h>
#include <stdint.h>

__attribute__((visibility("default"))) int32_t objective(int64_t rows, int64_t width, const float *prediction,
                                                         const float *target, const float *weight,
                                                         float *gradient, float *hessian) {
  for (int64_t i = 0; i < rows * width; i++) {
    float w = weight != NULL ? weight[i / width] : 1;
    gradient[i] = w * (prediction[i] - target[i]);
    hessian[i] = w;
  }
  return 0;
}

__attribute__((visibility("default"))) int32_t broken(int64_t rows, int64_t width, const float *prediction,
                                                      const float *target, const float *weight, float *gradient,
                                                      float *hessian) {
  (void)rows, (void)width, (void)prediction, (void)target, (void)weight, (void)gradient, (void)hessian;
  return 7;
}
