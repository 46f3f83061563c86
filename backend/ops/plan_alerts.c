/* Plans about alerts and silences: who looks after one, what is kept quiet and for how long. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/file.h"
#include "io/node.h"
#include "model/matcher.h"
#include "ops/parts.h"

enum { TEXT_MOST = 65536, HITS_SHOWN = 12 };
#define LONGEST_MS (INT64_C(366) * 86400000)

bool ncm_record_of_alerts(const struct ncm_record *r)
{
    return ncm_record_changes(r, "alert_") || ncm_record_changes(r, "silence");
}

/* ---- alerts ---------------------------------------------------------------------------------- */

static const struct ncm_alerts_snapshot *alerts_of(struct ncm_planner *p, const char *source,
                                                   struct ncm_err *err)
{
    const void *s = NULL;
    struct ncm_query *q = ncm_query_new(NCM_T_ALERTS);
    q->id = ncm_strdup(source);
    bool ok = ncm_fetch_now(p->ctx, q, &s, err);
    ncm_query_free(q);
    return ok ? s : NULL;
}

static const struct ncm_alert *find_alert(const struct ncm_alerts_snapshot *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++) {
        if (ncm_str_is(s->items[i].id, id)) {
            return &s->items[i];
        }
    }
    return NULL;
}

static void plan_ack(struct ncm_plan *plan, const struct ncm_alert *x, const char *actor)
{
    const char *before = x->ack_actor.p;
    struct ncm_change *ch = ncm_changes_add(&plan->changes, NCM_CH_ALERT_ACK, ncm_cstr(x->id), NULL,
                                            NULL, before, actor);
    ch->extra = ncm_strdup(plan->intent->reason);
    ncm_plan_line(plan, NCM_TONE_CHANGE, ncm_cstr(x->rule), _("looked after by"),
                  before != NULL ? before : "–", actor);
    ncm_plan_line(plan, NCM_TONE_NOTE, ncm_cstr(x->rule), ncm_cstr(x->summary), NULL, NULL);
}

static void plan_resolve(struct ncm_plan *plan, const struct ncm_alert *x)
{
    const char *now = x->state == NCM_ALERT_PENDING ? "pending" : "firing";
    ncm_changes_add(&plan->changes, NCM_CH_ALERT_STATE, ncm_cstr(x->id), NULL, NULL, now,
                    "resolved");
    ncm_plan_line(plan, NCM_TONE_CHANGE, ncm_cstr(x->rule), _("state"), now, "resolved");
    ncm_plan_warn(plan, "%s", _("it comes again with the next window that is over the threshold"));
}

bool ncm_plan_alerts(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *in = plan->intent;
    const struct ncm_alerts_snapshot *s = alerts_of(p, "ncmlops", err);
    if (s == NULL) {
        return false;
    }
    char *actor = ncm_whoami();
    bool ack = in->kind == NCM_DO_ALERT_ACK, ok = in->n_objects > 0;
    for (size_t i = 0; ok && i < in->n_objects; i++) {
        const struct ncm_alert *x = find_alert(s, in->objects[i]);
        if (x == NULL || x->state == NCM_ALERT_RESOLVED) {
            ok = ncm_fail(err, NCM_NOT_FOUND, _("There is no open alert of ours with the id %s"),
                          in->objects[i]);
        } else if (ack) {
            plan_ack(plan, x, actor);
        } else {
            plan_resolve(plan, x);
        }
    }
    if (ok) {
        const struct ncm_alert *first = find_alert(s, in->objects[0]);
        plan->title =
            ncm_sprintf(ack ? _("Acknowledge %s") : _("Resolve %s"), ncm_cstr(first->rule));
        plan->subject = ncm_strdup(ncm_cstr(first->rule));
        plan->from = ncm_strdup(ncm_alert_state_word(first->state));
        plan->to = ncm_strdup(ack ? "acknowledged" : "resolved");
        plan->confirm_name = ncm_strdup(ncm_cstr(first->subject));
    }
    ncm_free(actor);
    ncm_snapshot_unref(s);
    return ok;
}

/* ---- silences -------------------------------------------------------------------------------- */

static void text_field(struct ncm_json *j, const char *key, struct ncm_str value)
{
    ncm_json_key(j, key);
    ncm_json_str_n(j, ncm_cstr(value), value.len);
}

/* The silence as its source takes it; the caller frees. */
static char *silence_json(const struct ncm_matcher *m, size_t n, int64_t starts_ms, int64_t ends_ms,
                          const char *actor, const char *comment)
{
    struct ncm_buf b;
    struct ncm_json j;
    char time[40];
    ncm_buf_init(&b, TEXT_MOST);
    ncm_json_init(&j, &b, false);
    ncm_json_obj(&j);
    ncm_json_key(&j, "matchers");
    ncm_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        ncm_json_obj(&j);
        text_field(&j, "name", m[i].name);
        text_field(&j, "value", m[i].value);
        ncm_json_key(&j, "isRegex");
        ncm_json_bool(&j, m[i].is_regex);
        ncm_json_key(&j, "isEqual");
        ncm_json_bool(&j, m[i].is_equal);
        ncm_json_end_obj(&j);
    }
    ncm_json_end_arr(&j);
    ncm_json_key(&j, "startsAt");
    ncm_json_str(&j, ncm_fmt_iso(time, sizeof time, starts_ms));
    ncm_json_key(&j, "endsAt");
    ncm_json_str(&j, ncm_fmt_iso(time, sizeof time, ends_ms));
    ncm_json_key(&j, "createdBy");
    ncm_json_str(&j, actor);
    ncm_json_key(&j, "comment");
    ncm_json_str(&j, comment != NULL && comment[0] != '\0' ? comment : "ncmlops");
    ncm_json_end_obj(&j);
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

static bool open_state(const struct ncm_alert *x)
{
    return x->state != NCM_ALERT_RESOLVED;
}

/* What it would keep quiet right now. */
static bool show_hits(struct ncm_planner *p, const struct ncm_matcher *m, size_t n,
                      struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    struct ncm_matching *matching;
    struct ncm_err why;
    const char *source = plan->intent->model != NULL ? plan->intent->model : "ncmlops";
    const struct ncm_alerts_snapshot *s = alerts_of(p, source, err);
    if (s == NULL) {
        return false;
    }
    if (!ncm_matching_new(m, n, &matching, &why)) {
        ncm_snapshot_unref(s);
        if (why.code == NCM_UNSUPPORTED) {
            ncm_plan_warn(plan, "%s", why.what);
            return true;
        }
        *err = why;
        return false;
    }
    size_t hits = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_alert *x = &s->items[i];
        if (open_state(x) && ncm_matching_hits(matching, x->labels, x->n_labels) &&
            ++hits <= HITS_SHOWN) {
            ncm_plan_line(plan, NCM_TONE_SIDE, ncm_cstr(x->rule), ncm_cstr(x->summary),
                          ncm_alert_state_word(x->state), "silenced");
        }
    }
    if (hits == 0) {
        ncm_plan_warn(plan, "%s", _("no alert that is there now is hit"));
    } else if (hits > HITS_SHOWN) {
        ncm_plan_note(plan, _("and %zu more"), hits - HITS_SHOWN);
    }
    ncm_matching_free(matching);
    ncm_snapshot_unref(s);
    return true;
}

static bool plan_silence(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *in = plan->intent;
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_matcher *m;
    size_t n;
    int64_t length = 0, now = ncm_now_ms();
    bool ok = ncm_matchers_parse(in->key != NULL ? in->key : "", a, &m, &n, err);
    if (ok && (in->to == NULL || !ncm_parse_duration(in->to, &length) || length <= 0 ||
               length > LONGEST_MS)) {
        ok = ncm_fail(err, NCM_USAGE, _("'%s' is no length of a silence: 1h, 4h, 1d"),
                      in->to != NULL ? in->to : "");
    }
    if (ok) {
        const char *old = in->n_objects > 0 ? in->objects[0] : "";
        char *actor = ncm_whoami();
        char *json = silence_json(m, n, now, now + length, actor, in->reason);
        char until[40];
        ncm_fmt_time(until, sizeof until, now + length, false);
        ncm_changes_add(&plan->changes, NCM_CH_SILENCE_CREATE, old, NULL, NULL,
                        old[0] != '\0' ? "active" : NULL, json);
        plan->title = ncm_sprintf(_("Silence %s until %s"), in->key, until);
        plan->subject = ncm_strdup(in->key);
        plan->to = ncm_strdup(in->to);
        plan->confirm_name = ncm_strdup("silence");
        ncm_plan_line(plan, NCM_TONE_CHANGE, in->key, _("silenced until"), "–", until);
        ncm_free(json);
        ncm_free(actor);
        ok = show_hits(p, m, n, err);
    }
    ncm_arena_free(a);
    return ok;
}

static const struct ncm_silence *find_silence(const struct ncm_silences_snapshot *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++) {
        if (ncm_str_is(s->items[i].id, id)) {
            return &s->items[i];
        }
    }
    return NULL;
}

static void plan_expire(struct ncm_plan *plan, const struct ncm_silence *x)
{
    struct ncm_buf text;
    ncm_buf_init(&text, TEXT_MOST);
    ncm_matchers_format(x->matchers, x->n_matchers, &text);
    ncm_changes_add(&plan->changes, NCM_CH_SILENCE_EXPIRE, ncm_cstr(x->id), NULL, NULL, "active",
                    "expired");
    ncm_plan_line(plan, NCM_TONE_CHANGE, text.p, _("silence"), "active", "expired");
    if (plan->title == NULL) {
        plan->title = ncm_sprintf(_("End the silence %s"), text.p);
        plan->subject = ncm_strdup(text.p);
        plan->from = ncm_strdup("active");
        plan->to = ncm_strdup("expired");
        plan->confirm_name = ncm_strdup("silence");
    }
    ncm_buf_release(&text);
}

bool ncm_plan_silences(struct ncm_planner *p, struct ncm_err *err)
{
    const struct ncm_intent *in = p->plan->intent;
    const void *snapshot = NULL;
    if (in->kind == NCM_DO_SILENCE) {
        return plan_silence(p, err);
    }
    struct ncm_query *q = ncm_query_new(NCM_T_SILENCES);
    q->id = ncm_strdup(in->model != NULL ? in->model : "ncmlops");
    bool ok = ncm_fetch_now(p->ctx, q, &snapshot, err);
    ncm_query_free(q);
    for (size_t i = 0; ok && i < in->n_objects; i++) {
        const struct ncm_silence *x = find_silence(snapshot, in->objects[i]);
        if (x == NULL || x->state == NCM_SILENCE_EXPIRED) {
            ok = ncm_fail(err, NCM_NOT_FOUND, _("There is no silence %s in force"), in->objects[i]);
        } else {
            plan_expire(p->plan, x);
        }
    }
    ncm_snapshot_unref(snapshot);
    return ok;
}
