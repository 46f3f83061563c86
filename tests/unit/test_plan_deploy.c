/* Plans of deployments against a source that a test holds by the hand: what would change, what is
 * warned of, what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "ops/parts.h"

/* ---- the source ------------------------------------------------------------------------------ */

enum { MOST = 4 };
static struct ncm_deployment made[MOST];
static size_t n_made;
static struct ncm_arena *arena;
/* "KIND/NAME/KEY" → value, as present says it. */
static struct {
    const char *of, *value;
} there[24];
static size_t n_there;
static enum ncm_code refuses; /* of check */
static const char *heed;     /* what the asker knows */

static struct ncm_str str(const char *s)
{
    return (struct ncm_str){s, s != NULL ? strlen(s) : 0};
}

static struct ncm_deployment *make(const char *name, const char *kind, int desired, int ready)
{
    struct ncm_deployment *d = &made[n_made++];
    struct ncm_deployment_box *b = ncm_deployment_box_new();
    *d = b->it;
    ncm_deployment_box_drop(b);
    d->source = str("seoul");
    d->ns = str("ml");
    d->name = str(name);
    d->kind = str(kind);
    d->resource_version = str("77");
    d->desired = desired;
    d->ready = ready;
    d->health = NCM_HEALTH_HEALTHY;
    d->allowed = (1u << NCM_N_ACTS) - 1;
    return d;
}

static void is_there(const char *of, const char *value)
{
    there[n_there].of = of;
    there[n_there++].value = value;
}

static bool fetch(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    (void)c;
    assert_int_equal(f->query->topic, NCM_T_DEPLOYMENTS);
    assert_string_equal(f->query->id, "seoul");
    struct ncm_deployments_snapshot *s = ncm_deployments_snapshot_new(n_made);
    for (size_t i = 0; i < n_made; i++) {
        s->items[i] = ncm_deployment_box_new();
        s->items[i]->it = made[i];
    }
    (void)err;
    f->publish(f->to, &s->head);
    return true;
}

static bool present(struct ncm_conn *c, const struct ncm_change *ch, char **value,
                    struct ncm_err *err)
{
    (void)c;
    char *of = ncm_sprintf("%s/%s%s%s", ch->version, strrchr(ch->object, '/') + 1,
                           ch->key != NULL ? "/" : "", ch->key != NULL ? ch->key : "");
    *value = NULL;
    bool found = false;
    for (size_t i = 0; i < n_there && !found; i++) {
        found = strcmp(there[i].of, of) == 0;
        *value = found ? ncm_strdup(there[i].value) : NULL;
    }
    if (!found) {
        ncm_fail(err, NCM_NOT_FOUND, "nothing is said of %s", of);
    }
    ncm_free(of);
    return found;
}

static bool check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err)
{
    (void)c;
    assert_true(changes->n > 0);
    return refuses == NCM_OK || ncm_fail(err, refuses, "viewer may not");
}

static const struct ncm_provider source = {
    .name = "fake-cluster",
    .capabilities = NCM_CAP_WRITE | NCM_CAP_DEPLOY | NCM_CAP_REMOTE,
    .fetch = fetch,
    .present = present,
    .check = check,
};

static int fresh(void **state)
{
    (void)state;
    n_made = n_there = 0;
    refuses = NCM_OK;
    heed = NULL;
    arena = ncm_arena_new();
    return 0;
}

static int done(void **state)
{
    (void)state;
    ncm_arena_free(arena);
    return 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static struct ncm_plan *plan;
static struct ncm_err err;

static bool ask(enum ncm_intent_kind kind, const char *ref, const char *to, bool force)
{
    static const struct ncm_place place = {.location = "context seoul"};
    struct ncm_job_context ctx = {.provider = &source,
                                  .conn = (struct ncm_conn *)(void *)&n_made,
                                  .place = &place,
                                  .store_label = "context seoul"};
    ncm_plan_free(plan);
    plan = ncm_alloc(1, sizeof *plan);
    plan->intent = ncm_intent_new(kind);
    plan->side = ncm_strdup("seoul");
    ncm_intent_add_object(plan->intent, ref);
    ncm_intent_set(&plan->intent->to, to);
    ncm_intent_set(&plan->intent->heed, heed);
    plan->intent->force = force;
    ncm_changes_init(&plan->changes);
    err = (struct ncm_err){0};
    return ncm_plan_make(&ctx, plan, &err);
}

static void plans(enum ncm_intent_kind kind, const char *ref, const char *to)
{
    if (!ask(kind, ref, to, false)) {
        fail_msg("%s (%s)", err.what, err.hint);
    }
}

static void fails(enum ncm_intent_kind kind, const char *ref, const char *to, enum ncm_code code)
{
    assert_false(ask(kind, ref, to, false));
    if (err.code != code) {
        fail_msg("%s: %s", ncm_code_name(err.code), err.what);
    }
}

static void change(size_t i, enum ncm_change_kind kind, const char *object, const char *version,
                   const char *key, const char *from, const char *to)
{
    assert_true(i < plan->changes.n);
    const struct ncm_change *ch = &plan->changes.items[i];
    assert_int_equal(ch->kind, kind);
    assert_string_equal(ch->object, object);
    assert_string_equal(ch->version, version);
    assert_true(ncm_change_same(ch->key, key));
    assert_true(ncm_change_same(ch->from, from));
    assert_true(ncm_change_same(ch->to, to));
}

static bool says(enum ncm_plan_tone tone, const char *what)
{
    for (size_t i = 0; i < plan->n_lines; i++) {
        if (plan->lines[i].tone == tone && strstr(plan->lines[i].what, what) != NULL) {
            return true;
        }
    }
    return false;
}

#define CHURN "seoul/ml/churn"

/* ---- which ----------------------------------------------------------------------------------- */

static void a_name_is_enough_where_it_is_one(void **state)
{
    (void)state;
    make("churn", "Deployment", 3, 3);
    make("fraud", "Deployment", 1, 1);
    make("fraud", "StatefulSet", 1, 1);
    is_there("Deployment/churn", "3");
    is_there("StatefulSet/fraud", "1");
    plans(NCM_DO_DEPLOY_SCALE, "churn", "5");
    assert_string_equal(plan->intent->objects[0], CHURN);
    assert_string_equal(plan->intent->key, "Deployment");
    assert_string_equal(plan->subject, CHURN);
    assert_string_equal(plan->confirm_name, "churn");
    fails(NCM_DO_DEPLOY_SCALE, "ml/fraud", "2", NCM_USAGE);
    assert_non_null(strstr(err.hint, "seoul/ml/fraud (StatefulSet)"));
    fails(NCM_DO_DEPLOY_SCALE, "nobody", "2", NCM_NOT_FOUND);
}

/* ---- replicas -------------------------------------------------------------------------------- */

static void scaling_says_from_and_to(void **state)
{
    (void)state;
    make("churn", "Deployment", 3, 3);
    is_there("Deployment/churn", "3");
    plans(NCM_DO_DEPLOY_SCALE, CHURN, "5");
    assert_int_equal(plan->changes.n, 1);
    change(0, NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3", "5");
    assert_string_equal(plan->changes.items[0].extra, "77");
    assert_string_equal(plan->from, "3");
    assert_string_equal(plan->to, "5");
    assert_true(says(NCM_TONE_NOTE, "context seoul"));
    plans(NCM_DO_DEPLOY_SCALE, CHURN, "3");
    assert_true(plan->nothing);
    fails(NCM_DO_DEPLOY_SCALE, CHURN, "-1", NCM_USAGE);
    fails(NCM_DO_DEPLOY_SCALE, CHURN, "many", NCM_USAGE);
    fails(NCM_DO_DEPLOY_SCALE, CHURN, "100001", NCM_USAGE);
    refuses = NCM_FORBIDDEN;
    fails(NCM_DO_DEPLOY_SCALE, CHURN, "4", NCM_FORBIDDEN);
}

static void scaling_to_nothing_is_warned_of(void **state)
{
    (void)state;
    struct ncm_deployment *d = make("churn", "Deployment", 3, 2);
    d->services = str("churn-svc");
    d->managed_by = str("Argo CD (app churn)");
    is_there("Deployment/churn", "3");
    plans(NCM_DO_DEPLOY_SCALE, CHURN, "0");
    assert_true(says(NCM_TONE_WARN, "behind churn-svc"));
    assert_true(says(NCM_TONE_WARN, "Argo CD (app churn) manages it"));
}

static void an_autoscaler_is_told_instead(void **state)
{
    (void)state;
    struct ncm_deployment *d = make("churn", "Deployment", 3, 3);
    d->autoscaler =
        (struct ncm_autoscaler){.there = true, .name = str("churn-hpa"), .min = 2, .max = 6};
    is_there("HorizontalPodAutoscaler/churn-hpa", "2");
    is_there("Deployment/churn", "3");
    plans(NCM_DO_DEPLOY_SCALE, CHURN, "4");
    assert_int_equal(plan->changes.n, 1);
    change(0, NCM_CH_DEPLOY_SCALE, "seoul/ml/churn-hpa", "HorizontalPodAutoscaler", NULL, "2", "4");
    fails(NCM_DO_DEPLOY_SCALE, CHURN, "7", NCM_REFUSED);
    /* None is not the autoscaler's to give, nor what is done in spite of it. */
    plans(NCM_DO_DEPLOY_SCALE, CHURN, "0");
    change(0, NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3", "0");
    assert_true(ask(NCM_DO_DEPLOY_SCALE, CHURN, "7", true));
    change(0, NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3", "7");
    assert_true(says(NCM_TONE_WARN, "churn-hpa"));
}

/* ---- restart, pause -------------------------------------------------------------------------- */

static void a_restart_names_the_last_one(void **state)
{
    (void)state;
    struct ncm_deployment *d = make("churn", "Deployment", 3, 3);
    is_there("Deployment/churn", NULL);
    plans(NCM_DO_DEPLOY_RESTART, CHURN, NULL);
    assert_true(plan->no_undo && !plan->irreversible);
    assert_true(says(NCM_TONE_NOTE, "writes to context seoul"));
    assert_int_equal(plan->changes.items[0].kind, NCM_CH_DEPLOY_RESTART);
    assert_null(plan->changes.items[0].from);
    assert_int_equal(strlen(plan->changes.items[0].to), strlen("2026-11-21T05:25:48Z"));
    struct ncm_changes back;
    assert_false(ncm_changes_invert(&plan->changes, &back));
    d->paused = true;
    fails(NCM_DO_DEPLOY_RESTART, CHURN, NULL, NCM_REFUSED);
    d->paused = false;
    d->allowed = 0;
    fails(NCM_DO_DEPLOY_RESTART, CHURN, NULL, NCM_UNSUPPORTED);
}

static void pausing_twice_is_nothing(void **state)
{
    (void)state;
    make("churn", "Deployment", 3, 3);
    is_there("Deployment/churn", "running");
    plans(NCM_DO_DEPLOY_PAUSE, CHURN, NULL);
    change(0, NCM_CH_DEPLOY_PAUSE, CHURN, "Deployment", NULL, "running", "paused");
    plans(NCM_DO_DEPLOY_RESUME, CHURN, NULL);
    assert_true(plan->nothing);
}

/* ---- revisions ------------------------------------------------------------------------------- */

static struct ncm_revision revisions[3];

static struct ncm_deployment *with_history(void)
{
    struct ncm_deployment *d = make("fraud", "Deployment", 3, 3);
    revisions[0] = (struct ncm_revision){.revision = str("5"), .name = str("fraud-c"),
                                         .image = str("r/fraud:6"), .version = str("6"),
                                         .wanted = true};
    revisions[1] = (struct ncm_revision){.revision = str("4"), .name = str("fraud-b"),
                                         .image = str("r/fraud:5"), .version = str("5")};
    revisions[2] = (struct ncm_revision){.revision = str("3"), .name = str("fraud-a"),
                                         .image = str("r/fraud:4"), .version = str("4"),
                                         .ready = 3, .serving = true};
    d->revisions = revisions;
    d->n_revisions = 3;
    d->rolling = true;
    is_there("Deployment/fraud", "fraud-c");
    return d;
}

#define FRAUD "seoul/ml/fraud"

static void a_rollback_goes_to_what_still_serves(void **state)
{
    (void)state;
    struct ncm_deployment *d = with_history();
    plans(NCM_DO_DEPLOY_ROLLBACK, FRAUD, NULL);
    change(0, NCM_CH_DEPLOY_REVISION, FRAUD, "Deployment", NULL, "fraud-c", "fraud-a");
    assert_string_equal(plan->to, "revision 3 (v4)");
    plans(NCM_DO_DEPLOY_ABORT, FRAUD, NULL);
    change(0, NCM_CH_DEPLOY_REVISION, FRAUD, "Deployment", NULL, "fraud-c", "fraud-a");
    /* Where the wanted one serves, to the newest before it. */
    revisions[2].serving = false;
    plans(NCM_DO_DEPLOY_ROLLBACK, FRAUD, NULL);
    assert_string_equal(plan->changes.items[0].to, "fraud-b");
    d->paused = true;
    fails(NCM_DO_DEPLOY_ROLLBACK, FRAUD, NULL, NCM_REFUSED);
    assert_non_null(strstr(err.hint, "resume"));
    d->paused = false;
    d->n_revisions = 1;
    fails(NCM_DO_DEPLOY_ROLLBACK, FRAUD, NULL, NCM_NOT_FOUND);
}

static void what_was_just_left_is_warned_of(void **state)
{
    (void)state;
    with_history()->rolling = false;
    revisions[2].serving = false;
    revisions[0].created_ms = 1000;
    revisions[1].created_ms = 2000; /* made later than what runs: that was put back */
    revisions[2].created_ms = 500;
    plans(NCM_DO_DEPLOY_ROLLBACK, FRAUD, NULL);
    assert_string_equal(plan->changes.items[0].to, "fraud-b");
    assert_true(says(NCM_TONE_WARN, "left by a roll-back"));
    plans(NCM_DO_DEPLOY_ROLLBACK, FRAUD, "fraud-a");
    assert_false(says(NCM_TONE_WARN, "left by a roll-back"));
}

static void a_revision_is_named_in_three_ways(void **state)
{
    (void)state;
    with_history();
    plans(NCM_DO_DEPLOY_ROLLBACK, FRAUD, "fraud-b");
    assert_string_equal(plan->changes.items[0].to, "fraud-b");
    plans(NCM_DO_DEPLOY_ROLLBACK, FRAUD, "3");
    assert_string_equal(plan->changes.items[0].to, "fraud-a");
    plans(NCM_DO_DEPLOY_ROLLBACK, FRAUD, "v4");
    assert_string_equal(plan->changes.items[0].to, "fraud-a");
    /* 4 is the number of one and the version of another. */
    fails(NCM_DO_DEPLOY_ROLLBACK, FRAUD, "4", NCM_USAGE);
    assert_non_null(strstr(err.hint, "v4"));
    fails(NCM_DO_DEPLOY_ROLLBACK, FRAUD, "9", NCM_NOT_FOUND);
    plans(NCM_DO_DEPLOY_ROLLBACK, FRAUD, "v6");
    assert_true(plan->nothing);
}

/* ---- versions -------------------------------------------------------------------------------- */

static struct ncm_claim claims[4];

static struct ncm_claim claim(enum ncm_claim_place place, const char *key, const char *where,
                              const char *text)
{
    struct ncm_claim c = {0};
    assert_true(ncm_claim_of(arena, place, key, text, &c));
    c.where = str(where);
    return c;
}

static void all_places_that_agree_are_set(void **state)
{
    (void)state;
    struct ncm_deployment *d = make("churn", "Deployment", 3, 3);
    claims[0] = claim(NCM_PLACE_LABEL, "ncmlops/model-version", "label ncmlops/model-version", "7");
    claims[1] = claim(NCM_PLACE_ENV, "MODEL_URI", "env MODEL_URI of container server",
                      "models:/churn/7");
    claims[2] = claim(NCM_PLACE_IMAGE, NULL, "image of container server", "r/models/churn:7");
    claims[3] = claims[2];
    claims[2] = claims[1];
    claims[1] = claims[0];
    claims[0] = claim(NCM_PLACE_LABEL, "ncmlops/model", "label ncmlops/model", "churn");
    d->claims = claims;
    d->n_claims = 4;
    is_there("Deployment/churn/label ncmlops/model-version", "7");
    is_there("Deployment/churn/env MODEL_URI of container server", "models:/churn/7");
    is_there("Deployment/churn/image of container server", "r/models/churn:7");
    plans(NCM_DO_DEPLOY_VERSION, CHURN, "v8");
    assert_int_equal(plan->changes.n, 3);
    change(0, NCM_CH_DEPLOY_VERSION, CHURN, "Deployment", "label ncmlops/model-version", "7", "8");
    change(1, NCM_CH_DEPLOY_VERSION, CHURN, "Deployment", "env MODEL_URI of container server",
           "models:/churn/7", "models:/churn/8");
    change(2, NCM_CH_DEPLOY_VERSION, CHURN, "Deployment", "image of container server",
           "r/models/churn:7", "r/models/churn:8");
    assert_string_equal(plan->from, "7");
    plans(NCM_DO_DEPLOY_VERSION, CHURN, "7");
    assert_true(plan->nothing);
    /* A label alone is a statement, not what is served. */
    d->n_claims = 2;
    fails(NCM_DO_DEPLOY_VERSION, CHURN, "8", NCM_REFUSED);
    assert_true(ask(NCM_DO_DEPLOY_VERSION, CHURN, "8", true));
}

static void an_alias_is_moved_in_the_registry(void **state)
{
    (void)state;
    struct ncm_deployment *d = make("churn", "Deployment", 3, 3);
    claims[0] = claim(NCM_PLACE_ENV, "MODEL_URI", "env MODEL_URI of container server",
                      "models:/churn@champion");
    d->claims = claims;
    d->n_claims = 1;
    fails(NCM_DO_DEPLOY_VERSION, CHURN, "8", NCM_REFUSED);
    assert_non_null(strstr(err.hint, "@champion"));
    d->n_claims = 0;
    fails(NCM_DO_DEPLOY_VERSION, CHURN, "8", NCM_REFUSED);
}

/* ---- traffic --------------------------------------------------------------------------------- */

static struct ncm_traffic traffic[2];

static struct ncm_deployment *split(const char *by, const char *a, double pa, const char *b,
                                    double pb, int ready_b)
{
    struct ncm_deployment *d = &made[0];
    traffic[0] = (struct ncm_traffic){.target = str(a), .percent = pa, .stable = true, .ready = 9,
                                      .version = str("7"), .health = NCM_HEALTH_HEALTHY};
    traffic[1] = (struct ncm_traffic){.target = str(b), .percent = pb, .ready = ready_b,
                                      .version = str("8"), .health = NCM_HEALTH_HEALTHY};
    d->traffic = traffic;
    d->n_traffic = 2;
    d->traffic_by = str(by);
    return d;
}

static void a_split_of_servers_says_what_is_known(void **state)
{
    (void)state;
    make("fraud", "Endpoint", 1, 1);
    split("weights", "stable", 90, "canary", 10, 2);
    is_there("Endpoint/fraud/stable", "90");
    is_there("Endpoint/fraud/canary", "10");
    heed = "v8 fails more: 3.1 % against 0.06 %";
    plans(NCM_DO_DEPLOY_PROMOTE, "fraud", NULL);
    assert_true(says(NCM_TONE_WARN, heed));
    assert_true(says(NCM_TONE_NOTE, "writes to seoul/ml/fraud"));
    assert_false(plan->no_undo);
    /* Without a history: the way on is said. */
    made[0].allowed = 1u << NCM_ACT_TRAFFIC;
    fails(NCM_DO_DEPLOY_ROLLBACK, "fraud", NULL, NCM_UNSUPPORTED);
    assert_non_null(strstr(err.what, "it has no revisions to go back to"));
    assert_non_null(strstr(err.hint, "abort"));
}

#define SEARCH "seoul/ml/search-stable"

static void a_canary_is_shared_by_replicas(void **state)
{
    (void)state;
    make("search-stable", "Deployment", 9, 9);
    make("search-canary", "Deployment", 1, 1);
    split("replicas", "search-stable", 90, "search-canary", 10, 1);
    is_there("Deployment/search-stable", "9");
    is_there("Deployment/search-canary", "1");
    plans(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "search-canary=30");
    assert_int_equal(plan->changes.n, 2);
    change(0, NCM_CH_DEPLOY_SCALE, SEARCH, "Deployment", NULL, "9", "7");
    change(1, NCM_CH_DEPLOY_SCALE, "seoul/ml/search-canary", "Deployment", NULL, "1", "3");
    assert_true(says(NCM_TONE_WARN, "8 serve instead of 10"));
    assert_string_equal(plan->to, "search-stable=70,search-canary=30");
    /* The nearest that there is, and never none for some. */
    plans(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "search-canary=2");
    assert_true(plan->nothing);
    plans(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "search-canary=16");
    assert_string_equal(plan->changes.items[1].to, "2");
    assert_true(says(NCM_TONE_WARN, "nearest"));
    /* All at once would leave one. */
    fails(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "search-canary=100", NCM_REFUSED);
    assert_true(ask(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "search-canary=100", true));
    plans(NCM_DO_DEPLOY_ABORT, SEARCH, NULL);
    change(0, NCM_CH_DEPLOY_SCALE, SEARCH, "Deployment", NULL, "9", "10");
    change(1, NCM_CH_DEPLOY_SCALE, "seoul/ml/search-canary", "Deployment", NULL, "1", "0");
}

static void wrong_shares_are_refused(void **state)
{
    (void)state;
    make("search-stable", "Deployment", 9, 9);
    make("search-canary", "Deployment", 1, 1);
    split("replicas", "search-stable", 90, "search-canary", 10, 1);
    fails(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "search-canary=101", NCM_USAGE);
    fails(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "search-canary=-1", NCM_USAGE);
    fails(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "search-canary=nan", NCM_USAGE);
    fails(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "search-canary", NCM_USAGE);
    fails(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "", NCM_USAGE);
    fails(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "nobody=10", NCM_NOT_FOUND);
    fails(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "search-canary=50,search-stable=60", NCM_USAGE);
    fails(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "search-canary=50,search-stable=40", NCM_USAGE);
    made[0].n_traffic = 1;
    fails(NCM_DO_DEPLOY_TRAFFIC, SEARCH, "search-stable=100", NCM_REFUSED);
    fails(NCM_DO_DEPLOY_PROMOTE, SEARCH, NULL, NCM_REFUSED);
}

static void promoting_a_canary_rolls_the_stable_one(void **state)
{
    (void)state;
    static struct ncm_claim other[1];
    struct ncm_deployment *a = make("search-stable", "Deployment", 9, 9);
    struct ncm_deployment *b = make("search-canary", "Deployment", 1, 1);
    split("replicas", "search-stable", 90, "search-canary", 10, 1);
    claims[0] = claim(NCM_PLACE_IMAGE, NULL, "image of container server", "r/search:7");
    other[0] = claim(NCM_PLACE_IMAGE, NULL, "image of container server", "r/search:8");
    a->claims = claims;
    b->claims = other;
    a->n_claims = b->n_claims = 1;
    is_there("Deployment/search-stable/image of container server", "r/search:7");
    plans(NCM_DO_DEPLOY_PROMOTE, SEARCH, NULL);
    assert_int_equal(plan->changes.n, 1);
    change(0, NCM_CH_DEPLOY_VERSION, SEARCH, "Deployment", "image of container server",
           "r/search:7", "r/search:8");
}

static void a_selector_is_switched(void **state)
{
    (void)state;
    make("price-blue", "Deployment", 3, 3);
    struct ncm_deployment *d = split("selector", "price-blue", 100, "price-green", 0, 2);
    d->services = str("price");
    is_there("Service/price", "app=price,color=blue");
    is_there("Deployment/price-green", "app=price,color=green,x=y");
    is_there("Service/price/color", "blue");
    plans(NCM_DO_DEPLOY_PROMOTE, "price-blue", NULL);
    assert_int_equal(plan->changes.n, 1);
    change(0, NCM_CH_DEPLOY_SELECTOR, "seoul/ml/price", "Service", "color", "blue", "green");
    plans(NCM_DO_DEPLOY_TRAFFIC, "price-blue", "price-green=100");
    assert_int_equal(plan->changes.n, 1);
    fails(NCM_DO_DEPLOY_TRAFFIC, "price-blue", "price-green=50", NCM_USAGE);
    is_there("Deployment/price-blue", "app=price,color=blue");
    plans(NCM_DO_DEPLOY_ABORT, "price-blue", NULL);
    assert_true(plan->nothing);
    /* An outage is not begun by mistake. */
    traffic[1].ready = 0;
    fails(NCM_DO_DEPLOY_PROMOTE, "price-blue", NULL, NCM_REFUSED);
    assert_true(ask(NCM_DO_DEPLOY_PROMOTE, "price-blue", NULL, true));
    there[1].value = "app=price";
    traffic[1].ready = 2;
    fails(NCM_DO_DEPLOY_PROMOTE, "price-blue", NULL, NCM_REFUSED);
}

static void kserve_has_one_number(void **state)
{
    (void)state;
    make("churn", "InferenceService", -1, 2);
    split("percent", "churn-00001", 90, "churn-00002", 10, 1);
    is_there("InferenceService/churn/churn-00002", "10");
    plans(NCM_DO_DEPLOY_TRAFFIC, CHURN, "churn-00001=70");
    assert_int_equal(plan->changes.n, 1);
    change(0, NCM_CH_DEPLOY_TRAFFIC, CHURN, "InferenceService", "churn-00002", "10", "30");
    plans(NCM_DO_DEPLOY_PROMOTE, CHURN, NULL);
    change(0, NCM_CH_DEPLOY_TRAFFIC, CHURN, "InferenceService", "churn-00002", "10", NULL);
    plans(NCM_DO_DEPLOY_ABORT, CHURN, NULL);
    change(0, NCM_CH_DEPLOY_TRAFFIC, CHURN, "InferenceService", "churn-00002", "10", "0");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
        T(a_name_is_enough_where_it_is_one), T(scaling_says_from_and_to),
        T(scaling_to_nothing_is_warned_of), T(an_autoscaler_is_told_instead),
        T(a_restart_names_the_last_one), T(pausing_twice_is_nothing),
        T(a_rollback_goes_to_what_still_serves), T(what_was_just_left_is_warned_of),
        T(a_revision_is_named_in_three_ways), T(all_places_that_agree_are_set),
        T(an_alias_is_moved_in_the_registry), T(a_canary_is_shared_by_replicas),
        T(a_split_of_servers_says_what_is_known),
        T(wrong_shares_are_refused), T(promoting_a_canary_rolls_the_stable_one),
        T(a_selector_is_switched), T(kserve_has_one_number),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ncm_plan_free(plan);
    return failed;
}
