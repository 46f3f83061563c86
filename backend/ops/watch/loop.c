#include "ops/watch/loop.h"

#include <poll.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/num.h"
#include "io/file.h"
#include "ops/watch/deliver.h"
#include "ops/watch/source.h"

enum {
    ROUND_MS = 500,   /* between two looks at the logs */
    QUIET_MS = 10000, /* after so long without a row … */
    QUIET_ROUND_MS = 1000,
    WINDOWS = 96,
    DRAIN_MS = 20000, /* once: how long deliveries that fail are waited for */
};

struct loop {
    const struct ncm_watch_loop *o;
    struct ncm_watch_setup setup;
    struct ncm_team *team;
    struct ncm_control control;
    char *said;            /* the last note */
    int64_t rows, rows_ms; /* read in all, and when that last grew */
};

static bool stopped(const struct loop *l)
{
    return l->o->stop != NULL && atomic_load(l->o->stop);
}

static bool step_all(struct loop *l, bool *more, struct ncm_err *err)
{
    *more = true;
    while (*more && !stopped(l)) {
        if (!ncm_team_step(l->team, NULL, ncm_now_ms(), &l->control, more, err)) {
            return err->code == NCM_CANCELLED;
        }
        size_t stored;
        /* Between two pieces of a long log too: what is complete need not wait for its end. */
        if (!ncm_team_store(l->team, ncm_now_ms(), &stored, err)) {
            return false;
        }
    }
    return true;
}

static void write_metrics(const struct loop *l, const struct ncm_drift_snapshot *s)
{
    const char *path = l->setup.env.plan->textfile;
    struct ncm_err err;
    if (path == NULL) {
        return;
    }
    char *text = ncm_watch_metrics(s);
    if (!ncm_file_write(path, text, strlen(text), 0644, &err)) {
        ncm_log("metrics: %s", err.what);
    }
    ncm_free(text);
}

/* What there is to say beside the figures; NULL: nothing, or nothing new. */
static const char *note_of(struct loop *l, const struct ncm_err *fault)
{
    char *text = NULL;
    if (!l->team->mine && l->team->other != NULL) {
        text = ncm_sprintf(_("%s watches and stores; this one only looks"), l->team->other);
    } else if (fault->code != NCM_OK) {
        text = ncm_sprintf(_("not in the tracking store yet: %s"), fault->what);
    }
    bool fresh = text != NULL && (l->said == NULL || strcmp(text, l->said) != 0);
    ncm_free(l->said);
    l->said = text;
    return fresh ? text : NULL;
}

/* Changes whenever a window was stored. */
static int64_t stored_mark(const struct ncm_team *t)
{
    int64_t sum = 0;
    for (size_t i = 0; i < t->n; i++) {
        int64_t ms = t->items[i]->stored_ms;
        sum += ms == NCM_NO_TIME ? 0 : ms % INT64_C(1000000007) + (int64_t)i;
    }
    return sum;
}

/* One round: read, store, record, tell. *news: something was stored. */
static bool round_of(struct loop *l, bool *news, struct ncm_err *fault, int64_t *due_ms,
                     struct ncm_err *err)
{
    bool more;
    size_t stored = 0;
    int64_t before = stored_mark(l->team);
    *due_ms = -1;
    if (!step_all(l, &more, err) || !ncm_team_store(l->team, ncm_now_ms(), &stored, err)) {
        return false;
    }
    *news = stored_mark(l->team) != before;
    /* Webhooks first, while the lease is fresh. */
    bool tells = l->team->db != NULL && l->team->mine;
    return (!tells || ncm_deliver_due(l->team->db, l->setup.env.plan, ncm_now_ms(), l->o->stop,
                                      due_ms, err)) &&
           ncm_team_record(l->team, &l->control, fault, err);
}

static void say(struct loop *l, bool news, const struct ncm_err *fault)
{
    const char *note = note_of(l, fault);
    struct ncm_drift_snapshot *s = ncm_team_snapshot(l->team, NULL, WINDOWS);
    write_metrics(l, s);
    if (l->o->report != NULL && (news || note != NULL || l->o->once)) {
        l->o->report(l->o->to, s, note);
    }
    ncm_snapshot_unref(s);
}

/* Ends early for a signal. */
static void pause_after(struct loop *l)
{
    int64_t rows = 0, now = ncm_mono_ms();
    for (size_t i = 0; i < l->team->n; i++) {
        rows += l->team->items[i]->watched.rows;
    }
    if (rows != l->rows) {
        l->rows = rows;
        l->rows_ms = now;
    }
    poll(NULL, 0, now - l->rows_ms > QUIET_MS ? QUIET_ROUND_MS : ROUND_MS);
}

static bool run(struct loop *l, struct ncm_err *err)
{
    bool first = true;
    int64_t until = ncm_mono_ms() + DRAIN_MS, due;
    while (!stopped(l)) {
        bool news = false;
        struct ncm_err fault = {0};
        if (!round_of(l, &news, &fault, &due, err)) {
            return false;
        }
        if (l->o->once && (due < 0 || ncm_mono_ms() > until || !l->team->mine)) {
            say(l, news, &fault);
            return true;
        }
        if (!l->o->once && (news || first || fault.code != NCM_OK)) {
            say(l, news || first, &fault);
        }
        first = false;
        pause_after(l);
    }
    return true;
}

bool ncm_watch_run(struct ncm_session *s, const struct ncm_watch_loop *o, struct ncm_err *err)
{
    struct loop l = {.o = o, .control = {.cancel = o->stop}, .rows_ms = ncm_mono_ms()};
    ncm_watch_setup_of(s, &l.setup);
    if (l.setup.env.plan->n_monitors == 0) {
        ncm_fail(err, NCM_NOT_FOUND, "%s", _("the context has no monitors"));
        return ncm_hint(err, "%s",
                        _("models.NAME.monitors in the configuration; docs/configuration.md has"
                          " one to begin with"));
    }
    l.team = ncm_team_new(&l.setup);
    bool ok = ncm_team_restore(l.team, err) && run(&l, err);
    ncm_team_leave(l.team);
    ncm_team_free(l.team);
    ncm_free(l.said);
    return ok;
}
