/*
 * Stamps: a callback that notes the processor time of the process and the clock at the end of each epoch, and writes
 * them at the end of the run to the file that TRAINYARD_STAMPS names. `cost.py` builds it and compares them with those
 * of an engine's own loop.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "trainyard.h"

enum { MOST = 4096 };

struct stamps {
  int count;
  double processor[MOST];
  double clock[MOST];
};

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static ty_status create(const ty_component *component, const ty_host *host, void **result) {
  (void)component;
  *result = calloc(1, sizeof(struct stamps));
  if (*result != NULL) return TY_OK;
  host->fail(host, "out of memory");
  return TY_FAILED;
}

static void destroy(void *self) { free(self); }

static ty_status reset(void *pointer) {
  struct stamps *self = pointer;
  self->count = 0;
  return TY_OK;
}

static ty_status on_epoch_end(void *pointer, const ty_event *event) {
  struct stamps *self = pointer;
  (void)event;
  if (self->count == MOST) return TY_OK;
  self->processor[self->count] = seconds(CLOCK_PROCESS_CPUTIME_ID);
  self->clock[self->count] = seconds(CLOCK_MONOTONIC);
  self->count++;
  return TY_OK;
}

static ty_status on_train_end(void *pointer, const ty_event *event) {
  const struct stamps *self = pointer;
  const char *path = getenv("TRAINYARD_STAMPS");
  FILE *file = path != NULL ? fopen(path, "w") : NULL;
  (void)event;
  if (file == NULL) return TY_OK;
  for (int i = 0; i < self->count; i++) fprintf(file, "%.9f %.9f\n", self->processor[i], self->clock[i]);
  fclose(file);
  return TY_OK;
}

static const ty_callback table = {
    .struct_size = sizeof(ty_callback),
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .on_epoch_end = on_epoch_end,
    .on_train_end = on_train_end,
};

static const ty_component component = {
    .struct_size = sizeof(ty_component),
    .kind = TY_KIND_CALLBACK,
    .id = "stamps",
    .version = "1.0.0",
    .summary = "Notes processor time and clock at the end of each epoch.",
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

TY_EXPORT const ty_module *trainyard_plugin(const ty_entry_args *args) {
  (void)args;
  return &module;
}
