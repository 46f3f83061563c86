/* Changes of registered models and their aliases, file by file as MLflow makes them. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "provider/mlflow_files/apply.h"
#include "provider/mlflow_files/registry.h"

static int by_name(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

/* The map of the model's meta.yaml repeats the files in aliases/. */
static bool alias_pairs(struct files_writer *w, const char *dir, struct files_names *pairs,
                        struct ncm_err *err)
{
    struct files_names names;
    char *folder = files_path(dir, "aliases");
    bool ok = true;
    *pairs = (struct files_names){0};
    files_tx_list(&w->tx, folder, &names);
    if (names.n > 1)
        qsort(names.items, names.n, sizeof(char *), by_name);
    for (size_t i = 0; ok && i < names.n; i++) {
        char *version;
        ok = files_entry(w, dir, "aliases", names.items[i], &version, err);
        if (!ok || version == NULL)
            continue;
        for (int k = 0; k < 2; k++) {
            pairs->items = ncm_grow(pairs->items, pairs->n, &pairs->cap, sizeof(char *));
            pairs->items[pairs->n++] = k == 0 ? ncm_strdup(names.items[i]) : version;
        }
    }
    files_tx_names_free(&names);
    ncm_free(folder);
    return ok;
}

bool files_touch_model(struct files_writer *w, const char *dir, bool aliases, struct ncm_err *err)
{
    struct files_names pairs = {0};
    if (aliases && !alias_pairs(w, dir, &pairs, err)) {
        files_tx_names_free(&pairs);
        return false;
    }
    const struct ncm_yaml_edit edits[] = {
        {.key = "last_updated_timestamp", .what = NCM_YAML_INT, .i = w->now_ms},
        {.key = "aliases",
         .what = NCM_YAML_TEXTS,
         .pairs = (const char *const *)pairs.items,
         .n_pairs = pairs.n / 2},
    };
    bool ok = files_edit(w, dir, edits, aliases ? 2 : 1, err);
    files_tx_names_free(&pairs);
    return ok;
}

static bool model_create(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    const struct ncm_yaml_edit edits[] = {
        {.key = "aliases", .what = NCM_YAML_TEXTS},
        {.key = "creation_timestamp", .what = NCM_YAML_INT, .i = w->now_ms},
        {.key = "description", .what = NCM_YAML_TEXT, .text = ch->to},
        {.key = "last_updated_timestamp", .what = NCM_YAML_INT, .i = w->now_ms},
        {.key = "name", .what = NCM_YAML_TEXT, .text = ch->object},
    };
    char *dir = ncm_sprintf("%s/models/%s", w->c->root, ch->object);
    bool ok = files_make(w, w->c->root, dir, edits, sizeof(edits) / sizeof(edits[0]), err);
    ncm_free(dir);
    return ok;
}

/* MLflow's own file store copies the model into a new folder and loses its tags and aliases on the
 * way; here the folder moves with all it holds, as in MLflow's other stores. */
static bool model_rename(struct files_writer *w, const struct ncm_change *ch, const char *dir,
                         struct ncm_err *err)
{
    const struct ncm_yaml_edit edits[] = {
        {.key = "name", .what = NCM_YAML_TEXT, .text = ch->to},
        {.key = "last_updated_timestamp", .what = NCM_YAML_INT, .i = w->now_ms},
    };
    struct files_names names;
    char *to = ncm_sprintf("%s/models/%s", w->c->root, ch->to);
    files_tx_move(&w->tx, dir, to);
    files_tx_list(&w->tx, to, &names);
    bool ok = files_edit(w, to, edits, 2, err);
    for (size_t i = 0; ok && i < names.n; i++) {
        char *version = files_path(to, names.items[i]), *meta = files_path(version, "meta.yaml");
        if (files_version_number(names.items[i]) > 0 && files_tx_is_file(&w->tx, meta))
            ok = files_edit(w, version, edits, 2, err);
        ncm_free(meta);
        ncm_free(version);
    }
    files_tx_names_free(&names);
    ncm_free(to);
    return ok;
}

/* Both the version that gets the alias and the one that loses it carry the transition. */
static bool alias_marks(struct files_writer *w, const struct ncm_change *ch, const char *from,
                        struct ncm_err *err)
{
    if (from != NULL && ch->to != NULL && strcmp(from, ch->to) == 0)
        return true;
    return (from == NULL || files_mark(w, ch->object, from, ch->key, from, ch->to, err)) &&
           (ch->to == NULL || files_mark(w, ch->object, ch->to, ch->key, from, ch->to, err));
}

static bool alias(struct files_writer *w, const struct ncm_change *ch, const char *dir,
                  struct ncm_err *err)
{
    char *from;
    if (!files_entry(w, dir, "aliases", ch->key, &from, err))
        return false;
    files_put(w, dir, "aliases", ch->key, ch->to);
    bool ok = files_touch_model(w, dir, true, err) && alias_marks(w, ch, from, err);
    ncm_free(from);
    return ok;
}

static bool model_note(struct files_writer *w, const struct ncm_change *ch, const char *dir,
                       struct ncm_err *err)
{
    const struct ncm_yaml_edit edits[] = {
        {.key = "description", .what = NCM_YAML_TEXT, .text = ch->to},
        {.key = "last_updated_timestamp", .what = NCM_YAML_INT, .i = w->now_ms},
    };
    return files_edit(w, dir, edits, 2, err);
}

bool files_apply_model(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    if (ch->kind == NCM_CH_MODEL_CREATE)
        return model_create(w, ch, err);
    char *dir = files_model_dir(w, ch->object, err);
    bool ok = dir != NULL;
    if (!ok)
        return false;
    switch (ch->kind) {
    case NCM_CH_ALIAS:
        ok = alias(w, ch, dir, err);
        break;
    case NCM_CH_MODEL_RENAME:
        ok = model_rename(w, ch, dir, err);
        break;
    case NCM_CH_MODEL_TAG:
        files_put(w, dir, "tags", ch->key, ch->to);
        ok = files_touch_model(w, dir, false, err);
        break;
    case NCM_CH_MODEL_NOTE:
        ok = model_note(w, ch, dir, err);
        break;
    case NCM_CH_MODEL_DELETE:
        files_tx_delete(&w->tx, dir);
        break;
    default:
        ncm_bug("files_apply_model: change kind %d", (int)ch->kind);
    }
    ncm_free(dir);
    return ok;
}
