/* What the audit says of changes in a store that has no transactions: told by the store alone, also
 * later, never claimed from others and never done twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "engine/state.h"
#include "ops/parts.h"
#include "unit/scratch.h"

enum { VERSIONS = 4, TAGS = 16, MINUTE_MS = 60 * 1000 };

/* A registry of one model "m" with versions 1 … 4, in memory. */
static struct {
    const char *stage[VERSIONS + 1]; /* NULL: deleted */
    struct tag {
        char version[8], key[64], value[512];
    } tags[TAGS];
    size_t n_tags;
    bool away;      /* nothing can be asked */
    bool loses;     /* apply writes, and its answer does not come */
    bool ignores;   /* apply says done and writes nothing */
    bool no_notes;  /* apply leaves no notes */
    size_t only;    /* apply stops after so many changes and says what stands; 0: all */
    size_t applied; /* calls of apply that wrote something */
} world;

struct ncm_conn {
    int unused;
};

static struct ncm_err err;

static bool open_fake(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *e)
{
    (void)place;
    (void)control;
    (void)e;
    *out = ncm_alloc(1, sizeof **out);
    return true;
}

static void close_fake(struct ncm_conn *c)
{
    ncm_free(c);
}

static bool is_away(struct ncm_err *e)
{
    return world.away && !ncm_fail(e, NCM_UNREACHABLE, "nobody is there");
}

static const char *tag_of(const char *version, const char *key)
{
    for (size_t i = 0; i < world.n_tags; i++) {
        if ((version == NULL || strcmp(world.tags[i].version, version) == 0) &&
            strcmp(world.tags[i].key, key) == 0) {
            return world.tags[i].value;
        }
    }
    return NULL;
}

static void put_tag(const char *version, const char *key, const char *value)
{
    struct tag *t = &world.tags[world.n_tags++];
    snprintf(t->version, sizeof t->version, "%s", version);
    snprintf(t->key, sizeof t->key, "%s", key);
    snprintf(t->value, sizeof t->value, "%s", value);
}

static bool present_fake(struct ncm_conn *c, const struct ncm_change *ch, char **value,
                         struct ncm_err *e)
{
    (void)c;
    *value = NULL;
    if (is_away(e)) {
        return false;
    }
    if (ch->kind == NCM_CH_VERSION_TAG) {
        *value = ncm_strdup(tag_of(ch->version, ch->key));
        return true;
    }
    const char *stage = world.stage[ch->version[0] - '0'];
    *value = ncm_strdup(stage);
    return stage != NULL || ncm_fail(e, NCM_NOT_FOUND, "no such version");
}

static const char *keep(const char *stage)
{
    static const char *const known[] = {"None", "Staging", "Production", "Archived"};
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(known[i], stage) == 0) {
            return known[i];
        }
    }
    return NULL;
}

static void write_one(const struct ncm_change *ch, const struct ncm_mark *mark)
{
    if (ch->kind == NCM_CH_VERSION_TAG) {
        put_tag(ch->version, ch->key, ch->to);
        return;
    }
    world.stage[ch->version[0] - '0'] = ch->to != NULL ? keep(ch->to) : NULL;
    if (mark != NULL && !world.no_notes) {
        char key[64];
        snprintf(key, sizeof key, "ncmlops.transition.%s", mark->audit_id);
        put_tag(ch->version, key, "{}");
    }
}

static bool apply_fake(struct ncm_conn *c, const struct ncm_changes *changes,
                       const struct ncm_mark *mark, const struct ncm_control *control,
                       struct ncm_receipt *receipt, struct ncm_err *e)
{
    (void)c;
    (void)control;
    memset(receipt, 0, sizeof *receipt);
    if (is_away(e)) {
        return false;
    }
    world.applied++;
    for (size_t i = 0; !world.ignores && i < changes->n && (world.only == 0 || i < world.only);
         i++) {
        write_one(&changes->items[i], mark);
    }
    receipt->unnoted = mark != NULL && world.no_notes;
    if (world.loses || world.only > 0) {
        receipt->partial = true;
        world.away = world.loses;
        return ncm_fail(e, NCM_UNREACHABLE, "the answer did not come");
    }
    return true;
}

static bool fetch_fake(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *e)
{
    (void)c;
    if (is_away(e)) {
        return false;
    }
    struct ncm_models_snapshot *s = ncm_snapshot_new(NCM_T_MODELS, sizeof *s);
    struct ncm_arena *a = s->head.arena;
    s->n = 1;
    s->items = ncm_arena_alloc(a, 1, sizeof *s->items);
    s->items[0].name = ncm_arena_cstr(a, "m");
    s->items[0].versions = ncm_arena_alloc(a, VERSIONS, sizeof *s->items[0].versions);
    s->items[0].n_versions = VERSIONS;
    for (size_t i = 0; i < VERSIONS; i++) {
        struct ncm_model_version *v = &s->items[0].versions[i];
        char number[8];
        snprintf(number, sizeof number, "%zu", VERSIONS - i);
        v->version = ncm_arena_cstr(a, number);
        v->model = s->items[0].name;
        v->tags = ncm_arena_alloc(a, TAGS, sizeof *v->tags);
        for (size_t k = 0; k < world.n_tags; k++) {
            if (strcmp(world.tags[k].version, number) == 0) {
                v->tags[v->n_tags].key = ncm_arena_cstr(a, world.tags[k].key);
                v->tags[v->n_tags++].value = ncm_arena_cstr(a, world.tags[k].value);
            }
        }
    }
    f->publish(f->to, &s->head);
    return true;
}

static struct ncm_provider fake = {
    .name = "fake",
    .capabilities = NCM_CAP_STAGES | NCM_CAP_WRITE | NCM_CAP_REMOTE,
    .open = open_fake,
    .close = close_fake,
    .fetch = fetch_fake,
    .apply = apply_fake,
    .present = present_fake,
};

static char state_path[300];

static int set_up(void **state)
{
    static int number;
    char name[32];
    (void)state;
    memset(&world, 0, sizeof world);
    world.stage[1] = "Archived";
    world.stage[2] = "Production";
    world.stage[3] = "Staging";
    world.stage[4] = "None";
    fake.capabilities = NCM_CAP_STAGES | NCM_CAP_WRITE | NCM_CAP_REMOTE;
    snprintf(name, sizeof name, "settle-%d.db", number++);
    snprintf(state_path, sizeof state_path, "%s", scratch(name));
    return 0;
}

/* 3 to Production, 2 to Archived. */
static struct ncm_plan *promotion(void)
{
    struct ncm_plan *p = ncm_alloc(1, sizeof *p);
    p->intent = ncm_intent_new(NCM_DO_PROMOTE);
    ncm_intent_set(&p->intent->reason, "why not");
    ncm_changes_init(&p->changes);
    ncm_changes_add(&p->changes, NCM_CH_VERSION_STAGE, "m", "2", NULL, "Production", "Archived");
    ncm_changes_add(&p->changes, NCM_CH_VERSION_STAGE, "m", "3", NULL, "Staging", "Production");
    p->subject = ncm_strdup("m/3");
    return p;
}

static bool execute(struct ncm_plan *p)
{
    static const struct ncm_place place = {.location = "https://here"};
    struct ncm_job_context ctx = {.provider = &fake,
                                  .place = &place,
                                  .store_label = "https://here",
                                  .state_path = state_path};
    return ncm_plan_execute(&ctx, p, &err);
}

/* The newest record; its texts in static memory. */
static struct {
    char id[32], result[16], detail[256];
} newest;

static void look_up(void)
{
    struct ncm_db *db;
    struct ncm_log_book book;
    char *broken, *why;
    assert_true(ncm_state_open(state_path, false, &db, &err));
    assert_true(ncm_log_book_load(db, &book, &err));
    assert_true(book.n > 0);
    const struct ncm_record *r = &book.items[book.n - 1];
    snprintf(newest.id, sizeof newest.id, "%s", ncm_cstr(r->id));
    snprintf(newest.result, sizeof newest.result, "%s", ncm_cstr(r->result));
    snprintf(newest.detail, sizeof newest.detail, "%s", ncm_cstr(r->detail));
    ncm_log_book_release(&book);
    assert_true(ncm_audit_verify(db, &broken, &why, &err));
    assert_null(broken);
    ncm_db_close(db);
}

static void settle_for(const char *store, bool may_write)
{
    struct ncm_db *db;
    struct ncm_conn conn;
    const struct ncm_settle how = {
        .provider = &fake, .conn = &conn, .store = store, .may_write = may_write};
    assert_true(ncm_state_open(state_path, true, &db, &err));
    assert_true(ncm_audit_settle(db, &how, &err));
    ncm_db_close(db);
    look_up();
}

static void settle(void)
{
    settle_for("https://here", false);
}

/* An intent of a process that died; its id. */
static const char *intent_of_the_dead(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct ncm_db *db;
        char *id;
        struct ncm_plan *p = promotion();
        _exit(ncm_state_open(state_path, true, &db, &err) &&
                      ncm_audit_intent(db, "https://here", p, &id, &err)
                  ? 0
                  : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    look_up();
    return newest.id;
}

static void later(int64_t ms)
{
    char now[32];
    snprintf(now, sizeof now, "%lld", (long long)(ncm_now_ms() + ms));
    setenv("NCMLOPS_NOW", now, 1);
    ncm_clock_init();
}

static void clock_again(void)
{
    unsetenv("NCMLOPS_NOW");
    ncm_clock_init();
}

static void what_is_done_is_done(void **state)
{
    (void)state;
    struct ncm_plan *p = promotion();
    assert_true(execute(p));
    look_up();
    assert_string_equal(newest.result, "done");
    assert_string_equal(newest.id, p->audit_id);
    ncm_plan_free(p);
}

static void a_store_that_says_done_is_read_back(void **state)
{
    (void)state;
    world.ignores = true;
    struct ncm_plan *p = promotion();
    assert_false(execute(p));
    assert_int_equal(err.code, NCM_CONFLICT);
    look_up();
    assert_string_not_equal(newest.result, "done");
    ncm_plan_free(p);
}

static void a_lost_answer_is_settled_by_a_later_look(void **state)
{
    (void)state;
    world.loses = true;
    struct ncm_plan *p = promotion();
    assert_false(execute(p));
    assert_false(p->outcome_known);
    assert_int_equal(err.code, NCM_UNREACHABLE);
    look_up();
    assert_string_equal(newest.result, "unknown");
    settle(); /* still away */
    assert_string_equal(newest.result, "unknown");
    world.away = false;
    settle();
    assert_string_equal(newest.result, "done");
    assert_int_equal(world.applied, 1);
    /* Once: what happens later is no news of this. */
    world.stage[3] = "None";
    world.n_tags = 0;
    settle();
    assert_string_equal(newest.result, "done");
    ncm_plan_free(p);
}

static void a_request_may_still_be_under_way(void **state)
{
    (void)state;
    world.loses = world.ignores = true;
    struct ncm_plan *p = promotion();
    assert_false(execute(p));
    world.away = false;
    settle();
    assert_string_equal(newest.result, "unknown");
    later(2 * MINUTE_MS);
    settle();
    clock_again();
    assert_string_equal(newest.result, "failed");
    ncm_plan_free(p);
}

static void half_of_it_is_named(void **state)
{
    (void)state;
    world.only = 1;
    struct ncm_plan *p = promotion();
    assert_false(execute(p));
    look_up();
    assert_string_equal(newest.result, "unknown");
    assert_non_null(strstr(newest.detail, "in the store: "));
    assert_non_null(strstr(newest.detail, "version 2"));
    assert_true(strstr(newest.detail, "version 2") < strstr(newest.detail, "; not: "));
    assert_true(strstr(newest.detail, "; not: ") < strstr(newest.detail, "version 3"));
    /* Somebody else completes it: that is not our doing. */
    world.stage[3] = "Production";
    later(2 * MINUTE_MS);
    settle();
    clock_again();
    assert_string_equal(newest.result, "unknown");
    ncm_plan_free(p);
}

static void what_a_local_store_could_not_take_back_has_not_failed(void **state)
{
    (void)state;
    fake.capabilities = NCM_CAP_STAGES | NCM_CAP_WRITE;
    world.only = 1;
    world.ignores = true; /* what the change names is as it was; something else is not */
    struct ncm_plan *p = promotion();
    assert_false(execute(p));
    assert_false(p->outcome_known);
    look_up();
    assert_string_equal(newest.result, "unknown");
    assert_non_null(strstr(newest.detail, "did not come"));
    ncm_plan_free(p);
}

static void after_a_crash_every_change_is_looked_at(void **state)
{
    (void)state;
    fake.capabilities = NCM_CAP_STAGES | NCM_CAP_WRITE; /* local: nothing comes late */
    intent_of_the_dead();
    settle();
    assert_string_equal(newest.result, "failed");

    intent_of_the_dead();
    world.stage[2] = "Archived";
    settle();
    assert_string_equal(newest.result, "unknown");
    assert_non_null(strstr(newest.detail, "; not: "));
}

static void a_store_that_is_away_leaves_it_open(void **state)
{
    (void)state;
    intent_of_the_dead();
    world.away = true;
    settle();
    assert_string_equal(newest.result, "");
    world.away = false;
    world.stage[2] = "Archived";
    world.stage[3] = "Production";
    settle();
    assert_string_equal(newest.result, "done");
}

static void missing_notes_are_left_by_who_writes(void **state)
{
    (void)state;
    const char *id = intent_of_the_dead();
    char key[64];
    snprintf(key, sizeof key, "ncmlops.transition.%s", id);
    world.stage[2] = "Archived";
    world.stage[3] = "Production";
    settle();
    assert_string_equal(newest.result, "done");
    assert_null(tag_of("3", key));
    settle_for("https://here", true);
    assert_string_equal(newest.result, "done");
    assert_non_null(strstr(tag_of("3", key), "\"to\":\"Production\""));
    assert_non_null(strstr(tag_of("3", key), "\"reason\":\"why not\""));
    assert_non_null(strstr(tag_of("2", key), "\"to\":\"Archived\""));
    size_t applied = world.applied;
    settle_for("https://here", true);
    assert_int_equal(world.applied, applied);
}

static void a_note_that_could_not_be_left_is_told(void **state)
{
    (void)state;
    world.no_notes = true;
    struct ncm_plan *p = promotion();
    assert_true(execute(p));
    look_up();
    assert_string_equal(newest.result, "done");
    assert_non_null(strstr(newest.detail, "note"));
    settle_for("https://here", true);
    assert_int_equal(world.n_tags, 2);
    ncm_plan_free(p);
}

static void the_same_by_another_hand_is_not_ours(void **state)
{
    (void)state;
    intent_of_the_dead();
    world.stage[2] = "Archived";
    world.stage[3] = "Production";
    put_tag("3", "ncmlops.transition.zzz", "{\"actor\":\"bob\",\"to\":\"Production\"}");
    settle();
    assert_string_equal(newest.result, "unknown");
    assert_non_null(strstr(newest.detail, "others"));
}

static void an_older_note_of_another_does_not_matter(void **state)
{
    (void)state;
    intent_of_the_dead();
    world.stage[2] = "Archived";
    world.stage[3] = "Production";
    put_tag("3", "ncmlops.transition.000", "{\"actor\":\"bob\",\"to\":\"Production\"}");
    settle();
    assert_string_equal(newest.result, "done");
}

static void what_was_done_again_is_not_claimed_twice(void **state)
{
    (void)state;
    world.loses = world.ignores = true; /* the first never got there … */
    struct ncm_plan *p = promotion();
    assert_false(execute(p));
    char *first = ncm_strdup(p->audit_id);
    ncm_plan_free(p);
    world.away = world.loses = world.ignores = false;
    p = promotion(); /* … the second did */
    assert_true(execute(p));
    later(2 * MINUTE_MS);
    settle();
    clock_again();
    struct ncm_db *db;
    struct ncm_log_book book;
    assert_true(ncm_state_open(state_path, false, &db, &err));
    assert_true(ncm_log_book_load(db, &book, &err));
    assert_int_equal(book.n, 2);
    assert_string_equal(book.items[0].id.p, first);
    assert_string_equal(book.items[0].result.p, "unknown");
    assert_string_equal(book.items[1].result.p, "done");
    ncm_log_book_release(&book);
    ncm_db_close(db);
    ncm_free(first);
    ncm_plan_free(p);
}

static void other_stores_are_left_alone(void **state)
{
    (void)state;
    intent_of_the_dead();
    settle_for("https://elsewhere", false);
    assert_string_equal(newest.result, "");
}

static void what_is_gone_was_deleted(void **state)
{
    struct ncm_changes c;
    struct ncm_conn conn;
    struct ncm_evidence found;
    (void)state;
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_VERSION_DELETE, "m", "4", NULL, "None", NULL);
    const struct ncm_evidence_of of = {
        .provider = &fake, .conn = &conn, .audit_id = "id", .changes = &c, .age_ms = INT64_MAX};
    ncm_audit_evidence(&of, &found);
    assert_string_equal(found.result, "failed");
    ncm_free(found.detail);
    world.stage[4] = NULL;
    ncm_audit_evidence(&of, &found);
    assert_string_equal(found.result, "done");
    ncm_free(found.detail);
    ncm_changes_release(&c);
}

static int remove_scratch(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

#define CASE(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_done_is_done),
        CASE(a_store_that_says_done_is_read_back),
        CASE(a_lost_answer_is_settled_by_a_later_look),
        CASE(a_request_may_still_be_under_way),
        CASE(half_of_it_is_named),
        CASE(what_a_local_store_could_not_take_back_has_not_failed),
        CASE(after_a_crash_every_change_is_looked_at),
        CASE(a_store_that_is_away_leaves_it_open),
        CASE(missing_notes_are_left_by_who_writes),
        CASE(a_note_that_could_not_be_left_is_told),
        CASE(the_same_by_another_hand_is_not_ours),
        CASE(an_older_note_of_another_does_not_matter),
        CASE(what_was_done_again_is_not_claimed_twice),
        CASE(other_stores_are_left_alone),
        CASE(what_is_gone_was_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
