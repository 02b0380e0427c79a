/*
 * The least that a native host must do before its first batch is trained: start, open a callback plugin and a BLAS,
 * make one step of a 4-8-1 model and call the hook. Prints the time as CLOCK_MONOTONIC nanoseconds.
 *
 *     floor PLUGIN.so BLAS.so
 */
#define _GNU_SOURCE
#include "trainyard.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int main(int count, char **words) {
  if (count < 3) return 2;
  void *plugin = dlopen(words[1], RTLD_NOW | RTLD_LOCAL), *blas = dlopen(words[2], RTLD_NOW | RTLD_LOCAL);
  if (!plugin || !blas) return 1;
  const ty_module *(*enter)(const ty_entry_args *);
  void *symbol = dlsym(plugin, "trainyard_plugin");
  memcpy(&enter, &symbol, sizeof enter);
  ty_entry_args args = {.struct_size = sizeof args, .abi_major = TY_ABI_MAJOR, .abi_minor = TY_ABI_MINOR};
  const ty_module *module = enter(&args);
  const ty_component *component = module->components[0];
  const ty_callback *table = component->table;

  float w1[4][8], w2[8], output = 0;
  for (int i = 0; i < 32; i++) w1[i / 8][i % 8] = 0.01f * (float)i;
  for (int j = 0; j < 8; j++) w2[j] = 0.1f * (float)j;
  for (int row = 0; row < 32; row++)
    for (int j = 0; j < 8; j++) {
      float sum = 0;
      for (int i = 0; i < 4; i++) sum += (float)(row + i) * w1[i][j];
      output += sum * w2[j];
    }
  ty_event event = {.struct_size = sizeof event};
  void *self = NULL;
  if (table->create(component, NULL, &self) || table->on_batch_end(self, &event)) return 1;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  printf("%lld %d\n", now.tv_sec * 1000000000LL + now.tv_nsec, output > 0);
  return 0;
}
