/* Carrying changes out: each is compared and gathered in memory; then the files are written one
 * after another as MLflow's file store would leave them, under a lock that other ncmlops respect.
 */
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/file_place.h"
#include "provider/mlflow_files/apply.h"

/* How long another one's changes are waited for. */
#define BUSY_MS 5000

bool files_edit(struct files_writer *w, const char *dir, const struct ncm_yaml_edit *edits,
                size_t n, struct ncm_err *err)
{
    struct ncm_buf old, text;
    bool there;
    char *path = files_path(dir, "meta.yaml");
    ncm_buf_init(&old, FILES_VALUE_MOST + 1);
    ncm_buf_init(&text, FILES_VALUE_MOST + 1);
    bool ok = files_tx_read(&w->tx, path, &old, &there, err) &&
              (there || ncm_fail(err, NCM_NOT_FOUND, _("%s is not there"), path)) &&
              ncm_yaml_edit(path, old.p, old.len, edits, n, &text, err);
    if (ok)
        files_tx_write(&w->tx, dir, path, text.p, text.len);
    ncm_buf_release(&old);
    ncm_buf_release(&text);
    ncm_free(path);
    return ok;
}

bool files_make(struct files_writer *w, const char *via, const char *dir,
                const struct ncm_yaml_edit *edits, size_t n, struct ncm_err *err)
{
    struct ncm_buf text;
    char *path = files_path(dir, "meta.yaml");
    ncm_buf_init(&text, FILES_VALUE_MOST + 1);
    bool ok = ncm_yaml_edit(path, NULL, 0, edits, n, &text, err);
    if (ok)
        files_tx_write(&w->tx, via, path, text.p, text.len);
    ncm_buf_release(&text);
    ncm_free(path);
    return ok;
}

void files_put(struct files_writer *w, const char *dir, const char *folder, const char *key,
               const char *value)
{
    char *path = ncm_sprintf("%s/%s/%s", dir, folder, key);
    if (value != NULL)
        files_tx_write(&w->tx, dir, path, value, strlen(value));
    else if (files_tx_is_file(&w->tx, path))
        files_tx_remove(&w->tx, path);
    ncm_free(path);
}

static bool compare(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    char *now;
    if (ch->kind == NCM_CH_RUN_METRIC) /* there may be thousands; the rules ask for the run */
        return true;
    ncm_free(w->active);
    w->active = NULL;
    if (!files_present_of(w, ch, &now, err))
        return false;
    bool as_was =
        ch->any_from || ch->kind == NCM_CH_VERSION_CREATE || ncm_change_same(now, ch->from);
    bool ok = as_was || ncm_change_conflict(ch, now, err);
    ncm_free(now);
    return ok;
}

static bool apply_change(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    if (!compare(w, ch, err) || !files_rules(w, ch, err))
        return false;
    if (ch->kind >= NCM_CH_RUN_TAG)
        return files_apply_tracking(w, ch, err);
    return ch->kind >= NCM_CH_ALIAS ? files_apply_model(w, ch, err)
                                    : files_apply_version(w, ch, err);
}

static bool may_write(const struct ncm_conn *c, struct ncm_err *err)
{
    if (access(c->root, W_OK | X_OK) == 0)
        return true;
    ncm_fail(err, NCM_READ_ONLY, _("this store is only read: nothing can be changed in it"));
    return ncm_hint(err, _("this user may not write to %s"), c->root);
}

static bool scan(struct files_writer *w, const struct ncm_control *control, struct ncm_err *err)
{
    atomic_store(&w->c->stop, false);
    w->c->fetch++;
    files_tx_init(&w->tx, w->c);
    if (!files_scan_experiments(w->c, control, err))
        return false;
    w->release = files_release(w->c);
    return true;
}

static bool gather(struct files_writer *w, const struct ncm_changes *changes,
                   const struct ncm_control *control, struct ncm_err *err)
{
    for (size_t i = 0; i < changes->n; i++) {
        const struct ncm_change ch = ncm_change_for_run(&changes->items[i], w->new_run);
        if (!files_go_on(w->c, control, err) || !apply_change(w, &ch, err))
            return false;
    }
    return true;
}

static void release(struct files_writer *w)
{
    files_tx_release(&w->tx);
    ncm_free(w->new_dir);
    ncm_free(w->active);
}

bool files_apply(struct ncm_conn *c, const struct ncm_changes *changes, const struct ncm_mark *mark,
                 const struct ncm_control *control, struct ncm_receipt *receipt,
                 struct ncm_err *err)
{
    static const struct ncm_control none;
    struct ncm_receipt unused;
    int lock;
    if (receipt == NULL)
        receipt = &unused;
    if (control == NULL)
        control = &none;
    memset(receipt, 0, sizeof(*receipt));
    struct files_writer w = {.c = c, .now_ms = ncm_now_ms(), .mark = mark, .receipt = receipt};
    int64_t until = ncm_mono_ms() + BUSY_MS;
    if (control->deadline_mono_ms != 0 && control->deadline_mono_ms < until)
        until = control->deadline_mono_ms;
    if (!may_write(c, err) || !ncm_dir_lock(c->root, until, &lock, err))
        return false;
    bool ok =
        scan(&w, control, err) && gather(&w, changes, control, err) && files_tx_commit(&w.tx, err);
    receipt->partial = w.tx.partial;
    if (ok && lock >= 0)
        files_tx_sweep(&w.tx);
    release(&w);
    ncm_dir_unlock(lock);
    receipt->time_ms = w.now_ms;
    return ok;
}

bool files_present(struct ncm_conn *c, const struct ncm_change *change, char **value,
                   struct ncm_err *err)
{
    static const struct ncm_control none;
    struct files_writer w = {.c = c};
    *value = NULL;
    bool ok = scan(&w, &none, err) && files_present_of(&w, change, value, err);
    release(&w);
    return ok;
}

bool files_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err)
{
    static const struct ncm_control none;
    struct files_writer w = {.c = c};
    bool ok = scan(&w, &none, err);
    for (size_t i = 0; ok && i < changes->n; i++)
        ok = files_rules(&w, &changes->items[i], err);
    release(&w);
    return ok;
}
