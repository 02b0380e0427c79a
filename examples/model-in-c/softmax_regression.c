/*
 * softmax-regression: a linear classifier, trained by gradient descent with momentum.
 *
 * A whole model in one file, with nothing but trainyard.h and the C library:
 *
 *     cc -std=c99 -Wall -Wextra -O2 -shared -fPIC -fvisibility=hidden \
 *        -I ../../Sources/CTrainyard/include softmax_regression.c -o libsoftmax-regression.so -lm
 *
 * With n rows, d features and k outputs: scores = features * weight + bias, of shape [n, k].
 * Classes: k is their number, and the prediction is the softmax of the scores, [n, k].
 * Binary: k is 1, and the prediction is the sigmoid of the score, [n].
 */
#include <math.h>
#include <stdio.h>
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

enum { LARGEST_SIZE = 1 << 30 }; /* of a tensor, in elements: products of sizes cannot overflow */

/* The two tensors, and for each the step that momentum keeps. */
enum { WEIGHT, BIAS, TENSOR_COUNT };
static const char *const tensor_names[] = {"weight", "bias"};

/* What may change while a model trains, by name: "trainyard.optimizer/1" reaches it. */
enum { LEARNING_RATE, MOMENTUM, PARAMETER_COUNT };
static const char *const parameter_names[] = {"learning_rate", "momentum"};

struct instance {
  const ty_host *host;
  double initial[PARAMETER_COUNT]; /* the options */

  /* All below is of the current run: reset() sets every bit of it. */
  uint32_t task;
  int64_t features, outputs;
  int64_t shapes[TENSOR_COUNT][2], strides[TENSOR_COUNT][2];
  int64_t sizes[TENSOR_COUNT];
  double parameters[PARAMETER_COUNT];
  float *values[TENSOR_COUNT], *steps[TENSOR_COUNT];

  /* Working memory, which no result depends on. */
  float *gradients[TENSOR_COUNT];
  float *prediction;
  int64_t prediction_rows;
  int64_t prediction_shape[2], prediction_strides[2];
};

static ty_status failed(const struct instance *self, const char *text) {
  self->host->fail(self->host, text);
  return TY_FAILED;
}

static float *floats(const ty_tensor *tensor) {
  return tensor->data == NULL ? NULL : (float *)((char *)tensor->data + tensor->byte_offset);
}

/* Strides always count elements, and everything here is contiguous and of f32. */
static ty_tensor view(float *data, int32_t ndim, int64_t *shape, int64_t *strides) {
  ty_tensor tensor;
  memset(&tensor, 0, sizeof tensor);
  tensor.data = data;
  tensor.device.type = TY_DEVICE_CPU;
  tensor.ndim = ndim;
  tensor.dtype.code = TY_DTYPE_FLOAT;
  tensor.dtype.bits = 32;
  tensor.dtype.lanes = 1;
  tensor.shape = shape;
  tensor.strides = strides;
  return tensor;
}

static ty_tensor tensor_view(struct instance *self, int index, float *data) {
  return view(data, index == WEIGHT ? 2 : 1, self->shapes[index], self->strides[index]);
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
  self->initial[LEARNING_RATE] = host->option_float(host, "learning_rate", 0);
  self->initial[MOMENTUM] = host->option_float(host, "momentum", 0);
  *result = self;
  return TY_OK;
}

static void release_memory(struct instance *self) {
  int i;
  for (i = 0; i < TENSOR_COUNT; i++) {
    free(self->values[i]);
    free(self->steps[i]);
    free(self->gradients[i]);
    self->values[i] = self->steps[i] = self->gradients[i] = NULL;
  }
  free(self->prediction);
  self->prediction = NULL;
  self->prediction_rows = 0;
}

static void destroy(void *pointer) {
  release_memory(pointer);
  free(pointer);
}

/* splitmix64, as a number in [-1, 1). */
static float next_random(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  z ^= z >> 31;
  return (float)((double)(z >> 11) / 4503599627370496.0 - 1.0);
}

/* Before every run: weights, momentum and hyper-parameters as new, for this task. */
static ty_status reset(void *pointer, uint64_t seed, const ty_task *task) {
  struct instance *self = pointer;
  int64_t i;
  int t;
  float scale;

  if (task->task != TY_TASK_BINARY && task->task != TY_TASK_CLASSES)
    return failed(self, "softmax-regression serves binary and classes tasks only");

  self->task = task->task;
  self->outputs = task->task == TY_TASK_BINARY ? 1 : task->output_width;
  self->features = 1;
  for (i = 0; i < task->feature_ndim; i++) {
    if (task->feature_shape[i] < 1 || task->feature_shape[i] > LARGEST_SIZE / self->features)
      return failed(self, "softmax-regression cannot hold so many features");
    self->features *= task->feature_shape[i];
  }
  if (self->outputs < 1 || self->outputs > LARGEST_SIZE / self->features)
    return failed(self, "softmax-regression cannot hold so many weights");

  self->shapes[WEIGHT][0] = self->features;
  self->shapes[WEIGHT][1] = self->outputs;
  self->strides[WEIGHT][0] = self->outputs;
  self->strides[WEIGHT][1] = 1;
  self->sizes[WEIGHT] = self->features * self->outputs;
  self->shapes[BIAS][0] = self->outputs;
  self->strides[BIAS][0] = 1;
  self->sizes[BIAS] = self->outputs;
  memcpy(self->parameters, self->initial, sizeof self->parameters);

  release_memory(self);
  for (t = 0; t < TENSOR_COUNT; t++) {
    self->values[t] = calloc((size_t)self->sizes[t], sizeof(float));
    self->steps[t] = calloc((size_t)self->sizes[t], sizeof(float));
    self->gradients[t] = calloc((size_t)self->sizes[t], sizeof(float));
    if (!self->values[t] || !self->steps[t] || !self->gradients[t])
      return failed(self, "out of memory");
  }
  scale = (float)sqrt(1.0 / (double)self->features);
  for (i = 0; i < self->sizes[WEIGHT]; i++) self->values[WEIGHT][i] = scale * next_random(&seed);
  return TY_OK;
}

static ty_status describe(void *pointer, ty_model_facts *facts) {
  const struct instance *self = pointer;
  facts->task = self->task;
  facts->flags = TY_MODEL_RESUME_EXACT;
  facts->prediction.code = TY_DTYPE_FLOAT;
  facts->prediction.bits = 32;
  facts->prediction.lanes = 1;
  facts->width = self->task == TY_TASK_BINARY ? 0 : self->outputs;
  return TY_OK;
}

/* ---- Forward and backward ---- */

/* Probabilities from scores, in place. */
static void activate(float *row, int64_t count) {
  int64_t j;
  float largest = row[0], sum = 0;
  if (count == 1) {
    row[0] = 1 / (1 + expf(-row[0]));
    return;
  }
  for (j = 1; j < count; j++) largest = row[j] > largest ? row[j] : largest;
  for (j = 0; j < count; j++) sum += row[j] = expf(row[j] - largest); /* never above exp(0) */
  for (j = 0; j < count; j++) row[j] /= sum;
}

/* -log of the probability that the row gives to its class. */
static double loss_of(const float *row, int64_t count, int32_t label) {
  double probability = count > 1 ? row[label] : label == 1 ? row[0] : 1 - (double)row[0];
  return -log(probability > 1e-12 ? probability : 1e-12);
}

/* Fills self->prediction; *sum_wl and *sum_w are of the whole batch. */
static ty_status forward(struct instance *self, const ty_batch *batch, ty_step *step) {
  const float *x = floats(&batch->features), *w = floats(&batch->weight);
  const int32_t *labels = (const int32_t *)floats(&batch->target);
  int64_t n = batch->rows, d = self->features, k = self->outputs, i, f, j;
  int64_t classes = k == 1 ? 2 : k;
  double sum_wl = 0, sum_w = 0;

  if (n > self->prediction_rows) {
    float *larger = realloc(self->prediction, (size_t)(n * k) * sizeof(float));
    if (larger == NULL) return failed(self, "out of memory");
    self->prediction = larger;
    self->prediction_rows = n;
  }
  for (i = 0; i < n; i++) {
    float *row = self->prediction + i * k;
    memcpy(row, self->values[BIAS], (size_t)k * sizeof(float));
    for (f = 0; f < d; f++)
      for (j = 0; j < k; j++) row[j] += x[i * d + f] * self->values[WEIGHT][f * k + j];
    activate(row, k);
    if (labels != NULL) {
      double weight = w == NULL ? 1 : w[i];
      if (labels[i] < 0 || labels[i] >= classes) return failed(self, "a label outside the classes");
      sum_wl += weight * loss_of(row, k, labels[i]);
      sum_w += weight;
    }
  }
  self->prediction_shape[0] = n;
  self->prediction_shape[1] = k;
  self->prediction_strides[0] = k;
  self->prediction_strides[1] = 1;
  step->prediction = view(self->prediction, self->task == TY_TASK_BINARY ? 1 : 2,
                          self->prediction_shape, self->prediction_strides);
  step->weight = sum_w;
  step->loss = labels == NULL ? (double)NAN : sum_w > 0 ? sum_wl / sum_w : 0;
  step->optimizer_steps = 0;
  return TY_OK;
}

static ty_status evaluate(void *pointer, const ty_batch *batch, ty_step *step) {
  return forward(pointer, batch, step);
}

/* The loss and the prediction that are handed out are those before the step. */
static ty_status train_step(void *pointer, const ty_batch *batch, ty_step *step) {
  struct instance *self = pointer;
  const float *x = floats(&batch->features), *w = floats(&batch->weight);
  const int32_t *labels = (const int32_t *)floats(&batch->target);
  int64_t d = self->features, k = self->outputs, i, f, j;
  int t;

  if (labels == NULL) return failed(self, "a training batch without targets");
  if (forward(self, batch, step) != TY_OK) return TY_FAILED;
  if (step->weight <= 0) return TY_OK; /* nothing to learn from */

  for (t = 0; t < TENSOR_COUNT; t++)
    memset(self->gradients[t], 0, (size_t)self->sizes[t] * sizeof(float));
  for (i = 0; i < batch->rows; i++) {
    float share = (float)((w == NULL ? 1 : w[i]) / step->weight);
    for (j = 0; j < k; j++) {
      /* For softmax and sigmoid alike: d loss / d score = probability - truth. */
      float truth = k == 1 ? (float)labels[i] : labels[i] == j ? 1.0f : 0.0f;
      float slope = share * (self->prediction[i * k + j] - truth);
      self->gradients[BIAS][j] += slope;
      for (f = 0; f < d; f++) self->gradients[WEIGHT][f * k + j] += slope * x[i * d + f];
    }
  }
  for (t = 0; t < TENSOR_COUNT; t++) {
    for (i = 0; i < self->sizes[t]; i++) {
      self->steps[t][i] = (float)self->parameters[MOMENTUM] * self->steps[t][i] -
                          (float)self->parameters[LEARNING_RATE] * self->gradients[t][i];
      self->values[t][i] += self->steps[t][i];
    }
  }
  step->optimizer_steps = 1;
  return TY_OK;
}

/* ---- Weights ---- */

static uint64_t weight_count(void *self) {
  (void)self;
  return TENSOR_COUNT;
}

static ty_status weight(void *pointer, uint64_t index, ty_weight *result) {
  struct instance *self = pointer;
  if (index >= TENSOR_COUNT) return failed(self, "no weight of that index");
  result->name = tensor_names[index];
  result->trainable = 1;
  result->tensor = tensor_view(self, (int)index, self->values[index]);
  return TY_OK;
}

/* Copies a tensor that must have the shape of tensor `index`. */
static ty_status copy_in(struct instance *self, int index, float *target, const ty_tensor *source) {
  int32_t ndim = index == WEIGHT ? 2 : 1, i;
  char text[96];
  int fits = source->ndim == ndim && source->dtype.code == TY_DTYPE_FLOAT &&
             source->dtype.bits == 32 && source->data != NULL;
  for (i = 0; fits && i < ndim; i++)
    fits = source->shape[i] == self->shapes[index][i] &&
           source->strides[i] == self->strides[index][i];
  if (!fits) {
    snprintf(text, sizeof text, "'%s' does not have the shape or the type of this model's",
             tensor_names[index]);
    return failed(self, text);
  }
  memcpy(target, floats(source), (size_t)self->sizes[index] * sizeof(float));
  return TY_OK;
}

static ty_status assign(void *pointer, const ty_weight *const *weights, uint64_t count) {
  struct instance *self = pointer;
  uint64_t i;
  int t;
  for (i = 0; i < count; i++) {
    for (t = 0; t < TENSOR_COUNT && strcmp(weights[i]->name, tensor_names[t]) != 0; t++) continue;
    if (t == TENSOR_COUNT) return failed(self, "weights of a name that this model does not have");
    if (copy_in(self, t, self->values[t], &weights[i]->tensor) != TY_OK) return TY_FAILED;
  }
  return TY_OK;
}

/* ---- Hyper-parameters ---- */

static const char *parameter_name(void *self, uint64_t index) {
  (void)self;
  return index < PARAMETER_COUNT ? parameter_names[index] : NULL;
}

static double *parameter(struct instance *self, const char *name) {
  int p;
  for (p = 0; p < PARAMETER_COUNT; p++)
    if (strcmp(name, parameter_names[p]) == 0) return &self->parameters[p];
  return NULL;
}

static ty_status parameter_get(void *pointer, const char *name, double *value) {
  const double *found = parameter(pointer, name);
  if (found == NULL) return TY_UNSUPPORTED;
  *value = *found;
  return TY_OK;
}

static ty_status parameter_set(void *pointer, const char *name, double value) {
  double *found = parameter(pointer, name);
  if (found == NULL) return TY_UNSUPPORTED;
  if (!(value >= 0)) return failed(pointer, "learning_rate and momentum must be 0 or more");
  *found = value;
  return TY_OK;
}

/* ---- State: all that is not in the weights ---- */

static ty_status state_save(void *pointer, const ty_sink *sink) {
  struct instance *self = pointer;
  int i;
  for (i = 0; i < PARAMETER_COUNT; i++)
    sink->put_float(sink, parameter_names[i], self->parameters[i]);
  for (i = 0; i < TENSOR_COUNT; i++) {
    ty_tensor tensor = tensor_view(self, i, self->steps[i]);
    char key[32];
    snprintf(key, sizeof key, "step.%s", tensor_names[i]);
    sink->put_tensor(sink, key, &tensor);
  }
  return TY_OK;
}

static ty_status state_load(void *pointer, const ty_source *source) {
  struct instance *self = pointer;
  int i;
  for (i = 0; i < PARAMETER_COUNT; i++) /* a missing key keeps what reset() set */
    if (source->get_float(source, parameter_names[i], &self->parameters[i]) < 0)
      return failed(self, "the saved state holds values of another type");
  for (i = 0; i < TENSOR_COUNT; i++) {
    ty_tensor tensor;
    char key[32];
    int32_t found;
    snprintf(key, sizeof key, "step.%s", tensor_names[i]);
    found = source->get_tensor(source, key, &tensor);
    if (found < 0) return failed(self, "the saved state holds values of another type");
    if (found > 0 && copy_in(self, i, self->steps[i], &tensor) != TY_OK) return TY_FAILED;
  }
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
    .id = "softmax-regression",
    .version = "1.0.0",
    .summary = "A linear classifier, trained by gradient descent with momentum.",
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
    .license = "Apache-2.0",
};

const ty_module *trainyard_plugin(const ty_entry_args *args) {
  if (args->abi_major != TY_ABI_MAJOR || (TY_ABI_MAJOR == 0 && args->abi_minor != TY_ABI_MINOR)) {
    args->refuse(args->context, "built for another version of trainyard.h; build it again");
    return NULL;
  }
  return &module;
}
