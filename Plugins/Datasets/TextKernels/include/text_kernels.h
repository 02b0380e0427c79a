/*
 * text_kernels.h: reads numbers from text, and looks at much text at once.
 *
 * Every text goes on with a byte that is not part of a number, and up to TEXT_SPARE bytes after it may be looked at.
 */
#ifndef TEXT_KERNELS_H
#define TEXT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_SPARE 64

/*
 * Reads a decimal number such as -1.5e3, rounded to nearest, ties to even, whatever the locale. Returns where it
 * stopped; NULL: there is none. *is_hard is set to 1, and *value not to the number, where the digits are too many or
 * the exponent too large for the ways that are used here.
 */
const uint8_t *text_decimal(const uint8_t *text, double *value, int *is_hard);

/*
 * Reads cells that are plain numbers, one for each column: to columns[i][row], up to a column that is NULL, a cell
 * that is anything else, or the end of the row. Returns how many; *cursor is then behind their separators, or at the
 * line end that follows the last.
 */
ptrdiff_t text_cells(const uint8_t **cursor, uint8_t separator, double *const *columns, ptrdiff_t count,
                     ptrdiff_t row);

typedef struct {
  /* Line ends: LF, CR and CRLF. */
  ptrdiff_t lines;
  /* Double quotes. */
  ptrdiff_t quotes;
  /* The first byte that is zero or does not go on a text in UTF-8; -1: none. */
  ptrdiff_t bad;
} text_facts;

/* Where a byte is bad, the counts are of what lies before it or a little more. */
text_facts text_look(const uint8_t *text, ptrdiff_t count);

#endif
