/*
 * The model of examples/model-in-c, which dies in one of its calls: once where there is a marker, and else every time.
 * With SNAPSHOTS it keeps snapshots of its weights itself.
 */
#define _GNU_SOURCE
#define trainyard_plugin softmax_plugin
#include "softmax_regression.c"
#undef trainyard_plugin

#include "misbehave.h"

#include <fcntl.h>
#include <glob.h>

/* It lives alone in its helper. */
static char fault[32], place[64], marker[4096];
static int64_t after, seen;
static int damages;

/* The fourth checkpoint, once it is there: a helper may write in the folder of runs. */
static void damage(void) {
  char pattern[4200];
  glob_t found;
  int tries;
  if (strrchr(marker, '/') == NULL) return;
  snprintf(pattern, sizeof pattern, "%.*s/*/resume/00000004/state.json",
           (int)(strrchr(marker, '/') - marker), marker);
  for (tries = 0; tries < 2000 && glob(pattern, 0, NULL, &found) != 0; tries++) usleep(10000);
  if (tries < 2000) {
    FILE *file = fopen(found.gl_pathv[0], "a");
    if (file != NULL) {
      fputs("x", file);
      fclose(file);
    }
  }
}

/* lent: memory of the host's that the call may read, or NULL. */
static void maybe(const char *name, const void *lent) {
  if (strcmp(place, name) != 0 || seen++ < after) return;
  if (marker[0] != 0) {
    int file = open(marker, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (file < 0) return;
    close(file);
  }
  if (damages) damage();
  misbehave(fault, lent);
}

static ty_status faulty_create(const ty_component *its_component, const ty_host *host, void **made) {
  snprintf(fault, sizeof fault, "%s", host->option_text(host, "fault", 0));
  snprintf(place, sizeof place, "%s", host->option_text(host, "call", 0));
  snprintf(marker, sizeof marker, "%s", host->option_text(host, "marker", 0));
  after = host->option_int(host, "after", 0);
  damages = host->option_bool(host, "damages", 0);
  return create(its_component, host, made);
}

static ty_status faulty_reset(void *self, uint64_t seed, const ty_task *task) {
  maybe("reset", NULL);
  return reset(self, seed, task);
}

static ty_status faulty_save(void *self, const ty_sink *sink) {
  maybe("state_save", NULL);
  return state_save(self, sink);
}

static ty_status faulty_load(void *self, const ty_source *source) {
  maybe("state_load", NULL);
  return state_load(self, source);
}

static ty_status faulty_train_step(void *self, const ty_batch *batch, ty_step *step) {
  maybe("train_step", floats(&batch->features));
  return train_step(self, batch, step);
}

/* A model has something to say. */
static void talk(const struct instance *self, const char *name) {
  char text[64];
  if (strcmp(fault, "talk") != 0) return;
  snprintf(text, sizeof text, "in %s", name);
  self->host->log(self->host, TY_LOG_INFO, text);
}

static ty_status faulty_evaluate(void *self, const ty_batch *batch, ty_step *step) {
  talk(self, "evaluate");
  maybe("evaluate", floats(&batch->features));
  return evaluate(self, batch, step);
}

static ty_status faulty_assign(void *self, const ty_weight *const *weights, uint64_t count) {
  talk(self, "assign");
  maybe("assign", count > 0 ? floats(&weights[0]->tensor) : NULL);
  return assign(self, weights, count);
}

static int faulty_parameter_get(void *self, const char *name, double *value) {
  maybe("parameter_get", NULL);
  return parameter_get(self, name, value);
}

static ty_status faulty_parameter_set(void *self, const char *name, double value) {
  maybe("parameter_set", NULL);
  return parameter_set(self, name, value);
}

#ifdef SNAPSHOTS
/* By their numbers, which only rise. */
static struct {
  uint32_t number;
  float *values[TENSOR_COUNT];
} snapshots[64];
static int snapshot_count;

static int find(uint32_t number) {
  int i = 0;
  while (i < snapshot_count && snapshots[i].number != number) i++;
  return i;
}

static ty_status snapshot_take(void *pointer, uint32_t number) {
  struct instance *self = pointer;
  int t, i = find(number);
  maybe("snapshot_take", NULL);
  if (i < snapshot_count) return failed(self, "that snapshot is taken");
  if (i == 64) return failed(self, "too many snapshots: somebody drops none");
  snapshots[i].number = number;
  for (t = 0; t < TENSOR_COUNT; t++) {
    size_t size = (size_t)self->sizes[t] * sizeof(float);
    snapshots[i].values[t] = malloc(size);
    if (snapshots[i].values[t] == NULL) return failed(self, "out of memory");
    memcpy(snapshots[i].values[t], self->values[t], size);
  }
  snapshot_count++;
  return TY_OK;
}

static ty_status snapshot_restore(void *pointer, uint32_t number) {
  struct instance *self = pointer;
  int t, i = find(number);
  maybe("snapshot_restore", NULL);
  if (i == snapshot_count) return failed(self, "there is no such snapshot");
  for (t = 0; t < TENSOR_COUNT; t++)
    memcpy(self->values[t], snapshots[i].values[t], (size_t)self->sizes[t] * sizeof(float));
  return TY_OK;
}

static ty_status snapshot_drop(void *pointer, uint32_t number) {
  struct instance *self = pointer;
  int t, i = find(number);
  maybe("snapshot_drop", NULL);
  if (i == snapshot_count) return failed(self, "there is no such snapshot");
  for (t = 0; t < TENSOR_COUNT; t++) free(snapshots[i].values[t]);
  snapshots[i] = snapshots[--snapshot_count];
  return TY_OK;
}
#endif

#define TEXT_OPTION(its_name, its_key, its_default)                                                \
  static const ty_option its_name = {.struct_size = sizeof(ty_option), .type = TY_OPTION_STRING,   \
                                     .key = its_key, .doc = "See the source.",                     \
                                     .default_text = its_default}
TEXT_OPTION(fault_option, "fault", "none");
TEXT_OPTION(call_option, "call", "nowhere");
TEXT_OPTION(marker_option, "marker", "\"\"");
static const ty_option after_option = {.struct_size = sizeof(ty_option), .type = TY_OPTION_INT,
                                       .key = "after", .doc = "Calls that go well.",
                                       .default_text = "0"};
static const ty_option damages_option = {.struct_size = sizeof(ty_option), .type = TY_OPTION_BOOL,
                                         .key = "damages", .doc = "Spoils a checkpoint.",
                                         .default_text = "false"};
static const ty_option *const faulty_options[] = {
    &learning_rate_option, &momentum_option, &fault_option, &call_option, &marker_option,
    &after_option, &damages_option,
};

#ifdef WEIGHTLESS
static uint64_t no_weights(void *self) {
  (void)self;
  return 0;
}

static ty_status assign_none(void *self, const ty_weight *const *weights, uint64_t count) {
  (void)self, (void)weights;
  return count == 0 ? TY_OK : TY_FAILED;
}
#define WEIGHT_COUNT no_weights
#define ASSIGN assign_none
#else
#define WEIGHT_COUNT weight_count
#define ASSIGN faulty_assign
#endif

static const ty_model faulty_table = {
    .struct_size = sizeof(ty_model),
    .create = faulty_create,
    .destroy = destroy,
    .reset = faulty_reset,
    .state_save = faulty_save,
    .state_load = faulty_load,
    .describe = describe,
    .train_step = faulty_train_step,
    .evaluate = faulty_evaluate,
    .weight_count = WEIGHT_COUNT,
    .weight = weight,
    .assign = ASSIGN,
    .parameter_name = parameter_name,
    .parameter_get = faulty_parameter_get,
    .parameter_set = faulty_parameter_set,
#ifdef SNAPSHOTS
    .snapshot_take = snapshot_take,
    .snapshot_restore = snapshot_restore,
    .snapshot_drop = snapshot_drop,
#endif
};

static const ty_component faulty_component = {
    .struct_size = sizeof(ty_component), .kind = TY_KIND_MODEL, .id = "faulty-model", .version = "1.0.0",
    .summary = "A model that dies.", .table = &faulty_table, .option_count = 7, .options = faulty_options,
};
static const ty_component *const faulty_components[] = {&faulty_component};
static const ty_module faulty_module = {.struct_size = sizeof(ty_module), .abi_major = TY_ABI_MAJOR,
                                        .abi_minor = TY_ABI_MINOR, .component_count = 1,
                                        .components = faulty_components};

TY_EXPORT const ty_module *trainyard_plugin(const ty_entry_args *args) {
  (void)args;
  return &faulty_module;
}
