/* What a monitor holds: its memory, and the one text that says how its figures are made. */
#include "model/monitor.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"

enum { RECIPE_MAX = 1024 * 1024, NUMBER = 40, MINUTE_MS = 60000, HOUR_MS = 3600000 };

void ncm_monitor_init(struct ncm_monitor *m)
{
    *m = (struct ncm_monitor){
        .window_ms = HOUR_MS,
        .every_ms = MINUTE_MS,
        .warning = NAN,
        .critical = NAN,
        .severity = NCM_SEVERITY_CRITICAL,
        .record = true,
    };
}

static void free_list(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ncm_free(list[i]);
    }
    ncm_free(list);
}

void ncm_monitor_release(struct ncm_monitor *m)
{
    ncm_free(m->model);
    ncm_free(m->name);
    ncm_free(m->current);
    ncm_free(m->current_version);
    ncm_free(m->source);
    ncm_free(m->reference);
    ncm_free(m->reference_value);
    ncm_free(m->time_column);
    ncm_free(m->version_column);
    ncm_free(m->method);
    free_list(m->columns, m->n_columns);
    free_list(m->ignore, m->n_ignore);
    free_list(m->types, m->n_types);
    *m = (struct ncm_monitor){0};
}

static char **copy_list(char *const *list, size_t n)
{
    char **copy = n > 0 ? ncm_alloc(n, sizeof *copy) : NULL;
    for (size_t i = 0; i < n; i++) {
        copy[i] = ncm_strdup(list[i]);
    }
    return copy;
}

void ncm_monitor_copy(struct ncm_monitor *to, const struct ncm_monitor *from)
{
    *to = *from;
    to->model = ncm_strdup(from->model);
    to->name = ncm_strdup(from->name);
    to->current = ncm_strdup(from->current);
    to->current_version = ncm_strdup(from->current_version);
    to->source = ncm_strdup(from->source);
    to->reference = ncm_strdup(from->reference);
    to->reference_value = ncm_strdup(from->reference_value);
    to->time_column = ncm_strdup(from->time_column);
    to->version_column = ncm_strdup(from->version_column);
    to->method = ncm_strdup(from->method);
    to->columns = copy_list(from->columns, from->n_columns);
    to->ignore = copy_list(from->ignore, from->n_ignore);
    to->types = copy_list(from->types, from->n_types);
}

/* ---- the recipe ----------------------------------------------------------------------------- */

/* "key=LENGTH:text;": the length keeps a text with ';' in it from being taken for two parts. */
static void part(struct ncm_buf *b, const char *key, const char *text)
{
    if (text != NULL) {
        ncm_buf_printf(b, "%s=%zu:%s;", key, strlen(text), text);
    }
}

static void list_part(struct ncm_buf *b, const char *key, char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        part(b, key, list[i]);
    }
}

static void whole_part(struct ncm_buf *b, const char *key, int64_t v)
{
    if (v != 0) {
        ncm_buf_printf(b, "%s=%lld;", key, (long long)v);
    }
}

char *ncm_monitor_recipe(const struct ncm_monitor *m)
{
    struct ncm_buf b;
    char number[NUMBER];
    ncm_buf_init(&b, RECIPE_MAX);
    whole_part(&b, "kind", (int64_t)m->kind);
    part(&b, "current", m->current);
    part(&b, "current-version", m->current_version);
    part(&b, "source", m->source);
    part(&b, "reference", m->reference);
    part(&b, "reference-value", m->reference_value);
    whole_part(&b, "window-ms", m->window_ms);
    whole_part(&b, "window-rows", m->window_rows);
    whole_part(&b, "slide-ms", m->slide_ms);
    whole_part(&b, "slide-rows", m->slide_rows);
    whole_part(&b, "step-ms", m->step_ms);
    part(&b, "method", m->method != NULL ? m->method : "psi");
    list_part(&b, "column", m->columns, m->n_columns);
    list_part(&b, "ignore", m->ignore, m->n_ignore);
    list_part(&b, "type", m->types, m->n_types);
    part(&b, "time", m->time_column);
    part(&b, "version", m->version_column);
    whole_part(&b, "delimiter", m->delimiter);
    part(&b, "bad-rows",
         m->bad_share > 0 ? ncm_fmt_exact(number, sizeof number, m->bad_share) : NULL);
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}
