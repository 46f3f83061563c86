/* The fields of one column into its arrays, run by run. */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "base/num_fast.h"
#include "provider/prediction_log/internal.h"

static bool is_absent(const struct ncm_field *f)
{
    return f->kind == NCM_FIELD_ABSENT || f->len == 0;
}

static bool may_be_number(const struct ncm_field *f)
{
    return f->kind == NCM_FIELD_TEXT || f->kind == NCM_FIELD_NUMBER;
}

static void fail_cell(struct ncm_frame_builder *b, const struct cells_column *c,
                      const struct cells_run *r, size_t i)
{
    struct ncm_frame_facts *f = &b->facts;
    if (f->parse_failures++ == 0) {
        snprintf(f->failed_column, sizeof f->failed_column, "%s", c->name);
        snprintf(f->failed_file, sizeof f->failed_file, "%s", r->batch->file);
        f->failed_line = r->batch->lines[r->first_row + i];
    }
}

/* What is no decimal number, in a column of numbers. */
static double odd_number(struct ncm_frame_builder *b, struct cells_column *c,
                         const struct cells_run *r, size_t i)
{
    const struct ncm_field *f = &r->fields[i * r->step];
    double v;
    if (is_absent(f) || (f->kind == NCM_FIELD_TEXT && ncm_is_missing(f->p, f->len))) {
        c->n_missing++;
        return NAN;
    }
    if (may_be_number(f) && ncm_parse_number_word(f->p, f->len, &v)) {
        c->n_missing += isnan(v) ? 1 : 0;
        c->n_infinite += isinf(v) ? 1 : 0;
        return v;
    }
    c->turned |= !c->fixed;
    fail_cell(b, c, r, i);
    c->n_missing++;
    return NAN;
}

static void add_numbers(struct ncm_frame_builder *b, struct cells_column *c,
                        const struct cells_run *r, size_t at)
{
    double *out = c->numbers + at;
    for (size_t i = 0; i < r->n; i++) {
        const struct ncm_field *f = &r->fields[i * r->step];
        double v;
        if (!may_be_number(f) || !ncm_parse_number_fast(f->p, f->len, &v)) {
            out[i] = odd_number(b, c, r, i);
            continue;
        }
        out[i] = v;
        if (fabs(v) > DBL_MAX) { /* a number too great for a double */
            c->n_infinite++;
        } else if (c->integers && v != floor(v)) {
            c->integers = false;
        }
    }
}

static void add_code(struct cells_column *c, size_t at, uint32_t code)
{
    c->codes[at] = code;
    if (code == NCM_NO_CODE) {
        c->n_missing++;
    } else {
        c->words.counts[code]++;
    }
}

static void add_words(struct cells_column *c, const struct cells_run *r, size_t at)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct ncm_field *f = &r->fields[i * r->step];
        add_code(c, at + i, is_absent(f) ? NCM_NO_CODE : ncm_words_code(&c->words, f->p, f->len));
    }
}

static void add_times(struct ncm_frame_builder *b, struct cells_column *c,
                      const struct cells_run *r, size_t at)
{
    for (size_t i = 0; i < r->n; i++) {
        if (!ncm_cells_time(&r->fields[i * r->step], &c->times[at + i])) {
            c->times[at + i] = NCM_NO_TIME;
            b->facts.no_time++;
        }
    }
}

bool ncm_cells_time(const struct ncm_field *f, int64_t *ms)
{
    return may_be_number(f) && ncm_parse_time_fast(f->p, f->len, ms);
}

/* ---- while the type is open ------------------------------------------------------------------ */

static void learn_whole(struct cells_column *c, double v)
{
    c->finite = true;
    if (v != floor(v)) {
        c->fraction = true;
        return;
    }
    for (size_t i = 0; i < c->n_whole; i++) {
        if (c->whole[i] == v) {
            return;
        }
    }
    if (c->n_whole <= MOST_WHOLE_VALUES) {
        c->whole[c->n_whole++] = v;
    }
}

/* A word that is new: as a number, or false where it is none. */
static bool learn_value(struct cells_column *c, const struct ncm_field *f)
{
    double v;
    if (!may_be_number(f) ||
        (!ncm_parse_number_fast(f->p, f->len, &v) && !ncm_parse_number_word(f->p, f->len, &v))) {
        return false;
    }
    if (c->words.n > c->values_cap) {
        c->values_cap = c->words.cap;
        c->values = ncm_resize(c->values, c->values_cap, sizeof *c->values);
    }
    c->values[c->words.n - 1] = v;
    if (isfinite(v)) {
        learn_whole(c, v);
    }
    return true;
}

static bool looks_like_numbers(const struct cells_column *c)
{
    return c->fraction || c->n_whole > MOST_WHOLE_VALUES || !c->finite;
}

/* From words to the numbers they stand for. */
static void become_number(const struct ncm_frame_builder *b, struct cells_column *c, size_t n)
{
    c->cells = CELLS_NUMBER;
    ncm_builder_room(b, c);
    c->n_missing = 0;
    c->n_infinite = 0;
    c->integers = !c->fraction;
    for (size_t i = 0; i < n; i++) {
        double v = c->codes[i] == NCM_NO_CODE ? NAN : c->values[c->codes[i]];
        c->numbers[i] = v;
        c->n_missing += isnan(v) ? 1 : 0;
        c->n_infinite += isinf(v) ? 1 : 0;
    }
    ncm_words_release(&c->words);
    ncm_free(c->codes);
    c->codes = NULL;
    ncm_free(c->values);
    c->values = NULL;
    c->values_cap = 0;
}

static void become_category(const struct ncm_frame_builder *b, struct cells_column *c)
{
    c->cells = CELLS_CATEGORY;
    c->words.most = b->most_words;
    ncm_free(c->values);
    c->values = NULL;
    c->values_cap = 0;
}

void ncm_cells_settle(struct ncm_frame_builder *b, struct cells_column *c, size_t n)
{
    if (c->cells != CELLS_UNDECIDED) {
        return;
    }
    if (looks_like_numbers(c)) {
        become_number(b, c, n);
        return;
    }
    become_category(b, c);
}

/* The rest of a run, after the column's type was settled on the way. */
static void add_rest(struct ncm_frame_builder *b, struct cells_column *c, const struct cells_run *r,
                     size_t at, size_t done)
{
    struct cells_run rest = *r;
    rest.fields += done * r->step;
    rest.first_row += done;
    rest.n -= done;
    ncm_cells_add(b, c, &rest, at + done);
}

/* No more words can be learned: what was seen decides. */
static void add_decided(struct ncm_frame_builder *b, struct cells_column *c,
                        const struct cells_run *r, size_t at, size_t done)
{
    ncm_cells_settle(b, c, at + done);
    add_rest(b, c, r, at, done);
}

static void add_undecided(struct ncm_frame_builder *b, struct cells_column *c,
                          const struct cells_run *r, size_t at)
{
    /* Only at rows that do not depend on how the rows are cut into batches. */
    if (at % RUN_ROWS == 0 && c->finite && looks_like_numbers(c) &&
        at - c->first_row >= UNDECIDED_ROWS) {
        add_decided(b, c, r, at, 0);
        return;
    }
    for (size_t i = 0; i < r->n; i++) {
        const struct ncm_field *f = &r->fields[i * r->step];
        size_t known = c->words.n;
        uint32_t code = NCM_NO_CODE;
        if (!is_absent(f)) {
            bool full = known >= c->words.most || f->len > NCM_MOST_WORD_BYTES;
            if (full && !ncm_is_missing(f->p, f->len) &&
                !ncm_words_find(&c->words, f->p, f->len, &code)) {
                add_decided(b, c, r, at, i);
                return;
            }
            code = ncm_words_code(&c->words, f->p, f->len);
        }
        add_code(c, at + i, code);
        if (c->words.n > known && !learn_value(c, f)) {
            become_category(b, c);
            add_rest(b, c, r, at, i + 1);
            return;
        }
        if (known == 0 && c->words.n > 0) {
            c->first_row = at + i;
        }
    }
}

/* ---- all kinds ------------------------------------------------------------------------------- */

void ncm_cells_add(struct ncm_frame_builder *b, struct cells_column *c, const struct cells_run *r,
                   size_t at)
{
    switch (c->cells) {
    case CELLS_UNDECIDED:
        add_undecided(b, c, r, at);
        break;
    case CELLS_NUMBER:
        add_numbers(b, c, r, at);
        break;
    case CELLS_CATEGORY:
        add_words(c, r, at);
        break;
    case CELLS_TIME:
        add_times(b, c, r, at);
        break;
    }
}

void ncm_cells_skip(struct ncm_frame_builder *b, struct cells_column *c, size_t at, size_t n)
{
    for (size_t i = at; i < at + n; i++) {
        if (c->cells == CELLS_NUMBER) {
            c->numbers[i] = NAN;
        } else if (c->cells == CELLS_TIME) {
            c->times[i] = NCM_NO_TIME;
        } else {
            c->codes[i] = NCM_NO_CODE;
        }
    }
    if (c->cells == CELLS_TIME) {
        b->facts.no_time += (int64_t)n;
    } else {
        c->n_missing += n;
    }
}
