/* A callback that saves one value of each type, and logs what it loads. */
#include "components.h"

#include <stdio.h>

static float numbers[] = {1, 2, 3, 4, 5, 6};
static int64_t shape[] = {2, 3}, strides[] = {3, 1};
static ty_tensor tensor = {numbers, {TY_DEVICE_CPU, 0}, 2, {TY_DTYPE_FLOAT, 32, 1}, shape, strides, 0};

static ty_status save(void *self, const ty_sink *sink) {
  (void)self;
  sink->put_int(sink, "wait", -3);
  sink->put_float(sink, "best", 0.25);
  sink->put_bytes(sink, "text", "a\0b", 3);
  sink->put_bytes(sink, "nothing", NULL, 0);
  sink->put_tensor(sink, "average", &tensor);
  return TY_OK;
}

static ty_status load(void *self, const ty_source *source) {
  const ty_host *host = ((instance *)self)->host;
  int64_t wait = 7;
  double best = 7;
  const void *bytes = NULL;
  uint64_t size = 0;
  ty_tensor found = {0};
  char text[256];
  const char *key;
  int answer = source->get_int(source, "wait", &wait);
  snprintf(text, sizeof text, "wait %d %lld", answer, (long long)wait);
  host->log(host, TY_LOG_INFO, text);
  answer = source->get_float(source, "best", &best);
  snprintf(text, sizeof text, "best %d %g", answer, best);
  host->log(host, TY_LOG_INFO, text);
  answer = source->get_bytes(source, "text", &bytes, &size);
  snprintf(text, sizeof text, "text %d %llu", answer, (unsigned long long)size);
  host->log(host, TY_LOG_INFO, text);
  if (source->get_tensor(source, "average", &found) == 1) {
    snprintf(text, sizeof text, "average %dx%d, last %g", (int)found.shape[0], (int)found.shape[1],
             ((float *)found.data)[found.strides[0] * 1 + found.strides[1] * 2]);
    host->log(host, TY_LOG_INFO, text);
  }
  snprintf(text, sizeof text, "missing %d, of another type %d", source->get_int(source, "nothing like it", &wait),
           source->get_int(source, "best", &wait));
  host->log(host, TY_LOG_INFO, text);
  for (uint64_t i = 0; (key = source->key(source, i)) != NULL; i++) host->log(host, TY_LOG_DEBUG, key);
  return TY_OK;
}

ENTRY(callback_table.state_save = save, callback_table.state_load = load)
