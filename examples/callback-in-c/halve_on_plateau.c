/*
 * halve-on-plateau: halves the learning rate when a metric has stopped falling, and stops the
 * run when the rate is too small to be of use.
 *
 * A whole callback in one file, with nothing but trainyard.h and libc:
 *
 *     cc -std=c99 -Wall -Wextra -O2 -shared -fPIC -fvisibility=hidden \
 *        -I ../../Sources/CTrainyard/include halve_on_plateau.c -o libhalve-on-plateau.so
 */
#include <stdio.h>
#include <stdlib.h>

#include "trainyard.h"

/* ---- What the user may set ---- */

static const ty_option monitor_option = {
    .struct_size = sizeof(ty_option),
    .type = TY_OPTION_METRIC,
    .key = "monitor",
    .doc = "The metric to watch; lower is better.",
    .default_text = "val_loss",
};

static const ty_option patience_option = {
    .struct_size = sizeof(ty_option),
    .type = TY_OPTION_INT,
    .key = "patience",
    .doc = "Epochs in a row without improvement before the rate is halved.",
    .default_text = "2",
    .range = "[1, )",
    .unit = "epochs",
};

static const ty_option minimum_option = {
    .struct_size = sizeof(ty_option),
    .type = TY_OPTION_FLOAT,
    .key = "min_learning_rate",
    .doc = "The run stops when halving would go below this.",
    .default_text = "0.00001",
    .range = "[0, )",
};

static const ty_option *const options[] = {&monitor_option, &patience_option, &minimum_option};

/* ---- What an instance is ---- */

/* All that a run can change, and nothing else: reset() assigns a fresh one, so a field added
 * here is reset without anyone remembering. */
struct progress {
  int64_t has_best;
  double best;
  int64_t epochs_since_best;
};

static const struct progress fresh_progress = {0, 0.0, 0};

struct instance {
  /* From create(): the same for every run. */
  const ty_host *host;
  const ty_optimizer_service *optimizer;
  uint32_t monitor; /* the host's number for the metric; it outlives runs */
  int64_t patience;
  double min_learning_rate;
  /* Of the current run. */
  struct progress progress;
};

/* ---- Its life ---- */

static ty_status create(const ty_component *component, const ty_host *host, void **result) {
  struct instance *self;
  (void)component;
  self = malloc(sizeof *self);
  if (self == NULL) {
    host->fail(host, "out of memory");
    return TY_FAILED;
  }
  self->host = host;
  /* A table of further functions; a host may not have it. */
  self->optimizer = host->service(host, TY_SERVICE_OPTIMIZER);
  /* The values have been checked against the rows above. */
  self->patience = host->option_int(host, "patience", 0);
  self->min_learning_rate = host->option_float(host, "min_learning_rate", 0);
  /* A run that cannot produce the metric will not start. */
  self->monitor = host->metric_want(host, host->option_text(host, "monitor", 0), TY_WANT_REQUIRED);
  self->progress = fresh_progress;
  if (self->optimizer == NULL) {
    free(self); /* after a failed create(), destroy() is not called */
    host->fail(host, "halve-on-plateau needs a host that can set hyper-parameters");
    return TY_FAILED;
  }
  *result = self;
  return TY_OK;
}

static void destroy(void *self) { free(self); }

/* Called before every run, the first one too. */
static ty_status reset(void *pointer) {
  struct instance *self = pointer;
  self->progress = fresh_progress;
  return TY_OK;
}

/* For checkpoints: with these two, a resumed run decides as if it had never been interrupted. */
static ty_status state_save(void *pointer, const ty_sink *sink) {
  const struct instance *self = pointer;
  sink->put_int(sink, "has_best", self->progress.has_best);
  sink->put_float(sink, "best", self->progress.best);
  sink->put_int(sink, "epochs_since_best", self->progress.epochs_since_best);
  return TY_OK;
}

static ty_status state_load(void *pointer, const ty_source *source) {
  struct instance *self = pointer;
  struct progress progress = fresh_progress; /* what is missing keeps its default */
  if (source->get_int(source, "has_best", &progress.has_best) < 0 ||
      source->get_float(source, "best", &progress.best) < 0 ||
      source->get_int(source, "epochs_since_best", &progress.epochs_since_best) < 0) {
    self->host->fail(self->host, "the saved state holds values of another type");
    return TY_FAILED;
  }
  self->progress = progress;
  return TY_OK;
}

/* ---- What it does ---- */

static ty_status on_epoch_end(void *pointer, const ty_event *event) {
  struct instance *self = pointer;
  const ty_host *host = self->host;
  struct progress *progress = &self->progress;
  double value, rate;
  char text[160];

  /* Absent, as in an epoch without validation: not counted. */
  if (!ty_event_has(event, self->monitor)) return TY_OK;
  value = event->values[self->monitor];

  /* Written so that NaN, for which every comparison is false, is never an improvement. */
  if (value < progress->best || (!progress->has_best && value == value)) {
    progress->has_best = 1;
    progress->best = value;
    progress->epochs_since_best = 0;
    return TY_OK;
  }
  progress->epochs_since_best += 1;
  if (progress->epochs_since_best < self->patience) return TY_OK;
  progress->epochs_since_best = 0;

  if (self->optimizer->get(host, "learning_rate", &rate) != TY_OK) {
    host->fail(host, "this model has no learning_rate; take halve-on-plateau out of the pipeline");
    return TY_FAILED;
  }
  /* Effects: carried out when this function returns TY_OK. */
  if (rate / 2 < self->min_learning_rate) {
    snprintf(text, sizeof text, "learning rate %g is as small as it may get", rate);
    host->stop(host, text);
  } else {
    snprintf(text, sizeof text, "no improvement for %d epochs: learning rate %g -> %g",
             (int)self->patience, rate, rate / 2);
    host->log(host, TY_LOG_INFO, text);
    self->optimizer->set(host, "learning_rate", rate / 2);
  }
  return TY_OK;
}

/* ---- What the host finds ---- */

/* Hooks that are left out are NULL: the host does not even build their events. */
static const ty_callback table = {
    .struct_size = sizeof(ty_callback),
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .state_save = state_save,
    .state_load = state_load,
    .on_epoch_end = on_epoch_end,
};

static const ty_component component = {
    .struct_size = sizeof(ty_component),
    .kind = TY_KIND_CALLBACK,
    .id = "halve-on-plateau",
    .version = "1.0.0",
    .summary = "Halves the learning rate when a metric has stopped falling.",
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

/* The one symbol that is exported. */
const ty_module *trainyard_plugin(const ty_entry_args *args) {
  if (args->abi_major != TY_ABI_MAJOR || (TY_ABI_MAJOR == 0 && args->abi_minor != TY_ABI_MINOR)) {
    args->refuse(args->context, "built for another version of trainyard.h; build it again");
    return NULL;
  }
  return &module;
}
