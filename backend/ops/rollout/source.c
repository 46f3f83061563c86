/* The rollout as a source of the session: what is under way, and the lane that it runs on. */
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/num.h"
#include "engine/state.h"
#include "ops/rollout/inside.h"

#define SIDE "rollout"
enum { LOOK_MS = 700, IDLE_LOOK_MS = 5000 };

struct ncm_conn {
    const struct rollout_setup *setup;
    struct ncm_db *db; /* NULL: not open yet */
    int wake;
    int64_t version;
    bool busy; /* at the last look something was under way */
};

static int probe(const char *location)
{
    (void)location;
    return 0;
}

static bool open_conn(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *err)
{
    (void)control;
    struct ncm_conn *c = ncm_alloc(1, sizeof *c);
    c->setup = place->with;
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->wake < 0) {
        ncm_free(c);
        return ncm_fail(err, NCM_IO, "%s", _("no descriptor is left"));
    }
    *out = c;
    return true;
}

static void close_conn(struct ncm_conn *c)
{
    ncm_db_close(c->db);
    close(c->wake);
    ncm_free(c);
}

static void interrupt_conn(struct ncm_conn *c)
{
    uint64_t one = 1;
    if (write(c->wake, &one, sizeof one) < 0) {
        return; /* it is set already */
    }
}

/* Our state, where there is any. */
static bool state(struct ncm_conn *c, struct ncm_err *err)
{
    if (c->db != NULL || c->setup->state_path == NULL) {
        return true;
    }
    return ncm_state_open(c->setup->state_path, false, &c->db, err) || err->code == NCM_NOT_FOUND;
}

static bool fetch(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_rollouts_snapshot *s;
    if (f->query->topic != NCM_T_ROLLOUTS) {
        return ncm_fail(err, NCM_UNSUPPORTED, "%s", _("this source knows plans only"));
    }
    if (!state(c, err) || !rollouts_read(c->db, f->query->view == NCM_VIEW_ALL, &s, err)) {
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}

/* Another process's death is seen by no commit: what is under way is looked at anew now and then.
 */
static void look(struct ncm_conn *c, struct ncm_news *news)
{
    struct ncm_err ignored;
    struct ncm_rollouts_snapshot *s = NULL;
    int64_t version = 0;
    *news = (struct ncm_news){0};
    if (!state(c, &ignored) || c->db == NULL || !ncm_db_data_version(c->db, &version, &ignored)) {
        return;
    }
    if (version != c->version || c->busy) {
        c->version = version;
        c->busy = rollouts_read(c->db, false, &s, &ignored) && s->n > 0 &&
                  s->items[0].state == NCM_ROLLOUT_RUNNING;
        ncm_snapshot_unref(s);
        news->what = NCM_WATCH_DATA;
        news->topics = 1u << NCM_T_ROLLOUTS;
    }
}

static bool watch(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
                  const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err)
{
    int64_t until = ncm_mono_ms() + wait_ms;
    bool near = (interest->topics & (1u << NCM_T_ROLLOUTS)) != 0;
    *news = (struct ncm_news){0};
    if (wait_ms == 0) {
        look(c, news);
        *news = (struct ncm_news){0};
        return true;
    }
    while (news->what == NCM_WATCH_NOTHING && ncm_mono_ms() < until) {
        struct pollfd fd = {.fd = c->wake, .events = POLLIN};
        uint64_t drained;
        if (poll(&fd, 1, near && c->busy ? LOOK_MS : IDLE_LOOK_MS) > 0 &&
            read(c->wake, &drained, sizeof drained) > 0 && control->cancel != NULL &&
            atomic_load(control->cancel)) {
            return ncm_fail(err, NCM_CANCELLED, "%s", _("cancelled"));
        }
        look(c, news);
    }
    return true;
}

const struct ncm_provider ncm_rollout_provider = {
    .name = SIDE,
    .summary = N_("plans over registry and deployments"),
    .capabilities = NCM_CAP_WATCH | NCM_CAP_DEPLOY,
    .probe = probe,
    .open = open_conn,
    .close = close_conn,
    .interrupt = interrupt_conn,
    .fetch = fetch,
    .watch = watch,
};

static bool takes(const struct ncm_query *q)
{
    return q->topic == NCM_T_ROLLOUTS;
}

bool ncm_rollout_attach(struct ncm_session *s, struct ncm_err *err)
{
    struct rollout_setup *setup = ncm_alloc(1, sizeof *setup);
    setup->session = s;
    setup->state_path = ncm_session_state_path(s);
    setup->may_store = !ncm_session_read_only(s);
    ncm_session_keep(s, setup, ncm_free);
    const struct ncm_side side = {.name = SIDE,
                                  .provider = &ncm_rollout_provider,
                                  .location = SIDE,
                                  .with = setup,
                                  .takes = takes};
    return ncm_session_add_side(s, &side, err);
}

/* ---- jobs on its actions lane ---- */

static struct rollout_setup *setup_of(const struct ncm_job_context *ctx)
{
    /* The place lends it for reading; the flag in it is for every thread. */
    return (struct rollout_setup *)(uintptr_t)ctx->place->with;
}

static bool plan_job(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    return rollout_plan_make(setup_of(ctx)->session, ctx, arg, err);
}

static void free_plan(void *arg)
{
    ncm_rollout_plan_free(arg);
}

static uint64_t submit(struct ncm_session *s, ncm_job_fn run, void *arg, void (*free_arg)(void *))
{
    struct ncm_session *side = ncm_session_side(s, SIDE);
    return ncm_session_submit(side != NULL ? side : s, run, arg, free_arg);
}

uint64_t ncm_rollout_plan_start(struct ncm_session *s, struct ncm_rollout_wish *wish)
{
    struct ncm_rollout_plan *plan = ncm_alloc(1, sizeof *plan);
    plan->wish = wish;
    plan->arena = ncm_arena_new();
    return submit(s, plan_job, plan, free_plan);
}

static bool open_state(const struct ncm_job_context *ctx, struct ncm_db **db, struct ncm_err *err)
{
    if (ctx->read_only) {
        return ncm_fail(err, NCM_READ_ONLY, _("read-only: nothing is changed"));
    }
    if (ctx->state_path == NULL) {
        return ncm_fail(err, NCM_READ_ONLY,
                        _("nothing is changed: there is no place for its record"));
    }
    return ncm_state_open(ctx->state_path, true, db, err);
}

/* Only what runs here can be stopped from here. */
static bool carry_out(struct rollout_run *run, bool back, struct ncm_err *err)
{
    uint64_t mine = rollout_hash(run->r->id), stop = mine;
    atomic_compare_exchange_strong(&run->setup->stop, &stop, 0);
    atomic_store(&run->setup->running, mine);
    bool ok = back ? rollout_back(run, err) : rollout_forward(run, err);
    atomic_store(&run->setup->running, 0);
    return ok;
}

static bool run_job(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    struct ncm_rollout_plan *plan = arg;
    struct rollout r = {0};
    struct rollout_run run = {.ctx = ctx, .setup = setup_of(ctx), .r = &r, .plan = plan};
    if (!open_state(ctx, &run.db, err)) {
        return false;
    }
    for (size_t i = 0; i < plan->n_plans; i++) { /* the reason was asked for after the plan */
        ncm_intent_set(&plan->plans[i]->intent->reason, plan->wish->reason);
    }
    rollout_of_plan(plan, &r);
    bool ok = rollout_create(run.db, &r, err);
    if (ok) {
        plan->id = ncm_strdup(r.id);
        ok = carry_out(&run, false, err);
    }
    rollout_release(&r);
    ncm_db_close(run.db);
    return ok;
}

uint64_t ncm_rollout_run_start(struct ncm_session *s, struct ncm_rollout_plan *plan)
{
    return submit(s, run_job, plan, free_plan);
}

/* One that was left: goes on with it, or takes it back. */
static bool resume(struct ncm_job_context *ctx, const char *id, bool back, struct ncm_err *err)
{
    struct rollout r = {0};
    struct rollout_run run = {.ctx = ctx, .setup = setup_of(ctx), .r = &r};
    if (!open_state(ctx, &run.db, err)) {
        return false;
    }
    bool ok = rollout_load(run.db, id, &r, err) && rollout_claim(run.db, &r, back, true, err);
    rollout_release(&r);
    /* Only now it stands still, and says whether it was half taken back. */
    ok = ok && rollout_load(run.db, id, &r, err) && carry_out(&run, r.undoing, err);
    rollout_release(&r);
    ncm_db_close(run.db);
    return ok;
}

static bool continue_job(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    return resume(ctx, arg, false, err);
}

static bool undo_job(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    return resume(ctx, arg, true, err);
}

static bool leave_job(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    struct ncm_db *db;
    struct rollout r;
    if (!open_state(ctx, &db, err)) {
        return false;
    }
    bool ok = rollout_load(db, arg, &r, err);
    if (ok) {
        ok = rollout_claim(db, &r, false, false, err) &&
             rollout_put_state(db, &r, NCM_ROLLOUT_LEFT, err);
        rollout_release(&r);
    }
    ncm_db_close(db);
    return ok;
}

uint64_t ncm_rollout_continue_start(struct ncm_session *s, const char *id)
{
    return submit(s, continue_job, ncm_strdup(id), ncm_free);
}

uint64_t ncm_rollout_undo_start(struct ncm_session *s, const char *id)
{
    return submit(s, undo_job, ncm_strdup(id), ncm_free);
}

uint64_t ncm_rollout_leave_start(struct ncm_session *s, const char *id)
{
    return submit(s, leave_job, ncm_strdup(id), ncm_free);
}

bool ncm_rollout_stop(struct ncm_session *s, const char *id)
{
    struct ncm_session *side = ncm_session_side(s, SIDE);
    struct rollout_setup *setup =
        side != NULL ? (struct rollout_setup *)(uintptr_t)ncm_session_place(side)->with : NULL;
    if (setup == NULL || atomic_load(&setup->running) != rollout_hash(id)) {
        return false;
    }
    atomic_store(&setup->stop, rollout_hash(id));
    return true;
}
