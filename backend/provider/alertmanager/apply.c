/* Changes of silences: compared first, then carried out one after another; what went before a
 * failure is taken back. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "model/matcher.h"
#include "provider/alertmanager/alertmanager.h"
#include "provider/alertmanager/internal.h"

enum {
    BODY_MOST = 1 << 20,
    LOOKS = 4, /* for what became of a request that nobody answered */
    PAUSE_MS = 100,
};

/* What one change met and did. */
struct step {
    struct ncm_silence wanted, before;
    bool had_before;
    char new_id[40];
};

static void key_text(struct ncm_json *j, const char *key, struct ncm_str s)
{
    ncm_json_key(j, key);
    ncm_json_str_n(j, ncm_cstr(s), s.len);
}

static void key_time(struct ncm_json *j, const char *key, int64_t ms)
{
    char text[40];
    ncm_json_key(j, key);
    ncm_json_str(j, ncm_fmt_iso(text, sizeof text, ms));
}

/* The silence as the API takes it; id NULL or "" for a new one. The caller frees. */
static char *body_of(const struct ncm_silence *s, const char *id, int64_t starts_ms)
{
    struct ncm_buf out;
    struct ncm_json j;
    ncm_buf_init(&out, BODY_MOST);
    ncm_json_init(&j, &out, false);
    ncm_json_obj(&j);
    if (id != NULL && id[0] != '\0') {
        ncm_json_key(&j, "id");
        ncm_json_str(&j, id);
    }
    ncm_json_key(&j, "matchers");
    ncm_json_arr(&j);
    for (size_t i = 0; i < s->n_matchers; i++) {
        ncm_json_obj(&j);
        key_text(&j, "name", s->matchers[i].name);
        key_text(&j, "value", s->matchers[i].value);
        ncm_json_key(&j, "isRegex");
        ncm_json_bool(&j, s->matchers[i].is_regex);
        ncm_json_key(&j, "isEqual");
        ncm_json_bool(&j, s->matchers[i].is_equal);
        ncm_json_end_obj(&j);
    }
    ncm_json_end_arr(&j);
    key_time(&j, "startsAt", starts_ms);
    key_time(&j, "endsAt", s->ends_ms);
    key_text(&j, "createdBy", s->created_by);
    key_text(&j, "comment", s->comment);
    ncm_json_end_obj(&j);
    char *body = ncm_buf_take(&out);
    ncm_buf_release(&out);
    return body;
}

bool ncm_alertmanager_silence(const char *text, struct ncm_arena *a, struct ncm_silence *out,
                              struct ncm_err *err)
{
    struct ncm_doc *doc = NULL;
    bool ok = ncm_json_parse(_("the silence"), text, strlen(text), &doc, err) &&
              am_decode_silence(ncm_doc_root(doc), a, out, err);
    ncm_doc_free(doc);
    return ok || ncm_fail(err, NCM_USAGE,
                          _("this is no silence: it needs matchers, startsAt, "
                            "endsAt, createdBy and comment"));
}

bool am_silence_of_change(const struct ncm_change *ch, struct ncm_arena *a, struct ncm_silence *out,
                          struct ncm_err *err)
{
    return ncm_alertmanager_silence(ch->to != NULL ? ch->to : "", a, out, err);
}

/* ---- looking --------------------------------------------------------------------------------- */

static const char *word_of(enum ncm_silence_state state)
{
    return state == NCM_SILENCE_EXPIRED ? "expired" : "active";
}

static bool is_new(const struct ncm_change *ch)
{
    return ch->kind == NCM_CH_SILENCE_CREATE && (ch->object == NULL || ch->object[0] == '\0');
}

/* One in force that says the same but for its beginning, which the server moves. */
static bool find_same(struct ncm_conn *c, const struct ncm_silence *wanted,
                      const struct ncm_control *control, struct ncm_str *id, struct ncm_arena *a,
                      struct ncm_err *err)
{
    struct ncm_silence *all;
    size_t n;
    *id = (struct ncm_str){0};
    if (!am_read_silences(c, control, a, &all, &n, err)) {
        return false;
    }
    for (size_t i = 0; i < n && id->p == NULL; i++) {
        const struct ncm_silence *s = &all[i];
        if (s->state != NCM_SILENCE_EXPIRED && s->ends_ms == wanted->ends_ms &&
            ncm_str_eq(s->comment, wanted->comment) &&
            ncm_str_eq(s->created_by, wanted->created_by) && am_same_matchers(s, wanted)) {
            *id = s->id;
        }
    }
    return true;
}

bool am_present(struct ncm_conn *c, const struct ncm_change *ch, char **value, struct ncm_err *err)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_silence s;
    struct ncm_str id;
    bool ok;
    *value = NULL;
    ncm_http_ready(c->ask.http);
    if (ch->kind != NCM_CH_SILENCE_CREATE && ch->kind != NCM_CH_SILENCE_EXPIRE) {
        ok = ncm_fail(err, NCM_UNSUPPORTED, _("Alertmanager does not hold this."));
    } else if (is_new(ch)) {
        ok = am_silence_of_change(ch, a, &s, err) && find_same(c, &s, NULL, &id, a, err);
        *value = ok && id.p != NULL ? ncm_strdup("active") : NULL;
    } else {
        ok = am_read_silence(c, ch->object, NULL, a, &s, err);
        *value = ok ? ncm_strdup(word_of(s.state)) : NULL;
    }
    ncm_arena_free(a);
    return ok;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool some_matcher_holds_back(const struct ncm_silence *s, struct ncm_err *err)
{
    struct ncm_kv none = {{"", 0}, {"", 0}};
    for (size_t i = 0; i < s->n_matchers; i++) {
        struct ncm_matching *m;
        struct ncm_err ignored;
        /* An expression that only the server understands is the server's to judge. */
        if (!ncm_matching_new(&s->matchers[i], 1, &m, &ignored)) {
            if (ignored.code == NCM_USAGE) {
                *err = ignored;
                return false;
            }
            return true;
        }
        bool matches_nothing = ncm_matching_hits(m, &none, 0);
        ncm_matching_free(m);
        if (!matches_nothing) {
            return true;
        }
    }
    return ncm_fail(err, NCM_USAGE,
                    _("this silence would hit every alert: at least one matcher "
                      "must want a value"));
}

static bool check_silence(const struct ncm_silence *s, struct ncm_err *err)
{
    if (s->created_by.len == 0 || s->comment.len == 0) {
        return ncm_fail(err, NCM_USAGE, _("a silence needs an author and a comment"));
    }
    if (s->starts_ms == NCM_NO_TIME || s->ends_ms == NCM_NO_TIME) {
        return ncm_fail(err, NCM_USAGE, _("a silence needs a time from which and until which"));
    }
    if (s->ends_ms <= s->starts_ms || s->ends_ms <= ncm_now_ms()) {
        return ncm_fail(err, NCM_USAGE, _("the silence would be over already"));
    }
    return some_matcher_holds_back(s, err);
}

bool am_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err)
{
    (void)c;
    for (size_t i = 0; i < changes->n; i++) {
        const struct ncm_change *ch = &changes->items[i];
        struct ncm_silence s;
        if (ch->kind == NCM_CH_SILENCE_EXPIRE && ch->object != NULL && ch->object[0] != '\0') {
            continue;
        }
        if (ch->kind != NCM_CH_SILENCE_CREATE) {
            return ncm_fail(err, NCM_UNSUPPORTED, _("Alertmanager knows no such change"));
        }
        struct ncm_arena *a = ncm_arena_new();
        bool ok = am_silence_of_change(ch, a, &s, err) && check_silence(&s, err);
        ncm_arena_free(a);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool post(struct ncm_conn *c, const struct ncm_silence *s, const char *id, int64_t starts_ms,
                 const struct ncm_control *control, char new_id[40], struct ncm_err *err)
{
    struct ncm_doc *doc;
    char *body = body_of(s, id, starts_ms);
    bool ok = am_call(c, NCM_HTTP_POST, "/silences", body, control, &doc, err);
    ncm_free(body);
    if (ok) {
        const char *made = doc != NULL ? ncm_node_str(ncm_doc_root(doc), "silenceID", "") : "";
        size_t len = strlen(made);
        ok = (len > 0 && len < 40) ||
             ncm_fail(err, NCM_INVALID_DATA, _("Alertmanager does not say which silence it made"));
        memcpy(new_id, made, ok ? len + 1 : 0);
    }
    ncm_doc_free(doc);
    return ok;
}

static bool expire(struct ncm_conn *c, const char *id, const struct ncm_control *control,
                   struct ncm_err *err)
{
    struct ncm_doc *doc;
    struct ncm_buf path;
    ncm_buf_init(&path, 4096);
    ncm_buf_puts(&path, "/silence/");
    ncm_http_encode(&path, id);
    bool ok = am_call(c, NCM_HTTP_DELETE, path.p, NULL, control, &doc, err);
    ncm_doc_free(doc);
    ncm_buf_release(&path);
    return ok;
}

/* Whether the request may have been carried out although its answer is none. */
static bool is_doubtful(const struct ncm_err *err)
{
    switch (err->code) {
    case NCM_INVALID_DATA:
    case NCM_TOO_LARGE:
        return true;
    case NCM_UNREACHABLE:
    case NCM_TIMEOUT:
    case NCM_TLS:
    case NCM_CANCELLED:
    case NCM_BUSY:
    case NCM_IO:
        return strncmp(err->detail, "sent", 4) == 0;
    default:
        return false;
    }
}

/* Looks whether it was done, and fills new_id; never sends it again. false: it was not, or nobody
 * knows (*known). */
static bool was_done(struct ncm_conn *c, const struct ncm_change *ch, struct step *s,
                     struct ncm_arena *a, bool *known)
{
    struct ncm_err ignored;
    struct ncm_silence now;
    struct ncm_str id;
    *known = false;
    for (int i = 0; i < LOOKS; i++) {
        if (i > 0 && !ncm_http_pause(c->ask.http, (int64_t)PAUSE_MS << i, NULL, &ignored)) {
            ncm_http_ready(c->ask.http);
        }
        if (ch->kind == NCM_CH_SILENCE_EXPIRE) {
            *known = am_read_silence(c, ch->object, NULL, a, &now, &ignored);
            if (*known && now.state == NCM_SILENCE_EXPIRED) {
                return true;
            }
        } else {
            *known = find_same(c, &s->wanted, NULL, &id, a, &ignored);
            if (*known && id.p != NULL && id.len < sizeof s->new_id) {
                memcpy(s->new_id, id.p, id.len + 1);
                return true;
            }
        }
    }
    return false;
}

static bool carry_out(struct ncm_conn *c, const struct ncm_change *ch, struct step *s,
                      struct ncm_arena *a, const struct ncm_control *control,
                      struct ncm_receipt *receipt, struct ncm_err *err)
{
    bool ok, known;
    if (ch->kind == NCM_CH_SILENCE_EXPIRE) {
        ok = expire(c, ch->object, control, err);
    } else {
        /* One that has the same matchers keeps its id only where it keeps its beginning too. */
        bool keeps = s->had_before && am_same_matchers(&s->wanted, &s->before);
        ok = post(c, &s->wanted, ch->object, keeps ? s->before.starts_ms : s->wanted.starts_ms,
                  control, s->new_id, err);
    }
    if (ok || !is_doubtful(err)) {
        return ok;
    }
    ncm_http_ready(c->ask.http);
    if (was_done(c, ch, s, a, &known)) {
        return true;
    }
    if (!known) {
        receipt->partial = true;
        ncm_hint(err, "%s", _("whether it was done is not known: look at the silences"));
    }
    return false;
}

static bool take_back(struct ncm_conn *c, const struct ncm_change *ch, const struct step *s)
{
    struct ncm_err ignored;
    char id[40];
    return is_new(ch) ? expire(c, s->new_id, NULL, &ignored)
                      : post(c, &s->before, s->new_id, s->before.starts_ms, NULL, id, &ignored);
}

static bool compare(struct ncm_conn *c, const struct ncm_change *ch, struct step *s,
                    struct ncm_arena *a, const struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_str id;
    const char *now;
    if (ch->kind == NCM_CH_SILENCE_CREATE && !am_silence_of_change(ch, a, &s->wanted, err)) {
        return false;
    }
    if (is_new(ch)) {
        if (!find_same(c, &s->wanted, control, &id, a, err)) {
            return false;
        }
        now = id.p != NULL ? "active" : NULL;
    } else {
        if (!am_read_silence(c, ch->object, control, a, &s->before, err)) {
            return false;
        }
        s->had_before = true;
        now = word_of(s->before.state);
    }
    return ch->any_from || ncm_change_same(ch->from, now) || ncm_change_conflict(ch, now, err);
}

bool am_apply(struct ncm_conn *c, const struct ncm_changes *changes, const struct ncm_mark *mark,
              const struct ncm_control *control, struct ncm_receipt *receipt, struct ncm_err *err)
{
    (void)mark; /* a silence carries its author and comment itself */
    struct ncm_arena *a = ncm_arena_new();
    struct step *steps = ncm_arena_alloc(a, changes->n, sizeof *steps);
    size_t done = 0;
    *receipt = (struct ncm_receipt){0};
    ncm_http_ready(c->ask.http);
    bool ok = am_check(c, changes, err);
    for (size_t i = 0; ok && i < changes->n; i++) {
        ok = compare(c, &changes->items[i], &steps[i], a, control, err);
    }
    while (ok && done < changes->n) {
        ok = carry_out(c, &changes->items[done], &steps[done], a, control, receipt, err);
        done += ok ? 1 : 0;
    }
    if (ok) {
        receipt->time_ms = ncm_now_ms();
        for (size_t i = 0; i < changes->n; i++) {
            if (steps[i].new_id[0] != '\0') {
                memcpy(receipt->new_id, steps[i].new_id, sizeof receipt->new_id);
            }
        }
    }
    while (!ok && done > 0) {
        done--;
        if (!take_back(c, &changes->items[done], &steps[done])) {
            receipt->partial = true;
            ncm_hint(err, "%s",
                     _("a part of it was done and could not be taken back: look at the "
                       "silences"));
        }
    }
    ncm_arena_free(a);
    return ok;
}
