/*
 * Counts allocations by pointing every library's entries for malloc and its kin (in its global
 * offset table) at the counting functions below. Nothing is preloaded, and the C library itself
 * is left as it is: what strdup() allocates inside of it is not seen, strdup() is.
 */
#define _GNU_SOURCE
#include "conformance.h"

#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static pthread_t counted;
static int is_counting, is_paused;
static uint64_t allocations;

static void note(void) {
  if (is_counting && !is_paused && pthread_equal(pthread_self(), counted)) allocations++;
}

void cf_count_allocations(void) {
  counted = pthread_self();
  allocations = 0;
  is_paused = 0;
  is_counting = 1;
}
uint64_t cf_allocations(void) {
  is_counting = 0;
  return allocations;
}
void cf_pause_count(void) { is_paused = 1; }
void cf_resume_count(void) { is_paused = 0; }

uint64_t cf_heap_in_use(void) {
  struct mallinfo2 info = mallinfo2();
  return (uint64_t)info.uordblks + (uint64_t)info.hblkhd;
}

/* ---- The counting functions ---- */

static void *count_malloc(size_t size) { return note(), malloc(size); }
static void *count_calloc(size_t count, size_t size) { return note(), calloc(count, size); }
static void *count_realloc(void *old, size_t size) { return note(), realloc(old, size); }
static void *count_reallocarray(void *old, size_t count, size_t size) {
  return note(), reallocarray(old, count, size);
}
static void *count_aligned_alloc(size_t alignment, size_t size) {
  return note(), aligned_alloc(alignment, size);
}
static int count_posix_memalign(void **result, size_t alignment, size_t size) {
  return note(), posix_memalign(result, alignment, size);
}
static void *count_memalign(size_t alignment, size_t size) { return note(), memalign(alignment, size); }
static void *count_valloc(size_t size) { return note(), valloc(size); }
static char *count_strdup(const char *text) { return note(), strdup(text); }
static char *count_strndup(const char *text, size_t size) { return note(), strndup(text, size); }

typedef void (*any_function)(void);
static const struct {
  const char *name;
  any_function replacement;
} allocators[] = {
    {"malloc", (any_function)count_malloc},
    {"calloc", (any_function)count_calloc},
    {"realloc", (any_function)count_realloc},
    {"reallocarray", (any_function)count_reallocarray},
    {"aligned_alloc", (any_function)count_aligned_alloc},
    {"posix_memalign", (any_function)count_posix_memalign},
    {"memalign", (any_function)count_memalign},
    {"valloc", (any_function)count_valloc},
    {"strdup", (any_function)count_strdup},
    {"strndup", (any_function)count_strndup},
};

/* ---- Libraries ---- */

#if defined(__x86_64__)
#define IS_FUNCTION_SLOT(type) ((type) == R_X86_64_JUMP_SLOT || (type) == R_X86_64_GLOB_DAT)
#elif defined(__aarch64__)
#define IS_FUNCTION_SLOT(type) ((type) == R_AARCH64_JUMP_SLOT || (type) == R_AARCH64_GLOB_DAT)
#else
#define IS_FUNCTION_SLOT(type) 0
#endif

typedef struct library {
  uintptr_t base;
  const ElfW(Sym) *symbols;
  const char *texts;
} library;

/* A slot may be read-only by now (RELRO). */
static int point(uintptr_t slot, any_function replacement) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  void *start = (void *)(slot & ~(page - 1));
  if (mprotect(start, page, PROT_READ | PROT_WRITE) != 0) return 0;
  memcpy((void *)slot, &replacement, sizeof replacement);
  return 1;
}

static int patch(const library *of, uintptr_t table, size_t size) {
  const ElfW(Rela) *relocations = (const ElfW(Rela) *)table;
  int count = 0;
  for (size_t i = 0; i < size / sizeof *relocations; i++) {
    if (!IS_FUNCTION_SLOT(ELF64_R_TYPE(relocations[i].r_info))) continue;
    const char *name = of->texts + of->symbols[ELF64_R_SYM(relocations[i].r_info)].st_name;
    for (size_t k = 0; k < sizeof allocators / sizeof allocators[0]; k++) {
      if (strcmp(name, allocators[k].name) != 0) continue;
      count += point(of->base + relocations[i].r_offset, allocators[k].replacement);
    }
  }
  return count;
}

/* glibc has made the addresses in a library's dynamic section absolute, but for the vDSO's. */
static uintptr_t absolute(uintptr_t base, uintptr_t address) {
  return address < base ? base + address : address;
}

static int visit(struct dl_phdr_info *info, size_t size, void *context) {
  int *total = context;
  const ElfW(Dyn) *dynamic = NULL;
  (void)size;
  /* Not the program itself: the functions above call the real ones through its table. */
  if (info->dlpi_name == NULL || info->dlpi_name[0] == 0) return 0;
  if (strstr(info->dlpi_name, "linux-vdso") != NULL || strstr(info->dlpi_name, "ld-linux") != NULL ||
      strstr(info->dlpi_name, "/libc.so") != NULL)
    return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
      dynamic = (const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  }
  if (dynamic == NULL) return 0;
  library of = {info->dlpi_addr, NULL, NULL};
  uintptr_t plain = 0, jumps = 0;
  size_t plain_size = 0, jumps_size = 0;
  for (; dynamic->d_tag != DT_NULL; dynamic++) {
    switch (dynamic->d_tag) {
    case DT_SYMTAB: of.symbols = (const ElfW(Sym) *)absolute(of.base, dynamic->d_un.d_ptr); break;
    case DT_STRTAB: of.texts = (const char *)absolute(of.base, dynamic->d_un.d_ptr); break;
    case DT_RELA: plain = absolute(of.base, dynamic->d_un.d_ptr); break;
    case DT_RELASZ: plain_size = dynamic->d_un.d_val; break;
    case DT_JMPREL: jumps = absolute(of.base, dynamic->d_un.d_ptr); break;
    case DT_PLTRELSZ: jumps_size = dynamic->d_un.d_val; break;
    default: break;
    }
  }
  if (of.symbols == NULL || of.texts == NULL) return 0;
  if (plain != 0) *total += patch(&of, plain, plain_size);
  if (jumps != 0) *total += patch(&of, jumps, jumps_size);
  return 0;
}

int32_t cf_watch_allocations(void) {
  int total = 0;
  dl_iterate_phdr(visit, &total);
  return total;
}
