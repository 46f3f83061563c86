/* A folder of its own for a test program, removed at the end. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <stddef.h>

/* The path of `name` in the scratch folder; static memory, good for the next 8 calls. */
const char *scratch(const char *name);
/* Writes a file there; returns its path. */
const char *scratch_file(const char *name, const void *p, size_t len);
void scratch_remove(void);

#endif
