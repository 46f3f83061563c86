#include "ops/watch/team.h"

#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "engine/state.h"
#include "ops/watch/store.h"

enum { REMOTE_PATIENCE_MS = 5000 };

struct ncm_team *ncm_team_new(const struct ncm_watch_setup *setup)
{
    struct ncm_team *t = ncm_alloc(1, sizeof *t);
    const struct ncm_watch_plan *plan = setup->env.plan;
    t->setup = setup;
    t->holder = ncm_watch_holder();
    t->items = ncm_alloc(plan->n_monitors + 1, sizeof(struct ncm_evaluator *));
    for (size_t i = 0; i < plan->n_monitors; i++) {
        t->items[t->n++] = ncm_evaluator_new(&setup->env, &plan->monitors[i]);
    }
    return t;
}

void ncm_team_free(struct ncm_team *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < t->n; i++) {
        ncm_evaluator_free(t->items[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        ncm_evaluator_free(t->looks[i]);
        ncm_free(t->look_keys[i]);
    }
    ncm_db_close(t->db);
    ncm_free(t->items);
    ncm_free(t->holder);
    ncm_free(t->other);
    ncm_free(t);
}

bool ncm_team_restore(struct ncm_team *t, struct ncm_err *err)
{
    const struct ncm_watch_setup *s = t->setup;
    if (t->db != NULL || s->state_path == NULL || t->n == 0) {
        return true;
    }
    struct ncm_err why;
    if (!ncm_state_open(s->state_path, s->may_store, &t->db, &why)) {
        if (why.code == NCM_NOT_FOUND || !s->may_store) {
            return true;
        }
        *err = why;
        return false;
    }
    for (size_t i = 0; i < t->n; i++) {
        if (!ncm_evaluator_restore(t->items[i], t->db, err)) {
            ncm_db_close(t->db);
            t->db = NULL;
            return false;
        }
    }
    return true;
}

static struct ncm_evaluator *by_id(struct ncm_team *t, const char *id)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct ncm_monitor *m = &t->items[i]->monitor;
        size_t len = strlen(m->model);
        if (strncmp(id, m->model, len) == 0 && id[len] == '/' &&
            strcmp(id + len + 1, m->name) == 0) {
            return t->items[i];
        }
    }
    return NULL;
}

/* One with other settings; the one that was looked at longest ago makes way. */
static bool look(struct ncm_team *t, const struct ncm_evaluator *base, const char *key,
                 const char *settings, struct ncm_evaluator **out, struct ncm_err *err)
{
    for (size_t i = 0; i < 2; i++) {
        if (t->look_keys[i] != NULL && strcmp(t->look_keys[i], key) == 0) {
            *out = t->looks[i];
            return true;
        }
    }
    struct ncm_monitor changed;
    ncm_monitor_copy(&changed, &base->monitor);
    bool ok = ncm_monitor_apply(&changed, settings, err);
    if (ok) {
        ncm_evaluator_free(t->looks[1]);
        ncm_free(t->look_keys[1]);
        t->looks[1] = t->looks[0];
        t->look_keys[1] = t->look_keys[0];
        t->looks[0] = ncm_evaluator_new(&t->setup->env, &changed);
        t->look_keys[0] = ncm_strdup(key);
        *out = t->looks[0];
    }
    ncm_monitor_release(&changed);
    return ok;
}

bool ncm_team_find(struct ncm_team *t, const char *id, const char *settings,
                   struct ncm_evaluator **out, struct ncm_err *err)
{
    struct ncm_evaluator *e = by_id(t, id);
    if (e == NULL) {
        return ncm_fail(err, NCM_NOT_FOUND, _("There is no monitor %s"), id);
    }
    if (settings == NULL || settings[0] == '\0') {
        *out = e;
        return true;
    }
    char *key = ncm_sprintf("%s;%s", id, settings);
    bool ok = look(t, e, key, settings, out, err);
    ncm_free(key);
    return ok;
}

static bool is_remote(const struct ncm_evaluator *e)
{
    return e->monitor.kind != NCM_MONITOR_ROWS;
}

static bool step(struct ncm_evaluator *e, int64_t now_ms, const struct ncm_control *control,
                 bool *more, struct ncm_err *err)
{
    struct ncm_control own = *control;
    int64_t patience = ncm_mono_ms() + REMOTE_PATIENCE_MS;
    if (is_remote(e) && (own.deadline_mono_ms == 0 || own.deadline_mono_ms > patience)) {
        own.deadline_mono_ms = patience;
    }
    bool again = false;
    bool ok = ncm_evaluator_step(e, now_ms, &own, &again, err);
    *more = *more || again;
    return ok;
}

bool ncm_team_step(struct ncm_team *t, struct ncm_evaluator *e, int64_t now_ms,
                   const struct ncm_control *control, bool *more, struct ncm_err *err)
{
    *more = false;
    if (e != NULL) {
        return step(e, now_ms, control, more, err);
    }
    for (size_t i = 0; i < t->n; i++) {
        struct ncm_evaluator *each = t->items[i];
        bool due = !is_remote(each) || ncm_evaluator_due(each, now_ms) || each->own == NULL;
        if (due && !step(each, now_ms, control, more, err)) {
            return false;
        }
    }
    return true;
}
