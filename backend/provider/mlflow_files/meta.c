#include "provider/mlflow_files/meta.h"

#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/node.h"

/* A file being read: the first fault is kept, what follows does nothing. */
struct meta {
    const char *name;
    struct ncm_doc *doc;
    const struct ncm_node *root;
    bool ok;
    struct ncm_err *err;
};

static bool begin(struct meta *m, const char *name, const char *p, size_t len, struct ncm_err *err)
{
    *m = (struct meta){.name = name, .err = err};
    if (!ncm_yaml_parse(name, p, len, &m->doc, err))
        return false;
    m->root = ncm_doc_root(m->doc);
    m->ok = m->root->kind == NCM_NODE_MAP;
    if (!m->ok && m->root->kind == NCM_NODE_NULL)
        ncm_fail(err, NCM_INVALID_DATA, _("%s is empty"), name);
    else if (!m->ok)
        ncm_fail(err, NCM_INVALID_DATA, _("%s holds no keys and values"), name);
    return m->ok;
}

static bool end(struct meta *m)
{
    ncm_doc_free(m->doc);
    return m->ok;
}

static void wrong(struct meta *m, const struct ncm_node *n, const char *key, const char *wanted)
{
    if (m->ok)
        ncm_fail(m->err, NCM_INVALID_DATA, _("%s:%d: \"%s\" is not %s"), m->name, n->line, key,
                 wanted);
    m->ok = false;
}

static void missing(struct meta *m, const char *key)
{
    if (m->ok)
        ncm_fail(m->err, NCM_INVALID_DATA, _("%s has no \"%s\""), m->name, key);
    m->ok = false;
}

/* The text of a scalar as it is written: ids and names may look like numbers. Absent for null;
 * borrowed from the document. */
static struct ncm_str text_of(struct meta *m, const char *key, bool needed)
{
    const struct ncm_node *n = ncm_node_get(m->root, key);
    if (n != NULL && (n->kind == NCM_NODE_LIST || n->kind == NCM_NODE_MAP))
        wrong(m, n, key, _("a text"));
    else if (n != NULL && n->kind != NCM_NODE_NULL)
        return (struct ncm_str){n->str, n->len};
    if (needed)
        missing(m, key);
    return (struct ncm_str){0};
}

static struct ncm_str text_in(struct meta *m, const char *key, struct ncm_arena *a)
{
    struct ncm_str s = text_of(m, key, false);
    return s.p == NULL ? s : ncm_arena_str(a, s.p, s.len);
}

static int64_t time_of(struct meta *m, const char *key)
{
    const struct ncm_node *n = ncm_node_get(m->root, key);
    if (n == NULL || n->kind == NCM_NODE_NULL)
        return NCM_NO_TIME;
    if (n->kind == NCM_NODE_INT)
        return n->i;
    if (n->kind == NCM_NODE_NUM && isfinite(n->num) && fabs(n->num) < 9e15)
        return (int64_t)n->num;
    wrong(m, n, key, _("a time in milliseconds"));
    return NCM_NO_TIME;
}

static enum ncm_lifecycle lifecycle_of(struct meta *m)
{
    struct ncm_str s = text_of(m, "lifecycle_stage", false);
    if (s.p == NULL || ncm_str_is(s, "active"))
        return NCM_ACTIVE;
    if (!ncm_str_is(s, "deleted"))
        wrong(m, ncm_node_get(m->root, "lifecycle_stage"), "lifecycle_stage",
              _("active or deleted"));
    return NCM_DELETED;
}

/* MLflow keeps the number of its enumeration; without one a run counts as running. */
static enum ncm_run_status status_of(struct meta *m)
{
    static const enum ncm_run_status numbers[] = {NCM_RUN_RUNNING, NCM_RUN_SCHEDULED,
                                                  NCM_RUN_FINISHED, NCM_RUN_FAILED, NCM_RUN_KILLED};
    const struct ncm_node *n = ncm_node_get(m->root, "status");
    if (n == NULL)
        return NCM_RUN_RUNNING;
    if (n->kind == NCM_NODE_INT && n->i >= 1 && n->i <= 5)
        return numbers[n->i - 1];
    wrong(m, n, "status", _("a number from 1 to 5"));
    return NCM_RUN_UNKNOWN;
}

/* Copies the strings, which lie in a document, into one block of their own. */
static char *pack(struct ncm_str **strings, size_t n)
{
    size_t size = 1;
    for (size_t i = 0; i < n; i++)
        size += strings[i]->len + 1;
    char *block = ncm_alloc(size, 1), *at = block;
    for (size_t i = 0; i < n; i++) {
        if (strings[i]->p == NULL)
            continue;
        memcpy(at, strings[i]->p, strings[i]->len);
        strings[i]->p = at;
        at += strings[i]->len + 1;
    }
    return block;
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

bool files_meta_run(const char *name, const char *p, size_t len, struct files_run_meta *out,
                    struct ncm_err *err)
{
    struct meta m;
    *out = (struct files_run_meta){0};
    if (!begin(&m, name, p, len, err))
        return end(&m);
    out->id = text_of(&m, "run_id", false);
    if (out->id.p == NULL) /* the oldest stores have only this one */
        out->id = text_of(&m, "run_uuid", false);
    if (out->id.p == NULL)
        missing(&m, "run_id");
    out->experiment_id = text_of(&m, "experiment_id", true);
    out->name = text_of(&m, "run_name", false);
    out->user = text_of(&m, "user_id", false);
    out->artifact_uri = text_of(&m, "artifact_uri", false);
    out->status = status_of(&m);
    out->lifecycle = lifecycle_of(&m);
    out->start_ms = time_of(&m, "start_time");
    out->end_ms = time_of(&m, "end_time");
    struct ncm_str *strings[] = {&out->id, &out->experiment_id, &out->name, &out->user,
                                 &out->artifact_uri};
    if (m.ok)
        out->text = pack(strings, COUNT(strings));
    else
        *out = (struct files_run_meta){0};
    return end(&m);
}

bool files_meta_experiment(const char *name, const char *p, size_t len,
                           struct files_experiment_meta *out, struct ncm_err *err)
{
    struct meta m;
    *out = (struct files_experiment_meta){0};
    if (!begin(&m, name, p, len, err))
        return end(&m);
    out->id = text_of(&m, "experiment_id", true);
    out->name = text_of(&m, "name", true);
    out->artifact_location = text_of(&m, "artifact_location", false);
    out->lifecycle = lifecycle_of(&m);
    out->creation_ms = time_of(&m, "creation_time");
    out->last_update_ms = time_of(&m, "last_update_time");
    out->three =
        ncm_node_get(m.root, "workspace") != NULL || ncm_node_get(m.root, "trace_location") != NULL;
    struct ncm_str *strings[] = {&out->id, &out->name, &out->artifact_location};
    if (m.ok)
        out->text = pack(strings, COUNT(strings));
    else
        *out = (struct files_experiment_meta){0};
    return end(&m);
}

bool files_meta_model(const char *name, const char *p, size_t len, struct ncm_arena *a,
                      struct ncm_model *out, struct ncm_err *err)
{
    struct meta m;
    if (!begin(&m, name, p, len, err))
        return end(&m);
    out->description = text_in(&m, "description", a);
    out->creation_ms = time_of(&m, "creation_timestamp");
    out->last_updated_ms = time_of(&m, "last_updated_timestamp");
    return end(&m);
}

bool files_meta_version(const char *name, const char *p, size_t len, struct ncm_arena *a,
                        struct ncm_model_version *out, struct ncm_str *storage, struct ncm_err *err)
{
    struct meta m;
    if (!begin(&m, name, p, len, err))
        return end(&m);
    out->stage_text = text_in(&m, "current_stage", a);
    if (!ncm_stage_of(ncm_cstr(out->stage_text), &out->stage))
        out->stage = NCM_STAGE_NONE;
    out->creation_ms = time_of(&m, "creation_timestamp");
    out->last_updated_ms = time_of(&m, "last_updated_timestamp");
    out->user = text_in(&m, "user_id", a);
    out->description = text_in(&m, "description", a);
    out->source = text_in(&m, "source", a);
    out->run_id = text_in(&m, "run_id", a);
    out->status = text_in(&m, "status", a);
    out->status_message = text_in(&m, "status_message", a);
    out->run_link = text_in(&m, "run_link", a);
    if (storage != NULL)
        *storage = text_in(&m, "storage_location", a);
    return end(&m);
}

bool files_meta_dataset(const char *name, const char *p, size_t len, struct ncm_arena *a,
                        struct ncm_dataset_input *out, struct ncm_err *err)
{
    struct meta m;
    if (!begin(&m, name, p, len, err))
        return end(&m);
    out->name = text_in(&m, "name", a);
    out->digest = text_in(&m, "digest", a);
    out->source_type = text_in(&m, "source_type", a);
    out->source = text_in(&m, "source", a);
    return end(&m);
}

static struct ncm_str logged_status(struct meta *m, struct ncm_arena *a)
{
    static const char *const words[] = {"UNSPECIFIED", "PENDING", "READY", "FAILED"};
    const struct ncm_node *n = ncm_node_get(m->root, "status");
    if (n != NULL && n->kind == NCM_NODE_INT && n->i >= 0 && n->i < (int64_t)COUNT(words))
        return ncm_arena_cstr(a, words[n->i]);
    return text_in(m, "status", a);
}

bool files_meta_logged(const char *name, const char *p, size_t len, struct ncm_arena *a,
                       struct files_logged_meta *out, struct ncm_err *err)
{
    struct meta m;
    *out = (struct files_logged_meta){0};
    if (!begin(&m, name, p, len, err))
        return end(&m);
    out->model.id = text_in(&m, "model_id", a);
    out->model.name = text_in(&m, "name", a);
    out->model.status = logged_status(&m, a);
    out->model.artifact_location = text_in(&m, "artifact_location", a);
    out->model.model_type = text_in(&m, "model_type", a);
    out->experiment_id = text_in(&m, "experiment_id", a);
    out->source_run = text_in(&m, "source_run_id", a);
    out->creation_ms = time_of(&m, "creation_timestamp");
    out->deleted = lifecycle_of(&m) == NCM_DELETED;
    return end(&m);
}

bool files_meta_link(const char *name, const char *p, size_t len, struct ncm_arena *a,
                     struct files_link_meta *out, struct ncm_err *err)
{
    struct meta m;
    *out = (struct files_link_meta){0};
    if (!begin(&m, name, p, len, err))
        return end(&m);
    out->source_type = text_in(&m, "source_type", a);
    out->source_id = text_in(&m, "source_id", a);
    out->destination_type = text_in(&m, "destination_type", a);
    out->destination_id = text_in(&m, "destination_id", a);
    const struct ncm_node *tag = ncm_node_get(ncm_node_get(m.root, "tags"), "mlflow.data.context");
    if (tag != NULL && tag->str != NULL && tag->kind != NCM_NODE_NULL)
        out->context = ncm_arena_str(a, tag->str, tag->len);
    return end(&m);
}
