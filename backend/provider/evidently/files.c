/* Reports of a file or a folder. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/file.h"
#include "provider/ask.h"
#include "provider/evidently/internal.h"

enum { LEVELS = 3 }; /* workspace / project / snapshots */

struct walk {
    struct ev_builder b;
    const struct ncm_control *control;
    size_t files, reports, skipped;
    char why[320];
};

static bool read_file(struct walk *w, const char *path, int64_t mtime_ms, struct ncm_err *err)
{
    struct ncm_buf text;
    struct ncm_doc *doc = NULL;
    bool truncated = false;
    ncm_buf_init(&text, NCM_EVIDENTLY_FILE_MOST + 1);
    bool ok = ncm_file_read(path, 0, NCM_EVIDENTLY_FILE_MOST, &text, &truncated, err);
    if (ok && truncated) {
        ok = ncm_fail(err, NCM_TOO_LARGE, _("%s is larger than 64 MiB"), path);
    }
    ok = ok && ncm_json_parse(path, text.p, text.len, &doc, err) &&
         ev_read_report(&w->b, path, ncm_doc_root(doc), mtime_ms, err);
    ncm_doc_free(doc);
    ncm_buf_release(&text);
    w->reports += ok ? 1 : 0;
    return ok;
}

static bool is_json(const char *name)
{
    size_t n = strlen(name);
    /* metadata.json of a project tells nothing of drift. */
    return n > 5 && strcmp(name + n - 5, ".json") == 0 && strcmp(name, "metadata.json") != 0;
}

static void skip(struct walk *w, const struct ncm_err *why)
{
    if (w->skipped++ == 0) {
        memcpy(w->why, why->what, sizeof w->why);
    }
}

/* A workspace has folders of projects, those have a folder of snapshots: nothing else is entered,
 * so that a folder of anything is not read to its end. */
static bool read_folder(struct walk *w, const char *path, int level, struct ncm_err *err)
{
    struct ncm_dir_entry *entries;
    size_t n;
    bool truncated, ok = true;
    if (!ncm_dir_list(path, NCM_EVIDENTLY_FILES_MOST, &entries, &n, &truncated, err)) {
        return false;
    }
    for (size_t i = 0; ok && i < n; i++) {
        const struct ncm_dir_entry *e = &entries[i];
        struct ncm_err why;
        char *inner = ncm_path_join(path, e->name);
        ok = ncm_ask_go_on(w->control, err);
        if (ok && e->info.kind == NCM_FILE_DIR) {
            bool snapshots = strcmp(e->name, "snapshots") == 0;
            bool project = level == 0 && strlen(e->name) == 36;
            if ((snapshots || project) && level + 1 < LEVELS &&
                !read_folder(w, inner, level + 1, &why)) {
                skip(w, &why);
                ok = ncm_ask_go_on(w->control, err);
            }
        } else if (ok && e->info.kind == NCM_FILE_REGULAR && is_json(e->name)) {
            ok = ++w->files <= NCM_EVIDENTLY_FILES_MOST ||
                 ncm_fail(err, NCM_TOO_LARGE, _("%s holds more than %d reports"), path,
                          NCM_EVIDENTLY_FILES_MOST);
            if (ok && !read_file(w, inner, e->info.mtime_ms, &why)) {
                skip(w, &why);
            }
        }
        ncm_free(inner);
    }
    ncm_dir_free(entries, n);
    return ok;
}

static bool read_path(struct walk *w, const char *path, struct ncm_err *err)
{
    struct ncm_file_info info;
    if (!ncm_file_stat(path, &info, err)) {
        return false;
    }
    if (info.kind == NCM_FILE_NONE) {
        return ncm_fail(err, NCM_NOT_FOUND, _("there is no %s"), path);
    }
    if (info.kind != NCM_FILE_DIR) {
        return read_file(w, path, info.mtime_ms, err);
    }
    if (!read_folder(w, path, 0, err)) {
        return false;
    }
    if (w->reports == 0) {
        ncm_fail(err, NCM_INVALID_DATA, _("%s holds no report of Evidently with drift in it"),
                 path);
        return w->skipped > 0 ? ncm_hint(err, "%s", w->why) : false;
    }
    return true;
}

bool ncm_evidently_open(const char *path, const struct ncm_control *control,
                        struct ncm_evidently *out, struct ncm_err *err)
{
    struct walk w = {.control = control};
    *out = (struct ncm_evidently){0};
    ev_builder_init(&w.b);
    bool ok = ncm_ask_go_on(control, err) && read_path(&w, path, err) && ev_finish(&w.b, out, err);
    if (ok) {
        out->n_reports = w.reports;
        out->n_skipped = w.skipped;
        out->why_skipped = w.skipped > 0 ? ncm_arena_cstr(out->arena, w.why) : out->why_skipped;
    }
    ev_builder_release(&w.b);
    return ok;
}
