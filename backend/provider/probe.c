/* One probe: what is asked of any server, and what its answers come to. */
#include "provider/probe.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "base/text.h"
#include "provider/probe_inside.h"

enum {
    SAYS_MOST = 200,  /* bytes of a server's own words */
    TEST_MOST = 4096, /* … of the answer to the saved request */
    ANSWERED_MOST = 400, /* … of the versions that are named, however many it lists */
};

static const char *const words[NCM_N_PROTOCOLS] = {"auto",       "mlflow",    "oip",     "kserve",
                                                   "torchserve", "tfserving", "bentoml", "generic"};

const char *ncm_protocol_word(enum ncm_protocol p)
{
    return words[p];
}

bool ncm_protocol_of(const char *word, enum ncm_protocol *out)
{
    for (int i = 0; i < NCM_N_PROTOCOLS; i++) {
        if (strcmp(word, words[i]) == 0) {
            *out = (enum ncm_protocol)i;
            return true;
        }
    }
    return false;
}

/* ---- asking ---------------------------------------------------------------------------------- */

void ncm_probing_reason(struct ncm_probing *p, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    if (p->out->reason.p != NULL) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    p->out->reason = ncm_arena_cstr(p->arena, text);
}

bool ncm_probing_try(struct ncm_probing *p, int side, enum ncm_http_method method, const char *path,
                     const char *body, struct ncm_http_answer *out)
{
    struct ncm_err ignored;
    return p->via->ask(p->via->to, side, method, path, body, NCM_PROBE_PATIENCE_MS, out, &ignored);
}

bool ncm_probing_ask(struct ncm_probing *p, int side, enum ncm_http_method method, const char *path,
                     const char *body, struct ncm_http_answer *out)
{
    struct ncm_err err = {0};
    if (p->via->ask(p->via->to, side, method, path, body, NCM_PROBE_PATIENCE_MS, out, &err)) {
        return true;
    }
    p->ended = true;
    if (err.code == NCM_CANCELLED) {
        return false;
    }
    if (side == NCM_PROBE_SIDE_OWN && err.code != NCM_UNAUTHENTICATED &&
        err.code != NCM_FORBIDDEN && err.code != NCM_TOO_LARGE) {
        p->out->alive = p->out->ready = p->out->model_ready = 0;
    }
    if (err.code == NCM_TIMEOUT) {
        ncm_probing_reason(p, _("no answer to %s within %d s: it hangs or is overloaded"), path,
                           NCM_PROBE_PATIENCE_MS / 1000);
    } else {
        ncm_probing_reason(p, "%s", err.what);
    }
    return false;
}

bool ncm_probing_good(const struct ncm_http_answer *a)
{
    return a->status >= 200 && a->status <= 299;
}

struct ncm_doc *ncm_probing_json(const struct ncm_http_answer *a)
{
    struct ncm_doc *doc = NULL;
    struct ncm_err ignored;
    const char *begin = a->body.p + strspn(a->body.p, " \t\r\n");
    if (*begin != '{' && *begin != '[') {
        return NULL;
    }
    return ncm_json_parse("answer", a->body.p, a->body.len, &doc, &ignored) ? doc : NULL;
}

/* The first line of text, at most SAYS_MOST bytes of whole characters. */
static const char *first_line(struct ncm_arena *a, const char *text)
{
    text += strspn(text, " \t\r\n");
    size_t n = strcspn(text, "\r\n");
    if (n > SAYS_MOST) {
        n = SAYS_MOST;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) {
            n--;
        }
    }
    return ncm_arena_str(a, text, n).p;
}

const char *ncm_probing_says(struct ncm_probing *p, const struct ncm_http_answer *a)
{
    static const char *const keys[] = {"error", "message", "detail", "error_msg", "reason"};
    struct ncm_doc *doc = ncm_probing_json(a);
    const char *says = NULL;
    for (size_t i = 0; doc != NULL && says == NULL && i < sizeof keys / sizeof *keys; i++) {
        says = ncm_node_str(ncm_doc_root(doc), keys[i], NULL);
    }
    if (doc == NULL && strcmp(a->type, "text/html") != 0) {
        says = a->body.p;
    }
    says = first_line(p->arena, says != NULL ? says : "");
    ncm_doc_free(doc);
    return says;
}

void ncm_probing_answers(struct ncm_probing *p, const char *path, const struct ncm_http_answer *a)
{
    const char *says = ncm_probing_says(p, a);
    if (a->status == 401 || a->status == 403) {
        ncm_probing_reason(p, _("%s asks for a login (%d)"), path, a->status);
    } else if (a->status >= 300 && a->status <= 399) {
        ncm_probing_reason(p, _("%s sends elsewhere (%d): is it a login page?"), path, a->status);
    } else {
        ncm_probing_reason(p, says[0] != '\0' ? _("%s answers %d: %s") : _("%s answers %d%s"), path,
                           a->status, says);
    }
}

const char *ncm_probing_path(struct ncm_probing *p, const char *before, const char *name,
                             const char *after)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 1 << 16);
    ncm_buf_puts(&b, before);
    ncm_http_encode(&b, name);
    ncm_buf_puts(&b, after);
    const char *path = ncm_arena_str(p->arena, b.p, b.len).p;
    ncm_buf_release(&b);
    return path;
}

/* ---- judging --------------------------------------------------------------------------------- */

int ncm_probing_yes(struct ncm_probing *p, const struct ncm_http_answer *a, const char *member)
{
    (void)p;
    int yes = ncm_probing_good(a)                    ? 1
              : a->status == 401 || a->status == 403 ? -1
              : a->status == 405 || a->status == 429 ? -1
              : a->status >= 300 && a->status <= 399 ? -1
                                                     : 0;
    struct ncm_doc *doc = member != NULL && yes == 1 ? ncm_probing_json(a) : NULL;
    const struct ncm_node *said = doc != NULL ? ncm_node_get(ncm_doc_root(doc), member) : NULL;
    if (said != NULL && said->kind == NCM_NODE_BOOL) {
        yes = said->boolean ? 1 : 0;
    }
    ncm_doc_free(doc);
    return yes;
}

bool ncm_probing_health(struct ncm_probing *p, const char *path, int *ready)
{
    struct ncm_http_answer a;
    *ready = -1;
    if (!ncm_probing_ask(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_GET, path, NULL, &a)) {
        ncm_http_answer_release(&a);
        return false;
    }
    p->out->latency_ms = (double)a.took_ms;
    p->gone = a.status == 404;
    /* 503 is how a server says that it is there and not ready; another 5xx is one that does not
     * work, or a proxy before one that is gone. */
    p->out->alive = a.status >= 500 && a.status != 503 ? 0 : 1;
    *ready = p->gone ? -1 : ncm_probing_yes(p, &a, NULL);
    if (p->gone) {
        ncm_probing_reason(p, _("it has no %s (404)"), path);
    } else if (*ready != 1) {
        ncm_probing_answers(p, path, &a);
    }
    ncm_http_answer_release(&a);
    return true;
}

void ncm_probing_version(struct ncm_probing *p, const char *model, const char *version,
                         const char *where)
{
    const char *bare = version;
    if (version == NULL || version[0] == '\0' || strlen(version) > 200) {
        return;
    }
    if ((bare[0] == 'v' || bare[0] == 'V') && bare[1] >= '0' && bare[1] <= '9') {
        bare++;
    }
    size_t len = strlen(bare);
    /* A registry counts; TorchServe's archives write 7 as "7.0". */
    bool tail =
        len > 2 && strcmp(bare + len - 2, ".0") == 0 && strspn(bare, "0123456789") == len - 2;
    len -= tail ? 2 : 0;
    struct ncm_str before = p->out->answered;
    if (before.len > ANSWERED_MOST) {
        return;
    }
    char *all = before.p != NULL ? ncm_sprintf("%s, %s", before.p, version) : ncm_strdup(version);
    p->out->answered = ncm_arena_cstr(p->arena, all);
    ncm_free(all);
    if (p->n == p->most) {
        return;
    }
    struct ncm_claim *c = &p->claims[p->n++];
    /* Some say it as what they loaded: models:/churn/7. */
    if (!ncm_claim_of(p->arena, NCM_PLACE_URI, NULL, version, c)) {
        *c = (struct ncm_claim){
            .text = ncm_arena_cstr(p->arena, version),
            .model = ncm_arena_cstr(p->arena, p->setup->model != NULL ? p->setup->model : model),
            .version = ncm_arena_str(p->arena, bare, len),
            .guess = tail,
        };
    }
    c->rule = NCM_CLAIM_ANSWER;
    c->where = ncm_arena_cstr(p->arena, where);
    c->since_ms = NCM_NO_TIME;
}

/* ---- the saved test request ------------------------------------------------------------------ */

static void keep_answer(struct ncm_probing *p, const struct ncm_http_answer *a)
{
    struct ncm_buf b;
    size_t n = a->body.len < TEST_MOST ? a->body.len : TEST_MOST;
    ncm_buf_init(&b, (size_t)TEST_MOST * 4);
    ncm_text_utf8_repair(&b, a->body.p, n);
    if (n < a->body.len) {
        ncm_buf_puts(&b, "…");
    }
    p->out->test_answer = ncm_arena_str(p->arena, b.p, b.len);
    ncm_buf_release(&b);
}

/* Some servers name the version in answers only. */
static void version_of_answer(struct ncm_probing *p, const struct ncm_http_answer *a)
{
    struct ncm_doc *doc = ncm_probing_json(a);
    const struct ncm_node *root = doc != NULL ? ncm_doc_root(doc) : NULL;
    if (p->out->answered.p == NULL) {
        struct ncm_str version;
        if (ncm_probe_at_path(root, "model_version", p->arena, &version)) {
            ncm_probing_version(p, ncm_node_str(root, "model_name", NULL), version.p,
                                "test request");
        }
    }
    ncm_doc_free(doc);
}

static void send_test(struct ncm_probing *p)
{
    struct ncm_http_answer a;
    int ready = p->out->ready;
    const char *path = p->setup->test_path, *body = p->setup->test_body;
    p->out->test_request = ncm_arena_cstr(p->arena, body != NULL ? body : path);
    bool ok = ncm_probing_ask(p, NCM_PROBE_SIDE_OWN, body != NULL ? NCM_HTTP_POST : NCM_HTTP_GET,
                              path, body, &a);
    if (!ok) {
        /* Its health answered a moment ago: it is the model that does not. */
        p->out->alive = 1;
        p->out->ready = ready;
        p->out->model_ready = 0;
    } else {
        p->out->test_status = a.status;
        p->out->test_ms = (double)a.took_ms;
        keep_answer(p, &a);
        if (ncm_probing_good(&a)) {
            version_of_answer(p, &a);
        } else {
            p->out->model_ready = a.status >= 500 ? 0 : p->out->model_ready;
            ncm_probing_answers(p, path, &a);
        }
    }
    ncm_http_answer_release(&a);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void ask_as(struct ncm_probing *p, enum ncm_protocol protocol)
{
    switch (protocol) {
    case NCM_PROTOCOL_MLFLOW:
        ncm_probe_mlflow(p);
        break;
    case NCM_PROTOCOL_OIP:
    case NCM_PROTOCOL_KSERVE:
        ncm_probe_oip(p, protocol == NCM_PROTOCOL_KSERVE);
        break;
    case NCM_PROTOCOL_TORCHSERVE:
        ncm_probe_torchserve(p);
        break;
    case NCM_PROTOCOL_TFSERVING:
        ncm_probe_tfserving(p);
        break;
    case NCM_PROTOCOL_BENTOML:
        ncm_probe_bentoml(p);
        break;
    default:
        ncm_probe_generic(p);
        break;
    }
}

static void forget(struct ncm_probe *out)
{
    *out = (struct ncm_probe){
        .probed = true,
        .alive = -1,
        .ready = -1,
        .model_ready = -1,
        .latency_ms = (double)NAN,
        .test_ms = (double)NAN,
        .at_ms = ncm_now_ms(),
    };
}

void ncm_probe_run(const struct ncm_probe_setup *setup, const struct ncm_probe_via *via,
                   enum ncm_protocol *known, bool with_test, struct ncm_arena *a,
                   struct ncm_probe *out, struct ncm_claim *claims, size_t most, size_t *n_claims)
{
    struct ncm_probing p = {
        .setup = setup, .via = via, .arena = a, .out = out, .claims = claims, .most = most};
    bool found_out = setup->protocol == NCM_PROTOCOL_AUTO;
    enum ncm_protocol protocol = found_out ? *known : setup->protocol;
    forget(out);
    if (protocol != NCM_PROTOCOL_AUTO) {
        ask_as(&p, protocol);
    }
    if (found_out && (protocol == NCM_PROTOCOL_AUTO || p.gone)) {
        p.n = 0;
        p.gone = p.ended = false;
        forget(out);
        protocol = ncm_probe_detect(&p);
        if (protocol != NCM_PROTOCOL_AUTO) {
            ask_as(&p, protocol);
        }
    }
    if (protocol != NCM_PROTOCOL_AUTO) {
        *known = protocol;
        out->protocol = ncm_arena_cstr(a, words[protocol]);
    }
    if (with_test && setup->test_path != NULL && !p.ended && out->alive == 1) {
        send_test(&p);
    }
    if (out->model_ready == -1 && out->ready == 0) {
        out->model_ready = 0;
    }
    *n_claims = p.n;
}

enum ncm_health ncm_probe_health(const struct ncm_probe *p)
{
    if (!p->probed || p->alive == -1) {
        return NCM_HEALTH_UNKNOWN;
    }
    if (p->alive == 0) {
        return NCM_HEALTH_FAILED;
    }
    if (p->ready == 0 || p->model_ready == 0) {
        return NCM_HEALTH_DEGRADED;
    }
    return p->ready == 1 || p->model_ready == 1 ? NCM_HEALTH_HEALTHY : NCM_HEALTH_UNKNOWN;
}
