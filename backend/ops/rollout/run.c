/* Carrying a rollout out, step by step, forwards and back. Each state is in the record before and
 * after, so that whoever comes next knows where it stands. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "engine/state.h"
#include "ops/deploy/attach.h"
#include "ops/rollout/inside.h"

#define STEP_MS 60000 /* patience with one change */

struct ncm_intent *rollout_intent(const struct rollout *r, size_t i)
{
    const struct rollout_step *s = &r->steps[i];
    struct ncm_intent *in;
    if (s->kind == NCM_STEP_WAIT) {
        return NULL;
    }
    if (s->kind == NCM_STEP_PROMOTE) {
        bool alias = r->stage[0] == '@';
        in = ncm_intent_new(alias ? NCM_DO_ALIAS_SET : NCM_DO_PROMOTE);
        ncm_intent_set(&in->model, r->model);
        ncm_intent_set(&in->version, r->version);
        ncm_intent_set(alias ? &in->key : &in->to, alias ? r->stage + 1 : r->stage);
        in->archive = r->archive;
    } else {
        in = ncm_intent_new(s->to != NULL ? NCM_DO_DEPLOY_VERSION : NCM_DO_DEPLOY_RESTART);
        ncm_intent_add_object(in, r->ref);
        ncm_intent_set(&in->key, r->kind);
        ncm_intent_set(&in->model, r->model);
        ncm_intent_set(&in->to, s->to != NULL ? r->version : NULL);
    }
    ncm_intent_set(&in->reason, r->reason);
    return in;
}

/* The first part of the REF; the caller frees. */
static char *source_of(const struct rollout *r)
{
    const char *slash = strchr(r->ref, '/');
    return ncm_strndup(r->ref, slash != NULL ? (size_t)(slash - r->ref) : 0);
}

struct ncm_plan *rollout_new_plan(const struct rollout *r, enum ncm_step_kind kind,
                                  struct ncm_intent *intent)
{
    struct ncm_plan *plan = ncm_alloc(1, sizeof *plan);
    plan->intent = intent;
    plan->side = kind != NCM_STEP_PROMOTE ? source_of(r) : NULL;
    ncm_changes_init(&plan->changes);
    return plan;
}

bool rollout_context(struct ncm_session *s, const struct rollout *r, enum ncm_step_kind kind,
                     const struct ncm_control *control, struct ncm_job_context *out,
                     struct ncm_err *err)
{
    struct ncm_session *who = s;
    if (kind != NCM_STEP_PROMOTE) {
        char *source = source_of(r);
        who = ncm_session_side(s, source);
        if (who == NULL) {
            ncm_fail(err, NCM_NOT_FOUND, _("this context has no source of deployments '%.60s'"),
                     source);
        }
        ncm_free(source);
    }
    if (who != NULL) {
        ncm_session_context_of(who, control, out);
    }
    return who != NULL;
}

static struct ncm_control patience(const struct rollout_run *run)
{
    return (struct ncm_control){.cancel = run->ctx->control.cancel,
                                .deadline_mono_ms = ncm_mono_ms() + STEP_MS};
}

/* "Step 2 of 3 (…): why". */
static bool at_step(const struct rollout *r, size_t i, struct ncm_err *err)
{
    return ncm_wrap(err, _("step %zu of %zu (%s)"), i + 1, r->n_steps, r->steps[i].what);
}

/* ---- one change ---- */

/* The change of that very thing, or NULL. */
static const struct ncm_change *same_thing(const struct ncm_changes *c, const struct ncm_change *as)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct ncm_change *ch = &c->items[i];
        if (ch->kind == as->kind && ncm_change_same(ch->object, as->object) &&
            ncm_change_same(ch->version, as->version) && ncm_change_same(ch->key, as->key)) {
            return ch;
        }
    }
    return NULL;
}

static bool not_planned(const struct ncm_change *ch, struct ncm_err *err)
{
    char *what = ncm_change_about(ch);
    ncm_fail(err, NCM_CONFLICT, _("it would change what was not shown when it was planned: %s"),
             what);
    ncm_free(what);
    return ncm_hint(err, "%s", _("take it back or leave it as it is, and plan anew"));
}

/* After a restart: nothing but what was shown may be changed, and what was found then must still
 * be there. What is done already is missing from the new plan. */
static bool as_planned(const struct rollout_step *s, const struct ncm_plan *plan,
                       struct ncm_err *err)
{
    struct ncm_changes then;
    bool ok = true;
    if (plan->nothing || s->changes == NULL) {
        return true;
    }
    if (!ncm_changes_from_json(s->changes, strlen(s->changes), &then, err)) {
        return false;
    }
    for (size_t i = 0; ok && i < plan->changes.n; i++) {
        const struct ncm_change *now = &plan->changes.items[i], *was = same_thing(&then, now);
        if (was == NULL) {
            ok = not_planned(now, err);
        } else if (now->kind != NCM_CH_DEPLOY_RESTART && !ncm_change_same(was->from, now->from)) {
            ok = ncm_change_conflict(was, now->from, err);
        }
    }
    ncm_changes_release(&then);
    return ok;
}

/* ---- its record ---- */

static bool had_no_effect(const struct ncm_record *r)
{
    return ncm_str_is(r->result, "failed") || ncm_str_is(r->result, "conflict");
}

/* The record of a step's change that was made before we were cut off: by what it is of, since then.
 * The caller frees. */
static char *find_record(struct rollout_run *run, size_t i)
{
    struct ncm_log_book book;
    struct ncm_err ignored;
    const struct rollout_step *s = &run->r->steps[i];
    struct ncm_intent *in = rollout_intent(run->r, i);
    char *subject = s->kind == NCM_STEP_PROMOTE
                        ? ncm_sprintf("%s/%s", run->r->model, run->r->version)
                        : ncm_strdup(run->r->ref);
    char *found = NULL;
    bool loaded = s->started_ms != NCM_NO_TIME && ncm_log_book_load(run->db, &book, &ignored);
    for (size_t k = loaded ? book.n : 0; k > 0 && found == NULL; k--) {
        const struct ncm_record *r = &book.items[k - 1];
        if (r->time_ms >= s->started_ms && !had_no_effect(r) &&
            ncm_str_is(r->action, ncm_intent_word(in->kind)) && ncm_str_is(r->subject, subject)) {
            found = ncm_strdup(ncm_cstr(r->id));
        }
    }
    if (loaded) {
        ncm_log_book_release(&book);
    }
    ncm_free(subject);
    ncm_intent_free(in);
    return found;
}

/* The plan that was shown, or one made anew. */
static struct ncm_plan *plan_of(struct rollout_run *run, size_t i, struct ncm_job_context *ctx,
                                bool *own, struct ncm_err *err)
{
    size_t nth = 0;
    for (size_t k = 0; k < i; k++) {
        nth += run->r->steps[k].kind != NCM_STEP_WAIT;
    }
    *own = run->plan == NULL || nth >= run->plan->n_plans;
    if (!*own) {
        return run->plan->plans[nth];
    }
    struct ncm_plan *plan =
        rollout_new_plan(run->r, run->r->steps[i].kind, rollout_intent(run->r, i));
    if (!ncm_plan_make(ctx, plan, err) || !as_planned(&run->r->steps[i], plan, err)) {
        ncm_plan_free(plan);
        return NULL;
    }
    return plan;
}

static bool change(struct rollout_run *run, size_t i, struct ncm_err *err)
{
    struct rollout_step *s = &run->r->steps[i];
    struct ncm_control control = patience(run);
    struct ncm_job_context ctx;
    bool own = false;
    if (!rollout_context(run->setup->session, run->r, s->kind, &control, &ctx, err)) {
        return false;
    }
    struct ncm_plan *plan = plan_of(run, i, &ctx, &own, err);
    if (plan == NULL) {
        return false;
    }
    bool ok = ncm_plan_execute(&ctx, plan, err);
    if (!plan->nothing) {
        ncm_free(s->audit_id);
        s->audit_id = ncm_strdup(plan->audit_id);
    } else if (s->audit_id == NULL) { /* it is so already: by us, before we were cut off? */
        s->audit_id = find_record(run, i);
    }
    if (own) {
        ncm_plan_free(plan);
    }
    return ok;
}

/* ---- forwards ---- */

static bool begin_step(struct rollout_run *run, size_t i, struct ncm_err *err)
{
    struct rollout_step *s = &run->r->steps[i];
    run->r->position = i;
    /* One that failed may have been carried out all the same: its record is looked for since then.
     */
    bool again = s->state == NCM_STEP_RUNNING || s->state == NCM_STEP_FAILED;
    if (!again || s->started_ms == NCM_NO_TIME) {
        s->started_ms = ncm_now_ms();
    }
    s->state = NCM_STEP_RUNNING;
    s->ended_ms = NCM_NO_TIME;
    return rollout_put_step(run->db, run->r, i, err);
}

static bool end_step(struct rollout_run *run, size_t i, bool ok, struct ncm_err *err)
{
    struct rollout_step *s = &run->r->steps[i];
    struct ncm_err unwritten;
    /* A change that was cut short may have been made all the same. */
    bool stopped = !ok && err->code == NCM_CANCELLED && s->audit_id == NULL;
    s->state = ok ? NCM_STEP_DONE : stopped ? NCM_STEP_PLANNED : NCM_STEP_FAILED;
    s->ended_ms = ncm_now_ms();
    if (!ok) {
        ncm_free(s->detail);
        s->detail = ncm_strdup(err->what);
    }
    run->r->position = i + (ok ? 1 : 0);
    if (!rollout_put_step(run->db, run->r, i, &unwritten)) {
        if (ok) {
            *err = unwritten;
        }
        return false;
    }
    return ok;
}

bool rollout_forward(struct rollout_run *run, struct ncm_err *err)
{
    struct rollout *r = run->r;
    struct ncm_err ignored;
    for (size_t i = r->position; i < r->n_steps; i++) {
        struct rollout_step *s = &r->steps[i];
        if (s->state == NCM_STEP_DONE || s->state == NCM_STEP_SKIPPED) {
            continue;
        }
        bool ok = rollout_go_on(run, err) && begin_step(run, i, err);
        if (ok) {
            ok = s->kind == NCM_STEP_WAIT ? rollout_wait(run, i, r->version, err)
                                          : change(run, i, err);
            ok = end_step(run, i, ok, err);
        }
        if (!ok) {
            rollout_put_state(run->db, r, NCM_ROLLOUT_STOPPED, &ignored);
            return at_step(r, i, err);
        }
    }
    return rollout_put_state(run->db, r, NCM_ROLLOUT_DONE, err);
}

/* ---- back ---- */

/* What became of it, where the process that knew is gone: asked of whoever holds it. */
static void settle(struct rollout_run *run, enum ncm_step_kind kind)
{
    struct ncm_control control = patience(run);
    struct ncm_job_context ctx;
    struct ncm_lane lane;
    struct ncm_err ignored;
    if (!rollout_context(run->setup->session, run->r, kind, &control, &ctx, &ignored) ||
        !ncm_lane_begin(&ctx, &lane, &ignored)) {
        return;
    }
    const struct ncm_settle how = ncm_settle_of(&ctx, lane.conn, false);
    ncm_audit_settle(run->db, &how, &ignored);
    ncm_lane_end(&ctx, &lane);
}

/* Who took that record back, or NULL. */
static const struct ncm_record *taker(const struct ncm_log_book *book, const char *id)
{
    for (size_t i = 0; i < book->n; i++) {
        const struct ncm_record *r = &book->items[i];
        if (ncm_str_is(r->undoes, id) && ncm_record_done(r)) {
            return r;
        }
    }
    return NULL;
}

/* The record by which that change stands: itself, or the one that did it again after it had been taken
 * back by hand. NULL: it does not stand, or never did. The caller frees. */
static char *standing(struct rollout_run *run, const char *audit_id)
{
    struct ncm_log_book book;
    struct ncm_err ignored;
    char *id = ncm_strdup(audit_id);
    if (!ncm_log_book_load(run->db, &book, &ignored)) {
        return id;
    }
    for (size_t i = 0; i < book.n; i++) {
        if (ncm_str_is(book.items[i].id, audit_id) && had_no_effect(&book.items[i])) {
            ncm_free(id);
            ncm_log_book_release(&book);
            return NULL;
        }
    }
    for (const struct ncm_record *back = taker(&book, id); back != NULL; back = taker(&book, id)) {
        const struct ncm_record *again = taker(&book, ncm_cstr(back->id));
        ncm_free(id);
        id = again != NULL ? ncm_strdup(ncm_cstr(again->id)) : NULL;
        if (id == NULL) {
            break;
        }
    }
    ncm_log_book_release(&book);
    return id;
}

static bool execute(struct rollout_run *run, enum ncm_step_kind kind, struct ncm_intent *intent,
                    struct ncm_err *err)
{
    struct ncm_control control = patience(run);
    struct ncm_job_context ctx;
    struct ncm_plan *plan = rollout_new_plan(run->r, kind, intent);
    bool ok = rollout_context(run->setup->session, run->r, kind, &control, &ctx, err) &&
              ncm_plan_make(&ctx, plan, err) && ncm_plan_execute(&ctx, plan, err);
    ncm_plan_free(plan);
    return ok;
}

/* *did: there was something of it. */
static bool take_back(struct rollout_run *run, size_t i, bool *did, struct ncm_err *err)
{
    struct rollout_step *s = &run->r->steps[i];
    bool restart = s->kind == NCM_STEP_SET && s->to == NULL;
    char *id = NULL;
    if (s->kind != NCM_STEP_WAIT) {
        if (s->state != NCM_STEP_DONE) {
            settle(run, s->kind);
        }
        if (s->audit_id == NULL) {
            s->audit_id = find_record(run, i);
        }
        id = s->audit_id != NULL ? standing(run, s->audit_id) : NULL;
    }
    *did = id != NULL;
    if (id != NULL && !restart) {
        struct ncm_intent *in = ncm_intent_new(NCM_DO_UNDO);
        ncm_intent_set(&in->key, id);
        ncm_intent_set(&in->reason, run->r->reason);
        if (!execute(run, s->kind, in, err)) {
            ncm_free(id);
            return at_step(run->r, i, err);
        }
    }
    ncm_free(id);
    s->state = NCM_STEP_UNDONE;
    s->ended_ms = ncm_now_ms();
    run->r->position = i;
    return rollout_put_step(run->db, run->r, i, err);
}

/* What reads an alias only at its start must start again once that is back. */
static bool start_again(struct rollout_run *run, struct ncm_err *err)
{
    for (size_t i = 0; i < run->r->n_steps; i++) {
        if (run->r->steps[i].kind == NCM_STEP_SET && run->r->steps[i].to == NULL) {
            return execute(run, NCM_STEP_SET, rollout_intent(run->r, i), err);
        }
    }
    return true;
}

static bool wait_again(struct rollout_run *run, struct ncm_err *err)
{
    for (size_t i = 0; i < run->r->n_steps; i++) {
        if (run->r->steps[i].kind == NCM_STEP_WAIT) {
            return rollout_wait(run, i, NULL, err) || at_step(run->r, i, err);
        }
    }
    return true;
}

bool rollout_back(struct rollout_run *run, struct ncm_err *err)
{
    struct rollout *r = run->r;
    struct ncm_err ignored;
    bool ok = true, set = false;
    for (size_t i = r->n_steps; ok && i > 0; i--) {
        struct rollout_step *s = &r->steps[i - 1];
        bool did = s->state == NCM_STEP_UNDONE; /* before we were cut off */
        if (s->state == NCM_STEP_DONE || s->state == NCM_STEP_FAILED ||
            s->state == NCM_STEP_RUNNING) {
            ok = rollout_go_on(run, err) && take_back(run, i - 1, &did, err);
        }
        set = set || (did && s->kind == NCM_STEP_SET);
    }
    ok = ok && (!set || (start_again(run, err) && wait_again(run, err)));
    bool kept = rollout_put_state(run->db, r, ok ? NCM_ROLLOUT_UNDONE : NCM_ROLLOUT_STOPPED,
                                  ok ? err : &ignored);
    return ok && kept;
}
