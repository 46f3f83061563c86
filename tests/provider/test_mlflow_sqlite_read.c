/* What the provider reads is what each release's own client returned for the same store. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "model/search.h"
#include "provider/mlflow_sqlite/mlflow_sqlite.h"
#include "provider/stores.h"
#include "unit/scratch.h"

static const char *const versions[] = {"1.30.1", "2.9.2", "2.22.5", "3.17.2"};
#define N_VERSIONS (sizeof(versions) / sizeof(versions[0]))

struct store {
    struct ncm_conn *c;
    struct ncm_doc *doc;
    const struct ncm_node *expected;
};

static struct store open_store(size_t i)
{
    struct store s = {.c = store_open(store_copy(versions[i], "mlflow.db"))};
    s.doc = store_expected(versions[i]);
    s.expected = ncm_doc_root(s.doc);
    return s;
}

static void close_store(struct store *s)
{
    ncm_mlflow_sqlite.close(s->c);
    ncm_doc_free(s->doc);
}

/* Absent and null are the same. */
static void check_text(struct ncm_str got, const struct ncm_node *map, const char *key)
{
    const struct ncm_node *n = ncm_node_get(map, key);
    if (n == NULL || n->kind == NCM_NODE_NULL)
        assert_true(got.len == 0);
    else
        assert_string_equal(ncm_cstr(got), n->str);
}

static void check_time(int64_t got, const struct ncm_node *map, const char *key)
{
    const struct ncm_node *n = ncm_node_get(map, key);
    assert_true(got == (n == NULL || n->kind == NCM_NODE_NULL ? NCM_NO_TIME : n->i));
}

/* Numbers; NaN and infinities are texts, and +inf in these stores the largest double. */
static void check_number(const struct ncm_value *got, const struct ncm_node *want)
{
    if (want->kind == NCM_NODE_STR && strcmp(want->str, "NaN") == 0)
        assert_int_equal(got->kind, NCM_V_NAN);
    else
        assert_true(got->num == want->num);
}

static void check_kv(const struct ncm_kv *kv, size_t n, const struct ncm_node *map)
{
    assert_int_equal(n, map->n);
    for (size_t i = 0; i < n; i++)
        check_text(kv[i].value, map, kv[i].key.p);
}

static void experiments_are_the_same(void **state)
{
    (void)state;
    for (size_t v = 0; v < N_VERSIONS; v++) {
        struct store s = open_store(v);
        struct ncm_query *q = ncm_query_new(NCM_T_EXPERIMENTS);
        const struct ncm_node *want = ncm_node_get(s.expected, "experiments");
        q->view = NCM_VIEW_ALL;
        const struct ncm_experiments_snapshot *got = store_get(s.c, q);
        assert_int_equal(got->n, want->n);
        for (size_t i = 0; i < got->n; i++) {
            const struct ncm_experiment *e = &got->items[i];
            const struct ncm_node *w = NULL;
            for (size_t k = 0; k < want->n; k++)
                if (ncm_str_is(e->id, ncm_node_str(&want->items[k], "experiment_id", "")))
                    w = &want->items[k];
            assert_non_null(w);
            check_text(e->name, w, "name");
            check_text(e->artifact_location, w, "artifact_location");
            check_time(e->creation_ms, w, "creation_time");
            check_time(e->last_update_ms, w, "last_update_time");
            assert_string_equal(e->lifecycle == NCM_ACTIVE ? "active" : "deleted",
                                ncm_node_str(w, "lifecycle_stage", ""));
            check_kv(e->tags, e->n_tags, ncm_node_get(w, "tags"));
            const struct ncm_node *runs = ncm_node_get(ncm_node_get(s.expected, "runs"), e->id.p);
            int64_t active = 0;
            for (size_t k = 0; runs != NULL && k < runs->n; k++)
                active +=
                    strcmp(ncm_node_str(&runs->items[k], "lifecycle_stage", ""), "active") == 0;
            assert_int_equal(e->run_count, active);
        }
        ncm_snapshot_unref(got);
        close_store(&s);
    }
}

static void check_run(const struct ncm_run *r, const struct ncm_node *w)
{
    const struct ncm_node *metrics = ncm_node_get(w, "metrics");
    check_text(r->id, w, "run_id");
    check_text(r->status_text, w, "status");
    check_text(r->artifact_uri, w, "artifact_uri");
    check_text(r->experiment_id, w, "experiment_id");
    check_time(r->start_ms, w, "start_time");
    check_time(r->end_ms, w, "end_time");
    assert_string_equal(ncm_run_status_name(r->status), r->status_text.p);
    assert_true(r->name.len > 0);
    assert_int_equal(r->n_metrics, metrics->n);
    for (size_t i = 0; i < r->n_metrics; i++)
        check_number(&r->metrics[i].value, ncm_node_get(metrics, r->metrics[i].key.p));
    check_kv(r->params, r->n_params, ncm_node_get(w, "params"));
    check_kv(r->tags, r->n_tags, ncm_node_get(w, "tags"));
}

static void runs_are_the_same_in_the_same_order(void **state)
{
    (void)state;
    for (size_t v = 0; v < N_VERSIONS; v++) {
        struct store s = open_store(v);
        const struct ncm_node *all = ncm_node_get(s.expected, "runs");
        for (size_t e = 0; e < all->n; e++) {
            struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
            ncm_query_add_id(q, all->items[e].key);
            q->view = NCM_VIEW_ALL;
            q->all_columns = true;
            const struct ncm_runs_snapshot *got = store_get(s.c, q);
            assert_int_equal(got->n, all->items[e].n);
            assert_int_equal(got->total, got->n);
            for (size_t i = 0; i < got->n; i++) {
                check_run(ncm_runs_at(got, i), &all->items[e].items[i]);
                const struct ncm_run_snapshot *one =
                    store_get(s.c, ncm_query_run(ncm_runs_at(got, i)->id.p));
                check_run(&one->run, &all->items[e].items[i]);
                ncm_snapshot_unref(one);
            }
            ncm_snapshot_unref(got);
        }
        close_store(&s);
    }
}

static void orders_are_the_same(void **state)
{
    (void)state;
    for (size_t v = 0; v < N_VERSIONS; v++) {
        struct store s = open_store(v);
        const struct ncm_node *orders = ncm_node_get(s.expected, "order");
        for (size_t k = 0; k < orders->n; k++) {
            const struct ncm_node *want = &orders->items[k];
            struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
            ncm_query_add_order(q, want->key);
            const struct ncm_runs_snapshot *got = store_get(s.c, q);
            assert_true(got->n >= want->n); /* some list only the first */
            for (size_t i = 0; i < want->n; i++)
                assert_string_equal(ncm_runs_at(got, i)->id.p, want->items[i].str);
            ncm_snapshot_unref(got);
        }
        close_store(&s);
    }
}

static void filters_give_the_same(void **state)
{
    (void)state;
    for (size_t v = 0; v < N_VERSIONS; v++) {
        struct store s = open_store(v);
        const struct ncm_node *filters = ncm_node_get(s.expected, "filter");
        for (size_t k = 0; k < filters->n; k++) {
            const struct ncm_node *want = &filters->items[k];
            struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
            struct ncm_filter f;
            struct ncm_err err;
            size_t in_memory = 0;
            assert_true(ncm_filter_parse(want->key, &f, NULL, &err));
            q->filter = ncm_strdup(want->key);
            const struct ncm_runs_snapshot *got = store_get(s.c, q);
            q = ncm_query_new(NCM_T_RUNS);
            q->all_columns = true;
            const struct ncm_runs_snapshot *all = store_get(s.c, q);
            assert_int_equal(got->n, want->n);
            for (size_t i = 0; i < got->n; i++) {
                bool there = false;
                for (size_t j = 0; j < want->n; j++)
                    there = there || ncm_str_is(ncm_runs_at(got, i)->id, want->items[j].str);
                assert_true(there);
            }
            for (size_t i = 0; i < all->n; i++)
                in_memory += ncm_filter_match(&f, ncm_runs_at(all, i));
            assert_int_equal(in_memory, want->n);
            ncm_filter_release(&f);
            ncm_snapshot_unref(got);
            ncm_snapshot_unref(all);
        }
        close_store(&s);
    }
}

static void check_point(const struct ncm_point *p, const struct ncm_node *want)
{
    assert_true(p->step == want->items[0].i);
    assert_true(p->timestamp_ms == want->items[1].i);
    check_number(&p->value, &want->items[2]);
}

static void histories_are_the_same(void **state)
{
    (void)state;
    for (size_t v = 0; v < N_VERSIONS; v++) {
        struct store s = open_store(v);
        const struct ncm_node *runs = ncm_node_get(s.expected, "metric_history");
        for (size_t r = 0; r < runs->n; r++)
            for (size_t k = 0; k < runs->items[r].n; k++) {
                const struct ncm_node *want = &runs->items[r].items[k];
                const struct ncm_node *points = ncm_node_get(want, "points");
                const struct ncm_series_snapshot *got =
                    store_get(s.c, ncm_query_series(runs->items[r].key, want->key, 0));
                assert_int_equal(got->total, ncm_node_i64(want, "count", -1));
                assert_int_equal(got->n, got->total);
                if (got->n > 0) {
                    check_point(&got->points[0], ncm_node_get(want, "first"));
                    check_point(&got->points[got->n - 1], ncm_node_get(want, "last"));
                }
                for (size_t i = 0; points != NULL && i < points->n; i++)
                    check_point(&got->points[i], &points->items[i]);
                ncm_snapshot_unref(got);
            }
        close_store(&s);
    }
}

static void check_version(const struct ncm_model_version *got, const struct ncm_node *w)
{
    const struct ncm_node *aliases = ncm_node_get(w, "aliases");
    assert_non_null(got);
    check_text(got->stage_text, w, "current_stage");
    check_text(got->status, w, "status");
    check_text(got->source, w, "source");
    check_text(got->run_id, w, "run_id");
    check_text(got->description, w, "description");
    check_text(got->user, w, "user_id");
    check_time(got->creation_ms, w, "creation_timestamp");
    check_time(got->last_updated_ms, w, "last_updated_timestamp");
    check_kv(got->tags, got->n_tags, ncm_node_get(w, "tags"));
    if (aliases != NULL)
        assert_int_equal(got->n_aliases, aliases->n);
}

static void the_registry_is_the_same(void **state)
{
    (void)state;
    for (size_t v = 0; v < N_VERSIONS; v++) {
        struct store s = open_store(v);
        const struct ncm_node *models = ncm_node_get(s.expected, "registered_models");
        const struct ncm_models_snapshot *got = store_get(s.c, ncm_query_new(NCM_T_MODELS));
        assert_int_equal(got->n, models->n);
        for (size_t i = 0; i < models->n; i++) {
            const struct ncm_node *w = &models->items[i];
            const struct ncm_node *list = ncm_node_get(w, "versions");
            const struct ncm_node *aliases = ncm_node_get(w, "aliases");
            const struct ncm_model *m = ncm_models_find(got, ncm_node_str(w, "name", ""));
            assert_non_null(m);
            check_text(m->description, w, "description");
            check_time(m->creation_ms, w, "creation_timestamp");
            check_time(m->last_updated_ms, w, "last_updated_timestamp");
            check_kv(m->tags, m->n_tags, ncm_node_get(w, "tags"));
            assert_int_equal(m->n_versions, list->n);
            for (size_t k = 0; k < list->n; k++) {
                const char *version = ncm_node_str(&list->items[k], "version", "");
                check_version(ncm_model_version(m, version), &list->items[k]);
            }
            if (aliases == NULL)
                continue;
            assert_int_equal(m->n_aliases, aliases->n);
            for (size_t k = 0; k < m->n_aliases; k++) {
                check_text(m->aliases[k].version, aliases, m->aliases[k].name.p);
                assert_int_equal(m->aliases[k].dangling,
                                 ncm_model_version(m, m->aliases[k].version.p) == NULL);
            }
        }
        ncm_snapshot_unref(got);
        close_store(&s);
    }
}

static void the_store_says_what_it_is(void **state)
{
    static const char *const releases[] = {"MLflow 1.29–2.2", "MLflow 2.8–2.12", "MLflow 2.19–2.22",
                                           "MLflow 3.17"};
    (void)state;
    for (size_t v = 0; v < N_VERSIONS; v++) {
        struct store s = open_store(v);
        const struct ncm_store_snapshot *got = store_get(s.c, ncm_query_new(NCM_T_STORE));
        assert_string_equal(got->release.p, releases[v]);
        assert_true(got->writable);
        assert_int_equal(got->has_aliases, v > 0);
        assert_int_equal(got->has_logged_models, v > 2);
        assert_int_equal(got->n_models, ncm_node_get(s.expected, "registered_models")->n);
        assert_int_equal(got->n_runs, 46);
        ncm_snapshot_unref(got);
        close_store(&s);
    }
}

static void children_follow_their_parents(void **state)
{
    struct store s = open_store(3);
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    size_t children = 0;
    (void)state;
    q->nested = true;
    const struct ncm_runs_snapshot *got = store_get(s.c, q);
    for (size_t i = 0; i < got->n; i++) {
        const struct ncm_run_ref *ref = ncm_runs_ref(got, i);
        const struct ncm_run *run = ncm_runs_at(got, i);
        if (ref->parent < 0) {
            assert_int_equal(ref->depth, 0);
            continue;
        }
        children++;
        assert_true((size_t)ref->parent < i);
        assert_true(ncm_runs_ref(got, (size_t)ref->parent)->has_children);
        assert_int_equal(ref->depth, ncm_runs_ref(got, (size_t)ref->parent)->depth + 1);
        assert_true(ncm_str_eq(run->parent_id, ncm_runs_at(got, (size_t)ref->parent)->id));
    }
    assert_true(children > 0);
    ncm_snapshot_unref(got);
    close_store(&s);
}

static void inputs_and_models_of_a_run(void **state)
{
    struct store s = open_store(3);
    const struct ncm_node *models = ncm_node_get(s.expected, "logged_models");
    size_t inputs = 0, logged = 0, wanted = 0, versions_seen = 0;
    (void)state;
    for (size_t i = 0; i < models->n; i++)
        wanted += ncm_node_str(&models->items[i], "source_run_id", NULL) != NULL;
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    q->view = NCM_VIEW_ALL;
    const struct ncm_runs_snapshot *all = store_get(s.c, q);
    for (size_t i = 0; i < all->n; i++) {
        const struct ncm_run_snapshot *one =
            store_get(s.c, ncm_query_run(ncm_runs_at(all, i)->id.p));
        inputs += one->run.n_inputs;
        logged += one->run.n_logged_models;
        versions_seen += one->run.n_versions;
        for (size_t k = 0; k < one->run.n_inputs; k++)
            assert_true(one->run.inputs[k].name.len > 0);
        ncm_snapshot_unref(one);
    }
    assert_true(inputs > 0);
    assert_true(logged > 0 && logged <= wanted);
    assert_true(versions_seen > 10);
    ncm_snapshot_unref(all);
    close_store(&s);
}

static void long_histories_are_thinned(void **state)
{
    struct store s = open_store(3);
    const struct ncm_node *runs = ncm_node_get(s.expected, "metric_history");
    bool seen = false;
    (void)state;
    for (size_t r = 0; r < runs->n; r++)
        for (size_t k = 0; k < runs->items[r].n; k++) {
            const struct ncm_node *want = &runs->items[r].items[k];
            if (ncm_node_i64(want, "count", 0) < 1000)
                continue;
            seen = true;
            const char *id = runs->items[r].key;
            const struct ncm_series_snapshot *all =
                store_get(s.c, ncm_query_series(id, want->key, 0));
            const struct ncm_series_snapshot *few =
                store_get(s.c, ncm_query_series(id, want->key, 200));
            double low = INFINITY, high = -INFINITY, few_low = INFINITY, few_high = -INFINITY;
            assert_true(few->n <= 200 && few->n >= 40);
            assert_int_equal(few->total, all->n);
            assert_true(few->points[0].step == all->points[0].step);
            assert_true(few->points[few->n - 1].step == all->points[all->n - 1].step);
            for (size_t i = 0; i < all->n; i++) {
                low = fmin(low, all->points[i].value.num);
                high = fmax(high, all->points[i].value.num);
            }
            for (size_t i = 0; i < few->n; i++) {
                few_low = fmin(few_low, few->points[i].value.num);
                few_high = fmax(few_high, few->points[i].value.num);
                assert_true(i == 0 || few->points[i].step >= few->points[i - 1].step);
            }
            assert_true(low == few_low && high == few_high);
            ncm_snapshot_unref(all);
            ncm_snapshot_unref(few);
        }
    assert_true(seen);
    close_store(&s);
}

static int drop_scratch(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(experiments_are_the_same),
        cmocka_unit_test(runs_are_the_same_in_the_same_order),
        cmocka_unit_test(orders_are_the_same),
        cmocka_unit_test(filters_give_the_same),
        cmocka_unit_test(histories_are_the_same),
        cmocka_unit_test(the_registry_is_the_same),
        cmocka_unit_test(the_store_says_what_it_is),
        cmocka_unit_test(children_follow_their_parents),
        cmocka_unit_test(inputs_and_models_of_a_run),
        cmocka_unit_test(long_histories_are_thinned),
    };
    return cmocka_run_group_tests(tests, NULL, drop_scratch);
}
