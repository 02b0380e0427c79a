/*
 * The weighted mean of squared errors. It keeps every rule, and, with one of the names below
 * defined, breaks one.
 */
#include <stdlib.h>
#include <string.h>

#include "trainyard.h"

struct sums {
  double errors, weights;
};

struct instance {
  const ty_host *host;
  uint32_t metric;
  struct sums sums;
};

static const float *kept __attribute__((unused));

static ty_status failed(struct instance *self, const char *words) {
  self->host->fail(self->host, words);
  return TY_FAILED;
}

static ty_status create(const ty_component *component, const ty_host *host, void **result) {
  struct instance *self = calloc(1, sizeof *self);
  (void)component;
  if (self == NULL) return TY_FAILED;
  self->host = host;
  self->metric = host->metric_declare(host, "squared_error", TY_DIRECTION_MIN, TY_PHASE_EPOCH);
  *result = self;
  return TY_OK;
}

static void destroy(void *self) { free(self); }

static ty_status reset(void *pointer) {
  struct instance *self = pointer;
#ifdef RESET_KEEPS_THE_SUMS
  if (self->sums.weights > 0) return TY_OK;
#endif
  memset(&self->sums, 0, sizeof self->sums);
  return TY_OK;
}

static ty_status prepare(void *pointer, const ty_task *task) {
  if (task->task != TY_TASK_REGRESSION || task->output_width != 1) {
#ifdef REFUSES_WITHOUT_A_WORD
    (void)pointer;
    return TY_FAILED;
#else
    return failed(pointer, "squared-error serves regression tasks of one output");
#endif
  }
  return TY_OK;
}

static ty_status pass_begin(void *pointer, uint32_t pass) {
  struct instance *self = pointer;
  (void)pass;
#ifndef PASS_BEGIN_KEEPS_THE_SUMS
  memset(&self->sums, 0, sizeof self->sums);
#else
  (void)self;
#endif
  return TY_OK;
}

static ty_status update(void *pointer, const ty_batch *batch, const ty_tensor *prediction) {
  struct instance *self = pointer;
  const float *predicted = prediction->data, *target = batch->target.data, *w = batch->weight.data;
  struct sums sums = {0, 0};
  if (batch->target.dtype.code != TY_DTYPE_FLOAT || prediction->ndim != 1)
    return failed(self, "squared-error serves regression tasks of one output");
#ifdef KEEPS_THE_PREDICTION
  if (kept != NULL && kept[0] > 1e30f) return failed(self, "it grows");
  kept = predicted;
#endif
#ifdef WRITES_TO_THE_PREDICTION
  ((float *)prediction->data)[0] -= target[0];
#endif
#ifdef ALLOCATES_IN_EVERY_UPDATE
  void *copy = malloc(64);
  if (copy == NULL) return TY_FAILED;
  memcpy(copy, predicted, sizeof(float));
  free(copy);
#endif
  for (int64_t i = 0; i < batch->rows; i++) {
    double error = (double)predicted[i] - target[i], weight = w == NULL ? 1 : w[i];
    sums.errors += weight * error * error;
    sums.weights += weight;
  }
#ifdef AVERAGES_MEANS_OF_BATCHES
  if (sums.weights > 0) sums = (struct sums){sums.errors / sums.weights, 1};
#endif
  self->sums.errors += sums.errors;
  self->sums.weights += sums.weights;
  return TY_OK;
}

static ty_status compute(void *pointer) {
  struct instance *self = pointer;
  if (self->sums.weights > 0)
    self->host->publish(self->host, self->metric, self->sums.errors / self->sums.weights);
#ifdef COMPUTE_CLEARS
  memset(&self->sums, 0, sizeof self->sums);
#endif
  return TY_OK;
}

static ty_status merge(void *pointer, void *other) {
  struct instance *self = pointer;
  const struct sums *sums = &((struct instance *)other)->sums;
#ifdef MERGE_FORGETS_THE_WEIGHTS
  if (sums->weights > 0) {
    double mean = self->sums.weights > 0 ? self->sums.errors / self->sums.weights : 0;
    self->sums = (struct sums){(mean + sums->errors / sums->weights) / 2, 1};
  }
#else
  self->sums.errors += sums->errors;
  self->sums.weights += sums->weights;
#endif
  return TY_OK;
}

static ty_status state_save(void *pointer, const ty_sink *sink) {
  struct instance *self = pointer;
  sink->put_float(sink, "errors", self->sums.errors);
#ifndef SAVES_NO_WEIGHTS
  sink->put_float(sink, "weights", self->sums.weights);
#endif
  return TY_OK;
}

static ty_status state_load(void *pointer, const ty_source *source) {
  struct instance *self = pointer;
  struct sums sums = {0, 0};
#ifdef LOADING_NOTHING_IS_NOT_NOTHING
  sums.weights = 1;
#endif
  if (source->get_float(source, "errors", &sums.errors) < 0 ||
      source->get_float(source, "weights", &sums.weights) < 0)
#ifdef REFUSES_STATE_WITHOUT_A_WORD
    return TY_FAILED;
#else
    return failed(self, "the saved state holds values of another type");
#endif
  self->sums = sums;
  return TY_OK;
}

static const ty_monitor table = {
    .struct_size = sizeof(ty_monitor),
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .state_save = state_save,
    .state_load = state_load,
    .prepare = prepare,
    .pass_begin = pass_begin,
    .update = update,
    .compute = compute,
    .merge = merge,
};

static const ty_component component = {
    .struct_size = sizeof(ty_component),
    .kind = TY_KIND_MONITOR,
    .id = "squared-error",
    .version = "1.0.0",
    .summary = "The weighted mean of squared errors.",
    .table = &table,
};

#include "module.h"
