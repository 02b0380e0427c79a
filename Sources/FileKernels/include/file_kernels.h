/*
 * file_kernels.h: what is done with the bytes of a file on their way to the disk.
 */
#ifndef FILE_KERNELS_H
#define FILE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 as zlib's crc32() computes it, of `count` more bytes behind those that gave `crc`; 0: there were none before. With
 * the processor's carry-less multiplication where it has one. */
uint32_t file_checksum(uint32_t crc, const void *bytes, size_t count);

/* Copies what is to be written later, by another thread: past the caches, where that is of use, so that the copy is made
 * sooner and nothing is lost from them that the caller goes on with. */
void file_copy(void *to, const void *from, size_t count);

/* Reserves room for `count` bytes in a new file, whose size stays what it is: a file system that has its blocks together
 * before anything is written syncs faster. Where it cannot be had, what is written will say so. */
void file_reserve(int file, int64_t count);

#endif
