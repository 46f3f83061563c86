#include "ops/drift/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "stats/ecdf.h"
#include "stats/measures_cat.h"
#include "stats/measures_num.h"
#include "stats/sort.h"

enum { IDENTIFIER_ROWS = 100 };
#define CHANCE 0.05 /* p above which a difference is none */

/* ---- reading -------------------------------------------------------------------------------- */

struct sides {
    struct ncm_frame *ref, *cur;
    struct ncm_log_facts ref_facts, cur_facts;
};

static void release(struct sides *s)
{
    ncm_frame_free(s->ref);
    ncm_frame_free(s->cur);
}

static bool is_one_of(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static struct ncm_log_options options_of(const struct ncm_drift_files *files)
{
    return (struct ncm_log_options){
        .rows = {.delimiter = files->delimiter},
        .frame = {.types = files->types,
                  .n_types = files->n_types,
                  .wanted = files->columns,
                  .n_wanted = files->n_columns,
                  .time_name = files->time,
                  .may_lack_time = true},
    };
}

/* A file without a row names no column; then nothing was lost, there is only nothing. */
static void give_columns(struct sides *s)
{
    const struct ncm_frame_options o = {.schema = s->ref};
    struct ncm_frame_builder *b = ncm_frame_builder_new(&o);
    ncm_frame_free(s->cur);
    s->cur = ncm_frame_builder_finish(b);
    ncm_frame_builder_free(b);
}

/* With the types of the reference; what it has besides stays, to be told as new. */
static bool read_current(const struct ncm_drift_files *files, struct sides *s, struct ncm_err *err)
{
    struct ncm_log_options o = options_of(files);
    struct ncm_column_wish *types = ncm_alloc(s->ref->n_columns + 1, sizeof *types);
    for (size_t i = 0; i < s->ref->n_columns; i++) {
        types[i] = (struct ncm_column_wish){s->ref->columns[i].name, s->ref->columns[i].type};
    }
    o.frame.types = types;
    o.frame.n_types = s->ref->n_columns;
    o.frame.may_lack = true;
    if (o.frame.time_name == NULL) {
        o.frame.time_name = s->ref->time_name;
    }
    bool ok = ncm_log_read(files->current, &o, &s->cur, &s->cur_facts, NULL, NULL, NULL, err);
    ncm_free(types);
    if (ok && s->cur->n_rows == 0) {
        give_columns(s);
    }
    return ok;
}

static bool check_time(const struct ncm_drift_files *files, const struct sides *s,
                       struct ncm_err *err)
{
    if (files->time == NULL || s->ref->time_name != NULL || s->cur->time_name != NULL) {
        return true;
    }
    return ncm_fail(err, NCM_USAGE, _("neither side has a column \"%s\""), files->time);
}

static bool read_both(const struct ncm_drift_files *files, struct sides *s, struct ncm_err *err)
{
    const struct ncm_log_options o = options_of(files);
    *s = (struct sides){0};
    if (strcmp(files->reference, "-") == 0 && strcmp(files->current, "-") == 0) {
        return ncm_fail(err, NCM_USAGE, _("standard input can be one of the two sides"));
    }
    if (ncm_log_read(files->reference, &o, &s->ref, &s->ref_facts, NULL, NULL, NULL, err) &&
        read_current(files, s, err) && check_time(files, s, err)) {
        return true;
    }
    release(s);
    return false;
}

/* ---- what is no feature --------------------------------------------------------------------- */

static bool is_asked_for(const struct ncm_drift_files *files, const char *name)
{
    for (size_t i = 0; i < files->n_types; i++) {
        if (strcmp(files->types[i].name, name) == 0) {
            return true;
        }
    }
    return is_one_of(files->columns, files->n_columns, name);
}

static bool is_identifier(const struct ncm_column *c, size_t rows)
{
    return c->type == NCM_COLUMN_CATEGORY && rows > IDENTIFIER_ROWS &&
           (c->n_words > rows / 2 || c->other != NCM_NO_CODE);
}

/* Moves such columns behind the others and shortens the frame by them. The frame
 * has to get its length back before it is freed. */
static void hide_identifiers(const struct ncm_drift_files *files, struct ncm_frame *f,
                             const struct ncm_frame *by)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_columns; i++) {
        const struct ncm_column *c = ncm_frame_find(by, f->columns[i].name);
        bool hidden =
            is_identifier(c != NULL ? c : &f->columns[i], c != NULL ? by->n_rows : f->n_rows) &&
            !is_asked_for(files, f->columns[i].name);
        if (!hidden) {
            struct ncm_column moved = f->columns[i];
            memmove(&f->columns[n + 1], &f->columns[n], (i - n) * sizeof moved);
            f->columns[n++] = moved;
        }
    }
    f->n_columns = n;
}

/* ---- the check ------------------------------------------------------------------------------ */

/* How far beyond its threshold a figure is, for the order within a state. */
static double excess(const struct ncm_drift_column *c)
{
    if (isnan(c->statistic) || isnan(c->critical)) {
        return -1;
    }
    double p = isnan(c->p_adjusted) ? c->p_value : c->p_adjusted;
    return c->small_drifts ? c->critical - p : c->statistic / fmax(c->critical, 1e-12);
}

static int worst_first(const void *a, const void *b)
{
    const struct ncm_drift_column *x = a, *y = b;
    double p = excess(x), q = excess(y);
    if (x->state != y->state) {
        return x->state > y->state ? -1 : 1;
    }
    return p != q ? (p > q ? -1 : 1) : ncm_str_compare(x->name, y->name);
}

static struct ncm_drift_read read_of(const struct ncm_log_facts *f, struct ncm_arena *a)
{
    const struct ncm_frame_facts *v = &f->values;
    return (struct ncm_drift_read){
        .rows = f->rows,
        .bad_rows = f->bad_rows,
        .parse_failures = v->parse_failures,
        .failed_column = ncm_arena_cstr(a, v->failed_column[0] != '\0' ? v->failed_column : NULL),
    };
}

/* ---- small samples -------------------------------------------------------------------------- */

/* Whether chance explains the difference: Kolmogorov–Smirnov for numbers, chi-square for words. */
static bool is_chance(const struct ncm_drift_column *c)
{
    if (c->type == NCM_COLUMN_NUMBER) {
        return ncm_ks_p(c->ks, (size_t)c->ref.n, (size_t)c->cur.n) > CHANCE;
    }
    struct ncm_cats t = {.n = c->n_categories, .other = NCM_CATS_NO_BIN};
    t.ref = ncm_alloc(t.n + 1, sizeof *t.ref);
    t.cur = ncm_alloc(t.n + 1, sizeof *t.cur);
    for (size_t i = 0; i < t.n; i++) {
        t.n_ref += t.ref[i] = (double)c->categories[i].ref;
        t.n_cur += t.cur[i] = (double)c->categories[i].cur;
    }
    bool chance = ncm_cats_chi2(&t, false).p > CHANCE;
    ncm_free(t.ref);
    ncm_free(t.cur);
    return chance;
}

/* With few rows a distance reaches its threshold by chance alone: then a test has to agree. What
 * goes by another tool's rules stays as that tool says. */
static void doubt(const struct ncm_drift_table_options *o, struct ncm_drift_table *t)
{
    const char *word = o->method != NULL ? o->method->word : "";
    bool others = strncmp(word, "evidently", 9) == 0 || strncmp(word, "nannyml", 7) == 0;
    size_t compared = 0;
    for (size_t i = 0; i < t->n && !others; i++) {
        struct ncm_drift_column *c = &t->columns[i];
        bool alarms = c->state == NCM_DRIFT_WARNING || c->state == NCM_DRIFT_CRITICAL;
        if (c->small_sample && !c->small_drifts && alarms && is_chance(c)) {
            t->n_drifted -= c->drifted;
            c->drifted = false;
            c->since_ms = NCM_NO_TIME;
            c->state = NCM_DRIFT_SMALL;
        }
    }
    for (size_t i = 0; i < t->n; i++) {
        compared += t->columns[i].state != NCM_DRIFT_NO_DATA;
    }
    if (!others) {
        t->drifted_share = compared > 0 ? (double)t->n_drifted / (double)compared : 0;
        t->drifted = t->n_drifted > 0;
    }
}

static void summarise(struct sides *s, struct ncm_drift_check *out)
{
    struct ncm_drift_table *t = &out->table;
    out->ref = read_of(&s->ref_facts, t->arena);
    out->cur = read_of(&s->cur_facts, t->arena);
    out->drifted = t->drifted;
    for (size_t i = 0; i < t->n_findings; i++) {
        out->drifted = out->drifted || t->findings[i].severity == NCM_SEVERITY_CRITICAL;
    }
    qsort(t->columns, t->n, sizeof *t->columns, worst_first);
}

bool ncm_drift_check(const struct ncm_drift_files *files,
                     const struct ncm_drift_table_options *options, struct ncm_drift_check *out,
                     struct ncm_err *err)
{
    struct sides s;
    *out = (struct ncm_drift_check){0};
    if (!read_both(files, &s, err)) {
        return false;
    }
    size_t n_ref = s.ref->n_columns, n_cur = s.cur->n_columns;
    hide_identifiers(files, s.cur, s.ref);
    hide_identifiers(files, s.ref, s.ref);
    ncm_drift_table(s.ref, s.cur, options, &out->table);
    doubt(options, &out->table);
    out->n_left_out = n_ref - s.ref->n_columns;
    out->left_out = ncm_arena_alloc(out->table.arena, out->n_left_out + 1, sizeof *out->left_out);
    for (size_t i = 0; i < out->n_left_out; i++) {
        out->left_out[i] =
            ncm_arena_cstr(out->table.arena, s.ref->columns[s.ref->n_columns + i].name);
    }
    s.ref->n_columns = n_ref;
    s.cur->n_columns = n_cur;
    summarise(&s, out);
    release(&s);
    return true;
}

void ncm_drift_check_release(struct ncm_drift_check *c)
{
    ncm_drift_table_release(&c->table);
    *c = (struct ncm_drift_check){0};
}

/* ---- measures ------------------------------------------------------------------------------- */

struct told {
    const char *column;
    void (*tell)(void *to, const char *column, const struct ncm_measure *m);
    void *to;
};

static void pass_on(void *to, const struct ncm_measure *m)
{
    const struct told *t = to;
    t->tell(t->to, t->column, m);
}

/* Moves the finite values to the front: the frame's own order is not needed any more. */
static struct ncm_number_side number_side(struct ncm_column *c, size_t rows)
{
    struct ncm_number_side s = {.values = c->numbers};
    s.n = ncm_keep_finite(c->numbers, rows, &s.missing, &s.infinite);
    return s;
}

static void measure(struct ncm_column *ref, size_t n_ref, struct ncm_column *cur, size_t n_cur,
                    struct told *t)
{
    t->column = ref->name;
    if (ref->type == NCM_COLUMN_NUMBER) {
        struct ncm_number_side a = number_side(ref, n_ref), b = number_side(cur, n_cur);
        ncm_measures_number(&a, &b, pass_on, t);
        return;
    }
    struct ncm_cats_side a = ncm_cats_side_of(ref), b = ncm_cats_side_of(cur);
    struct ncm_cats cats;
    ncm_cats_join(&a, &b, &cats);
    ncm_measures_cat(&cats, pass_on, t);
    ncm_cats_free(&cats);
}

static struct ncm_column *column_of(struct ncm_frame *f, const char *name)
{
    for (size_t i = 0; i < f->n_columns; i++) {
        if (strcmp(f->columns[i].name, name) == 0) {
            return &f->columns[i];
        }
    }
    return NULL;
}

bool ncm_drift_measures(const struct ncm_drift_files *files,
                        void (*tell)(void *to, const char *column, const struct ncm_measure *m),
                        void *to, struct ncm_err *err)
{
    struct sides s;
    struct told t = {.tell = tell, .to = to};
    if (!read_both(files, &s, err)) {
        return false;
    }
    for (size_t i = 0; i < s.ref->n_columns; i++) {
        struct ncm_column *c = column_of(s.cur, s.ref->columns[i].name);
        if (c != NULL && c->type == s.ref->columns[i].type) {
            measure(&s.ref->columns[i], s.ref->n_rows, c, s.cur->n_rows, &t);
        }
    }
    release(&s);
    return true;
}
