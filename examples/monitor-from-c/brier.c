/* The Brier score: the mean squared distance between a probability and what happened. */
#include <stddef.h>

double brier_score(const float *probability, const int *happened, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    double distance = probability[i] - happened[i];
    sum += distance * distance;
  }
  return sum / (double)count;
}
