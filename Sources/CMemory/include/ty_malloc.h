/*
 * ty_malloc.h: how the process's allocator treats memory that was given back.
 */
#ifndef TY_MALLOC_H
#define TY_MALLOC_H

/* Keeps up to 64 MiB of it for the next use, also that of pieces of up to 32 MiB. Otherwise each copy of a model's state
 * goes into pages that the kernel has to find and clear: of 8 MB, in a checkpoint, 4 ms of 5. Does nothing where the
 * allocator cannot be told. */
void ty_malloc_keep(void);

#endif
