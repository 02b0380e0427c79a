/*
 * {{id}}: a dataset of Trainyard. `make` builds it, `make test` proves that it keeps the contract.
 *
 * As it stands it makes up points in a square and labels those above its diagonal. Replace where rows come from; keep what
 * the host builds on: a row is read by its number and depends on nothing but number, options, seed and epoch, so that
 * the host owns shuffling, splits, folds and resume.
 */
#include <stdlib.h>

#include "trainyard.h"

/* ---- What the user may set ---- */

static const ty_option rows_option = {
    .struct_size = sizeof(ty_option),
    .type = TY_OPTION_INT,
    .key = "rows",
    .doc = "Number of rows.",
    .default_text = "1000",
    .range = "[1, 1000000000]",
    .unit = "rows",
};

static const ty_option *const options[] = {&rows_option};

/* ---- What an instance is: nothing that a run can change ---- */

struct instance {
  const ty_host *host;
  int64_t rows;
};

static ty_status create(const ty_component *component, const ty_host *host, void **result) {
  struct instance *self = malloc(sizeof *self);
  (void)component;
  if (self == NULL) {
    host->fail(host, "out of memory");
    return TY_FAILED;
  }
  self->host = host;
  self->rows = host->option_int(host, "rows", 0);
  *result = self;
  return TY_OK;
}

static void destroy(void *self) { free(self); }

static ty_status reset(void *self) {
  (void)self;
  return TY_OK;
}

/* ---- Its fields ---- */

enum { POINT, LABEL, FIELD_COUNT };

static const int64_t point_shape[] = {2};
static const char *const label_names[] = {"below", "above"};

static const ty_field fields[FIELD_COUNT] = {
    {
        .struct_size = sizeof(ty_field),
        .role = TY_ROLE_FEATURE,
        .name = "point",
        .dtype = {TY_DTYPE_FLOAT, 32, 1},
        .ndim = 1,
        .shape = point_shape,
    },
    {
        .struct_size = sizeof(ty_field),
        .role = TY_ROLE_TARGET,
        .name = "label",
        .dtype = {TY_DTYPE_INT, 32, 1},
        .category_count = 2,
        .categories = label_names,
    },
};

static int64_t row_count(void *pointer) { return ((const struct instance *)pointer)->rows; }

static uint64_t field_count(void *self) {
  (void)self;
  return FIELD_COUNT;
}

static const ty_field *field(void *self, uint64_t index) {
  (void)self;
  return index < FIELD_COUNT ? &fields[index] : NULL;
}

/* ---- Its rows ---- */

/* splitmix64: any row's numbers without those before it. */
static uint64_t mixed(uint64_t z) {
  z += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* In [-1, 1). */
static float coordinate(int64_t row, int axis) {
  return (float)((double)(mixed((uint64_t)row * 2 + (uint64_t)axis) >> 11) / 4503599627370496.0 - 1);
}

/* Fills the fields that are wanted, a tensor for each, in the order of request->rows. May run on a loader thread. */
static ty_status read_rows(void *pointer, const ty_read *request, ty_tensor *const *wanted) {
  struct instance *self = pointer;
  int64_t i;
  for (i = 0; i < request->row_count; i++) {
    int64_t row = request->rows[i];
    float x, y;
    if (row < 0 || row >= self->rows) {
      self->host->fail(self->host, "a row that is not there was asked for");
      return TY_FAILED;
    }
    x = coordinate(row, 0);
    y = coordinate(row, 1);
    if (wanted[POINT] != NULL) {
      float *point = (float *)((char *)wanted[POINT]->data + wanted[POINT]->byte_offset) + 2 * i;
      point[0] = x;
      point[1] = y;
    }
    if (wanted[LABEL] != NULL) {
      int32_t *label = (int32_t *)((char *)wanted[LABEL]->data + wanted[LABEL]->byte_offset) + i;
      *label = y > x;
    }
  }
  return TY_OK;
}

/* ---- What the host finds ---- */

/* whole() is left out: with all rows in memory it would spare the host the reading. */
static const ty_dataset table = {
    .struct_size = sizeof(ty_dataset),
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .row_count = row_count,
    .field_count = field_count,
    .field = field,
    .read = read_rows,
};

static const ty_component component = {
    .struct_size = sizeof(ty_component),
    .kind = TY_KIND_DATASET,
    .id = "{{id}}",
    .version = "0.1.0",
    .summary = "Points in a square, labelled by their side of the diagonal.",
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
