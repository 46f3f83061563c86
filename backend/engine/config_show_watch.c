/* `config show`: the watch of a context, in the file's own keys and in a form that reads back. */
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "engine/address.h"
#include "engine/config_show.h"

enum { SPAN = 32 };

/* Whoever has the address of such a hook may post there: only its host is told. */
static void tell_hook_url(struct ncm_told *t, const char *url)
{
    const char *host = strstr(url, "://") + 3;
    size_t len = (size_t)(host - url) + strcspn(host, "/?#");
    char *shown = ncm_sprintf("%.*s%s", (int)len, url, url[len] != '\0' ? "/***" : "");
    ncm_told_text(t, "url", shown);
    ncm_free(shown);
}

void ncm_told_webhooks(struct ncm_told *t, const struct ncm_webhook *list, size_t n)
{
    if (n == 0) {
        return;
    }
    ncm_told_list(t, "notify");
    for (size_t i = 0; i < n; i++) {
        ncm_told_item(t);
        ncm_told_text(t, "name", list[i].name);
        tell_hook_url(t, list[i].url);
        if (list[i].template != NULL) {
            ncm_told_text(t, "template", list[i].template);
        }
        if (list[i].content_type != NULL) {
            ncm_told_text(t, "content-type", list[i].content_type);
        }
        ncm_told_text(t, "least", ncm_severity_word(list[i].least));
        ncm_told_login(t, &list[i].access);
        ncm_told_end_item(t);
    }
    ncm_told_end_list(t);
}

static void tell_source(struct ncm_told *t, const char *key, const char *type,
                        const struct ncm_http_source *s)
{
    if (s->url == NULL) {
        return;
    }
    ncm_told_map(t, key, false);
    ncm_told_text(t, "type", type);
    ncm_told_uri(t, "url", s->url);
    ncm_told_login(t, &s->access);
    ncm_told_end_map(t);
}

static void tell_span(struct ncm_told *t, const char *key, int64_t ms)
{
    char span[SPAN];
    ncm_told_text(t, key, ncm_fmt_span(span, sizeof span, ms));
}

static void tell_reference(struct ncm_told *t, const struct ncm_monitor *m)
{
    if (m->reference_kind != NCM_REFERENCE_NONE) {
        ncm_told_text(t, "reference",
                      m->reference_kind == NCM_REFERENCE_FILE ? m->reference_value : m->reference);
    }
}

static void tell_types(struct ncm_told *t, const struct ncm_monitor *m)
{
    if (m->n_types == 0) {
        return;
    }
    ncm_told_map(t, "types", false);
    for (size_t i = 0; i < m->n_types; i++) {
        const char *sign = strrchr(m->types[i], '=');
        char *column = ncm_strndup(m->types[i], (size_t)(sign - m->types[i]));
        ncm_told_own_text(t, column, sign + 1);
        ncm_free(column);
    }
    ncm_told_end_map(t);
}

/* What only rows have. */
static void tell_rows(struct ncm_told *t, const struct ncm_monitor *m)
{
    const char delimiter[] = {m->delimiter, '\0'};
    ncm_told_flag(t, "follow", m->follow);
    tell_types(t, m);
    if (m->time_column != NULL) {
        ncm_told_text(t, "time", m->time_column);
    }
    if (m->version_column != NULL) {
        ncm_told_text(t, "version", m->version_column);
    }
    if (m->delimiter != 0) {
        ncm_told_text(t, "delimiter", m->delimiter == '\t' ? "tab" : delimiter);
    }
    if (m->bad_share > 0) {
        ncm_told_real(t, "bad-rows", m->bad_share);
    }
}

static void tell_monitor(struct ncm_told *t, const struct ncm_monitor *m)
{
    static const char *const watched[] = {
        [NCM_MONITOR_ROWS] = "current",        [NCM_MONITOR_QUERY] = "query",
        [NCM_MONITOR_HISTOGRAM] = "histogram", [NCM_MONITOR_METRIC] = "metric",
        [NCM_MONITOR_EVIDENTLY] = "evidently",
    };
    char *window = ncm_monitor_window_text(m), *threshold = ncm_monitor_threshold_text(m);
    ncm_told_item(t);
    ncm_told_text(t, "name", m->name);
    ncm_told_text(t, watched[m->kind], m->kind == NCM_MONITOR_ROWS ? m->current : m->source);
    tell_reference(t, m);
    ncm_told_text(t, "window", window);
    if (m->method != NULL) {
        ncm_told_text(t, "method", m->method);
    }
    ncm_told_text(t, "threshold", threshold);
    tell_span(t, "every", m->every_ms);
    tell_span(t, "for", m->for_ms);
    ncm_told_text(t, "severity", ncm_severity_word(m->severity));
    ncm_told_texts(t, "columns", m->columns, m->n_columns);
    ncm_told_texts(t, "ignore", m->ignore, m->n_ignore);
    if (m->kind == NCM_MONITOR_ROWS) {
        tell_rows(t, m);
    }
    if (m->min_rows > 0) {
        ncm_told_number(t, "min-rows", m->min_rows);
    }
    if (m->step_ms > 0) {
        tell_span(t, "step", m->step_ms);
    }
    ncm_told_flag(t, "record", m->record);
    ncm_told_end_item(t);
    ncm_free(threshold);
    ncm_free(window);
}

/* Monitors of one model follow one another, as they were read. */
static void tell_models(struct ncm_told *t, const struct ncm_watch_plan *p)
{
    if (p->n_monitors == 0) {
        return;
    }
    ncm_told_map(t, "models", false);
    for (size_t i = 0; i < p->n_monitors; i++) {
        const struct ncm_monitor *m = &p->monitors[i];
        if (i == 0 || strcmp(m->model, m[-1].model) != 0) {
            ncm_told_map(t, m->model, true);
            ncm_told_list(t, "monitors");
        }
        tell_monitor(t, m);
        if (i + 1 == p->n_monitors || strcmp(m->model, m[1].model) != 0) {
            ncm_told_end_list(t);
            ncm_told_end_map(t);
        }
    }
    ncm_told_end_map(t);
}

void ncm_told_watch(struct ncm_told *t, const struct ncm_config_context *x)
{
    const struct ncm_watch_plan *p = &x->watch;
    tell_source(t, "metrics", "prometheus", &p->metrics);
    tell_source(t, "alerts", "alertmanager", &p->alerts);
    tell_models(t, p);
    ncm_told_webhooks(t, p->webhooks, x->n_own_webhooks);
    if (p->textfile != NULL) {
        ncm_told_text(t, "textfile", p->textfile);
    }
}
