/* The newest lines of a deployment's replicas, and those that follow. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "deployments.h"

enum { TAIL = 200, TAIL_MOST = 100000, LOOK_MS = 1000 };

/* Up to which line each replica was printed: its time, and how many lines had it. */
struct printed {
    char *replica;
    int64_t time_ms;
    size_t same;
};
struct follow {
    struct printed *of;
    size_t n;
    bool one; /* just one replica: its name is not repeated on each line */
};

static struct printed *printed_of(struct follow *w, struct ncm_str replica)
{
    for (size_t i = 0; i < w->n; i++) {
        if (strcmp(w->of[i].replica, ncm_cstr(replica)) == 0) {
            return &w->of[i];
        }
    }
    w->of = ncm_resize(w->of, w->n + 1, sizeof *w->of);
    w->of[w->n] =
        (struct printed){.replica = ncm_strdup(ncm_cstr(replica)), .time_ms = NCM_NO_TIME};
    return &w->of[w->n++];
}

static void line_json(const struct ncm_log_line *line)
{
    struct ncm_buf b;
    struct ncm_json j;
    ncm_buf_init(&b, 16 * 1024 * 1024);
    ncm_json_init(&j, &b, false);
    ncm_json_obj(&j);
    cli_json_time(&j, "time", line->time_ms);
    cli_json_str(&j, "replica", line->replica);
    cli_json_str(&j, "text", line->text);
    ncm_json_end_obj(&j);
    ncm_buf_putc(&b, '\n');
    cli_write(NULL, b.p, b.len);
    ncm_buf_release(&b);
}

static void print_line(const struct cli *c, const struct follow *w, const struct ncm_log_line *line)
{
    if (c->form == CLI_JSONL) {
        line_json(line);
        return;
    }
    if (!w->one && line->replica.p != NULL) {
        cli_write(c, line->replica.p, line->replica.len);
        cli_write(c, "  ", 2);
    }
    cli_write(c, ncm_cstr(line->text), line->text.len);
    cli_write(c, "\n", 1);
}

/* Prints what was not there the last time. Lines of one replica are in the order of their times,
 * and several may share one. */
static void print_new(const struct cli *c, struct follow *w, const struct ncm_logs_snapshot *s)
{
    struct follow seen = {0};
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_log_line *line = &s->items[i];
        struct printed *now = printed_of(&seen, line->replica);
        now->same = line->time_ms == now->time_ms ? now->same + 1 : 1;
        now->time_ms = line->time_ms;
        struct printed *p = printed_of(w, line->replica);
        bool later = p->time_ms == NCM_NO_TIME || line->time_ms > p->time_ms;
        if (later || (line->time_ms == p->time_ms && now->same > p->same)) {
            print_line(c, w, line);
            p->same = line->time_ms == p->time_ms ? p->same + 1 : now->same;
            p->time_ms = line->time_ms;
        }
    }
    for (size_t i = 0; i < seen.n; i++) {
        ncm_free(seen.of[i].replica);
    }
    ncm_free(seen.of);
    fflush(stdout);
}

static void log_json(struct ncm_json *j, const void *item)
{
    const struct ncm_log_line *line = item;
    ncm_json_obj(j);
    cli_json_time(j, "time", line->time_ms);
    cli_json_str(j, "replica", line->replica);
    cli_json_str(j, "text", line->text);
    ncm_json_end_obj(j);
}

static bool print_once(struct cli *c, const struct ncm_logs_snapshot *s, struct ncm_err *err)
{
    for (size_t i = 0; i < s->n_notes; i++) {
        cli_note(c, "ncmlops: %s", ncm_cstr(s->notes[i]));
    }
    if (c->form == CLI_TABLE) {
        struct follow w = {.one = true};
        for (size_t i = 1; i < s->n; i++) {
            w.one = w.one && ncm_str_eq(s->items[i].replica, s->items[0].replica);
        }
        for (size_t i = 0; i < s->n; i++) {
            print_line(c, &w, &s->items[i]);
        }
        return true;
    }
    struct ncm_log_line *items = s->items;
    struct cli_array array = {items, sizeof *items};
    const struct cli_list l = {.n = s->n, .ctx = &array, .at = cli_array_at, .json = log_json};
    return cli_print_list(c, &l, err);
}

/* Until somebody interrupts, or the source says no. */
static bool follow(struct cli *c, struct ncm_want *want, const struct ncm_logs_snapshot *first,
                   struct ncm_err *err)
{
    struct ncm_session *s = cli_session(c, err);
    struct follow w = {.one = cli_value(c, "replica") != NULL};
    bool ok = true;
    print_new(c, &w, first);
    while (ok && cli_stdout_ok(err)) {
        struct pollfd bell = {.fd = ncm_session_bell(s), .events = POLLIN};
        if (poll(&bell, 1, LOOK_MS) == 0) {
            ncm_want_refresh(want);
        }
        ncm_session_pump(s);
        const struct ncm_logs_snapshot *now = ncm_want_get(want);
        const struct ncm_err *wrong = ncm_want_error(want);
        if (now != NULL) {
            print_new(c, &w, now);
        }
        if (wrong != NULL && (wrong->code == NCM_NOT_FOUND || wrong->code == NCM_FORBIDDEN)) {
            *err = *wrong;
            ok = false;
        }
    }
    for (size_t i = 0; i < w.n; i++) {
        ncm_free(w.of[i].replica);
    }
    ncm_free(w.of);
    return false;
}

/* REF in full: "SOURCE/NAMESPACE/NAME". The caller frees. */
static char *full_ref(struct cli *c, struct ncm_err *err)
{
    struct ncm_fleet_feed *feed = cli_fleet(c, NCM_FLEET_DEPLOYMENTS, err);
    if (feed == NULL) {
        return NULL;
    }
    const struct ncm_fleet_deployment *d =
        cli_fleet_find(c, ncm_fleet_feed_get(feed), c->words[0], err);
    char *ref = d != NULL ? ncm_deployment_ref(d->it) : NULL;
    ncm_fleet_feed_close(feed);
    return ref;
}

bool cli_deployment_logs(struct cli *c, struct ncm_err *err)
{
    int64_t tail;
    const void *snapshot = NULL;
    if (!cli_count(c, "tail", TAIL, &tail, err)) {
        return false;
    }
    char *ref = full_ref(c, err);
    if (ref == NULL) {
        return false;
    }
    struct ncm_query *q = ncm_query_new(NCM_T_LOGS);
    q->id = ref;
    q->key = cli_value(c, "replica") != NULL ? ncm_strdup(cli_value(c, "replica")) : NULL;
    q->view = cli_flag(c, "previous") ? NCM_VIEW_DELETED : NCM_VIEW_ACTIVE;
    q->limit = tail == 0 || tail > TAIL_MOST ? TAIL_MOST : tail;
    if (cli_value(c, "container") != NULL) {
        ncm_query_add_column(q, cli_value(c, "container"));
    }
    struct ncm_want *want = ncm_session_want(cli_session(c, err), q);
    ncm_query_free(q);
    bool ok = ncm_want_wait(want, &snapshot, err);
    ok = ok &&
         (cli_flag(c, "follow") ? follow(c, want, snapshot, err) : print_once(c, snapshot, err));
    ncm_want_release(want);
    return ok;
}
