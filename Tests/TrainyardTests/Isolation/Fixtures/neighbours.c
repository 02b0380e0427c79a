/*
 * A callback that looks at everything that a neighbour before it may have changed, and publishes what it has seen: one
 * that is called too early, or shown something else, gives itself away in the next metric.
 *
 * In the hooks `at` it then does one thing more, which the one after it has to find done.
 */
#include "trainyard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const ty_host *host;
  char does[32];
  int64_t period; /* does it in every so many calls */
  uint32_t read_id, gives_id;
  int reads;
  /* What a run changes. */
  int64_t calls;
  double sum;
} neighbour;

static ty_status create(const ty_component *component, const ty_host *host, void **made) {
  (void)component;
  neighbour *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return TY_FAILED;
  }
  self->host = host;
  snprintf(self->does, sizeof self->does, "%s", host->option_text(host, "does", 0));
  self->period = host->option_int(host, "period", 0);
  const char *reads = host->option_text(host, "reads", 0);
  self->reads = reads[0] != 0;
  if (self->reads) {
    self->read_id = host->metric_want(host, reads, TY_WANT_OPTIONAL);
  }
  self->gives_id = host->metric_declare(host, host->option_text(host, "gives", 0), TY_DIRECTION_NONE,
                                        TY_PHASE_BATCH | TY_PHASE_EPOCH);
  *made = self;
  return TY_OK;
}

static void destroy(void *self) { free(self); }

static ty_status reset(void *pointer) {
  neighbour *self = pointer;
  self->calls = 0;
  self->sum = 0;
  return TY_OK;
}

static ty_status state_save(void *pointer, const ty_sink *sink) {
  neighbour *self = pointer;
  sink->put_int(sink, "calls", self->calls);
  sink->put_float(sink, "sum", self->sum);
  return TY_OK;
}

static ty_status state_load(void *pointer, const ty_source *source) {
  neighbour *self = pointer;
  source->get_int(source, "calls", &self->calls);
  source->get_float(source, "sum", &self->sum);
  return TY_OK;
}

/* A number of all that may have changed. */
static double look(neighbour *self, const ty_event *event) {
  const ty_host *host = self->host;
  double seen = (double)event->note_count;
  if (self->reads && ty_event_has(event, self->read_id)) {
    seen += 3 * event->values[self->read_id];
  }
  double rate = 0;
  const ty_optimizer_service *optimizer = host->service(host, TY_SERVICE_OPTIMIZER);
  if (optimizer->get(host, "learning_rate", &rate) == TY_OK) {
    seen += rate;
  }
  const ty_files_service *files = host->service(host, TY_SERVICE_FILES);
  seen += (double)files->size(host, "shared.txt");
  const ty_random_service *random = host->service(host, TY_SERVICE_RANDOM);
  seen += (double)(random->next(host) >> 50);
  const ty_weights_service *weights = host->service(host, TY_SERVICE_WEIGHTS);
  seen += 100 * weights->slot_filled(host, 1);
  if (strcmp(self->does, "look at weights") == 0) {
    ty_weight weight = {.struct_size = sizeof weight};
    if (weights->view(host, 0, &weight) == TY_OK) {
      seen += (double)((const float *)weight.tensor.data)[0];
    }
  }
  return seen;
}

static ty_status act(neighbour *self) {
  const ty_host *host = self->host;
  const ty_weights_service *weights = host->service(host, TY_SERVICE_WEIGHTS);
  const ty_optimizer_service *optimizer = host->service(host, TY_SERVICE_OPTIMIZER);
  const ty_files_service *files = host->service(host, TY_SERVICE_FILES);
  double rate = 0;
  if (strcmp(self->does, "set parameter") == 0) {
    optimizer->get(host, "learning_rate", &rate);
    optimizer->set(host, "learning_rate", rate * 0.75);
  } else if (strcmp(self->does, "append") == 0) {
    files->append(host, "shared.txt", "row\n", 4);
  } else if (strcmp(self->does, "take") == 0) {
    weights->slot_take(host, 1);
  } else if (strcmp(self->does, "restore") == 0) {
    weights->slot_blend(host, 1, 0.5, 0.5);
    weights->slot_restore(host, 1);
  } else if (strcmp(self->does, "save") == 0) {
    weights->save(host, "saved.safetensors");
  } else if (strcmp(self->does, "note") == 0) {
    host->publish_text(host, "remark", "seen");
  } else if (strcmp(self->does, "stop") == 0) {
    host->stop(host, "enough");
    host->log(host, TY_LOG_INFO, "stopping");
    weights->mark_checkpoint(host);
  } else if (strcmp(self->does, "fail") == 0) {
    host->publish(host, self->gives_id, -1);
    host->fail(host, "on purpose");
    return TY_FAILED;
  }
  return TY_OK;
}

static ty_status on_any(void *pointer, const ty_event *event) {
  neighbour *self = pointer;
  if (event->hook == TY_HOOK_TRAIN_BEGIN) {
    return TY_OK;
  }
  self->calls++;
  self->sum += look(self, event);
  self->host->publish(self->host, self->gives_id, self->sum);
  return self->calls % self->period == 0 ? act(self) : TY_OK;
}

static const ty_callback table = {
    .struct_size = sizeof(ty_callback),
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .state_save = state_save,
    .state_load = state_load,
    .on_train_begin = on_any,
    .on_epoch_begin = on_any,
    .on_epoch_end = on_any,
    .on_batch_begin = on_any,
    .on_batch_end = on_any,
    .on_optimizer_step = on_any,
    .on_validation_end = on_any,
    .on_validation_batch_end = on_any,
};

#define OPTION(its_name, its_type, its_key, its_default)                                           \
  static const ty_option its_name = {.struct_size = sizeof(ty_option), .type = its_type,             \
                                     .key = its_key, .doc = "See the source.",                       \
                                     .default_text = its_default}
OPTION(does_option, TY_OPTION_STRING, "does", "nothing");
OPTION(reads_option, TY_OPTION_STRING, "reads", "\"\"");
OPTION(gives_option, TY_OPTION_STRING, "gives", "given");
OPTION(period_option, TY_OPTION_INT, "period", "1");
static const ty_option *const options[] = {&does_option, &reads_option, &gives_option, &period_option};

static const ty_component component = {.struct_size = sizeof(ty_component),
                                       .kind = TY_KIND_CALLBACK,
                                       .id = "neighbour",
                                       .version = "1.0.0",
                                       .summary = "Sees what its neighbours do.",
                                       .option_count = 4,
                                       .options = options,
                                       .table = &table};
static const ty_component *const components[] = {&component};
static const ty_module module = {.struct_size = sizeof(ty_module),
                                 .abi_major = TY_ABI_MAJOR,
                                 .abi_minor = TY_ABI_MINOR,
                                 .component_count = 1,
                                 .components = components};

const ty_module *trainyard_plugin(const ty_entry_args *args) {
  (void)args;
  return &module;
}
