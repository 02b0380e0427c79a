/*
 * gather_kernels.h: brings rows of a field into a batch, with the processor's best instructions.
 *
 * rows has count row numbers of a field that is whole in memory; NULL: the rows lie one after the other. Each row of
 * `to` is `stride` floats after the one before. Nothing is checked: the row numbers were, by the caller.
 */
#ifndef GATHER_KERNELS_H
#define GATHER_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* to = (from - center) * factor, computed in double and rounded once. */
void gather_bytes(float *to, ptrdiff_t stride, const uint8_t *from, const int64_t *rows, ptrdiff_t count,
                  ptrdiff_t width, double center, double factor);

/* to = from. Returns the first of the rows with a number that is not finite; -1: none. */
ptrdiff_t gather_floats(float *to, ptrdiff_t stride, const float *from, const int64_t *rows, ptrdiff_t count,
                        ptrdiff_t width);

/* The beginnings of rows that will be gathered soon, of `size` bytes each, come nearer while other work is done. */
void gather_announce(const void *from, const int64_t *rows, ptrdiff_t count, ptrdiff_t size);

#endif
