/*
 * watcher: stops a run when a metric has not fallen for some epochs. A clean callback, unless one of the FAULT_ macros
 * is defined: then it has that fault and no other.
 */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trainyard.h"

#ifdef FAULT_OPTION_WITHOUT_DEFAULT
#define PATIENCE_FLAGS TY_OPTION_REQUIRED
#define PATIENCE_DEFAULT NULL
#else
#define PATIENCE_FLAGS 0
#define PATIENCE_DEFAULT "1"
#endif

static const ty_option monitor_option = {
    .struct_size = sizeof(ty_option), .type = TY_OPTION_METRIC, .key = "monitor",
    .doc = "The metric to watch; lower is better.", .default_text = "val_loss"};
static const ty_option patience_option = {
    .struct_size = sizeof(ty_option), .type = TY_OPTION_INT, .flags = PATIENCE_FLAGS, .key = "patience",
    .doc = "Epochs without improvement before the run stops.", .default_text = PATIENCE_DEFAULT, .range = "[0, )",
    .unit = "epochs"};
static const ty_option extra_option = {
    .struct_size = sizeof(ty_option), .type = TY_OPTION_TABLE, .key = "extra", .doc = "JSON that nobody reads.",
    .default_text = "{}"};
static const ty_option *const options[] = {&monitor_option, &patience_option, &extra_option};

/* All that a run can change. */
struct progress {
  double best;
  int64_t wait;
  int64_t epochs;
  int64_t batches;
};

static const struct progress fresh = {1e308, 0, 0, 0};

#define MARKS 4096

struct instance {
  const ty_host *host;
  uint32_t monitor, best_metric;
  int64_t patience;
  char *marks;
  char *buffer;
  int ended, dirty;
  struct progress progress;
};

#ifdef FAULT_GLOBAL_COUNTER
static int64_t global_wait;
#define WAIT global_wait
#else
#define WAIT self->progress.wait
#endif

static ty_status fail(const struct instance *self, const char *words) {
  self->host->fail(self->host, words);
  return TY_FAILED;
}

static ty_status create(const ty_component *component, const ty_host *host, void **result) {
  struct instance *self = calloc(1, sizeof *self);
  const char *extra = host->option_text(host, "extra", 0);
  (void)component;
  if (self == NULL) return TY_FAILED;
  self->host = host;
  self->marks = calloc(1, MARKS);
  self->dirty = 1;
  self->patience = host->option_int(host, "patience", 0);
  self->monitor = host->metric_want(host, host->option_text(host, "monitor", 0), TY_WANT_OPTIONAL);
  self->best_metric = host->metric_declare(host, "best_value", TY_DIRECTION_MIN, TY_PHASE_EPOCH);
  self->progress = fresh;
#ifdef FAULT_CREATE_FAILS
  free(self->marks);
  host->fail(host, "there is no such device");
  free(self);
  return TY_FAILED;
#endif
#ifdef FAULT_REFUSES_BOUND
  if (self->patience == 0) {
    free(self->marks);
    free(self);
    return TY_FAILED;
  }
#endif
#ifdef FAULT_BELIEVES_TABLE
  /* The end of the object is looked for, and believed to be there. */
  if (extra[0] == '{') {
    const char *end = strrchr(extra, '}');
    self->marks[0] = end[0];
  }
#else
  (void)extra;
#endif
  *result = self;
  return TY_OK;
}

static void destroy(void *pointer) {
  struct instance *self = pointer;
#ifdef FAULT_DESTROY_NEEDS_RUN
  self->buffer[0] = 0;
#endif
  free(self->buffer);
  free(self->marks);
  free(self);
}

static ty_status reset(void *pointer) {
  struct instance *self = pointer;
  struct progress before = self->progress;
  (void)before;
#ifdef FAULT_RESET_ONCE
  if (!self->dirty) return fail(self, "there is nothing to reset");
#endif
  self->dirty = 0;
#ifdef FAULT_RESET_AFTER_END_ONLY
  if (!self->ended) return TY_OK;
#endif
  self->ended = 0;
#ifdef FAULT_GLOBAL_COUNTER
  global_wait = 0;
#endif
  self->progress = fresh;
#ifdef FAULT_BEST_NOT_RESET
  self->progress.best = before.best;
#endif
#ifdef FAULT_COUNTER_NOT_RESET
  self->progress.epochs = before.epochs;
#endif
#ifdef FAULT_RESET_PUBLISHES
  self->host->publish(self->host, self->best_metric, 0);
#endif
  return TY_OK;
}

static ty_status state_save(void *pointer, const ty_sink *sink) {
  struct instance *self = pointer;
  sink->put_float(sink, "best", self->progress.best);
#ifdef FAULT_SAVES_OTHER
  sink->put_int(sink, "wait", WAIT + 1);
#elif !defined FAULT_FIELD_NOT_SAVED
  sink->put_int(sink, "wait", WAIT);
#endif
  sink->put_int(sink, "epochs", self->progress.epochs);
  sink->put_int(sink, "batches", self->progress.batches);
  return TY_OK;
}

static ty_status state_load(void *pointer, const ty_source *source) {
  struct instance *self = pointer;
  struct progress loaded = fresh;
  int wait;
#ifdef FAULT_EMPTY_IS_ZERO
  if (source->key(source, 0) == NULL) loaded.best = 0;
#endif
  wait = source->get_int(source, "wait", &loaded.wait);
  if (source->get_float(source, "best", &loaded.best) < 0 || wait < 0 ||
      source->get_int(source, "epochs", &loaded.epochs) < 0 || source->get_int(source, "batches", &loaded.batches) < 0) {
#ifdef FAULT_STALE_BESIDE_SILENCE
    self->patience += 1;
#endif
    return fail(self, "the saved state holds values of another type");
  }
#ifdef FAULT_NEEDS_KEY
  if (wait == 0 && source->key(source, 0) != NULL) return fail(self, "there is no 'wait'");
#endif
#ifdef FAULT_BELIEVES_STATE
  self->marks[loaded.wait] = 1;
#else
  /* A checkpoint may be damaged: what is counted on must not overflow. */
  if (loaded.wait < 0 || loaded.wait > 1000000000 || loaded.epochs < 0 || loaded.epochs > 1000000000 ||
      loaded.batches < 0 || loaded.batches > 1000000000)
#ifdef FAULT_STALE_BESIDE_SILENCE
    return TY_FAILED;
#else
    return fail(self, "the saved state holds numbers that cannot be");
#endif
#endif
  self->progress = loaded;
#ifdef FAULT_GLOBAL_COUNTER
  global_wait = loaded.wait;
#endif
  return TY_OK;
}

static ty_status on_train_begin(void *pointer, const ty_event *event) {
  struct instance *self = pointer;
  (void)event;
  self->dirty = 1;
  if (self->buffer == NULL) self->buffer = calloc(1, 16);
#ifdef FAULT_TRAIN_BEGIN_CLEARS
  self->progress = fresh;
#endif
  return TY_OK;
}

static ty_status on_epoch_begin(void *pointer, const ty_event *event) {
  struct instance *self = pointer;
  (void)event;
  self->progress.batches = 0;
  return TY_OK;
}

static ty_status on_batch_end(void *pointer, const ty_event *event) {
  struct instance *self = pointer;
  (void)event;
  self->progress.batches++;
#ifdef FAULT_HANGS
  for (;;) nanosleep(&(struct timespec){1, 0}, NULL);
#endif
  return TY_OK;
}

static ty_status on_epoch_end(void *pointer, const ty_event *event) {
  struct instance *self = pointer;
  char text[120];
  double value;
  self->progress.epochs++;
#ifdef FAULT_DIVIDES_BY_BATCHES
  self->marks[0] = (char)(100 / self->progress.batches);
#endif
#ifdef FAULT_EPOCH_IS_INDEX
  self->marks[event->epoch] = 1;
#endif
#ifdef FAULT_LOOKS_AT_THE_TIME
  if (self->progress.epochs == 3) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "it is %ld.%09ld", (long)now.tv_sec, now.tv_nsec);
    self->host->stop(self->host, text);
    return TY_OK;
  }
#endif
  if (!ty_event_has(event, self->monitor)) {
#ifdef FAULT_FAILS_SILENTLY
    return TY_FAILED;
#else
    return TY_OK;
#endif
  }
  value = event->values[self->monitor];
  if (value < self->progress.best) {
    self->progress.best = value;
    WAIT = 0;
  } else {
    WAIT++;
  }
  self->host->publish(self->host, self->best_metric, self->progress.best);
  if (WAIT <= self->patience) return TY_OK;
  snprintf(text, sizeof text, "no improvement for %d epochs", (int)WAIT);
  self->host->stop(self->host, text);
#ifdef FAULT_SETTING_CHANGES
  if (self->patience > 1) self->patience = 1;
#endif
  return TY_OK;
}

static ty_status on_train_end(void *pointer, const ty_event *event) {
  struct instance *self = pointer;
  (void)event;
  self->ended = 1;
  return TY_OK;
}

static const ty_callback table = {
    .struct_size = sizeof(ty_callback), .create = create, .destroy = destroy,
#ifndef FAULT_NO_RESET
    .reset = reset,
#endif
    .state_save = state_save, .state_load = state_load, .on_train_begin = on_train_begin,
    .on_train_end = on_train_end, .on_epoch_begin = on_epoch_begin, .on_epoch_end = on_epoch_end,
    .on_batch_end = on_batch_end};

static const ty_component component = {
    .struct_size = sizeof(ty_component), .kind = TY_KIND_CALLBACK, .id = "watcher", .version = "1.0.0",
    .summary = "Stops a run when a metric has not fallen for some epochs.", .table = &table,
    .option_count = sizeof options / sizeof options[0], .options = options};
static const ty_component *const components[] = {&component};
static const ty_module module = {
    .struct_size = sizeof(ty_module), .abi_major = TY_ABI_MAJOR, .abi_minor = TY_ABI_MINOR, .component_count = 1,
    .components = components};

const ty_module *trainyard_plugin(const ty_entry_args *args) {
  if (args->abi_major != TY_ABI_MAJOR) {
    args->refuse(args->context, "built for another version of trainyard.h; build it again");
    return NULL;
  }
#ifdef FAULT_NO_RESET
  (void)reset;
#endif
  return &module;
}
