#include "ops/watch/deliver.h"

#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/num.h"
#include "io/http.h"

enum {
    ROUND_MOST = 20, /* deliveries before the watch goes on with its other work */
    ROUND_MS = 5000, /* and no new one later: together with PATIENCE_MS below the time of a lease */
    FIRST_PAUSE_MS = 5000,
    LAST_PAUSE_MS = 15 * 60 * 1000,
    PATIENCE_MS = 10000,
};
#define GIVE_UP_MS (INT64_C(7) * 86400000)

/* Of one alert a webhook hears in order: what is still to come waits for what failed before it. */
#define NEXT_ONES                                                                                  \
    " FROM deliveries d JOIN alerts a ON a.id=d.alert WHERE d.done_ms IS NULL AND NOT EXISTS("     \
    "SELECT 1 FROM deliveries o WHERE o.webhook=d.webhook AND o.alert=d.alert AND o.id<d.id"       \
    " AND o.done_ms IS NULL)"

struct due {
    struct ncm_delivery d;
    struct ncm_str webhook;
    int64_t tries;
};

static void take_row(struct ncm_stmt *st, struct ncm_arena *a, struct due *out)
{
    *out = (struct due){
        .webhook = ncm_col_dup(st, 1, a),
        .tries = ncm_col_i64(st, 5),
        .d = {.id = ncm_col_i64(st, 0),
              .alert = ncm_col_i64(st, 2),
              .event = ncm_col_dup(st, 3, a),
              .event_ms = ncm_col_i64(st, 4),
              .rule = ncm_col_dup(st, 6, a),
              .model = ncm_col_dup(st, 7, a),
              .feature = ncm_col_dup(st, 8, a),
              .severity = ncm_col_dup(st, 9, a),
              .summary = ncm_col_dup(st, 10, a),
              .value = ncm_col_number(st, 11),
              .threshold = ncm_col_number(st, 12),
              .since_ms = ncm_col_i64(st, 13)},
    };
}

static bool load_due(struct ncm_db *db, int64_t now_ms, struct ncm_arena *a, struct due *out,
                     size_t *n, struct ncm_err *err)
{
    struct ncm_stmt *st;
    *n = 0;
    if (!ncm_db_prepare(db,
                        "SELECT d.id,d.webhook,d.alert,d.event,d.event_ms,d.tries,a.rule,a.model,"
                        "a.feature,a.severity,a.summary,a.value,a.threshold,a.since_ms" NEXT_ONES
                        " AND d.due_ms<=? ORDER BY d.id LIMIT ?",
                        &st, err)) {
        return false;
    }
    ncm_bind_i64(st, 1, now_ms);
    ncm_bind_i64(st, 2, ROUND_MOST);
    bool row = true, ok = true;
    while (*n < ROUND_MOST && (ok = ncm_stmt_step(st, &row, err)) && row) {
        take_row(st, a, &out[(*n)++]);
    }
    ncm_stmt_end(st);
    return ok;
}

static const struct ncm_webhook *hook_of(const struct ncm_watch_plan *plan, struct ncm_str name)
{
    for (size_t i = 0; i < plan->n_webhooks; i++) {
        if (ncm_str_is(name, plan->webhooks[i].name)) {
            return &plan->webhooks[i];
        }
    }
    return NULL;
}

/* "https://HOST" of an address, and the rest of it as a path. Caller frees both. */
static void split(const char *url, char **base, char **path)
{
    const char *host = strstr(url, "://");
    const char *slash = host != NULL ? strchr(host + 3, '/') : NULL;
    *base = slash != NULL ? ncm_strndup(url, (size_t)(slash - url)) : ncm_strdup(url);
    *path = ncm_strdup(slash != NULL ? slash : "/");
}

static bool post(const struct ncm_webhook *hook, const struct ncm_delivery *d,
                 const atomic_bool *cancel, struct ncm_err *err)
{
    struct ncm_http *http = NULL;
    struct ncm_http_answer answer;
    char *base, *path, *body = ncm_delivery_body(hook, d);
    split(hook->url, &base, &path);
    bool ok = ncm_http_open(base, &hook->access, &http, err);
    if (ok) {
        const struct ncm_http_request rq = {
            .method = NCM_HTTP_POST,
            .path = path,
            .body = body,
            .body_len = strlen(body),
            .type = hook->content_type,
            .cut = true,
            .most = 4096,
            .timeout_ms = PATIENCE_MS,
            .cancel = cancel,
        };
        ok = ncm_http_do(http, &rq, &answer, err);
        if (ok && (answer.status < 200 || answer.status > 299)) {
            ok = ncm_http_refused(http, &answer, NULL, err);
        }
        ncm_http_answer_release(&answer);
    }
    ncm_http_close(http);
    ncm_free(base);
    ncm_free(path);
    ncm_free(body);
    return ok;
}

static int64_t pause_ms(int64_t tries, const struct ncm_err *err)
{
    int64_t ms = FIRST_PAUSE_MS;
    for (int64_t i = 1; i < tries && ms < LAST_PAUSE_MS; i++) {
        ms *= 2;
    }
    ms = ms < LAST_PAUSE_MS ? ms : LAST_PAUSE_MS;
    return err->retry_ms > ms ? err->retry_ms : ms;
}

static bool note(struct ncm_db *db, const struct due *u, bool sent, const struct ncm_err *why,
                 int64_t now_ms, struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(db,
                        "UPDATE deliveries SET tries=tries+1, done_ms=?1, due_ms=?2, error=?3"
                        " WHERE id=?4",
                        &st, err)) {
        return false;
    }
    bool over = sent || now_ms - u->d.event_ms > GIVE_UP_MS;
    if (over) {
        ncm_bind_i64(st, 1, now_ms);
    } else {
        ncm_bind_null(st, 1);
    }
    ncm_bind_i64(st, 2, sent ? now_ms : now_ms + pause_ms(u->tries + 1, why));
    ncm_bind_cstr(st, 3, sent ? NULL : why->what);
    ncm_bind_i64(st, 4, u->d.id);
    return ncm_stmt_run(st, err);
}

static bool is_away(const struct ncm_err *why)
{
    return why->code == NCM_UNREACHABLE || why->code == NCM_TIMEOUT ||
           why->code == NCM_RATE_LIMITED;
}

/* Who is away is not asked for each delivery anew: it would keep the watch from its work. */
static bool put_off(struct ncm_db *db, const struct due *u, int64_t until_ms, struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(db,
                        "UPDATE deliveries SET due_ms=max(due_ms,?) WHERE webhook=? AND done_ms IS"
                        " NULL",
                        &st, err)) {
        return false;
    }
    ncm_bind_i64(st, 1, until_ms);
    ncm_bind_cstr(st, 2, ncm_cstr(u->webhook));
    return ncm_stmt_run(st, err);
}

static bool deliver(struct ncm_db *db, const struct ncm_watch_plan *plan, const struct due *u,
                    int64_t now_ms, const atomic_bool *cancel, struct ncm_err *err)
{
    struct ncm_err why = {0};
    const struct ncm_webhook *hook = hook_of(plan, u->webhook);
    bool sent = hook != NULL ? post(hook, &u->d, cancel, &why)
                             : ncm_fail(&why, NCM_NOT_FOUND,
                                        _("the configuration names no webhook '%s' any more"),
                                        ncm_cstr(u->webhook));
    if (!sent && why.code == NCM_CANCELLED) {
        return true; /* it stays due */
    }
    if (!sent) {
        ncm_log("webhook %s: %s", ncm_cstr(u->webhook), why.what);
    }
    return note(db, u, sent, &why, now_ms, err) &&
           (sent || !is_away(&why) || put_off(db, u, now_ms + pause_ms(u->tries + 1, &why), err));
}

/* Whether an earlier one of this round found its webhook away. */
static bool is_put_off(struct ncm_db *db, const struct due *u, int64_t now_ms)
{
    struct ncm_err ignored;
    char *sql = ncm_sprintf("SELECT due_ms FROM deliveries WHERE id=%lld", (long long)u->d.id);
    int64_t due_ms = 0;
    bool later = ncm_db_i64(db, sql, 0, &due_ms, &ignored) && due_ms > now_ms;
    ncm_free(sql);
    return later;
}

bool ncm_deliver_due(struct ncm_db *db, const struct ncm_watch_plan *plan, int64_t now_ms,
                     const atomic_bool *cancel, int64_t *left_ms, struct ncm_err *err)
{
    struct due due[ROUND_MOST];
    size_t n;
    struct ncm_arena *a = ncm_arena_new();
    int64_t until = ncm_mono_ms() + ROUND_MS;
    bool ok = load_due(db, now_ms, a, due, &n, err);
    for (size_t i = 0;
         ok && i < n && ncm_mono_ms() < until && !(cancel != NULL && atomic_load(cancel)); i++) {
        ok = is_put_off(db, &due[i], now_ms) || deliver(db, plan, &due[i], now_ms, cancel, err);
    }
    ncm_arena_free(a);
    int64_t next = 0;
    *left_ms = -1;
    ok = ok && ncm_db_i64(db, "SELECT min(d.due_ms)" NEXT_ONES, INT64_MAX, &next, err);
    if (ok && next != INT64_MAX) {
        *left_ms = next > now_ms ? next - now_ms : 0;
    }
    return ok;
}
