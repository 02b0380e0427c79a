/*
 * What a plugin may do to the process that it is in: one fault by its name, in any call.
 */
#ifndef MISBEHAVE_H
#define MISBEHAVE_H

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t zero = 0;

static void everywhere(const char *bytes, size_t count) {
  for (int number = 0; number < 1024; number++) {
    ssize_t ignored = write(number, bytes, count);
    (void)ignored;
  }
}

/* What a helper says when it is done, with no effects; of a request that there may have been. */
static void answer(uint64_t number) {
  struct {
    uint32_t length, kind;
    uint64_t number;
    uint32_t effects;
    uint8_t isFine[4];
  } message = {16, 0x74790003, number, 0, {1, 0, 0, 0}};
  for (int descriptor = 3; descriptor < 1024; descriptor++) {
    ssize_t ignored = write(descriptor, &message, 24);
    (void)ignored;
  }
}

/* lent: memory of the host's that the call may read; NULL: it was handed none. */
static void misbehave(const char *fault, const void *lent) {
  if (strcmp(fault, "segfault") == 0) {
    *(volatile int *)(uintptr_t)(8 + zero) = 1;
  } else if (strcmp(fault, "abort") == 0) {
    fprintf(stderr, "this plugin has had enough\n");
    abort();
  } else if (strcmp(fault, "exit") == 0) {
    exit(0);
  } else if (strcmp(fault, "hang") == 0) {
    while (zero == 0) {
    }
  } else if (strcmp(fault, "memory") == 0) {
    for (;;) {
      memset(malloc(1 << 20), 1, 1 << 20);
    }
  } else if (strcmp(fault, "garbage") == 0) {
    char bytes[256];
    memset(bytes, 0xee, sizeof bytes);
    for (int i = 0; i < 10; i++) {
      everywhere(bytes, sizeof bytes);
    }
  } else if (strcmp(fault, "answer") == 0) {
    answer(1);
  } else if (strcmp(fault, "close") == 0) {
    for (int number = 0; number < 1024; number++) {
      close(number);
    }
  } else if (strcmp(fault, "page") == 0) {
    *(volatile double *)(uintptr_t)lent = 1e9;
  }
}

#endif
