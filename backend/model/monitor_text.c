/* Monitors' settings as texts: what the configuration, a prompt and a view say. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "model/monitor.h"

static void set(char **field, char *value)
{
    ncm_free(*field);
    *field = value;
}

static const char *after(const char *text, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(text, prefix, n) == 0 && text[n] != '\0' ? text + n : NULL;
}

bool ncm_monitor_set_reference(struct ncm_monitor *m, const char *text, struct ncm_err *err)
{
    const char *rest;
    int64_t ms = 0;
    enum ncm_reference_kind kind = NCM_REFERENCE_FILE;
    const char *value = text;
    if (text[0] == '\0') {
        ncm_fail(err, NCM_USAGE, _("the reference is empty"));
        return ncm_hint(err, "%s",
                        _("a file, run:RUN_ID/PATH, dataset:RUN_ID, trailing 24h, last week,"
                          " version:N or first"));
    }
    if ((rest = after(text, "run:")) != NULL) {
        kind = NCM_REFERENCE_ARTIFACT;
        value = rest;
        if (strchr(rest, '/') == NULL) {
            return ncm_fail(err, NCM_USAGE, _("'%s' wants run:RUN_ID/PATH"), text);
        }
    } else if ((rest = after(text, "dataset:")) != NULL) {
        kind = NCM_REFERENCE_DATASET;
        value = rest;
    } else if ((rest = after(text, "version:")) != NULL) {
        kind = NCM_REFERENCE_VERSION;
        value = rest;
    } else if ((rest = after(text, "trailing ")) != NULL) {
        kind = NCM_REFERENCE_TRAILING;
        value = NULL;
        if (!ncm_parse_duration(rest, &ms) || ms <= 0) {
            return ncm_fail(err, NCM_USAGE, _("'%s' wants a time such as trailing 24h"), text);
        }
    } else if (strcmp(text, "last week") == 0) {
        kind = NCM_REFERENCE_WEEK;
        value = NULL;
    } else if (strcmp(text, "first") == 0) {
        kind = NCM_REFERENCE_FIRST;
        value = NULL;
    }
    char *whole = ncm_strdup(text), *part = ncm_strdup(value);
    set(&m->reference, whole);
    set(&m->reference_value, part);
    m->reference_kind = kind;
    m->trailing_ms = ms;
    return true;
}

/* "1h" or "1000 rows" / "1000rows". */
static bool length_of(const char *p, size_t len, int64_t *ms, int64_t *rows)
{
    char *text = ncm_strndup(p, len);
    char *word = strstr(text, "row");
    bool ok;
    *ms = *rows = 0;
    if (word != NULL) {
        for (char *end = word; end > text && end[-1] == ' '; end--) {
            end[-1] = '\0';
        }
        *word = '\0';
        ok = ncm_parse_i64(text, rows) && *rows > 0;
    } else {
        ok = ncm_parse_duration(text, ms) && *ms > 0;
    }
    ncm_free(text);
    return ok;
}

bool ncm_monitor_set_window(struct ncm_monitor *m, const char *text, struct ncm_err *err)
{
    int64_t ms, rows, slide_ms = 0, slide_rows = 0;
    const char *slash = strchr(text, '/');
    size_t first = slash != NULL ? (size_t)(slash - text) : strlen(text);
    bool in_rows = strstr(text, "row") != NULL;
    bool ok;
    if (in_rows && slash != NULL) {
        /* "1000/100 rows": the unit stands once. */
        char *head = ncm_sprintf("%.*s rows", (int)first, text);
        ok = length_of(head, strlen(head), &ms, &rows) &&
             length_of(slash + 1, strlen(slash + 1), &slide_ms, &slide_rows);
        ncm_free(head);
    } else {
        ok = length_of(text, first, &ms, &rows) &&
             (slash == NULL || length_of(slash + 1, strlen(slash + 1), &slide_ms, &slide_rows));
    }
    if (!ok) {
        return ncm_fail(err, NCM_USAGE,
                        _("'%s' is no window: 1h, 15m, 1000 rows, or with a step 1h/5m"), text);
    }
    int64_t whole = rows > 0 ? rows : ms, step = rows > 0 ? slide_rows : slide_ms;
    if (step > whole || (step > 0 && whole % step != 0)) {
        return ncm_fail(err, NCM_USAGE, _("'%s': the window must be a multiple of its step"), text);
    }
    m->window_ms = ms;
    m->window_rows = rows;
    m->slide_ms = slide_ms;
    m->slide_rows = slide_rows;
    return true;
}

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " ");
}

bool ncm_monitor_set_threshold(struct ncm_monitor *m, const char *text, struct ncm_err *err)
{
    const char *p = skip_blanks(text);
    enum ncm_bad_side side = m->side;
    double a = NAN, b = NAN;
    if (strcmp(p, "learned") == 0) {
        m->learned = true;
        m->warning = m->critical = NAN;
        return true;
    }
    if (*p == '>' || *p == '<') {
        side = *p == '<' ? NCM_BAD_BELOW : NCM_BAD_ABOVE;
        p = skip_blanks(p + 1 + (p[1] == '='));
    }
    const char *comma = strchr(p, ',');
    char *first = ncm_strndup(p, comma != NULL ? (size_t)(comma - p) : strlen(p));
    bool ok = ncm_parse_double(first, &a) && isfinite(a);
    ncm_free(first);
    ok = ok && (comma == NULL || (ncm_parse_double(skip_blanks(comma + 1), &b) && isfinite(b)));
    if (!ok) {
        return ncm_fail(err, NCM_USAGE,
                        _("'%s' is no threshold: 0.25, > 120, < 0.9, 0.1, 0.25 or learned"), text);
    }
    m->side = side;
    m->learned = false;
    m->warning = comma != NULL ? a : NAN;
    m->critical = comma != NULL ? b : a;
    return true;
}

/* The largest unit that it is a whole number of. */
static void put_duration(struct ncm_buf *b, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    while (i < 4 && ms % units[i].ms != 0) {
        i++;
    }
    ncm_buf_printf(b, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
}

char *ncm_monitor_window_text(const struct ncm_monitor *m)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 256);
    if (m->window_rows > 0) {
        ncm_buf_printf(&b, "%" PRId64, m->window_rows);
        if (m->slide_rows > 0) {
            ncm_buf_printf(&b, "/%" PRId64, m->slide_rows);
        }
        ncm_buf_puts(&b, " rows");
    } else if (m->window_ms > 0) {
        put_duration(&b, m->window_ms);
        if (m->slide_ms > 0) {
            ncm_buf_putc(&b, '/');
            put_duration(&b, m->slide_ms);
        }
    }
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

char *ncm_monitor_threshold_text(const struct ncm_monitor *m)
{
    char one[40], two[40];
    const char *sign = m->side == NCM_BAD_BELOW ? "< " : "";
    if (isnan(m->critical) && isnan(m->warning)) {
        return ncm_strdup(m->learned ? "learned" : "");
    }
    ncm_fmt_exact(one, sizeof one, m->warning);
    ncm_fmt_exact(two, sizeof two, m->critical);
    return isnan(m->warning) ? ncm_sprintf("%s%s", sign, two)
                             : ncm_sprintf("%s%s, %s", sign, one, two);
}

/* One "name=value" of a view's settings. */
static bool apply_one(struct ncm_monitor *m, const char *name, const char *value,
                      struct ncm_err *err)
{
    if (strcmp(name, "method") == 0) {
        set(&m->method, ncm_strdup(value));
        return true;
    }
    if (strcmp(name, "window") == 0) {
        return ncm_monitor_set_window(m, value, err);
    }
    if (strcmp(name, "reference") == 0) {
        return ncm_monitor_set_reference(m, value, err);
    }
    if (strcmp(name, "threshold") == 0) {
        return ncm_monitor_set_threshold(m, value, err);
    }
    if (strcmp(name, "current") == 0) {
        if (strncmp(value, "version:", 8) == 0) {
            set(&m->current_version, ncm_strdup(value + 8));
        } else {
            set(&m->current, ncm_strdup(value));
        }
        return true;
    }
    return ncm_fail(err, NCM_USAGE,
                    _("'%s' is none of method, window, reference, threshold, current"), name);
}

bool ncm_monitor_apply(struct ncm_monitor *m, const char *settings, struct ncm_err *err)
{
    char *copy = ncm_strdup(settings != NULL ? settings : "");
    bool ok = true;
    for (char *p = copy; ok && *p != '\0';) {
        char *end = p + strcspn(p, ";");
        char *next = *end != '\0' ? end + 1 : end;
        *end = '\0';
        char *equal = strchr(p, '=');
        if (equal == NULL) {
            ok = p[strspn(p, " ")] == '\0' ||
                 ncm_fail(err, NCM_USAGE, _("'%s' wants NAME=VALUE"), p);
        } else {
            *equal = '\0';
            ok = apply_one(m, skip_blanks(p), equal + 1, err);
        }
        p = next;
    }
    ncm_free(copy);
    return ok;
}

static void put_list(struct ncm_buf *b, const char *name, char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ncm_buf_printf(b, "%s%s", i == 0 ? name : ",", list[i]);
    }
}

char *ncm_monitor_recipe(const struct ncm_monitor *m)
{
    struct ncm_buf b;
    char *window = ncm_monitor_window_text(m);
    ncm_buf_init(&b, 1 << 20);
    ncm_buf_printf(&b, "%s of %s", m->method != NULL ? m->method : "psi",
                   m->current != NULL ? m->current : m->source);
    if (m->reference != NULL) {
        ncm_buf_printf(&b, " against %s", m->reference);
    }
    if (window[0] != '\0') {
        ncm_buf_printf(&b, " by %s", window);
    }
    if (m->current_version != NULL) {
        ncm_buf_printf(&b, " version %s", m->current_version);
    }
    if (m->time_column != NULL) {
        ncm_buf_printf(&b, " time %s", m->time_column);
    }
    put_list(&b, " columns ", m->columns, m->n_columns);
    put_list(&b, " without ", m->ignore, m->n_ignore);
    put_list(&b, " types ", m->types, m->n_types);
    ncm_free(window);
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}
