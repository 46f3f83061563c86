/* One call of the API and what an answer of any kind means. */
#include <string.h>

#include "base/i18n.h"
#include "provider/alertmanager/internal.h"

/* The message of an error in any of its forms; NULL where there is none. */
static const char *message_of(const struct ncm_node *root)
{
    if (root->kind == NCM_NODE_STR) {
        return root->str;
    }
    const char *message = ncm_node_str(root, "message", NULL);
    return message != NULL ? message : ncm_node_str(root, "error", NULL);
}

static bool says_error(struct ncm_conn *c, const struct ncm_http_answer *a, const char *message,
                       struct ncm_err *err)
{
    char line[300] = "";
    ncm_ask_line(&c->ask, message != NULL ? message : "", line, sizeof line);
    switch (a->status) {
    case 400:
    case 422:
        ncm_fail(err, NCM_REFUSED, _("Alertmanager does not take it: %s"),
                 line[0] != '\0' ? line : _("it does not say why"));
        break;
    case 404:
        ncm_fail(err, NCM_NOT_FOUND, _("Alertmanager does not know it%s%s"),
                 line[0] != '\0' ? ": " : "", line);
        break;
    case 410:
        ncm_fail(err, NCM_UNSUPPORTED, _("%s does not offer this any more: %s"),
                 ncm_http_base(c->ask.http), line);
        break;
    default:
        ncm_ask_refused(&c->ask, a, message, err);
        return a->status >= 500 ? ncm_detail(err, "sent; HTTP %d %s", a->status, line) : false;
    }
    err->retry_ms = a->retry_ms;
    return ncm_detail(err, "sent; HTTP %d", a->status);
}

bool am_answer(struct ncm_conn *c, const struct ncm_http_answer *a, struct ncm_doc **doc,
               struct ncm_err *err)
{
    struct ncm_err bad;
    *doc = NULL;
    bool good = a->status >= 200 && a->status <= 299;
    bool empty = a->body.p[strspn(a->body.p, " \t\r\n")] == '\0';
    if (empty) {
        return good || says_error(c, a, NULL, err);
    }
    if (!ncm_ask_is_json(a)) {
        return good ? ncm_ask_no_json(&c->ask, a, err) : ncm_ask_refused(&c->ask, a, NULL, err);
    }
    if (!ncm_json_parse(ncm_http_base(c->ask.http), a->body.p, a->body.len, doc, &bad)) {
        if (!good) {
            return ncm_ask_refused(&c->ask, a, NULL, err);
        }
        *err = bad;
        return false;
    }
    if (good) {
        return true;
    }
    says_error(c, a, message_of(ncm_doc_root(*doc)), err);
    ncm_doc_free(*doc);
    *doc = NULL;
    return false;
}

bool am_call(struct ncm_conn *c, enum ncm_http_method method, const char *path, const char *body,
             const struct ncm_control *control, struct ncm_doc **doc, struct ncm_err *err)
{
    struct ncm_http_answer a;
    *doc = NULL;
    if (!ncm_ask_go_on(control, err)) {
        return false;
    }
    char *url = ncm_sprintf("%s%s", AM_API, path);
    struct ncm_http_request rq = ncm_ask_request(method, url, control);
    rq.body = body;
    rq.body_len = body != NULL ? strlen(body) : 0;
    bool ok = ncm_http_do(c->ask.http, &rq, &a, err) && am_answer(c, &a, doc, err);
    ncm_http_answer_release(&a);
    ncm_free(url);
    return ok;
}
