/*
 * {{id}}: a model of Trainyard. `make` builds it, `make test` proves that it keeps the contract.
 *
 * As it stands it is a linear model trained by gradient descent with momentum: logistic regression for a binary task,
 * least squares for a regression of one number. Replace what it computes; keep the promises: reset() with the same seed
 * gives the same weights, evaluate() changes nothing, and what is not in the weights is saved in state_save().
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainyard.h"

/* ---- What the user may set ---- */

static const ty_option learning_rate_option = {
    .struct_size = sizeof(ty_option),
    .type = TY_OPTION_FLOAT,
    .key = "learning_rate",
    .doc = "Size of the steps.",
    .default_text = "0.1",
    .range = "(0, )",
};

static const ty_option momentum_option = {
    .struct_size = sizeof(ty_option),
    .type = TY_OPTION_FLOAT,
    .key = "momentum",
    .doc = "Share of the last step that each step keeps.",
    .default_text = "0.9",
    .range = "[0, 1)",
};

static const ty_option *const options[] = {&learning_rate_option, &momentum_option};

/* ---- What an instance is ---- */

struct instance {
  /* From create(). */
  const ty_host *host;
  double initial_learning_rate, momentum;

  /* Of the current run: reset() sets all of it. One weight for each feature, then the bias. */
  uint32_t task;
  int64_t features;
  int64_t shape[1], one[1], strides[1];
  double learning_rate;
  float *weights, *steps;

  /* Working memory, which no result depends on. */
  double *gradient;
  float *prediction;
  int64_t capacity;
  int64_t prediction_shape[1];
};

static ty_status failed(const struct instance *self, const char *text) {
  self->host->fail(self->host, text);
  return TY_FAILED;
}

static const void *start(const ty_tensor *tensor) {
  return tensor->data == NULL ? NULL : (const char *)tensor->data + tensor->byte_offset;
}

static ty_tensor vector(struct instance *self, float *data, int64_t *shape) {
  ty_tensor tensor;
  memset(&tensor, 0, sizeof tensor);
  tensor.data = data;
  tensor.device.type = TY_DEVICE_CPU;
  tensor.ndim = 1;
  tensor.dtype.code = TY_DTYPE_FLOAT;
  tensor.dtype.bits = 32;
  tensor.dtype.lanes = 1;
  tensor.shape = shape;
  tensor.strides = self->strides;
  return tensor;
}

/* ---- Its life ---- */

static ty_status create(const ty_component *component, const ty_host *host, void **result) {
  struct instance *self = calloc(1, sizeof *self);
  (void)component;
  if (self == NULL) {
    host->fail(host, "out of memory");
    return TY_FAILED;
  }
  self->host = host;
  self->initial_learning_rate = host->option_float(host, "learning_rate", 0);
  self->momentum = host->option_float(host, "momentum", 0);
  *result = self;
  return TY_OK;
}

static void release(struct instance *self) {
  free(self->weights);
  free(self->steps);
  free(self->gradient);
  free(self->prediction);
  self->weights = self->steps = self->prediction = NULL;
  self->gradient = NULL;
  self->capacity = 0;
}

static void destroy(void *pointer) {
  release(pointer);
  free(pointer);
}

static uint64_t mixed(uint64_t z) {
  z += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* Before every run: weights, momentum and learning rate as new, for this task and from this seed. */
static ty_status reset(void *pointer, uint64_t seed, const ty_task *task) {
  struct instance *self = pointer;
  int64_t i;
  double scale;
  if (task->task != TY_TASK_BINARY && !(task->task == TY_TASK_REGRESSION && task->output_width == 1))
    return failed(self, "{{id}} serves binary tasks and regression of one number only");
  release(self);
  self->task = task->task;
  self->features = 1;
  for (i = 0; i < task->feature_ndim; i++) {
    if (task->feature_shape[i] < 1 || task->feature_shape[i] > (1 << 28) / self->features)
      return failed(self, "{{id}} cannot hold so many features");
    self->features *= task->feature_shape[i];
  }
  self->shape[0] = self->features;
  self->one[0] = self->strides[0] = 1;
  self->learning_rate = self->initial_learning_rate;
  self->weights = calloc((size_t)self->features + 1, sizeof(float));
  self->steps = calloc((size_t)self->features + 1, sizeof(float));
  self->gradient = calloc((size_t)self->features + 1, sizeof(double));
  if (!self->weights || !self->steps || !self->gradient) return failed(self, "out of memory");
  scale = 1 / sqrt((double)self->features);
  for (i = 0; i < self->features; i++) /* uniform in [-scale, scale) */
    self->weights[i] = (float)(scale * ((double)(mixed(seed + (uint64_t)i) >> 11) / 4503599627370496.0 - 1));
  return TY_OK;
}

static ty_status describe(void *pointer, ty_model_facts *facts) {
  const struct instance *self = pointer;
  facts->task = self->task;
  facts->flags = TY_MODEL_RESUME_EXACT;
  facts->prediction.code = TY_DTYPE_FLOAT;
  facts->prediction.bits = 32;
  facts->prediction.lanes = 1;
  facts->width = 0; /* [n] */
  return TY_OK;
}

/* ---- Forward and backward ---- */

static double truth_of(const struct instance *self, const ty_batch *batch, int64_t row) {
  const void *target = start(&batch->target);
  return self->task == TY_TASK_BINARY ? (double)((const int32_t *)target)[row]
                                      : (double)((const float *)target)[row];
}

/* Fills step, and self->prediction: a probability, or a number. */
static ty_status forward(struct instance *self, const ty_batch *batch, ty_step *step) {
  const float *x = start(&batch->features), *weights = start(&batch->weight);
  double sum_wl = 0, sum_w = 0;
  int64_t row, f, d = self->features;
  if (batch->rows > self->capacity) {
    float *larger = realloc(self->prediction, (size_t)batch->rows * sizeof(float));
    if (larger == NULL) return failed(self, "out of memory");
    self->prediction = larger;
    self->capacity = batch->rows;
  }
  for (row = 0; row < batch->rows; row++) {
    double score = self->weights[d], weight = weights == NULL ? 1 : (double)weights[row];
    for (f = 0; f < d; f++) score += (double)x[row * d + f] * self->weights[f];
    self->prediction[row] = (float)(self->task == TY_TASK_BINARY ? 1 / (1 + exp(-score)) : score);
    if (batch->target.data != NULL) {
      double truth = truth_of(self, batch, row);
      /* log(1 + exp(score)) - truth * score, without overflow */
      double loss = self->task == TY_TASK_BINARY
                        ? (score > 0 ? score : 0) + log1p(exp(-fabs(score))) - truth * score
                        : (score - truth) * (score - truth);
      sum_wl += weight * loss;
    }
    sum_w += weight;
  }
  self->prediction_shape[0] = batch->rows;
  step->prediction = vector(self, self->prediction, self->prediction_shape);
  step->weight = sum_w;
  step->loss = batch->target.data == NULL ? (double)NAN : sum_w > 0 ? sum_wl / sum_w : 0;
  step->optimizer_steps = 0;
  return TY_OK;
}

static ty_status evaluate(void *pointer, const ty_batch *batch, ty_step *step) {
  return forward(pointer, batch, step);
}

/* Loss and prediction are those before the step. */
static ty_status train_step(void *pointer, const ty_batch *batch, ty_step *step) {
  struct instance *self = pointer;
  const float *x = start(&batch->features), *weights = start(&batch->weight);
  int64_t row, f, d = self->features;
  if (batch->target.data == NULL) return failed(self, "a training batch without targets");
  if (forward(self, batch, step) != TY_OK) return TY_FAILED;
  if (!(step->weight > 0)) return TY_OK; /* nothing to learn from */
  memset(self->gradient, 0, ((size_t)d + 1) * sizeof(double));
  for (row = 0; row < batch->rows; row++) {
    double share = (weights == NULL ? 1 : (double)weights[row]) / step->weight;
    double slope = share * ((double)self->prediction[row] - truth_of(self, batch, row));
    if (self->task == TY_TASK_REGRESSION) slope *= 2;
    for (f = 0; f < d; f++) self->gradient[f] += slope * x[row * d + f];
    self->gradient[d] += slope;
  }
  for (f = 0; f <= d; f++) {
    self->steps[f] = (float)(self->momentum * self->steps[f] - self->learning_rate * self->gradient[f]);
    self->weights[f] += self->steps[f];
  }
  step->optimizer_steps = 1;
  return TY_OK;
}

/* ---- Weights, by name: callbacks see them, checkpoints keep them ---- */

static uint64_t weight_count(void *self) {
  (void)self;
  return 2;
}

static ty_status weight(void *pointer, uint64_t index, ty_weight *result) {
  struct instance *self = pointer;
  if (index > 1) return failed(self, "no weight of that index");
  result->name = index == 0 ? "weight" : "bias";
  result->trainable = 1;
  result->tensor = index == 0 ? vector(self, self->weights, self->shape)
                              : vector(self, self->weights + self->features, self->one);
  return TY_OK;
}

static ty_status assign(void *pointer, const ty_weight *const *weights, uint64_t count) {
  struct instance *self = pointer;
  uint64_t i;
  for (i = 0; i < count; i++) {
    int is_bias = strcmp(weights[i]->name, "bias") == 0;
    int64_t size = is_bias ? 1 : self->features;
    const ty_tensor *tensor = &weights[i]->tensor;
    if (!is_bias && strcmp(weights[i]->name, "weight") != 0)
      return failed(self, "weights of a name that this model does not have");
    if (tensor->ndim != 1 || tensor->shape[0] != size || tensor->dtype.code != TY_DTYPE_FLOAT ||
        tensor->dtype.bits != 32)
      return failed(self, "weights of another shape or type than this model's");
    memmove(self->weights + (is_bias ? self->features : 0), start(tensor), (size_t)size * sizeof(float));
  }
  return TY_OK;
}

/* ---- Hyper-parameters that schedulers may set while it trains ---- */

static const char *parameter_name(void *self, uint64_t index) {
  (void)self;
  return index == 0 ? "learning_rate" : NULL;
}

static ty_status parameter_get(void *pointer, const char *name, double *value) {
  if (strcmp(name, "learning_rate") != 0) return TY_UNSUPPORTED;
  *value = ((const struct instance *)pointer)->learning_rate;
  return TY_OK;
}

static ty_status parameter_set(void *pointer, const char *name, double value) {
  if (strcmp(name, "learning_rate") != 0) return TY_UNSUPPORTED;
  if (!(value >= 0)) return failed(pointer, "learning_rate must be 0 or more");
  ((struct instance *)pointer)->learning_rate = value;
  return TY_OK;
}

/* ---- State: all that is not in the weights ---- */

static ty_status state_save(void *pointer, const ty_sink *sink) {
  struct instance *self = pointer;
  int64_t shape[1];
  ty_tensor tensor;
  shape[0] = self->features + 1;
  if (self->steps == NULL) return TY_OK; /* never reset: there is nothing yet */
  tensor = vector(self, self->steps, shape);
  sink->put_float(sink, "learning_rate", self->learning_rate);
  sink->put_tensor(sink, "steps", &tensor);
  return TY_OK;
}

static ty_status state_load(void *pointer, const ty_source *source) {
  struct instance *self = pointer;
  ty_tensor tensor;
  int32_t found;
  double rate = self->learning_rate; /* a missing key keeps what reset() set */
  if (source->get_float(source, "learning_rate", &rate) < 0)
    return failed(self, "the saved state holds values of another type");
  found = source->get_tensor(source, "steps", &tensor);
  if (found < 0) return failed(self, "the saved state holds values of another type");
  if (found > 0) {
    if (tensor.ndim != 1 || tensor.shape[0] != self->features + 1 ||
        tensor.dtype.code != TY_DTYPE_FLOAT || tensor.dtype.bits != 32)
      return failed(self, "the saved state is of a model of another size");
    memcpy(self->steps, start(&tensor), ((size_t)self->features + 1) * sizeof(float));
  }
  self->learning_rate = rate;
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
    .id = "{{id}}",
    .version = "0.1.0",
    .summary = "A linear model, trained by gradient descent with momentum.",
    .table = &table,
    .option_count = sizeof options / sizeof options[0],
    .options = options,
};

static const ty_component *const components[] = {&component};

static const ty_module module = {
    .struct_size = sizeof(ty_module),
    .abi_major = TY_ABI_MAJOR,
    .abi_minor = TY_ABI_MINOR,
    .component_count = 1,
    .components = components,
};

/* The one symbol that is exported. */
const ty_module *trainyard_plugin(const ty_entry_args *args) {
  if (args->abi_major != TY_ABI_MAJOR || (TY_ABI_MAJOR == 0 && args->abi_minor != TY_ABI_MINOR)) {
    args->refuse(args->context, "built for another version of trainyard.h; build it again");
    return NULL;
  }
  return &module;
}
