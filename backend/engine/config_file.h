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
    /* The part under way; NULL outside of one. */
    struct ncm_access *access; /* how its address is entered */
    char **address;
    const char *model;
    struct ncm_monitor *monitor;
    struct ncm_webhook *webhook;
    struct ncm_deploy_source *deploy;
};

/* NCM_USAGE at a place in the file. Takes what. */
bool ncm_config_wrong(struct ncm_config_reader *r, int line, int column, char *what);
bool ncm_config_wrong_at(struct ncm_config_reader *r, const struct ncm_node *n, char *what);
/* "…: WHAT" of an error of another's at a place in the file; its hint stays. */
bool ncm_config_wrong_as(struct ncm_config_reader *r, const struct ncm_node *n,
                         const struct ncm_err *why);
/* The first key of a part that begins so; the part itself where there is none. */
const struct ncm_node *ncm_config_key_of(const struct ncm_node *part, const char *prefix);
/* The last word of a setting's name: "protect". */
const char *ncm_config_leaf(const struct ncm_setting *row);
/* The context being read. */
struct ncm_config_context *ncm_config_last(const struct ncm_config_reader *r);

/* Takes one value; path is the whole name ("contexts.prod.protect"), row its setting. */
bool ncm_config_put(struct ncm_config_reader *r, const char *path, const struct ncm_setting *row,
                    const struct ncm_node *n);
/* Yes or no. */
bool ncm_config_truth(const struct ncm_node *n, bool *out);
/* A scalar that is neither empty, nor longer than a setting may be, nor of other words than the
 * row's. */
bool ncm_config_word(struct ncm_config_reader *r, const char *path, const struct ncm_setting *row,
                     const struct ncm_node *n);
/* A path as it is in force: absolute; of "sqlite:FILE?table=T" the file's part. "-" and addresses
 * stay. The caller frees. */
char *ncm_config_source(const struct ncm_config_reader *r, const char *text);

/* Before and after what is below a row is read: sets and checks the part under way. List: one call
 * an item. */
bool ncm_config_begin(struct ncm_config_reader *r, const struct ncm_setting *row,
                      const struct ncm_node *n);
bool ncm_config_end(struct ncm_config_reader *r, const struct ncm_setting *row,
                    const struct ncm_node *n);
/* Every context hears of what the whole file notifies; its own of the same name wins. */
void ncm_config_share_webhooks(struct ncm_config *c);

/* Which secret a key of a part that logs in names, and how; NULL for any other key. */
struct ncm_secret *ncm_config_secret(struct ncm_access *a, const char *key,
                                     enum ncm_secret_kind *kind);
/* Takes text. */
bool ncm_config_put_secret(struct ncm_config_reader *r, struct ncm_secret *s,
                           enum ncm_secret_kind kind, const struct ncm_node *n, char *text);
/* The text that a key of such a part sets; NULL where it sets none. */
char **ncm_config_login_text(struct ncm_access *a, const char *key);
/* A part that logs in as a whole: what contradicts itself is told. address_key: "uri", "url"; a
 * user and a password in the address become settings. */
bool ncm_config_login(struct ncm_config_reader *r, const struct ncm_node *n,
                      const char *address_key);

/* One value of a monitor; and the monitor as a whole. */
bool ncm_config_put_monitor(struct ncm_config_reader *r, const char *path,
                            const struct ncm_setting *row, const struct ncm_node *n);
bool ncm_config_begin_monitor(struct ncm_config_reader *r, const struct ncm_node *n);
bool ncm_config_end_monitor(struct ncm_config_reader *r, const struct ncm_node *n);

/* One value of a place where models are served; *taken is false for a key of its login. */
bool ncm_config_put_deploy(struct ncm_config_reader *r, const char *path,
                           const struct ncm_setting *row, const struct ncm_node *n, bool *taken);
bool ncm_config_begin_deploy(struct ncm_config_reader *r, const struct ncm_node *n);
bool ncm_config_end_deploy(struct ncm_config_reader *r, const struct ncm_node *n);

#endif
