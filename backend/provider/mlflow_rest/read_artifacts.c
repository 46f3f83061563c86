/* Topics ARTIFACTS and ARTIFACT: through the server, which reaches its store where we may not. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "io/file.h"
#include "provider/artifact_dir.h"
#include "provider/mlflow_rest/internal.h"

enum { ENTRIES_MOST = 10000 };

static int folders_first(const void *x, const void *y)
{
    const struct ncm_artifact *a = x, *b = y;
    if (a->is_dir != b->is_dir) {
        return a->is_dir ? -1 : 1;
    }
    return ncm_str_compare(a->path, b->path);
}

static bool take_list(const struct ncm_doc *doc, struct ncm_artifacts_snapshot *s,
                      struct ncm_err *err)
{
    struct ncm_arena *a = s->head.arena;
    const struct ncm_node *list;
    if (!rest_list(doc, "files", &list, err)) {
        return false;
    }
    s->truncated = s->truncated || list->n > ENTRIES_MOST;
    size_t n = list->n < ENTRIES_MOST ? list->n : ENTRIES_MOST;
    s->items = ncm_arena_alloc(a, n + 1, sizeof *s->items);
    for (size_t i = 0; i < n; i++) {
        const struct ncm_node *file = &list->items[i];
        const struct ncm_node *dir = ncm_node_get(file, "is_dir");
        struct ncm_artifact *to = &s->items[s->n];
        to->path = rest_str(file, "path", a);
        to->is_dir = dir != NULL && dir->kind == NCM_NODE_BOOL && dir->boolean;
        int64_t size = rest_time(file, "file_size");
        to->size = to->is_dir || size < 0 ? -1 : size;
        s->n += to->path.p != NULL ? 1 : 0;
    }
    qsort(s->items, s->n, sizeof *s->items, folders_first);
    return true;
}

bool rest_read_artifacts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    const char *inner = f->query->key != NULL ? f->query->key : "";
    struct ncm_doc *doc = NULL;
    struct ncm_buf path;
    if (inner[0] != '\0' && !ncm_path_inside(inner)) {
        return ncm_fail(err, NCM_REFUSED, _("The path leads out of the run's artifacts: %s"),
                        inner);
    }
    struct ncm_artifacts_snapshot *s = ncm_snapshot_new(NCM_T_ARTIFACTS, sizeof *s);
    ncm_buf_init(&path, 1 << 16);
    ncm_buf_puts(&path, "/artifacts/list?run_id=");
    ncm_http_encode(&path, f->query->id);
    if (inner[0] != '\0') {
        ncm_buf_puts(&path, "&path=");
        ncm_http_encode(&path, inner);
    }
    bool ok = rest_read(c, NCM_HTTP_GET, path.p, NULL, &f->control, &doc, err);
    if (ok) {
        s->root = rest_str(ncm_doc_root(doc), "root_uri", s->head.arena);
        ok = take_list(doc, s, err);
    } else if (err->code == NCM_REFUSED || (err->code == NCM_UNREACHABLE && err->retry_ms == 0 &&
                                            strstr(err->detail, "INTERNAL") != NULL)) {
        /* The run is there; its place is one that the server itself cannot read. */
        s->why = ncm_arena_cstr(s->head.arena, err->what);
        ok = true;
    }
    ncm_buf_release(&path);
    ncm_doc_free(doc);
    if (!ok) {
        ncm_snapshot_unref(s);
        return err->code == NCM_NOT_FOUND
                   ? ncm_fail(err, NCM_NOT_FOUND, _("There is no run %s in this store."),
                              f->query->id)
                   : false;
    }
    rest_publish(c, f, &s->head);
    return true;
}

/* Whether the server lists the file's folder without it: some releases answer a question for a file
 * that is not there as if they had failed. */
static bool is_missing(struct ncm_conn *c, const struct ncm_fetch *f, const char *file)
{
    struct ncm_buf path;
    struct ncm_doc *doc = NULL;
    const struct ncm_node *list;
    struct ncm_err ignored;
    const char *slash = strrchr(file, '/');
    ncm_buf_init(&path, 1 << 16);
    ncm_buf_puts(&path, "/artifacts/list?run_id=");
    ncm_http_encode(&path, f->query->id);
    if (slash != NULL) {
        char *folder = ncm_strndup(file, (size_t)(slash - file));
        ncm_buf_puts(&path, "&path=");
        ncm_http_encode(&path, folder);
        ncm_free(folder);
    }
    bool missing = rest_ask(c, NCM_HTTP_GET, path.p, NULL, &f->control, &doc, &ignored) &&
                   rest_list(doc, "files", &list, &ignored);
    for (size_t i = 0; missing && i < list->n; i++) {
        missing = strcmp(ncm_node_str(&list->items[i], "path", ""), file) != 0;
    }
    ncm_buf_release(&path);
    ncm_doc_free(doc);
    return missing;
}

/* The bytes, at most so many: a preview of a large file ends the transfer there. */
static bool content(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_artifact_snapshot *s,
                    struct ncm_err *err)
{
    struct ncm_http_answer a;
    struct ncm_buf path;
    int64_t most = f->query->limit > 0 ? f->query->limit : NCM_ARTIFACT_BYTES;
    ncm_buf_init(&path, 1 << 16);
    ncm_buf_puts(&path, "/get-artifact?run_id=");
    ncm_http_encode(&path, f->query->id);
    ncm_buf_puts(&path, "&path=");
    ncm_http_encode(&path, ncm_cstr(s->path));
    struct ncm_http_request rq = {
        .path = path.p,
        .most = f->sink != NULL ? SIZE_MAX / 2
                                : (size_t)(most < NCM_ARTIFACT_MOST ? most : NCM_ARTIFACT_MOST),
        .cut = f->sink == NULL,
        .cancel = f->control.cancel,
        .deadline_mono_ms = f->control.deadline_mono_ms,
        .sink = f->sink,
        .to = f->sink_to,
    };
    bool ok = ncm_http_do(c->http, &rq, &a, err);
    if (ok && (a.status < 200 || a.status > 299)) {
        struct ncm_doc *doc;
        bool maybe = a.status == 404 || a.status == 500;
        ok = rest_answer(c, &a, "/get-artifact", &doc, err);
        ncm_doc_free(doc);
        if (maybe && (err->code == NCM_UNREACHABLE || err->code == NCM_UNSUPPORTED) &&
            is_missing(c, f, ncm_cstr(s->path))) {
            ok = ncm_fail(err, NCM_NOT_FOUND, _("There is no artifact %s."), ncm_cstr(s->path));
        }
    }
    if (ok) {
        s->content = ncm_arena_str(s->head.arena, a.body.p, a.body.len);
        s->truncated = a.truncated;
        s->size = a.length >= 0 ? a.length : a.truncated ? -1 : (int64_t)a.body.len;
        s->binary = memchr(a.body.p, '\0', a.body.len) != NULL;
    }
    ncm_http_answer_release(&a);
    ncm_buf_release(&path);
    return ok;
}

bool rest_read_artifact(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    const char *path = f->query->key != NULL ? f->query->key : "";
    if (c->replay) {
        return ncm_fail(err, NCM_NOT_FOUND, _("Nothing was kept of this."));
    }
    if (!ncm_path_inside(path)) {
        return ncm_fail(err, NCM_REFUSED, _("The path leads out of the run's artifacts: %s"), path);
    }
    struct ncm_artifact_snapshot *s = ncm_snapshot_new(NCM_T_ARTIFACT, sizeof *s);
    s->path = ncm_arena_cstr(s->head.arena, path);
    if (!content(c, f, s, err)) {
        ncm_snapshot_unref(s);
        return false;
    }
    rest_publish(c, f, &s->head);
    return true;
}
