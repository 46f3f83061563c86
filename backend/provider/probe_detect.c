/* What kind of server answers: questions until one is not unknown (404). */
#include <string.h>

#include "base/i18n.h"
#include "provider/probe_inside.h"

/* Whether `path` answers 2xx with a JSON object that has `member`. */
static bool has_member(struct ncm_probing *p, const char *path, const char *member)
{
    struct ncm_http_answer a;
    bool ok = ncm_probing_try(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_GET, path, NULL, &a);
    struct ncm_doc *doc = ok && ncm_probing_good(&a) ? ncm_probing_json(&a) : NULL;
    bool has = doc != NULL && ncm_node_get(ncm_doc_root(doc), member) != NULL;
    ncm_doc_free(doc);
    ncm_http_answer_release(&a);
    return has;
}

/* MLflow's /version is a bare version, whatever its label says. */
static bool says_version(struct ncm_probing *p)
{
    struct ncm_http_answer a;
    bool ok = ncm_probing_try(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_GET, "/version", NULL, &a);
    ok = ok && ncm_probing_good(&a) && a.body.len < 40 && a.body.p[0] >= '0' && a.body.p[0] <= '9';
    ncm_http_answer_release(&a);
    return ok;
}

static bool is_blank(const struct ncm_http_answer *a)
{
    return a->body.p[strspn(a->body.p, " \t\r\n")] == '\0';
}

static enum ncm_protocol of_ready(const struct ncm_http_answer *a)
{
    struct ncm_doc *doc = ncm_probing_json(a);
    bool kserve = doc != NULL && ncm_node_get(ncm_doc_root(doc), "ready") != NULL;
    bool json = doc != NULL;
    ncm_doc_free(doc);
    /* A site that answers everything with its front page is none. */
    return kserve                                        ? NCM_PROTOCOL_KSERVE
           : json || is_blank(a) || !ncm_probing_good(a) ? NCM_PROTOCOL_OIP
                                                         : NCM_PROTOCOL_AUTO;
}

static enum ncm_protocol of_ping(struct ncm_probing *p, const struct ncm_http_answer *a)
{
    struct ncm_doc *doc = ncm_probing_json(a);
    const char *status = doc != NULL ? ncm_node_str(ncm_doc_root(doc), "status", NULL) : NULL;
    bool torch = status != NULL &&
                 (strcmp(status, "Healthy") == 0 || strcmp(status, "Partial Healthy") == 0 ||
                  strcmp(status, "Unhealthy") == 0);
    ncm_doc_free(doc);
    if (torch) {
        return NCM_PROTOCOL_TORCHSERVE;
    }
    return is_blank(a) && says_version(p) ? NCM_PROTOCOL_MLFLOW : NCM_PROTOCOL_GENERIC;
}

/* One question; AUTO where it does not tell. *ended: nothing more may be asked. */
static enum ncm_protocol look(struct ncm_probing *p, const char *path, bool *ended)
{
    struct ncm_http_answer a;
    enum ncm_protocol found = NCM_PROTOCOL_AUTO;
    if (!ncm_probing_ask(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_GET, path, NULL, &a)) {
        *ended = true;
    } else if (a.status == 401 || a.status == 403 || (a.status >= 300 && a.status <= 399)) {
        p->out->alive = 1;
        p->out->latency_ms = (double)a.took_ms;
        ncm_probing_answers(p, path, &a);
        *ended = true;
    } else if (a.status != 404) {
        found = strcmp(path, "/v2/health/ready") == 0 ? of_ready(&a)
                : strcmp(path, "/ping") == 0          ? of_ping(p, &a)
                : strcmp(path, "/readyz") == 0 && has_member(p, "/schema.json", "routes")
                    ? NCM_PROTOCOL_BENTOML
                    : NCM_PROTOCOL_GENERIC;
    }
    ncm_http_answer_release(&a);
    return found;
}

static bool is_tfserving(struct ncm_probing *p)
{
    const char *name = p->setup->served_name != NULL ? p->setup->served_name : p->setup->model;
    return name != NULL &&
           has_member(p, ncm_probing_path(p, "/v1/models/", name, ""), "model_version_status");
}

enum ncm_protocol ncm_probe_detect(struct ncm_probing *p)
{
    static const char *const paths[] = {"/v2/health/ready", "/ping", "/health", "/readyz",
                                        "/healthz"};
    bool ended = false;
    /* What a configuration describes need not be guessed. */
    if (p->setup->health != NULL || p->setup->ready != NULL || p->setup->info != NULL) {
        return NCM_PROTOCOL_GENERIC;
    }
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        enum ncm_protocol found = look(p, paths[i], &ended);
        if (found != NCM_PROTOCOL_AUTO || ended) {
            return found;
        }
    }
    if (is_tfserving(p)) {
        return NCM_PROTOCOL_TFSERVING;
    }
    return look(p, "/", &ended) != NCM_PROTOCOL_AUTO ? NCM_PROTOCOL_GENERIC : NCM_PROTOCOL_AUTO;
}
