/* One working component of each kind. A test's library includes this, and its entry breaks one thing. */
#ifndef COMPONENTS_H
#define COMPONENTS_H

#include "trainyard.h"

#include <stdlib.h>
#include <string.h>

#define UNUSED __attribute__((unused))

/* An instance counts what has happened to it; tests look through its published values. */
typedef struct {
  const ty_host *host;
  int64_t calls;
} instance;

static int UNUSED created, destroyed;

static ty_status create(const ty_component *component, const ty_host *host, void **self) {
  instance *made = calloc(1, sizeof *made);
  (void)component;
  if (made == NULL) return TY_FAILED;
  made->host = host;
  *self = made;
  created++;
  return TY_OK;
}
static void destroy(void *self) {
  destroyed++;
  free(self);
}
static ty_status reset(void *self) {
  ((instance *)self)->calls = 0;
  return TY_OK;
}
static ty_status model_reset(void *self, uint64_t seed, const ty_task *task) {
  (void)seed, (void)task;
  return reset(self);
}

static ty_status epoch_end(void *self, const ty_event *event) {
  (void)event;
  ((instance *)self)->calls++;
  return TY_OK;
}

static ty_model_facts facts = {sizeof(ty_model_facts), TY_TASK_BINARY, 0, {TY_DTYPE_FLOAT, 32, 1}, 0};
static float predictions[16];
static int64_t prediction_shape[2] = {2, 1}, prediction_strides[2] = {1, 1};
static ty_tensor prediction = {predictions, {TY_DEVICE_CPU, 0}, 1, {TY_DTYPE_FLOAT, 32, 1}, prediction_shape,
                               prediction_strides, 0};
static double step_weight = 2;

static ty_status describe(void *self, ty_model_facts *answer) {
  (void)self;
  *answer = facts;
  return TY_OK;
}
static ty_status train_step(void *self, const ty_batch *batch, ty_step *step) {
  (void)self, (void)batch;
  step->optimizer_steps = 1;
  step->loss = 0.5;
  step->weight = step_weight;
  step->prediction = prediction;
  return TY_OK;
}

static ty_status update(void *self, const ty_batch *batch, const ty_tensor *given) {
  (void)self, (void)batch, (void)given;
  return TY_OK;
}
static ty_status compute(void *self) {
  (void)self;
  return TY_OK;
}

static int64_t rows = 3;
static uint64_t fields = 1;
static int64_t field_shape[2] = {2, 2};
static ty_field field = {sizeof(ty_field), TY_ROLE_FEATURE, "pixels", {TY_DTYPE_FLOAT, 32, 1}, 1, field_shape, 0, NULL};
static int64_t row_count(void *self) {
  (void)self;
  return rows;
}
static uint64_t field_count(void *self) {
  (void)self;
  return fields;
}
static const ty_field *field_at(void *self, uint64_t index) {
  (void)self, (void)index;
  return &field;
}
static ty_status read_rows(void *self, const ty_read *request, ty_tensor *const *into) {
  (void)self;
  for (int64_t i = 0; i < request->row_count; i++) {
    float *row = (float *)into[0]->data + 2 * i;
    row[0] = (float)request->rows[i];
    row[1] = (float)request->epoch;
  }
  return TY_OK;
}

/* For optional slots. */
static ty_status UNUSED save_nothing(void *self, const ty_sink *sink) {
  (void)self, (void)sink;
  return TY_OK;
}
static uint64_t UNUSED no_weights(void *self) {
  (void)self;
  return 0;
}
static ty_status UNUSED any_slot(void *self, uint32_t slot) {
  (void)self, (void)slot;
  return TY_OK;
}

static ty_callback UNUSED callback_table = {
    .struct_size = sizeof(ty_callback), .create = create, .destroy = destroy, .reset = reset, .on_epoch_end = epoch_end};
static ty_model UNUSED model_table = {
    .struct_size = sizeof(ty_model), .create = create, .destroy = destroy, .reset = model_reset,
    .describe = describe, .train_step = train_step, .evaluate = train_step};
static ty_monitor UNUSED monitor_table = {
    .struct_size = sizeof(ty_monitor), .create = create, .destroy = destroy, .reset = reset, .update = update,
    .compute = compute};
static ty_dataset UNUSED dataset_table = {
    .struct_size = sizeof(ty_dataset), .create = create, .destroy = destroy, .reset = reset, .row_count = row_count,
    .field_count = field_count, .field = field_at, .read = read_rows};

static const char *UNUSED choices[] = {"min", "max"};
static ty_option UNUSED option = {.struct_size = sizeof(ty_option), .type = TY_OPTION_CHOICE, .choice_count = 2,
                                  .key = "mode", .doc = "Which way is better.", .default_text = "min",
                                  .choices = choices};
static ty_option UNUSED option2 = {.struct_size = sizeof(ty_option), .type = TY_OPTION_INT, .key = "patience",
                                   .doc = "How long to wait.", .default_text = "3", .range = "[0, )",
                                   .unit = "epochs"};
static const ty_option *options[] = {&option, &option2};

#define COMPONENT(number, its_kind, its_id, its_table)                                                             \
  {.struct_size = sizeof(ty_component), .kind = number, .id = its_id, .version = "1.2.0",                           \
   .summary = "A " its_kind " for tests.", .table = its_table}
static ty_component callback = COMPONENT(TY_KIND_CALLBACK, "callback", "a-callback", &callback_table);
static ty_component model = COMPONENT(TY_KIND_MODEL, "model", "a-model", &model_table);
static ty_component monitor = COMPONENT(TY_KIND_MONITOR, "monitor", "a-monitor", &monitor_table);
static ty_component dataset = COMPONENT(TY_KIND_DATASET, "dataset", "a-dataset", &dataset_table);

static const ty_component *components[] = {&callback, &model, &monitor, &dataset};
static ty_module module = {.struct_size = sizeof(ty_module), .abi_major = TY_ABI_MAJOR, .abi_minor = TY_ABI_MINOR,
                           .component_count = 4, .components = components, .license = "Apache-2.0",
                           .author = "A. Author"};

/* `statements` run before the module is returned. */
#define ENTRY(...)                                                                                                 \
  TY_EXPORT const ty_module *trainyard_plugin(const ty_entry_args *args) {                                          \
    (void)args;                                                                                                     \
    callback.option_count = 2;                                                                                      \
    callback.options = options;                                                                                     \
    __VA_ARGS__;                                                                                                    \
    return &module;                                                                                                 \
  }

#endif
