/* MLflow's scoring server, TorchServe, TF Serving, BentoML, and what a configuration describes. */
#include <string.h>

#include "base/i18n.h"
#include "provider/probe_inside.h"

/* Its page is up only while its model is loaded: one answer for all. No version is to be had:
 * /version is that of MLflow itself. */
void ncm_probe_mlflow(struct ncm_probing *p)
{
    int ready;
    if (ncm_probing_health(p, "/ping", &ready)) {
        p->out->ready = p->out->model_ready = ready;
    }
}

void ncm_probe_bentoml(struct ncm_probing *p)
{
    struct ncm_http_answer a;
    int live;
    if (!ncm_probing_health(p, "/livez", &live) || p->gone) {
        return;
    }
    if (ncm_probing_ask(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_GET, "/readyz", NULL, &a)) {
        p->out->ready = p->out->model_ready = ncm_probing_yes(p, &a, NULL);
        if (p->out->ready != 1) {
            ncm_probing_answers(p, "/readyz", &a);
        }
    }
    ncm_http_answer_release(&a);
}

/* ---- TorchServe ------------------------------------------------------------------------------ */

static const char *only_model(struct ncm_probing *p)
{
    struct ncm_http_answer a;
    const char *name = NULL;
    bool ok = ncm_probing_try(p, NCM_PROBE_SIDE_MANAGEMENT, NCM_HTTP_GET, "/models", NULL, &a);
    struct ncm_doc *doc = ok && ncm_probing_good(&a) ? ncm_probing_json(&a) : NULL;
    const struct ncm_node *list = doc != NULL ? ncm_node_get(ncm_doc_root(doc), "models") : NULL;
    if (list != NULL && list->kind == NCM_NODE_LIST && list->n == 1) {
        name = ncm_node_str(&list->items[0], "modelName", NULL);
        name = name != NULL ? ncm_arena_cstr(p->arena, name).p : NULL;
    }
    ncm_doc_free(doc);
    ncm_http_answer_release(&a);
    return name;
}

static int64_t count_ready(const struct ncm_node *workers)
{
    int64_t n = 0;
    for (size_t i = 0; workers != NULL && workers->kind == NCM_NODE_LIST && i < workers->n; i++) {
        n += strcmp(ncm_node_str(&workers->items[i], "status", ""), "READY") == 0 ? 1 : 0;
    }
    return n;
}

/* Of the default version: workers that can take a request. */
static void judge_workers(struct ncm_probing *p, const char *name, const struct ncm_node *model)
{
    const struct ncm_node *workers = ncm_node_get(model, "workers");
    int64_t ready = count_ready(workers), least = ncm_node_i64(model, "minWorkers", 1);
    struct ncm_str version;
    if (ncm_probe_at_path(model, "modelVersion", p->arena, &version)) {
        ncm_probing_version(p, name, version.p, "/models");
    }
    bool enough = ready >= 1 && ready >= least;
    p->out->ready = p->out->model_ready = enough ? 1 : 0;
    if (!enough) {
        ncm_probing_reason(p,
                           _("%lld of at least %lld workers of %s are ready, though it says "
                             "that it is healthy"),
                           (long long)ready, (long long)(least > 1 ? least : 1), name);
    }
}

static void ask_workers(struct ncm_probing *p, const char *name)
{
    struct ncm_http_answer a;
    const char *path = ncm_probing_path(p, "/models/", name, "");
    if (!ncm_probing_ask(p, NCM_PROBE_SIDE_MANAGEMENT, NCM_HTTP_GET, path, NULL, &a)) {
        p->ended = false; /* its own port did answer */
        ncm_http_answer_release(&a);
        return;
    }
    struct ncm_doc *doc = ncm_probing_good(&a) ? ncm_probing_json(&a) : NULL;
    const struct ncm_node *root = doc != NULL ? ncm_doc_root(doc) : NULL;
    if (root != NULL && root->kind == NCM_NODE_LIST && root->n > 0) {
        judge_workers(p, name, &root->items[0]);
    } else if (a.status == 404) {
        p->out->ready = p->out->model_ready = 0;
        ncm_probing_reason(p, _("it does not hold a model called %s"), name);
    } else {
        ncm_probing_answers(p, path, &a);
    }
    ncm_doc_free(doc);
    ncm_http_answer_release(&a);
}

/* Its ping says "Healthy" with no worker at all, so without the management API nothing is known. */
void ncm_probe_torchserve(struct ncm_probing *p)
{
    int ping;
    if (!ncm_probing_health(p, "/ping", &ping) || p->gone) {
        return;
    }
    const char *name = p->setup->served_name;
    name = name != NULL ? name : only_model(p);
    name = name != NULL ? name : p->setup->model;
    if (name == NULL) {
        ncm_probing_reason(p, "%s",
                           _("its management API names no model, or several: name the one that is "
                             "meant"));
        return;
    }
    ask_workers(p, name);
}

/* ---- TF Serving ------------------------------------------------------------------------------ */

static void judge_versions(struct ncm_probing *p, const char *name, const struct ncm_node *list)
{
    p->out->ready = p->out->model_ready = 0;
    for (size_t i = 0; list != NULL && list->kind == NCM_NODE_LIST && i < list->n; i++) {
        const struct ncm_node *v = &list->items[i], *status = ncm_node_get(v, "status");
        struct ncm_str version = {"", 0};
        ncm_probe_at_path(v, "version", p->arena, &version);
        if (strcmp(ncm_node_str(v, "state", ""), "AVAILABLE") == 0) {
            ncm_probing_version(p, name, version.p, "/v1/models");
            p->out->ready = p->out->model_ready = 1;
        } else if (strcmp(ncm_node_str(status, "error_code", "OK"), "OK") != 0) {
            ncm_probing_reason(p, _("version %s does not load: %s"), version.p,
                               ncm_node_str(status, "error_message", ""));
        }
    }
    if (p->out->ready == 0) {
        ncm_probing_reason(p, _("no version of %s is available"), name);
    }
}

void ncm_probe_tfserving(struct ncm_probing *p)
{
    const char *name = p->setup->served_name != NULL ? p->setup->served_name : p->setup->model;
    struct ncm_http_answer a;
    if (name == NULL) {
        ncm_probing_reason(p, "%s", _("TF Serving must be asked by name: set served-name"));
        return;
    }
    const char *path = ncm_probing_path(p, "/v1/models/", name, "");
    if (!ncm_probing_ask(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_GET, path, NULL, &a)) {
        ncm_http_answer_release(&a);
        return;
    }
    p->out->latency_ms = (double)a.took_ms;
    struct ncm_doc *doc = ncm_probing_json(&a);
    const struct ncm_node *root = doc != NULL ? ncm_doc_root(doc) : NULL;
    const struct ncm_node *list = ncm_node_get(root, "model_version_status");
    p->out->alive = a.status >= 500 && a.status != 503 ? 0 : 1;
    if (ncm_probing_good(&a) && list != NULL) {
        judge_versions(p, name, list);
    } else if (a.status == 404 && ncm_node_str(root, "error", NULL) != NULL) {
        p->out->ready = p->out->model_ready = 0;
        ncm_probing_reason(p, _("it does not hold a model called %s"), name);
    } else {
        p->gone = a.status == 404 || ncm_probing_good(&a);
        ncm_probing_answers(p, path, &a);
    }
    ncm_doc_free(doc);
    ncm_http_answer_release(&a);
}

/* ---- generic --------------------------------------------------------------------------------- */

/* The first of the usual paths that is there. */
static const char *usual_path(struct ncm_probing *p)
{
    static const char *const usual[] = {"/health", "/ping", "/healthz", "/readyz", "/"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        struct ncm_http_answer a;
        bool ok = ncm_probing_ask(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_GET, usual[i], NULL, &a);
        bool there = ok && a.status != 404;
        ncm_http_answer_release(&a);
        if (!ok) {
            return NULL;
        }
        if (there) {
            return usual[i];
        }
    }
    p->out->alive = 1;
    ncm_probing_reason(p, "%s",
                       _("it answers, but has none of the usual health pages: set health"));
    return NULL;
}

static void ask_info(struct ncm_probing *p, const char *path)
{
    struct ncm_http_answer a;
    struct ncm_str version;
    const char *at = p->setup->version;
    if (!ncm_probing_try(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_GET, path, NULL, &a)) {
        ncm_probing_reason(p, _("%s does not answer, so its version is not known"), path);
        ncm_http_answer_release(&a);
        return;
    }
    struct ncm_doc *doc = ncm_probing_good(&a) ? ncm_probing_json(&a) : NULL;
    const struct ncm_node *root = doc != NULL ? ncm_doc_root(doc) : NULL;
    bool found = at != NULL ? ncm_probe_at_path(root, at, p->arena, &version)
                            : ncm_probe_at_path(root, "model_version", p->arena, &version) ||
                                  ncm_probe_at_path(root, "version", p->arena, &version);
    if (found) {
        ncm_probing_version(p, p->setup->served_name, version.p, path);
    } else if (!ncm_probing_good(&a)) {
        ncm_probing_answers(p, path, &a);
    } else if (root == NULL) {
        ncm_probing_reason(p, _("%s is no JSON, so its version is not known"), path);
    } else {
        ncm_probing_reason(p, _("%s has no %s, so its version is not known"), path,
                           at != NULL ? at : ".model_version");
    }
    ncm_doc_free(doc);
    ncm_http_answer_release(&a);
}

void ncm_probe_generic(struct ncm_probing *p)
{
    const char *health = p->setup->health != NULL ? p->setup->health : usual_path(p);
    struct ncm_http_answer a;
    int ready;
    if (health == NULL || !ncm_probing_health(p, health, &ready) || p->gone) {
        return;
    }
    p->out->ready = ready;
    if (p->setup->ready != NULL) {
        if (!ncm_probing_ask(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_GET, p->setup->ready, NULL, &a)) {
            p->out->alive = 1; /* its health did answer */
            ncm_http_answer_release(&a);
            return;
        }
        p->out->ready = ncm_probing_yes(p, &a, "ready");
        if (p->out->ready != 1) {
            ncm_probing_answers(p, p->setup->ready, &a);
        }
        ncm_http_answer_release(&a);
        p->out->model_ready = p->out->ready;
    }
    if (p->setup->info != NULL) {
        ask_info(p, p->setup->info);
    }
}
