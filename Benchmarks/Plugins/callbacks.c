/*
 * Callbacks for the benchmarks, one in each library that this file is compiled to:
 *
 *   -DNOOP  bench-noop: has every hook of batches and epochs, and does nothing in it
 *   -DQUIET bench-quiet: has none of them
 *   -DMETER bench-meter: notes the time of the first trained batch, and at the batches that
 *           $TRAINYARD_METER_AT names the process's memory and its allocations; writes them to $TRAINYARD_METER
 *   -DGAPS  bench-gaps: notes the time from the end of each batch to the begin of the next, and from the first
 *           end to the last begin; writes them to $TRAINYARD_METER
 */
#define _GNU_SOURCE
#include "trainyard.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct meter {
  long batches;
  long long first_batch; /* CLOCK_MONOTONIC, ns */
  int count;
  struct {
    long batch, resident;
    unsigned long long allocations;
  } marks[16];
};

static ty_status create(const ty_component *component, const ty_host *host, void **self) {
  (void)component;
  (void)host;
  *self = calloc(1, sizeof(struct meter));
  return *self ? TY_OK : TY_FAILED;
}

static void destroy(void *self) { free(self); }

static ty_status reset(void *self) {
  memset(self, 0, sizeof(struct meter));
  return TY_OK;
}

#ifdef NOOP
#define ID "bench-noop"

static ty_status hook(void *self, const ty_event *event) {
  (void)self;
  (void)event;
  return TY_OK;
}
#define HOOKS                                                                                   \
  .on_epoch_begin = hook, .on_epoch_end = hook, .on_batch_begin = hook, .on_batch_end = hook
#endif

#ifdef QUIET
#define ID "bench-quiet"

static ty_status hook(void *self, const ty_event *event) {
  (void)self;
  (void)event;
  return TY_OK;
}
#define HOOKS .on_train_begin = hook
#endif

#ifdef METER
#define ID "bench-meter"

static long kib(const char *name) {
  char line[256];
  long value = -1;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (strncmp(line, name, strlen(name)) == 0) value = atol(line + strlen(name) + 1);
  if (file) fclose(file);
  return value;
}

static unsigned long long allocations(void) {
  unsigned long long (*count)(void) = NULL;
  void *symbol = dlsym(RTLD_DEFAULT, "trainyard_allocations");
  memcpy(&count, &symbol, sizeof count);
  return count ? count() : 0;
}

static void mark(struct meter *meter) {
  /* Before anything here allocates. */
  unsigned long long count = allocations();
  const char *text = getenv("TRAINYARD_METER_AT");
  while (text && *text) {
    char *end;
    long batch = strtol(text, &end, 10);
    if (end == text) return;
    if (batch == meter->batches && meter->count < 16) {
      meter->marks[meter->count].batch = batch;
      meter->marks[meter->count].allocations = count;
      /* Reading a file allocates. */
      meter->marks[meter->count].resident = count ? 0 : kib("VmRSS:");
      meter->count++;
    }
    text = *end ? end + 1 : end;
  }
}

static ty_status batch_end(void *self, const ty_event *event) {
  (void)event;
  struct meter *meter = self;
  if (meter->batches == 0) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    meter->first_batch = now.tv_sec * 1000000000LL + now.tv_nsec;
  }
  meter->batches++;
  mark(meter);
  return TY_OK;
}

static ty_status train_end(void *self, const ty_event *event) {
  (void)event;
  struct meter *meter = self;
  const char *path = getenv("TRAINYARD_METER");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return TY_OK;
  fprintf(file, "{\"first_batch\": %lld, \"batches\": %ld, \"peak\": %ld, \"marks\": [", meter->first_batch,
          meter->batches, kib("VmHWM:"));
  for (int i = 0; i < meter->count; i++)
    fprintf(file, "%s{\"batch\": %ld, \"resident\": %ld, \"allocations\": %llu}", i ? ", " : "",
            meter->marks[i].batch, meter->marks[i].resident, meter->marks[i].allocations);
  fprintf(file, "]}\n");
  fclose(file);
  return TY_OK;
}
#define HOOKS .on_batch_end = batch_end, .on_train_end = train_end
#endif

#ifdef GAPS
#define ID "bench-gaps"

enum { MOST = 4096 };
static struct {
  long count;
  long long first_end, last_end, last_begin, gap[MOST]; /* ns */
} noted;

static long long nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static ty_status batch_begin(void *self, const ty_event *event) {
  (void)self;
  (void)event;
  if (!noted.last_end) return TY_OK;
  noted.last_begin = nanoseconds();
  if (noted.count < MOST) noted.gap[noted.count] = noted.last_begin - noted.last_end;
  noted.count++;
  return TY_OK;
}

static ty_status batch_end(void *self, const ty_event *event) {
  (void)self;
  (void)event;
  noted.last_end = nanoseconds();
  if (!noted.first_end) noted.first_end = noted.last_end;
  return TY_OK;
}

static ty_status train_end(void *self, const ty_event *event) {
  (void)self;
  (void)event;
  const char *path = getenv("TRAINYARD_METER");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return TY_OK;
  fprintf(file, "{\"batches\": %ld, \"total\": %lld, \"gaps\": [", noted.count, noted.last_begin - noted.first_end);
  for (long i = 0; i < noted.count && i < MOST; i++) fprintf(file, "%s%lld", i ? ", " : "", noted.gap[i]);
  fprintf(file, "]}\n");
  fclose(file);
  return TY_OK;
}
#define HOOKS .on_batch_begin = batch_begin, .on_batch_end = batch_end, .on_train_end = train_end
#endif

static const ty_callback table = {
    .struct_size = sizeof table, .create = create, .destroy = destroy, .reset = reset, HOOKS};
static const ty_component component = {.struct_size = sizeof component, .kind = TY_KIND_CALLBACK, .id = ID,
                                       .version = "1.0.0", .summary = "A callback of the benchmarks.",
                                       .table = &table};
static const ty_component *const components[] = {&component};
static const ty_module module = {.struct_size = sizeof module, .abi_major = TY_ABI_MAJOR,
                                 .abi_minor = TY_ABI_MINOR, .component_count = 1, .components = components};

TY_EXPORT const ty_module *trainyard_plugin(const ty_entry_args *args) {
  (void)args;
  return &module;
}
