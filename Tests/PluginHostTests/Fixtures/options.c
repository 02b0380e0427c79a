/* A callback that logs the options it was given, in create. */
#include "components.h"

#include <stdio.h>

static const char *names[] = {"auto", "max"};
static ty_option rows_of_options[] = {
    {.struct_size = sizeof(ty_option), .type = TY_OPTION_BOOL, .key = "flag", .default_text = "true"},
    {.struct_size = sizeof(ty_option), .type = TY_OPTION_INT, .key = "count", .flags = TY_OPTION_REQUIRED, .range = "[0, 10]"},
    {.struct_size = sizeof(ty_option), .type = TY_OPTION_FLOAT, .key = "rate", .default_text = "1e-3"},
    {.struct_size = sizeof(ty_option), .type = TY_OPTION_DURATION, .key = "limit", .default_text = "1h30m"},
    {.struct_size = sizeof(ty_option), .type = TY_OPTION_STRING, .key = "title", .default_text = "\"a, 'b'\""},
    {.struct_size = sizeof(ty_option), .type = TY_OPTION_CHOICE, .key = "mode", .default_text = "auto", .choices = names, .choice_count = 2},
    {.struct_size = sizeof(ty_option), .type = TY_OPTION_INT, .key = "sizes", .flags = TY_OPTION_LIST, .default_text = "[128, 64]"},
    {.struct_size = sizeof(ty_option), .type = TY_OPTION_STRING, .key = "tags", .flags = TY_OPTION_LIST, .default_text = "[]"},
    {.struct_size = sizeof(ty_option), .type = TY_OPTION_REST, .key = "rest", .default_text = "{\"a\": [1, 2]}"},
    {.struct_size = sizeof(ty_option), .type = TY_OPTION_PATH, .key = "file"},
};
static const ty_option *list[10];

static ty_status options_create(const ty_component *component, const ty_host *host, void **self) {
  char text[512];
  snprintf(text, sizeof text, "flag %d, count %lld, rate %g, limit %g, title <%s>, mode %s, file %llu, rest %s",
           host->option_bool(host, "flag", 0), (long long)host->option_int(host, "count", 0),
           host->option_float(host, "rate", 0), host->option_float(host, "limit", 0),
           host->option_text(host, "title", 0), host->option_text(host, "mode", 0),
           (unsigned long long)host->option_count(host, "file"), host->option_text(host, "rest", 0));
  host->log(host, TY_LOG_INFO, text);
  for (uint64_t i = 0; i < host->option_count(host, "sizes"); i++) {
    snprintf(text, sizeof text, "size %lld", (long long)host->option_int(host, "sizes", i));
    host->log(host, TY_LOG_INFO, text);
  }
  for (uint64_t i = 0; i < host->option_count(host, "tags"); i++)
    host->log(host, TY_LOG_INFO, host->option_text(host, "tags", i));
  return create(component, host, self);
}

static void use_rows(void) {
  for (int i = 0; i < 10; i++) list[i] = &rows_of_options[i];
  callback.option_count = 10;
  callback.options = list;
  callback_table.create = options_create;
}

ENTRY(use_rows())
