/* What is there now: the compare of compare-and-set. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "model/rules.h"
#include "provider/mark.h"
#include "provider/mlflow_files/apply.h"
#include "provider/mlflow_files/registry.h"

/* Whether a text can be the name of one folder. */
static bool is_folder_name(const char *s)
{
    return s != NULL && s[0] != '\0' && strchr(s, '/') == NULL && strcmp(s, ".") != 0 &&
           strcmp(s, "..") != 0;
}

char *files_model_dir(struct files_writer *w, const char *name, struct ncm_err *err)
{
    char *dir = is_folder_name(name) ? ncm_sprintf("%s/models/%s", w->c->root, name) : NULL;
    if (dir != NULL && files_tx_is_folder(&w->tx, dir))
        return dir;
    ncm_free(dir);
    ncm_rules_no_model(name, err);
    return NULL;
}

/* Also of a deleted one; NULL where there is no such folder. */
static char *any_version_dir(struct files_writer *w, const char *model_dir, const char *version)
{
    int64_t n;
    if (version == NULL || !ncm_parse_i64(version, &n) || n < 1)
        return NULL;
    char *dir = ncm_sprintf("%s/version-%lld", model_dir, (long long)n);
    if (files_tx_is_folder(&w->tx, dir))
        return dir;
    ncm_free(dir);
    return NULL;
}

char *files_version_dir(struct files_writer *w, const char *name, const char *version,
                        struct ncm_err *err)
{
    struct ncm_err no_model;
    char *model = files_model_dir(w, name, &no_model);
    char *dir = model != NULL ? any_version_dir(w, model, version) : NULL;
    char *stage = NULL;
    ncm_free(model);
    if (dir != NULL && !files_doc_text(w, dir, "current_stage", &stage, err)) {
        ncm_free(dir);
        return NULL;
    }
    if (dir != NULL && stage != NULL && strcmp(stage, "Deleted_Internal") == 0) {
        ncm_free(dir);
        dir = NULL;
    }
    ncm_free(stage);
    if (dir == NULL)
        ncm_rules_no_version(name, version, err);
    return dir;
}

char *files_run_place(struct files_writer *w, const char *id, struct ncm_err *err)
{
    struct files_run *r;
    struct ncm_err unused;
    if (w->new_dir != NULL && strcmp(id, w->new_run) == 0)
        return ncm_strdup(w->new_dir);
    if (!files_find_run(w->c, id, &r, &unused)) {
        ncm_rules_no_run(id, err);
        return NULL;
    }
    return files_run_dir(w->c, r);
}

char *files_experiment_place(struct files_writer *w, const char *id, struct ncm_err *err)
{
    for (int trash = 0; trash < 2 && files_is_id(id, 64); trash++) {
        char *dir = ncm_sprintf("%s/%s%s", w->c->root, trash == 1 ? ".trash/" : "", id);
        char *meta = files_path(dir, "meta.yaml");
        bool there = files_tx_is_file(&w->tx, meta);
        ncm_free(meta);
        if (there)
            return dir;
        ncm_free(dir);
    }
    ncm_rules_no_experiment(id, err);
    return NULL;
}

bool files_doc(struct files_writer *w, const char *dir, struct ncm_doc **out, struct ncm_err *err)
{
    struct ncm_buf text;
    bool there;
    char *path = files_path(dir, "meta.yaml");
    ncm_buf_init(&text, FILES_VALUE_MOST + 1);
    bool ok = files_tx_read(&w->tx, path, &text, &there, err) &&
              (there || ncm_fail(err, NCM_NOT_FOUND, _("%s is not there"), path)) &&
              ncm_yaml_parse(path, text.p, text.len, out, err);
    ncm_buf_release(&text);
    ncm_free(path);
    return ok;
}

bool files_doc_text(struct files_writer *w, const char *dir, const char *key, char **out,
                    struct ncm_err *err)
{
    struct ncm_doc *doc;
    *out = NULL;
    if (!files_doc(w, dir, &doc, err))
        return false;
    const struct ncm_node *n = ncm_node_get(ncm_doc_root(doc), key);
    if (n != NULL && n->kind != NCM_NODE_NULL && n->kind != NCM_NODE_LIST &&
        n->kind != NCM_NODE_MAP)
        *out = ncm_strdup(n->str);
    ncm_doc_free(doc);
    return true;
}

bool files_entry(struct files_writer *w, const char *dir, const char *folder, const char *key,
                 char **value, struct ncm_err *err)
{
    struct ncm_buf text;
    bool there;
    *value = NULL;
    if (key == NULL || !files_is_key(key))
        return true;
    char *path = ncm_sprintf("%s/%s/%s", dir, folder, key);
    ncm_buf_init(&text, FILES_VALUE_MOST + 1);
    /* A folder of other keys is no value. */
    there = files_tx_is_file(&w->tx, path);
    bool ok = !there || files_tx_read(&w->tx, path, &text, &there, err);
    if (ok && there)
        *value = ncm_buf_take(&text);
    ncm_buf_release(&text);
    ncm_free(path);
    return ok;
}

bool files_is_active(struct files_writer *w, const char *dir, bool *active, struct ncm_err *err)
{
    char *stage;
    if (!files_doc_text(w, dir, "lifecycle_stage", &stage, err))
        return false;
    *active = stage == NULL || strcmp(stage, "deleted") != 0;
    ncm_free(stage);
    return true;
}

/* ---- registry ---- */

/* A transition tag may be asked for on a deleted version, or (version NULL) on any of the model:
 * it is how an unfinished change is settled. */
static bool transition_tag(struct files_writer *w, const struct ncm_change *ch, char **value,
                           struct ncm_err *err)
{
    struct files_names names = {0};
    char *model = files_model_dir(w, ch->object, err);
    bool ok = model != NULL;
    if (ok && ch->version == NULL)
        files_tx_list(&w->tx, model, &names);
    for (size_t i = 0; ok && i < names.n && *value == NULL; i++) {
        char *dir = files_path(model, names.items[i]);
        if (files_version_number(names.items[i]) > 0)
            ok = files_entry(w, dir, "tags", ch->key, value, err);
        ncm_free(dir);
    }
    if (ok && ch->version != NULL) {
        char *dir = any_version_dir(w, model, ch->version);
        ok = dir != NULL ? files_entry(w, dir, "tags", ch->key, value, err)
                         : ncm_rules_no_version(ch->object, ch->version, err);
        ncm_free(dir);
    }
    files_tx_names_free(&names);
    ncm_free(model);
    return ok;
}

static bool present_version(struct files_writer *w, const struct ncm_change *ch, char **value,
                            struct ncm_err *err)
{
    if (ch->kind == NCM_CH_VERSION_CREATE)
        return true;
    if (ch->kind == NCM_CH_VERSION_TAG &&
        strncmp(ch->key, NCM_MARK_PREFIX, strlen(NCM_MARK_PREFIX)) == 0)
        return transition_tag(w, ch, value, err);
    char *dir = files_version_dir(w, ch->object, ch->version, err);
    bool ok = dir != NULL;
    if (ok && ch->kind == NCM_CH_VERSION_TAG)
        ok = files_entry(w, dir, "tags", ch->key, value, err);
    else if (ok)
        ok = files_doc_text(
            w, dir, ch->kind == NCM_CH_VERSION_NOTE ? "description" : "current_stage", value, err);
    ncm_free(dir);
    return ok;
}

/* How many versions there are to lose. */
static bool count_versions(struct files_writer *w, const char *name, const char *dir, char **value,
                           struct ncm_err *err)
{
    struct files_names names;
    struct ncm_err unused;
    long long n = 0;
    (void)err;
    files_tx_list(&w->tx, dir, &names);
    for (size_t i = 0; i < names.n; i++) {
        if (files_version_number(names.items[i]) == 0)
            continue;
        char *version = files_version_dir(w, name, names.items[i] + 8, &unused);
        n += version != NULL;
        ncm_free(version);
    }
    files_tx_names_free(&names);
    *value = ncm_sprintf("%lld", n);
    return true;
}

static bool present_model(struct files_writer *w, const struct ncm_change *ch, char **value,
                          struct ncm_err *err)
{
    struct ncm_err no_model;
    char *dir = files_model_dir(w, ch->object, &no_model);
    if (ch->kind == NCM_CH_MODEL_CREATE) {
        *value = dir != NULL ? ncm_strdup(ch->object) : NULL;
        ncm_free(dir);
        return true;
    }
    if (dir == NULL) {
        *err = no_model;
        return false;
    }
    bool ok = true;
    if (ch->kind == NCM_CH_ALIAS)
        ok = files_entry(w, dir, "aliases", ch->key, value, err);
    else if (ch->kind == NCM_CH_MODEL_TAG)
        ok = files_entry(w, dir, "tags", ch->key, value, err);
    else if (ch->kind == NCM_CH_MODEL_NOTE)
        ok = files_doc_text(w, dir, "description", value, err);
    else if (ch->kind == NCM_CH_MODEL_DELETE)
        ok = count_versions(w, ch->object, dir, value, err);
    else
        *value = ncm_strdup(ch->object);
    ncm_free(dir);
    return ok;
}

/* ---- tracking ---- */

static bool present_new_run(struct files_writer *w, const struct ncm_change *ch, char **value)
{
    struct ncm_err unused;
    char *dir = ch->key != NULL ? files_run_place(w, ch->key, &unused) : NULL;
    *value = dir != NULL ? ncm_strdup(ch->key) : NULL;
    ncm_free(dir);
    return true;
}

static bool present_run(struct files_writer *w, const struct ncm_change *ch, char **value,
                        struct ncm_err *err)
{
    if (ch->kind == NCM_CH_RUN_CREATE) /* whether the id that was chosen is taken */
        return present_new_run(w, ch, value);
    char *dir = files_run_place(w, ch->object, err);
    bool ok = dir != NULL, active;
    if (ok && ch->kind == NCM_CH_RUN_METRIC) {
        ok = files_present_point(w, ch, dir, value, err);
    } else if (ok && ch->kind == NCM_CH_RUN_STATUS) {
        ok = files_present_status(w, dir, value, err);
    } else if (ok && ch->kind == NCM_CH_RUN_LIFECYCLE) {
        ok = files_is_active(w, dir, &active, err);
        *value = ok ? ncm_strdup(active ? "active" : "deleted") : NULL;
    } else if (ok && ch->kind == NCM_CH_RUN_NAME) {
        ok = files_doc_text(w, dir, "run_name", value, err);
        if (ok && (*value == NULL || **value == '\0')) {
            ncm_free(*value);
            ok = files_entry(w, dir, "tags", "mlflow.runName", value, err);
        }
    } else if (ok) {
        ok = files_entry(w, dir, "tags",
                         ch->kind == NCM_CH_RUN_NOTE ? "mlflow.note.content" : ch->key, value, err);
    }
    ncm_free(dir);
    return ok;
}

static bool present_experiment(struct files_writer *w, const struct ncm_change *ch, char **value,
                               struct ncm_err *err)
{
    bool deleted;
    if (ch->kind == NCM_CH_EXPERIMENT_CREATE) {
        *value = files_experiment_named(w, ch->to, &deleted) ? ncm_strdup(ch->to) : NULL;
        return true;
    }
    char *dir = files_experiment_place(w, ch->object, err);
    bool ok = dir != NULL;
    if (ok && ch->kind == NCM_CH_EXPERIMENT_TAG) {
        ok = files_entry(w, dir, "tags", ch->key, value, err);
    } else if (ok && ch->kind == NCM_CH_EXPERIMENT_NAME) {
        ok = files_doc_text(w, dir, "name", value, err);
    } else if (ok) {
        /* Where it lies is what counts. */
        *value = ncm_strdup(files_in_trash(w, dir) ? "deleted" : "active");
    }
    ncm_free(dir);
    return ok;
}

bool files_in_trash(const struct files_writer *w, const char *dir)
{
    const char *inner = dir + strlen(w->c->root);
    return strncmp(inner, "/.trash/", 8) == 0;
}

bool files_experiment_named(struct files_writer *w, const char *name, bool *deleted)
{
    for (int trash = 0; trash < 2 && name != NULL; trash++) {
        struct files_names names;
        bool found = false;
        char *root = trash == 1 ? files_path(w->c->root, ".trash") : ncm_strdup(w->c->root);
        files_tx_list(&w->tx, root, &names);
        for (size_t i = 0; i < names.n && !found; i++) {
            struct ncm_err unused;
            char *taken = NULL, *dir = files_path(root, names.items[i]);
            found = files_is_id(names.items[i], 64) && strcmp(names.items[i], "models") != 0 &&
                    files_doc_text(w, dir, "name", &taken, &unused) && taken != NULL &&
                    strcmp(taken, name) == 0;
            ncm_free(taken);
            ncm_free(dir);
        }
        files_tx_names_free(&names);
        ncm_free(root);
        *deleted = trash == 1;
        if (found)
            return true;
    }
    return false;
}

bool files_present_of(struct files_writer *w, const struct ncm_change *ch, char **value,
                      struct ncm_err *err)
{
    bool ok;
    *value = NULL;
    if (ch->kind < NCM_CH_RUN_TAG && w->release < 2)
        return ncm_fail(err, NCM_UNSUPPORTED, _("this store has no model registry"));
    if (ch->kind < NCM_CH_ALIAS)
        ok = present_version(w, ch, value, err);
    else if (ch->kind < NCM_CH_RUN_TAG)
        ok = present_model(w, ch, value, err);
    else if (ch->kind < NCM_CH_EXPERIMENT_CREATE)
        ok = present_run(w, ch, value, err);
    else
        ok = present_experiment(w, ch, value, err);
    if (!ok) {
        ncm_free(*value);
        *value = NULL;
    }
    return ok;
}
