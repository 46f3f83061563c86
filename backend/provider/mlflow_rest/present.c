/* What is there now: the compare of compare-and-set, and the look-ups behind the rules. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "model/rules.h"
#include "provider/mark.h"
#include "provider/mlflow_rest/apply.h"

enum {
    PAGE = 1000, /* versions asked for at once */
    PAGES_MOST = 1000,
};

char *rest_path(const char *path, const char *key, const char *value, const char *key2,
                const char *value2)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 64 * 1024);
    ncm_buf_printf(&b, "%s?%s=", path, key);
    ncm_http_encode(&b, value);
    if (key2 != NULL) {
        ncm_buf_printf(&b, "&%s=", key2);
        ncm_http_encode(&b, value2);
    }
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

/* GET, and the object under `key` of the answer. Takes the path. */
static bool get(struct rest_writer *w, char *path, const char *key, struct ncm_doc **doc,
                const struct ncm_node **n, struct ncm_err *err)
{
    *doc = NULL;
    *n = NULL;
    bool ok = rest_call(w->c, NCM_HTTP_GET, path, NULL, w->control, doc, err);
    if (ok) {
        *n = ncm_node_get(ncm_doc_root(*doc), key);
        if (*n == NULL || (*n)->kind != NCM_NODE_MAP) {
            ok = ncm_fail(err, NCM_INVALID_DATA, _("the server's answer to %s has no '%s'"), path,
                          key);
            ncm_doc_free(*doc);
            *doc = NULL;
            *n = NULL;
        }
    }
    ncm_free(path);
    return ok;
}

bool rest_get_model(struct rest_writer *w, const char *name, struct ncm_doc **doc,
                    const struct ncm_node **n, struct ncm_err *err)
{
    return get(w, rest_path("/registered-models/get", "name", name, NULL, NULL), "registered_model",
               doc, n, err) ||
           (err->code == NCM_NOT_FOUND ? ncm_rules_no_model(name, err) : false);
}

bool rest_get_version(struct rest_writer *w, const char *name, const char *version,
                      struct ncm_doc **doc, const struct ncm_node **n, struct ncm_err *err)
{
    int64_t number;
    *doc = NULL;
    *n = NULL;
    if (version == NULL || !ncm_parse_i64(version, &number)) {
        return ncm_rules_no_version(name, version, err);
    }
    return get(w, rest_path("/model-versions/get", "name", name, "version", version),
               "model_version", doc, n, err) ||
           (err->code == NCM_NOT_FOUND ? ncm_rules_no_version(name, version, err) : false);
}

bool rest_get_run(struct rest_writer *w, const char *id, struct ncm_doc **doc,
                  const struct ncm_node **n, struct ncm_err *err)
{
    return get(w, rest_path("/runs/get", "run_id", id, NULL, NULL), "run", doc, n, err) ||
           (err->code == NCM_NOT_FOUND ? ncm_rules_no_run(id, err) : false);
}

bool rest_get_experiment(struct rest_writer *w, const char *id, struct ncm_doc **doc,
                         const struct ncm_node **n, struct ncm_err *err)
{
    return get(w, rest_path("/experiments/get", "experiment_id", id, NULL, NULL), "experiment", doc,
               n, err) ||
           (err->code == NCM_NOT_FOUND ? ncm_rules_no_experiment(id, err) : false);
}

bool rest_find_experiment(struct rest_writer *w, const char *name, struct ncm_doc **doc,
                          const struct ncm_node **n, struct ncm_err *err)
{
    return get(w, rest_path("/experiments/get-by-name", "experiment_name", name, NULL, NULL),
               "experiment", doc, n, err) ||
           err->code == NCM_NOT_FOUND;
}

/* The filter for one model's versions. MLflow's grammar cannot escape a quote, so that it takes the
 * other kind; NULL for a name with both: all versions are asked for then. */
static char *filter_of(const char *model)
{
    if (strchr(model, '\'') == NULL) {
        return ncm_sprintf("name='%s'", model);
    }
    return strchr(model, '"') == NULL ? ncm_sprintf("name=\"%s\"", model) : NULL;
}

static char *page_path(const char *filter, const char *token)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 64 * 1024);
    ncm_buf_printf(&b, "/model-versions/search?max_results=%d", PAGE);
    if (filter != NULL) {
        ncm_buf_puts(&b, "&filter=");
        ncm_http_encode(&b, filter);
    }
    if (token != NULL) {
        ncm_buf_puts(&b, "&page_token=");
        ncm_http_encode(&b, token);
    }
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

/* One page; *more says whether to go on. */
static bool each_of_page(const struct ncm_doc *doc, const char *model,
                         bool (*each)(void *to, const struct ncm_node *version), void *to,
                         bool *more, struct ncm_err *err)
{
    const struct ncm_node *list;
    if (!rest_list(doc, "model_versions", &list, err)) {
        return false;
    }
    for (size_t i = 0; *more && i < list->n; i++) {
        if (strcmp(ncm_node_str(&list->items[i], "name", ""), model) == 0) {
            *more = each(to, &list->items[i]);
        }
    }
    return true;
}

bool rest_each_version(struct rest_writer *w, const char *model,
                       bool (*each)(void *to, const struct ncm_node *version), void *to,
                       struct ncm_err *err)
{
    char *filter = filter_of(model);
    char *token = NULL;
    bool ok = true, more = true;
    for (int i = 0; ok && more && i < PAGES_MOST; i++) {
        struct ncm_doc *doc;
        char *path = page_path(filter, token);
        ok = rest_call(w->c, NCM_HTTP_GET, path, NULL, w->control, &doc, err) &&
             each_of_page(doc, model, each, to, &more, err) &&
             (!more || rest_turn(doc, "model_versions", &token, err));
        ncm_free(path);
        more = more && token != NULL;
        ncm_doc_free(doc);
    }
    ncm_free(token);
    ncm_free(filter);
    return ok;
}

const char *rest_tag(const struct ncm_node *object, const char *key)
{
    const struct ncm_node *tags = ncm_node_get(object, "tags");
    for (size_t i = 0; tags != NULL && tags->kind == NCM_NODE_LIST && i < tags->n; i++) {
        if (strcmp(ncm_node_str(&tags->items[i], "key", ""), key) == 0) {
            return ncm_node_str(&tags->items[i], "value", "");
        }
    }
    return NULL;
}

static bool version_value(struct rest_writer *w, const struct ncm_change *ch, char **value,
                          struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *n;
    if (!rest_get_version(w, ch->object, ch->version, &doc, &n, err)) {
        return false;
    }
    const char *now = ch->kind == NCM_CH_VERSION_NOTE  ? ncm_node_str(n, "description", NULL)
                      : ch->kind == NCM_CH_VERSION_TAG ? rest_tag(n, ch->key)
                                                       : ncm_node_str(n, "current_stage", "None");
    *value = ncm_strdup(now);
    ncm_doc_free(doc);
    return true;
}

struct sought {
    const char *key;
    char *value;
};

static bool find_tag(void *to, const struct ncm_node *version)
{
    struct sought *s = to;
    s->value = ncm_strdup(rest_tag(version, s->key));
    return s->value == NULL;
}

/* A transition tag may be asked for on a version that is gone (its tags went with it), or (version
 * NULL) on any of the model: it is how an unfinished change is settled. */
static bool version_tag(struct rest_writer *w, const struct ncm_change *ch, char **value,
                        struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *n;
    if (strncmp(ch->key, NCM_MARK_PREFIX, strlen(NCM_MARK_PREFIX)) != 0) {
        return version_value(w, ch, value, err);
    }
    if (ch->version != NULL) {
        if (version_value(w, ch, value, err)) {
            return true;
        }
        if (err->code != NCM_NOT_FOUND || !rest_get_model(w, ch->object, &doc, &n, err)) {
            return false;
        }
        ncm_doc_free(doc);
        return true;
    }
    struct sought s = {.key = ch->key};
    if (!rest_get_model(w, ch->object, &doc, &n, err)) {
        return false;
    }
    ncm_doc_free(doc);
    bool ok = rest_each_version(w, ch->object, find_tag, &s, err);
    *value = s.value;
    return ok;
}

/* Where an alias points, as text; also at a version that is gone. */
static const char *alias_target(const struct ncm_node *model, const char *alias, char buf[24])
{
    const struct ncm_node *list = ncm_node_get(model, "aliases");
    for (size_t i = 0; list != NULL && list->kind == NCM_NODE_LIST && i < list->n; i++) {
        const struct ncm_node *v = ncm_node_get(&list->items[i], "version");
        if (v == NULL || strcmp(ncm_node_str(&list->items[i], "alias", ""), alias) != 0) {
            continue;
        }
        if (v->kind == NCM_NODE_STR) {
            return v->str;
        }
        snprintf(buf, 24, "%lld", (long long)v->i);
        return buf;
    }
    return NULL;
}

static bool model_value(struct rest_writer *w, const struct ncm_change *ch, char **value,
                        struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *n;
    char number[24];
    if (!rest_get_model(w, ch->object, &doc, &n, err)) {
        return ch->kind == NCM_CH_MODEL_CREATE && err->code == NCM_NOT_FOUND;
    }
    const char *now = ch->kind == NCM_CH_ALIAS        ? alias_target(n, ch->key, number)
                      : ch->kind == NCM_CH_MODEL_TAG  ? rest_tag(n, ch->key)
                      : ch->kind == NCM_CH_MODEL_NOTE ? ncm_node_str(n, "description", NULL)
                                                      : ncm_node_str(n, "name", ch->object);
    *value = ncm_strdup(now);
    ncm_doc_free(doc);
    return true;
}

static bool count_one(void *to, const struct ncm_node *version)
{
    (void)version;
    ++*(int *)to;
    return true;
}

/* How many versions there are to lose. */
static bool version_count(struct rest_writer *w, const struct ncm_change *ch, char **value,
                          struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *model;
    int n = 0;
    if (!rest_get_model(w, ch->object, &doc, &model, err)) {
        return false;
    }
    ncm_doc_free(doc);
    if (!rest_each_version(w, ch->object, count_one, &n, err)) {
        return false;
    }
    *value = ncm_sprintf("%d", n);
    return true;
}

static const char *run_name(const struct ncm_node *run)
{
    const char *name = ncm_node_str(ncm_node_get(run, "info"), "run_name", "");
    if (name[0] == '\0') {
        name = rest_tag(ncm_node_get(run, "data"), "mlflow.runName");
    }
    return name != NULL && name[0] != '\0' ? name : NULL;
}

static bool run_value(struct rest_writer *w, const struct ncm_change *ch, char **value,
                      struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *n;
    if (!rest_get_run(w, ch->object, &doc, &n, err)) {
        return false;
    }
    const struct ncm_node *data = ncm_node_get(n, "data");
    const char *now = ch->kind == NCM_CH_RUN_TAG    ? rest_tag(data, ch->key)
                      : ch->kind == NCM_CH_RUN_NOTE ? rest_tag(data, "mlflow.note.content")
                      : ch->kind == NCM_CH_RUN_NAME ? run_name(n)
                      : ch->kind == NCM_CH_RUN_STATUS
                          ? ncm_node_str(ncm_node_get(n, "info"), "status", NULL)
                          : ncm_node_str(ncm_node_get(n, "info"), "lifecycle_stage", "active");
    *value = ncm_strdup(now);
    ncm_doc_free(doc);
    return true;
}

static bool experiment_value(struct rest_writer *w, const struct ncm_change *ch, char **value,
                             struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *n;
    bool ok = ch->kind == NCM_CH_EXPERIMENT_CREATE
                  ? rest_find_experiment(w, ch->to, &doc, &n, err)
                  : rest_get_experiment(w, ch->object, &doc, &n, err);
    if (!ok || n == NULL) {
        return ok;
    }
    const char *now = ch->kind == NCM_CH_EXPERIMENT_TAG ? rest_tag(n, ch->key)
                      : ch->kind == NCM_CH_EXPERIMENT_LIFECYCLE
                          ? ncm_node_str(n, "lifecycle_stage", "active")
                          : ncm_node_str(n, "name", NULL);
    *value = ncm_strdup(now);
    ncm_doc_free(doc);
    return true;
}

bool rest_now(struct rest_writer *w, const struct ncm_change *ch, char **value, struct ncm_err *err)
{
    *value = NULL;
    const struct rest_facts *facts = w->c->facts_known ? &w->c->facts : NULL;
    if (ch->kind < NCM_CH_RUN_TAG && facts != NULL && !facts->has_registry) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("this store has no model registry"));
    }
    switch (ch->kind) {
    case NCM_CH_VERSION_CREATE:
        return true;
    case NCM_CH_VERSION_STAGE:
    case NCM_CH_VERSION_NOTE:
    case NCM_CH_VERSION_DELETE:
        return version_value(w, ch, value, err);
    case NCM_CH_VERSION_TAG:
        return version_tag(w, ch, value, err);
    case NCM_CH_MODEL_DELETE:
        return version_count(w, ch, value, err);
    case NCM_CH_ALIAS:
        if (facts != NULL && !facts->has_aliases) {
            return ncm_fail(err, NCM_UNSUPPORTED,
                            _("this store has no aliases: they came with"
                              " MLflow 2.3"));
        }
        return model_value(w, ch, value, err);
    case NCM_CH_MODEL_CREATE:
    case NCM_CH_MODEL_RENAME:
    case NCM_CH_MODEL_TAG:
    case NCM_CH_MODEL_NOTE:
        return model_value(w, ch, value, err);
    case NCM_CH_RUN_TAG:
    case NCM_CH_RUN_NOTE:
    case NCM_CH_RUN_NAME:
    case NCM_CH_RUN_LIFECYCLE:
    case NCM_CH_RUN_STATUS:
        return run_value(w, ch, value, err);
    case NCM_CH_RUN_CREATE:
        return rest_now_new_run(w, ch, value, err);
    case NCM_CH_RUN_METRIC:
        return rest_now_point(w, ch, value, err);
    default:
        return experiment_value(w, ch, value, err);
    }
}

bool rest_present(struct ncm_conn *c, const struct ncm_change *change, char **value,
                  struct ncm_err *err)
{
    /* What the server can do is not asked for this alone: reading back has a connection of its own.
     */
    struct rest_writer w = {.c = c};
    ncm_http_ready(c->http);
    return rest_now(&w, change, value, err);
}
