/* LIKE and ILIKE of MLflow's file store. For search_match.c only. */
#ifndef NCM_MODEL_SEARCH_LIKE_H
#define NCM_MODEL_SEARCH_LIKE_H

#include <stdbool.h>

#include "base/mem.h"

/* The file store turns a pattern into a regular expression (MLflow 3: search_utils.py): % any run
 * of characters but newlines, _ one that is no newline; the end may be before a last newline, and a
 * % at the end leaves the rest of the text alone. fold: case of any script aside, as Python's re.
 */
bool ncm_like_files(struct ncm_str text, struct ncm_str pattern, bool fold);

#endif
