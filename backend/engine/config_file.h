/* Between the files of the configuration: its table of settings, and a file being read. */
#ifndef NCM_ENGINE_CONFIG_FILE_H
#define NCM_ENGINE_CONFIG_FILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "engine/config.h"
#include "io/node.h"

/* The row of `key` below a parent row's path ("" for the top); NULL where there is none. */
const struct ncm_setting *ncm_config_row(const char *parent, const char *key);
/* The known key below that is most like `key`; NULL where none is near. */
const char *ncm_config_nearest(const char *parent, const char *key);
/* Whether word is one of "a|b|c". */
bool ncm_config_one_of(const char *list, const char *word);

/* Appends a YAML scalar in double quotes. */
void ncm_config_quote(struct ncm_buf *out, const char *s);

/* A file under way. */
struct ncm_config_reader {
    struct ncm_config *config;
    const char *file;
    char *dir; /* its folder: paths in it are relative to that */
    struct ncm_err *err;
    int secret_line, secret_column; /* where something stands that others must not read; 0: none */
};

/* NCM_USAGE at a place in the file. Takes what. */
bool ncm_config_wrong(struct ncm_config_reader *r, int line, int column, char *what);
bool ncm_config_wrong_at(struct ncm_config_reader *r, const struct ncm_node *n, char *what);
/* Takes one value; path is the whole name ("contexts.prod.protect"), row its setting. */
bool ncm_config_put(struct ncm_config_reader *r, const char *path, const struct ncm_setting *row,
                    const struct ncm_node *n);
/* A tracking part as a whole: what contradicts itself is told. path: "contexts.prod.tracking". */
bool ncm_config_tracking(struct ncm_config_reader *r, const struct ncm_node *n);

#endif
