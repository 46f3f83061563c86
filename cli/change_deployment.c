/* Changes of deployments: scale, restart, pause, roll back, share the traffic, set a version. */
#include <string.h>

#include "deployments.h"
#include "out.h"

static const struct verb {
    const char *word;
    enum ncm_intent_kind kind;
} verbs[] = {
    {"scale", NCM_DO_DEPLOY_SCALE},       {"restart", NCM_DO_DEPLOY_RESTART},
    {"pause", NCM_DO_DEPLOY_PAUSE},       {"resume", NCM_DO_DEPLOY_RESUME},
    {"rollback", NCM_DO_DEPLOY_ROLLBACK}, {"traffic", NCM_DO_DEPLOY_TRAFFIC},
    {"promote", NCM_DO_DEPLOY_PROMOTE},   {"abort", NCM_DO_DEPLOY_ABORT},
    {"set-version", NCM_DO_DEPLOY_VERSION},
};

static enum ncm_intent_kind kind_of(const struct cli *c)
{
    const char *word = strrchr(c->command->name, ' ') + 1;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].word, word) == 0) {
            return verbs[i].kind;
        }
    }
    ncm_bug("no verb for %s", c->command->name);
}

/* Whole already: no other source has to be asked, which may be away. */
static bool is_whole(struct ncm_session *s, const char *ref)
{
    const char *slash = strchr(ref, '/');
    return slash != NULL && strchr(slash + 1, '/') != NULL && ncm_deploy_source_of(s, ref) != NULL;
}

/* How the candidate does, or which versions there are, is asked before it gets more or another one;
 * --force does without. */
static unsigned parts_for(const struct ncm_intent *in)
{
    bool shares = in->kind == NCM_DO_DEPLOY_PROMOTE || in->kind == NCM_DO_DEPLOY_TRAFFIC;
    unsigned more = in->force                            ? 0
                    : shares                             ? NCM_FLEET_REGISTRY | NCM_FLEET_RATES
                    : in->kind == NCM_DO_DEPLOY_VERSION ? NCM_FLEET_REGISTRY
                                                         : 0;
    return NCM_FLEET_DEPLOYMENTS | more;
}

/* Nobody can run a version that the registry does not have; one that cannot be asked says nothing. */
static bool has_version(struct cli *c, const struct ncm_fleet_deployment *d,
                        const struct ncm_intent *in, struct ncm_err *err)
{
    struct ncm_err ignored;
    if (in->kind != NCM_DO_DEPLOY_VERSION || in->force || in->to == NULL ||
        d->is.model.len == 0 || ncm_session_storeless(c->session)) {
        return true;
    }
    const struct ncm_models_snapshot *s = cli_ask(c, ncm_query_new(NCM_T_MODELS), &ignored);
    char *says = ncm_fleet_unknown_version(
        s != NULL ? ncm_models_find(s, ncm_cstr(d->is.model)) : NULL, in->to);
    if (says != NULL) {
        ncm_fail(err, NCM_NOT_FOUND, "%s", says);
        ncm_hint(err, "%s", _("--force sets it all the same"));
        ncm_free(says);
        return false;
    }
    return true;
}

/* What speaks against it; where that cannot be found out nothing does. */
static bool heed(struct cli *c, struct ncm_intent *in, struct ncm_err *err)
{
    struct ncm_err ignored;
    bool ambiguous, ok = true;
    unsigned parts = parts_for(in);
    if (parts == NCM_FLEET_DEPLOYMENTS) {
        return true;
    }
    struct ncm_fleet_feed *feed = cli_fleet(c, parts, &ignored);
    const struct ncm_fleet_deployment *d =
        feed != NULL
            ? ncm_fleet_find(ncm_fleet_feed_get(feed), in->objects[0], in->key, &ambiguous)
            : NULL;
    if (d != NULL) {
        in->heed = ncm_fleet_heed(d, in);
        ok = has_version(c, d, in, err);
    }
    ncm_fleet_feed_close(feed);
    return ok;
}

/* The REF and the kind into the intent. */
static bool name_it(struct cli *c, struct ncm_intent *in, struct ncm_err *err)
{
    const char *ref = c->words[0];
    ncm_intent_set(&in->key, cli_value(c, "kind"));
    if (is_whole(c->session, ref)) {
        ncm_intent_add_object(in, ref);
        return heed(c, in, err);
    }
    struct ncm_fleet_feed *feed = cli_fleet(c, parts_for(in), err);
    if (feed == NULL) {
        return false;
    }
    const struct ncm_fleet_deployment *d =
        cli_fleet_find(c, ncm_fleet_feed_get(feed), ref, err);
    bool ok = d != NULL && has_version(c, d, in, err);
    if (ok) {
        char *whole = ncm_deployment_ref(d->it);
        ncm_intent_add_object(in, whole);
        ncm_intent_set(&in->key, ncm_cstr(d->it->kind));
        in->heed = ncm_fleet_heed(d, in);
        ncm_free(whole);
    }
    ncm_fleet_feed_close(feed);
    return ok;
}

/* "a=90,b=10" of the words after REF. */
static void join_targets(const struct cli *c, struct ncm_intent *in)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 1 << 16);
    for (size_t i = 1; i < c->n_words; i++) {
        ncm_buf_printf(&b, "%s%s", i > 1 ? "," : "", c->words[i]);
    }
    ncm_intent_set(&in->to, b.p);
    ncm_buf_release(&b);
}

static void fill(const struct cli *c, struct ncm_intent *in)
{
    in->force = cli_flag(c, "force");
    if (in->kind == NCM_DO_DEPLOY_TRAFFIC) {
        join_targets(c, in);
    } else if (in->kind == NCM_DO_DEPLOY_ROLLBACK) {
        ncm_intent_set(&in->to, cli_value(c, "to"));
    } else if (c->n_words > 1) {
        ncm_intent_set(&in->to, c->words[1]);
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

struct now {
    const struct ncm_fleet_deployment *d;
    const struct ncm_plan *plan;
};

static void now_json(struct ncm_json *j, const void *item)
{
    const struct now *n = item;
    ncm_json_obj(j);
    cli_deployment_fields(j, n->d);
    cli_json_text(j, "audit_id", n->plan->audit_id);
    ncm_json_end_obj(j);
}

static void now_text(struct ncm_buf *out, const void *item)
{
    const struct now *n = item;
    const struct ncm_deployment *d = n->d->it;
    char replicas[64], *ref = ncm_deployment_ref(d);
    ncm_text_clean(out, n->plan->title, strlen(n->plan->title), NCM_CLEAN_LINE);
    ncm_buf_putc(out, '\n');
    cli_line(out, _("deployment"), (struct ncm_str){ref, strlen(ref)});
    cli_line(out, _("version"), n->d->is.version);
    snprintf(replicas, sizeof replicas, "%d/%d", d->ready, d->desired);
    if (d->ready >= 0 && d->desired >= 0) {
        cli_line(out, _("replicas"), (struct ncm_str){replicas, strlen(replicas)});
    }
    const char *health = ncm_health_word(d->health);
    cli_line(out, _("health"), (struct ncm_str){health, strlen(health)});
    if (n->plan->nothing) {
        ncm_buf_printf(out, "%s\n", _("It is so already: nothing was changed"));
    } else {
        const char *id = n->plan->audit_id;
        cli_line(out, _("Audit record"), (struct ncm_str){id, id != NULL ? strlen(id) : 0});
    }
    ncm_free(ref);
}

/* As it is now; where that cannot be seen what was done is done all the same. */
static bool print_now(struct cli *c, const struct cli_plans *plans, struct ncm_err *err)
{
    const struct ncm_plan *plan = plans->items[0];
    struct ncm_err ignored;
    bool ambiguous = false;
    if (c->quiet && c->form == CLI_TABLE) {
        return true;
    }
    struct ncm_fleet_feed *feed = cli_fleet(
        c, NCM_FLEET_DEPLOYMENTS | NCM_FLEET_REGISTRY | NCM_FLEET_RATES, &ignored);
    const struct ncm_fleet_deployment *d =
        feed != NULL ? ncm_fleet_find(ncm_fleet_feed_get(feed), plan->intent->objects[0],
                                      plan->intent->key, &ambiguous)
                     : NULL;
    bool ok;
    if (d == NULL) {
        ok = cli_print_plans(c, plans, err);
    } else {
        struct now now = {d, plan};
        const struct cli_object o = {.item = &now, .json = now_json, .text = now_text};
        ok = cli_print_object(c, &o, err);
        if (c->form == CLI_TABLE && !plan->nothing) {
            fflush(stdout);
            cli_plan_lines(c, plan);
        }
    }
    ncm_fleet_feed_close(feed);
    return ok;
}

bool cli_deployment_change(struct cli *c, struct ncm_err *err)
{
    struct cli_plans plans;
    if (!cli_may_change(c, err)) {
        return false;
    }
    struct ncm_intent *in = ncm_intent_new(kind_of(c));
    fill(c, in);
    if (!name_it(c, in, err)) {
        ncm_intent_free(in);
        return false;
    }
    bool ok = cli_change(c, &in, 1, &plans, err);
    if (ok && plans.n == 1) {
        ok = print_now(c, &plans, err);
    }
    if (ok) {
        cli_plans_release(&plans);
    }
    return ok;
}
