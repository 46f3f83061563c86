/* Taking back one's own last change: its changes inverted, if nothing moved since. Taking back an
 * undo does the change again. */
#include <string.h>

#include "base/i18n.h"
#include "engine/state.h"
#include "io/file.h"
#include "ops/audit_words.h"
#include "ops/parts.h"
#include "ops/rollout/rollout.h"

static bool may_be_open(const struct ncm_record *r)
{
    return r->result.p == NULL || ncm_str_is(r->result, "unknown");
}

/* open: one whose outcome is not known counts too. */
static const struct ncm_record *last_own(const struct ncm_log_book *book, bool open)
{
    char *actor = ncm_whoami();
    char *host = ncm_hostname();
    const struct ncm_record *found = NULL;
    for (size_t i = book->n; i > 0 && found == NULL; i--) {
        const struct ncm_record *r = &book->items[i - 1];
        bool counts = (ncm_record_done(r) && !r->undone) || (open && may_be_open(r));
        if (ncm_record_mine(r, actor, host) && counts) {
            found = r;
        }
    }
    ncm_free(actor);
    ncm_free(host);
    return found;
}

static const struct ncm_record *record_of(const struct ncm_log_book *book, const char *id)
{
    for (size_t i = book->n; i > 0; i--) {
        if (ncm_str_is(book->items[i - 1].id, id)) {
            return &book->items[i - 1];
        }
    }
    return NULL;
}

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* "fraud-detector v3", a run id …; caller frees. */
static char *subject_of(const struct ncm_change *ch)
{
    if (ch->version != NULL && !ncm_change_of_deployment(ch->kind)) {
        return ncm_sprintf("%s v%s", ch->object, ch->version);
    }
    return ncm_strdup(ch->object);
}

/* Scaling what has an autoscaler set its least number. */
static bool by_autoscaler(const struct ncm_change *ch)
{
    return ch->kind == NCM_CH_DEPLOY_SCALE && same(ch->version, "HorizontalPodAutoscaler");
}

static const char *what_of(const struct ncm_change *ch)
{
    switch (ch->kind) {
    case NCM_CH_VERSION_STAGE:
        return _("stage");
    case NCM_CH_ALIAS:
        return _("alias");
    case NCM_CH_VERSION_TAG:
    case NCM_CH_MODEL_TAG:
    case NCM_CH_RUN_TAG:
    case NCM_CH_EXPERIMENT_TAG:
        return _("tag");
    case NCM_CH_VERSION_NOTE:
    case NCM_CH_MODEL_NOTE:
    case NCM_CH_RUN_NOTE:
        return _("description");
    case NCM_CH_RUN_LIFECYCLE:
    case NCM_CH_EXPERIMENT_LIFECYCLE:
        return _("state");
    case NCM_CH_RUN_STATUS:
        return _("status");
    case NCM_CH_SILENCE_CREATE:
    case NCM_CH_SILENCE_EXPIRE:
        return _("silence");
    case NCM_CH_ALERT_ACK:
    case NCM_CH_ALERT_STATE:
        return _("alert");
    case NCM_CH_VERSION_DELETE:
    case NCM_CH_MODEL_DELETE:
        return _("is deleted");
    case NCM_CH_DEPLOY_SCALE:
        return by_autoscaler(ch) ? _("least replicas") : _("replicas");
    case NCM_CH_DEPLOY_PAUSE:
        return _("rollout");
    case NCM_CH_DEPLOY_RESTART:
        return _("restarted");
    case NCM_CH_DEPLOY_REVISION:
        return _("revision");
    case NCM_CH_DEPLOY_VERSION:
        return ch->key != NULL ? _("version in") : _("version");
    case NCM_CH_DEPLOY_TRAFFIC:
        return _("traffic");
    case NCM_CH_DEPLOY_SELECTOR:
        return _("selector");
    default:
        return _("name");
    }
}

/* Compares what the last change left with what is there now, and writes the line. */
static bool check_line(struct ncm_planner *p, const struct ncm_change *ch, bool first,
                       struct ncm_err *err)
{
    char *now;
    if (!p->ctx->provider->present(p->conn, ch, &now, err)) {
        return false;
    }
    char *subject = subject_of(ch);
    char *what =
        ch->key != NULL ? ncm_sprintf("%s %s", what_of(ch), ch->key) : ncm_strdup(what_of(ch));
    /* A model's versions are counted when those before it in the list are gone. */
    bool later = ch->kind == NCM_CH_MODEL_DELETE && !first;
    bool ok = ch->any_from || later || same(now, ch->from);
    if (ok) {
        ncm_plan_line(p->plan, NCM_TONE_CHANGE, subject, what, ch->from, ch->to);
    } else {
        ncm_fail(err, NCM_CONFLICT,
                 _("it moved since: %s, %s: your change left '%.60s', now it is '%.60s'"), subject,
                 what, ch->from != NULL ? ch->from : "–", now != NULL ? now : "–");
        ncm_hint(err, _("look at the present state and decide again"));
    }
    ncm_free(subject);
    ncm_free(what);
    ncm_free(now);
    return ok;
}

static bool cannot_be(const struct ncm_record *r, const char *action, struct ncm_err *err)
{
    if (ncm_str_is(r->action, ncm_intent_word(NCM_DO_DEPLOY_RESTART))) {
        return ncm_fail(err, NCM_REFUSED, _("a restart cannot be taken back: %s"), r->subject.p);
    }
    ncm_fail(err, NCM_REFUSED, _("your last change cannot be undone: %s %s"), action, r->subject.p);
    return ncm_hint(err, _("what was created or deleted for good stays so"));
}

static bool take_back(struct ncm_planner *p, const struct ncm_record *r, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    struct ncm_changes back;
    char action[80];
    const struct ncm_audit_entry entry = {.action = r->action};
    ncm_audit_action_label(action, sizeof action, &entry);
    if (!ncm_record_inverse(r, &back)) {
        return cannot_be(r, action, err);
    }
    ncm_changes_release(&plan->changes);
    plan->changes = back;
    plan->undoes = ncm_strdup(r->id.p);
    plan->title = r->undoes.p != NULL ? ncm_sprintf(_("Do again what was undone: %s"), r->subject.p)
                                      : ncm_sprintf(_("Undo: %s %s"), action, r->subject.p);
    plan->subject = ncm_strdup(r->subject.p);
    plan->from = ncm_strdup(r->becomes.p);
    plan->to = ncm_strdup(r->was.p);
    for (size_t i = 0; i < back.n; i++) {
        if (!check_line(p, &back.items[i], i == 0, err)) {
            return false;
        }
        plan->irreversible = plan->irreversible || back.items[i].kind == NCM_CH_VERSION_DELETE ||
                             back.items[i].kind == NCM_CH_MODEL_DELETE;
        if (by_autoscaler(&back.items[i])) {
            ncm_plan_note(plan, "%s", _("it is the autoscaler's least number; how many run it decides"));
        }
        if (back.items[i].kind == NCM_CH_EXPERIMENT_LIFECYCLE && same(back.items[i].to, "active")) {
            ncm_plan_warn(plan, _("all its runs come back, those too that had been deleted"
                                  " singly"));
        }
    }
    if (plan->irreversible) {
        ncm_plan_warn(plan, _("this cannot be undone in turn"));
    }
    plan->confirm_name = ncm_strdup(back.n > 0 ? back.items[back.n - 1].object : "");
    return true;
}

void ncm_undo_side(const struct ncm_job_context *ctx, struct ncm_plan *plan)
{
    struct ncm_db *state = NULL;
    struct ncm_log_book book;
    struct ncm_err ignored;
    if (ctx->state_path == NULL || !ncm_state_open(ctx->state_path, false, &state, &ignored)) {
        return;
    }
    if (ncm_log_book_load(state, &book, &ignored)) {
        const struct ncm_record *r = last_own(&book, true);
        plan->side = r != NULL ? ncm_record_side(r, plan) : NULL;
        ncm_log_book_release(&book);
    }
    ncm_db_close(state);
}

/* Else plan->side says where. */
static bool is_here(struct ncm_plan *plan, const struct ncm_record *r, struct ncm_err *err)
{
    char *side = ncm_record_side(r, plan);
    bool here = ncm_change_same(side, plan->side);
    ncm_free(plan->side);
    plan->side = side;
    return here || ncm_fail(err, NCM_CONFLICT, "%s", _("it moved since"));
}

/* Half of a plan over registry and deployment taken back leaves two stories. */
static void warn_of_step(struct ncm_plan *plan, struct ncm_db *state, const char *audit_id)
{
    char *title = ncm_rollout_of_change(state, audit_id);
    if (title != NULL) {
        ncm_plan_warn(plan, _("this is one step of the plan '%s': rollouts takes all of it back"), title);
        ncm_free(title);
    }
}

bool ncm_plan_undo(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_db *state = NULL;
    struct ncm_log_book book;
    struct ncm_err ignored;
    if (p->ctx->state_path == NULL || !ncm_state_open(p->ctx->state_path, false, &state, err)) {
        if (p->ctx->state_path != NULL && err->code != NCM_NOT_FOUND) {
            return false;
        }
        return ncm_fail(err, NCM_NOT_FOUND, _("there is no change of yours to undo"));
    }
    const struct ncm_settle how = ncm_settle_of(p->ctx, p->conn, false);
    ncm_audit_settle(state, &how, &ignored);
    bool ok = ncm_log_book_load(state, &book, err);
    if (!ok) {
        ncm_db_close(state);
        return false;
    }
    const char *id = p->plan->intent->key; /* of one that its caller knows whose it is */
    const struct ncm_record *r = id != NULL ? record_of(&book, id) : last_own(&book, false);
    ok = r != NULL || ncm_fail(err, NCM_NOT_FOUND, _("there is no change of yours to undo"));
    ok = ok && (id != NULL || is_here(p->plan, r, err)) && take_back(p, r, err);
    if (ok && id == NULL) {
        warn_of_step(p->plan, state, ncm_cstr(r->id));
    }
    ncm_log_book_release(&book);
    ncm_db_close(state);
    return ok;
}
