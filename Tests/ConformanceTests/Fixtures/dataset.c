/*
 * Forty rows of three features, turned a little by seed and epoch, and a target. It keeps every
 * rule, and, with one of the names below defined, breaks one.
 */
#include <stdlib.h>
#include <string.h>

#include "trainyard.h"

enum { ROWS = 40, WIDTH = 3 };

struct instance {
  const ty_host *host;
  float target[ROWS];
  int64_t reads;
  int64_t target_shape[1], target_strides[1];
};

static const int64_t *kept __attribute__((unused));

static ty_status failed(struct instance *self, const char *words) {
  self->host->fail(self->host, words);
  return TY_FAILED;
}

static ty_status create(const ty_component *component, const ty_host *host, void **result) {
  struct instance *self = calloc(1, sizeof *self);
  (void)component;
  if (self == NULL) return TY_FAILED;
  self->host = host;
  for (int64_t row = 0; row < ROWS; row++) self->target[row] = (float)row * 0.5f;
  *result = self;
  return TY_OK;
}

static void destroy(void *self) { free(self); }

static ty_status reset(void *pointer) {
  struct instance *self = pointer;
#ifdef RESET_MOVES_THE_ROWS
  float first = self->target[0];
  memmove(self->target, self->target + 1, (ROWS - 1) * sizeof first);
  self->target[ROWS - 1] = first;
#endif
  self->reads = 0;
  return TY_OK;
}

static ty_status state_save(void *pointer, const ty_sink *sink) {
  struct instance *self = pointer;
  sink->put_int(sink, "reads", self->reads);
  return TY_OK;
}

static ty_status state_load(void *pointer, const ty_source *source) {
  struct instance *self = pointer;
#ifdef REFUSES_STATE_WITHOUT_A_WORD
  if (source->get_int(source, "reads", &self->reads) < 0) return TY_FAILED;
#else
  if (source->get_int(source, "reads", &self->reads) < 0)
    return failed(self, "the saved state holds values of another type");
#endif
  return TY_OK;
}

static int64_t row_count(void *self) {
  (void)self;
  return ROWS;
}

static uint64_t field_count(void *self) {
  (void)self;
  return 2;
}

static const int64_t feature_shape[] = {WIDTH};
static const ty_field fields[] = {
    {.struct_size = sizeof(ty_field), .role = TY_ROLE_FEATURE, .name = "features",
     .dtype = {TY_DTYPE_FLOAT, 32, 1}, .ndim = 1, .shape = feature_shape},
    {.struct_size = sizeof(ty_field), .role = TY_ROLE_TARGET, .name = "target", .dtype = {TY_DTYPE_FLOAT, 32, 1}},
};

static const ty_field *field(void *self, uint64_t index) {
  (void)self;
  return index < 2 ? &fields[index] : NULL;
}

static ty_status read_rows(void *pointer, const ty_read *request, ty_tensor *const *into) {
  struct instance *self = pointer;
  float turn = (float)((request->seed * 31 + (uint64_t)request->epoch) % 8) * 0.125f;
#ifdef KEEPS_THE_ROW_NUMBERS
  if (kept != NULL && kept[0] < 0) return failed(self, "it was negative");
  kept = request->rows;
#endif
#ifdef COUNTS_ITS_READS
  turn += (float)self->reads;
#endif
#ifdef TAKES_RANDOM_NUMBERS_OF_THE_RUN
  const ty_random_service *random = self->host->service(self->host, TY_SERVICE_RANDOM);
  turn += (float)(random->next(self->host) % 8);
#endif
  self->reads++;
  for (int64_t i = 0; i < request->row_count; i++) {
    int64_t row = request->rows[i];
#if defined(REFUSES_WITHOUT_A_WORD)
    if (row < 0 || row >= ROWS) return TY_FAILED;
#elif !defined(READS_ANY_ROW)
    if (row < 0 || row >= ROWS) return failed(self, "there is no such row");
#endif
    float shown = (float)row;
#ifdef DEPENDS_ON_ORDER
    shown += i > 0 && request->rows[i - 1] > row ? 1.0f : 0.0f;
#endif
    if (into[0] != NULL)
      for (int f = 0; f < WIDTH; f++) ((float *)into[0]->data)[i * WIDTH + f] = shown * (float)(f + 1) + turn;
#ifdef LEAVES_THE_LAST_ROW
    if (i + 1 == request->row_count) continue;
#endif
    if (into[1] != NULL) ((float *)into[1]->data)[i] = self->target[((row % ROWS) + ROWS) % ROWS];
  }
  return TY_OK;
}

static ty_status whole(void *pointer, uint64_t index, ty_tensor *tensor) {
  struct instance *self = pointer;
  if (index != 1) return TY_UNSUPPORTED; /* turned by seed and epoch */
#ifdef WHOLE_IS_ANOTHER
  self->target[1] = 7;
  static float other[ROWS];
  memcpy(other, self->target, sizeof other);
  other[0] += 1;
  float *start = other;
#else
  float *start = self->target;
#endif
  self->target_shape[0] = ROWS;
  self->target_strides[0] = 1;
  *tensor = (ty_tensor){start, {TY_DEVICE_CPU, 0}, 1, {TY_DTYPE_FLOAT, 32, 1}, self->target_shape,
                        self->target_strides, 0};
  return TY_OK;
}

static const ty_dataset table = {
    .struct_size = sizeof(ty_dataset),
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .state_save = state_save,
    .state_load = state_load,
    .row_count = row_count,
    .field_count = field_count,
    .field = field,
    .read = read_rows,
    .whole = whole,
};

static const ty_component component = {
    .struct_size = sizeof(ty_component),
    .kind = TY_KIND_DATASET,
    .id = "forty-rows",
    .version = "1.0.0",
    .summary = "Forty rows.",
    .table = &table,
};

#include "module.h"
