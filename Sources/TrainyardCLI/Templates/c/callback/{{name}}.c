/*
 * {{id}}: a callback of Trainyard. `make` builds it, `make test` proves that it keeps the contract.
 *
 * As it stands it ends a run whose metric has not improved for some epochs. Replace what it does; keep how it is laid
 * out: all that a run can change lives in struct progress, so reset() is one assignment.
 */
#include <stdio.h>
#include <stdlib.h>

#include "trainyard.h"

/* ---- What the user may set: rows that the host reads, checks and shows ---- */

static const ty_option monitor_option = {
    .struct_size = sizeof(ty_option),
    .type = TY_OPTION_METRIC,
    .key = "monitor",
    .doc = "The metric to watch; lower is better.",
    .default_text = "loss",
};

static const ty_option patience_option = {
    .struct_size = sizeof(ty_option),
    .type = TY_OPTION_INT,
    .key = "patience",
    .doc = "Epochs in a row without improvement before the run stops.",
    .default_text = "3",
    .range = "[1, )",
    .unit = "epochs",
};

static const ty_option *const options[] = {&monitor_option, &patience_option};

/* ---- What an instance is ---- */

struct progress {
  int64_t has_best;
  double best;
  int64_t epochs_since_best;
};

static const struct progress fresh_progress = {0, 0.0, 0};

struct instance {
  /* From create(): the same for every run. */
  const ty_host *host;
  uint32_t monitor;
  int64_t patience;
  /* Of the current run. */
  struct progress progress;
};

/* ---- Its life ---- */

static ty_status create(const ty_component *component, const ty_host *host, void **result) {
  struct instance *self = malloc(sizeof *self);
  (void)component;
  if (self == NULL) {
    host->fail(host, "out of memory");
    return TY_FAILED;
  }
  self->host = host;
  self->patience = host->option_int(host, "patience", 0);
  self->monitor = host->metric_want(host, host->option_text(host, "monitor", 0), TY_WANT_REQUIRED);
  self->progress = fresh_progress;
  *result = self;
  return TY_OK;
}

static void destroy(void *self) { free(self); }

/* Before every run, the first one too: afterwards nobody can tell this instance from a new one. */
static ty_status reset(void *pointer) {
  struct instance *self = pointer;
  self->progress = fresh_progress;
  return TY_OK;
}

/* For checkpoints: every field of struct progress, or a resumed run decides otherwise. */
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

/* ---- What it does: a hook that is left out costs nothing ---- */

static ty_status on_epoch_end(void *pointer, const ty_event *event) {
  struct instance *self = pointer;
  struct progress *progress = &self->progress;
  double value;
  char text[120];

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
  if (progress->epochs_since_best >= self->patience) {
    snprintf(text, sizeof text, "no improvement for %lld epochs", (long long)self->patience);
    self->host->stop(self->host, text); /* an effect: carried out when this returns TY_OK */
  }
  return TY_OK;
}

/* ---- What the host finds ---- */

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
    .id = "{{id}}",
    .version = "0.1.0",
    .summary = "Stops a run whose metric has not improved for some epochs.",
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
