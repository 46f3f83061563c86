#include "engine/pair.h"

#include <pthread.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

enum { TRACKING, REGISTRY, SIDES };
enum {
    SLICE_MS = 500,       /* how long one is watched before the other is looked at */
    SLOW_SLICE_MS = 2000, /* the same while nobody is there */
    IDLE_MS = 60000,
    RETRY_FIRST_MS = 1000,
    RETRY_LAST_MS = 60000,
};

#define TOPIC(t) (1u << (t))
/* What is made from each side's answers. */
static const unsigned topics_of[SIDES] = {
    [TRACKING] = ~(TOPIC(NCM_T_MODELS) | TOPIC(NCM_T_FACTS) | TOPIC(NCM_T_HOLDERS)),
    [REGISTRY] = TOPIC(NCM_T_MODELS) | TOPIC(NCM_T_FACTS) | TOPIC(NCM_T_HOLDERS) |
                 TOPIC(NCM_T_AUDIT) | TOPIC(NCM_T_STORE) | TOPIC(NCM_T_RUN),
};

struct side {
    const struct ncm_provider *provider;
    struct ncm_place place;
    struct ncm_conn *conn; /* under the lock; changed only by the lane's own thread */
    bool marked;           /* its watch has begun */
    int failures;          /* of its watch, in a row */
    int64_t retry_ms;      /* monotonic */
};

struct ncm_conn {
    struct side side[SIDES];
    pthread_mutex_t lock;
    bool may_recover;
    const struct ncm_models_snapshot *models; /* the newest seen, to borrow from */
};

static int never(const char *location)
{
    (void)location;
    return 0;
}

static bool pair_open(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *err)
{
    const struct ncm_provider *tracking = ncm_provider_for(place->location);
    const struct ncm_provider *registry =
        place->registry != NULL ? ncm_provider_for(place->registry->location) : NULL;
    if (tracking == NULL || registry == NULL) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("no provider knows this kind of store"));
    }
    struct ncm_conn *c = ncm_alloc(1, sizeof *c);
    c->side[TRACKING] = (struct side){.provider = tracking, .place = *place};
    c->side[TRACKING].place.registry = NULL;
    c->side[REGISTRY] = (struct side){.provider = registry, .place = *place->registry};
    c->may_recover = control->may_recover;
    pthread_mutex_init(&c->lock, NULL);
    *out = c;
    return true;
}

static void side_close(struct ncm_conn *c, struct side *s)
{
    pthread_mutex_lock(&c->lock);
    struct ncm_conn *conn = s->conn;
    s->conn = NULL;
    s->marked = false;
    pthread_mutex_unlock(&c->lock);
    if (conn != NULL) {
        s->provider->close(conn);
    }
}

static bool side_open(struct ncm_conn *c, struct side *s, const struct ncm_control *control,
                      struct ncm_err *err)
{
    struct ncm_control own = *control;
    struct ncm_conn *conn = NULL;
    own.may_recover = c->may_recover;
    if (s->conn != NULL) {
        return true;
    }
    if (!s->provider->open(&s->place, &conn, &own, err)) {
        return false;
    }
    pthread_mutex_lock(&c->lock);
    s->conn = conn;
    pthread_mutex_unlock(&c->lock);
    return true;
}

static void pair_close(struct ncm_conn *c)
{
    for (int i = 0; i < SIDES; i++) {
        side_close(c, &c->side[i]);
    }
    ncm_snapshot_unref(c->models);
    pthread_mutex_destroy(&c->lock);
    ncm_free(c);
}

static void pair_interrupt(struct ncm_conn *c)
{
    pthread_mutex_lock(&c->lock);
    for (int i = 0; i < SIDES; i++) {
        const struct side *s = &c->side[i];
        if (s->conn != NULL && s->provider->interrupt != NULL) {
            s->provider->interrupt(s->conn);
        }
    }
    pthread_mutex_unlock(&c->lock);
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool ask(struct ncm_conn *c, int which, struct ncm_fetch *f, struct ncm_err *err)
{
    struct side *s = &c->side[which];
    if (f->cached && (s->provider->capabilities & NCM_CAP_CACHE) == 0) {
        return ncm_fail(err, NCM_NOT_FOUND, _("nothing is kept of this store"));
    }
    return side_open(c, s, &f->control, err) && s->provider->fetch(s->conn, f, err);
}

/* A part of an answer: the newest snapshot of one side. */
struct part {
    const struct ncm_fetch *whole;
    struct ncm_snapshot *got;
};

static void take_part(void *to, struct ncm_snapshot *s)
{
    struct part *p = to;
    ncm_snapshot_unref(p->got);
    p->got = s;
}

static void pass_progress(void *to, int64_t done, int64_t total)
{
    const struct part *p = to;
    p->whole->progress(p->whole->to, done, total);
}

/* *out (unref it) is set only on success. */
static bool ask_part(struct ncm_conn *c, int which, const struct ncm_fetch *whole,
                     const struct ncm_query *q, const struct ncm_snapshot *previous, void *out,
                     struct ncm_err *err)
{
    struct part p = {.whole = whole};
    struct ncm_fetch f = *whole;
    f.query = q;
    f.previous = previous;
    f.publish = take_part;
    f.progress = pass_progress;
    f.to = &p;
    bool ok = ask(c, which, &f, err);
    if (ok && p.got == NULL) {
        ok = ncm_fail(err, NCM_INTERNAL, _("the store gave no answer"));
    }
    if (!ok) {
        ncm_snapshot_unref(p.got);
        return false;
    }
    *(void **)out = p.got;
    return true;
}

/* The versions that came from the run, as its own store would list them. The snapshot is still
 * ours alone. */
static void add_versions(struct ncm_run_snapshot *s, const struct ncm_models_snapshot *models)
{
    size_t n = 0, cap = 0;
    struct ncm_version_ref *refs = NULL;
    struct ncm_arena *a = s->head.arena;
    for (size_t i = 0; models != NULL && i < models->n; i++) {
        const struct ncm_model *m = &models->items[i];
        for (size_t k = 0; k < m->n_versions; k++) {
            const struct ncm_model_version *v = &m->versions[k];
            if (v->run_id.p == NULL || v->run_id.len == 0 || !ncm_str_eq(v->run_id, s->run.id)) {
                continue;
            }
            refs = ncm_grow(refs, n, &cap, sizeof *refs);
            refs[n++] = (struct ncm_version_ref){
                .model = ncm_arena_str(a, m->name.p, m->name.len),
                .version = ncm_arena_str(a, v->version.p, v->version.len),
                .stage = v->stage_text.p != NULL
                             ? ncm_arena_str(a, v->stage_text.p, v->stage_text.len)
                             : (struct ncm_str){NULL, 0},
            };
        }
    }
    s->run.n_versions = n;
    s->run.versions = ncm_arena_alloc(a, n, sizeof *refs);
    if (n > 0) {
        memcpy(s->run.versions, refs, n * sizeof *refs);
    }
    ncm_free(refs);
}

static bool fetch_run(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_run_snapshot *run = NULL;
    struct ncm_models_snapshot *models = NULL;
    if (!ask_part(c, TRACKING, f, f->query, f->previous, &run, err)) {
        return false;
    }
    struct ncm_query *q = ncm_query_new(NCM_T_MODELS);
    bool ok = ask_part(c, REGISTRY, f, q, f->cached ? NULL : (const void *)c->models, &models, err);
    ncm_query_free(q);
    add_versions(run, models);
    if (ok && models->head.taken_ms < run->head.taken_ms) {
        run->head.taken_ms = models->head.taken_ms;
    }
    run->head.provisional = run->head.provisional || !ok;
    if (ok && !f->cached) {
        ncm_snapshot_unref(c->models);
        c->models = ncm_snapshot_ref(models);
    }
    ncm_snapshot_unref(models);
    f->publish(f->to, &run->head);
    return ok || f->cached;
}

/* "A" where both say the same or the second nothing, else "A + B". */
static struct ncm_str both(struct ncm_arena *a, struct ncm_str x, struct ncm_str y)
{
    if (x.p == NULL || y.p == NULL || ncm_str_eq(x, y)) {
        struct ncm_str one = x.p != NULL ? x : y;
        return one.p != NULL ? ncm_arena_str(a, one.p, one.len) : one;
    }
    char *text = ncm_sprintf("%s + %s", x.p, y.p);
    struct ncm_str out = ncm_arena_cstr(a, text);
    ncm_free(text);
    return out;
}

/* r NULL: the registry does not answer. */
static struct ncm_store_snapshot *merge(const struct ncm_store_snapshot *t,
                                        const struct ncm_store_snapshot *r)
{
    static const struct ncm_store_snapshot unknown = {.n_models = -1};
    struct ncm_store_snapshot *s = ncm_snapshot_new(NCM_T_STORE, sizeof *s);
    struct ncm_arena *a = s->head.arena;
    s->head.provisional = t->head.provisional || r == NULL || r->head.provisional;
    s->head.taken_ms = t->head.taken_ms;
    if (r != NULL && r->head.taken_ms < t->head.taken_ms) {
        s->head.taken_ms = r->head.taken_ms;
    }
    r = r != NULL ? r : &unknown;
    s->kind = both(a, t->kind, r->kind);
    s->location = both(a, t->location, r->location);
    s->schema = both(a, t->schema, r->schema);
    s->release = both(a, t->release, r->release);
    s->server = both(a, t->server, r->server);
    /* What one of them does not take, it refuses itself, with its reason. */
    s->writable = t->writable || r->writable;
    s->why_read_only =
        s->writable ? (struct ncm_str){NULL, 0} : both(a, t->why_read_only, r->why_read_only);
    s->has_stages = r->has_stages;
    s->has_aliases = r->has_aliases;
    s->has_registry = r->has_registry;
    s->has_inputs = t->has_inputs;
    s->has_logged_models = t->has_logged_models;
    s->n_experiments = t->n_experiments;
    s->n_runs = t->n_runs;
    s->n_models = r->n_models;
    return s;
}

static bool fetch_store(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_store_snapshot *t = NULL, *r = NULL;
    if (!ask_part(c, TRACKING, f, f->query, NULL, &t, err)) {
        return false;
    }
    bool ok = ask_part(c, REGISTRY, f, f->query, NULL, &r, err);
    f->publish(f->to, &merge(t, r)->head);
    ncm_snapshot_unref(t);
    ncm_snapshot_unref(r);
    return ok || f->cached;
}

static bool pair_fetch(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    switch (f->query->topic) {
    case NCM_T_MODELS:
    case NCM_T_FACTS:
        return ask(c, REGISTRY, f, err);
    case NCM_T_RUN:
        return fetch_run(c, f, err);
    case NCM_T_STORE:
        return fetch_store(c, f, err);
    default:
        return ask(c, TRACKING, f, err);
    }
}

/* ---- watching ------------------------------------------------------------------------------- */

static bool can_watch(const struct side *s)
{
    return s->provider->watch != NULL && (s->provider->capabilities & NCM_CAP_WATCH) != 0;
}

static void add_news(struct ncm_news *news, int which, const struct ncm_news *more)
{
    if (more->what == NCM_WATCH_NOTHING) {
        return;
    }
    unsigned topics = more->topics & topics_of[which];
    if (which == REGISTRY && (topics & TOPIC(NCM_T_MODELS)) != 0) {
        topics |= TOPIC(NCM_T_RUN);
    }
    news->what |= more->what;
    news->topics |= topics;
}

/* One look at one side. false only where it was cancelled. */
static bool look(struct ncm_conn *c, int which, const struct ncm_interest *interest, int wait_ms,
                 const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err)
{
    struct side *s = &c->side[which];
    struct ncm_interest in = {.topics = interest->topics, .idle_ms = interest->idle_ms};
    struct ncm_news own = {0};
    if (which == REGISTRY && (in.topics & TOPIC(NCM_T_RUN)) != 0) {
        in.topics |= TOPIC(NCM_T_MODELS);
    }
    in.topics &= topics_of[which];
    bool ok = side_open(c, s, control, err) &&
              s->provider->watch(s->conn, &in, s->marked ? wait_ms : 0, control, &own, err);
    if (ok) {
        if (s->failures > 0) { /* what happened meanwhile nobody saw */
            own = (struct ncm_news){own.what | NCM_WATCH_DATA, ~0u};
        }
        s->marked = true;
        s->failures = 0;
        add_news(news, which, &own);
        return true;
    }
    if (err->code == NCM_CANCELLED) {
        return false;
    }
    ncm_log("watch of %s: %s", which == TRACKING ? "the runs" : "the registry", err->what);
    side_close(c, s);
    int64_t pause = RETRY_FIRST_MS;
    for (int i = 0; i < s->failures && pause < RETRY_LAST_MS; i++) {
        pause *= 2;
    }
    pause = pause > RETRY_LAST_MS ? RETRY_LAST_MS : pause;
    s->failures++;
    s->retry_ms = ncm_mono_ms() + (err->retry_ms > pause ? err->retry_ms : pause);
    add_news(news, which, &(struct ncm_news){NCM_WATCH_DATA, ~0u});
    return true;
}

/* How long this side may be waited for before the other one's turn comes. */
static int slice_of(const struct ncm_conn *c, int which, const struct ncm_interest *interest,
                    int64_t left)
{
    const struct side *other = &c->side[1 - which];
    int64_t slice = interest->idle_ms > IDLE_MS ? SLOW_SLICE_MS : SLICE_MS;
    if (!can_watch(other)) {
        slice = left;
    } else if (other->failures > 0) {
        slice = other->retry_ms - ncm_mono_ms();
    }
    slice = slice < left ? slice : left;
    return slice > 0 ? (int)slice : 0;
}

static bool stopped(const struct ncm_control *control)
{
    return control->cancel != NULL && atomic_load(control->cancel);
}

static bool pair_watch(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
                       const struct ncm_control *control, struct ncm_news *news,
                       struct ncm_err *err)
{
    int64_t end = ncm_mono_ms() + wait_ms;
    *news = (struct ncm_news){0};
    do {
        int watched = 0;
        for (int i = 0; i < SIDES; i++) {
            struct side *s = &c->side[i];
            int64_t now = ncm_mono_ms();
            if (!can_watch(s) || (s->failures > 0 && now < s->retry_ms)) {
                continue;
            }
            if (stopped(control)) {
                return ncm_fail(err, NCM_CANCELLED, _("Cancelled."));
            }
            if (!look(c, i, interest, slice_of(c, i, interest, end - now), control, news, err)) {
                return false;
            }
            watched += s->failures == 0;
        }
        if (watched == 0) { /* neither can be watched: the engine tries both again */
            if (err->code == NCM_OK) {
                ncm_fail(err, NCM_UNREACHABLE, _("neither store can be watched"));
            }
            c->side[TRACKING].retry_ms = c->side[REGISTRY].retry_ms = 0;
            return false;
        }
        if (wait_ms == 0 || news->what != NCM_WATCH_NOTHING) {
            return true;
        }
    } while (ncm_mono_ms() < end);
    return true;
}

/* ---- changing ------------------------------------------------------------------------------- */

static int side_of(enum ncm_change_kind kind)
{
    return ncm_change_of_registry(kind) ? REGISTRY : TRACKING;
}

/* The side that all of them concern. */
static bool one_side(struct ncm_conn *c, const struct ncm_changes *changes, struct side **out,
                     struct ncm_err *err)
{
    int which = changes->n > 0 ? side_of(changes->items[0].kind) : TRACKING;
    for (size_t i = 1; i < changes->n; i++) {
        if (side_of(changes->items[i].kind) != which) {
            ncm_fail(err, NCM_REFUSED,
                     _("a change of runs and of the registry at once is not made: they are two "
                       "stores"));
            return ncm_hint(err, "%s", _("make one change after the other"));
        }
    }
    *out = &c->side[which];
    return true;
}

static bool pair_apply(struct ncm_conn *c, const struct ncm_changes *changes,
                       const struct ncm_mark *mark, const struct ncm_control *control,
                       struct ncm_receipt *receipt, struct ncm_err *err)
{
    struct side *s;
    return one_side(c, changes, &s, err) && side_open(c, s, control, err) &&
           s->provider->apply(s->conn, changes, mark, control, receipt, err);
}

static bool pair_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err)
{
    struct side *s;
    const struct ncm_control control = {0};
    return one_side(c, changes, &s, err) &&
           (s->provider->check == NULL ||
            (side_open(c, s, &control, err) && s->provider->check(s->conn, changes, err)));
}

static bool pair_present(struct ncm_conn *c, const struct ncm_change *change, char **value,
                         struct ncm_err *err)
{
    struct side *s = &c->side[side_of(change->kind)];
    const struct ncm_control control = {0};
    return side_open(c, s, &control, err) && s->provider->present(s->conn, change, value, err);
}

/* ---- doctor --------------------------------------------------------------------------------- */

struct teller {
    ncm_check_fn say;
    void *to;
};

static void say_registry(void *to, enum ncm_check_state state, const char *name, const char *what,
                         const char *hint)
{
    const struct teller *t = to;
    char *of = ncm_sprintf("registry %s", name);
    t->say(t->to, state, of, what, hint);
    ncm_free(of);
}

static void pair_examine(const struct ncm_place *place, const struct ncm_control *control,
                         ncm_check_fn say, void *to)
{
    const struct ncm_provider *tracking = ncm_provider_for(place->location);
    const struct ncm_provider *registry =
        place->registry != NULL ? ncm_provider_for(place->registry->location) : NULL;
    struct ncm_place alone = *place;
    alone.registry = NULL;
    if (tracking != NULL && tracking->examine != NULL) {
        tracking->examine(&alone, control, say, to);
    }
    if (registry != NULL && registry->examine != NULL) {
        struct teller t = {say, to};
        registry->examine(place->registry, control, say_registry, &t);
    }
}

void ncm_pair_make(const struct ncm_provider *tracking, const struct ncm_provider *registry,
                   struct ncm_provider *out)
{
    const unsigned of_registry = NCM_CAP_STAGES | NCM_CAP_ALIASES;
    const unsigned of_both = NCM_CAP_UNDO | NCM_CAP_ATOMIC;
    unsigned t = tracking->capabilities, r = registry->capabilities;
    *out = (struct ncm_provider){
        .name = "pair",
        .summary = N_("runs of one store, models of another"),
        .capabilities =
            (r & of_registry) | (t & r & of_both) | ((t | r) & ~(of_registry | of_both)),
        .probe = never,
        .open = pair_open,
        .close = pair_close,
        .interrupt = pair_interrupt,
        .fetch = pair_fetch,
        .watch = pair_watch,
        .apply = pair_apply,
        .check = pair_check,
        .present = pair_present,
        .examine = tracking->examine != NULL || registry->examine != NULL ? pair_examine : NULL,
    };
}
