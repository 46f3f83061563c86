/* Promoting and deploying as one plan: carried out step by step, gone on with, taken back. */
#include <string.h>

#include "api/deploy.h"
#include "cli.h"

static struct ncm_query *query(bool all)
{
    struct ncm_query *q = ncm_query_new(NCM_T_ROLLOUTS);
    q->view = all ? NCM_VIEW_ALL : NCM_VIEW_ACTIVE;
    return q;
}

static void step_json(struct ncm_json *j, const struct ncm_rollout_step *s)
{
    static const char *const kinds[] = {"set", "wait", "promote"};
    ncm_json_obj(j);
    cli_json_text(j, "kind", kinds[s->kind]);
    cli_json_text(j, "state", ncm_step_state_word(s->state));
    cli_json_str(j, "what", s->what);
    cli_json_str(j, "from", s->from);
    cli_json_str(j, "to", s->to);
    cli_json_str(j, "audit_id", s->audit_id);
    cli_json_str(j, "detail", s->detail);
    cli_json_time(j, "started", s->started_ms);
    cli_json_time(j, "ended", s->ended_ms);
    ncm_json_end_obj(j);
}

static void rollout_json(struct ncm_json *j, const void *item)
{
    const struct ncm_rollout *r = item;
    ncm_json_obj(j);
    cli_json_str(j, "id", r->id);
    cli_json_str(j, "title", r->title);
    cli_json_str(j, "model", r->model);
    cli_json_str(j, "version", r->version);
    cli_json_str(j, "deployment", r->ref);
    cli_json_text(j, "state", ncm_rollout_state_word(r->state));
    cli_json_str(j, "actor", r->actor);
    cli_json_str(j, "reason", r->reason);
    cli_json_time(j, "created", r->created_ms);
    cli_json_time(j, "ended", r->ended_ms);
    cli_json_count(j, "position", (int64_t)r->position);
    ncm_json_key(j, "steps");
    ncm_json_arr(j);
    for (size_t i = 0; i < r->n_steps; i++) {
        step_json(j, &r->steps[i]);
    }
    ncm_json_end_arr(j);
    ncm_json_end_obj(j);
}

static const struct cli_column columns[] = {
    {N_("ID"), false},    {N_("STATE"), false}, {N_("STEP"), true},
    {N_("SINCE"), false}, {N_("BY"), false},    {N_("WHAT"), false},
};

static void rollout_cells(struct cli_cells *cells, const void *item)
{
    const struct ncm_rollout *r = item;
    char *step =
        ncm_sprintf("%zu/%zu", r->position < r->n_steps ? r->position + 1 : r->n_steps, r->n_steps);
    cli_cell(cells, r->id);
    cli_cell_text(cells, ncm_rollout_state_word(r->state));
    cli_cell_text(cells, step);
    cli_cell_time(cells, r->created_ms);
    cli_cell(cells, r->actor);
    cli_cell(cells, r->title);
    ncm_free(step);
}

bool cli_rollouts(struct cli *c, struct ncm_err *err)
{
    const struct ncm_rollouts_snapshot *s = cli_ask(c, query(cli_flag(c, "all")), err);
    if (s == NULL) {
        return false;
    }
    struct cli_array a = {s->items, sizeof *s->items};
    struct cli_list l = {.columns = columns,
                         .n_columns = sizeof columns / sizeof columns[0],
                         .n = s->n,
                         .ctx = &a,
                         .at = cli_array_at,
                         .json = rollout_json,
                         .cells = rollout_cells,
                         .nothing = _("no plan is under way")};
    return cli_print_list(c, &l, err);
}

/* ---- following one ---- */

struct follow {
    struct cli *c;
    struct ncm_want *want;
    char *said; /* what was said last */
};

static const struct ncm_rollout *find(const struct ncm_rollouts_snapshot *s, const char *id)
{
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        if (id == NULL ? s->items[i].state == NCM_ROLLOUT_RUNNING
                       : ncm_str_is(s->items[i].id, id)) {
            return &s->items[i];
        }
    }
    return NULL;
}

/* A line on standard error for each thing that is new. */
static void say(struct follow *f, const char *id)
{
    ncm_want_refresh(f->want);
    const void *snapshot;
    struct ncm_err ignored;
    if (!ncm_want_wait(f->want, &snapshot, &ignored)) {
        return;
    }
    const struct ncm_rollout *r = find(snapshot, id);
    if (r == NULL || r->position >= r->n_steps) {
        return;
    }
    const struct ncm_rollout_step *s = &r->steps[r->position];
    char *line = ncm_sprintf("%zu/%zu %s: %s", r->position + 1, r->n_steps, ncm_cstr(s->what),
                             s->detail.p != NULL ? s->detail.p : "…");
    if (f->said == NULL || strcmp(f->said, line) != 0) {
        cli_note(f->c, "%s", line);
        ncm_free(f->said);
        f->said = line;
    } else {
        ncm_free(line);
    }
}

/* Waits for the job however long it takes; the plan itself has limits. */
static bool wait_for(struct cli *c, uint64_t job, const char *id, struct ncm_job_result *out,
                     struct ncm_err *err)
{
    struct ncm_query *q = query(true);
    struct follow f = {.c = c, .want = ncm_session_want(c->session, q)};
    ncm_query_free(q);
    while (!ncm_session_result_within(c->session, job, 700, out)) {
        say(&f, id);
    }
    ncm_want_release(f.want);
    ncm_free(f.said);
    if (!out->ok) {
        *err = out->err;
    }
    return out->ok;
}

/* As it is now: what was seen while it was followed is older. The want stays, as the answer does. */
static const struct ncm_rollouts_snapshot *ask_anew(struct cli *c, struct ncm_err *err)
{
    struct ncm_query *q = query(true);
    struct ncm_want *want = ncm_session_want(c->session, q);
    const void *snapshot = NULL;
    ncm_query_free(q);
    ncm_want_refresh(want);
    return ncm_want_wait(want, &snapshot, err) ? snapshot : NULL;
}

static bool print_one(struct cli *c, const char *id, struct ncm_err *err)
{
    const struct ncm_rollouts_snapshot *s = ask_anew(c, err);
    const struct ncm_rollout *r = s != NULL ? find(s, id) : NULL;
    if (r == NULL) {
        return s != NULL && ncm_fail(err, NCM_NOT_FOUND, _("there is no plan %.40s"), id);
    }
    struct cli_array a = {r, sizeof *r};
    struct cli_list l = {.columns = columns,
                         .n_columns = sizeof columns / sizeof columns[0],
                         .n = 1,
                         .ctx = &a,
                         .at = cli_array_at,
                         .json = rollout_json,
                         .cells = rollout_cells};
    return (c->form == CLI_TABLE && c->quiet) || cli_print_list(c, &l, err);
}

static void how_to_go_on(struct ncm_err *err, const char *id)
{
    if (id != NULL) {
        ncm_hint(err, "ncmlops rollout continue|undo|leave %s", id);
    }
}

static struct ncm_rollout_wish *wish_of(struct cli *c, const char *stage, struct ncm_err *err)
{
    struct ncm_rollout_wish *w = ncm_alloc(1, sizeof *w);
    const char *ready = cli_value(c, "ready");
    if (ready != NULL && !ncm_parse_duration(ready, &w->ready_ms)) {
        ncm_free(w);
        ncm_fail(err, NCM_USAGE, _("'%s' is no length of time: 90s, 15m, 1h"), ready);
        return NULL;
    }
    w->model = ncm_strdup(c->words[0]);
    w->version = ncm_strdup(c->words[1]);
    w->stage = ncm_strdup(stage);
    w->ref = ncm_strdup(cli_value(c, "deploy"));
    w->reason = ncm_strdup(cli_value(c, "reason"));
    w->archive = cli_flag(c, "archive-existing");
    return w;
}

/* Shows it and asks. *go: it is to be carried out. */
static bool agree(struct cli *c, const struct ncm_rollout_plan *plan, bool *go, struct ncm_err *err)
{
    struct ncm_plan *shown = ncm_rollout_plan_shown(plan);
    struct cli_plans plans = {&shown, 1};
    *go = !c->dry_run && !shown->nothing;
    bool ok = *go          ? cli_confirm(c, &plans, err)
              : c->dry_run ? cli_print_dry_run(c, &plans, err)
                           : cli_print_plans(c, &plans, err);
    ncm_plan_free(shown);
    return ok;
}

bool cli_promote_into(struct cli *c, const char *stage, struct ncm_err *err)
{
    struct ncm_job_result r;
    if (!cli_may_change(c, err)) {
        return false;
    }
    struct ncm_rollout_wish *wish = wish_of(c, stage, err);
    if (wish == NULL) {
        return false;
    }
    bool go = false;
    bool ok =
        ncm_session_result_wait(c->session, ncm_rollout_plan_start(c->session, wish), &r, err);
    if (!ok) {
        return false;
    }
    if (!r.ok) {
        *err = r.err;
    }
    ok = r.ok && agree(c, r.arg, &go, err);
    if (!ok || !go) {
        ncm_rollout_plan_free(r.arg);
        return ok;
    }
    ok = wait_for(c, ncm_rollout_run_start(c->session, r.arg), NULL, &r, err);
    struct ncm_rollout_plan *plan = r.arg;
    if (ok) {
        ok = print_one(c, plan->id, err);
    } else {
        how_to_go_on(err, plan->id);
    }
    ncm_rollout_plan_free(plan);
    return ok;
}

/* Shows what it comes to and asks, as before any other change. *go: it is to be carried out. */
static bool agree_on(struct cli *c, const char *id, enum ncm_rollout_way way, bool *go,
                     struct ncm_err *err)
{
    const struct ncm_rollouts_snapshot *s = cli_ask(c, query(true), err);
    const struct ncm_rollout *r = s != NULL ? find(s, id) : NULL;
    if (r == NULL) {
        return s != NULL && ncm_fail(err, NCM_NOT_FOUND, _("there is no plan %.40s"), id);
    }
    struct ncm_plan *shown = ncm_rollout_way_shown(r, way, err);
    if (shown == NULL) {
        return false;
    }
    struct cli_plans plans = {&shown, 1};
    *go = !c->dry_run;
    bool ok = *go ? cli_confirm(c, &plans, err) : cli_print_dry_run(c, &plans, err);
    ncm_plan_free(shown);
    return ok;
}

bool cli_rollout_change(struct cli *c, struct ncm_err *err)
{
    struct ncm_job_result r;
    const char *id = c->words[0], *what = strrchr(c->command->name, ' ') + 1;
    enum ncm_rollout_way way = strcmp(what, "continue") == 0 ? NCM_ROLLOUT_ON
                               : strcmp(what, "undo") == 0   ? NCM_ROLLOUT_BACK
                                                             : NCM_ROLLOUT_AS_IS;
    bool go = false;
    if (!cli_may_change(c, err) || !agree_on(c, id, way, &go, err)) {
        return false;
    }
    if (!go) {
        return true;
    }
    uint64_t job = way == NCM_ROLLOUT_ON     ? ncm_rollout_continue_start(c->session, id)
                   : way == NCM_ROLLOUT_BACK ? ncm_rollout_undo_start(c->session, id)
                                             : ncm_rollout_leave_start(c->session, id);
    bool ok = wait_for(c, job, id, &r, err);
    ncm_free(r.arg);
    if (!ok && err->hint[0] == '\0' && err->code != NCM_NOT_FOUND) {
        how_to_go_on(err, id);
    }
    return ok && print_one(c, id, err);
}
