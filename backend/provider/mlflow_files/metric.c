#include "provider/mlflow_files/metric.h"

#include <string.h>

#include "base/num.h"

enum { MOST_FIELDS = 6 };

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Cuts at single blanks; 0 where there are more than MOST_FIELDS. */
static int cut(char *line, char *fields[MOST_FIELDS])
{
    int n = 0;
    for (char *p = line;;) {
        if (n == MOST_FIELDS)
            return 0;
        fields[n++] = p;
        p = strchr(p, ' ');
        if (p == NULL)
            return n;
        *p++ = '\0';
    }
}

bool files_metric_line(char *line, size_t len, struct ncm_sample *out)
{
    char *fields[MOST_FIELDS];
    while (len > 0 && is_blank(line[len - 1]))
        len--;
    line[len] = '\0';
    if (strlen(line) != len)
        return false;
    while (is_blank(*line))
        line++;
    int n = cut(line, fields);
    *out = (struct ncm_sample){0};
    return n >= 2 && ncm_parse_i64(fields[0], &out->time) &&
           ncm_parse_double(fields[1], &out->value) &&
           (n == 2 || n == 5 || ncm_parse_i64(fields[2], &out->step));
}

void files_lines_take(struct files_lines *l, char *p, size_t len, bool more,
                      void (*point)(void *to, const struct ncm_sample *s), void *to)
{
    char *begin = p, *end = p + len, *newline;
    struct ncm_sample s;
    while (begin < end && (newline = memchr(begin, '\n', (size_t)(end - begin))) != NULL) {
        if (l->skipping) {
            l->skipping = false;
        } else if (files_metric_line(begin, (size_t)(newline - begin), &s)) {
            l->n++;
            point(to, &s);
        } else {
            l->bad++;
        }
        begin = newline + 1;
    }
    l->offset += begin - p;
    if (begin == p && more) {
        l->offset += (int64_t)len;
        l->bad += !l->skipping;
        l->skipping = true;
    }
}

void files_latest_take(struct files_latest *l, const struct ncm_sample *s)
{
    const struct ncm_sample *at = &l->at;
    if (l->any && (s->step < at->step || (s->step == at->step && s->time < at->time)))
        return;
    if (l->any && s->step == at->step && s->time == at->time && !(s->value > at->value))
        return;
    l->any = true;
    l->at = *s;
}
