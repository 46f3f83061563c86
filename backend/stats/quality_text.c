/* What a finding says to people. */
#include <math.h>

#include "base/i18n.h"
#include "base/num.h"
#include "stats/quality.h"

#define MOST_MS 9e18 /* what still is a whole number of 64 bits */

struct words {
    char observed[48], expected[48], share[48];
};

static void percent(char *out, size_t size, double share)
{
    ncm_fmt_num(out, size, 100 * share, 3);
}

static void rows(char *out, size_t size, double n)
{
    ncm_fmt_count(out, size, isfinite(n) && fabs(n) < MOST_MS ? (int64_t)n : 0);
}

static const char *type_name(double type)
{
    return type > 0 ? _("categories") : _("numbers");
}

/* Two shares of rows. */
static bool shares_text(const struct ncm_finding *f, const struct words *w, struct ncm_buf *out)
{
    switch (f->kind) {
    case NCM_QUALITY_MISSING:
        return ncm_buf_printf(out, _("%s %% of the values are missing; in the reference %s %%."),
                              w->observed, w->expected);
    case NCM_QUALITY_CONSTANT:
        return ncm_buf_printf(
            out, _("%s %% of the values are one and the same; in the reference %s %%."),
            w->observed, w->expected);
    default:
        return ncm_buf_printf(out,
                              _("%s %% of the rows repeat another one; in the reference %s %%."),
                              w->observed, w->expected);
    }
}

/* A number of rows and their share. */
static bool rows_text(const struct ncm_finding *f, const struct words *w, struct ncm_buf *out)
{
    switch (f->kind) {
    case NCM_QUALITY_RANGE:
        return ncm_buf_printf(out, _("%s values (%s %%) are outside the range."), w->observed,
                              w->share);
    case NCM_QUALITY_INFINITE:
        return ncm_buf_printf(out, _("%s values (%s %%) are infinite; in the reference none is."),
                              w->observed, w->share);
    case NCM_QUALITY_NEGATIVE:
        return ncm_buf_printf(out, _("%s values (%s %%) are negative; in the reference none is."),
                              w->observed, w->share);
    default:
        return ncm_buf_printf(out, _("%s values (%s %%) could not be read."), w->observed,
                              w->share);
    }
}

/* How many categories, their share, one of them. */
static bool categories_text(const struct ncm_finding *f, const struct words *w, struct ncm_buf *out)
{
    const char *example = f->example != NULL ? f->example : "";
    if (f->kind == NCM_QUALITY_NEW_CATEGORIES)
        return ncm_buf_printf(
            out, _("new categories: %s, in %s %% of the rows; the most frequent is \"%s\"."),
            w->observed, w->share, example);
    return ncm_buf_printf(
        out,
        _("lost categories: %s, with %s %% of the reference's rows; the most frequent was "
          "\"%s\"."),
        w->observed, w->share, example);
}

static void window_text(const struct ncm_finding *f, struct ncm_buf *out)
{
    struct words w;
    if (f->kind == NCM_QUALITY_FRESHNESS) {
        ncm_fmt_duration(w.observed, sizeof w.observed, (int64_t)fmin(f->observed, MOST_MS));
        ncm_fmt_duration(w.expected, sizeof w.expected, (int64_t)fmin(f->expected, MOST_MS));
        ncm_buf_printf(out, _("The newest row is %s old; usually one comes every %s."), w.observed,
                       w.expected);
        return;
    }
    rows(w.observed, sizeof w.observed, f->observed);
    rows(w.expected, sizeof w.expected, f->expected);
    if (!(f->observed > 0) && isnan(f->expected))
        ncm_buf_puts(out, _("Silent: no rows at all."));
    else if (!(f->observed > 0))
        ncm_buf_printf(out, _("Silent: no rows at all; usually there are %s."), w.expected);
    else
        ncm_buf_printf(out, _("Rows in this window: %s; usually there are %s."), w.observed,
                       w.expected);
}

static void schema_text(const struct ncm_finding *f, struct ncm_buf *out)
{
    if (f->kind == NCM_QUALITY_NEW_COLUMN)
        ncm_buf_puts(out, _("a new column that the reference does not have."));
    else if (f->kind == NCM_QUALITY_LOST_COLUMN)
        ncm_buf_puts(out, _("the column is gone; the reference has it."));
    else
        ncm_buf_printf(out, _("holds %s now; in the reference %s."), type_name(f->observed),
                       type_name(f->expected));
}

void ncm_finding_text(const struct ncm_finding *f, struct ncm_buf *out)
{
    struct words w;
    if (f->subject != NULL)
        ncm_buf_printf(out, "%s: ", f->subject);
    percent(w.share, sizeof w.share, f->share);
    rows(w.observed, sizeof w.observed, f->observed);
    switch (f->kind) {
    case NCM_QUALITY_MISSING:
    case NCM_QUALITY_CONSTANT:
    case NCM_QUALITY_DUPLICATES:
        percent(w.observed, sizeof w.observed, f->observed);
        percent(w.expected, sizeof w.expected, f->expected);
        shares_text(f, &w, out);
        break;
    case NCM_QUALITY_RANGE:
    case NCM_QUALITY_INFINITE:
    case NCM_QUALITY_NEGATIVE:
    case NCM_QUALITY_PARSE:
        rows_text(f, &w, out);
        break;
    case NCM_QUALITY_NEW_CATEGORIES:
    case NCM_QUALITY_LOST_CATEGORIES:
        categories_text(f, &w, out);
        break;
    case NCM_QUALITY_ROWS:
    case NCM_QUALITY_FRESHNESS:
        window_text(f, out);
        break;
    case NCM_QUALITY_NEW_COLUMN:
    case NCM_QUALITY_LOST_COLUMN:
    case NCM_QUALITY_TYPE:
        schema_text(f, out);
        break;
    }
}

const char *ncm_quality_name(enum ncm_quality_kind kind)
{
    static const char *const names[] = {
        [NCM_QUALITY_MISSING] = "missing",
        [NCM_QUALITY_NEW_COLUMN] = "new_column",
        [NCM_QUALITY_LOST_COLUMN] = "lost_column",
        [NCM_QUALITY_TYPE] = "type",
        [NCM_QUALITY_NEW_CATEGORIES] = "new_categories",
        [NCM_QUALITY_LOST_CATEGORIES] = "lost_categories",
        [NCM_QUALITY_RANGE] = "range",
        [NCM_QUALITY_CONSTANT] = "constant",
        [NCM_QUALITY_DUPLICATES] = "duplicates",
        [NCM_QUALITY_ROWS] = "rows",
        [NCM_QUALITY_FRESHNESS] = "freshness",
        [NCM_QUALITY_INFINITE] = "infinite",
        [NCM_QUALITY_NEGATIVE] = "negative",
        [NCM_QUALITY_PARSE] = "parse",
    };
    return names[kind];
}
