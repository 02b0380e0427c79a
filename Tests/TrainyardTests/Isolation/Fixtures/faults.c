/*
 * A callback, a monitor and a dataset that do one thing wrong, in one place: what an isolated plugin must not get
 * away with.
 *
 * Unless it is quiet the callback counts its calls, throws dice in some of them and publishes both at each epoch's end, so that
 * an instance that was not brought back as it was gives itself away.
 */
#define _GNU_SOURCE
#include "misbehave.h"
#include "trainyard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

typedef struct {
  const ty_host *host;
  char fault[32];
  char place[64];
  char marker[4096]; /* no fault once this file is there */
  int quiet;
  int64_t after; /* as many calls in the place go well */
  uint32_t calls_id, dice_id;
  /* What a run changes. */
  int64_t calls, seen;
  double dice;
  double sum;
  int64_t rows;
} instance;

static const char *places[] = {"on_train_begin",      "on_train_end",
                               "on_epoch_begin",      "on_epoch_end",
                               "on_batch_begin",      "on_batch_end",
                               "on_optimizer_step",   "on_validation_begin",
                               "on_validation_end",   "on_validation_batch_begin",
                               "on_validation_batch_end", "on_exception"};

static void note(instance *self, const char *what, long result) {
  char text[128];
  snprintf(text, sizeof text, "%s: %s", what, result >= 0 ? "done" : strerror(errno));
  self->host->log(self->host, TY_LOG_INFO, text);
}

/* What an isolated plugin may not do, and is told so. */
static void overreach(instance *self) {
  const char *fault = self->fault;
  if (strcmp(fault, "fork") == 0) {
    pid_t child = fork();
    if (child == 0) {
      setsid();
      sleep(1000);
      _exit(0);
    }
    note(self, "fork", child);
  } else if (strcmp(fault, "kill") == 0) {
    note(self, "kill", kill(getppid(), SIGKILL));
  } else if (strcmp(fault, "kill-all") == 0) {
    note(self, "kill", kill(-1, SIGTERM));
  } else if (strcmp(fault, "socket") == 0) {
    note(self, "socket", socket(AF_INET, SOCK_STREAM, 0));
  } else if (strcmp(fault, "write") == 0) {
    int file = open("/tmp/trainyard-fault", O_WRONLY | O_CREAT, 0600);
    note(self, "write", file);
  } else if (strcmp(fault, "ptrace") == 0) {
    note(self, "trace", syscall(SYS_ptrace, 16 /* attach */, (long)getppid(), 0, 0));
  }
}

/* lent: memory of the host's that the call may read, or NULL. */
static ty_status maybe(instance *self, const char *place, const void *lent) {
  if (strcmp(self->place, place) != 0 || self->seen++ < self->after) {
    return TY_OK;
  }
  if (self->marker[0] != 0) {
    int marker = open(self->marker, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (marker < 0) {
      return TY_OK;
    }
    close(marker);
  }
  if (strcmp(self->fault, "fail") == 0) {
    self->host->fail(self->host, "this plugin has had enough");
    return TY_FAILED;
  }
  misbehave(self->fault, lent);
  overreach(self);
  return TY_OK;
}

static double roll(instance *self) {
  const ty_random_service *random = self->host->service(self->host, TY_SERVICE_RANDOM);
  return (double)(random->next(self->host) >> 40);
}

static ty_status create(const ty_component *component, const ty_host *host, void **made) {
  instance *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return TY_FAILED;
  }
  self->host = host;
  snprintf(self->fault, sizeof self->fault, "%s", host->option_text(host, "fault", 0));
  snprintf(self->place, sizeof self->place, "%s", host->option_text(host, "hook", 0));
  snprintf(self->marker, sizeof self->marker, "%s", host->option_text(host, "marker", 0));
  self->quiet = host->option_bool(host, "quiet", 0);
  self->after = host->option_int(host, "after", 0);
  if (component->kind == TY_KIND_MONITOR) {
    self->calls_id = host->metric_declare(host, "mean_prediction", TY_DIRECTION_NONE, TY_PHASE_EPOCH);
  } else if (component->kind == TY_KIND_CALLBACK && !self->quiet) {
    self->calls_id = host->metric_declare(host, "calls", TY_DIRECTION_NONE, TY_PHASE_EPOCH);
    self->dice_id = host->metric_declare(host, "dice", TY_DIRECTION_NONE, TY_PHASE_EPOCH);
  }
  maybe(self, "create", NULL);
  *made = self;
  return TY_OK;
}

static void destroy(void *self) { free(self); }

static ty_status reset(void *pointer) {
  instance *self = pointer;
  self->calls = 0;
  self->seen = 0;
  self->dice = 0;
  self->sum = 0;
  self->rows = 0;
  maybe(self, "reset", NULL);
  return TY_OK;
}

static ty_status state_save(void *pointer, const ty_sink *sink) {
  instance *self = pointer;
  sink->put_int(sink, "calls", self->calls);
  sink->put_int(sink, "seen", self->seen);
  sink->put_float(sink, "dice", self->dice);
  sink->put_float(sink, "sum", self->sum);
  sink->put_int(sink, "rows", self->rows);
  maybe(self, "state_save", NULL);
  return TY_OK;
}

static ty_status state_load(void *pointer, const ty_source *source) {
  instance *self = pointer;
  source->get_int(source, "calls", &self->calls);
  source->get_int(source, "seen", &self->seen);
  source->get_float(source, "dice", &self->dice);
  source->get_float(source, "sum", &self->sum);
  source->get_int(source, "rows", &self->rows);
  return TY_OK;
}

static ty_status on_any(void *pointer, const ty_event *event) {
  instance *self = pointer;
  /* Not in on_train_begin, which an instance sees again when it is brought back, as after a resume. */
  if (!self->quiet && event->hook != TY_HOOK_TRAIN_BEGIN) {
    self->calls++;
    if (self->calls % 3 == 0) {
      self->dice += roll(self);
    }
  }
  if (maybe(self, places[event->hook], event->values) != TY_OK) {
    return TY_FAILED;
  }
  if (event->hook == TY_HOOK_EPOCH_END && !self->quiet) {
    self->host->publish(self->host, self->calls_id, (double)self->calls);
    self->host->publish(self->host, self->dice_id, self->dice);
  }
  return TY_OK;
}

/* ---- The monitor: the mean of all predictions ---- */

static ty_status prepare(void *pointer, const ty_task *task) {
  (void)task;
  maybe(pointer, "prepare", NULL);
  return TY_OK;
}

static ty_status pass_begin(void *pointer, uint32_t pass) {
  instance *self = pointer;
  (void)pass;
  self->sum = 0;
  self->rows = 0;
  maybe(self, "pass_begin", NULL);
  return TY_OK;
}

static ty_status update(void *pointer, const ty_batch *batch, const ty_tensor *prediction) {
  instance *self = pointer;
  const float *values = prediction->data;
  maybe(self, "update", values);
  for (int64_t row = 0; row < batch->rows; row++) {
    self->sum += (double)values[row];
  }
  self->rows += batch->rows;
  return TY_OK;
}

static ty_status compute(void *pointer) {
  instance *self = pointer;
  maybe(self, "compute", NULL);
  self->host->publish(self->host, self->calls_id, self->sum / (double)self->rows);
  return TY_OK;
}

/* ---- The dataset: two features, and whether the first is larger ---- */

static int64_t row_count(void *pointer) {
  maybe(pointer, "row_count", NULL);
  return 200;
}

static const int64_t pair[] = {2};
static const ty_field fields[] = {
    {.struct_size = sizeof(ty_field), .role = TY_ROLE_FEATURE, .name = "x",
     .dtype = {.code = TY_DTYPE_FLOAT, .bits = 32, .lanes = 1}, .ndim = 1, .shape = pair},
    {.struct_size = sizeof(ty_field), .role = TY_ROLE_TARGET, .name = "y",
     .dtype = {.code = TY_DTYPE_INT, .bits = 32, .lanes = 1}, .category_count = 2},
};

static uint64_t field_count(void *pointer) {
  (void)pointer;
  return 2;
}

static const ty_field *field(void *pointer, uint64_t index) {
  (void)pointer;
  return index < 2 ? &fields[index] : NULL;
}

static ty_status read_rows(void *pointer, const ty_read *request, ty_tensor *const *outputs) {
  maybe(pointer, "read", NULL);
  for (int64_t i = 0; i < request->row_count; i++) {
    int64_t row = request->rows[i];
    float x = (float)(row * 37 % 200) / 200.0f;
    float z = (float)(row * 91 % 200) / 200.0f;
    if (outputs[0] != NULL) {
      ((float *)outputs[0]->data)[2 * i] = x;
      ((float *)outputs[0]->data)[2 * i + 1] = z;
    }
    if (outputs[1] != NULL) {
      ((int32_t *)outputs[1]->data)[i] = x > z;
    }
  }
  return TY_OK;
}

static const ty_callback callback_table = {
    .struct_size = sizeof(ty_callback),
    .create = create,
    .destroy = destroy,
    .reset = reset,
#ifndef WITHOUT_STATE
    .state_save = state_save,
    .state_load = state_load,
#endif
    .on_train_begin = on_any,
    .on_train_end = on_any,
    .on_epoch_begin = on_any,
    .on_epoch_end = on_any,
    .on_batch_begin = on_any,
    .on_batch_end = on_any,
    .on_optimizer_step = on_any,
    .on_validation_begin = on_any,
    .on_validation_end = on_any,
    .on_validation_batch_begin = on_any,
    .on_validation_batch_end = on_any,
    .on_exception = on_any,
};

#define TEXT_OPTION(its_name, its_key, its_default)                                                  \
  static const ty_option its_name = {.struct_size = sizeof(ty_option), .type = TY_OPTION_STRING,     \
                                     .key = its_key, .doc = "See the source.",                       \
                                     .default_text = its_default}
TEXT_OPTION(fault_option, "fault", "none");
TEXT_OPTION(hook_option, "hook", "nowhere");
TEXT_OPTION(marker_option, "marker", "\"\"");
static const ty_option quiet_option = {.struct_size = sizeof(ty_option), .type = TY_OPTION_BOOL,
                                       .key = "quiet", .doc = "Publishes nothing.", .default_text = "false"};
static const ty_option after_option = {.struct_size = sizeof(ty_option), .type = TY_OPTION_INT,
                                       .key = "after", .doc = "Calls that go well.", .default_text = "0"};
static const ty_option *const options[] = {&fault_option, &hook_option, &marker_option, &quiet_option,
                                           &after_option};

static const ty_monitor monitor_table = {
    .struct_size = sizeof(ty_monitor),
    .create = create,
    .destroy = destroy,
    .reset = reset,
#ifndef WITHOUT_STATE
    .state_save = state_save,
    .state_load = state_load,
#endif
    .prepare = prepare,
    .pass_begin = pass_begin,
    .update = update,
    .compute = compute,
};

static const ty_dataset dataset_table = {
    .struct_size = sizeof(ty_dataset),
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .row_count = row_count,
    .field_count = field_count,
    .field = field,
    .read = read_rows,
};

#define COMPONENT(its_kind, its_id, its_table)                                                       \
  {.struct_size = sizeof(ty_component), .kind = its_kind, .id = its_id, .version = "1.0.0",          \
   .summary = "Does one thing wrong.", .table = its_table, .option_count = 5, .options = options}
static const ty_component callback = COMPONENT(TY_KIND_CALLBACK, "faults", &callback_table);
static const ty_component monitor = COMPONENT(TY_KIND_MONITOR, "faulty-mean", &monitor_table);
static const ty_component dataset = COMPONENT(TY_KIND_DATASET, "faulty-rows", &dataset_table);
static const ty_component *const components[] = {&callback, &monitor, &dataset};
static const ty_module module = {.struct_size = sizeof(ty_module), .abi_major = TY_ABI_MAJOR,
                                 .abi_minor = TY_ABI_MINOR, .component_count = 3, .components = components};

#ifdef CRASHES_WHEN_OPENED
__attribute__((constructor)) static void crash(void) { *(volatile int *)(uintptr_t)(8 + zero) = 1; }
#endif

TY_EXPORT const ty_module *trainyard_plugin(const ty_entry_args *args) {
  (void)args;
#ifdef ANSWERS_WHEN_OPENED
  answer(1);
#endif
#ifdef WITHOUT_STATE
  (void)state_save;
  (void)state_load;
#endif
  return &module;
}
