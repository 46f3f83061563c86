/* One call of the API: what is asked, what an answer of any kind means, what is kept of it. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_rest/internal.h"

enum {
    MESSAGE_MOST = 200, /* bytes of a server's message that are passed on */
    LINE_MOST = 4000,   /* … and of its line that are looked at */
    DAY_MS = 86400000,
    KEPT_MOST = 4 * 1024 * 1024, /* of an answer that is kept for the next start */
};

struct ncm_http_request rest_request(enum ncm_http_method method, const char *path,
                                     const char *body, const struct ncm_control *control,
                                     char **url)
{
    *url = ncm_sprintf("%s%s", REST_API, path);
    return (struct ncm_http_request){
        .method = method,
        .path = *url,
        .body = body,
        .body_len = body != NULL ? strlen(body) : 0,
        .cancel = control != NULL ? control->cancel : NULL,
        .deadline_mono_ms = control != NULL ? control->deadline_mono_ms : 0,
    };
}

static bool is_any(const char *word, const char *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        if (strcmp(word, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The first line that says something, cut: database errors hold whole statements. */
static void first_line(const struct ncm_conn *c, const char *message, char *out, size_t outsz)
{
    message += strspn(message, " \t\r\n");
    size_t n = strcspn(message, "\r\n");
    char *line = ncm_strndup(message, n < LINE_MOST ? n : LINE_MOST);
    ncm_http_hide(c->http, line);
    n = strlen(line);
    if (n >= outsz) {
        n = outsz - 1;
        while (n > 0 && ((unsigned char)line[n] & 0xC0) == 0x80) {
            n--;
        }
    }
    memcpy(out, line, n);
    out[n] = '\0';
    ncm_free(line);
}

/* The API's own error words; NCM_OK for one that says no more than the status. */
static enum ncm_code code_of(const char *word)
{
    static const char *const refused[] = {
        "INVALID_PARAMETER_VALUE", "RESOURCE_ALREADY_EXISTS", "BAD_REQUEST",
        "INVALID_STATE",           "FEATURE_DISABLED",        NULL};
    static const char *const rate[] = {"REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED", NULL};
    static const char *const conflict[] = {"ABORTED", "RESOURCE_CONFLICT", NULL};
    if (is_any(word, refused)) {
        return NCM_REFUSED;
    }
    if (is_any(word, rate)) {
        return NCM_RATE_LIMITED;
    }
    if (is_any(word, conflict)) {
        return NCM_CONFLICT;
    }
    if (strcmp(word, "RESOURCE_DOES_NOT_EXIST") == 0) {
        return NCM_NOT_FOUND;
    }
    if (strcmp(word, "PERMISSION_DENIED") == 0) {
        return NCM_FORBIDDEN;
    }
    if (strcmp(word, "UNAUTHENTICATED") == 0) {
        return NCM_UNAUTHENTICATED;
    }
    if (strcmp(word, "TEMPORARILY_UNAVAILABLE") == 0) {
        return NCM_BUSY;
    }
    return strcmp(word, "ENDPOINT_NOT_FOUND") == 0 || strcmp(word, "NOT_IMPLEMENTED") == 0
               ? NCM_UNSUPPORTED
               : NCM_OK;
}

static bool lacks(const struct ncm_conn *c, const char *path, struct ncm_err *err)
{
    ncm_fail(err, NCM_UNSUPPORTED, _("the server at %s does not know %s%.*s"), c->location,
             REST_API, (int)strcspn(path, "?"), path);
    return ncm_hint(err, "%s",
                    _("an older MLflow, or no MLflow at this address; does it have a path "
                      "(--static-prefix) that is missing?"));
}

/* What a server refuses with its Host check (MLflow 3.5 and later). */
static bool host_refused(const struct ncm_http_answer *a, struct ncm_err *err)
{
    if (a->status != 403 || strstr(a->body.p, "Invalid Host header") == NULL) {
        return false;
    }
    ncm_fail(err, NCM_FORBIDDEN, _("the server does not accept being called by this host name"));
    ncm_hint(err, "%s",
             _("its operator adds the name with --allowed-hosts; a tunnel to localhost works "
               "without"));
    return true;
}

static bool says_error(struct ncm_conn *c, const struct ncm_http_answer *a,
                       const struct ncm_node *root, const char *path, struct ncm_err *err)
{
    char message[MESSAGE_MOST], word[64];
    first_line(c, ncm_node_str(root, "error_code", ""), word, sizeof word);
    first_line(c, ncm_node_str(root, "message", ""), message, sizeof message);
    if (message[0] == '\0') {
        memcpy(message, word, sizeof word);
    }
    enum ncm_code code = code_of(word);
    /* Not MLflow's own 404: a web framework's. */
    bool foreign = word[0] == '\0' && (a->status == 404 || a->status == 405);
    if (code == NCM_UNSUPPORTED || foreign) {
        return lacks(c, path, err);
    }
    if (code == NCM_OK || code == NCM_RATE_LIMITED || code == NCM_UNAUTHENTICATED) {
        ncm_http_refused(c->http, a, message, err);
        return a->status >= 500 ? ncm_detail(err, "sent; %s", word) : false;
    }
    ncm_fail(err, code, "%s", message);
    err->retry_ms = a->retry_ms;
    return ncm_detail(err, "sent; %s", word);
}

/* What a good status brought in place of a JSON object. */
static bool no_object(struct ncm_conn *c, const struct ncm_http_answer *a, struct ncm_err *err)
{
    bool json = strcmp(a->type, "application/json") == 0;
    char begins[24];
    first_line(c, a->body.p, begins, sizeof begins);
    if (begins[0] == '\0') {
        ncm_fail(err, NCM_INVALID_DATA, _("%s answers %s with nothing at all"), c->location,
                 REST_API);
    } else if (json) {
        ncm_fail(err, NCM_INVALID_DATA, _("%s answers %s with JSON that is no object: %s"),
                 c->location, REST_API, begins);
    } else {
        ncm_fail(err, NCM_INVALID_DATA, _("%s answers %s with %s instead of JSON"), c->location,
                 REST_API, a->type[0] != '\0' ? a->type : "text");
    }
    return ncm_hint(err, "%s",
                    _("is a login page or a proxy's page in between? Is this an MLflow server's "
                      "address?"));
}

static bool no_json(struct ncm_conn *c, const struct ncm_http_answer *a, const char *path,
                    struct ncm_err *err)
{
    if (host_refused(a, err)) {
        return false;
    }
    if (a->status == 404 || a->status == 405 || a->status == 501) {
        return lacks(c, path, err);
    }
    if (a->status < 200 || a->status > 299) {
        char says[MESSAGE_MOST] = "";
        bool text = strcmp(a->type, "text/plain") == 0;
        first_line(c, text ? a->body.p : "", says, sizeof says);
        ncm_http_refused(c->http, a, says[0] != '\0' ? says : NULL, err);
        if (a->status == 500 && c->token) { /* MLflow 3 with basic-auth */
            ncm_hint(err, "%s",
                     _("a server that wants user and password may fail like this when it gets a "
                       "token; else its log says why"));
        }
        return a->status >= 500 ? ncm_detail(err, "sent; HTTP %d", a->status) : false;
    }
    return no_object(c, a, err);
}

bool rest_answer(struct ncm_conn *c, const struct ncm_http_answer *a, const char *path,
                 struct ncm_doc **doc, struct ncm_err *err)
{
    struct ncm_err bad;
    *doc = NULL;
    if (a->date_ms != NCM_NO_TIME) {
        c->clock_ms = ncm_ms_between(ncm_now_ms(), a->date_ms);
    }
    /* The label a server puts on its answer is no proof: the first byte decides. */
    size_t blank = strspn(a->body.p, " \t\r\n");
    if (a->body.p[blank] != '{') {
        return no_json(c, a, path, err);
    }
    if (!ncm_json_parse(c->location, a->body.p, a->body.len, doc, &bad)) {
        if (a->status < 200 || a->status > 299) {
            return no_json(c, a, path, err);
        }
        *err = bad;
        return false;
    }
    const struct ncm_node *root = ncm_doc_root(*doc);
    /* A gateway may put a good status on the server's error: that is no empty list. */
    bool fine = a->status >= 200 && a->status <= 299 && root->kind == NCM_NODE_MAP &&
                ncm_node_str(root, "error_code", "")[0] == '\0';
    if (!fine) {
        says_error(c, a, root, path, err);
        ncm_doc_free(*doc);
        *doc = NULL;
    }
    return fine;
}

int64_t rest_far_ahead(const struct ncm_conn *c)
{
    return ncm_now_ms() + c->clock_ms + DAY_MS;
}

/* asks: it changes nothing, so that it may go over a kept connection that turns out dead. */
static bool call(struct ncm_conn *c, enum ncm_http_method method, const char *path,
                 const char *body, bool asks, const struct ncm_control *control,
                 struct ncm_doc **doc, struct ncm_err *err)
{
    struct ncm_http_answer a;
    char *url;
    *doc = NULL;
    if (!ncm_ask_go_on(control, err)) {
        return false;
    }
    struct ncm_http_request rq = rest_request(method, path, body, control, &url);
    rq.asks = asks;
    bool ok = ncm_http_do(c->http, &rq, &a, err) && rest_answer(c, &a, path, doc, err);
    ncm_http_answer_release(&a);
    ncm_free(url);
    return ok;
}

bool rest_call(struct ncm_conn *c, enum ncm_http_method method, const char *path, const char *body,
               const struct ncm_control *control, struct ncm_doc **doc, struct ncm_err *err)
{
    return call(c, method, path, body, false, control, doc, err);
}

bool rest_ask(struct ncm_conn *c, enum ncm_http_method method, const char *path, const char *body,
              const struct ncm_control *control, struct ncm_doc **doc, struct ncm_err *err)
{
    return call(c, method, path, body, true, control, doc, err);
}

static char *cache_key(const struct ncm_conn *c, const char *path, const char *body)
{
    return ncm_sprintf("%s\n%s\n%s\n%s", c->cache_user, c->location, path,
                       body != NULL ? body : "");
}

/* From the cache, with the time it was read. */
static bool replay(struct ncm_conn *c, const char *key, struct ncm_doc **doc, struct ncm_err *err)
{
    struct ncm_buf text;
    int64_t taken;
    ncm_buf_init(&text, KEPT_MOST + 1);
    bool ok = ncm_cache_get(c->cache, key, &text, &taken) &&
              ncm_json_parse(c->location, text.p, text.len, doc, err) &&
              ncm_doc_root(*doc)->kind == NCM_NODE_MAP;
    ncm_buf_release(&text);
    if (!ok) {
        ncm_doc_free(*doc);
        *doc = NULL;
        return ncm_fail(err, NCM_NOT_FOUND, _("Nothing was kept of this."));
    }
    if (c->replayed_ms == 0 || taken < c->replayed_ms) {
        c->replayed_ms = taken;
    }
    return true;
}

bool rest_read(struct ncm_conn *c, enum ncm_http_method method, const char *path, const char *body,
               const struct ncm_control *control, struct ncm_doc **doc, struct ncm_err *err)
{
    struct ncm_http_answer a;
    char *url;
    *doc = NULL;
    if (c->cache == NULL && !c->replay) {
        return rest_ask(c, method, path, body, control, doc, err);
    }
    char *key = cache_key(c, path, body);
    if (c->replay) {
        bool kept = c->cache != NULL ? replay(c, key, doc, err)
                                     : ncm_fail(err, NCM_NOT_FOUND, _("Nothing was kept of this."));
        ncm_free(key);
        return kept;
    }
    struct ncm_http_request rq = rest_request(method, path, body, control, &url);
    rq.asks = true;
    bool ok = ncm_ask_go_on(control, err);
    if (ok) {
        ok = ncm_http_do(c->http, &rq, &a, err) && rest_answer(c, &a, path, doc, err);
        if (ok && a.body.len <= KEPT_MOST) {
            ncm_cache_put(c->cache, key, a.body.p, a.body.len, ncm_now_ms());
        }
        ncm_http_answer_release(&a);
    }
    ncm_free(url);
    ncm_free(key);
    return ok;
}

/* ---- what the server can do ------------------------------------------------------------------ */

enum { ASK_VERSION, ASK_STAGES, ASK_ALIASES, ASK_REGISTRY, ASK_LOGGED, N_ASKED };

/* None of them changes a thing: what only takes POST is asked with GET, and 405 says that it is
 * there. */
static const char *const asked[N_ASKED] = {
    [ASK_VERSION] = "/version",
    [ASK_STAGES] = REST_API "/model-versions/transition-stage",
    [ASK_ALIASES] = REST_API "/registered-models/alias?name=ncmlops&alias=ncmlops",
    [ASK_REGISTRY] = REST_API "/registered-models/search?max_results=1",
    [ASK_LOGGED] = REST_API "/logged-models/search",
};

static void take_version(struct rest_facts *facts, const char *text)
{
    size_t n = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz.+-");
    if (n == 0 || n >= sizeof facts->version || text[0] < '0' || text[0] > '9') {
        return;
    }
    memcpy(facts->version, text, n);
    facts->version[n] = '\0';
    if (sscanf(facts->version, "%d.%d", &facts->major, &facts->minor) != 2) {
        facts->major = facts->minor = 0;
    }
}

static bool is_json(const struct ncm_http_answer *a)
{
    return a->body.p[strspn(a->body.p, " \t\r\n")] == '{';
}

/* A page of something else that stands in for the server says nothing about what it can do. */
static bool is_other_page(const struct ncm_http_answer *a)
{
    return a->status / 100 == 3 || (a->status / 100 == 2 && !is_json(a));
}

static void take_facts(struct rest_facts *facts, const struct ncm_http_answer *a)
{
    if (a[ASK_VERSION].status == 200) {
        take_version(facts, a[ASK_VERSION].body.p);
    }
    facts->has_stages = a[ASK_STAGES].status == 405 || is_json(&a[ASK_STAGES]);
    /* Who may not read that model gets a 403 in plain text. */
    bool young = facts->major > 2 || (facts->major == 2 && facts->minor >= 3);
    facts->has_aliases = is_json(&a[ASK_ALIASES]) || (a[ASK_ALIASES].status == 403 && young);
    facts->has_registry = a[ASK_REGISTRY].status == 200 && is_json(&a[ASK_REGISTRY]);
    facts->has_logged_models = a[ASK_LOGGED].status == 405 || is_json(&a[ASK_LOGGED]);
}

bool rest_is_mlflow(struct ncm_conn *c, const struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_doc *doc;
    if (!c->is_mlflow) {
        c->is_mlflow = rest_ask(c, NCM_HTTP_POST, "/experiments/search", "{\"max_results\":1}",
                                control, &doc, err);
        ncm_doc_free(doc);
    }
    return c->is_mlflow;
}

bool rest_learn(struct ncm_conn *c, const struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_http_request rqs[N_ASKED];
    struct ncm_http_answer answers[N_ASKED];
    struct ncm_err errs[N_ASKED];
    bool ok[N_ASKED], all = true;
    if (c->facts_known) {
        return true;
    }
    for (int i = 0; i < N_ASKED; i++) {
        rqs[i] = (struct ncm_http_request){
            .path = asked[i],
            .most = 64 * 1024,
            .cut = true,
            .cancel = control != NULL ? control->cancel : NULL,
            .deadline_mono_ms = control != NULL ? control->deadline_mono_ms : 0,
        };
    }
    ncm_http_all(c->http, rqs, N_ASKED, answers, ok, errs);
    for (int i = 0; all && i < N_ASKED; i++) {
        if (!ok[i]) {
            *err = errs[i];
            all = false;
        } else if (answers[i].status == 401 || answers[i].status == 429 ||
                   (answers[i].status == 403 && i == ASK_VERSION) ||
                   (i == ASK_REGISTRY && is_other_page(&answers[i])) ||
                   (answers[i].status >= 500 && !is_json(&answers[i]))) {
            struct ncm_doc *doc;
            all = rest_answer(c, &answers[i], asked[i], &doc, err);
        }
    }
    if (all) {
        take_facts(&c->facts, answers);
        /* Anything that speaks HTTP lacks things; only a tracking server has experiments. */
        all = (c->facts.has_registry && c->facts.version[0] != '\0') ||
              rest_is_mlflow(c, control, err);
        c->facts_known = all;
    }
    for (int i = 0; i < N_ASKED; i++) {
        ncm_http_answer_release(&answers[i]);
    }
    return all;
}
