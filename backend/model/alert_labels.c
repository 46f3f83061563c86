#include "model/alert_labels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

static int by_name(const void *a, const void *b)
{
    const struct ncm_kv *x = a, *y = b;
    return ncm_str_compare(x->key, y->key);
}

size_t ncm_labels_sort(struct ncm_kv *labels, size_t n)
{
    size_t kept = 0;
    if (n == 0) {
        return 0;
    }
    qsort(labels, n, sizeof *labels, by_name);
    for (size_t i = 1; i < n; i++) {
        if (by_name(&labels[kept], &labels[i]) != 0) {
            labels[++kept] = labels[i];
        }
    }
    return kept + 1;
}

static uint64_t add(uint64_t sum, struct ncm_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        sum = (sum ^ (unsigned char)s.p[i]) * UINT64_C(1099511628211);
    }
    return (sum ^ 0xFF) * UINT64_C(1099511628211);
}

void ncm_labels_fingerprint(const struct ncm_kv *labels, size_t n, char out[17])
{
    uint64_t sum = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < n; i++) {
        sum = add(add(sum, labels[i].key), labels[i].value);
    }
    snprintf(out, 17, "%016" PRIx64, sum);
}

void ncm_labels_quote(const char *p, size_t len, struct ncm_buf *out)
{
    ncm_buf_putc(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '\n') {
            ncm_buf_puts(out, "\\n");
        } else {
            if (p[i] == '"' || p[i] == '\\') {
                ncm_buf_putc(out, '\\');
            }
            ncm_buf_putc(out, p[i]);
        }
    }
    ncm_buf_putc(out, '"');
}

/* Whether a name may stand without quotes. */
static bool is_plain(struct ncm_str name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:";
    if (name.len == 0 || memchr(letters, name.p[0], sizeof letters - 1) == NULL) {
        return false;
    }
    for (size_t i = 1; i < name.len; i++) {
        bool digit = name.p[i] >= '0' && name.p[i] <= '9';
        if (!digit && memchr(letters, name.p[i], sizeof letters - 1) == NULL) {
            return false;
        }
    }
    return true;
}

static void put_name(struct ncm_str name, struct ncm_buf *out)
{
    if (is_plain(name)) {
        ncm_buf_add(out, name.p, name.len);
    } else {
        ncm_labels_quote(name.p, name.len, out);
    }
}

void ncm_labels_key(const struct ncm_kv *labels, size_t n, struct ncm_buf *out)
{
    const struct ncm_kv *name = ncm_kv_find(labels, n, "__name__");
    bool plain = name != NULL && is_plain(name->value);
    bool any = name != NULL && !plain;
    if (plain) {
        ncm_buf_add(out, name->value.p, name->value.len);
        if (n == 1) {
            return;
        }
    }
    ncm_buf_putc(out, '{');
    if (any) {
        ncm_labels_quote(name->value.p, name->value.len, out);
    }
    for (size_t i = 0; i < n; i++) {
        if (&labels[i] != name) {
            ncm_buf_puts(out, any ? "," : "");
            put_name(labels[i].key, out);
            ncm_buf_putc(out, '=');
            ncm_labels_quote(labels[i].value.p, labels[i].value.len, out);
            any = true;
        }
    }
    ncm_buf_putc(out, '}');
}

/* The first of the names that has a value which is not empty. */
static struct ncm_str first_of(const struct ncm_kv *kv, size_t n, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        const struct ncm_kv *found = ncm_kv_find(kv, n, names[i]);
        if (found != NULL && found->value.len > 0) {
            return found->value;
        }
    }
    return (struct ncm_str){0};
}

static struct ncm_str subject_of(const struct ncm_alert *a, struct ncm_arena *arena)
{
    static const char *const whose[] = {"model", "model_name", "service", NULL};
    static const char *const job_name[] = {"job", NULL}, *const instance_name[] = {"instance",
                                                                                   NULL};
    struct ncm_str subject = first_of(a->labels, a->n_labels, whose);
    struct ncm_str job = first_of(a->labels, a->n_labels, job_name);
    struct ncm_str instance = first_of(a->labels, a->n_labels, instance_name);
    if (subject.p != NULL || job.p == NULL || instance.p == NULL) {
        return subject.p != NULL ? subject : job.p != NULL ? job : instance;
    }
    char *both = ncm_sprintf("%.*s %.*s", (int)job.len, job.p, (int)instance.len, instance.p);
    subject = ncm_arena_cstr(arena, both);
    ncm_free(both);
    return subject;
}

void ncm_alert_describe(struct ncm_alert *a, struct ncm_arena *arena)
{
    static const char *const rule[] = {"alertname", NULL}, *const severity[] = {"severity", NULL};
    static const char *const summary[] = {"summary", "description", "message", NULL};
    a->rule = first_of(a->labels, a->n_labels, rule);
    a->subject = subject_of(a, arena);
    a->severity_text = first_of(a->labels, a->n_labels, severity);
    a->severity = ncm_severity_of(ncm_cstr(a->severity_text), a->severity_text.len);
    a->summary = first_of(a->annotations, a->n_annotations, summary);
    if (a->summary.p == NULL) {
        a->summary = a->rule;
    }
}

static int hex(char c)
{
    c = c >= 'A' && c <= 'F' ? (char)(c | 0x20) : c;
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct ncm_str ncm_alert_expr(struct ncm_arena *arena, const char *url)
{
    static const char key[] = "g0.expr=";
    const char *p = url != NULL ? strpbrk(url, "?") : NULL;
    while (p != NULL && strncmp(p + 1, key, sizeof key - 1) != 0) {
        p = strpbrk(p + 1, "&#");
        p = p != NULL && *p == '#' ? NULL : p;
    }
    if (p == NULL) {
        return (struct ncm_str){0};
    }
    p += sizeof key;
    size_t len = strcspn(p, "&#"), n = 0;
    char *text = ncm_arena_alloc(arena, len + 1, 1);
    for (size_t i = 0; i < len; i++) {
        int v = p[i] == '%' && i + 2 < len && hex(p[i + 1]) >= 0 && hex(p[i + 2]) >= 0
                    ? hex(p[i + 1]) * 16 + hex(p[i + 2])
                    : -1;
        i += v > 0 ? 2 : 0;
        text[n++] = v > 0 ? (char)v : p[i] == '+' ? ' ' : p[i];
    }
    return (struct ncm_str){text, n};
}

struct ncm_value ncm_alert_threshold(struct ncm_str query)
{
    char number[48];
    double v;
    size_t end = query.len;
    while (end > 0 && strchr(" \t\n)", query.p[end - 1]) != NULL) {
        end--;
    }
    size_t begin = end;
    while (begin > 0 && strchr("0123456789.eE+-", query.p[begin - 1]) != NULL) {
        begin--;
    }
    size_t op = begin;
    while (op > 0 && (query.p[op - 1] == ' ' || query.p[op - 1] == '\n')) {
        op--;
    }
    if (op == 0 || end - begin >= sizeof number || strchr("<>=", query.p[op - 1]) == NULL) {
        return (struct ncm_value){0};
    }
    memcpy(number, query.p + begin, end - begin);
    number[end - begin] = '\0';
    return ncm_parse_double(number, &v) ? (struct ncm_value){.kind = NCM_V_NUMBER, .num = v}
                                        : (struct ncm_value){0};
}

int ncm_alert_compare(const void *a, const void *b)
{
    static const int rank[] = {
        [NCM_ALERT_FIRING] = 0,   [NCM_ALERT_ACKNOWLEDGED] = 1, [NCM_ALERT_PENDING] = 2,
        [NCM_ALERT_SILENCED] = 3, [NCM_ALERT_RESOLVED] = 4,
    };
    const struct ncm_alert *x = a, *y = b;
    if (x->state != y->state) {
        return rank[x->state] - rank[y->state];
    }
    if (x->severity != y->severity) {
        return x->severity > y->severity ? -1 : 1;
    }
    if (x->since_ms != y->since_ms) {
        return x->since_ms > y->since_ms ? -1 : 1;
    }
    return ncm_str_compare(x->id, y->id);
}
