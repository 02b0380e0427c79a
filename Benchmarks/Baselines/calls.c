/* Calls and libraries without a host. */
#define _POSIX_C_SOURCE 200809L
#include "baselines.h"
#include "trainyard.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double baseline_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef const ty_module *(*entry)(const ty_entry_args *);

static const ty_callback *open_callback(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return NULL;
  entry enter;
  void *symbol = dlsym(library, "trainyard_plugin");
  if (!symbol) return NULL;
  memcpy(&enter, &symbol, sizeof enter);
  ty_entry_args args = {.struct_size = sizeof args, .abi_major = TY_ABI_MAJOR, .abi_minor = TY_ABI_MINOR};
  const ty_module *module = enter(&args);
  return module ? module->components[0]->table : NULL;
}

double baseline_hook_calls(const char *library, long instances, long batches) {
  const ty_callback *table = open_callback(library);
  if (!table || !table->on_batch_begin || !table->on_batch_end) return -1;
  ty_hook *begin = malloc((size_t)instances * sizeof *begin), *end = malloc((size_t)instances * sizeof *end);
  long *self = calloc((size_t)instances, sizeof *self);
  if (!begin || !end || !self) return -1;
  for (long i = 0; i < instances; i++) {
    begin[i] = table->on_batch_begin;
    end[i] = table->on_batch_end;
  }
  ty_event event = {.struct_size = sizeof event};
  double start = baseline_now();
  for (long batch = 0; batch < batches; batch++) {
    event.batch = batch;
    for (long i = 0; i < instances; i++)
      if (begin[i](&self[i], &event)) return -1;
    for (long i = 0; i < instances; i++)
      if (end[i](&self[i], &event)) return -1;
  }
  double seconds = baseline_now() - start;
  free(begin);
  free(end);
  free(self);
  return seconds;
}

double baseline_open_libraries(const char *folder, long count) {
  char path[4096];
  double start = baseline_now();
  for (long i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/lib%ld.so", folder, i);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library || !dlsym(library, "trainyard_plugin")) return -1;
  }
  return baseline_now() - start;
}

double baseline_mean_square(const float *prediction, const float *target, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    double difference = (double)prediction[i] - (double)target[i];
    sum += difference * difference;
  }
  return count ? sum / (double)count : 0;
}

double baseline_small(double a, double b) { return a + b; }

/* The function `name` of a library, into *function. */
static int find(const char *library, const char *name, void *function) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL), *symbol = handle ? dlsym(handle, name) : NULL;
  memcpy(function, &symbol, sizeof symbol);
  return symbol != NULL;
}

double baseline_direct_calls(const char *library, const float *prediction, const float *target, size_t count,
                             long calls) {
  double (*function)(const float *, const float *, size_t);
  if (!find(library, "baseline_mean_square", &function)) return -1;
  volatile double result;
  double start = baseline_now();
  for (long i = 0; i < calls; i++) result = function(prediction, target, count);
  (void)result;
  return baseline_now() - start;
}

double baseline_small_calls(const char *library, long calls) {
  double (*function)(double, double);
  if (!find(library, "baseline_small", &function)) return -1;
  volatile double result;
  double start = baseline_now();
  for (long i = 0; i < calls; i++) result = function(1, 2);
  (void)result;
  return baseline_now() - start;
}

double baseline_write(const char *path, size_t count) {
  char other[4096];
  snprintf(other, sizeof other, "%s.new", path);
  char *bytes = malloc(count);
  if (!bytes) return -1;
  memset(bytes, 3, count);
  double start = baseline_now();
  int file = open(other, O_CREAT | O_TRUNC | O_WRONLY, 0644);
  int is_done = file >= 0 && write(file, bytes, count) == (ssize_t)count && fsync(file) == 0;
  if (file >= 0) close(file);
  is_done = is_done && rename(other, path) == 0;
  double seconds = baseline_now() - start;
  free(bytes);
  return is_done ? seconds : -1;
}
