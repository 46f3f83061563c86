#include "ops/watch/tracking.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/list.h"
#include "io/file.h"
#include "io/node.h"
#include "ops/monitor_run.h"
#include "ops/parts.h"

/* A job's context on a connection of our own: what reading within a job wants. */
static struct ncm_job_context context_of(const struct ncm_watch_env *env,
                                         const struct ncm_control *control)
{
    return (struct ncm_job_context){
        .provider = env->tracking, .place = env->tracking_place, .control = *control};
}

/* "A/B" into its halves; false where there is no slash. The caller frees both. */
static bool halves(const char *text, char **first, char **second)
{
    const char *slash = strchr(text, '/');
    if (slash == NULL || slash == text || slash[1] == '\0') {
        return false;
    }
    *first = ncm_strndup(text, (size_t)(slash - text));
    *second = ncm_strdup(slash + 1);
    return true;
}

static bool put(void *to, const char *p, size_t len, struct ncm_err *err)
{
    return ncm_file_out_put(to, p, len, err);
}

static void drop(void *to, struct ncm_snapshot *s)
{
    (void)to;
    ncm_snapshot_unref(s);
}

static void no_progress(void *to, int64_t done, int64_t total)
{
    (void)to;
    (void)done;
    (void)total;
}

/* A name in our own folder that nobody can guess; NULL + err. */
static char *temporary(const char *path, struct ncm_err *err)
{
    char tail[33];
    const char *slash = strrchr(path, '/');
    char *state = ncm_dir_state();
    char *dir = ncm_path_join(state, "fetched");
    char *file = NULL;
    ncm_random_hex(tail, 16);
    if (ncm_dir_make(dir, 0700, err)) {
        file = ncm_sprintf("%s/%s-%s", dir, tail, slash != NULL ? slash + 1 : path);
    }
    ncm_free(dir);
    ncm_free(state);
    return file;
}

static bool fetch_artifact(const struct ncm_watch_env *env, const char *run, const char *path,
                           const char *file, struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_job_context ctx = context_of(env, control);
    struct ncm_file_out *out;
    struct ncm_lane lane;
    if (!ncm_lane_begin(&ctx, &lane, err)) {
        return false;
    }
    struct ncm_query *q = ncm_query_artifact(run, path, 0);
    bool ok = ncm_file_out_open(file, 0600, &out, err);
    if (ok) {
        struct ncm_fetch f = {.query = q,
                              .control = {.cancel = control->cancel},
                              .sink = put,
                              .sink_to = out,
                              .publish = drop,
                              .progress = no_progress};
        ok = env->tracking->fetch(lane.conn, &f, err);
        if (ok) {
            ok = ncm_file_out_commit(out, err);
        } else {
            ncm_file_out_abort(out);
        }
    }
    ncm_query_free(q);
    ncm_lane_end(&ctx, &lane);
    return ok;
}

char *ncm_tracking_artifact(const struct ncm_watch_env *env, const char *run_and_path,
                            struct ncm_control *control, struct ncm_err *err)
{
    char *run, *path;
    if (!halves(run_and_path, &run, &path)) {
        ncm_fail(err, NCM_USAGE, _("'%s' is no RUN_ID/PATH of an artifact"), run_and_path);
        return NULL;
    }
    char *file = temporary(path, err);
    if (file != NULL && !fetch_artifact(env, run, path, file, control, err)) {
        ncm_free(file);
        file = NULL;
    }
    ncm_free(run);
    ncm_free(path);
    return file;
}

void ncm_tracking_discard(const char *path)
{
    unlink(path);
}

/* The path that a dataset's source names, or NULL. The caller frees. */
static char *source_path(struct ncm_str source)
{
    struct ncm_doc *doc = NULL;
    struct ncm_err ignored;
    const char *uri = ncm_cstr(source);
    if (source.p != NULL && ncm_json_parse("source", source.p, source.len, &doc, &ignored)) {
        const struct ncm_node *root = ncm_doc_root(doc);
        uri = ncm_node_str(root, "uri", ncm_node_str(root, "path", ""));
    }
    char *path = ncm_path_from_uri(uri);
    ncm_doc_free(doc);
    if (path != NULL && path[0] != '/') {
        ncm_free(path);
        path = NULL;
    }
    return path;
}

static const struct ncm_dataset_input *choose(const struct ncm_run *run, const char *name)
{
    for (size_t i = 0; i < run->n_inputs; i++) {
        if (name == NULL || ncm_str_is(run->inputs[i].name, name)) {
            return &run->inputs[i];
        }
    }
    return NULL;
}

char *ncm_tracking_dataset(const struct ncm_watch_env *env, const char *run,
                           struct ncm_control *control, bool *fetched, struct ncm_err *err)
{
    char *id = NULL, *name = NULL, *path = NULL;
    const void *snapshot = NULL;
    *fetched = false;
    if (!halves(run, &id, &name)) {
        id = ncm_strdup(run);
    }
    struct ncm_job_context ctx = context_of(env, control);
    struct ncm_query *q = ncm_query_run(id);
    if (ncm_fetch_now(&ctx, q, &snapshot, err)) {
        const struct ncm_run_snapshot *s = snapshot;
        const struct ncm_dataset_input *input = choose(&s->run, name);
        path = input != NULL ? source_path(input->source) : NULL;
        if (input == NULL) {
            ncm_fail(err, NCM_NOT_FOUND, _("run %s names no such dataset"), id);
        } else if (path == NULL) {
            ncm_fail(err, NCM_UNSUPPORTED, _("the dataset %s lies where it is not read from: %s"),
                     ncm_cstr(input->name), ncm_cstr(input->source_type));
            ncm_hint(err, "%s", _("name a file or an artifact as the reference"));
        }
    }
    ncm_snapshot_unref(snapshot);
    ncm_query_free(q);
    ncm_free(id);
    ncm_free(name);
    return path;
}

bool ncm_tracking_series(const struct ncm_watch_env *env, const char *run_and_key,
                         struct ncm_control *control, const struct ncm_series_snapshot **out,
                         struct ncm_err *err)
{
    char *run, *key;
    const void *snapshot = NULL;
    if (!halves(run_and_key, &run, &key)) {
        return ncm_fail(err, NCM_USAGE, _("'%s' is no RUN_ID/KEY of a metric"), run_and_key);
    }
    struct ncm_job_context ctx = context_of(env, control);
    struct ncm_query *q = ncm_query_series(run, key, 0);
    bool ok = ncm_fetch_now(&ctx, q, &snapshot, err);
    *out = snapshot;
    ncm_query_free(q);
    ncm_free(run);
    ncm_free(key);
    return ok;
}

/* One key a feature: "drift.psi.amount". */
static char *key_of(const struct ncm_watched *w, const struct ncm_watched_feature *f)
{
    bool figure = w->monitor->kind != NCM_MONITOR_ROWS && w->monitor->kind != NCM_MONITOR_HISTOGRAM;
    if (figure) {
        return ncm_sprintf("monitor.%s%s%s", w->monitor->name, f->name[0] != '\0' ? "." : "",
                           f->name);
    }
    return ncm_sprintf("drift.%s.%s", f->method != NULL ? f->method : "psi", f->name);
}

bool ncm_tracking_record(const struct ncm_watch_env *env, const struct ncm_watched *w,
                         const size_t *windows, size_t n, struct ncm_control *control,
                         char run_id[64], struct ncm_err *err)
{
    struct ncm_list points = {.size = sizeof(struct ncm_monitor_point)};
    struct ncm_arena *a = ncm_arena_new();
    int64_t length = w->monitor->window_ms > 0 ? w->monitor->window_ms : 1;
    for (size_t k = 0; k < w->n_features; k++) {
        char *key = key_of(w, &w->features[k]);
        const char *kept = ncm_cstr(ncm_arena_cstr(a, key));
        ncm_free(key);
        for (size_t i = 0; i < n; i++) {
            const struct ncm_figure *g = &w->features[k].figures[windows[i]];
            if (g->known && g->state >= NCM_DRIFT_OK) {
                struct ncm_monitor_point *p = ncm_list_add(&points);
                int64_t end = w->windows[windows[i]].end_ms;
                *p = (struct ncm_monitor_point){
                    .key = kept, .value = g->value, .step = end / length, .timestamp_ms = end};
            }
        }
    }
    const struct ncm_monitor_points all = {.model = w->monitor->model,
                                           .monitor = w->monitor->name,
                                           .n = points.n,
                                           .items = ncm_list_move(&points, a)};
    struct ncm_job_context ctx = context_of(env, control);
    struct ncm_lane lane;
    bool ok = all.n == 0;
    if (!ok && ncm_lane_begin(&ctx, &lane, err)) {
        ok = ncm_monitor_run_write(env->tracking, lane.conn, control, &all, run_id, err);
        ncm_lane_end(&ctx, &lane);
    }
    ncm_arena_free(a);
    return ok;
}
