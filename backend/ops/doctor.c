/* Every check is a line; the ones that ask the source run as one job on its lane, and whatever it
 * does not answer in time, the others still come. */
#include "ops/doctor.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/num.h"
#include "engine/state.h"
#include "io/file.h"
#include "ops/deploy/attach.h"
#include "ops/parts.h"

struct list {
    struct ncm_check *items;
    size_t n, cap;
};

/* Takes what; hint is copied. */
static void add(struct list *l, enum ncm_check_state state, const char *name, char *what,
                const char *hint)
{
    l->items = ncm_grow(l->items, l->n, &l->cap, sizeof *l->items);
    l->items[l->n++] = (struct ncm_check){
        .state = state,
        .name = ncm_strdup(name),
        .what = what,
        .hint = hint != NULL && hint[0] != '\0' ? ncm_strdup(hint) : NULL,
    };
}

static void add_error(struct list *l, const char *name, const struct ncm_err *err)
{
    add(l, NCM_CHECK_FAIL, name, ncm_strdup(err->what), err->hint);
}

static void add_warning(void *to, const char *sentence)
{
    add(to, NCM_CHECK_WARN, "config", ncm_strdup(sentence), NULL);
}

static void check_config(struct list *l, struct ncm_session *s)
{
    const struct ncm_config *c = ncm_session_config(s);
    if (c == NULL || c->path == NULL) {
        add(l, NCM_CHECK_OK, "config", ncm_strdup(_("no configuration file; none is needed")),
            NULL);
        return;
    }
    size_t before = l->n;
    for (size_t i = 0; i < c->n_warnings; i++) {
        add_warning(l, c->warnings[i]);
    }
    if (ncm_session_context(s)[0] != '\0') {
        ncm_config_examine(c, ncm_session_context(s), add_warning, l);
    }
    if (l->n == before) {
        add(l, NCM_CHECK_OK, "config", ncm_strdup(c->path), NULL);
    }
}

/* ---- the source, on its lane ---------------------------------------------------------------- */

/* What the lane finds out; the owner takes what there is when its patience is over. */
struct visit {
    pthread_mutex_t lock;
    int users;                 /* owner and lane */
    const atomic_bool *cancel; /* set: nobody listens any longer */
    struct list found;
    int64_t deadline_ms; /* monotonic */
    bool failed;         /* a check of the source failed */
    bool no_write;       /* it said that nothing may be changed */
};

static void say(void *to, enum ncm_check_state state, const char *name, const char *what,
                const char *hint)
{
    struct visit *v = to;
    pthread_mutex_lock(&v->lock);
    if (!atomic_load(v->cancel)) {
        add(&v->found, state, name, ncm_strdup(what), hint);
        v->failed = v->failed || state == NCM_CHECK_FAIL;
        v->no_write = v->no_write || (state == NCM_CHECK_WARN && strcmp(name, "write") == 0);
    }
    pthread_mutex_unlock(&v->lock);
}

/* Takes what. */
static void tell(struct visit *v, enum ncm_check_state state, const char *name, char *what,
                 const char *hint)
{
    say(v, state, name, what, hint);
    ncm_free(what);
}

static void check_writable(struct visit *v, struct ncm_job_context *ctx,
                           const struct ncm_store_snapshot *st)
{
    if (!st->writable) {
        say(v, NCM_CHECK_WARN, "write", _("the store is only read"), ncm_cstr(st->why_read_only));
    } else if (ctx->read_only) {
        say(v, NCM_CHECK_WARN, "write", _("read-only, as asked for"), NULL);
    } else if (!v->no_write) {
        say(v, NCM_CHECK_OK, "write", _("changes can be made"), NULL);
    }
    if (st->server.p != NULL) {
        tell(v, NCM_CHECK_WARN, "server",
             ncm_sprintf(_("a tracking server owns the file: %s"), st->server.p),
             _("changes made here fire no webhooks and ask no permissions"));
    }
}

static void check_store(struct visit *v, struct ncm_job_context *ctx)
{
    const void *got;
    struct ncm_err err;
    struct ncm_query *q = ncm_query_new(NCM_T_STORE);
    bool ok = ncm_fetch_now(ctx, q, &got, &err);
    ncm_query_free(q);
    if (!ok) {
        say(v, NCM_CHECK_FAIL, "store", err.what, err.hint);
        return;
    }
    const struct ncm_store_snapshot *st = got;
    tell(v, NCM_CHECK_OK, "store",
         ncm_sprintf("%s: %s", ncm_cstr(st->kind), ncm_cstr(st->location)), NULL);
    /* An endpoint has neither. */
    if ((ctx->provider->capabilities & NCM_CAP_DEPLOY) == 0 || st->schema.len > 0) {
        tell(v, NCM_CHECK_OK, "schema",
             ncm_sprintf("%s (%s)", ncm_cstr(st->schema), ncm_cstr(st->release)), NULL);
    }
    check_writable(v, ctx, st);
    ncm_snapshot_unref(got);
}

static bool visit_source(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    struct visit *v = arg;
    (void)err;
    v->cancel = ctx->control.cancel;
    ctx->control.deadline_mono_ms = v->deadline_ms;
    if (ctx->provider->examine != NULL) {
        ctx->provider->examine(ctx->place, &ctx->control, say, v);
    }
    if (v->failed) {
        say(v, NCM_CHECK_WARN, "store", _("not asked what it holds, for the reason above"), NULL);
    } else {
        check_store(v, ctx);
    }
    return true;
}

static void leave(void *arg)
{
    struct visit *v = arg;
    pthread_mutex_lock(&v->lock);
    bool last = --v->users == 0;
    pthread_mutex_unlock(&v->lock);
    if (last) {
        ncm_checks_free(v->found.items, v->found.n);
        pthread_mutex_destroy(&v->lock);
        ncm_free(v);
    }
}

/* Moves what was found so far. */
static void take_found(struct list *l, struct visit *v)
{
    pthread_mutex_lock(&v->lock);
    for (size_t i = 0; i < v->found.n; i++) {
        l->items = ncm_grow(l->items, l->n, &l->cap, sizeof *l->items);
        l->items[l->n++] = v->found.items[i];
    }
    v->found.n = 0;
    pthread_mutex_unlock(&v->lock);
}

static void check_source(struct list *l, struct ncm_session *s)
{
    struct visit *v = ncm_alloc(1, sizeof *v);
    struct ncm_job_result result;
    struct ncm_err late;
    int64_t patience = ncm_session_timeout(s);
    pthread_mutex_init(&v->lock, NULL);
    v->users = 2;
    v->deadline_ms = ncm_mono_ms() + patience * 9 / 10; /* in time to say so itself */
    uint64_t id = ncm_session_inspect(s, visit_source, v, leave);
    bool done = ncm_session_result_wait(s, id, &result, &late);
    take_found(l, v);
    if (!done) {
        char text[32];
        add(l, NCM_CHECK_FAIL, "store",
            ncm_sprintf(_("no answer within %s"), ncm_fmt_duration(text, sizeof text, patience)),
            _("--timeout SECONDS waits longer"));
    } else if (result.ok) {
        leave(v); /* the lane's share came back with the result */
    } else {
        add_error(l, "store", &result.err);
        leave(v);
    }
    leave(v);
}

static void check_side(struct list *l, struct ncm_session *s, const char *name)
{
    struct ncm_session *side = ncm_session_side(s, name);
    if (side != NULL) {
        add(l, NCM_CHECK_OK, name, ncm_strdup(ncm_session_location(side)), NULL);
        check_source(l, side);
    }
}

/* What is only offered is not contacted before somebody wants it. */
static void check_deployments(struct list *l, struct ncm_session *s)
{
    size_t n;
    const struct ncm_deploy_about *about = ncm_deploy_sources(s, &n);
    for (size_t i = 0; i < n; i++) {
        if (about[i].offered) {
            add(l, NCM_CHECK_OK, about[i].name,
                ncm_sprintf(_("%s: not configured, not asked"), about[i].location),
                _("'ncmlops deployments' asks it; 'contexts.*.deployments' makes it a source"));
        } else {
            check_side(l, s, about[i].name);
        }
    }
}

/* ---- our own state -------------------------------------------------------------------------- */

static void check_records(struct list *l, struct ncm_db *state)
{
    char *broken, *why;
    struct ncm_err err;
    struct ncm_log_book book;
    if (!ncm_audit_verify(state, &broken, &why, &err) || !ncm_log_book_load(state, &book, &err)) {
        add_error(l, "audit", &err);
        return;
    }
    size_t open = 0;
    for (size_t i = 0; i < book.n; i++) {
        open += book.items[i].result.p == NULL ? 1 : 0;
    }
    if (broken != NULL) {
        add(l, NCM_CHECK_FAIL, "audit",
            ncm_sprintf(_("the chain is broken at %s: %s"), broken, why),
            _("somebody changed the record; compare with a copy of the file"));
    } else {
        add(l, NCM_CHECK_OK, "audit",
            ncm_sprintf(ngettext("%zu record, chain whole", "%zu records, chain whole", book.n),
                        book.n),
            NULL);
    }
    if (open > 0) {
        add(l, NCM_CHECK_WARN, "audit",
            ncm_sprintf(
                ngettext("%zu change has no outcome yet", "%zu changes have no outcome yet", open),
                open),
            NULL);
    }
    ncm_free(broken);
    ncm_free(why);
    ncm_log_book_release(&book);
}

/* The folder that a file below it would be made in: the nearest that is there. */
static char *nearest_folder(const char *path)
{
    char *dir = ncm_strdup(path);
    struct ncm_file_info info = {0};
    struct ncm_err ignored;
    do {
        char *slash = strrchr(dir, '/');
        if (slash == NULL) {
            ncm_free(dir);
            return ncm_strdup(".");
        }
        slash[slash == dir ? 1 : 0] = '\0';
    } while (strcmp(dir, "/") != 0 &&
             (!ncm_file_stat(dir, &info, &ignored) || info.kind == NCM_FILE_NONE));
    return dir;
}

/* Whether the record file could be made: its folder must take new files. */
static void check_place(struct list *l, const char *path)
{
    char *dir = nearest_folder(path);
    if (access(dir, W_OK | X_OK) == 0) {
        add(l, NCM_CHECK_OK, "audit", ncm_strdup(_("no change was recorded yet")), NULL);
    } else {
        add(l, NCM_CHECK_WARN, "audit",
            ncm_sprintf(_("records cannot be kept in %s, so nothing can be changed"), dir), NULL);
    }
    ncm_free(dir);
}

static void check_state(struct list *l, const char *path)
{
    struct ncm_db *state;
    struct ncm_err err;
    if (ncm_state_open(path, false, &state, &err)) {
        add(l, NCM_CHECK_OK, "state", ncm_strdup(path), NULL);
        check_records(l, state);
        ncm_db_close(state);
    } else if (err.code == NCM_NOT_FOUND) {
        check_place(l, path);
    } else {
        add_error(l, "state", &err);
    }
}

void ncm_doctor(struct ncm_session *s, struct ncm_check **out, size_t *n)
{
    struct list l = {0};
    check_config(&l, s);
    add(&l, NCM_CHECK_OK, "context",
        ncm_sprintf(_("%s (%s)"), ncm_session_location(s), ncm_session_why(s)),
        ncm_session_also(s));
    if (ncm_session_storeless(s)) {
        add(&l, NCM_CHECK_OK, "store", ncm_strdup(_("No tracking store is configured here")), NULL);
    } else {
        check_source(&l, s);
    }
    check_side(&l, s, "prometheus");
    check_side(&l, s, "alertmanager");
    check_deployments(&l, s);
    check_state(&l, ncm_session_state_path(s));
    *out = l.items;
    *n = l.n;
}

void ncm_checks_free(struct ncm_check *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ncm_free(c[i].name);
        ncm_free(c[i].what);
        ncm_free(c[i].hint);
    }
    ncm_free(c);
}
