/* OpenBLAS for the products that the kernels here do not do: opened when one is first due, for a run that needs none
 * shall neither wait for the library nor have its threads. */
#define _POSIX_C_SOURCE 200809L
#include "mlp_kernels.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* As cblas.h has them. */
enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 };
typedef void sgemm(int order, int left, int right, int m, int n, int k, float alpha, const float *a, int a_row,
                   const float *b, int b_row, float beta, float *c, int c_row);

static struct {
  sgemm *multiply;
  void (*set_threads)(int count);
  int (*threads)(void);
} blas;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* POSIX, not C, lets a data pointer become a function's. */
static void find(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  memcpy(function, &symbol, sizeof symbol);
}

/* OpenBLAS before 0.3.25 takes Intel processors that are newer than itself for a Pentium 4
 * ("Prescott") and runs its SSE kernels, four times slower than need be (OpenMathLib/OpenBLAS#4267).
 * Debian 12 has 0.3.21. The library reads OPENBLAS_CORETYPE when it chooses its kernels, which it does
 * while it is loaded; where it chose those, it is asked to choose again. */
#if defined(__x86_64__) && defined(__linux__)

static const char *newest_kernels(void) {
  if (mlp_has_dense_kernels()) return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
  return NULL;
}

static void choose_kernels(void *library) {
  const char *variable = "OPENBLAS_CORETYPE";
  char *(*name)(void);
  void (*init)(void), (*quit)(void);
  find(library, "openblas_get_corename", &name);
  find(library, "gotoblas_dynamic_init", &init);
  find(library, "gotoblas_dynamic_quit", &quit);
  if (!name || !init || !quit) return; /* a build for one processor */
  const char *kernels = newest_kernels();
  if (!kernels || getenv(variable) || strcmp(name(), "Prescott") != 0) return;
  setenv(variable, kernels, 1);
  quit();
  init();
  unsetenv(variable);
}

#else

static void choose_kernels(void *library) { (void)library; }

#endif

static void open_library(void) {
  void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) return;
  choose_kernels(library);
  find(library, "openblas_set_num_threads", &blas.set_threads);
  find(library, "openblas_get_num_threads", &blas.threads);
  if (blas.set_threads && blas.threads) find(library, "cblas_sgemm", &blas.multiply);
}

int mlp_blas_open(int threads) {
  pthread_once(&once, open_library);
  if (!blas.multiply) return 0;
  pthread_mutex_lock(&lock);
  if (blas.threads() != threads) blas.set_threads(threads);
  pthread_mutex_unlock(&lock);
  return 1;
}

void mlp_blas_multiply(float *c, const float *a, int left_is_transposed, const float *b, int right_is_transposed,
                       ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, int add) {
  blas.multiply(ROW_MAJOR, left_is_transposed ? TRANSPOSED : PLAIN, right_is_transposed ? TRANSPOSED : PLAIN, (int)m,
                (int)n, (int)k, 1, a, (int)(left_is_transposed ? m : k), b, (int)(right_is_transposed ? k : n),
                add ? 1 : 0, c, (int)n);
}

void mlp_blas_forward(float *z, const float *x, const float *w, const float *bias, ptrdiff_t rows, ptrdiff_t in,
                      ptrdiff_t out) {
  mlp_blas_multiply(z, x, 0, w, 0, rows, out, in, 0);
  mlp_add_bias(z, bias, rows, out);
}

void mlp_blas_weight_gradient(float *g, const float *x, const float *d, ptrdiff_t rows, ptrdiff_t in,
                              ptrdiff_t out, int add) {
  mlp_blas_multiply(g, x, 1, d, 0, in, out, rows, add);
}

void mlp_blas_input_gradient(float *e, const float *d, const float *w, ptrdiff_t rows, ptrdiff_t in,
                             ptrdiff_t out) {
  mlp_blas_multiply(e, d, 0, w, 1, rows, in, out, 0);
}
