/* New runs, points of their metrics and how they end, file by file as MLflow writes them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/file.h"
#include "provider/artifact_place.h"
#include "provider/mlflow_files/apply.h"

/* The numbers that stand for a run's status. */
static const enum ncm_run_status numbers[] = {NCM_RUN_RUNNING, NCM_RUN_SCHEDULED, NCM_RUN_FINISHED,
                                              NCM_RUN_FAILED, NCM_RUN_KILLED};
enum { STATUSES = sizeof numbers / sizeof numbers[0], SOURCE_LOCAL = 4 };

static int64_t number_of(const char *word)
{
    for (int i = 0; i < STATUSES; i++)
        if (numbers[i] == ncm_run_status_of(word))
            return i + 1;
    return 1;
}

/* meta.yaml with every key that MLflow gives it. */
static bool put_meta(struct files_writer *w, const struct ncm_change *ch, const char *location,
                     struct ncm_err *err)
{
    char *uri = ncm_artifact_uri_of_run(location, w->new_run);
    const char *user = ch->extra != NULL ? ch->extra : "unknown";
    const struct ncm_yaml_edit edits[] = {
        {.key = "artifact_uri", .what = NCM_YAML_TEXT, .text = uri},
        {.key = "deleted_time", .what = NCM_YAML_TEXT},
        {.key = "end_time", .what = NCM_YAML_TEXT},
        {.key = "entry_point_name", .what = NCM_YAML_TEXT, .text = ""},
        {.key = "experiment_id", .what = NCM_YAML_TEXT, .text = ch->object},
        {.key = "lifecycle_stage", .what = NCM_YAML_TEXT, .text = "active"},
        {.key = "run_id", .what = NCM_YAML_TEXT, .text = w->new_run},
        {.key = "run_name", .what = NCM_YAML_TEXT, .text = ch->to},
        {.key = "run_uuid", .what = NCM_YAML_TEXT, .text = w->new_run},
        {.key = "source_name", .what = NCM_YAML_TEXT, .text = ""},
        {.key = "source_type", .what = NCM_YAML_INT, .i = SOURCE_LOCAL},
        {.key = "source_version", .what = NCM_YAML_TEXT, .text = ""},
        {.key = "start_time", .what = NCM_YAML_INT, .i = w->now_ms},
        {.key = "status", .what = NCM_YAML_INT, .i = number_of("RUNNING")},
        {.key = "tags", .what = NCM_YAML_EMPTY},
        {.key = "user_id", .what = NCM_YAML_TEXT, .text = user},
    };
    bool ok = files_make(w, w->new_dir, w->new_dir, edits, sizeof edits / sizeof edits[0], err);
    ncm_free(uri);
    return ok;
}

static void make_folder(struct files_writer *w, const char *name)
{
    char *path = files_path(w->new_dir, name);
    files_tx_folder(&w->tx, path);
    ncm_free(path);
}

bool files_new_run(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    static const char *const folders[] = {"metrics", "params", "artifacts", "tags"};
    char *location = NULL;
    char *experiment = files_experiment_place(w, ch->object, err);
    bool ok =
        experiment != NULL && files_doc_text(w, experiment, "artifact_location", &location, err);
    if (ok) {
        ncm_random_hex(w->new_run, 16);
        if (ch->key != NULL)
            snprintf(w->new_run, sizeof w->new_run, "%s", ch->key);
        ncm_free(w->new_dir);
        w->new_dir = files_path(experiment, w->new_run);
        files_tx_folder(&w->tx, w->new_dir);
        ok = put_meta(w, ch, location != NULL ? location : experiment, err);
    }
    if (ok) {
        for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
            make_folder(w, folders[i]);
        files_put(w, w->new_dir, "tags", "mlflow.runName", ch->to);
        files_put(w, w->new_dir, "tags", "mlflow.user", ch->extra);
        files_put(w, w->new_dir, "tags", "mlflow.source.name", "ncmlops");
        files_put(w, w->new_dir, "tags", "mlflow.source.type", "LOCAL");
        snprintf(w->receipt->new_id, sizeof w->receipt->new_id, "%s", w->new_run);
    }
    ncm_free(location);
    ncm_free(experiment);
    return ok;
}

bool files_put_point(struct files_writer *w, const struct ncm_change *ch, const char *dir,
                     struct ncm_err *err)
{
    struct ncm_change_point p;
    char value[40];
    if (!ncm_change_point(ch, &p, err))
        return false;
    /* As Python writes them. */
    if (isnan(p.value))
        snprintf(value, sizeof value, "nan");
    else if (isinf(p.value))
        snprintf(value, sizeof value, p.value > 0 ? "inf" : "-inf");
    else
        ncm_fmt_exact(value, sizeof value, p.value);
    char *path = ncm_sprintf("%s/metrics/%s", dir, ch->key);
    char *line = ncm_sprintf("%lld %s %lld\n", (long long)p.timestamp_ms, value, (long long)p.step);
    files_tx_append(&w->tx, path, line, strlen(line));
    ncm_free(line);
    ncm_free(path);
    return true;
}

bool files_put_status(struct files_writer *w, const char *dir, const char *to, struct ncm_err *err)
{
    const struct ncm_yaml_edit edits[] = {
        {.key = "status", .what = NCM_YAML_INT, .i = number_of(to)},
        {.key = "end_time", .what = NCM_YAML_INT, .i = w->now_ms},
    };
    return files_edit(w, dir, edits, ncm_run_is_over(ncm_run_status_of(to)) ? 2 : 1, err);
}

struct sought {
    struct ncm_change_point point;
    bool found;
};

static void look(void *to, const struct ncm_sample *s)
{
    struct sought *k = to;
    bool same = s->value == k->point.value || (isnan(s->value) && isnan(k->point.value));
    k->found = k->found || (same && s->step == k->point.step && s->time == k->point.timestamp_ms);
}

bool files_present_point(struct files_writer *w, const struct ncm_change *ch, const char *dir,
                         char **value, struct ncm_err *err)
{
    struct sought k = {.found = false};
    struct files_lines lines = {0};
    char *text;
    if (!ncm_change_point(ch, &k.point, err) ||
        !files_entry(w, dir, "metrics", ch->key, &text, err))
        return false;
    if (text != NULL)
        files_lines_take(&lines, text, strlen(text), false, look, &k);
    ncm_free(text);
    *value = k.found ? ncm_strdup(ch->to) : NULL;
    return true;
}

bool files_present_status(struct files_writer *w, const char *dir, char **value,
                          struct ncm_err *err)
{
    char *text;
    int64_t n = 1;
    if (!files_doc_text(w, dir, "status", &text, err))
        return false;
    bool known = text == NULL || (ncm_parse_i64(text, &n) && n >= 1 && n <= STATUSES);
    *value = known ? ncm_strdup(ncm_run_status_name(numbers[n - 1])) : text;
    if (known)
        ncm_free(text);
    return true;
}
