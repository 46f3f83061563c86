/* Carrying changes out: one short BEGIN IMMEDIATE transaction on a connection of its own that
 * compares, writes, leaves the transition tags and commits, or leaves everything as it was. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_sqlite/apply.h"

static bool compare(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    char *now;
    if (ch->kind == NCM_CH_RUN_METRIC) { /* there may be thousands; the rules ask for the run */
        return true;
    }
    if (!apply_present(w, ch, &now, err)) {
        return false;
    }
    bool as_was =
        ch->any_from || ch->kind == NCM_CH_VERSION_CREATE || ncm_change_same(now, ch->from);
    bool ok = as_was || ncm_change_conflict(ch, now, err);
    ncm_free(now);
    return ok;
}

static bool apply_change(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    if (!compare(w, ch, err) || !apply_rules(w, ch, err)) {
        return false;
    }
    if (ch->kind >= NCM_CH_RUN_TAG) {
        return apply_tracking(w, ch, err);
    }
    return ch->kind >= NCM_CH_ALIAS ? apply_model(w, ch, err) : apply_version(w, ch, err);
}

static bool write_all(struct sqlite_writer *w, struct sqlite_schema *schema,
                      const struct ncm_changes *changes, struct ncm_err *err)
{
    if (!schema_detect(w->db, schema, err)) {
        return false;
    }
    if (!schema->writable) {
        ncm_fail(err, NCM_READ_ONLY, _("this store is only read: nothing can be changed in it"));
        return ncm_hint(err, "%s", schema->why_not);
    }
    for (size_t i = 0; i < changes->n; i++) {
        const struct ncm_change ch = ncm_change_for_run(&changes->items[i], w->new_run);
        if (!apply_change(w, &ch, err)) {
            return false;
        }
    }
    return true;
}

static int busy_ms(const struct ncm_control *control)
{
    if (control == NULL || control->deadline_mono_ms == 0) {
        return SQLITE_BUSY_MS;
    }
    int64_t left = control->deadline_mono_ms - ncm_mono_ms();
    return left <= 0 ? 0 : left < SQLITE_BUSY_MS ? (int)left : SQLITE_BUSY_MS;
}

bool sqlite_apply(struct ncm_conn *c, const struct ncm_changes *changes,
                  const struct ncm_mark *mark, const struct ncm_control *control,
                  struct ncm_receipt *receipt, struct ncm_err *err)
{
    struct ncm_db *db = NULL;
    struct ncm_receipt unused;
    if (receipt == NULL) {
        receipt = &unused;
    }
    memset(receipt, 0, sizeof *receipt);
    if (!ncm_db_open(c->path, NCM_DB_WRITE, busy_ms(control),
                     control != NULL ? control->cancel : NULL, &db, err)) {
        return false;
    }
    struct sqlite_schema schema;
    struct sqlite_writer w = {
        .db = db, .schema = &schema, .now_ms = ncm_now_ms(), .mark = mark, .receipt = receipt};
    bool ok = ncm_db_exec(db, "PRAGMA foreign_keys=ON", err) && ncm_db_begin(db, err);
    if (ok) {
        ok = write_all(&w, &schema, changes, err) && ncm_db_commit(db, err);
        if (!ok) {
            ncm_db_rollback(db);
        }
    }
    ncm_db_close(db);
    receipt->time_ms = w.now_ms;
    return ok;
}

bool sqlite_present(struct ncm_conn *c, const struct ncm_change *change, char **value,
                    struct ncm_err *err)
{
    *value = NULL;
    atomic_store(&c->stop, false);
    if (!schema_refresh(c, NULL, err)) {
        return false;
    }
    struct sqlite_writer w = {.db = c->db, .schema = &c->schema};
    return apply_present(&w, change, value, err);
}

bool sqlite_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err)
{
    atomic_store(&c->stop, false);
    if (!schema_refresh(c, NULL, err)) {
        return false;
    }
    struct sqlite_writer w = {.db = c->db, .schema = &c->schema};
    for (size_t i = 0; i < changes->n; i++) {
        if (!apply_rules(&w, &changes->items[i], err)) {
            return false;
        }
    }
    return true;
}
