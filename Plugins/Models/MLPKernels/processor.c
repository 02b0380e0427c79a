/* What the processor is asked for before and around the arithmetic. */
#define _POSIX_C_SOURCE 200809L
#include "mlp_kernels.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <xmmintrin.h>

uint32_t mlp_flush_denormals(void) {
  const uint32_t mode = _mm_getcsr();
  _mm_setcsr(mode | 0x8040); /* flush to zero, denormals are zero */
  return mode;
}

void mlp_restore_denormals(uint32_t mode) { _mm_setcsr(mode); }

#else

uint32_t mlp_flush_denormals(void) { return 0; }
void mlp_restore_denormals(uint32_t mode) { (void)mode; }

#endif

/* OpenBLAS before 0.3.25 takes Intel processors that are newer than itself for a Pentium 4
 * ("Prescott") and runs its SSE kernels, four times slower than need be (OpenMathLib/OpenBLAS#4267).
 * Debian 12 has 0.3.21. The library reads OPENBLAS_CORETYPE when it chooses its kernels, which it does
 * while it is loaded, before any code of ours; so it is asked to choose again. */
#if defined(__x86_64__) && defined(__linux__)

/* Weak: a build of OpenBLAS for one processor does not have them. */
extern char *openblas_get_corename(void) __attribute__((weak));
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));

static const char *newest_kernels(void) {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
  return NULL;
}

void mlp_choose_blas_kernels(void) {
  const char *variable = "OPENBLAS_CORETYPE";
  if (!openblas_get_corename || !gotoblas_dynamic_init || !gotoblas_dynamic_quit) return;
  const char *kernels = newest_kernels();
  if (!kernels || getenv(variable) || strcmp(openblas_get_corename(), "Prescott") != 0) return;
  setenv(variable, kernels, 1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  unsetenv(variable);
}

#else

void mlp_choose_blas_kernels(void) {}

#endif
