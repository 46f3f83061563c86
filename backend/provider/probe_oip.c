/* Open Inference Protocol v2: MLServer, Triton, KServe's python server. The health of the server
 * says nothing of the model: MLServer stays "ready" when it was unloaded. */
#include <string.h>

#include "base/i18n.h"
#include "provider/probe_inside.h"

#define INDEX "/v2/repository/index"

/* What is known of the model so far. */
struct model {
    const char *name;  /* the server's; NULL unknown */
    bool indexed;      /* the index was read … */
    const char *state; /* … and says so of it: "READY"; NULL: it does not name it */
    const char *why;   /* its reason or NULL */
    bool versioned;    /* a version was answered */
};

static bool is_ready(const struct ncm_node *entry)
{
    /* Triton leaves the state out where it has nothing to say. */
    return strcmp(ncm_node_str(entry, "state", "READY"), "READY") == 0;
}

/* The name that the index knows the model by: as configured, as registered, or the only one. */
static const char *name_of(struct ncm_probing *p, const struct ncm_node *list)
{
    const char *wanted = p->setup->model, *only = NULL;
    bool several = false;
    if (p->setup->served_name != NULL) {
        return p->setup->served_name;
    }
    for (size_t i = 0; i < list->n; i++) {
        const char *name = ncm_node_str(&list->items[i], "name", NULL);
        name = name == NULL && list->items[i].kind == NCM_NODE_STR ? list->items[i].str : name;
        if (name != NULL && wanted != NULL && strcmp(name, wanted) == 0) {
            return wanted;
        }
        several = several || (name != NULL && only != NULL && strcmp(name, only) != 0);
        only = name != NULL ? name : only;
    }
    return only != NULL && !several ? ncm_arena_cstr(p->arena, only).p : wanted;
}

static void read_index(struct ncm_probing *p, const struct ncm_node *list, struct model *m)
{
    m->indexed = true;
    m->name = name_of(p, list);
    for (size_t i = 0; m->name != NULL && i < list->n; i++) {
        const struct ncm_node *e = &list->items[i];
        if (strcmp(ncm_node_str(e, "name", ""), m->name) != 0) {
            continue;
        }
        if (is_ready(e)) {
            struct ncm_str version;
            m->state = "READY";
            if (ncm_probe_at_path(e, "version", p->arena, &version)) {
                ncm_probing_version(p, m->name, version.p, INDEX);
                m->versioned = true;
            }
        } else if (m->state == NULL) {
            const char *why = ncm_node_str(e, "reason", "");
            m->state = ncm_arena_cstr(p->arena, ncm_node_str(e, "state", "")).p;
            m->why = why[0] != '\0' ? ncm_arena_cstr(p->arena, why).p : NULL;
        }
    }
}

static void ask_index(struct ncm_probing *p, struct model *m)
{
    struct ncm_http_answer a;
    bool ok = ncm_probing_try(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_POST, INDEX, "{}", &a);
    struct ncm_doc *doc = ok && ncm_probing_good(&a) ? ncm_probing_json(&a) : NULL;
    if (doc != NULL && ncm_doc_root(doc)->kind == NCM_NODE_LIST) {
        read_index(p, ncm_doc_root(doc), m);
    }
    ncm_doc_free(doc);
    ncm_http_answer_release(&a);
}

/* KServe has no index but a list of names. */
static void ask_names(struct ncm_probing *p, struct model *m)
{
    struct ncm_http_answer a;
    bool ok = ncm_probing_try(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_GET, "/v2/models", NULL, &a);
    struct ncm_doc *doc = ok && ncm_probing_good(&a) ? ncm_probing_json(&a) : NULL;
    const struct ncm_node *list = doc != NULL ? ncm_node_get(ncm_doc_root(doc), "models") : NULL;
    if (list != NULL && list->kind == NCM_NODE_LIST) {
        m->name = name_of(p, list);
    }
    ncm_doc_free(doc);
    ncm_http_answer_release(&a);
}

static void ask_versions(struct ncm_probing *p, struct model *m)
{
    struct ncm_http_answer a;
    const char *path = ncm_probing_path(p, "/v2/models/", m->name, "");
    bool ok = ncm_probing_try(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_GET, path, NULL, &a);
    struct ncm_doc *doc = ok && ncm_probing_good(&a) ? ncm_probing_json(&a) : NULL;
    const struct ncm_node *list = doc != NULL ? ncm_node_get(ncm_doc_root(doc), "versions") : NULL;
    for (size_t i = 0; list != NULL && list->kind == NCM_NODE_LIST && i < list->n; i++) {
        struct ncm_str version;
        if (ncm_probe_at_path(&list->items[i], "", p->arena, &version)) {
            ncm_probing_version(p, m->name, version.p, "/v2/models");
        }
    }
    ncm_doc_free(doc);
    ncm_http_answer_release(&a);
}

static void ask_model(struct ncm_probing *p, const struct model *m)
{
    struct ncm_http_answer a;
    int ready = p->out->ready;
    const char *path = ncm_probing_path(p, "/v2/models/", m->name, "/ready");
    if (!ncm_probing_ask(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_GET, path, NULL, &a)) {
        /* The server's health answered a moment ago. */
        p->out->alive = 1;
        p->out->ready = ready;
        ncm_http_answer_release(&a);
        return;
    }
    p->out->model_ready = ncm_probing_yes(p, &a, "ready");
    if (p->out->model_ready == 0) {
        const char *says = ncm_probing_says(p, &a);
        if (m->state != NULL && strcmp(m->state, "READY") != 0) {
            ncm_probing_reason(p, _("model %s is not loaded: %s%s%s"), m->name, m->state,
                               m->why != NULL ? ", " : "", m->why != NULL ? m->why : "");
        } else if (says[0] != '\0') {
            ncm_probing_reason(p, _("model %s is not ready (%d): %s"), m->name, a.status, says);
        } else {
            ncm_probing_reason(p, _("model %s is not ready (%d)"), m->name, a.status);
        }
    } else if (p->out->model_ready == -1) {
        ncm_probing_answers(p, path, &a);
    }
    ncm_http_answer_release(&a);
}

void ncm_probe_oip(struct ncm_probing *p, bool kserve)
{
    struct model m = {.name = p->setup->served_name};
    struct ncm_http_answer a;
    int live;
    if (!ncm_probing_health(p, "/v2/health/live", &live) || p->gone) {
        return;
    }
    if (!ncm_probing_ask(p, NCM_PROBE_SIDE_OWN, NCM_HTTP_GET, "/v2/health/ready", NULL, &a)) {
        ncm_http_answer_release(&a);
        return;
    }
    p->out->ready = ncm_probing_yes(p, &a, "ready");
    if (p->out->ready == 0 && ncm_probing_good(&a)) {
        ncm_probing_reason(p, "%s", _("the server says that it is not ready"));
    } else if (p->out->ready != 1) {
        ncm_probing_answers(p, "/v2/health/ready", &a);
    }
    ncm_http_answer_release(&a);
    if (!kserve) {
        ask_index(p, &m);
    }
    if (!m.indexed) {
        ask_names(p, &m);
    }
    m.name = m.name != NULL ? m.name : p->setup->model;
    if (m.name == NULL) {
        if (m.indexed && p->out->ready == 1) {
            ncm_probing_reason(p, "%s",
                               _("it holds no model, or several: name the one that is meant"));
        }
        return;
    }
    if (!m.versioned) {
        ask_versions(p, &m);
    }
    ask_model(p, &m);
}
