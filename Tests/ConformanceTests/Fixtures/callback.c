/*
 * A callback that keeps every rule, and, with one of the names below defined, breaks one.
 *
 * It logs the best value of a metric at the end of each epoch, and looks at the first weight.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trainyard.h"

struct progress {
  int64_t has_best;
  double best;
};

struct instance {
  const ty_host *host;
  const ty_weights_service *weights;
  uint32_t monitor;
  struct progress progress;
};

#define UNUSED __attribute__((unused))
static const ty_event *UNUSED kept_event;
static const double *UNUSED kept_values;
static const float *UNUSED kept_weight;
static const char *UNUSED kept_text;
static const void *UNUSED kept_bytes;
static volatile double UNUSED seen;

#ifdef EXPORTS_ANOTHER_SYMBOL
TY_EXPORT void helper_of_the_plugin(void) {}
#endif
#ifdef EXPORTS_A_WEAK_SYMBOL
TY_EXPORT __attribute__((weak)) void made_of_a_template(void) {}
#endif
#ifdef CALLS_WHAT_NOBODY_HAS
void nobody_defines_this(void);
#endif

static void *UNUSED sleep_for_ever(void *context) {
  for (;;) pause();
  return context;
}

static void UNUSED start_thread(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, sleep_for_ever, NULL) == 0) pthread_detach(thread);
}

/* ---- Life ---- */

static ty_status create(const ty_component *component, const ty_host *host, void **result) {
  struct instance *self = calloc(1, sizeof *self);
  (void)component;
  if (self == NULL) return TY_FAILED;
  self->host = host;
  self->weights = host->service(host, TY_SERVICE_WEIGHTS);
  self->monitor = host->metric_want(host, host->option_text(host, "monitor", 0), TY_WANT_OPTIONAL);
#ifdef KEEPS_THE_TEXT_OF_AN_OPTION
  kept_text = host->option_text(host, "monitor", 0);
#endif
#ifdef READS_BEHIND_THE_HOST_TABLE
  seen = ((const double *)((const char *)host + host->struct_size))[0];
#endif
#ifdef WRITES_TO_THE_HOST_TABLE
  ((ty_host *)host)->reserved = 1;
#endif
#ifdef CHANGES_THE_WORKING_DIRECTORY
  if (chdir("/") != 0) return TY_FAILED;
#endif
#ifdef SETS_THE_LOCALE
  setlocale(LC_ALL, "C.UTF-8");
#endif
#ifdef SETS_A_VARIABLE
  setenv("OMP_NUM_THREADS", "1", 1);
#endif
#ifdef SETS_THE_UMASK
  umask(077);
#endif
#ifdef CATCHES_A_SIGNAL
  signal(SIGINT, SIG_IGN);
#endif
#ifdef BLOCKS_A_SIGNAL
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
#endif
#ifdef ROUNDS_DOWN
  fesetround(FE_DOWNWARD);
#endif
#ifdef LEAKS_A_DESCRIPTOR
  if (open("/dev/null", O_RDONLY) < 0) return TY_FAILED;
#endif
#ifdef OPENS_A_DESCRIPTOR_ONCE
  static int once = -1;
  if (once < 0) once = open("/dev/null", O_RDONLY);
#endif
#ifdef LEAVES_A_THREAD
  start_thread();
#endif
#ifdef LEAVES_A_CHILD
  if (fork() == 0) _exit(0);
#endif
  *result = self;
  return TY_OK;
}

static void destroy(void *self) {
#ifndef FORGETS_ITS_MEMORY
  free(self);
#else
  (void)self;
#endif
}

static ty_status UNUSED reset(void *pointer) {
  struct instance *self = pointer;
#ifdef ALLOCATES_IN_EVERY_RUN
  seen = malloc(48) != NULL;
#endif
  memset(&self->progress, 0, sizeof self->progress);
  return TY_OK;
}

static ty_status state_save(void *pointer, const ty_sink *sink) {
  struct instance *self = pointer;
  sink->put_int(sink, "has_best", self->progress.has_best);
  sink->put_bytes(sink, "best", &self->progress.best, sizeof self->progress.best);
  return TY_OK;
}

static ty_status state_load(void *pointer, const ty_source *source) {
  struct instance *self = pointer;
  struct progress progress = {0, 0};
  const void *bytes = NULL;
  uint64_t size = 0;
  int32_t found = source->get_int(source, "has_best", &progress.has_best);
  int32_t text = source->get_bytes(source, "best", &bytes, &size);
  if (found < 0 || text < 0 || (text > 0 && size != sizeof progress.best)) {
    self->host->fail(self->host, "the saved state holds values of another type");
    return TY_FAILED;
  }
  if (text > 0) memcpy(&progress.best, bytes, sizeof progress.best);
#ifdef KEEPS_BYTES_OF_THE_STATE
  kept_bytes = bytes;
#endif
  self->progress = progress;
  return TY_OK;
}

/* ---- Hooks ---- */

static ty_status on_epoch_begin(void *pointer, const ty_event *event) {
  struct instance *self = pointer;
  (void)self, (void)event;
#ifdef KEEPS_THE_EVENT
  if (kept_event != NULL) seen = (double)kept_event->epoch;
#endif
#ifdef KEEPS_THE_VALUES
  if (kept_values != NULL) seen = kept_values[0];
#endif
#ifdef KEEPS_A_WEIGHT
  if (kept_weight != NULL) seen = kept_weight[0];
#endif
#ifdef KEEPS_THE_TEXT_OF_AN_OPTION
  self->host->log(self->host, TY_LOG_DEBUG, kept_text);
  seen = kept_text[0];
#endif
#ifdef KEEPS_BYTES_OF_THE_STATE
  if (kept_bytes != NULL) seen = *(const double *)kept_bytes;
#endif
#ifdef PRINTS
  printf("epoch %d\n", (int)event->epoch);
#endif
#ifdef COMPLAINS_ON_STANDARD_ERROR
  fprintf(stderr, "warning: epoch %d\n", (int)event->epoch);
#endif
#ifdef NEEDS_THE_NETWORK
  int wire = socket(AF_INET, SOCK_STREAM, 0);
  if (wire < 0) self->host->log(self->host, TY_LOG_WARNING, "nobody can be told");
  if (wire >= 0) close(wire);
#endif
#ifdef DIES
  abort();
#endif
#ifdef FOLLOWS_NULL
  seen = *(volatile double *)(uintptr_t)(event->text == NULL ? 8 : 16);
#endif
#ifdef CALLS_WHAT_NOBODY_HAS
  nobody_defines_this();
#endif
  return TY_OK;
}

static ty_status on_batch_end(void *pointer, const ty_event *event) {
  (void)pointer, (void)event;
#ifdef ALLOCATES_IN_EVERY_BATCH
  char *copy = malloc(64);
  if (copy == NULL) return TY_FAILED;
  copy[0] = (char)event->batch;
  seen = copy[0];
  free(copy);
#endif
  return TY_OK;
}

static ty_status on_epoch_end(void *pointer, const ty_event *event) {
  struct instance *self = pointer;
  ty_weight weight = {.struct_size = sizeof weight};
  char text[64];
  if (self->weights != NULL && self->weights->count(self->host) > 0) {
    if (self->weights->view(self->host, 0, &weight) != TY_OK) return TY_FAILED;
    seen = ((const float *)weight.tensor.data)[0];
#ifdef KEEPS_A_WEIGHT
    kept_weight = weight.tensor.data;
#endif
#ifdef WRITES_TO_A_WEIGHT
    ((float *)weight.tensor.data)[0] = 0;
#endif
  }
#ifdef KEEPS_THE_EVENT
  kept_event = event;
#endif
#ifdef KEEPS_THE_VALUES
  kept_values = event->values;
#endif
#ifdef WRITES_TO_THE_EVENT
  ((double *)event->values)[0] = 0;
#endif
#ifdef READS_BEHIND_THE_VALUES
  seen = event->values[event->metric_count];
#endif
  if (!ty_event_has(event, self->monitor)) return TY_OK;
  double value = event->values[self->monitor];
  if (value < self->progress.best || (!self->progress.has_best && value == value)) {
    self->progress.has_best = 1;
    self->progress.best = value;
  }
  snprintf(text, sizeof text, "best so far: %g", self->progress.best);
  self->host->log(self->host, TY_LOG_INFO, text);
  return TY_OK;
}

/* ---- What the host finds ---- */

static const ty_option monitor_option = {
    .struct_size = sizeof(ty_option),
    .type = TY_OPTION_METRIC,
    .key = "monitor",
#ifndef SAYS_NOTHING_OF_AN_OPTION
    .doc = "The metric to watch; lower is better.",
#endif
    .default_text = "val_loss",
};

static const char *const modes[] = {"min", "max"};
static const ty_option mode_option = {
    .struct_size = sizeof(ty_option),
    .type = TY_OPTION_CHOICE,
    .key = "mode",
    .doc = "Which way is better.",
#ifdef DEFAULT_IS_NO_CHOICE
    .default_text = "auto",
#else
    .default_text = "min",
#endif
    .choice_count = 2,
    .choices = modes,
};

static const ty_option patience_option = {
    .struct_size = sizeof(ty_option),
    .type = TY_OPTION_INT,
#ifdef TWO_OPTIONS_OF_ONE_KEY
    .key = "mode",
#else
    .key = "patience",
#endif
#ifdef TEXT_IS_NOT_UTF8
    .doc = "Epochs \xff to wait.",
#else
    .doc = "Epochs to wait.",
#endif
#ifdef DEFAULT_OUTSIDE_ITS_RANGE
    .default_text = "0",
#else
    .default_text = "3",
#endif
    .range = "[1, )",
    .unit = "epochs",
};

static const ty_option *const options[] = {&monitor_option, &mode_option, &patience_option};

static const ty_callback table = {
    .struct_size = sizeof(ty_callback),
    .create = create,
    .destroy = destroy,
#ifndef HAS_NO_RESET
    .reset = reset,
#endif
    .state_save = state_save,
    .state_load = state_load,
    .on_epoch_begin = on_epoch_begin,
    .on_epoch_end = on_epoch_end,
    .on_batch_end = on_batch_end,
};

static ty_component component = {
    .struct_size = sizeof(ty_component),
    .kind = TY_KIND_CALLBACK,
#ifdef ID_IN_CAPITALS
    .id = "Best_So_Far",
#else
    .id = "best-so-far",
#endif
    .version = "1.0.0",
    .summary = "Logs the best value of a metric.",
    .table = &table,
    .option_count = 3,
    .options = options,
};

#ifdef TWO_COMPONENTS_OF_ONE_ID
static const ty_component *const components[] = {&component, &component};
#else
static const ty_component *const components[] = {&component};
#endif

static const ty_module module = {
    .struct_size = sizeof(ty_module),
    .abi_major = TY_ABI_MAJOR,
    .abi_minor = TY_ABI_MINOR,
    .component_count = sizeof components / sizeof components[0],
    .components = components,
    .license = "Apache-2.0",
};

#if defined(LOADING_FLUSHES_DENORMALS) && defined(__x86_64__)
/* What linking with -ffast-math adds. */
__attribute__((constructor)) static void set_fast_math(void) {
  __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040u);
}
#endif

const ty_module *trainyard_plugin(const ty_entry_args *args) {
#ifdef ENTRY_OPENS_A_FILE
  if (open("/dev/null", O_RDONLY) < 0) return NULL;
#endif
#ifdef ENTRY_PRINTS
  printf("welcome\n");
#endif
#ifdef ENTRY_SETS_A_VARIABLE
  setenv("PLUGIN_IS_LOADED", "1", 1);
#endif
#ifdef ENTRY_STARTS_A_THREAD
  start_thread();
#endif
#ifdef ENTRY_WRITES_A_FILE
  int file = open("plugin.log", O_WRONLY | O_CREAT, 0600);
  if (file >= 0) close(file);
#endif
#ifdef ENTRY_COUNTS_ITS_CALLS
  static int calls;
  component.summary = ++calls > 1 ? "Called before." : "Called for the first time.";
#endif
#ifdef ENTRY_KNOWS_THE_FIRST_THREAD
  static pthread_t first;
  if (first == 0) first = pthread_self();
  if (!pthread_equal(first, pthread_self())) return NULL;
#endif
#ifdef READS_BEHIND_THE_ARGUMENTS
  seen = ((const double *)(args + 1))[0];
#endif
#ifdef WANTS_ARGUMENTS_OF_ITS_OWN_SIZE
  if (args->struct_size != sizeof *args) return NULL;
#endif
#ifdef ACCEPTS_EVERY_HOST
  (void)args;
#else
  if (args->abi_major != TY_ABI_MAJOR || (TY_ABI_MAJOR == 0 && args->abi_minor != TY_ABI_MINOR)) {
#ifndef REFUSES_WITHOUT_A_WORD
    args->refuse(args->context, "built for another version of trainyard.h; build it again");
#endif
    return NULL;
  }
#endif
  return &module;
}
