/*
 * A linear model of one output, trained by gradient descent with momentum. It keeps every rule,
 * and, with one of the names below defined, breaks one.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainyard.h"

#define MOST_FEATURES 64

enum { LEARNING_RATE, MOMENTUM, PARAMETER_COUNT };
static const char *const parameter_names[] = {"learning_rate", "momentum"};

/* All that a run can change. */
struct progress {
  int64_t features;
  float weights[MOST_FEATURES + 1]; /* the bias last */
  float velocity[MOST_FEATURES + 1];
  double parameters[PARAMETER_COUNT];
  double evaluations;
};

struct instance {
  const ty_host *host;
  struct progress progress;
  float *prediction;
  int64_t room;
  int64_t prediction_shape[1], prediction_strides[1];
  int64_t weight_shape[1], weight_strides[1];
};

static const float *kept_features __attribute__((unused));

static ty_status failed(struct instance *self, const char *words) {
  self->host->fail(self->host, words);
  return TY_FAILED;
}

static ty_tensor floats(void *data, int64_t *shape, int64_t *strides, int64_t count) {
  ty_tensor tensor = {data, {TY_DEVICE_CPU, 0}, 1, {TY_DTYPE_FLOAT, 32, 1}, shape, strides, 0};
  shape[0] = count;
  strides[0] = 1;
  return tensor;
}

/* ---- Life ---- */

static ty_status create(const ty_component *component, const ty_host *host, void **result) {
  struct instance *self = calloc(1, sizeof *self);
  (void)component;
  if (self == NULL) return TY_FAILED;
  self->host = host;
  *result = self;
  return TY_OK;
}

static void destroy(void *pointer) {
  struct instance *self = pointer;
#ifndef FORGETS_ITS_MEMORY
  free(self->prediction);
#endif
  free(self);
}

static ty_status reset(void *pointer, uint64_t seed, const ty_task *task) {
  struct instance *self = pointer;
  struct progress progress = {0};
#ifndef SERVES_WHAT_IT_CANNOT
  if (task->task != TY_TASK_REGRESSION || task->output_width != 1) {
#ifdef REFUSES_WITHOUT_A_WORD
    return TY_FAILED;
#else
    return failed(self, "this model predicts one number");
#endif
  }
#endif
  progress.features = task->feature_shape[0];
  if (task->feature_ndim != 1 || progress.features > MOST_FEATURES) return failed(self, "too many features");
  progress.parameters[LEARNING_RATE] = 0.125;
  progress.parameters[MOMENTUM] = 0.5;
#ifdef IGNORES_THE_SEED
  seed = 1;
#endif
  for (int64_t f = 0; f < progress.features; f++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    progress.weights[f] = (float)(seed >> 40) / (float)(1 << 24) - 0.5f;
  }
#ifdef RESET_KEEPS_THE_MOMENTUM
  memcpy(progress.velocity, self->progress.velocity, sizeof progress.velocity);
#endif
#ifdef RESET_KEEPS_HYPER_PARAMETERS
  if (self->progress.features > 0)
    memcpy(progress.parameters, self->progress.parameters, sizeof progress.parameters);
#endif
  self->progress = progress;
  return TY_OK;
}

static ty_status describe(void *self, ty_model_facts *facts) {
  (void)self;
  facts->task = TY_TASK_REGRESSION;
  facts->flags = TY_MODEL_RESUME_EXACT;
  facts->prediction = (ty_dtype){TY_DTYPE_FLOAT, 32, 1};
  facts->width = 0;
  return TY_OK;
}

/* ---- Steps ---- */

static ty_status forward(struct instance *self, const ty_batch *batch, ty_step *step) {
  const struct progress *p = &self->progress;
  const float *x = batch->features.data, *target = batch->target.data, *w = batch->weight.data;
  double sum_wl = 0, sum_w = 0;
#ifdef WRITES_TO_THE_BATCH
  ((float *)batch->features.data)[0] -= 0.5f;
#endif
#ifdef ALLOCATES_IN_EVERY_STEP
  self->room = 0;
#endif
  if (batch->rows > self->room) {
    float *larger = realloc(self->prediction, (size_t)batch->rows * sizeof *larger);
    if (larger == NULL) return failed(self, "out of memory");
    self->prediction = larger;
    self->room = batch->rows;
  }
  float shift = 0;
#ifdef PREDICTS_BY_BATCH_STATISTICS
  for (int64_t i = 0; i < batch->rows; i++) shift += x[i * p->features] / (float)batch->rows;
#endif
#ifdef EVALUATE_COUNTS
  shift = (float)self->progress.evaluations * 0.001f;
#endif
  for (int64_t i = 0; i < batch->rows; i++) {
    float sum = p->weights[p->features] - shift;
    for (int64_t f = 0; f < p->features; f++) sum += p->weights[f] * x[i * p->features + f];
    self->prediction[i] = sum;
    double weight = w == NULL ? 1 : w[i];
    sum_w += weight;
    if (target != NULL) sum_wl += weight * (double)(sum - target[i]) * (double)(sum - target[i]);
  }
  step->loss = target == NULL ? (double)NAN : sum_w > 0 ? sum_wl / sum_w : 0;
  step->weight = sum_w;
  step->prediction = floats(self->prediction, self->prediction_shape, self->prediction_strides, batch->rows);
  return TY_OK;
}

static ty_status evaluate(void *pointer, const ty_batch *batch, ty_step *step) {
  struct instance *self = pointer;
#ifdef EVALUATE_COUNTS
  self->progress.evaluations += 1;
#endif
#ifdef EVALUATE_TRAINS
  self->progress.weights[0] *= 0.999f;
#endif
  return forward(self, batch, step);
}

static ty_status train_step(void *pointer, const ty_batch *batch, ty_step *step) {
  struct instance *self = pointer;
  struct progress *p = &self->progress;
  const float *x = batch->features.data, *target = batch->target.data, *w = batch->weight.data;
#ifdef SERVES_WHAT_IT_CANNOT
  if (batch->target.dtype.code != TY_DTYPE_FLOAT || batch->target.ndim != 1)
    return failed(self, "this model predicts one number");
#endif
#ifdef KEEPS_THE_BATCH
  if (kept_features != NULL && kept_features[0] > 1e30f) return failed(self, "it grows");
  kept_features = x;
#endif
  if (target == NULL) return failed(self, "a training batch without targets");
  if (forward(self, batch, step) != TY_OK) return TY_FAILED;
#ifndef DIVIDES_BY_THE_SUM_OF_WEIGHTS
  if (step->weight <= 0) return TY_OK; /* nothing to learn from */
#endif
  for (int64_t f = 0; f <= p->features; f++) {
    double slope = 0;
    for (int64_t i = 0; i < batch->rows; i++) {
      double input = f == p->features ? 1 : x[i * p->features + f];
      slope += (w == NULL ? 1 : w[i]) * 2 * (self->prediction[i] - target[i]) * input / step->weight;
    }
    p->velocity[f] =
        (float)(p->parameters[MOMENTUM] * p->velocity[f] - p->parameters[LEARNING_RATE] * slope);
    p->weights[f] += p->velocity[f];
  }
  step->optimizer_steps = 1;
  return TY_OK;
}

/* ---- Weights and hyper-parameters ---- */

static uint64_t weight_count(void *self) {
  (void)self;
  return 1;
}

static ty_status weight(void *pointer, uint64_t index, ty_weight *result) {
  struct instance *self = pointer;
  if (index > 0) return failed(self, "no weight of that index");
  result->name = "linear";
  result->trainable = 1;
  result->tensor =
      floats(self->progress.weights, self->weight_shape, self->weight_strides, self->progress.features + 1);
  return TY_OK;
}

static ty_status assign(void *pointer, const ty_weight *const *weights, uint64_t count) {
  struct instance *self = pointer;
  struct progress *p = &self->progress;
  for (uint64_t i = 0; i < count; i++) {
    const ty_tensor *tensor = &weights[i]->tensor;
    if (strcmp(weights[i]->name, "linear") != 0 || tensor->ndim != 1 || tensor->shape[0] != p->features + 1)
      return failed(self, "weights of another name or shape");
    memmove(p->weights, tensor->data, (size_t)(p->features + 1) * sizeof(float));
#ifdef ASSIGN_FORGETS_THE_BIAS
    p->weights[p->features] = 0;
#endif
#ifdef ASSIGN_CLEARS_THE_MOMENTUM
    memset(p->velocity, 0, sizeof p->velocity);
#endif
  }
  return TY_OK;
}

static const char *parameter_name(void *self, uint64_t index) {
  (void)self;
  return index < PARAMETER_COUNT ? parameter_names[index] : NULL;
}

static double *parameter(struct instance *self, const char *name) {
  for (int p = 0; p < PARAMETER_COUNT; p++)
    if (strcmp(name, parameter_names[p]) == 0) return &self->progress.parameters[p];
  return NULL;
}

static ty_status parameter_get(void *pointer, const char *name, double *value) {
  const double *found = parameter(pointer, name);
  if (found == NULL) return TY_UNSUPPORTED;
  *value = *found;
  return TY_OK;
}

static ty_status parameter_set(void *pointer, const char *name, double value) {
  double *place = parameter(pointer, name);
  if (place == NULL) return TY_UNSUPPORTED;
  if (!(value >= 0)) return failed(pointer, "hyper-parameters are 0 or more");
#ifndef SET_IS_WITHOUT_EFFECT
  *place = value;
#endif
  return TY_OK;
}

/* ---- State ---- */

static ty_status state_save(void *pointer, const ty_sink *sink) {
  struct instance *self = pointer;
  struct progress *p = &self->progress;
  for (int i = 0; i < PARAMETER_COUNT; i++) sink->put_float(sink, parameter_names[i], p->parameters[i]);
#ifndef SAVES_NO_OPTIMIZER
  ty_tensor tensor = floats(p->velocity, self->weight_shape, self->weight_strides, p->features + 1);
  sink->put_tensor(sink, "velocity", &tensor);
#endif
  return TY_OK;
}

static ty_status state_load(void *pointer, const ty_source *source) {
  struct instance *self = pointer;
  struct progress *p = &self->progress;
  double parameters[PARAMETER_COUNT];
  ty_tensor tensor;
  memcpy(parameters, p->parameters, sizeof parameters);
#ifdef LOADING_NOTHING_CLEARS
  memset(parameters, 0, sizeof parameters);
#endif
  for (int i = 0; i < PARAMETER_COUNT; i++)
    if (source->get_float(source, parameter_names[i], &parameters[i]) < 0)
#ifdef REFUSES_STATE_WITHOUT_A_WORD
      return TY_FAILED;
#else
      return failed(self, "the saved state holds values of another type");
#endif
  int32_t found = source->get_tensor(source, "velocity", &tensor);
#ifdef TRUSTS_THE_STATE
  if (found != 0) memcpy(p->velocity, tensor.data, sizeof p->velocity);
#else
  if (found < 0) return failed(self, "the saved state holds values of another type");
  if (found > 0) {
    if (tensor.ndim != 1 || tensor.shape[0] != p->features + 1 || tensor.dtype.code != TY_DTYPE_FLOAT ||
        tensor.dtype.bits != 32)
      return failed(self, "the saved velocity has another shape");
    memcpy(p->velocity, tensor.data, (size_t)(p->features + 1) * sizeof(float));
  }
#endif
  memcpy(p->parameters, parameters, sizeof parameters);
  return TY_OK;
}

/* ---- What the host finds ---- */

static const ty_model table = {
    .struct_size = sizeof(ty_model),
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .state_save = state_save,
    .state_load = state_load,
    .describe = describe,
    .train_step = train_step,
    .evaluate = evaluate,
    .weight_count = weight_count,
    .weight = weight,
    .assign = assign,
    .parameter_name = parameter_name,
    .parameter_get = parameter_get,
    .parameter_set = parameter_set,
};

static const ty_component component = {
    .struct_size = sizeof(ty_component),
    .kind = TY_KIND_MODEL,
    .id = "linear",
    .version = "1.0.0",
    .summary = "A linear model of one output.",
    .table = &table,
};

#include "module.h"
