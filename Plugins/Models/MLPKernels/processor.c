/* What the processor is asked for before and around the arithmetic. */
#include "mlp_kernels.h"

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
