#include "provider/metrics_text.h"

#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/list.h"
#include "base/map.h"
#include "base/num.h"
#include "model/alert_labels.h"

enum { TEXT_MOST = 64 << 20, NUMBER_MOST = 64 };

struct reading {
    const char *name, *p, *end, *line; /* line: where the current one begins */
    size_t row;
    bool seconds; /* OpenMetrics: times are seconds */
    struct ncm_metrics *out;
    struct ncm_list families, samples;
    struct ncm_map *by_name;
    struct ncm_err *err;
};

static const char *const type_words[] = {"untyped", "counter", "gauge", "histogram", "summary"};

const char *ncm_metric_type_word(enum ncm_metric_type type)
{
    return type_words[type];
}

static bool broken(struct reading *r, const char *expected)
{
    return ncm_fail(r->err, NCM_INVALID_DATA, _("%s:%zu:%zu: no line of metrics: expected %s"),
                    r->name, r->row, (size_t)(r->p - r->line) + 1, expected);
}

static bool too_many(struct reading *r, const char *what)
{
    return ncm_fail(r->err, NCM_TOO_LARGE, _("%s:%zu: too many %s"), r->name, r->row, what);
}

static bool at(const struct reading *r, char c)
{
    return r->p < r->end && *r->p == c;
}

static void blanks(struct reading *r)
{
    while (at(r, ' ') || at(r, '\t')) {
        r->p++;
    }
}

static bool at_end(const struct reading *r)
{
    return r->p >= r->end || *r->p == '\n';
}

static void skip_line(struct reading *r)
{
    const char *lf = memchr(r->p, '\n', (size_t)(r->end - r->p));
    r->p = lf != NULL ? lf : r->end;
}

/* A run of bytes that end a name or number nowhere. */
static struct ncm_str word(struct reading *r, const char *stops)
{
    struct ncm_str s = {r->p, 0};
    while (r->p < r->end && strchr(stops, *r->p) == NULL && *r->p != '\0') {
        r->p++;
    }
    s.len = (size_t)(r->p - s.p);
    return s;
}

/* Between quotes, or to the end of the line (HELP); \\, \" and \n are escapes, others stand for
 * themselves. */
static bool text(struct reading *r, bool quoted, struct ncm_str *out)
{
    const char *p = r->p;
    size_t n = 0;
    while (p < r->end && *p != '\n' && !(quoted && *p == '"')) {
        p += *p == '\\' && p + 1 < r->end && p[1] != '\n' ? 2 : 1;
        n++;
    }
    if (quoted && (p >= r->end || *p != '"')) {
        return broken(r, _("a closing quote"));
    }
    char *s = ncm_arena_alloc(r->out->arena, 2 * n + 1, 1);
    size_t len = 0;
    while (r->p < p) {
        char c = *r->p++;
        if (c == '\\' && r->p < p && strchr("\\\"n", *r->p) != NULL && *r->p != '\0') {
            c = *r->p == 'n' ? '\n' : *r->p;
            r->p++;
        } else if (c == '\\' && r->p < p) {
            s[len++] = c;
            c = *r->p++;
        }
        s[len++] = c;
    }
    r->p += quoted ? 1 : 0;
    *out = (struct ncm_str){s, len};
    return true;
}

static struct ncm_metrics_family *family_at(struct reading *r, size_t i)
{
    return &((struct ncm_metrics_family *)r->families.items)[i];
}

static size_t family_of(struct reading *r, struct ncm_str name)
{
    size_t i;
    if (!ncm_map_get(r->by_name, name.p, name.len, &i)) {
        i = r->families.n;
        struct ncm_metrics_family *f = ncm_list_add(&r->families);
        f->name = ncm_arena_copy(r->out->arena, name);
        ncm_map_set(r->by_name, name.p, name.len, i);
    }
    return i;
}

static enum ncm_metric_type type_of(struct ncm_str w)
{
    for (size_t i = 0; i < sizeof type_words / sizeof *type_words; i++) {
        if (ncm_str_is(w, type_words[i])) {
            return (enum ncm_metric_type)i;
        }
    }
    return NCM_METRIC_UNTYPED; /* OpenMetrics: unknown, info, stateset, gaugehistogram */
}

/* "# HELP name text", "# TYPE name type"; anything else is a comment. */
static bool comment(struct reading *r)
{
    r->p++;
    blanks(r);
    struct ncm_str kind = word(r, " \t\n");
    bool help = ncm_str_is(kind, "HELP") != 0;
    if (help || ncm_str_is(kind, "TYPE")) {
        struct ncm_str name;
        blanks(r);
        bool quoted = at(r, '"');
        r->p += quoted ? 1 : 0;
        if (quoted) {
            if (!text(r, true, &name)) {
                return false;
            }
        } else {
            name = word(r, " \t\n");
        }
        if (name.len == 0) {
            return broken(r, _("a name"));
        }
        struct ncm_metrics_family *f = family_at(r, family_of(r, name));
        blanks(r);
        if (help) {
            text(r, false, &f->help);
        } else {
            f->type = type_of(word(r, " \t\r\n"));
        }
    }
    skip_line(r);
    return true;
}

/* The family a sample belongs to: its own name, or that of a histogram, a summary or a counter
 * without the suffix. */
static size_t family_of_sample(struct reading *r, struct ncm_str name)
{
    static const char *const suffixes[] = {"_bucket", "_sum", "_count", "_total", "_created"};
    size_t i;
    if (ncm_map_get(r->by_name, name.p, name.len, &i)) {
        return i;
    }
    for (size_t k = 0; k < sizeof suffixes / sizeof *suffixes; k++) {
        size_t n = strlen(suffixes[k]);
        bool ends = name.len > n && memcmp(name.p + name.len - n, suffixes[k], n) == 0;
        if (ends && ncm_map_get(r->by_name, name.p, name.len - n, &i) &&
            family_at(r, i)->type != NCM_METRIC_GAUGE) {
            return i;
        }
    }
    return family_of(r, name);
}

/* One name="value"; a quoted text alone is the metric's name. */
static bool label(struct reading *r, struct ncm_kv *kv, struct ncm_str *name)
{
    kv->key = (struct ncm_str){0};
    if (at(r, '"')) {
        r->p++;
        if (!text(r, true, &kv->key)) {
            return false;
        }
        blanks(r);
        if (!at(r, '=')) {
            if (name->len > 0) {
                return broken(r, "=");
            }
            *name = kv->key;
            kv->key.len = 0;
            return true;
        }
    } else {
        kv->key = word(r, "=,}\" \t\n");
        blanks(r);
    }
    if (kv->key.len == 0) {
        return broken(r, _("a label"));
    }
    if (!at(r, '=')) {
        return broken(r, "=");
    }
    r->p++;
    blanks(r);
    if (!at(r, '"')) {
        return broken(r, "\"");
    }
    r->p++;
    return text(r, true, &kv->value);
}

static bool labels(struct reading *r, struct ncm_metrics_sample *s)
{
    struct ncm_kv kv[NCM_METRICS_LABELS_MOST + 1];
    size_t n = 0;
    for (r->p++; blanks(r), !at(r, '}');) {
        if (n >= NCM_METRICS_LABELS_MOST) {
            return too_many(r, _("labels"));
        }
        if (!label(r, &kv[n], &s->name)) {
            return false;
        }
        n += kv[n].key.len > 0 ? 1 : 0;
        blanks(r);
        if (at(r, ',')) {
            r->p++;
        } else if (!at(r, '}')) {
            return broken(r, ", }");
        }
    }
    r->p++;
    s->labels = ncm_arena_alloc(r->out->arena, n, sizeof *s->labels);
    for (size_t i = 0; i < n; i++) {
        s->labels[i].key = ncm_arena_copy(r->out->arena, kv[i].key);
        s->labels[i].value = kv[i].value;
    }
    s->n_labels = ncm_labels_sort(s->labels, n);
    return true;
}

static bool number(struct reading *r, double *out)
{
    char copy[NUMBER_MOST];
    const char *before = r->p;
    struct ncm_str w = word(r, " \t\r\n");
    if (w.len > 0 && w.len < sizeof copy) {
        memcpy(copy, w.p, w.len);
        copy[w.len] = '\0';
        if (ncm_parse_double(copy, out)) {
            return true;
        }
    }
    r->p = before;
    return broken(r, _("a number"));
}

static bool sample(struct reading *r)
{
    struct ncm_metrics_sample s = {.time_ms = NCM_NO_TIME};
    double time;
    if (r->samples.n >= NCM_METRICS_SAMPLES_MOST) {
        return too_many(r, _("samples"));
    }
    s.name = word(r, "{ \t\n\"");
    blanks(r);
    if (at(r, '{') && !labels(r, &s)) {
        return false;
    }
    if (s.name.len == 0) {
        return broken(r, _("a name"));
    }
    blanks(r);
    if (!number(r, &s.value)) {
        return false;
    }
    blanks(r);
    if (!at_end(r) && !at(r, '#') && !at(r, '\r')) {
        if (!number(r, &time)) {
            return false;
        }
        time = r->seconds ? time * 1000 : time;
        s.time_ms = fabs(time) < 9e15 ? llround(time) : NCM_NO_TIME;
        blanks(r);
    }
    if (!at_end(r) && !at(r, '#') && !at(r, '\r')) {
        return broken(r, _("the end of the line"));
    }
    s.family = family_of_sample(r, s.name);
    s.name = ncm_arena_copy(r->out->arena, s.name);
    *(struct ncm_metrics_sample *)ncm_list_add(&r->samples) = s;
    skip_line(r); /* an exemplar */
    return true;
}

static bool all_lines(struct reading *r)
{
    while (r->p < r->end) {
        r->line = r->p;
        r->row++;
        blanks(r);
        bool ok = at(r, '#') ? comment(r) : at_end(r) || at(r, '\r') || sample(r);
        if (!ok) {
            return false;
        }
        skip_line(r);
        r->p += r->p < r->end ? 1 : 0;
    }
    return true;
}

static bool is_open_metrics(const char *p, size_t len)
{
    while (len > 0 && strchr("\r\n \t", p[len - 1]) != NULL && p[len - 1] != '\0') {
        len--;
    }
    return len >= 5 && memcmp(p + len - 5, "# EOF", 5) == 0;
}

bool ncm_metrics_parse(const char *name, const char *p, size_t len, struct ncm_metrics *out,
                       struct ncm_err *err)
{
    struct reading r = {
        .name = name,
        .p = p,
        .end = p + len,
        .line = p,
        .seconds = is_open_metrics(p, len),
        .out = out,
        .families = {.size = sizeof(struct ncm_metrics_family)},
        .samples = {.size = sizeof(struct ncm_metrics_sample)},
        .err = err,
    };
    *out = (struct ncm_metrics){0};
    if (len > TEXT_MOST) {
        return ncm_fail(err, NCM_TOO_LARGE, _("%s: more than 64 MiB of metrics"), name);
    }
    out->arena = ncm_arena_new();
    r.by_name = ncm_map_new();
    bool ok = all_lines(&r);
    ncm_map_free(r.by_name);
    out->n_families = r.families.n;
    out->families = ncm_list_move(&r.families, out->arena);
    out->n = r.samples.n;
    out->samples = ncm_list_move(&r.samples, out->arena);
    if (!ok) {
        ncm_metrics_release(out);
    }
    return ok;
}

void ncm_metrics_release(struct ncm_metrics *m)
{
    ncm_arena_free(m->arena);
    *m = (struct ncm_metrics){0};
}

const struct ncm_metrics_family *ncm_metrics_family(const struct ncm_metrics *m, const char *name)
{
    for (size_t i = 0; i < m->n_families; i++) {
        if (ncm_str_is(m->families[i].name, name)) {
            return &m->families[i];
        }
    }
    return NULL;
}
