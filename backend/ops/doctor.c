/* Every check is a line; the ones that ask the store run as one job on its lane. */
#include "ops/doctor.h"

#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "engine/state.h"
#include "io/file.h"
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

static void check_writable(struct list *l, struct ncm_job_context *ctx,
                           const struct ncm_store_snapshot *st)
{
    if (!st->writable) {
        add(l, NCM_CHECK_WARN, "write", ncm_strdup(_("the store is only read")),
            ncm_cstr(st->why_read_only));
    } else if (ctx->read_only) {
        add(l, NCM_CHECK_WARN, "write", ncm_strdup(_("read-only, as asked for")), NULL);
    } else {
        add(l, NCM_CHECK_OK, "write", ncm_strdup(_("changes can be made")), NULL);
    }
    if (st->server.p != NULL) {
        add(l, NCM_CHECK_WARN, "server",
            ncm_sprintf(_("a tracking server owns the file: %s"), st->server.p),
            _("changes made here fire no webhooks and ask no permissions"));
    }
}

static bool check_store(struct list *l, struct ncm_job_context *ctx)
{
    const void *got;
    struct ncm_err err;
    struct ncm_query *q = ncm_query_new(NCM_T_STORE);
    bool ok = ncm_fetch_now(ctx, q, &got, &err);
    ncm_query_free(q);
    if (!ok) {
        add_error(l, "store", &err);
        return false;
    }
    const struct ncm_store_snapshot *st = got;
    add(l, NCM_CHECK_OK, "store", ncm_sprintf("%s: %s", ncm_cstr(st->kind), ncm_cstr(st->location)),
        NULL);
    add(l, NCM_CHECK_OK, "schema",
        ncm_sprintf("%s (%s)", ncm_cstr(st->schema), ncm_cstr(st->release)), NULL);
    check_writable(l, ctx, st);
    ncm_snapshot_unref(got);
    return true;
}

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

/* Whether the record file could be made: its folder must take new files. */
static void check_place(struct list *l, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash == NULL ? ncm_strdup(".")
                              : ncm_strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (access(dir, W_OK | X_OK) == 0) {
        add(l, NCM_CHECK_OK, "audit", ncm_strdup(_("no change was recorded yet")), NULL);
    } else {
        add(l, NCM_CHECK_WARN, "audit",
            ncm_sprintf(_("records cannot be kept in %s, so nothing can be changed"), dir), NULL);
    }
    ncm_free(dir);
}

static void check_state(struct list *l, struct ncm_job_context *ctx)
{
    struct ncm_db *state;
    struct ncm_err err;
    if (ctx->state_path == NULL) {
        add(l, NCM_CHECK_WARN, "audit",
            ncm_strdup(_("there is no place for records, so nothing can be changed")), NULL);
    } else if (ncm_state_open(ctx->state_path, false, &state, &err)) {
        add(l, NCM_CHECK_OK, "state", ncm_strdup(ctx->state_path), NULL);
        check_records(l, state);
        ncm_db_close(state);
    } else if (err.code == NCM_NOT_FOUND) {
        check_place(l, ctx->state_path);
    } else {
        add_error(l, "state", &err);
    }
}

static bool store_job(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    struct list *l = arg;
    (void)err;
    if (check_store(l, ctx)) {
        check_state(l, ctx);
    }
    return true;
}

static void free_list(void *arg)
{
    struct list *l = arg;
    ncm_checks_free(l->items, l->n);
    ncm_free(l);
}

void ncm_doctor(struct ncm_session *s, struct ncm_check **out, size_t *n)
{
    struct list *l = ncm_alloc(1, sizeof *l);
    struct ncm_job_result result;
    struct ncm_err err;
    add(l, NCM_CHECK_OK, "context",
        ncm_sprintf(_("%s (%s)"), ncm_session_location(s), ncm_session_why(s)),
        ncm_session_also(s));
    check_config(l, s);
    if (ncm_session_insecure(s)) {
        add(l, NCM_CHECK_WARN, "tls", ncm_strdup(_("the server's certificate is not checked")),
            _("'ca' (or MLFLOW_TRACKING_SERVER_CERT_PATH) names the certificate to check it with"));
    }
    uint64_t id = ncm_session_submit(s, store_job, l, free_list);
    if (!ncm_session_result_wait(s, id, &result, &err)) {
        /* The job still has the list: what is known now is only that it took too long. */
        struct list *late = ncm_alloc(1, sizeof *late);
        add_error(late, "store", &err);
        l = late;
    }
    *out = l->items;
    *n = l->n;
    ncm_free(l);
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
