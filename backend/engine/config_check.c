/* What the configuration names but this machine does not have. Looks, opens nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "engine/choose.h"
#include "engine/config.h"
#include "io/file.h"

enum { OTHERS_MAY_READ = 044 };

struct examined {
    const char *context;
    void (*add)(void *to, const char *sentence);
    void *to;
};

/* Takes sentence. */
static void tell(const struct examined *e, char *sentence)
{
    e->add(e->to, sentence);
    ncm_free(sentence);
}

static void examine_file(const struct examined *e, const char *key, const char *path, bool secret)
{
    struct ncm_file_info info = {0};
    struct ncm_err err;
    if (path == NULL) {
        return;
    }
    if (!ncm_file_stat(path, &info, &err)) {
        tell(e, ncm_sprintf(_("contexts.%s.tracking.%s: %s"), e->context, key, err.what));
    } else if (info.kind == NCM_FILE_NONE) {
        tell(e,
             ncm_sprintf(_("contexts.%s.tracking.%s: there is no file %s"), e->context, key, path));
    } else if (secret && (info.mode & OTHERS_MAY_READ) != 0) {
        tell(e, ncm_sprintf(_("contexts.%s.tracking.%s: others may read %s: chmod 600 closes it"),
                            e->context, key, path));
    }
}

static void examine_secret(const struct examined *e, const char *name, const struct ncm_secret *s)
{
    char *key = ncm_sprintf("%s-%s", name, s->kind == NCM_SECRET_ENV ? "env" : "file");
    const char *set = s->kind == NCM_SECRET_ENV ? getenv(s->from) : NULL;
    if (s->kind == NCM_SECRET_ENV && (set == NULL || set[0] == '\0')) {
        tell(e, ncm_sprintf(_("contexts.%s.tracking.%s: the variable %s is not set"), e->context,
                            key, s->from));
    } else if (s->kind == NCM_SECRET_FILE) {
        examine_file(e, key, s->from, true);
    }
    ncm_free(key);
}

/* A store on this machine; relative ones as the program takes them, from the file's own folder. */
static void examine_store(const struct examined *e, const struct ncm_config *c, const char *uri)
{
    const char *slash = c->path != NULL ? strrchr(c->path, '/') : NULL;
    char *dir = slash != NULL ? ncm_strndup(c->path, (size_t)(slash - c->path) + 1) : NULL;
    char *location = NULL;
    struct ncm_err err;
    if (uri != NULL && ncm_store_location(uri, dir, &location, &err) &&
        strstr(location, "://") == NULL) {
        examine_file(e, "uri", location, false);
    } else if (uri != NULL && location == NULL) {
        tell(e, ncm_sprintf(_("contexts.%s.tracking.%s: %s"), e->context, "uri", err.what));
    }
    ncm_free(location);
    ncm_free(dir);
}

void ncm_config_examine(const struct ncm_config *c, const char *context,
                        void (*add)(void *to, const char *sentence), void *to)
{
    for (size_t i = 0; i < c->n_contexts; i++) {
        const struct ncm_config_context *x = &c->contexts[i];
        const struct examined e = {x->name, add, to};
        if (context != NULL && strcmp(context, x->name) != 0) {
            continue;
        }
        examine_store(&e, c, x->tracking_uri);
        examine_secret(&e, "password", &x->access.password);
        examine_secret(&e, "token", &x->access.token);
        examine_file(&e, "ca", x->access.ca, false);
        examine_file(&e, "client-cert", x->access.cert, false);
        examine_file(&e, "client-key", x->access.key, true);
    }
}
