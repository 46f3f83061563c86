#include "drift_made.h"

#include <math.h>
#include <string.h>

#include "api/text.h"

#define WINDOWS 48
#define HOUR    INT64_C(3600000)

static struct ncm_str text(struct ncm_snapshot *s, const char *p)
{
    return ncm_arena_cstr(s->arena, p);
}

static void make_feature(struct ncm_snapshot *s, struct ncm_drift_feature *f, const char *name,
                         double from, double to)
{
    *f = (struct ncm_drift_feature){.name = text(s, name),
                                    .method = text(s, "psi"),
                                    .warning = 0.1,
                                    .critical = 0.25,
                                    .since_ms = MADE_END_MS - 5 * HOUR};
    f->points = ncm_arena_alloc(s->arena, WINDOWS, sizeof *f->points);
    for (size_t i = 0; i < WINDOWS; i++) {
        double v = from + (to - from) * (double)i / (WINDOWS - 1);
        f->points[i] = (struct ncm_drift_point){.value = v,
                                                .p_value = NAN,
                                                .n = 1000,
                                                .recipe = i < 24,
                                                .state = v >= 0.25  ? NCM_DRIFT_CRITICAL
                                                         : v >= 0.1 ? NCM_DRIFT_WARNING
                                                                    : NCM_DRIFT_OK};
    }
    f->points[10] = (struct ncm_drift_point){.value = NAN, .recipe = 1, .state = NCM_DRIFT_NO_DATA};
    f->points[11].state = NCM_DRIFT_SMALL;
    f->last = to;
    f->worst = to;
    f->state = f->points[WINDOWS - 1].state;
}

static void make_monitor(struct ncm_snapshot *s, struct ncm_drift_monitor *m, const char *model)
{
    *m = (struct ncm_drift_monitor){.model = text(s, model),
                                    .name = text(s, "inputs"),
                                    .source = text(s, "log/*.jsonl"),
                                    .reference = text(s, "data/train.csv"),
                                    .window = text(s, "1h"),
                                    .rows = 48000,
                                    .last_row_ms = MADE_END_MS,
                                    .firing_since_ms = NCM_NO_TIME};
    m->windows = ncm_arena_alloc(s->arena, WINDOWS, sizeof *m->windows);
    m->n_windows = WINDOWS;
    for (size_t i = 0; i < WINDOWS; i++) { /* nobody watched for three hours after the 30th */
        int64_t end = MADE_END_MS - (int64_t)(WINDOWS - 1 - i) * HOUR - (i <= 30 ? 3 * HOUR : 0);
        m->windows[i] = (struct ncm_drift_window){end - HOUR, end, 1000, false};
    }
}

struct ncm_drift_snapshot *made_drift(void)
{
    struct ncm_drift_snapshot *d = ncm_snapshot_new(NCM_T_DRIFT, sizeof *d);
    struct ncm_snapshot *s = &d->head;

    d->n = 2;
    d->items = ncm_arena_alloc(s->arena, 2, sizeof *d->items);
    make_monitor(s, &d->items[0], "fraud-detector");
    d->items[0].n_features = 3;
    d->items[0].features = ncm_arena_alloc(s->arena, 3, sizeof *d->items[0].features);
    make_feature(s, &d->items[0].features[0], "merchant_cat", 0.01, 0.6);
    make_feature(s, &d->items[0].features[1], "amount", 0.02, 0.18);
    make_feature(s, &d->items[0].features[2], "국가", 0.01, 0.02);
    d->items[0].state = NCM_DRIFT_CRITICAL;
    make_monitor(s, &d->items[1], "churn");
    d->items[1].n_features = 1;
    d->items[1].features = ncm_arena_alloc(s->arena, 1, sizeof *d->items[1].features);
    make_feature(s, &d->items[1].features[0], "tenure", 0.01, 0.03);
    d->items[1].state = NCM_DRIFT_OK;
    d->items[1].error = text(s, "log/churn.csv cannot be read: no such file");
    d->n_events = 1;
    d->events = ncm_arena_alloc(s->arena, 1, sizeof *d->events);
    d->events[0] = (struct ncm_drift_event){MADE_END_MS - 20 * HOUR, 'P', text(s, "fraud-detector"),
                                            text(s, "v15 Production")};
    return d;
}

static struct ncm_drift_feature_snapshot *made(const char *name)
{
    struct ncm_drift_feature_snapshot *f = ncm_snapshot_new(NCM_T_DRIFT_FEATURE, sizeof *f);
    struct ncm_drift_side side = {.rows = 1000, .n = 990, .missing = 10, .distinct = 7};

    f->reference = text(&f->head, "data/train.csv");
    f->window = (struct ncm_drift_window){MADE_END_MS - HOUR, MADE_END_MS, 1000, false};
    f->column = (struct ncm_drift_column){.name = text(&f->head, name),
                                          .method = text(&f->head, "psi"),
                                          .statistic = 0.6,
                                          .p_value = NAN,
                                          .effect = NAN,
                                          .warning = 0.1,
                                          .critical = 0.25,
                                          .state = NCM_DRIFT_CRITICAL,
                                          .psi = 0.6,
                                          .js = 0.2,
                                          .ks = NAN,
                                          .w1_norm = NAN,
                                          .ref = side,
                                          .cur = side};
    f->column.findings = ncm_arena_alloc(f->head.arena, 1, sizeof *f->column.findings);
    f->column.findings[0] = (struct ncm_drift_finding){
        NCM_SEVERITY_CRITICAL, text(&f->head, "new_categories"), text(&f->head, "one new value")};
    f->column.n_findings = 1;
    return f;
}

struct ncm_drift_feature_snapshot *made_number(void)
{
    static double edges[] = {10, 20, 30}, terms[] = {0.1, 0.1, 0, 0.4};
    static double qq_ref[] = {1, 12, 25, 39}, qq_cur[] = {2, 20, 30, 60};
    static int64_t ref[] = {250, 250, 250, 240}, cur[] = {100, 100, 250, 540};
    struct ncm_drift_feature_snapshot *f = made("amount");
    struct ncm_drift_column *k = &f->column;

    k->type = NCM_COLUMN_NUMBER;
    k->edges = edges;
    k->terms = terms;
    k->n_edges = 3;
    k->ref_counts = ref;
    k->cur_counts = cur;
    k->shape_lo = 0;
    k->shape_hi = 40;
    k->shape_ref = ref;
    k->shape_cur = cur;
    k->n_shape = 4;
    k->qq_ref = qq_ref;
    k->qq_cur = qq_cur;
    k->n_qq = 4;
    return f;
}

struct ncm_drift_feature_snapshot *made_categories(void)
{
    struct ncm_drift_feature_snapshot *f = made("merchant_cat");
    struct ncm_drift_column *k = &f->column;

    k->type = NCM_COLUMN_CATEGORY;
    k->n_categories = 3;
    k->categories = ncm_arena_alloc(f->head.arena, 3, sizeof *k->categories);
    k->categories[0] =
        (struct ncm_drift_category){text(&f->head, "gift_cards"), 0, 220, 0.5, true, false};
    k->categories[1] =
        (struct ncm_drift_category){text(&f->head, "cash"), 100, 0, 0.08, false, true};
    k->categories[2] =
        (struct ncm_drift_category){text(&f->head, "fuel"), 890, 770, 0.02, false, false};
    return f;
}

static struct ncm_alert alert(struct ncm_snapshot *s, const char *id, enum ncm_alert_state state)
{
    struct ncm_alert a = {.id = text(s, id),
                          .rule = text(s, "fraud-detector/inputs"),
                          .subject = text(s, "fraud-detector"),
                          .summary = text(s, "psi(merchant_cat) 0.6 over 0.25"),
                          .source = text(s, "ncmlops"),
                          .severity_text = text(s, "critical"),
                          .severity = NCM_SEVERITY_CRITICAL,
                          .state = state,
                          .value = {.kind = NCM_V_NUMBER, .num = 0.6},
                          .threshold = {.kind = NCM_V_NUMBER, .num = 0.25},
                          .since_ms = MADE_END_MS,
                          .until_ms = NCM_NO_TIME,
                          .ack_ms = NCM_NO_TIME};
    a.labels = ncm_arena_alloc(s->arena, 2, sizeof *a.labels);
    a.labels[0] = (struct ncm_kv){text(s, "model"), text(s, "fraud-detector")};
    a.labels[1] = (struct ncm_kv){text(s, "monitor"), text(s, "inputs")};
    a.n_labels = 2;
    return a;
}

struct ncm_alerts_snapshot *made_alerts(void)
{
    struct ncm_alerts_snapshot *s = ncm_snapshot_new(NCM_T_ALERTS, sizeof *s);

    s->n = 3;
    s->items = ncm_arena_alloc(s->head.arena, 3, sizeof *s->items);
    s->items[0] = alert(&s->head, "1", NCM_ALERT_SILENCED);
    s->items[1] = alert(&s->head, "2", NCM_ALERT_FIRING);
    s->items[2] = alert(&s->head, "3", NCM_ALERT_ACKNOWLEDGED);
    s->items[2].ack_actor = text(&s->head, "minjun");
    return s;
}

struct ncm_silences_snapshot *made_silences(void)
{
    struct ncm_silences_snapshot *s = ncm_snapshot_new(NCM_T_SILENCES, sizeof *s);
    struct ncm_matcher *m = ncm_arena_alloc(s->head.arena, 1, sizeof *m);

    *m = (struct ncm_matcher){text(&s->head, "model"), text(&s->head, "fraud.*"), true, true};
    s->n = 1;
    s->items = ncm_arena_alloc(s->head.arena, 1, sizeof *s->items);
    s->items[0] = (struct ncm_silence){.id = text(&s->head, "7"),
                                       .created_by = text(&s->head, "이서연"),
                                       .comment = text(&s->head, "known, being retrained"),
                                       .state = NCM_SILENCE_ACTIVE,
                                       .starts_ms = MADE_END_MS,
                                       .ends_ms = ncm_now_ms() + 2 * HOUR,
                                       .matchers = m,
                                       .n_matchers = 1};
    return s;
}
