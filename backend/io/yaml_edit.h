/* Changing single keys of a YAML file that others write too: everything else stays as it stands. */
#ifndef NCM_IO_YAML_EDIT_H
#define NCM_IO_YAML_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum ncm_yaml_what {
    NCM_YAML_TEXT, /* NULL text: null */
    NCM_YAML_INT,
    NCM_YAML_TEXTS, /* a map of texts */
    NCM_YAML_EMPTY, /* an empty list */
    NCM_YAML_GONE,  /* the key is taken away */
};
struct ncm_yaml_edit {
    const char *key;
    enum ncm_yaml_what what;
    const char *text;
    int64_t i;
    const char *const *pairs; /* TEXTS: key, value, key, value …; NULL where n_pairs is 0 */
    size_t n_pairs;
};

/* Appends to out the document p[len] with the keys of its top map changed; new keys come before the
 * first one that is greater, as in a sorted map. p NULL: a new document. name: for messages. Texts
 * are quoted wherever YAML 1.1 or 1.2 could take them for something else.
 * Errors: as ncm_yaml_parse; NCM_INVALID_DATA where it is no map or a text is not UTF-8. */
bool ncm_yaml_edit(const char *name, const char *p, size_t len, const struct ncm_yaml_edit *edits,
                   size_t n, struct ncm_buf *out, struct ncm_err *err);

#endif
