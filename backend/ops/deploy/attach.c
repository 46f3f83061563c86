#include "ops/deploy/attach.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "ops/deploy/sources.h"

/* Everything that the sides borrow. */
struct attached {
    struct ncm_deploy_about *about;
    char **texts; /* names and locations */
    size_t n, n_texts;
    struct ncm_deploy_plan offer; /* what is offered; empty where something is configured */
};

static void release(void *thing)
{
    struct attached *a = thing;
    for (size_t i = 0; i < a->n_texts; i++) {
        ncm_free(a->texts[i]);
    }
    ncm_free(a->texts);
    ncm_free(a->about);
    ncm_deploy_plan_release(&a->offer);
    ncm_free(a);
}

/* Takes text. */
static const char *keep(struct attached *a, char *text)
{
    a->texts = ncm_resize(a->texts, a->n_texts + 1, sizeof *a->texts);
    return a->texts[a->n_texts++] = text;
}

static const struct ncm_config_context *context_of(const struct ncm_session *s)
{
    const struct ncm_config *config = ncm_session_config(s);
    return config != NULL ? ncm_config_find(config, ncm_session_context(s)) : NULL;
}

/* A list or lines of one deployment, by the source's name at the front. */
static bool takes(const char *name, const struct ncm_query *q)
{
    size_t len = strlen(name);
    if ((q->topic != NCM_T_DEPLOYMENTS && q->topic != NCM_T_LOGS) || q->id == NULL) {
        return false;
    }
    return strncmp(q->id, name, len) == 0 && q->id[len] == (q->topic == NCM_T_LOGS ? '/' : '\0');
}

static bool add(struct ncm_session *s, struct attached *a, const struct ncm_deploy_about *about,
                const struct ncm_provider *provider, const void *with, struct ncm_err *err)
{
    const struct ncm_side side = {
        .name = about->name,
        .provider = provider,
        .location = about->location,
        .with = with,
        .takes_as = takes,
        .why_read_only = about->offered
                             ? _("name it in the configuration: 'contexts.*.deployments'")
                         : about->read_only ? _("'read-only' is set for it in the configuration")
                                            : NULL,
    };
    if (!ncm_session_add_side(s, &side, err)) {
        return false;
    }
    a->about = ncm_resize(a->about, a->n + 1, sizeof *a->about);
    a->about[a->n++] = *about;
    return true;
}

/* For people: which cluster that is. The caller frees. */
static char *cluster_label(const struct ncm_deploy_source *d)
{
    const char *file = d->kubeconfig != NULL ? d->kubeconfig : "kubeconfig";
    return d->kube_context != NULL ? ncm_sprintf(_("context %s of %s"), d->kube_context, file)
                                   : ncm_sprintf(_("current context of %s"), file);
}

static bool add_cluster(struct ncm_session *s, struct attached *a,
                        const struct ncm_session_options *o, const struct ncm_deploy_source *d,
                        struct ncm_err *err)
{
    const struct ncm_deploy_about about = {
        .name = keep(a, ncm_strdup(d->name)),
        .location = keep(a, cluster_label(d)),
        .type = NCM_DEPLOY_KUBERNETES,
        .offered = d->offered,
        .read_only = d->read_only || d->offered,
    };
    const void *with = ncm_cluster_setup(s, o, d);
    return add(s, a, &about, ncm_cluster_provider(), with, err);
}

static bool add_endpoints(struct ncm_session *s, struct attached *a,
                          const struct ncm_deploy_plan *p, struct ncm_err *err)
{
    size_t n = 0;
    const char *url = NULL;
    for (size_t i = 0; i < p->n; i++) {
        url = p->items[i].type == NCM_DEPLOY_HTTP && n++ == 0 ? p->items[i].url : url;
    }
    if (n == 0) {
        return true;
    }
    const struct ncm_deploy_about about = {
        .name = "http",
        .location = keep(a, n == 1 ? ncm_strdup(url)
                                   : ncm_sprintf(ngettext("%zu endpoint", "%zu endpoints", n), n)),
        .type = NCM_DEPLOY_HTTP,
    };
    return add(s, a, &about, ncm_endpoints_provider(), ncm_endpoints_setup(s, p), err);
}

bool ncm_deploy_attach(struct ncm_session *s, const struct ncm_session_options *o,
                       struct ncm_err *err)
{
    const struct ncm_config_context *x = context_of(s);
    struct attached *a = ncm_alloc(1, sizeof *a);
    ncm_session_keep(s, a, release);
    const struct ncm_deploy_plan *plan = x != NULL ? &x->deploy : &a->offer;
    if (plan->n == 0) {
        ncm_cluster_offer(&a->offer);
        plan = &a->offer;
    }
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->items[i].type == NCM_DEPLOY_KUBERNETES &&
            !add_cluster(s, a, o, &plan->items[i], err)) {
            return false;
        }
    }
    return add_endpoints(s, a, plan, err);
}

const struct ncm_deploy_about *ncm_deploy_sources(const struct ncm_session *s, size_t *n)
{
    const struct attached *a = ncm_session_kept(s, release);
    *n = a != NULL ? a->n : 0;
    return a != NULL ? a->about : NULL;
}

const struct ncm_deploy_about *ncm_deploy_source_of(const struct ncm_session *s, const char *ref)
{
    size_t n, len = strcspn(ref, "/");
    const struct ncm_deploy_about *about = ncm_deploy_sources(s, &n);
    for (size_t i = 0; i < n; i++) {
        if (strncmp(about[i].name, ref, len) == 0 && about[i].name[len] == '\0') {
            return &about[i];
        }
    }
    return NULL;
}

char *ncm_deploy_offer(void)
{
    struct ncm_deploy_plan offer = {0};
    ncm_cluster_offer(&offer);
    char *context = offer.n > 0 ? ncm_strdup(offer.items[0].kube_context) : NULL;
    ncm_deploy_plan_release(&offer);
    return context;
}

bool ncm_deploy_has_rates(const struct ncm_session *s)
{
    const struct ncm_config_context *x = context_of(s);
    return x != NULL && x->watch.metrics.url != NULL;
}
