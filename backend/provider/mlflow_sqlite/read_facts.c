/* Topic FACTS: what the MLmodel file of a registered version says, where it can be reached. */
#include <string.h>

#include "base/i18n.h"
#include "io/file.h"
#include "provider/mlflow_sqlite/read.h"
#include "provider/mlmodel.h"

/* One text by two arguments; absent where there is no row. */
static bool one_text(struct ncm_conn *c, const char *sql, const char *x, const char *y, int column,
                     struct ncm_arena *a, struct ncm_str *out, bool *found, struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(c->db, sql, &st, err))
        return false;
    ncm_bind_cstr(st, 1, x);
    if (y != NULL)
        ncm_bind_cstr(st, 2, y);
    bool ok = ncm_stmt_step(st, found, err);
    if (ok && *found)
        *out = ncm_col_dup(st, column, a);
    ncm_stmt_end(st);
    return ok;
}

/* URIs that name a record of the store instead of a place: one step towards the place. */
static bool resolve(struct ncm_conn *c, struct ncm_str *uri, struct ncm_arena *a,
                    struct ncm_err *err)
{
    const char *p = ncm_cstr(*uri);
    bool found;
    if (strncmp(p, "models:/m-", 10) == 0 && c->schema.has_logged_models)
        return one_text(c, "SELECT artifact_location FROM logged_models WHERE model_id=?1", p + 8,
                        NULL, 0, a, uri, &found, err);
    if (strncmp(p, "runs:/", 6) != 0)
        return true;
    const char *id = p + 6, *slash = strchr(id, '/');
    struct ncm_str root = {0};
    char *run = ncm_strndup(id, slash == NULL ? strlen(id) : (size_t)(slash - id));
    bool ok = one_text(c, "SELECT artifact_uri FROM runs WHERE run_uuid=?1", run, NULL, 0, a, &root,
                       &found, err);
    if (ok && root.p != NULL) {
        char *full = slash == NULL ? ncm_strdup(root.p) : ncm_path_join(root.p, slash + 1);
        *uri = ncm_arena_cstr(a, full);
        ncm_free(full);
    }
    ncm_free(run);
    return ok;
}

/* The first of a version's places that is a folder with a readable MLmodel. */
static bool try_place(struct ncm_conn *c, struct ncm_str uri, struct ncm_arena *a,
                      struct ncm_model_facts *facts, bool *done, struct ncm_err *err)
{
    struct ncm_err fault;
    if (uri.len == 0)
        return true;
    if (!resolve(c, &uri, a, err))
        return false;
    char *folder = sqlite_artifact_folder(c, ncm_cstr(uri), a, &facts->why);
    if (folder == NULL)
        return true;
    *done = ncm_mlmodel_folder(folder, a, facts, &fault);
    if (!*done)
        facts->why = ncm_arena_cstr(a, fault.what);
    ncm_free(folder);
    return true;
}

bool read_facts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    const struct ncm_query *q = f->query;
    if (!c->schema.has_registry)
        return ncm_fail(err, NCM_NOT_FOUND, _("This store has no model registry."));
    struct ncm_facts_snapshot *s = ncm_snapshot_new(NCM_T_FACTS, sizeof(*s));
    struct ncm_arena *a = s->head.arena;
    struct ncm_str source = {0}, place = {0};
    bool found = false, done = false;
    char *sql = ncm_sprintf("SELECT source, %s FROM model_versions WHERE name=?1 AND version=?2"
                            " AND current_stage IS NOT 'Deleted_Internal'%s",
                            c->schema.has_storage_location ? "storage_location" : "NULL",
                            sqlite_workspace(c));
    bool ok = one_text(c, sql, q->id, q->key, 0, a, &source, &found, err) &&
              one_text(c, sql, q->id, q->key, 1, a, &place, &found, err);
    ncm_free(sql);
    if (ok && !found)
        ok = ncm_fail(err, NCM_NOT_FOUND, _("There is no version %s of %s."), q->key, q->id);
    ok = ok && try_place(c, place, a, &s->facts, &done, err) &&
         (done || try_place(c, source, a, &s->facts, &done, err));
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    if (!done && s->facts.why.p == NULL)
        s->facts.why = ncm_arena_cstr(a, _("The version names no place for its files."));
    f->publish(f->to, &s->head);
    return true;
}
