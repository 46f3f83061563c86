/* A screen without a terminal, for tests of what is painted. */
#ifndef TESTS_UNIT_PAINTED_H
#define TESTS_UNIT_PAINTED_H

#include <stdbool.h>

/* A blank screen of this size; the one before is given back. */
void painted_begin(int rows, int cols);
void painted_end(void);
/* A row as text without trailing blanks; good for the next 4 calls. */
const char *painted_row(int y);
/* Whether any row holds it. */
bool painted_has(const char *text);

#endif
