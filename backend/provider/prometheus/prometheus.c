/* One call of the API and what an answer of any kind means. */
#include "provider/prometheus/prometheus.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/prometheus/internal.h"

enum { FORM_MOST = 1 << 20, SCRAPE_MOST = 64 << 20 };

bool ncm_prom_open(const struct ncm_place *place, struct ncm_prom **out, struct ncm_err *err)
{
    struct ncm_prom *p = ncm_alloc(1, sizeof *p);
    p->ask.product = "Prometheus";
    p->date_ms = NCM_NO_TIME;
    if (!ncm_http_open(place->location, place->access, &p->ask.http, err)) {
        ncm_free(p);
        return false;
    }
    *out = p;
    return true;
}

void ncm_prom_close(struct ncm_prom *p)
{
    if (p != NULL) {
        ncm_http_close(p->ask.http);
        ncm_free(p);
    }
}

void ncm_prom_interrupt(struct ncm_prom *p)
{
    ncm_http_interrupt(p->ask.http);
}

void ncm_prom_ready(struct ncm_prom *p)
{
    ncm_http_ready(p->ask.http);
}

bool prom_odd(const char *what, struct ncm_err *err)
{
    /* TR: part of an answer, e.g. "a sample" */
    return ncm_fail(err, NCM_INVALID_DATA, _("the answer of Prometheus holds %s that is none"),
                    what);
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* The API's own error words; NCM_OK for one that says no more than the status. */
static enum ncm_code code_of(const char *word, const char *message)
{
    static const struct {
        const char *word;
        enum ncm_code code;
    } known[] = {
        {"bad_data", NCM_USAGE},       {"execution", NCM_REFUSED},
        {"timeout", NCM_TIMEOUT},      {"canceled", NCM_TIMEOUT},
        {"not_found", NCM_NOT_FOUND},  {"too_many_requests", NCM_RATE_LIMITED},
        {"internal", NCM_UNREACHABLE}, {"unavailable", NCM_UNREACHABLE},
    };
    /* 3.x calls a query that took too long an execution error. */
    if (strcmp(word, "execution") == 0 && strstr(message, "context deadline exceeded") != NULL) {
        return NCM_TIMEOUT;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].word, word) == 0) {
            return known[i].code;
        }
    }
    return NCM_OK;
}

static bool says_error(struct ncm_prom *p, const struct ncm_http_answer *a,
                       const struct ncm_node *root, struct ncm_err *err)
{
    static const char parameter[] = "invalid parameter \"query\": ";
    char message[300], word[64];
    ncm_ask_line(&p->ask, ncm_node_str(root, "error", ""), message, sizeof message);
    ncm_ask_line(&p->ask, ncm_node_str(root, "errorType", ""), word, sizeof word);
    enum ncm_code code = code_of(word, message);
    const char *says = message;
    if (strncmp(says, parameter, sizeof parameter - 1) == 0) {
        says += sizeof parameter - 1;
    }
    switch (code) {
    case NCM_USAGE:
        ncm_fail(err, code, _("Prometheus does not take the query: %s"), says);
        break;
    case NCM_REFUSED:
        ncm_fail(err, code, _("Prometheus cannot carry the query out: %s"), says);
        break;
    case NCM_TIMEOUT:
        ncm_fail(err, code, _("Prometheus took too long for the query: %s"), says);
        ncm_hint(err, "%s", _("ask for a shorter time or fewer series"));
        break;
    case NCM_NOT_FOUND:
    case NCM_UNREACHABLE:
        ncm_fail(err, code, _("%s says: %s"), ncm_http_base(p->ask.http),
                 message[0] != '\0' ? message : word);
        break;
    default:
        /* A gateway's own JSON: Grafana and others say {"message": …}. */
        if (message[0] == '\0') {
            ncm_ask_line(&p->ask, ncm_node_str(root, "message", ""), message, sizeof message);
        }
        if (a->status >= 200 && a->status <= 299) {
            return ncm_ask_no_json(&p->ask, a, err);
        }
        return ncm_ask_refused(&p->ask, a, message[0] != '\0' ? message : NULL, err);
    }
    err->retry_ms = a->retry_ms;
    return ncm_detail(err, "sent; HTTP %d %s", a->status, word);
}

bool prom_answer(struct ncm_prom *p, const struct ncm_http_answer *a, struct ncm_doc **doc,
                 struct ncm_err *err)
{
    struct ncm_err bad;
    *doc = NULL;
    p->date_ms = a->date_ms;
    p->took_ms = a->took_ms;
    bool good = a->status >= 200 && a->status <= 299;
    bool json = a->body.p[strspn(a->body.p, " \t\r\n")] == '{';
    if (!json) {
        return good ? ncm_ask_no_json(&p->ask, a, err) : ncm_ask_refused(&p->ask, a, NULL, err);
    }
    if (!ncm_json_parse(ncm_http_base(p->ask.http), a->body.p, a->body.len, doc, &bad)) {
        if (!good) {
            return ncm_ask_refused(&p->ask, a, NULL, err);
        }
        *err = bad;
        return false;
    }
    /* An error may come with a part of the data: half a picture is not shown as a whole one. */
    if (good && strcmp(ncm_node_str(ncm_doc_root(*doc), "status", ""), "success") == 0) {
        return true;
    }
    says_error(p, a, ncm_doc_root(*doc), err);
    ncm_doc_free(*doc);
    *doc = NULL;
    return false;
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* Some proxies let only GET through. */
static bool get_instead(struct ncm_prom *p, const struct ncm_http_request *rq, struct ncm_doc **doc,
                        struct ncm_err *err)
{
    struct ncm_http_answer a;
    struct ncm_http_request get = *rq;
    char *path = ncm_sprintf("%s?%s", rq->path, rq->body);
    get.method = NCM_HTTP_GET;
    get.path = path;
    get.body = get.type = NULL;
    get.body_len = 0;
    bool ok = ncm_http_do(p->ask.http, &get, &a, err) && prom_answer(p, &a, doc, err);
    ncm_http_answer_release(&a);
    ncm_free(path);
    return ok;
}

static bool call(struct ncm_prom *p, const struct ncm_http_request *rq, struct ncm_doc **doc,
                 struct ncm_err *err)
{
    struct ncm_http_answer a;
    *doc = NULL;
    bool ok = ncm_http_do(p->ask.http, rq, &a, err);
    bool get_only = ok && a.status == 405 && rq->method == NCM_HTTP_POST;
    ok = ok && !get_only && prom_answer(p, &a, doc, err);
    ncm_http_answer_release(&a);
    return get_only ? get_instead(p, rq, doc, err) : ok;
}

bool prom_get(struct ncm_prom *p, const char *path, const struct ncm_control *control,
              struct ncm_doc **doc, const struct ncm_node **data, struct ncm_err *err)
{
    struct ncm_http_request rq = ncm_ask_request(NCM_HTTP_GET, path, control);
    *doc = NULL;
    if (!ncm_ask_go_on(control, err) || !call(p, &rq, doc, err)) {
        return false;
    }
    *data = ncm_node_get(ncm_doc_root(*doc), "data");
    return true;
}

static void put(struct ncm_buf *form, const char *name, const char *value)
{
    ncm_buf_printf(form, "%s%s=", form->len > 0 ? "&" : "", name);
    ncm_http_encode(form, value);
}

/* Seconds with three decimals, as the API takes times and steps. */
static void put_ms(struct ncm_buf *form, const char *name, int64_t ms)
{
    char text[40];
    uint64_t off = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    snprintf(text, sizeof text, "%s%llu.%03u", ms < 0 ? "-" : "", (unsigned long long)(off / 1000),
             (unsigned)(off % 1000));
    put(form, name, text);
}

/* A form, because PromQL is full of what a query string must escape, and long. */
static bool post(struct ncm_prom *p, const char *path, struct ncm_buf *form,
                 const struct ncm_control *control, struct ncm_prom_answer *out,
                 struct ncm_err *err)
{
    struct ncm_doc *doc = NULL;
    struct ncm_http_request rq = ncm_ask_request(NCM_HTTP_POST, path, control);
    *out = (struct ncm_prom_answer){0};
    rq.body = form->p;
    rq.body_len = form->len;
    rq.type = "application/x-www-form-urlencoded";
    rq.asks = true;
    bool ok = !form->full || ncm_fail(err, NCM_TOO_LARGE, _("the query is too long"));
    ok = ok && ncm_ask_go_on(control, err) && call(p, &rq, &doc, err) && prom_decode(doc, out, err);
    ncm_doc_free(doc);
    ncm_buf_release(form);
    return ok;
}

int64_t ncm_prom_step(int64_t start_ms, int64_t end_ms, int64_t least_ms)
{
    int64_t span = ncm_ms_between(start_ms, end_ms);
    int64_t step = span > 0 ? (span - 1) / NCM_PROM_RESOLUTION + 1 : 1;
    return step > least_ms ? step : least_ms;
}

bool ncm_prom_range(struct ncm_prom *p, const char *query, int64_t start_ms, int64_t end_ms,
                    int64_t step_ms, const struct ncm_control *control, struct ncm_prom_answer *out,
                    struct ncm_err *err)
{
    struct ncm_buf form;
    int64_t step = ncm_prom_step(start_ms, end_ms, step_ms);
    ncm_buf_init(&form, FORM_MOST);
    put(&form, "query", query);
    put_ms(&form, "start", start_ms);
    put_ms(&form, "end", end_ms);
    put_ms(&form, "step", step);
    bool ok = post(p, "/api/v1/query_range", &form, control, out, err);
    out->step_ms = step;
    return ok;
}

bool ncm_prom_instant(struct ncm_prom *p, const char *query, int64_t at_ms,
                      const struct ncm_control *control, struct ncm_prom_answer *out,
                      struct ncm_err *err)
{
    struct ncm_buf form;
    ncm_buf_init(&form, FORM_MOST);
    put(&form, "query", query);
    if (at_ms != NCM_NO_TIME) {
        put_ms(&form, "time", at_ms);
    }
    return post(p, "/api/v1/query", &form, control, out, err);
}

/* ---- rules, alerts, targets ------------------------------------------------------------------ */

bool ncm_prom_rules(struct ncm_prom *p, const struct ncm_control *control,
                    struct ncm_prom_rules *out, struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *data;
    *out = (struct ncm_prom_rules){.arena = ncm_arena_new()};
    bool ok = prom_get(p, "/api/v1/rules", control, &doc, &data, err) &&
              prom_decode_rules(data, out, err);
    ncm_doc_free(doc);
    if (!ok) {
        ncm_prom_rules_release(out);
    }
    return ok;
}

bool ncm_prom_alerts(struct ncm_prom *p, const struct ncm_control *control,
                     struct ncm_prom_alerts *out, struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *data;
    *out = (struct ncm_prom_alerts){.arena = ncm_arena_new()};
    bool ok = prom_get(p, "/api/v1/alerts", control, &doc, &data, err) &&
              prom_decode_alerts(data, out, err);
    ncm_doc_free(doc);
    if (!ok) {
        ncm_prom_alerts_release(out);
    }
    return ok;
}

bool ncm_prom_targets(struct ncm_prom *p, const struct ncm_control *control,
                      struct ncm_prom_targets *out, struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *data;
    *out = (struct ncm_prom_targets){.arena = ncm_arena_new()};
    bool ok = prom_get(p, "/api/v1/targets?state=active", control, &doc, &data, err) &&
              prom_decode_targets(data, out, err);
    ncm_doc_free(doc);
    if (!ok) {
        ncm_prom_targets_release(out);
    }
    return ok;
}

bool ncm_prom_version(struct ncm_prom *p, const struct ncm_control *control, char out[64],
                      struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *data;
    bool ok = prom_get(p, "/api/v1/status/buildinfo", control, &doc, &data, err);
    if (ok) {
        ncm_ask_line(&p->ask, ncm_node_str(data, "version", ""), out, 64);
    }
    ncm_doc_free(doc);
    return ok;
}

bool ncm_prom_scrape(struct ncm_prom *p, const char *path, const struct ncm_control *control,
                     struct ncm_metrics *out, struct ncm_err *err)
{
    struct ncm_http_answer a;
    struct ncm_http_request rq = ncm_ask_request(NCM_HTTP_GET, path, control);
    *out = (struct ncm_metrics){0};
    rq.accept = "text/plain;version=0.0.4";
    rq.most = SCRAPE_MOST;
    if (!ncm_ask_go_on(control, err)) {
        return false;
    }
    bool ok = ncm_http_do(p->ask.http, &rq, &a, err);
    if (ok && (a.status < 200 || a.status > 299)) {
        ok = ncm_ask_refused(&p->ask, &a, NULL, err);
    } else if (ok && strcmp(a.type, "text/html") == 0) {
        ok = ncm_ask_no_json(&p->ask, &a, err);
    } else if (ok) {
        ok = ncm_metrics_parse(ncm_http_base(p->ask.http), a.body.p, a.body.len, out, err);
    }
    ncm_http_answer_release(&a);
    return ok;
}
