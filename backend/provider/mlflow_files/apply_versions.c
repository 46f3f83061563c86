/* Changes of model versions, file by file as MLflow makes them, and our transition tag beside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "model/rules.h"
#include "provider/logged.h"
#include "provider/mark.h"
#include "provider/mlflow_files/apply.h"
#include "provider/mlflow_files/registry.h"

static char *model_dir_of(const char *version_dir)
{
    return ncm_strndup(version_dir, (size_t)(strrchr(version_dir, '/') - version_dir));
}

bool files_mark(struct files_writer *w, const char *model, const char *version, const char *alias,
                const char *from, const char *to, struct ncm_err *err)
{
    int64_t n;
    if (w->mark == NULL || version == NULL || !ncm_parse_i64(version, &n))
        return true;
    char *dir = ncm_sprintf("%s/models/%s/version-%lld", w->c->root, model, (long long)n);
    char *key = ncm_sprintf(NCM_MARK_PREFIX "%s", w->mark->audit_id), *taken = NULL;
    /* A dangling alias names a version that is gone: nothing may hang on it. */
    bool there = files_tx_is_folder(&w->tx, dir);
    bool ok = !there || files_entry(w, dir, "tags", key, &taken, err);
    if (ok && there) {
        struct ncm_buf text;
        if (taken != NULL) { /* two changes of one version under one id get a key each */
            ncm_free(key);
            key = ncm_sprintf(NCM_MARK_PREFIX "%s.%zu", w->mark->audit_id, w->n_marks);
        }
        ncm_buf_init(&text, 1 << 20);
        ncm_mark_text(w->mark, w->now_ms, alias, from, to, &text);
        files_put(w, dir, "tags", key, text.p);
        ncm_buf_release(&text);
        w->n_marks++;
    }
    ncm_free(taken);
    ncm_free(key);
    ncm_free(dir);
    return ok;
}

/* Where the others were to make room: one that came meanwhile was not in the plan. */
static bool is_alone(struct files_writer *w, const struct ncm_change *ch, const char *model_dir,
                     const char *version_dir, const char *stage, struct ncm_err *err)
{
    struct files_names names;
    bool alone = true;
    if (ch->extra == NULL || strcmp(ch->extra, "alone") != 0)
        return true;
    files_tx_list(&w->tx, model_dir, &names);
    for (size_t i = 0; alone && i < names.n; i++) {
        struct ncm_err unused;
        char *dir = files_path(model_dir, names.items[i]), *other = NULL;
        if (files_version_number(names.items[i]) > 0 && strcmp(dir, version_dir) != 0 &&
            files_doc_text(w, dir, "current_stage", &other, &unused) && other != NULL &&
            strcmp(other, stage) == 0) {
            ncm_fail(err, NCM_CONFLICT,
                     _("%s version %s came to %s meanwhile; nothing was written"), ch->object,
                     names.items[i] + 8, stage);
            alone = ncm_hint(err, _("look at the present state and decide again"));
        }
        ncm_free(other);
        ncm_free(dir);
    }
    files_tx_names_free(&names);
    return alone;
}

static bool set_stage(struct files_writer *w, const char *dir, const char *stage,
                      struct ncm_err *err)
{
    const struct ncm_yaml_edit edits[] = {
        {.key = "current_stage", .what = NCM_YAML_TEXT, .text = stage},
        {.key = "last_updated_timestamp", .what = NCM_YAML_INT, .i = w->now_ms},
    };
    return files_edit(w, dir, edits, 2, err);
}

static bool version_stage(struct files_writer *w, const struct ncm_change *ch, const char *dir,
                          const char *model_dir, struct ncm_err *err)
{
    enum ncm_stage stage;
    char *from;
    if (!ncm_stage_of(ch->to, &stage) || !files_doc_text(w, dir, "current_stage", &from, err))
        return false;
    const char *to = ncm_stage_name(stage);
    bool ok = set_stage(w, dir, to, err) && files_touch_model(w, model_dir, false, err) &&
              is_alone(w, ch, model_dir, dir, to, err) &&
              ((from != NULL && strcmp(from, to) == 0) ||
               files_mark(w, ch->object, ch->version, NULL, from, to, err));
    ncm_free(from);
    return ok;
}

static bool version_note(struct files_writer *w, const struct ncm_change *ch, const char *dir,
                         struct ncm_err *err)
{
    const struct ncm_yaml_edit edits[] = {
        {.key = "description", .what = NCM_YAML_TEXT, .text = ch->to},
        {.key = "last_updated_timestamp", .what = NCM_YAML_INT, .i = w->now_ms},
    };
    return files_edit(w, dir, edits, 2, err);
}

/* The aliases of a version that goes, go with it. */
static bool drop_aliases(struct files_writer *w, const char *model_dir, const char *version,
                         bool *any, struct ncm_err *err)
{
    struct files_names names;
    char *folder = files_path(model_dir, "aliases");
    bool ok = true;
    *any = false;
    files_tx_list(&w->tx, folder, &names);
    for (size_t i = 0; ok && i < names.n; i++) {
        char *of = NULL;
        ok = files_entry(w, model_dir, "aliases", names.items[i], &of, err);
        if (ok && of != NULL && strcmp(of, version) == 0) {
            files_put(w, model_dir, "aliases", names.items[i], NULL);
            *any = true;
        }
        ncm_free(of);
    }
    files_tx_names_free(&names);
    ncm_free(folder);
    return ok;
}

static bool version_delete(struct files_writer *w, const struct ncm_change *ch, const char *dir,
                           const char *model_dir, struct ncm_err *err)
{
    char *from;
    bool any;
    if (!files_doc_text(w, dir, "current_stage", &from, err))
        return false;
    bool ok = set_stage(w, dir, "Deleted_Internal", err) &&
              drop_aliases(w, model_dir, strrchr(dir, '-') + 1, &any, err) &&
              files_touch_model(w, model_dir, any, err) &&
              files_mark(w, ch->object, ch->version, NULL, from, "Deleted", err);
    ncm_free(from);
    return ok;
}

/* ---- a new version ---- */

static int64_t next_number(struct files_writer *w, const char *model_dir)
{
    struct files_names names;
    int64_t highest = 0;
    files_tx_list(&w->tx, model_dir, &names);
    for (size_t i = 0; i < names.n; i++) {
        int64_t n = files_version_number(names.items[i]);
        highest = n > highest ? n : highest;
    }
    files_tx_names_free(&names);
    return highest + 1;
}

/* Where a version's files lie: its source, or what that names within the store. */
struct origin {
    char *location, *run;
    char *logged_dir; /* folder of the logged model it is made from */
    char *logged_id;
};

static void origin_free(struct origin *o)
{
    ncm_free(o->location);
    ncm_free(o->run);
    ncm_free(o->logged_dir);
    ncm_free(o->logged_id);
}

/* "models:/m-…" */
static bool from_logged(struct files_writer *w, const char *id, struct origin *o,
                        struct ncm_err *err)
{
    struct ncm_arena *a = ncm_arena_new();
    struct files_logged_meta m;
    struct ncm_buf scratch;
    ncm_buf_init(&scratch, FILES_META_MOST + 1);
    for (size_t i = 0; i < w->c->n_experiments && o->logged_dir == NULL; i++) {
        const struct files_experiment *e = w->c->experiments[i];
        if (!e->there || !e->ok || !files_read_logged(e->dir, id, a, &m, &scratch))
            continue;
        o->logged_dir = ncm_sprintf("%s/models/%s", e->dir, id);
        o->logged_id = ncm_strdup(id);
        o->location = ncm_strdup(m.model.artifact_location.p);
        if (o->run == NULL)
            o->run = ncm_strdup(m.source_run.p);
    }
    ncm_buf_release(&scratch);
    ncm_arena_free(a);
    return o->logged_dir != NULL ||
           ncm_fail(err, NCM_NOT_FOUND, _("there is no logged model '%s'"), id);
}

/* "models:/NAME/VERSION" or "models:/NAME@ALIAS": where that version's files lie. */
static bool from_version(struct files_writer *w, const char *rest, struct origin *o,
                         struct ncm_err *err)
{
    const char *slash = strrchr(rest, '/'), *at = strrchr(rest, '@');
    const char *cut = slash != NULL ? slash : at;
    char *name = ncm_strndup(rest, cut != NULL ? (size_t)(cut - rest) : strlen(rest));
    char *version = cut == slash && cut != NULL ? ncm_strdup(cut + 1) : NULL, *dir = NULL;
    bool ok = true;
    if (version == NULL && at != NULL) {
        char *model = files_model_dir(w, name, err);
        ok = model != NULL && files_entry(w, model, "aliases", at + 1, &version, err);
        ncm_free(model);
    }
    ok = ok && (dir = files_version_dir(w, name, version, err)) != NULL &&
         files_doc_text(w, dir, "storage_location", &o->location, err) &&
         (o->location != NULL || files_doc_text(w, dir, "source", &o->location, err));
    ncm_free(dir);
    ncm_free(version);
    ncm_free(name);
    return ok;
}

static bool link_logged(struct files_writer *w, const struct origin *o, const char *name,
                        int64_t version, struct ncm_err *err)
{
    struct ncm_buf text;
    char *old;
    if (o->logged_dir == NULL)
        return true;
    if (!files_entry(w, o->logged_dir, "tags", NCM_LOGGED_VERSIONS, &old, err))
        return false;
    ncm_buf_init(&text, 1 << 20);
    ncm_logged_versions(old, name, version, &text);
    files_put(w, o->logged_dir, "tags", NCM_LOGGED_VERSIONS, text.p);
    ncm_buf_release(&text);
    ncm_free(old);
    return true;
}

/* The keys that the release writes, in their order. */
static bool make_version(struct files_writer *w, const struct ncm_change *ch, const char *model_dir,
                         int64_t n, const struct origin *o, struct ncm_err *err)
{
    const struct ncm_yaml_edit all[] = {
        {.key = "aliases", .what = NCM_YAML_EMPTY},
        {.key = "creation_timestamp", .what = NCM_YAML_INT, .i = w->now_ms},
        {.key = "current_stage", .what = NCM_YAML_TEXT, .text = "None"},
        {.key = "description", .what = NCM_YAML_TEXT, .text = ch->extra},
        {.key = "last_updated_timestamp", .what = NCM_YAML_INT, .i = w->now_ms},
        {.key = "model_id", .what = NCM_YAML_TEXT, .text = o->logged_id},
        {.key = "name", .what = NCM_YAML_TEXT, .text = ch->object},
        {.key = "run_id", .what = NCM_YAML_TEXT, .text = o->run},
        {.key = "run_link", .what = NCM_YAML_TEXT},
        {.key = "source", .what = NCM_YAML_TEXT, .text = ch->to},
        {.key = "status", .what = NCM_YAML_TEXT, .text = "READY"},
        {.key = "status_message", .what = NCM_YAML_TEXT},
        {.key = "storage_location",
         .what = NCM_YAML_TEXT,
         .text = o->location != NULL ? o->location : ch->to},
        {.key = "user_id", .what = NCM_YAML_TEXT},
        {.key = "version", .what = NCM_YAML_INT, .i = n},
    };
    struct ncm_yaml_edit edits[sizeof(all) / sizeof(all[0])];
    size_t n_edits = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(all[i].key, w->release >= 3 ? "aliases" : "model_id") != 0)
            edits[n_edits++] = all[i];
    char *dir = ncm_sprintf("%s/version-%lld", model_dir, (long long)n);
    bool ok = files_make(w, model_dir, dir, edits, n_edits, err);
    ncm_free(dir);
    return ok;
}

static bool version_create(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    char *dir = files_model_dir(w, ch->object, err);
    struct origin o = {.run = ncm_strdup(ch->key)};
    bool ok = dir != NULL;
    if (ok && strncmp(ch->to, "models:/m-", 10) == 0)
        ok = from_logged(w, ch->to + 8, &o, err);
    else if (ok && strncmp(ch->to, "models:/", 8) == 0)
        ok = from_version(w, ch->to + 8, &o, err);
    if (ok) {
        int64_t n = next_number(w, dir);
        snprintf(w->receipt->new_version, sizeof w->receipt->new_version, "%lld", (long long)n);
        ok = make_version(w, ch, dir, n, &o, err) && files_touch_model(w, dir, false, err) &&
             link_logged(w, &o, ch->object, n, err) &&
             files_mark(w, ch->object, w->receipt->new_version, NULL, NULL, "None", err);
    }
    origin_free(&o);
    ncm_free(dir);
    return ok;
}

bool files_apply_version(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    if (ch->kind == NCM_CH_VERSION_CREATE)
        return version_create(w, ch, err);
    char *dir = files_version_dir(w, ch->object, ch->version, err);
    if (dir == NULL)
        return false;
    char *model = model_dir_of(dir);
    bool ok;
    switch (ch->kind) {
    case NCM_CH_VERSION_STAGE:
        ok = version_stage(w, ch, dir, model, err);
        break;
    case NCM_CH_VERSION_TAG:
        files_put(w, dir, "tags", ch->key, ch->to);
        ok = files_touch_model(w, model, false, err);
        break;
    case NCM_CH_VERSION_NOTE:
        ok = version_note(w, ch, dir, err);
        break;
    case NCM_CH_VERSION_DELETE:
        ok = version_delete(w, ch, dir, model, err);
        break;
    default:
        ncm_bug("files_apply_version: change kind %d", (int)ch->kind);
    }
    ncm_free(model);
    ncm_free(dir);
    return ok;
}
