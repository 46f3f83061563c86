/* Telling what is in force: one walk over the settings, written as YAML or as JSON. */
#ifndef NCM_ENGINE_CONFIG_SHOW_H
#define NCM_ENGINE_CONFIG_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/config.h"

struct ncm_told {
    struct ncm_buf *yaml;  /* one of the two */
    struct ncm_json *json; /* an object is open */
    int level;             /* YAML: how deep */
    bool dash;             /* YAML: the next key begins an item of a list */
};

/* key as it stands in the file; value NULL: JSON says null, YAML nothing. */
void ncm_told_text(struct ncm_told *t, const char *key, const char *value);
/* As above, where the key is somebody's own word. */
void ncm_told_own_text(struct ncm_told *t, const char *key, const char *value);
void ncm_told_number(struct ncm_told *t, const char *key, int64_t value);
void ncm_told_real(struct ncm_told *t, const char *key, double value); /* NaN: nothing */
void ncm_told_flag(struct ncm_told *t, const char *key, bool value);
/* Nothing where there are none. */
void ncm_told_texts(struct ncm_told *t, const char *key, char *const *texts, size_t n);
/* A map below a key; quoted: the key is somebody's own word. */
void ncm_told_map(struct ncm_told *t, const char *key, bool quoted);
void ncm_told_end_map(struct ncm_told *t);
/* A list of maps below a key, and each of its items. */
void ncm_told_list(struct ncm_told *t, const char *key);
void ncm_told_end_list(struct ncm_told *t);
void ncm_told_item(struct ncm_told *t);
void ncm_told_end_item(struct ncm_told *t);

/* How an address is entered: names of variables and files, of a command its first word, of a secret
 * nothing. */
void ncm_told_login(struct ncm_told *t, const struct ncm_access *a);
void ncm_told_uri(struct ncm_told *t, const char *key, const char *uri);
/* Where a context's models are served. */
void ncm_told_deployments(struct ncm_told *t, const struct ncm_deploy_plan *p);
/* The watch of a context; the webhooks of a list. */
void ncm_told_watch(struct ncm_told *t, const struct ncm_config_context *x);
void ncm_told_webhooks(struct ncm_told *t, const struct ncm_webhook *list, size_t n);

#endif
