/* What happened, over all sources, on one axis of time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/audit_words.h"
#include "ops/fleet/inside.h"

enum { EVENTS_SHOWN = 500, EVENTS_KEPT = 5000, OF_ONE_MOST = 40 };

struct gather {
    struct fleet_work *w;
    struct ncm_list list;
    struct ncm_map *told;    /* ids of the audit that tags tell of as well */
    struct ncm_map *audited; /* ids of the audit → index */
};

static struct ncm_fleet_event *add(struct gather *g, int64_t time_ms, char sign,
                                   struct ncm_str what)
{
    if (time_ms == NCM_NO_TIME) {
        return NULL;
    }
    struct ncm_fleet_event *e = ncm_list_add(&g->list);
    *e = (struct ncm_fleet_event){.time_ms = time_ms, .sign = sign, .what = what};
    return e;
}

static struct ncm_str with_reason(struct ncm_arena *a, struct ncm_str what, struct ncm_str actor,
                                  struct ncm_str reason)
{
    if (actor.len > 0 && reason.len > 0) {
        return fleet_text(a, "%s (%s: %s)", what.p, actor.p, reason.p);
    }
    struct ncm_str one = actor.len > 0 ? actor : reason;
    return one.len > 0 ? fleet_text(a, "%s (%s)", what.p, one.p) : what;
}

/* ---- the registry ---- */

/* Whether the slot went back to an older version than it had. */
static bool goes_back(struct ncm_str from, struct ncm_str to)
{
    int64_t a, b;
    return ncm_parse_i64(ncm_cstr(from), &a) && ncm_parse_i64(ncm_cstr(to), &b) && b < a;
}

static const struct {
    const char *action;
    char sign;
} signs[] = {
    {"promote", 'P'},        {"alias_set", 'P'},      {"rollback", 'B'},
    {"deploy_scale", 'S'},   {"deploy_restart", 'R'}, {"deploy_rollback", 'B'},
    {"deploy_traffic", 'D'}, {"deploy_promote", 'D'}, {"deploy_abort", 'B'},
    {"deploy_version", 'D'}, {"deploy_pause", 'D'},   {"deploy_resume", 'D'},
};

static char sign_of(const struct ncm_audit_entry *e)
{
    const char *action = ncm_cstr(e->action);
    bool undone = e->undone_action.len > 0;
    const char *of = undone ? e->undone_action.p : action;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (strcmp(signs[i].action, of) == 0) {
            return undone ? 'B' : signs[i].sign;
        }
    }
    return '\0';
}

/* Whether our audit knows the change as a roll-back or as an undo. */
static bool taken_back(const struct gather *g, struct ncm_str id)
{
    size_t at;
    return ncm_map_get(g->audited, ncm_cstr(id), id.len, &at) &&
           sign_of(&g->w->in->audit->items[at]) == 'B';
}

static void index_audit(struct gather *g)
{
    const struct ncm_audit_snapshot *s = g->w->in->audit;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        ncm_map_set(g->audited, ncm_cstr(s->items[i].id), s->items[i].id.len, i);
    }
}

static void from_moves(struct gather *g)
{
    struct ncm_arena *a = g->w->arena;
    for (size_t i = 0; i < g->w->n_moves; i++) {
        const struct fleet_move *m = &g->w->moves[i];
        bool alias = m->alias.p != NULL;
        ncm_map_set(g->told, ncm_cstr(m->id), m->id.len, 1);
        if (m->to.p == NULL || (alias && !ncm_str_eq(m->to, m->version))) {
            continue; /* the version that left: told with the one that came */
        }
        if (!alias && strcasecmp(m->to.p, "Archived") == 0) {
            continue; /* likewise */
        }
        struct ncm_str v = fleet_v(a, m->version);
        struct ncm_str what = alias ? fleet_text(a, _("@%s is %s"), m->alias.p, ncm_cstr(v))
                                    : fleet_text(a, _("%s is in %s"), ncm_cstr(v), m->to.p);
        bool back = alias ? goes_back(m->from, m->to) : strcasecmp(m->to.p, "None") == 0;
        char sign = back || taken_back(g, m->id) ? 'B' : 'P';
        struct ncm_fleet_event *e =
            add(g, m->time_ms, sign, with_reason(a, what, m->actor, m->reason));
        if (e != NULL) {
            e->model = m->model->name;
            e->version = m->version;
        }
    }
}

/* Subjects: "fraud-detector/15", or "SOURCE/NAMESPACE/NAME". */
static void set_subject(const struct gather *g, struct ncm_fleet_event *e,
                        const struct ncm_audit_entry *x, bool deployed)
{
    const char *subject = ncm_cstr(x->subject);
    if (deployed) {
        const struct ncm_fleet_deployment *f =
            ncm_fleet_find(g->w->fleet, subject, NULL, &(bool){false});
        e->where = x->subject;
        e->model = f != NULL ? f->is.model : (struct ncm_str){NULL, 0};
        return;
    }
    const char *slash = strrchr(subject, '/');
    size_t n = slash != NULL ? (size_t)(slash - subject) : x->subject.len;
    e->model = ncm_arena_str(g->w->arena, subject, n);
    e->version = slash != NULL ? ncm_arena_cstr(g->w->arena, slash + 1) : (struct ncm_str){NULL, 0};
}

static void from_audit(struct gather *g)
{
    const struct ncm_audit_snapshot *s = g->w->in->audit;
    struct ncm_arena *a = g->w->arena;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        const struct ncm_audit_entry *x = &s->items[i];
        char sign = sign_of(x), label[120];
        size_t ignored;
        if (sign == '\0' || !ncm_str_is(x->result, "done") ||
            ncm_map_get(g->told, ncm_cstr(x->id), x->id.len, &ignored)) {
            continue;
        }
        const char *acts_on = x->undone_action.len > 0 ? x->undone_action.p : ncm_cstr(x->action);
        bool deployed = strncmp(acts_on, "deploy_", 7) == 0;
        ncm_audit_action_label(label, sizeof label, x);
        struct ncm_str what = x->to.len > 0 ? fleet_text(a, "%s: %s → %s", label,
                                                         x->from.len > 0 ? x->from.p : "–", x->to.p)
                                            : ncm_arena_cstr(a, label);
        struct ncm_fleet_event *e =
            add(g, x->time_ms, sign, with_reason(a, what, x->actor, x->reason));
        if (e != NULL) {
            set_subject(g, e, x, deployed);
        }
    }
}

/* ---- deployments ---- */

static struct ncm_str ref_of(struct gather *g, const struct ncm_deployment *d)
{
    char *ref = ncm_deployment_ref(d);
    struct ncm_str s = ncm_arena_cstr(g->w->arena, ref);
    ncm_free(ref);
    return s;
}

static void place(struct ncm_fleet_event *e, const struct ncm_fleet_deployment *f,
                  struct ncm_str where, struct ncm_str version)
{
    if (e != NULL) {
        e->model = f->is.model;
        e->version = version;
        e->where = where;
    }
}

static void from_revisions(struct gather *g, const struct ncm_fleet_deployment *f,
                           struct ncm_str where)
{
    struct ncm_arena *a = g->w->arena;
    for (size_t i = 0; i < f->it->n_revisions && i < OF_ONE_MOST; i++) {
        const struct ncm_revision *r = &f->it->revisions[i];
        struct ncm_str what =
            r->version.len > 0
                ? fleet_text(a, _("revision %s rolled out: %s"), ncm_cstr(r->revision),
                             ncm_cstr(fleet_v(a, r->version)))
                : fleet_text(a, _("revision %s rolled out: %s"), ncm_cstr(r->revision),
                             r->image.len > 0 ? r->image.p : ncm_cstr(r->name));
        place(add(g, r->created_ms, 'D', with_reason(a, what, (struct ncm_str){NULL, 0}, r->cause)),
              f, where, r->version);
    }
}

/* The version of its revision; where that one does not say, nothing is said but of the only one. */
static struct ncm_str version_of(const struct ncm_fleet_deployment *f, const struct ncm_replica *r)
{
    const struct ncm_revision *of =
        r->revision.p != NULL ? fleet_revision(f->it, r->revision) : NULL;
    struct ncm_str unknown = {NULL, 0};
    if (of != NULL && of->version.p != NULL) {
        return of->version;
    }
    return f->it->rolling ? unknown : f->is.version;
}

static void from_replicas(struct gather *g, const struct ncm_fleet_deployment *f,
                          struct ncm_str where)
{
    size_t told = 0;
    for (size_t i = 0; i < f->it->n_replicas && told < OF_ONE_MOST; i++) {
        const struct ncm_replica *r = &f->it->replicas[i];
        if (r->crashed_ms == NCM_NO_TIME) {
            continue;
        }
        struct ncm_str what = r->reason.len > 0
                                  ? fleet_text(g->w->arena, _("%s crashed (%d restarts): %s"),
                                               ncm_cstr(r->name), r->restarts, r->reason.p)
                                  : fleet_text(g->w->arena, _("%s crashed (%d restarts)"),
                                               ncm_cstr(r->name), r->restarts);
        place(add(g, r->crashed_ms, 'X', what), f, where, version_of(f, r));
        told++;
    }
}

static char sign_of_reason(const struct ncm_deploy_event *e)
{
    static const char *const scaling[] = {"ScalingReplicaSet", "SuccessfulRescale", NULL};
    for (size_t i = 0; scaling[i] != NULL; i++) {
        if (ncm_str_is(e->reason, scaling[i])) {
            return 'S';
        }
    }
    /* Restarts are told by the replicas themselves. */
    return e->warning && !ncm_str_is(e->reason, "BackOff") ? 'X' : '\0';
}

static void from_cluster(struct gather *g, const struct ncm_fleet_deployment *f,
                         struct ncm_str where)
{
    for (size_t i = 0; i < f->it->n_events && i < OF_ONE_MOST; i++) {
        const struct ncm_deploy_event *x = &f->it->events[i];
        char sign = sign_of_reason(x);
        if (sign != '\0') {
            struct ncm_str what =
                x->count > 1
                    ? fleet_text(g->w->arena, "%s ×%d: %s", ncm_cstr(x->reason), x->count,
                                 ncm_cstr(x->message))
                    : fleet_text(g->w->arena, "%s: %s", ncm_cstr(x->reason), ncm_cstr(x->message));
            place(add(g, x->time_ms, sign, what), f, where, (struct ncm_str){NULL, 0});
        }
    }
}

/* ---- alerts and drift ---- */

static void set_alert_subject(struct gather *g, struct ncm_fleet_event *e,
                              const struct ncm_alert *a)
{
    const struct ncm_fleet *f = g->w->fleet;
    e->model = a->subject;
    for (size_t i = 0; i < f->n_deployments; i++) {
        const struct ncm_fleet_deployment *d = &f->deployments[i];
        if (fleet_alert_of_model(a, d->is.model)) {
            e->model = d->is.model;
            return;
        }
        if (fleet_alert_of_deployment(a, d->it)) {
            e->model = d->is.model;
            e->where = ref_of(g, d->it);
            return;
        }
    }
}

static void from_alerts(struct gather *g)
{
    for (size_t i = 0; i < g->w->in->n_alerts; i++) {
        const struct ncm_alerts_snapshot *s = g->w->in->alerts[i];
        for (size_t k = 0; s != NULL && k < s->n && k < EVENTS_SHOWN; k++) {
            const struct ncm_alert *a = &s->items[k];
            struct ncm_str what = a->summary.len > 0 ? a->summary : a->rule;
            struct ncm_fleet_event *e =
                a->state != NCM_ALERT_PENDING ? add(g, a->since_ms, 'A', what) : NULL;
            if (e != NULL) {
                set_alert_subject(g, e, a);
            }
            e = a->state == NCM_ALERT_RESOLVED ? add(g, a->until_ms, 'o', what) : NULL;
            if (e != NULL) {
                set_alert_subject(g, e, a);
            }
        }
    }
}

/* The watch tells again of promotions and of our own alerts: only where those are not there. */
static void from_drift(struct gather *g)
{
    const struct ncm_drift_snapshot *s = g->w->in->drift;
    for (size_t i = 0; s != NULL && i < s->n_events; i++) {
        const struct ncm_drift_event *x = &s->events[i];
        bool registry = x->sign == 'P' || x->sign == 'B';
        if (registry ? g->w->in->audit == NULL : g->w->in->n_alerts == 0) {
            struct ncm_fleet_event *e = add(g, x->time_ms, x->sign == 'R' ? 'o' : x->sign, x->what);
            if (e != NULL) {
                e->model = x->model;
            }
        }
    }
}

/* ---- all ---- */

static int newest_first(const void *x, const void *y)
{
    const struct ncm_fleet_event *a = x, *b = y;
    if (a->time_ms != b->time_ms) {
        return a->time_ms > b->time_ms ? -1 : 1;
    }
    int c = ncm_str_compare(a->model, b->model);
    return c != 0 ? c : ncm_str_compare(a->what, b->what);
}

void fleet_events(struct fleet_work *w)
{
    struct gather g = {w, {.size = sizeof(struct ncm_fleet_event)}, ncm_map_new(), ncm_map_new()};
    index_audit(&g);
    from_moves(&g);
    from_audit(&g);
    ncm_map_free(g.told);
    ncm_map_free(g.audited);
    for (size_t i = 0; i < w->fleet->n_deployments; i++) {
        const struct ncm_fleet_deployment *f = &w->fleet->deployments[i];
        struct ncm_str where = ref_of(&g, f->it);
        from_revisions(&g, f, where);
        from_replicas(&g, f, where);
        from_cluster(&g, f, where);
    }
    from_alerts(&g);
    from_drift(&g);
    if (g.list.n > 0) {
        qsort(g.list.items, g.list.n, g.list.size, newest_first);
    }
    g.list.n = g.list.n < EVENTS_KEPT ? g.list.n : EVENTS_KEPT;
    w->fleet->n_history = g.list.n;
    w->fleet->events = ncm_list_move(&g.list, w->arena);
    w->fleet->n_events = w->fleet->n_history < EVENTS_SHOWN ? w->fleet->n_history : EVENTS_SHOWN;
}

size_t ncm_fleet_timeline(const struct ncm_fleet *f, const char *model, int64_t since_ms,
                          const struct ncm_fleet_event **out, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_history && n < most && f->events[i].time_ms >= since_ms; i++) {
        if (ncm_str_is(f->events[i].model, model)) {
            out[n++] = &f->events[i];
        }
    }
    return n;
}
