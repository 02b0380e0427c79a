/*
 * {{id}}: a monitor of Trainyard. `make` builds it, `make test` proves that it keeps the contract.
 *
 * As it stands it measures how far predictions are from the truth: the weighted mean of |target - prediction|, where
 * for classes it is 1 - the probability of the true class. Replace what it measures; keep how it is laid out: all that
 * a run can change lives in struct progress, and sums, unlike means of batches, do not depend on the batch size.
 */
#include <math.h>
#include <stdlib.h>

#include "trainyard.h"

/* ---- What an instance is ---- */

struct progress {
  int64_t task;
  int64_t width; /* classes, or numbers in a target */
  double sum, weight;
};

static const struct progress fresh_progress = {0, 0, 0.0, 0.0};

struct instance {
  const ty_host *host;
  uint32_t metric;
  struct progress progress;
};

/* ---- Its life: one instance for the training pass, another for validation ---- */

static ty_status create(const ty_component *component, const ty_host *host, void **result) {
  struct instance *self = malloc(sizeof *self);
  (void)component;
  if (self == NULL) {
    host->fail(host, "out of memory");
    return TY_FAILED;
  }
  self->host = host;
  /* The host puts "val_" before the name for the instance that serves validation. */
  self->metric = host->metric_declare(host, "{{name}}", TY_DIRECTION_MIN, TY_PHASE_EPOCH);
  self->progress = fresh_progress;
  *result = self;
  return TY_OK;
}

static void destroy(void *self) { free(self); }

static ty_status reset(void *pointer) {
  struct instance *self = pointer;
  self->progress = fresh_progress;
  return TY_OK;
}

/* For a checkpoint in the middle of a pass. */
static ty_status state_save(void *pointer, const ty_sink *sink) {
  const struct instance *self = pointer;
  sink->put_int(sink, "task", self->progress.task);
  sink->put_int(sink, "width", self->progress.width);
  sink->put_float(sink, "sum", self->progress.sum);
  sink->put_float(sink, "weight", self->progress.weight);
  return TY_OK;
}

static ty_status state_load(void *pointer, const ty_source *source) {
  struct instance *self = pointer;
  struct progress progress = fresh_progress;
  if (source->get_int(source, "task", &progress.task) < 0 ||
      source->get_int(source, "width", &progress.width) < 0 ||
      source->get_float(source, "sum", &progress.sum) < 0 ||
      source->get_float(source, "weight", &progress.weight) < 0) {
    self->host->fail(self->host, "the saved state holds values of another type");
    return TY_FAILED;
  }
  self->progress = progress;
  return TY_OK;
}

/* ---- What it does ---- */

/* Once a run: what the data asks of the model. */
static ty_status prepare(void *pointer, const ty_task *task) {
  struct instance *self = pointer;
  if (task->task == TY_TASK_RANKING) {
    self->host->fail(self->host, "{{id}} does not serve ranking");
    return TY_FAILED;
  }
  self->progress.task = task->task;
  self->progress.width = task->task == TY_TASK_BINARY ? 1 : task->output_width;
  return TY_OK;
}

static ty_status pass_begin(void *pointer, uint32_t pass) {
  struct instance *self = pointer;
  (void)pass;
  self->progress.sum = self->progress.weight = 0;
  return TY_OK;
}

static const void *start(const ty_tensor *tensor) {
  return tensor->data == NULL ? NULL : (const char *)tensor->data + tensor->byte_offset;
}

/* Predictions are f32 or f64; tensors that the host gives are contiguous. */
static double number(const ty_tensor *tensor, int64_t index) {
  return tensor->dtype.bits == 64 ? ((const double *)start(tensor))[index]
                                  : (double)((const float *)start(tensor))[index];
}

static double distance(const struct progress *progress, const ty_tensor *target,
                       const ty_tensor *prediction, int64_t row) {
  int64_t width = progress->width, i, label;
  double sum = 0;
  if (progress->task == TY_TASK_REGRESSION) {
    for (i = 0; i < width; i++)
      sum += fabs(number(target, row * width + i) - number(prediction, row * width + i));
    return sum / (double)width;
  }
  label = ((const int32_t *)start(target))[row];
  if (progress->task == TY_TASK_BINARY) return fabs((double)label - number(prediction, row));
  return label < 0 || label >= width ? 1 : 1 - number(prediction, row * width + label);
}

static ty_status update(void *pointer, const ty_batch *batch, const ty_tensor *prediction) {
  struct instance *self = pointer;
  const float *weights = start(&batch->weight);
  int64_t row;
  if (batch->target.data == NULL) return TY_OK; /* nothing to compare with */
  for (row = 0; row < batch->rows; row++) {
    double weight = weights == NULL ? 1 : (double)weights[row];
    self->progress.sum += weight * distance(&self->progress, &batch->target, prediction, row);
    self->progress.weight += weight;
  }
  return TY_OK;
}

/* What is not defined, as here without rows, is not published. */
static ty_status compute(void *pointer) {
  const struct instance *self = pointer;
  if (self->progress.weight > 0)
    self->host->publish(self->host, self->metric, self->progress.sum / self->progress.weight);
  return TY_OK;
}

static ty_status merge(void *pointer, void *other) {
  struct instance *self = pointer;
  self->progress.sum += ((const struct instance *)other)->progress.sum;
  self->progress.weight += ((const struct instance *)other)->progress.weight;
  return TY_OK;
}

/* ---- What the host finds ---- */

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
    .id = "{{id}}",
    .version = "0.1.0",
    .summary = "The mean distance between prediction and truth.",
    .table = &table,
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
