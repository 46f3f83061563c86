/* Topics ARTIFACTS, ARTIFACT and FACTS. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/file.h"
#include "provider/artifact_dir.h"
#include "provider/mlflow_files/places.h"
#include "provider/mlmodel.h"

static bool find_run(struct ncm_conn *c, struct ncm_fetch *f, const char *id,
                     struct files_run **out, struct ncm_err *err)
{
    return files_scan_experiments(c, &f->control, err) &&
           files_find_run(c, id != NULL ? id : "", out, err);
}

bool files_read_artifacts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct files_run *r;
    if (!find_run(c, f, f->query->id, &r, err))
        return false;
    struct ncm_artifacts_snapshot *s = ncm_snapshot_new(NCM_T_ARTIFACTS, sizeof(*s));
    s->root = ncm_arena_cstr(s->head.arena, ncm_cstr(r->meta.artifact_uri));
    char *root = files_run_artifacts(c, r, s->head.arena, &s->why, &s->none);
    bool ok =
        root == NULL || ncm_artifact_list(root, f->query->key == NULL ? "" : f->query->key, s, err);
    ncm_free(root);
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}

bool files_read_artifact(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    const char *inner = f->query->key == NULL ? "" : f->query->key;
    struct files_run *r;
    if (!find_run(c, f, f->query->id, &r, err))
        return false;
    struct ncm_artifact_snapshot *s = ncm_snapshot_new(NCM_T_ARTIFACT, sizeof(*s));
    struct ncm_str why = {0};
    bool none;
    char *root = files_run_artifacts(c, r, s->head.arena, &why, &none);
    char *path = root != NULL ? ncm_artifact_inside(root, inner, err) : NULL;
    bool ok = path != NULL && ncm_artifact_read(path, f, s, err);
    if (root == NULL)
        ncm_fail(err, NCM_NOT_FOUND, "%s", ncm_cstr(why));
    s->path = ncm_arena_cstr(s->head.arena, inner);
    ncm_free(path);
    ncm_free(root);
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}

/* ---- facts ---- */

/* The folder of "models:/m-…", a logged model of MLflow 3. */
static char *logged_folder(struct ncm_conn *c, const char *id, struct ncm_arena *a,
                           struct ncm_str *why)
{
    struct files_logged_meta m;
    struct ncm_buf scratch;
    char *found = NULL;
    ncm_buf_init(&scratch, FILES_META_MOST + 1);
    for (size_t i = 0; i < c->n_experiments && found == NULL; i++) {
        const struct files_experiment *e = c->experiments[i];
        if (!e->there || !e->ok || !files_read_logged(e->dir, id, a, &m, &scratch))
            continue;
        found = files_artifact_folder(c, ncm_cstr(m.model.artifact_location), a, why);
        char *own = ncm_sprintf("%s/models/%s/artifacts", e->dir, id);
        if (found == NULL && files_is_folder(own))
            found = ncm_strdup(own);
        ncm_free(own);
    }
    ncm_buf_release(&scratch);
    return found;
}

/* The folder of "runs:/ID/PATH". */
static char *run_folder(struct ncm_conn *c, const char *rest, struct ncm_arena *a,
                        struct ncm_str *why)
{
    const char *slash = strchr(rest, '/');
    char *id = ncm_strndup(rest, slash == NULL ? strlen(rest) : (size_t)(slash - rest));
    struct files_run *r;
    struct ncm_err err;
    bool none;
    char *root = NULL, *path = NULL;
    if (files_find_run(c, id, &r, &err))
        root = files_run_artifacts(c, r, a, why, &none);
    else
        *why = ncm_arena_cstr(a, err.what);
    if (root != NULL && (slash == NULL || ncm_path_inside(slash + 1)))
        path = ncm_path_join(root, slash == NULL ? "" : slash + 1);
    ncm_free(root);
    ncm_free(id);
    return path;
}

/* The first of a version's places that is a folder with a readable MLmodel. */
static bool try_place(struct ncm_conn *c, struct ncm_str uri, struct ncm_arena *a,
                      struct ncm_model_facts *facts)
{
    const char *p = ncm_cstr(uri);
    struct ncm_err fault;
    if (uri.len == 0)
        return false;
    char *folder = strncmp(p, "models:/m-", 10) == 0 ? logged_folder(c, p + 8, a, &facts->why)
                   : strncmp(p, "runs:/", 6) == 0    ? run_folder(c, p + 6, a, &facts->why)
                                                     : files_artifact_folder(c, p, a, &facts->why);
    if (folder == NULL)
        return false;
    bool done = ncm_mlmodel_folder(folder, a, facts, &fault);
    if (!done)
        facts->why = ncm_arena_cstr(a, fault.what);
    ncm_free(folder);
    return done;
}

bool files_read_facts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    const char *model = f->query->id, *version = f->query->key;
    struct ncm_model_version v = {0};
    struct ncm_file_stamp any = {0};
    struct ncm_str place = {0};
    struct ncm_buf text;
    int64_t n;
    if (!files_scan_experiments(c, &f->control, err))
        return false;
    struct ncm_facts_snapshot *s = ncm_snapshot_new(NCM_T_FACTS, sizeof(*s));
    struct ncm_arena *a = s->head.arena;
    char *path = ncm_sprintf("%s/models/%s/version-%s/meta.yaml", c->root, model, version);
    ncm_buf_init(&text, FILES_META_MOST + 1);
    bool named = strchr(model, '/') == NULL && model[0] != '.' && ncm_parse_i64(version, &n);
    enum ncm_look look =
        named ? ncm_file_read_new(path, &any, FILES_META_MOST, &text, err) : NCM_LOOK_GONE;
    bool ok =
        look == NCM_LOOK_NEW && files_meta_version(path, text.p, text.len, a, &v, &place, err);
    if (look == NCM_LOOK_GONE || (ok && ncm_str_is(v.stage_text, "Deleted_Internal")))
        ok = ncm_fail(err, NCM_NOT_FOUND, _("There is no version %s of %s."), version, model);
    ncm_buf_release(&text);
    ncm_free(path);
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    if (!try_place(c, place, a, &s->facts) && !try_place(c, v.source, a, &s->facts) &&
        s->facts.why.p == NULL)
        s->facts.why = ncm_arena_cstr(a, _("The version names no place for its files."));
    f->publish(f->to, &s->head);
    return true;
}
