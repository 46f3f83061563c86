/* Changes of runs and experiments, file by file as MLflow makes them. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/i18n.h"
#include "io/file.h"
#include "provider/mlflow_files/apply.h"

#define NOTE_KEY "mlflow.note.content"
#define NAME_KEY "mlflow.runName"

static bool run_name(struct files_writer *w, const char *dir, const char *name, struct ncm_err *err)
{
    /* Without a name only to take back the naming of a run that had none. */
    const char *value = name != NULL && name[0] != '\0' ? name : NULL;
    const struct ncm_yaml_edit edit = {
        .key = "run_name", .what = NCM_YAML_TEXT, .text = value != NULL ? value : ""};
    files_put(w, dir, "tags", NAME_KEY, value);
    return files_edit(w, dir, &edit, 1, err);
}

static bool run_tag(struct files_writer *w, const struct ncm_change *ch, const char *dir,
                    const char *key, struct ncm_err *err)
{
    if (strcmp(key, NAME_KEY) == 0 && ch->to != NULL && ch->to[0] != '\0')
        return run_name(w, dir, ch->to, err);
    files_put(w, dir, "tags", key, ch->to);
    return true;
}

static bool run_lifecycle(struct files_writer *w, const char *dir, bool active, struct ncm_err *err)
{
    const struct ncm_yaml_edit edits[] = {
        {.key = "lifecycle_stage", .what = NCM_YAML_TEXT, .text = active ? "active" : "deleted"},
        {.key = "deleted_time", .what = active ? NCM_YAML_GONE : NCM_YAML_INT, .i = w->now_ms},
    };
    return files_edit(w, dir, edits, 2, err);
}

static bool apply_run(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    if (ch->kind == NCM_CH_RUN_CREATE)
        return files_new_run(w, ch, err);
    char *dir = files_run_place(w, ch->object, err);
    bool ok = dir != NULL;
    if (ok && ch->kind == NCM_CH_RUN_METRIC)
        ok = files_put_point(w, ch, dir, err);
    else if (ok && ch->kind == NCM_CH_RUN_STATUS)
        ok = files_put_status(w, dir, ch->to, err);
    else if (ok && ch->kind == NCM_CH_RUN_NAME)
        ok = run_name(w, dir, ch->to, err);
    else if (ok && ch->kind == NCM_CH_RUN_LIFECYCLE)
        ok = run_lifecycle(w, dir, strcmp(ch->to, "active") == 0, err);
    else if (ok)
        ok = run_tag(w, ch, dir, ch->kind == NCM_CH_RUN_NOTE ? NOTE_KEY : ch->key, err);
    ncm_free(dir);
    return ok;
}

/* ---- experiments ---- */

/* The runs of an experiment, wherever it will lie, to the other state. */
static bool runs_lifecycle(struct files_writer *w, const char *dir, bool active,
                           struct ncm_err *err)
{
    struct files_names names;
    bool ok = true, was;
    files_tx_list(&w->tx, dir, &names);
    for (size_t i = 0; ok && i < names.n; i++) {
        const char *id = names.items[i];
        char *run = files_path(dir, id), *meta = files_path(run, "meta.yaml");
        struct ncm_err unreadable;
        if (files_is_id(id, 256) && strcmp(id, "models") != 0 && strcmp(id, "traces") != 0 &&
            strcmp(id, "datasets") != 0 && strcmp(id, "tags") != 0 &&
            files_tx_is_file(&w->tx, meta) && files_is_active(w, run, &was, &unreadable) &&
            was != active)
            ok = run_lifecycle(w, run, active, err);
        ncm_free(meta);
        ncm_free(run);
    }
    files_tx_names_free(&names);
    return ok;
}

static bool experiment_lifecycle(struct files_writer *w, const struct ncm_change *ch,
                                 const char *dir, struct ncm_err *err)
{
    bool active = strcmp(ch->to, "active") == 0;
    char *to = ncm_sprintf("%s/%s%s", w->c->root, active ? "" : ".trash/", ch->object);
    const struct ncm_yaml_edit edits[] = {
        {.key = "lifecycle_stage", .what = NCM_YAML_TEXT, .text = ch->to},
        {.key = "last_update_time", .what = NCM_YAML_INT, .i = w->now_ms},
    };
    char *trash = files_path(w->c->root, ".trash");
    bool moves = files_in_trash(w, dir) == active;
    bool ok = ncm_dir_make(trash, 0777, err);
    if (ok && moves && files_tx_is_folder(&w->tx, to))
        ok = ncm_fail(err, NCM_REFUSED, _("there is already an experiment '%s'"), ch->object);
    ok = ok && runs_lifecycle(w, dir, active, err) && files_edit(w, dir, edits, 2, err);
    if (ok && moves)
        files_tx_move(&w->tx, dir, to);
    ncm_free(trash);
    ncm_free(to);
    return ok;
}

/* A number of 18 digits that no other experiment has, as MLflow makes them. */
static char *new_id(struct files_writer *w)
{
    for (;;) {
        uint64_t bits = 0;
        struct ncm_err unused;
        while (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
            continue;
        char *id = ncm_sprintf("%llu", 100000000000000000ULL + bits % 900000000000000000ULL);
        char *taken = files_experiment_place(w, id, &unused);
        ncm_free(taken);
        if (taken == NULL)
            return id;
        ncm_free(id);
    }
}

/* file:// with everything escaped that Python's urllib escapes. */
static void file_uri(struct ncm_buf *out, const char *path)
{
    ncm_buf_puts(out, "file://");
    for (const char *p = path; *p != '\0'; p++) {
        bool plain = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
                     (*p >= 'A' && *p <= 'Z') || strchr("_.-~/", *p) != NULL;
        if (plain)
            ncm_buf_putc(out, *p);
        else
            ncm_buf_printf(out, "%%%02X", (unsigned)(unsigned char)*p);
    }
}

static bool experiment_create(struct files_writer *w, const struct ncm_change *ch,
                              struct ncm_err *err)
{
    struct ncm_buf location;
    char *id = new_id(w), *dir = files_path(w->c->root, id);
    ncm_buf_init(&location, 1 << 16);
    file_uri(&location, dir);
    const struct ncm_yaml_edit edits[] = {
        {.key = "artifact_location", .what = NCM_YAML_TEXT, .text = location.p},
        {.key = "creation_time", .what = NCM_YAML_INT, .i = w->now_ms},
        {.key = "experiment_id", .what = NCM_YAML_TEXT, .text = id},
        {.key = "last_update_time", .what = NCM_YAML_INT, .i = w->now_ms},
        {.key = "lifecycle_stage", .what = NCM_YAML_TEXT, .text = "active"},
        {.key = "name", .what = NCM_YAML_TEXT, .text = ch->to},
    };
    bool ok = files_make(w, w->c->root, dir, edits, sizeof(edits) / sizeof(edits[0]), err);
    snprintf(w->receipt->new_id, sizeof w->receipt->new_id, "%s", id);
    ncm_buf_release(&location);
    ncm_free(dir);
    ncm_free(id);
    return ok;
}

static bool experiment_name(struct files_writer *w, const struct ncm_change *ch, const char *dir,
                            struct ncm_err *err)
{
    const struct ncm_yaml_edit edits[] = {
        {.key = "name", .what = NCM_YAML_TEXT, .text = ch->to},
        {.key = "last_update_time", .what = NCM_YAML_INT, .i = w->now_ms},
    };
    return files_edit(w, dir, edits, 2, err);
}

bool files_apply_tracking(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    if (ch->kind < NCM_CH_EXPERIMENT_CREATE)
        return apply_run(w, ch, err);
    if (ch->kind == NCM_CH_EXPERIMENT_CREATE)
        return experiment_create(w, ch, err);
    char *dir = files_experiment_place(w, ch->object, err);
    bool ok = dir != NULL;
    if (ok && ch->kind == NCM_CH_EXPERIMENT_NAME)
        ok = experiment_name(w, ch, dir, err);
    else if (ok && ch->kind == NCM_CH_EXPERIMENT_TAG)
        files_put(w, dir, "tags", ch->key, ch->to);
    else if (ok)
        ok = experiment_lifecycle(w, ch, dir, err);
    ncm_free(dir);
    return ok;
}
