/* One change as one request, as MLflow's own client makes it. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mark.h"
#include "provider/mlflow_rest/apply.h"

#define BODY_MOST (8u << 20)

struct request {
    enum ncm_http_method method;
    const char *path;
    struct ncm_buf text;
    struct ncm_json body;
};

static void begin(struct request *r, enum ncm_http_method method, const char *path)
{
    r->method = method;
    r->path = path;
    ncm_buf_init(&r->text, BODY_MOST);
    ncm_json_init(&r->body, &r->text, false);
    ncm_json_obj(&r->body);
}

static void field(struct request *r, const char *key, const char *value)
{
    if (value != NULL) {
        ncm_json_key(&r->body, key);
        ncm_json_str(&r->body, value);
    }
}

/* A tag is set with a value and taken away without. */
static void tag(struct request *r, const char *set, const char *take, enum ncm_http_method take_by,
                const struct ncm_change *ch, const char *key)
{
    begin(r, ch->to != NULL ? NCM_HTTP_POST : take_by, ch->to != NULL ? set : take);
    field(r, "key", key);
    field(r, "value", ch->to);
}

/* The note for other clients goes in with the version, so that either both are there or none. */
static void creation_mark(const struct rest_writer *w, struct request *r)
{
    if (w->mark == NULL) {
        return;
    }
    struct ncm_buf note;
    char *key = rest_mark_key(w->mark, 0);
    ncm_buf_init(&note, 1u << 20);
    ncm_mark_text(w->mark, ncm_now_ms(), NULL, NULL, "None", &note);
    ncm_json_key(&r->body, "tags");
    ncm_json_arr(&r->body);
    ncm_json_obj(&r->body);
    field(r, "key", key);
    field(r, "value", note.p);
    ncm_json_end_obj(&r->body);
    ncm_json_end_arr(&r->body);
    ncm_buf_release(&note);
    ncm_free(key);
}

static void create_version(const struct rest_writer *w, const struct ncm_change *ch,
                           struct request *r)
{
    begin(r, NCM_HTTP_POST, "/model-versions/create");
    field(r, "source", ch->to);
    field(r, "run_id", ch->key);
    field(r, "description", ch->extra);
    /* The id in "models:/m-…": the server links version and logged model. */
    if (strncmp(ch->to, "models:/m-", 10) == 0) {
        field(r, "model_id", ch->to + 8);
    }
    creation_mark(w, r);
}

static void version_request(const struct rest_writer *w, const struct ncm_change *ch, bool archive,
                            struct request *r)
{
    switch (ch->kind) {
    case NCM_CH_VERSION_CREATE:
        create_version(w, ch, r);
        break;
    case NCM_CH_VERSION_STAGE:
        begin(r, NCM_HTTP_POST, "/model-versions/transition-stage");
        field(r, "stage", ch->to);
        ncm_json_key(&r->body, "archive_existing_versions");
        ncm_json_bool(&r->body, archive);
        break;
    case NCM_CH_VERSION_TAG:
        tag(r, "/model-versions/set-tag", "/model-versions/delete-tag", NCM_HTTP_DELETE, ch,
            ch->key);
        break;
    case NCM_CH_VERSION_NOTE:
        begin(r, NCM_HTTP_PATCH, "/model-versions/update");
        field(r, "description", ch->to);
        break;
    default: /* NCM_CH_VERSION_DELETE */
        begin(r, NCM_HTTP_DELETE, "/model-versions/delete");
        break;
    }
    field(r, "name", ch->object);
    field(r, "version", ch->kind != NCM_CH_VERSION_CREATE ? ch->version : NULL);
}

static void model_request(const struct ncm_change *ch, struct request *r)
{
    switch (ch->kind) {
    case NCM_CH_ALIAS:
        begin(r, ch->to != NULL ? NCM_HTTP_POST : NCM_HTTP_DELETE, "/registered-models/alias");
        field(r, "alias", ch->key);
        field(r, "version", ch->to);
        break;
    case NCM_CH_MODEL_CREATE:
        begin(r, NCM_HTTP_POST, "/registered-models/create");
        field(r, "description", ch->to);
        break;
    case NCM_CH_MODEL_RENAME:
        begin(r, NCM_HTTP_POST, "/registered-models/rename");
        field(r, "new_name", ch->to);
        break;
    case NCM_CH_MODEL_TAG:
        tag(r, "/registered-models/set-tag", "/registered-models/delete-tag", NCM_HTTP_DELETE, ch,
            ch->key);
        break;
    case NCM_CH_MODEL_NOTE:
        begin(r, NCM_HTTP_PATCH, "/registered-models/update");
        field(r, "description", ch->to);
        break;
    default: /* NCM_CH_MODEL_DELETE */
        begin(r, NCM_HTTP_DELETE, "/registered-models/delete");
        break;
    }
    field(r, "name", ch->object);
}

static void run_request(const struct ncm_change *ch, struct request *r)
{
    switch (ch->kind) {
    case NCM_CH_RUN_LIFECYCLE:
        begin(r, NCM_HTTP_POST, strcmp(ch->to, "deleted") == 0 ? "/runs/delete" : "/runs/restore");
        break;
    case NCM_CH_RUN_STATUS:
        begin(r, NCM_HTTP_POST, "/runs/update");
        field(r, "status", ch->to);
        if (ncm_run_is_over(ncm_run_status_of(ch->to))) {
            ncm_json_key(&r->body, "end_time");
            ncm_json_i64(&r->body, ncm_now_ms());
        }
        break;
    case NCM_CH_RUN_NAME:
        /* The tag carries the name along; runs/update would carry the status along, and a job that
         * ends just now would be running again. */
        tag(r, "/runs/set-tag", "/runs/delete-tag", NCM_HTTP_POST, ch, "mlflow.runName");
        break;
    default:
        tag(r, "/runs/set-tag", "/runs/delete-tag", NCM_HTTP_POST, ch,
            ch->kind == NCM_CH_RUN_NOTE ? "mlflow.note.content" : ch->key);
        break;
    }
    field(r, "run_id", ch->object);
}

static void experiment_request(const struct ncm_change *ch, struct request *r)
{
    switch (ch->kind) {
    case NCM_CH_EXPERIMENT_CREATE:
        begin(r, NCM_HTTP_POST, "/experiments/create");
        field(r, "name", ch->to);
        return;
    case NCM_CH_EXPERIMENT_NAME:
        begin(r, NCM_HTTP_POST, "/experiments/update");
        field(r, "new_name", ch->to);
        break;
    case NCM_CH_EXPERIMENT_TAG:
        tag(r, "/experiments/set-experiment-tag", "/experiments/delete-experiment-tag",
            NCM_HTTP_POST, ch, ch->key);
        break;
    default: /* NCM_CH_EXPERIMENT_LIFECYCLE */
        begin(r, NCM_HTTP_POST,
              strcmp(ch->to, "deleted") == 0 ? "/experiments/delete" : "/experiments/restore");
        break;
    }
    field(r, "experiment_id", ch->object);
}

static void make_request(const struct rest_writer *w, const struct ncm_change *ch, bool archive,
                         struct request *r)
{
    if (ch->kind < NCM_CH_ALIAS) {
        version_request(w, ch, archive, r);
    } else if (ch->kind < NCM_CH_RUN_TAG) {
        model_request(ch, r);
    } else if (ch->kind < NCM_CH_EXPERIMENT_CREATE) {
        run_request(ch, r);
    } else {
        experiment_request(ch, r);
    }
    ncm_json_end_obj(&r->body);
}

/* What the answer says of it; an answer that does not say it is no answer. */
static bool take_answer(const struct ncm_change *ch, const struct ncm_doc *doc,
                        struct rest_step *step, struct ncm_err *err)
{
    const struct ncm_node *root = ncm_doc_root(doc);
    const struct ncm_node *version = ncm_node_get(root, "model_version");
    const char *created = NULL;
    step->time_ms = rest_time(version, "last_updated_timestamp");
    switch (ch->kind) {
    case NCM_CH_VERSION_STAGE:
        if (ncm_change_same(ncm_node_str(version, "current_stage", NULL), ch->to)) {
            return true;
        }
        break;
    case NCM_CH_VERSION_CREATE:
        created = ncm_node_str(version, "version", NULL);
        break;
    case NCM_CH_EXPERIMENT_CREATE:
        created = ncm_node_str(root, "experiment_id", NULL);
        break;
    default:
        return true;
    }
    if (created != NULL) {
        snprintf(step->created, sizeof step->created, "%s", created);
        return true;
    }
    ncm_fail(err, NCM_INVALID_DATA, _("the server's answer does not say that it was done"));
    return ncm_detail(err, "sent; no answer to the point");
}

bool rest_write(struct rest_writer *w, const struct ncm_change *ch, bool archive,
                struct rest_step *step, struct ncm_err *err)
{
    struct request r;
    struct ncm_doc *doc = NULL;
    step->time_ms = NCM_NO_TIME;
    make_request(w, ch, archive, &r);
    bool ok = !r.text.full || ncm_fail(err, NCM_TOO_LARGE, _("the change is too large to be sent"));
    if (ok) {
        ok = rest_call(w->c, r.method, r.path, r.text.p, w->control, &doc, err) &&
             take_answer(ch, doc, step, err);
        step->fate = ok                      ? REST_DONE
                     : rest_is_doubtful(err) ? rest_find_fate(w, ch, step, err)
                                             : REST_AS_WAS;
    }
    ncm_doc_free(doc);
    ncm_buf_release(&r.text);
    return step->fate == REST_DONE;
}
