/* A monitor's reference, window and thresholds as people write them, and back. */
#include "model/monitor.h"

#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"

enum { NUMBER = 40, SPAN = 32, ROWS_MAX = 1000000000 };

/* ---- reference ------------------------------------------------------------------------------ */

static bool wrong_reference(const char *text, struct ncm_err *err)
{
    ncm_fail(err, NCM_USAGE, _("'%s' is no reference"), text);
    return ncm_hint(err, "%s",
                    _("a file or glob, run:RUN_ID/PATH, dataset:RUN_ID, trailing 24h, last week, "
                      "version:N or first"));
}

/* What follows the word where the text begins with it; else NULL. */
static const char *after(const char *text, const char *word)
{
    size_t len = strlen(word);
    return strncmp(text, word, len) == 0 ? text + len : NULL;
}

/* RUN_ID/PATH with both parts. */
static bool is_artifact(const char *s)
{
    const char *slash = strchr(s, '/');
    return slash != NULL && slash > s && slash[1] != '\0';
}

struct reference {
    enum ncm_reference_kind kind;
    const char *value;
    int64_t trailing_ms;
};

static bool take_reference(const char *text, struct reference *r)
{
    const char *rest;
    *r = (struct reference){.kind = NCM_REFERENCE_FILE, .value = text};
    if (strcmp(text, "first") == 0) {
        *r = (struct reference){.kind = NCM_REFERENCE_FIRST};
    } else if (strcmp(text, "last week") == 0) {
        *r = (struct reference){.kind = NCM_REFERENCE_WEEK};
    } else if ((rest = after(text, "trailing ")) != NULL) {
        *r = (struct reference){.kind = NCM_REFERENCE_TRAILING};
        return ncm_parse_duration(rest + strspn(rest, " "), &r->trailing_ms) && r->trailing_ms > 0;
    } else if ((rest = after(text, "run:")) != NULL) {
        *r = (struct reference){.kind = NCM_REFERENCE_ARTIFACT, .value = rest};
        return is_artifact(rest);
    } else if ((rest = after(text, "dataset:")) != NULL) {
        *r = (struct reference){.kind = NCM_REFERENCE_DATASET, .value = rest};
        return rest[0] != '\0' && strchr(rest, '/') == NULL;
    } else if ((rest = after(text, "version:")) != NULL) {
        *r = (struct reference){.kind = NCM_REFERENCE_VERSION, .value = rest};
        return rest[0] != '\0';
    }
    /* "last month" and "trailing" are slips rather than files. */
    return r->kind != NCM_REFERENCE_FILE ||
           (text[0] != '\0' && after(text, "last ") == NULL && strcmp(text, "trailing") != 0);
}

bool ncm_monitor_set_reference(struct ncm_monitor *m, const char *text, struct ncm_err *err)
{
    struct reference r;
    if (!take_reference(text, &r)) {
        return wrong_reference(text, err);
    }
    char *written = ncm_strdup(text), *value = ncm_strdup(r.value);
    ncm_free(m->reference);
    ncm_free(m->reference_value);
    m->reference = written;
    m->reference_value = value;
    m->reference_kind = r.kind;
    m->trailing_ms = r.trailing_ms;
    return true;
}

/* ---- window --------------------------------------------------------------------------------- */

struct extent {
    int64_t ms, rows; /* one of them */
};

/* [text, text + len) as a length of time, or as a number of rows. */
static bool take_extent(const char *text, size_t len, bool rows, struct extent *out)
{
    char word[SPAN];
    *out = (struct extent){0};
    while (len > 0 && *text == ' ') {
        text++;
        len--;
    }
    while (len > 0 && text[len - 1] == ' ') {
        len--;
    }
    if (len == 0 || len >= sizeof word) {
        return false;
    }
    memcpy(word, text, len);
    word[len] = '\0';
    if (rows) {
        return ncm_parse_i64(word, &out->rows) && out->rows > 0 && out->rows <= ROWS_MAX;
    }
    return ncm_parse_duration(word, &out->ms) && out->ms > 0;
}

/* The length before " rows" at the end of the text; 0 where it does not end so. */
static size_t before_rows(const char *text)
{
    static const char *const ends[] = {" rows", " row"};
    size_t len = strlen(text);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (len > end && strcmp(text + len - end, ends[i]) == 0) {
            return len - end;
        }
    }
    return 0;
}

bool ncm_monitor_set_window(struct ncm_monitor *m, const char *text, struct ncm_err *err)
{
    size_t rows = before_rows(text);
    size_t len = rows > 0 ? rows : strlen(text);
    const char *slash = memchr(text, '/', len);
    size_t first = slash != NULL ? (size_t)(slash - text) : len;
    struct extent window, slide = {0};
    bool ok = take_extent(text, first, rows > 0, &window) &&
              (slash == NULL || take_extent(slash + 1, len - first - 1, rows > 0, &slide));
    if (!ok) {
        ncm_fail(err, NCM_USAGE, _("'%s' is no window"), text);
        return ncm_hint(err, "%s", _("1h, 15m, 1000 rows; with a slide 1h/5m, 1000/100 rows"));
    }
    if (slide.ms > window.ms || slide.rows > window.rows) {
        return ncm_fail(err, NCM_USAGE,
                        _("'%s': a slide longer than its window would leave rows out"), text);
    }
    m->window_ms = window.ms;
    m->window_rows = window.rows;
    m->slide_ms = slide.ms;
    m->slide_rows = slide.rows;
    return true;
}

char *ncm_monitor_window_text(const struct ncm_monitor *m)
{
    char window[SPAN], slide[SPAN];
    if (m->window_rows > 0) {
        return m->slide_rows > 0 ? ncm_sprintf("%lld/%lld rows", (long long)m->window_rows,
                                               (long long)m->slide_rows)
                                 : ncm_sprintf("%lld rows", (long long)m->window_rows);
    }
    ncm_fmt_span(window, sizeof window, m->window_ms);
    ncm_fmt_span(slide, sizeof slide, m->slide_ms);
    return m->slide_ms > 0 ? ncm_sprintf("%s/%s", window, slide) : ncm_strdup(window);
}

/* ---- thresholds ----------------------------------------------------------------------------- */

/* A finite number, or "-" for the method's own (NaN), of [text, text + len). */
static bool take_limit(const char *text, size_t len, double *out)
{
    char word[NUMBER];
    while (len > 0 && *text == ' ') {
        text++;
        len--;
    }
    while (len > 0 && text[len - 1] == ' ') {
        len--;
    }
    if (len == 0 || len >= sizeof word) {
        return false;
    }
    memcpy(word, text, len);
    word[len] = '\0';
    if (strcmp(word, "-") == 0) {
        *out = NAN;
        return true;
    }
    return ncm_parse_double(word, out) && isfinite(*out);
}

static bool wrong_threshold(const char *text, struct ncm_err *err)
{
    ncm_fail(err, NCM_USAGE, _("'%s' is no threshold"), text);
    return ncm_hint(err, "%s",
                    _("0.25, > 120, < 0.9, \"0.1, 0.25\" (warning, critical), learned or default"));
}

bool ncm_monitor_set_threshold(struct ncm_monitor *m, const char *text, struct ncm_err *err)
{
    const char *p = text + strspn(text, " ");
    char sign = *p == '>' || *p == '<' ? *p++ : '\0';
    bool learned = strcmp(p, "learned") == 0;
    double warning = NAN, critical = NAN;
    if (sign == '\0' && (learned || strcmp(p, "default") == 0)) {
        m->learned = learned;
        m->warning = m->critical = NAN;
        m->side = NCM_BAD_ABOVE;
        return true;
    }
    const char *comma = strchr(p, ',');
    size_t len = comma != NULL ? (size_t)(comma - p) : 0;
    if ((comma != NULL && !take_limit(p, len, &warning)) ||
        !take_limit(comma != NULL ? comma + 1 : p, strlen(comma != NULL ? comma + 1 : p),
                    &critical) ||
        (isnan(warning) && isnan(critical))) {
        return wrong_threshold(text, err);
    }
    if ((sign == '>' && warning > critical) || (sign == '<' && warning < critical)) {
        return ncm_fail(err, NCM_USAGE, _("'%s': the warning comes before the critical value"),
                        text);
    }
    m->learned = false;
    m->warning = warning;
    m->critical = critical;
    m->side = sign == '<' || (sign == '\0' && warning > critical) ? NCM_BAD_BELOW : NCM_BAD_ABOVE;
    return true;
}

char *ncm_monitor_threshold_text(const struct ncm_monitor *m)
{
    char warning[NUMBER], critical[NUMBER];
    if (m->learned || (isnan(m->warning) && isnan(m->critical))) {
        return ncm_strdup(m->learned ? "learned" : "default");
    }
    ncm_fmt_exact(warning, sizeof warning, m->warning);
    ncm_fmt_exact(critical, sizeof critical, m->critical);
    return ncm_sprintf("%s%s%s%s", m->side == NCM_BAD_BELOW ? "< " : "",
                       isnan(m->warning) ? "" : warning, isnan(m->warning) ? "" : ", ",
                       isnan(m->critical) ? "-" : critical);
}

/* ---- what a view changed -------------------------------------------------------------------- */

static bool set_method(struct ncm_monitor *m, const char *word, struct ncm_err *err)
{
    if (word[0] == '\0') {
        return ncm_fail(err, NCM_USAGE, _("a method has a name"));
    }
    ncm_free(m->method);
    m->method = ncm_strdup(word);
    return true;
}

static bool set_current(struct ncm_monitor *m, const char *text, struct ncm_err *err)
{
    const char *version = after(text, "version:");
    bool all = strcmp(text, "all") == 0;
    if (!all && (version == NULL || version[0] == '\0')) {
        return ncm_fail(err, NCM_USAGE, _("'%s': the current side is version:N or all"), text);
    }
    ncm_free(m->current_version);
    m->current_version = all ? NULL : ncm_strdup(version);
    return true;
}

static bool apply_one(struct ncm_monitor *m, const char *setting, struct ncm_err *err)
{
    static const struct {
        const char *key;
        bool (*set)(struct ncm_monitor *m, const char *text, struct ncm_err *err);
    } setters[] = {
        {"method=", set_method},
        {"window=", ncm_monitor_set_window},
        {"reference=", ncm_monitor_set_reference},
        {"threshold=", ncm_monitor_set_threshold},
        {"current=", set_current},
    };
    for (size_t i = 0; i < sizeof setters / sizeof *setters; i++) {
        const char *text = after(setting, setters[i].key);
        if (text != NULL) {
            return setters[i].set(m, text, err);
        }
    }
    return ncm_fail(err, NCM_USAGE, _("'%s' is no setting of a monitor that a view changes"),
                    setting);
}

/* Thresholds of one method say nothing about the figures of another. */
static void drop_thresholds(struct ncm_monitor *m, const char *settings)
{
    const char *had = m->method != NULL ? m->method : "psi";
    for (const char *p = settings; *p != '\0';) {
        size_t len = strcspn(p, ";");
        const char *word = after(p, "method=");
        size_t n = word != NULL ? len - (size_t)(word - p) : 0;
        if (n > 0 && (strlen(had) != n || strncmp(had, word, n) != 0)) {
            m->learned = false;
            m->warning = m->critical = NAN;
            m->side = NCM_BAD_ABOVE;
        }
        p += len + (p[len] == ';');
    }
}

bool ncm_monitor_apply(struct ncm_monitor *m, const char *settings, struct ncm_err *err)
{
    struct ncm_monitor changed;
    bool ok = true;
    ncm_monitor_copy(&changed, m); /* all of them or none */
    drop_thresholds(&changed, settings);
    for (const char *p = settings; ok && *p != '\0';) {
        size_t len = strcspn(p, ";");
        char *one = ncm_strndup(p, len);
        ok = len == 0 || apply_one(&changed, one, err);
        ncm_free(one);
        p += len + (p[len] == ';');
    }
    if (ok) {
        ncm_monitor_release(m);
        *m = changed;
    } else {
        ncm_monitor_release(&changed);
    }
    return ok;
}
