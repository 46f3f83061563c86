/* Changes: another version by the server's reload page, another split by its traffic page. All are
 * compared first; what went before a failure is taken back. */
#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/endpoint/internal.h"

enum {
    RELOAD_MS = 120000, /* loading a model takes its time */
    BODY_MOST = 1 << 16,
    LOOKS = 3, /* for what became of a request that nobody answered */
    PAUSE_MS = 200,
};
#define VERSION_MARK "{{version}}"

/* The split of one server, before and after all changes of the list. */
struct split {
    struct ep_endpoint *by; /* who holds it */
    struct ep_share *before, *after;
    size_t n_before, n_after, cap;
    bool done;
};

/* One list while it is carried out. */
struct work {
    struct ncm_conn *c;
    const struct ncm_control *control;
    struct ncm_arena *a;
    struct split *splits;
    size_t n_splits;
    bool *done; /* of each change */
};

/* ---- who and what is there ------------------------------------------------------------------- */

static struct ep_endpoint *find(struct ncm_conn *c, const char *ref, struct ncm_err *err)
{
    for (size_t i = 0; i < c->n; i++) {
        char *mine = ncm_sprintf("%s//%s", c->source, c->items[i].set.name);
        bool same = ref != NULL && strcmp(mine, ref) == 0;
        ncm_free(mine);
        if (same) {
            return &c->items[i];
        }
    }
    ncm_fail(err, NCM_NOT_FOUND, _("there is no endpoint %s"), ref != NULL ? ref : "");
    return NULL;
}

static bool ask(struct ep_endpoint *e, enum ncm_http_method method, const char *path,
                const char *body, const struct ncm_control *control, struct ncm_http_answer *out,
                struct ncm_err *err)
{
    struct ncm_ask k = {e->own, e->set.name};
    *out = (struct ncm_http_answer){0};
    if (!ncm_ask_go_on(control, err)) {
        return false;
    }
    struct ncm_http_request rq = ncm_ask_request(method, path, control);
    rq.body = body;
    rq.body_len = body != NULL ? strlen(body) : 0;
    rq.most = EP_BODY_MOST;
    rq.timeout_ms = method == NCM_HTTP_GET ? 5 * EP_PATIENCE_MS : RELOAD_MS;
    if (!ncm_http_do(e->own, &rq, out, err)) {
        return false;
    }
    if (out->status >= 200 && out->status <= 299) {
        return true;
    }
    struct ncm_doc *doc = NULL;
    struct ncm_err ignored;
    bool json = ncm_ask_is_json(out) &&
                ncm_json_parse("answer", out->body.p, out->body.len, &doc, &ignored);
    const struct ncm_node *root = json ? ncm_doc_root(doc) : NULL;
    const char *says = ncm_node_str(root, "error", ncm_node_str(root, "message", NULL));
    says = says != NULL ? says : ncm_node_str(root, "detail", NULL);
    bool refuses = out->status == 400 || out->status == 422;
    ncm_ask_refused(&k, out, says, err);
    if (refuses) {
        char line[200];
        ncm_ask_line(&k, says != NULL ? says : "", line, sizeof line);
        ncm_fail(err, NCM_REFUSED, _("%s does not take it: %s"), e->set.name,
                 line[0] != '\0' ? line : _("it does not say why"));
    }
    ncm_doc_free(doc);
    return ncm_detail(err, "sent; HTTP %d", out->status);
}

static bool read_shares(struct ep_endpoint *by, const struct ncm_control *control,
                        struct ncm_arena *a, struct ep_share **out, size_t *n, struct ncm_err *err)
{
    struct ncm_http_answer x;
    bool ok = ask(by, NCM_HTTP_GET, by->set.traffic, NULL, control, &x, err) &&
              ep_shares(x.body.p, x.body.len, a, out, n, err);
    ncm_http_answer_release(&x);
    return ok;
}

static struct ep_share *share_of(struct ep_share *s, size_t n, const char *target)
{
    for (size_t i = 0; i < n; i++) {
        if (ncm_str_is(s[i].target, target)) {
            return &s[i];
        }
    }
    return NULL;
}

/* What the server answers of its version now; absent where it answers none. */
static struct ncm_str version_now(struct ep_endpoint *e, const struct ncm_control *control,
                                  struct ncm_arena *a, struct ncm_probe *p)
{
    struct ep_asker k = {.e = e, .control = control};
    struct ncm_probe_via via = {ep_ask, &k};
    size_t n;
    ncm_probe_run(&e->set.probe, &via, &e->known, false, a, p, NULL, 0, &n);
    return p->answered;
}

static struct ep_endpoint *splitter_of(struct ncm_conn *c, const struct ncm_change *ch,
                                       struct ncm_err *err)
{
    struct ep_endpoint *e = find(c, ch->object, err);
    struct ep_endpoint *by = e != NULL ? ep_splitter(c, e) : NULL;
    if (e != NULL && by == NULL) {
        ncm_fail(err, NCM_UNSUPPORTED, _("no traffic page is configured for %s"), e->set.name);
    }
    return by;
}

bool ep_present(struct ncm_conn *c, const struct ncm_change *ch, char **value, struct ncm_err *err)
{
    struct ncm_arena *a = ncm_arena_new();
    char text[40];
    bool ok = true;
    *value = NULL;
    if (ch->kind == NCM_CH_DEPLOY_VERSION) {
        struct ncm_probe p;
        struct ep_endpoint *e = find(c, ch->object, err);
        ok = e != NULL;
        if (ok) {
            *value = ncm_strdup(version_now(e, NULL, a, &p).p);
            ok = p.alive == 1 ||
                 ncm_fail(err, NCM_UNREACHABLE, "%s: %s", e->set.name, ncm_cstr(p.reason));
        }
    } else if (ch->kind == NCM_CH_DEPLOY_TRAFFIC) {
        struct ep_endpoint *by = splitter_of(c, ch, err);
        struct ep_share *all, *s;
        size_t n;
        ok = by != NULL && read_shares(by, NULL, a, &all, &n, err);
        s = ok && ch->key != NULL ? share_of(all, n, ch->key) : NULL;
        *value = s != NULL ? ncm_strdup(ncm_fmt_exact(text, sizeof text, s->percent)) : NULL;
    } else {
        ok = ncm_fail(err, NCM_UNSUPPORTED, _("A model server behind a URL cannot do this."));
    }
    ncm_arena_free(a);
    return ok;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool percent_text(const char *text, double *out)
{
    return text != NULL && ncm_parse_double(text, out) && *out >= 0 && *out <= 100;
}

static struct split *split_of(struct work *w, struct ep_endpoint *by, struct ncm_err *err)
{
    for (size_t i = 0; i < w->n_splits; i++) {
        if (w->splits[i].by == by) {
            return &w->splits[i];
        }
    }
    struct split *s = &w->splits[w->n_splits];
    if (!read_shares(by, w->control, w->a, &s->before, &s->n_before, err)) {
        return NULL;
    }
    s->by = by;
    s->n_after = s->n_before;
    w->n_splits++;
    return s;
}

/* Into the map as it shall be. */
static void put_share(struct work *w, struct split *s, const struct ncm_change *ch, size_t room)
{
    if (s->after == NULL) {
        s->after = ncm_arena_alloc(w->a, s->n_before + room, sizeof *s->after);
        memcpy(s->after, s->before, s->n_before * sizeof *s->after);
    }
    struct ep_share *at = share_of(s->after, s->n_after, ch->key);
    double percent;
    if (ch->to == NULL && at != NULL) {
        size_t i = (size_t)(at - s->after);
        memmove(at, at + 1, (s->n_after - i - 1) * sizeof *at);
        s->n_after--;
    } else if (percent_text(ch->to, &percent)) {
        if (at == NULL) {
            at = &s->after[s->n_after++];
            at->target = ncm_arena_cstr(w->a, ch->key);
        }
        at->percent = percent;
    }
}

static double sum_of(const struct ep_share *s, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += s[i].percent;
    }
    return sum;
}

static bool check_one(struct work *w, const struct ncm_change *ch, size_t room, struct ncm_err *err)
{
    double percent;
    if (ch->kind == NCM_CH_DEPLOY_VERSION) {
        struct ep_endpoint *e = find(w->c, ch->object, err);
        if (e == NULL) {
            return false;
        }
        if (e->set.reload == NULL) {
            return ncm_fail(err, NCM_UNSUPPORTED, _("no reload page is configured for %s"),
                            e->set.name);
        }
        return (ch->to != NULL && ch->to[0] != '\0') ||
               ncm_fail(err, NCM_USAGE, _("which version is %s to load?"), e->set.name);
    }
    if (ch->kind != NCM_CH_DEPLOY_TRAFFIC) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("A model server behind a URL cannot do this."));
    }
    if (ch->key == NULL || (ch->to != NULL && !percent_text(ch->to, &percent))) {
        return ncm_fail(err, NCM_USAGE, _("a share of the traffic is a number from 0 to 100"));
    }
    struct ep_endpoint *by = splitter_of(w->c, ch, err);
    struct split *s = by != NULL ? split_of(w, by, err) : NULL;
    if (s != NULL) {
        put_share(w, s, ch, room);
    }
    return s != NULL;
}

static bool check_all(struct work *w, const struct ncm_changes *changes, struct ncm_err *err)
{
    for (size_t i = 0; i < changes->n; i++) {
        if (!check_one(w, &changes->items[i], changes->n, err)) {
            return false;
        }
    }
    for (size_t i = 0; i < w->n_splits; i++) {
        double sum = sum_of(w->splits[i].after, w->splits[i].n_after);
        if (fabs(sum - 100) > 0.01) {
            return ncm_fail(err, NCM_REFUSED, _("the shares would add up to %g %%, not to 100"),
                            sum);
        }
    }
    return true;
}

static struct work begin(struct ncm_conn *c, const struct ncm_changes *changes,
                         const struct ncm_control *control)
{
    struct work w = {.c = c, .control = control, .a = ncm_arena_new()};
    w.splits = ncm_arena_alloc(w.a, changes->n, sizeof *w.splits);
    w.done = ncm_arena_alloc(w.a, changes->n, sizeof *w.done);
    return w;
}

bool ep_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err)
{
    struct work w = begin(c, changes, NULL);
    bool ok = check_all(&w, changes, err);
    ncm_arena_free(w.a);
    return ok;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool same_percent(const char *a, const char *b)
{
    double x, y;
    return ncm_change_same(a, b) ||
           (percent_text(a, &x) && percent_text(b, &y) && fabs(x - y) < 1e-9);
}

static bool compare(struct ncm_conn *c, const struct ncm_change *ch, struct ncm_err *err)
{
    char *now;
    if (!ep_present(c, ch, &now, err)) {
        return false;
    }
    bool traffic = ch->kind == NCM_CH_DEPLOY_TRAFFIC;
    bool same =
        ch->any_from || (traffic ? same_percent(ch->from, now) : ncm_change_same(ch->from, now));
    bool ok = same || ncm_change_conflict(ch, now, err);
    ncm_free(now);
    return ok;
}

/* ---- carrying out ---------------------------------------------------------------------------- */

/* The text with {{version}} replaced; as it stands within a JSON string. The caller frees. */
static char *reload_body(const char *pattern, const char *version)
{
    struct ncm_buf quoted, out;
    struct ncm_json j;
    ncm_buf_init(&quoted, BODY_MOST);
    ncm_json_init(&j, &quoted, false);
    ncm_json_str(&j, version);
    ncm_buf_init(&out, BODY_MOST);
    for (const char *at; (at = strstr(pattern, VERSION_MARK)) != NULL;) {
        ncm_buf_add(&out, pattern, (size_t)(at - pattern));
        ncm_buf_add(&out, quoted.p + 1, quoted.len - 2);
        pattern = at + strlen(VERSION_MARK);
    }
    ncm_buf_puts(&out, pattern);
    char *body = ncm_buf_take(&out);
    ncm_buf_release(&out);
    ncm_buf_release(&quoted);
    return body;
}

static bool reload(struct ncm_conn *c, const char *ref, const char *version,
                   const struct ncm_control *control, struct ncm_err *err)
{
    struct ep_endpoint *e = find(c, ref, err);
    struct ncm_http_answer x;
    if (e == NULL) {
        return false;
    }
    const char *pattern = e->set.reload_body;
    char *body =
        reload_body(pattern != NULL ? pattern : "{\"version\": \"" VERSION_MARK "\"}", version);
    bool ok = ask(e, NCM_HTTP_POST, e->set.reload, body, control, &x, err);
    ncm_http_answer_release(&x);
    ncm_free(body);
    return ok;
}

static bool put_split(struct split *s, const struct ep_share *shares, size_t n,
                      const struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_buf body;
    struct ncm_json j;
    struct ncm_http_answer x;
    ncm_buf_init(&body, BODY_MOST);
    ncm_json_init(&j, &body, false);
    ncm_json_obj(&j);
    for (size_t i = 0; i < n; i++) {
        ncm_json_key(&j, shares[i].target.p);
        ncm_json_num(&j, shares[i].percent);
    }
    ncm_json_end_obj(&j);
    bool ok = ask(s->by, NCM_HTTP_PUT, s->by->set.traffic, body.p, control, &x, err);
    ncm_http_answer_release(&x);
    ncm_buf_release(&body);
    return ok;
}

/* Nobody answered: was it done? Looks, and never sends it again. */
static bool was_done(struct work *w, const struct ncm_change *ch, bool *known)
{
    struct ncm_err ignored;
    *known = false;
    for (int i = 0; i < LOOKS; i++) {
        char *now;
        if (i > 0) {
            ncm_http_pause(w->c->items[0].own, (int64_t)PAUSE_MS << i, NULL, &ignored);
        }
        *known = ep_present(w->c, ch, &now, &ignored);
        bool same = *known && (ch->kind == NCM_CH_DEPLOY_TRAFFIC ? same_percent(ch->to, now)
                                                                 : ncm_change_same(ch->to, now));
        ncm_free(now);
        if (same) {
            return true;
        }
    }
    return false;
}

/* Whether the server may have acted although no answer came. */
static bool is_doubtful(const struct ncm_err *err)
{
    bool lost =
        err->code == NCM_UNREACHABLE || err->code == NCM_TIMEOUT || err->code == NCM_CANCELLED;
    return lost && strncmp(err->detail, "sent", 4) == 0;
}

static struct split *planned(struct work *w, const struct ncm_change *ch)
{
    struct ncm_err ignored;
    struct ep_endpoint *by = splitter_of(w->c, ch, &ignored);
    return split_of(w, by, &ignored); /* read before */
}

static bool carry_out(struct work *w, const struct ncm_change *ch, struct ncm_receipt *receipt,
                      struct ncm_err *err)
{
    struct split *s = ch->kind == NCM_CH_DEPLOY_TRAFFIC ? planned(w, ch) : NULL;
    bool known;
    if (s != NULL && s->done) {
        return true; /* one map holds all changes of it */
    }
    bool ok = s != NULL ? put_split(s, s->after, s->n_after, w->control, err)
                        : reload(w->c, ch->object, ch->to, w->control, err);
    if (!ok && is_doubtful(err)) {
        ok = was_done(w, ch, &known);
        if (!ok && !known) {
            receipt->partial = true;
            ncm_hint(err, "%s", _("whether it was done is not known: look at the deployment"));
        }
    }
    if (ok && s != NULL) {
        s->done = true;
    }
    return ok;
}

static bool take_back(struct work *w, const struct ncm_change *ch)
{
    struct ncm_err ignored;
    if (ch->kind == NCM_CH_DEPLOY_VERSION) {
        return ch->from != NULL && reload(w->c, ch->object, ch->from, NULL, &ignored);
    }
    struct split *s = planned(w, ch);
    if (!s->done) {
        return true;
    }
    s->done = false;
    return put_split(s, s->before, s->n_before, NULL, &ignored);
}

static void ready(struct ncm_conn *c)
{
    for (size_t i = 0; i < c->n; i++) {
        ncm_http_ready(c->items[i].own);
    }
}

bool ep_apply(struct ncm_conn *c, const struct ncm_changes *changes, const struct ncm_mark *mark,
              const struct ncm_control *control, struct ncm_receipt *receipt, struct ncm_err *err)
{
    (void)mark; /* a server has no place for it */
    ready(c);
    struct work w = begin(c, changes, control);
    size_t done = 0;
    *receipt = (struct ncm_receipt){0};
    bool ok = check_all(&w, changes, err);
    for (size_t i = 0; ok && i < changes->n; i++) {
        ok = compare(c, &changes->items[i], err);
    }
    while (ok && done < changes->n) {
        ok = carry_out(&w, &changes->items[done], receipt, err);
        done += ok ? 1 : 0;
    }
    if (ok) {
        receipt->time_ms = ncm_now_ms();
    } else {
        ready(c);
    }
    while (!ok && done > 0) {
        done--;
        if (!take_back(&w, &changes->items[done])) {
            receipt->partial = true;
            ncm_hint(err, "%s",
                     _("a part of it was done and could not be taken back: look at the "
                       "deployment"));
        }
    }
    ncm_arena_free(w.a);
    return ok;
}
