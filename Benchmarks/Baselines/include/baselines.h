/*
 * baselines.h: what the benchmarks compare with. Each function does the same work as the host or the built-in
 * model does, with nothing around it, and returns the seconds it took.
 */
#ifndef BASELINES_H
#define BASELINES_H

#include <stddef.h>
#include <stdint.h>

/* Opens a plugin and calls on_batch_begin and on_batch_end of its first component through the pointers of its
 * table, once each for every instance and batch. Negative: it cannot be opened. */
double baseline_hook_calls(const char *library, long instances, long batches);

/* Steps of a 4-8-1 model with relu, squared error, batch 32 and plain SGD on shuffled rows. */
double baseline_tiny_steps(long steps);

/* Opens folder/lib0.so, lib1.so, … one after the other, and looks up the entry in each. */
double baseline_open_libraries(const char *folder, long count);

/* A measure as somebody might have written it: the mean of the squared differences. */
double baseline_mean_square(const float *prediction, const float *target, size_t count);

/* Calls baseline_mean_square() of a library through a pointer. Negative: it cannot be opened. */
double baseline_direct_calls(const char *library, const float *prediction, const float *target, size_t count,
                             long calls);

/* One call of an empty function with the arguments of a small measure, through a pointer. */
double baseline_small(double a, double b);
double baseline_small_calls(const char *library, long calls);

/* Writes and syncs count bytes as one file and renames it. Negative: it cannot be written. */
double baseline_write(const char *path, size_t count);

/* Reads a file and calls strtod on each cell behind its first line. Negative: it cannot be read. */
double baseline_parse_numbers(const char *path);

/* Reads a file and counts its lines, as wc does. Negative: it cannot be read, or has none. */
double baseline_count_lines(const char *path);

double baseline_now(void); /* CLOCK_MONOTONIC in seconds */

#endif
