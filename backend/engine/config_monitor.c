/* The configuration file: one monitor. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/address.h"
#include "engine/config_file.h"

enum {
    ROWS_MAX = 1000000000,
    NAME_MAX_LEN = 200,
    MONITORS_MAX = 10000,
    LIST_MAX = 4096,
    SECOND_MS = 1000,
};
static const int64_t span_max_ms = 366LL * 24 * 3600 * SECOND_MS;
static const double no_bad_row = 1e-12; /* of bad_share: 0 would be the reader's own */

/* ---- one value ------------------------------------------------------------------------------ */

/* The text that a key sets as it is; NULL for any other key. */
static char **text_of(struct ncm_monitor *m, const char *key)
{
    const struct {
        const char *key;
        char **text;
    } fields[] = {
        {"name", &m->name},
        {"current", &m->current},
        {"query", &m->source},
        {"histogram", &m->source},
        {"metric", &m->source},
        {"evidently", &m->source},
        {"version", &m->version_column},
        {"method", &m->method},
        {"time", &m->time_column},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(fields[i].key, key) == 0) {
            return fields[i].text;
        }
    }
    return NULL;
}

static void add_text(char ***list, size_t *n, char *text)
{
    *list = ncm_resize(*list, *n + 1, sizeof **list);
    (*list)[(*n)++] = text;
}

static bool put_delimiter(struct ncm_config_reader *r, const char *path, const struct ncm_node *n)
{
    bool tab = strcmp(n->str, "tab") == 0;
    if (!tab && (strlen(n->str) != 1 || n->str[0] == '"' || (unsigned char)n->str[0] >= 0x80)) {
        return ncm_config_wrong_at(
            r, n, ncm_sprintf(_("'%s' wants one character, or the word tab"), path));
    }
    r->monitor->delimiter = tab ? '\t' : n->str[0];
    return true;
}

/* A reference to a file is kept absolute; what was written stays for people. */
static bool put_reference(struct ncm_config_reader *r, const struct ncm_node *n)
{
    struct ncm_monitor *m = r->monitor;
    struct ncm_err why;
    if (!ncm_monitor_set_reference(m, n->str, &why)) {
        return ncm_config_wrong_as(r, n, &why);
    }
    if (m->reference_kind == NCM_REFERENCE_FILE) {
        char *file = ncm_config_source(r, m->reference_value);
        ncm_free(m->reference_value);
        m->reference_value = file;
    }
    return true;
}

static bool put_text(struct ncm_config_reader *r, const char *path, const struct ncm_setting *row,
                     const struct ncm_node *n)
{
    struct ncm_monitor *m = r->monitor;
    struct ncm_err why;
    const char *key = ncm_config_leaf(row);
    if (!ncm_config_word(r, path, row, n)) {
        return false;
    }
    char **text = text_of(m, key);
    if (text != NULL) {
        ncm_free(*text);
        *text = strcmp(row->type, "rows") == 0 ? ncm_config_source(r, n->str) : ncm_strdup(n->str);
        return true;
    }
    if (strcmp(key, "*") == 0) { /* below "types" */
        add_text(&m->types, &m->n_types, ncm_sprintf("%s=%s", n->key, n->str));
        return true;
    }
    if (strcmp(key, "severity") == 0) {
        m->severity = ncm_severity_of(n->str, strlen(n->str));
        return true;
    }
    if (strcmp(key, "window") == 0) {
        return ncm_monitor_set_window(m, n->str, &why) || ncm_config_wrong_as(r, n, &why);
    }
    if (strcmp(key, "delimiter") == 0) {
        return put_delimiter(r, path, n);
    }
    /* The slide waits for its window. */
    return strcmp(key, "reference") == 0 ? put_reference(r, n) : true;
}

/* "0.25", "> 120", "learned", or a list of two numbers. */
static bool put_threshold(struct ncm_config_reader *r, const char *path, const struct ncm_node *n)
{
    struct ncm_err why;
    bool list = n->kind == NCM_NODE_LIST && n->n == 2;
    const struct ncm_node *a = list ? &n->items[0] : n, *b = list ? &n->items[1] : n;
    if (a->str == NULL || b->str == NULL || a->kind == NCM_NODE_NULL || b->kind == NCM_NODE_NULL) {
        return ncm_config_wrong_at(
            r, n, ncm_sprintf(_("'%s' wants a number, a text, or a list of two numbers"), path));
    }
    char *text = list ? ncm_sprintf("%s, %s", a->str, b->str) : ncm_strdup(a->str);
    bool ok = ncm_monitor_set_threshold(r->monitor, text, &why) || ncm_config_wrong_as(r, n, &why);
    ncm_free(text);
    return ok;
}

static bool put_names(struct ncm_config_reader *r, const char *path, const char *key,
                      const struct ncm_node *n)
{
    struct ncm_monitor *m = r->monitor;
    bool ignore = strcmp(key, "ignore") == 0;
    size_t count = n->kind == NCM_NODE_LIST ? n->n : 1;
    for (size_t i = 0; i < count; i++) {
        const struct ncm_node *item = n->kind == NCM_NODE_LIST ? &n->items[i] : n;
        if (item->str == NULL || item->str[0] == '\0' || item->kind == NCM_NODE_NULL ||
            count > LIST_MAX) {
            return ncm_config_wrong_at(r, item,
                                       ncm_sprintf(_("'%s' wants a list of columns"), path));
        }
        add_text(ignore ? &m->ignore : &m->columns, ignore ? &m->n_ignore : &m->n_columns,
                 ncm_strdup(item->str));
    }
    return true;
}

static bool put_number(struct ncm_config_reader *r, const char *path, const char *key,
                       const struct ncm_node *n)
{
    struct ncm_monitor *m = r->monitor;
    if (strcmp(key, "min-rows") == 0) {
        m->min_rows = n->i;
        return (n->kind == NCM_NODE_INT && n->i >= 0 && n->i <= ROWS_MAX) ||
               ncm_config_wrong_at(
                   r, n,
                   ncm_sprintf(_("'%s' wants a number from %d to %d"), path, 0, (int)ROWS_MAX));
    }
    /* Warning and critical wait for the threshold that they may stand beside. */
    return ((n->kind == NCM_NODE_INT || n->kind == NCM_NODE_NUM) && isfinite(n->num)) ||
           ncm_config_wrong_at(r, n, ncm_sprintf(_("'%s' wants a number"), path));
}

static bool put_duration(struct ncm_config_reader *r, const char *path, const char *key,
                         const struct ncm_node *n)
{
    struct ncm_monitor *m = r->monitor;
    bool lasting = strcmp(key, "for") == 0;
    int64_t least = lasting ? 0 : SECOND_MS, ms = -1;
    if (n->str == NULL || !ncm_parse_duration(n->str, &ms) || ms < least || ms > span_max_ms) {
        return ncm_config_wrong_at(
            r, n,
            ncm_sprintf(_("'%s' wants a length of time from %s to 366d, such as 30s, 5m or 2h"),
                        path, lasting ? "0s" : "1s"));
    }
    *(lasting ? &m->for_ms : strcmp(key, "every") == 0 ? &m->every_ms : &m->step_ms) = ms;
    return true;
}

/* "1%" or 0.01. */
static bool put_share(struct ncm_config_reader *r, const char *path, const struct ncm_node *n)
{
    double v = NAN;
    size_t len = n->str != NULL ? strlen(n->str) : 0;
    bool percent = len > 1 && n->str[len - 1] == '%';
    char *number = ncm_strndup(n->str != NULL ? n->str : "", percent ? len - 1 : len);
    bool ok = ncm_parse_double(number, &v);
    ncm_free(number);
    v = percent ? v / 100 : v;
    if (!ok || !(v >= 0 && v <= 1)) {
        return ncm_config_wrong_at(r, n,
                                   ncm_sprintf(_("'%s' wants a share such as 1%% or 0.01"), path));
    }
    r->monitor->bad_share = v > no_bad_row ? v : no_bad_row;
    return true;
}

static bool put_flag(struct ncm_config_reader *r, const char *path, const char *key,
                     const struct ncm_node *n)
{
    bool *flag = strcmp(key, "follow") == 0 ? &r->monitor->follow : &r->monitor->record;
    return ncm_config_truth(n, flag) ||
           ncm_config_wrong_at(r, n, ncm_sprintf(_("'%s' wants yes or no"), path));
}

bool ncm_config_put_monitor(struct ncm_config_reader *r, const char *path,
                            const struct ncm_setting *row, const struct ncm_node *n)
{
    const char *key = ncm_config_leaf(row);
    if (strcmp(key, "method") == 0) {
        r->monitor->line = n->line; /* whoever knows the methods says where an unknown one stands */
        r->monitor->column = n->column;
    }
    return strcmp(key, "threshold") == 0        ? put_threshold(r, path, n)
           : strcmp(row->type, "number") == 0   ? put_number(r, path, key, n)
           : strcmp(row->type, "duration") == 0 ? put_duration(r, path, key, n)
           : strcmp(row->type, "share") == 0    ? put_share(r, path, n)
           : strcmp(row->type, "names") == 0    ? put_names(r, path, key, n)
           : strcmp(row->type, "yes/no") == 0   ? put_flag(r, path, key, n)
                                                : put_text(r, path, row, n);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static const struct {
    const char *key;
    enum ncm_monitor_kind kind;
} watched[] = {
    {"current", NCM_MONITOR_ROWS},        {"query", NCM_MONITOR_QUERY},
    {"histogram", NCM_MONITOR_HISTOGRAM}, {"metric", NCM_MONITOR_METRIC},
    {"evidently", NCM_MONITOR_EVIDENTLY},
};
enum { N_WATCHED = sizeof watched / sizeof *watched };

bool ncm_config_begin_monitor(struct ncm_config_reader *r, const struct ncm_node *n)
{
    struct ncm_watch_plan *p = &ncm_config_last(r)->watch;
    if (p->n_monitors == MONITORS_MAX) {
        return ncm_config_wrong_at(
            r, n, ncm_sprintf(_("a context holds at most %d monitors"), (int)MONITORS_MAX));
    }
    p->monitors = ncm_resize(p->monitors, p->n_monitors + 1, sizeof *p->monitors);
    r->monitor = &p->monitors[p->n_monitors++];
    ncm_monitor_init(r->monitor);
    r->monitor->model = ncm_strdup(r->model);
    r->monitor->line = n->line;
    r->monitor->column = n->column;
    return true;
}

static bool both(struct ncm_config_reader *r, const struct ncm_node *at, const char *a,
                 const char *b)
{
    return ncm_config_wrong_at(
        r, at, ncm_sprintf(_("'%s' and '%s' are both there: one of them is enough"), a, b));
}

static bool check_name(struct ncm_config_reader *r, const struct ncm_node *n)
{
    const struct ncm_watch_plan *p = &ncm_config_last(r)->watch;
    const struct ncm_monitor *m = r->monitor;
    const struct ncm_node *at = ncm_config_key_of(n, "name");
    if (m->name == NULL) {
        return ncm_config_wrong_at(r, n, ncm_strdup(_("'name' is missing here")));
    }
    if (strlen(m->name) > NAME_MAX_LEN || strpbrk(m->name, "/;\n") != NULL) {
        return ncm_config_wrong_at(
            r, at,
            ncm_sprintf(_("the name of a monitor has at most %d bytes and neither '/' nor ';'"),
                        (int)NAME_MAX_LEN));
    }
    for (size_t i = 0; i + 1 < p->n_monitors; i++) {
        if (strcmp(p->monitors[i].model, m->model) == 0 &&
            strcmp(p->monitors[i].name, m->name) == 0) {
            return ncm_config_wrong_at(
                r, at,
                ncm_sprintf(_("the model '%s' has a monitor '%s' already"), m->model, m->name));
        }
    }
    return true;
}

static size_t watched_by(const char *key)
{
    size_t i = 0;
    while (i < N_WATCHED && strcmp(watched[i].key, key) != 0) {
        i++;
    }
    return i;
}

/* Exactly one thing is watched. */
static bool check_kind(struct ncm_config_reader *r, const struct ncm_node *n)
{
    const char *found = NULL;
    for (size_t k = 0; n->kind == NCM_NODE_MAP && k < n->n; k++) {
        const struct ncm_node *at = &n->items[k];
        size_t i = watched_by(at->key);
        if (i < N_WATCHED && found != NULL) {
            return both(r, at, found, at->key);
        }
        if (i < N_WATCHED) {
            found = at->key;
            r->monitor->kind = watched[i].kind;
        }
    }
    return found != NULL ||
           ncm_config_wrong_at(r, n,
                               ncm_strdup(_("a monitor wants one of 'current', 'query', "
                                            "'histogram', 'metric' and 'evidently'")));
}

/* Keys that say nothing of some kinds: they would be ignored without a word. */
static bool check_keys(struct ncm_config_reader *r, const struct ncm_node *n)
{
    enum {
        ROWS = 1 << NCM_MONITOR_ROWS,
        QUERY = 1 << NCM_MONITOR_QUERY,
        HISTOGRAM = 1 << NCM_MONITOR_HISTOGRAM,
        EVIDENTLY = 1 << NCM_MONITOR_EVIDENTLY,
    };
    static const struct {
        const char *key;
        int kinds;
    } keys[] = {
        {"reference", ROWS | HISTOGRAM},
        {"method", ROWS | HISTOGRAM},
        {"min-rows", ROWS | HISTOGRAM},
        {"step", QUERY | HISTOGRAM},
        {"columns", ROWS | EVIDENTLY},
        {"ignore", ROWS | EVIDENTLY},
        {"follow", ROWS},
        {"types", ROWS},
        {"time", ROWS},
        {"version", ROWS},
        {"delimiter", ROWS},
        {"bad-rows", ROWS},
    };
    int kind = 1 << r->monitor->kind;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct ncm_node *at = ncm_node_get(n, keys[i].key);
        if (at != NULL && (keys[i].kinds & kind) == 0) {
            return ncm_config_wrong(r, at->key_line, at->key_column,
                                    ncm_sprintf(_("'%s' means nothing beside '%s'"), keys[i].key,
                                                watched[r->monitor->kind].key));
        }
    }
    return true;
}

static bool check_source(struct ncm_config_reader *r, const struct ncm_node *n)
{
    const struct ncm_monitor *m = r->monitor;
    const struct ncm_node *at = ncm_config_key_of(n, watched[m->kind].key);
    const char *slash = m->source != NULL ? strchr(m->source, '/') : NULL;
    size_t from, to;
    if (m->kind == NCM_MONITOR_METRIC &&
        (slash == NULL || slash == m->source || slash[1] == '\0')) {
        return ncm_config_wrong_at(r, at, ncm_strdup(_("a metric is written RUN_ID/KEY")));
    }
    if (m->kind == NCM_MONITOR_EVIDENTLY && ncm_uri_is_server(m->source) &&
        (!ncm_uri_has_host(m->source) || ncm_uri_user(m->source, &from, &to))) {
        return ncm_config_wrong_at(
            r, at, ncm_strdup(_("the address of a service is http(s)://HOST without a user")));
    }
    return true;
}

static bool check_reference(struct ncm_config_reader *r, const struct ncm_node *n)
{
    const struct ncm_monitor *m = r->monitor;
    const struct ncm_node *at = ncm_config_key_of(n, "reference");
    bool compares = m->kind == NCM_MONITOR_ROWS || m->kind == NCM_MONITOR_HISTOGRAM;
    bool of_time = m->reference_kind == NCM_REFERENCE_TRAILING ||
                   m->reference_kind == NCM_REFERENCE_WEEK ||
                   m->reference_kind == NCM_REFERENCE_FIRST;
    if (compares && m->reference_kind == NCM_REFERENCE_NONE) {
        return ncm_config_wrong_at(r, n, ncm_strdup(_("'reference' is missing here")));
    }
    if (m->kind == NCM_MONITOR_HISTOGRAM && !of_time) {
        return ncm_config_wrong_at(
            r, at, ncm_strdup(_("a histogram is compared with trailing TIME, last week or first")));
    }
    if (m->reference_kind == NCM_REFERENCE_VERSION && m->version_column == NULL) {
        return ncm_config_wrong_at(
            r, at, ncm_strdup(_("version:N wants 'version' beside it: the column that holds it")));
    }
    if (m->learned && !compares) {
        return ncm_config_wrong_at(
            r, ncm_config_key_of(n, "threshold"),
            ncm_strdup(_("'learned' wants a reference to learn from: name a number")));
    }
    return true;
}

static bool take_slide(struct ncm_config_reader *r, const struct ncm_node *n)
{
    struct ncm_monitor *m = r->monitor;
    const struct ncm_node *at = ncm_node_get(n, "slide");
    struct ncm_err why;
    char window[32];
    if (at == NULL) {
        return true;
    }
    if (m->slide_ms > 0 || m->slide_rows > 0) {
        return ncm_config_wrong_at(r, at, ncm_strdup(_("'window' names a slide already")));
    }
    const char *rows = strstr(at->str, " row");
    ncm_fmt_span(window, sizeof window, m->window_ms);
    char *text = m->window_rows > 0 ? ncm_sprintf("%lld/%s%s", (long long)m->window_rows, at->str,
                                                  rows != NULL ? "" : " rows")
                                    : ncm_sprintf("%s/%s", window, at->str);
    bool ok = ncm_monitor_set_window(m, text, &why) || ncm_config_wrong_as(r, at, &why);
    ncm_free(text);
    return ok;
}

/* "warning" and "critical" beside or instead of a threshold. */
static bool take_limits(struct ncm_config_reader *r, const struct ncm_node *n)
{
    struct ncm_monitor *m = r->monitor;
    const struct ncm_node *threshold = ncm_node_get(n, "threshold");
    const struct ncm_node *warning = ncm_node_get(n, "warning");
    const struct ncm_node *critical = ncm_node_get(n, "critical");
    if (threshold != NULL && critical != NULL) {
        return both(r, critical, "threshold", "critical");
    }
    if (warning != NULL && (m->learned || !isnan(m->warning))) {
        return both(r, warning, "threshold", "warning");
    }
    m->critical = critical != NULL ? critical->num : m->critical;
    m->warning = warning != NULL ? warning->num : m->warning;
    if (threshold == NULL && m->warning > m->critical) {
        m->side = NCM_BAD_BELOW;
    }
    if (warning != NULL &&
        (m->side == NCM_BAD_BELOW ? m->warning < m->critical : m->warning > m->critical)) {
        return ncm_config_wrong_at(r, warning,
                                   ncm_strdup(_("the warning comes before the critical value")));
    }
    return true;
}

bool ncm_config_end_monitor(struct ncm_config_reader *r, const struct ncm_node *n)
{
    struct ncm_monitor *m = r->monitor;
    if (!check_name(r, n) || !check_kind(r, n) || !check_keys(r, n) || !check_source(r, n) ||
        !check_reference(r, n) || !take_slide(r, n) || !take_limits(r, n)) {
        return false;
    }
    if (m->kind == NCM_MONITOR_QUERY && ncm_node_get(n, "window") == NULL) {
        m->window_ms = m->every_ms; /* each answer is a figure of its own */
    }
    return true;
}
