/* What MLflow refuses (model/rules.h), and what this server cannot do. Reads only; the server
 * itself has the last word. */
#include "model/rules.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "provider/mlflow_rest/apply.h"

/* Longer values of a run's tags are cut by the server without a word, so that where the release of
 * a change is not known exactly the shorter limit holds. */
static bool value_most(void *to, enum ncm_change_kind kind, int64_t *most, struct ncm_err *err)
{
    const struct rest_writer *w = to;
    const struct rest_facts *f = &w->c->facts;
    (void)err;
    bool three = f->major >= 3;
    if (kind == NCM_CH_RUN_TAG || kind == NCM_CH_RUN_NOTE) {
        bool newer = three || (f->major == 2 && f->minor >= 20);
        *most = newer ? NCM_RUN_TAG_NEW : NCM_RUN_TAG_OLD;
    } else if (kind == NCM_CH_EXPERIMENT_TAG) {
        *most = three ? NCM_EXPERIMENT_TAG_NEW : NCM_EXPERIMENT_TAG_OLD;
    } else {
        *most = three ? NCM_REGISTRY_TAG_NEW : NCM_REGISTRY_TAG_OLD;
    }
    return true;
}

static bool need_version(void *to, const char *model, const char *version, struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *n;
    bool ok = rest_get_version(to, model, version, &doc, &n, err);
    ncm_doc_free(doc);
    return ok;
}

static bool need_active_run(void *to, const char *id, struct ncm_err *err)
{
    struct rest_writer *w = to;
    struct ncm_doc *doc;
    const struct ncm_node *n;
    if (w->active[0] != '\0' && strcmp(w->active, id) == 0) {
        return true;
    }
    if (!rest_get_run(w, id, &doc, &n, err)) {
        return false;
    }
    const char *stage = ncm_node_str(ncm_node_get(n, "info"), "lifecycle_stage", "active");
    bool deleted = strcmp(stage, "deleted") == 0;
    ncm_doc_free(doc);
    if (deleted) {
        return ncm_rules_run_deleted(id, err);
    }
    snprintf(w->active, sizeof w->active, "%s", strlen(id) < sizeof w->active ? id : "");
    return true;
}

static bool need_active_experiment(void *to, const char *id, struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *n;
    if (!rest_get_experiment(to, id, &doc, &n, err)) {
        return false;
    }
    bool deleted = strcmp(ncm_node_str(n, "lifecycle_stage", "active"), "deleted") == 0;
    ncm_doc_free(doc);
    return !deleted || ncm_rules_experiment_deleted(id, err);
}

static bool model_free(void *to, const char *name, struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *n;
    if (!rest_get_model(to, name, &doc, &n, err)) {
        return err->code == NCM_NOT_FOUND;
    }
    ncm_doc_free(doc);
    return ncm_rules_model_taken(name, err);
}

static bool experiment_free(void *to, const char *name, struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *n;
    if (!rest_find_experiment(to, name, &doc, &n, err)) {
        return false;
    }
    if (n == NULL) {
        return true;
    }
    bool deleted = strcmp(ncm_node_str(n, "lifecycle_stage", "active"), "deleted") == 0;
    ncm_doc_free(doc);
    return ncm_rules_experiment_taken(name, deleted, err);
}

/* Taking a tag from an experiment came late: a GET changes nothing, and tells by 405 or 404. */
static bool can_untag_experiment(struct rest_writer *w, struct ncm_err *err)
{
    struct ncm_http_answer a;
    char *url;
    struct ncm_http_request rq =
        rest_request(NCM_HTTP_GET, "/experiments/delete-experiment-tag", NULL, w->control, &url);
    bool ok = ncm_http_do(w->c->http, &rq, &a, err);
    bool lacks = ok && a.status == 404;
    ncm_http_answer_release(&a);
    ncm_free(url);
    if (lacks) {
        ncm_fail(err, NCM_UNSUPPORTED,
                 _("this server cannot take a tag from an experiment: that came with MLflow 3"));
        return ncm_hint(err, _("an empty value can be set instead"));
    }
    return ok;
}

static bool can_do(struct rest_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    const struct rest_facts *f = &w->c->facts;
    if (ch->kind < NCM_CH_RUN_TAG && !f->has_registry) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("this store has no model registry"));
    }
    if (ch->kind == NCM_CH_VERSION_STAGE && !f->has_stages) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("this store has no stages"));
    }
    if (ch->kind == NCM_CH_RUN_NAME && (ch->to == NULL || ch->to[0] == '\0')) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("a server takes no run without a name"));
    }
    return ch->kind != NCM_CH_EXPERIMENT_TAG || ch->to != NULL || can_untag_experiment(w, err);
}

bool rest_rules(struct rest_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    const struct ncm_rules rules = {
        .to = w,
        .value_most = value_most,
        .need_version = need_version,
        .need_active_run = need_active_run,
        .need_active_experiment = need_active_experiment,
        .model_free = model_free,
        .experiment_free = experiment_free,
    };
    return can_do(w, ch, err) && ncm_rules_check(&rules, ch, err);
}

bool rest_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err)
{
    struct rest_writer w = {.c = c};
    ncm_http_ready(c->http);
    if (!rest_learn(c, NULL, err)) {
        return false;
    }
    for (size_t i = 0; i < changes->n; i++) {
        if (!rest_rules(&w, &changes->items[i], err)) {
            return false;
        }
    }
    return true;
}
