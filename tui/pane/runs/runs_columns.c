/* The columns of the run table: THE table of attribute columns, and the metric, param and tag
 * columns that were guessed or chosen. A new attribute column is one row and one function here. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runs.h"

#define GUESS_METRICS 6
#define GUESS_PARAMS  4
#define GUESS_ROWS    64
#define METRIC_CELLS  9 /* room for -1.23e-05: an exponent is never cut off */

static void cell_status(const struct cell_context *x, struct table_cell *out)
{
    out->role = status_text(x->run, out->text, sizeof out->text);
    char *blank = strchr(out->text, ' ');
    if (x->signs_only && blank != NULL)
        *blank = '\0';
}

static void cell_name(const struct cell_context *x, struct table_cell *out)
{
    char name[256];
    int indent = x->nested && x->ref != NULL ? 2 * (x->ref->depth < 16 ? x->ref->depth : 16) : 0;
    const char *fold = "";
    if (x->nested && x->any_children)
        fold = x->ref == NULL || !x->ref->has_children ? "  "
               : x->folded                             ? sign(SIGN_CLOSED)
                                                       : sign(SIGN_OPEN);
    const char *gap = fold[0] != '\0' && fold[0] != ' ' ? " " : "";
    snprintf(out->text, sizeof out->text, "%*s%s%s%s", indent, "", fold, gap,
             run_label(x->run, name, sizeof name));
    out->cut_middle = indent == 0;
}

static void cell_id(const struct cell_context *x, struct table_cell *out)
{
    out->raw = x->run->id;
    out->is_raw = true;
    out->role = ROLE_LINK;
}

static void cell_started(const struct cell_context *x, struct table_cell *out)
{
    if (x->run->start_ms == NCM_NO_TIME)
        set_text(out, ROLE_DIM, sign(SIGN_DASH));
    else
        ncm_fmt_age(out->text, sizeof out->text, ncm_ms_between(x->run->start_ms, x->now_ms));
}

static void cell_start_time(const struct cell_context *x, struct table_cell *out)
{
    ncm_fmt_time(out->text, sizeof out->text, x->run->start_ms, false);
}

static void cell_end_time(const struct cell_context *x, struct table_cell *out)
{
    ncm_fmt_time(out->text, sizeof out->text, x->run->end_ms, false);
}

static void cell_duration(const struct cell_context *x, struct table_cell *out)
{
    const struct ncm_run *r = x->run;
    if (r->start_ms == NCM_NO_TIME || (r->end_ms == NCM_NO_TIME && r->status != NCM_RUN_RUNNING)) {
        set_text(out, ROLE_DIM, sign(SIGN_DASH));
    } else if (r->end_ms == NCM_NO_TIME) { /* still going: coarse, so that the screen rests */
        ncm_fmt_age(out->text, sizeof out->text, ncm_ms_between(r->start_ms, x->now_ms));
        out->role = ROLE_RUN;
    } else {
        ncm_fmt_duration(out->text, sizeof out->text, ncm_ms_between(r->start_ms, r->end_ms));
        out->role = r->end_ms < r->start_ms ? ROLE_WARN : ROLE_TEXT;
    }
}

static void cell_user(const struct cell_context *x, struct table_cell *out)
{
    out->raw = x->run->user;
    out->is_raw = true;
}

static void cell_experiment(const struct cell_context *x, struct table_cell *out)
{
    const struct ncm_experiment *e =
        x->experiments != NULL ? experiments_find(x->experiments, ncm_cstr(x->run->experiment_id))
                               : NULL;
    out->raw = e != NULL ? e->name : x->run->experiment_id;
    out->is_raw = true;
    out->cut_middle = true;
}

static void cell_version(const struct cell_context *x, struct table_cell *out)
{
    struct badge b;
    if (badges_find(x->pane->badges, x->run->id, &b))
        out->role = badge_text(&b, x->brief, out->text, sizeof out->text);
    out->cut_middle = true;
}

static void cell_artifacts(const struct cell_context *x, struct table_cell *out)
{
    out->raw = x->run->artifact_uri;
    out->is_raw = true;
    out->cut_middle = true;
}

const struct attribute run_attributes[] = {
    {"status", N_("STATUS"), N_("status"), "attributes.status", 10, 11, 0, 0, SHOW_ALWAYS,
     cell_status},
    {"name", N_("NAME"), N_("name"), "attributes.run_name", 14, 24, 0, 0, SHOW_ALWAYS, cell_name},
    {"experiment", N_("EXPERIMENT"), N_("experiment"), NULL, 10, 20, 0, 2, SHOW_ALL_EXPERIMENTS,
     cell_experiment},
    {"version", N_("VERSION"), N_("registered version"), NULL, BADGE_BRIEF, BADGE_BRIEF, 0, 19,
     SHOW_WITH_VERSIONS, cell_version},
    {"started", N_("AGE"), N_("age"), "attributes.start_time", 6, 6, 1, 1, SHOW_INITIAL,
     cell_started},
    {"duration", N_("TOOK"), N_("duration"), NULL, 9, 9, 1, 23, SHOW_INITIAL, cell_duration},
    {"start-time", N_("STARTED"), N_("start time"), "attributes.start_time", 16, 16, 0, 19,
     SHOW_CHOSEN, cell_start_time},
    {"end-time", N_("ENDED"), N_("end time"), "attributes.end_time", 16, 16, 0, 19, SHOW_CHOSEN,
     cell_end_time},
    {"user", N_("USER"), N_("user"), "attributes.user_id", 6, 10, 0, 62, SHOW_INITIAL, cell_user},
    {"id", N_("RUN ID"), N_("run id"), "attributes.run_id", 8, 32, 0, 19, SHOW_CHOSEN, cell_id},
    {"artifacts", N_("ARTIFACTS"), N_("artifact location"), "attributes.artifact_uri", 12, 40, 0,
     19, SHOW_CHOSEN, cell_artifacts},
    {0},
};

const struct attribute *attribute_of(const char *id)
{
    for (const struct attribute *a = run_attributes; a->id != NULL; a++)
        if (strcmp(a->id, id) == 0)
            return a;
    return NULL;
}

/* ---- the chosen columns ---- */

void columns_clear(struct run_columns *c)
{
    for (size_t i = 0; i < c->n; i++)
        ncm_free(c->items[i].key);
    c->n = 0;
}

void columns_release(struct run_columns *c)
{
    columns_clear(c);
    ncm_free(c->items);
    ncm_free(c->heads);
    ncm_free(c->shown);
    memset(c, 0, sizeof *c);
}

void columns_add(struct run_columns *c, enum column_kind kind, const struct attribute *a,
                 struct ncm_str key)
{
    c->items = ncm_grow(c->items, c->n, &c->cap, sizeof *c->items);
    c->items[c->n++] = (struct run_column){
        kind, a, kind == COL_ATTRIBUTE ? NULL : ncm_strndup(ncm_cstr(key), key.len)};
}

bool columns_has(const struct run_columns *c, enum column_kind kind, const struct attribute *a,
                 struct ncm_str key)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct run_column *k = &c->items[i];
        if (k->kind == kind &&
            (kind == COL_ATTRIBUTE ? k->attribute == a : ncm_str_is(key, k->key)))
            return true;
    }
    return false;
}

/* How often a key was seen, and whether its values differ. */
struct seen {
    struct ncm_str key;
    size_t times;
    struct ncm_str first;
    bool differs;
};
struct seen_list {
    struct ncm_map *index;
    struct seen *items;
    size_t n, cap;
};

static void see(struct seen_list *l, struct ncm_str key, struct ncm_str value)
{
    size_t at;
    if (!ncm_map_get(l->index, key.p, key.len, &at)) {
        l->items = ncm_grow(l->items, l->n, &l->cap, sizeof *l->items);
        l->items[l->n] = (struct seen){key, 0, value, false};
        ncm_map_set(l->index, key.p, key.len, l->n);
        at = l->n++;
    }
    struct seen *s = &l->items[at];
    s->times++;
    s->differs |= !ncm_str_eq(s->first, value);
}

/* The machine's own metrics ("system/…") are seldom what one looks for. */
static size_t rank_of(const struct seen *s)
{
    bool system = s->key.len > 7 && memcmp(s->key.p, "system/", 7) == 0;
    return s->times * 2 + (system ? 0 : 1000000);
}

/* Adds the most frequent ones, most seen first, ties by first sight; what only few of the runs have
 * is left to be chosen. */
static void add_frequent(struct run_columns *c, struct seen_list *l, enum column_kind kind,
                         size_t most, bool only_differing)
{
    size_t top = 0;
    for (size_t i = 0; i < l->n; i++)
        top = l->items[i].times > top ? l->items[i].times : top;
    for (size_t k = 0; k < most; k++) {
        struct seen *best = NULL;
        for (size_t i = 0; i < l->n; i++) {
            struct seen *s = &l->items[i];
            if (s->times > 0 && s->times * 4 >= top && (!only_differing || s->differs) &&
                (best == NULL || rank_of(s) > rank_of(best)))
                best = s;
        }
        if (best == NULL)
            break;
        columns_add(c, kind, NULL, best->key);
        best->times = 0;
    }
    ncm_map_free(l->index);
    ncm_free(l->items);
}

void columns_guess(struct run_columns *c, const struct ncm_runs_snapshot *s, bool all_experiments)
{
    struct seen_list metrics = {.index = ncm_map_new()}, params = {.index = ncm_map_new()};
    columns_clear(c);
    for (const struct attribute *a = run_attributes; a->id != NULL; a++)
        if (a->show != SHOW_CHOSEN && (a->show != SHOW_ALL_EXPERIMENTS || all_experiments))
            columns_add(c, COL_ATTRIBUTE, a, (struct ncm_str){0});
    for (size_t i = 0; s != NULL && i < s->n && i < GUESS_ROWS; i++) {
        const struct ncm_run *r = ncm_runs_at(s, i);
        for (size_t k = 0; r != NULL && k < r->n_metrics; k++)
            see(&metrics, r->metrics[k].key, (struct ncm_str){0});
        for (size_t k = 0; r != NULL && k < r->n_params; k++)
            if (r->params[k].value.len < 40)
                see(&params, r->params[k].key, r->params[k].value);
    }
    add_frequent(c, &metrics, COL_METRIC, GUESS_METRICS, false);
    add_frequent(c, &params, COL_PARAM, GUESS_PARAMS, true);
}

void columns_ask(const struct run_columns *c, struct ncm_query *q)
{
    static const char *const prefix[] = {
        [COL_METRIC] = "metrics.", [COL_PARAM] = "params.", [COL_TAG] = "tags."};
    for (size_t i = 0; i < c->n; i++) {
        if (c->items[i].kind == COL_ATTRIBUTE)
            continue;
        char *name = ncm_sprintf("%s%s", prefix[c->items[i].kind], c->items[i].key);
        ncm_query_add_column(q, name);
        ncm_free(name);
    }
}

/* ---- what the table gets ---- */

static bool sorted_by(const struct run_sort *s, const struct run_column *k)
{
    if (s->kind != k->kind)
        return false;
    if (k->kind != COL_ATTRIBUTE)
        return strcmp(s->key, k->key) == 0;
    return s->attribute != NULL && s->attribute == k->attribute;
}

static void head_of_attribute(const struct attribute *a, struct table_column *h, int width)
{
    int title = ncm_text_width(_(a->title));
    bool sign_only = a->cell == cell_status && width < RUNS_NARROW;
    h->min = sign_only ? 1 : a->min < title ? title : a->min;
    h->want = sign_only ? 1 : a->want < title ? title : a->want;
    if (a->cell == cell_name && width > RUNS_BRIEF) {
        h->min = 20;
        h->want = width / 5;
    }
    if (a->cell == cell_version && width >= RUNS_BRIEF)
        h->min = h->want = BADGE_CELLS;
    h->align = a->align;
    h->priority = a->priority;
    if (a->cell == cell_version && width < RUNS_NARROW)
        h->priority = 22; /* one metric is worth more */
}

static void add_head(struct run_columns *c, size_t item, bool delta, const struct run_sort *sort,
                     int width)
{
    const struct run_column *k = &c->items[item];
    struct shown_column *s = &c->shown[c->n_shown];
    struct table_column *h = &c->heads[c->n_shown++];
    *s = (struct shown_column){.item = item, .delta = delta};
    *h = (struct table_column){.align = 1};
    if (k->kind == COL_ATTRIBUTE) {
        bool sign_only = k->attribute->cell == cell_status && width < RUNS_NARROW;
        snprintf(s->title, sizeof s->title, "%s", sign_only ? "" : _(k->attribute->title));
        head_of_attribute(k->attribute, h, width);
    } else {
        char key[80];
        size_t before = 0; /* columns of its kind to the left */
        for (size_t i = 0; i < item; i++)
            before += c->items[i].kind == k->kind;
        clean_text((struct ncm_str){k->key, strlen(k->key)}, key, sizeof key);
        snprintf(s->title, sizeof s->title, "%s%s", delta ? ncm_text_utf8() ? "Δ " : "+/- " : "",
                 key);
        int w = ncm_text_width(s->title) + 2;
        int least = k->kind == COL_METRIC ? METRIC_CELLS : 6,
            most = k->kind == COL_METRIC ? 12 : 10;
        h->min = w - 2 < least ? least : w - 2 > most ? most : w - 2;
        h->want = w < 10 ? 10 : w > 22 ? 22 : w;
        h->align = k->kind == COL_METRIC;
        h->priority = (k->kind == COL_METRIC ? 20 : 60) + (before < 30 ? (int)before : 30);
    }
    h->sorted = !delta && sorted_by(sort, k) ? sort->descending ? -1 : 1 : 0;
    if (h->sorted != 0)
        h->priority = 0;
    if (k->kind == COL_ATTRIBUTE && k->attribute->cell == cell_started)
        h->sorted = -h->sorted; /* the later the start, the smaller the age */
}

/* A column and its difference to the baseline. */
static void add_heads(struct run_columns *c, size_t item, bool deltas, const struct run_sort *sort,
                      int width)
{
    add_head(c, item, false, sort, width);
    if (deltas && c->items[item].kind == COL_METRIC)
        add_head(c, item, true, sort, width);
}

/* What the rows are sorted by stands beside their names, wherever else it would be; c->n where it
 * is always in view. */
static size_t sorted_item(const struct run_columns *c, const struct run_sort *sort)
{
    for (size_t i = RUNS_FIXED; i < c->n; i++) {
        const struct run_column *k = &c->items[i];
        if (sorted_by(sort, k) && (k->kind != COL_ATTRIBUTE || k->attribute->priority > 2))
            return i;
    }
    return c->n;
}

void columns_layout(struct run_columns *c, const struct run_sort *sort, bool deltas, bool versions,
                    int width)
{
    c->heads = ncm_resize(c->heads, 2 * c->n + 1, sizeof *c->heads);
    c->shown = ncm_resize(c->shown, 2 * c->n + 1, sizeof *c->shown);
    c->n_shown = 0;
    size_t first = sorted_item(c, sort);
    for (size_t i = 0; i < c->n; i++) {
        const struct run_column *k = &c->items[i];
        if (i == RUNS_FIXED && first < c->n)
            add_heads(c, first, deltas, sort, width);
        if (i == first ||
            (k->kind == COL_ATTRIBUTE && k->attribute->show == SHOW_WITH_VERSIONS && !versions))
            continue;
        add_heads(c, i, deltas, sort, width);
    }
    for (size_t i = 0; i < c->n_shown; i++)
        c->heads[i].title = c->shown[i].title;
}

static void cell_delta(const struct run_column *k, const struct ncm_run *r,
                       const struct ncm_run *base, struct table_cell *out)
{
    const struct ncm_metric *a = base != NULL ? ncm_run_metric(base, k->key) : NULL;
    const struct ncm_metric *b = ncm_run_metric(r, k->key);
    double d = a != NULL && b != NULL ? value_number(&b->value) - value_number(&a->value) : NAN;
    if (!isfinite(d)) {
        set_text(out, ROLE_DIM, sign(SIGN_DASH));
        return;
    }
    int better = ncm_metric_direction(k->key) * (d > 0 ? 1 : d < 0 ? -1 : 0);
    if (d == 0)
        set_text(out, ROLE_DIM, "=");
    else
        ncm_fmt_delta(out->text, sizeof out->text, d, 3);
    out->role = better > 0 ? ROLE_BETTER : better < 0 ? ROLE_WORSE : d == 0 ? ROLE_DIM : ROLE_TEXT;
}

static void cell_kv(const struct ncm_kv *kv, struct table_cell *out)
{
    if (kv == NULL || kv->value.p == NULL) {
        set_text(out, ROLE_DIM, sign(SIGN_DASH));
        return;
    }
    out->raw = kv->value;
    out->is_raw = true;
}

void columns_cell(const struct run_columns *c, size_t i, const struct cell_context *x,
                  const struct ncm_run *base, struct table_cell *out)
{
    const struct run_column *k = &c->items[c->shown[i].item];
    if (c->shown[i].delta) {
        cell_delta(k, x->run, base, out);
        return;
    }
    switch (k->kind) {
    case COL_ATTRIBUTE:
        k->attribute->cell(x, out);
        break;
    case COL_METRIC: {
        const struct ncm_metric *m = ncm_run_metric(x->run, k->key);
        struct ncm_value none = {.kind = NCM_V_UNSET};
        out->role = value_text(m != NULL ? &m->value : &none, out->text, sizeof out->text);
        if (m != NULL && ncm_text_width(out->text) > METRIC_CELLS)
            ncm_fmt_num(out->text, sizeof out->text, value_number(&m->value), 3);
        break;
    }
    case COL_PARAM:
        cell_kv(ncm_run_param(x->run, k->key), out);
        break;
    case COL_TAG:
        cell_kv(ncm_run_tag(x->run, k->key), out);
        break;
    }
}

/* ---- sorting ---- */

void sort_set(struct run_sort *s, enum column_kind kind, const struct attribute *a, const char *key,
              bool descending)
{
    char *copy = kind == COL_ATTRIBUTE ? NULL : ncm_strdup(key);
    ncm_free(s->key);
    *s = (struct run_sort){kind, a, copy, descending};
}

char *sort_order_text(const struct run_sort *s)
{
    static const char *const entity[] = {
        [COL_METRIC] = "metrics", [COL_PARAM] = "params", [COL_TAG] = "tags"};
    const char *way = s->descending ? "DESC" : "ASC";
    if (s->kind == COL_ATTRIBUTE)
        return ncm_sprintf("%s %s", s->attribute->order, way);
    char quote = strchr(s->key, '`') == NULL ? '`' : '"';
    return ncm_sprintf("%s.%c%s%c %s", entity[s->kind], quote, s->key, quote, way);
}

void sort_label(const struct run_sort *s, char *out, size_t outsz)
{
    char key[80];
    if (s->kind == COL_ATTRIBUTE && s->attribute->cell == cell_started) {
        snprintf(out, outsz, "%s", s->descending ? _("newest first") : _("oldest first"));
        return;
    }
    const char *name = s->kind == COL_ATTRIBUTE
                           ? _(s->attribute->label)
                           : clean_text((struct ncm_str){s->key, strlen(s->key)}, key, sizeof key);
    snprintf(out, outsz, _("by %s %s"), name, sign(s->descending ? SIGN_DOWN : SIGN_UP));
}
