/* The configuration file: contexts, theme, keys. Made from one table of settings (config_table.c)
 * from which `config init`, the man page and "unknown key, did you mean …" are made too. */
#ifndef NCM_ENGINE_CONFIG_H
#define NCM_ENGINE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "engine/deploy_plan.h"
#include "engine/watch_plan.h"
#include "io/access.h"

struct ncm_buf;  /* base/buf.h */
struct ncm_json; /* io/node.h */

struct ncm_config_context {
    char *name;
    bool protect;
    bool read_only;
    char *tracking_uri;          /* as written, without user and password; NULL where absent */
    char *registry_uri;          /* likewise */
    struct ncm_access access;    /* how both are entered */
    struct ncm_watch_plan watch; /* its webhooks: its own first, then those of the whole file */
    size_t n_own_webhooks;
    struct ncm_deploy_plan deploy; /* where models are served */
    int line;
};

struct ncm_config_key {
    char *action; /* "promote" */
    char *keys;   /* "P" or "P, F4" */
    int line, column;
};

struct ncm_config {
    char *path;            /* file it came from; NULL: none */
    char *current_context; /* NULL: none */
    struct ncm_config_context *contexts;
    size_t n_contexts;
    char *theme;    /* "dark" "light" "mono" or a file's path; NULL: default */
    char *language; /* "en" "ko"; NULL: environment */
    char *plot;     /* "braille" "quadrant" "ascii"; NULL: choose */
    bool ascii, mouse, clock, bell;
    int escdelay_ms; /* 25 */
    int64_t wall_cycle_ms; /* the on-call wall shows the next model after it; 0: it does not */
    struct ncm_config_key *keys;
    size_t n_keys;
    struct ncm_webhook *webhooks; /* of the whole file: every context has a copy */
    size_t n_webhooks;
    char **warnings; /* "file:line:column: …", to be shown, not fatal */
    size_t n_warnings;
};

/* path NULL: the default place, and no file there is fine. A file that was named must exist.
 * Errors NCM_INVALID_DATA / NCM_USAGE "file:line:column: unknown key 'them', did you mean
 * 'theme'?"; NCM_NOT_FOUND. */
bool ncm_config_load(const char *path, struct ncm_config **out, struct ncm_err *err);
void ncm_config_free(struct ncm_config *c);
const struct ncm_config_context *ncm_config_find(const struct ncm_config *c, const char *name);
/* Its store for people, as the header would say it; NULL where it names none. The caller frees. */
char *ncm_config_label(const struct ncm_config *c, const struct ncm_config_context *context);
/* Default path (caller frees); commented text for `config init` (caller frees). */
char *ncm_config_default_path(void);
char *ncm_config_template(const char *context, const char *tracking_uri, bool protect);
/* The store that would be opened without a configuration: what lies in the folder or what
 * MLFLOW_TRACKING_URI names; NULL where there is none. The caller frees. */
char *ncm_config_suggestion(void);
/* A store as somebody typed it, in the form that a file anywhere can hold: an absolute path, or the
 * address. The caller frees. NCM_USAGE. */
bool ncm_config_store(const char *typed, char **out, struct ncm_err *err);
/* Whether the template leaves out a password that this address holds. */
bool ncm_config_secret_left_out(const char *tracking_uri);
/* The configuration as it is in force, without secrets, as YAML text (caller frees). */
char *ncm_config_show(const struct ncm_config *c);
/* The same as an object with the file's own keys; what is not set is null. */
void ncm_config_json(const struct ncm_config *c, struct ncm_json *j);

/* What is named but not there, one whole sentence a fault: a variable that is not set, a file that
 * is missing or that others may read. context NULL: of all. Opens nothing, runs nothing. */
void ncm_config_examine(const struct ncm_config *c, const char *context,
                        void (*add)(void *to, const char *sentence), void *to);

struct ncm_setting {
    const char *path;   /* "theme", "contexts.*.protect" */
    const char *type;   /* "text" "path" "rows" "variable" "yes/no" "number" "duration" "share"
                           "names"   "keys" "map", "list" of maps, "any" */
    const char *values; /* "dark|light|mono" or NULL */
    const char *initial;
    const char *help; /* msgid */
    bool later;       /* accepted with everything below it, but not used yet */
};
/* The table, ended by path == NULL. */
extern const struct ncm_setting ncm_settings[];

#endif
