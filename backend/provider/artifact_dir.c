#include "provider/artifact_dir.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "io/file.h"

#define MOST_ENTRIES 10000
#define PIECE_BYTES  (1024 * 1024)

/* root/inner, and the file itself lies below root: links that lead out of it are refused. */
char *ncm_artifact_inside(const char *root, const char *inner, struct ncm_err *err)
{
    if (inner[0] != '\0' && !ncm_path_inside(inner)) {
        ncm_fail(err, NCM_REFUSED, _("The path leads out of the run's artifacts: %s"), inner);
        return NULL;
    }
    char *path = inner[0] == '\0' ? ncm_strdup(root) : ncm_path_join(root, inner);
    char *real_root = realpath(root, NULL), *real = realpath(path, NULL);
    size_t n = real_root != NULL ? strlen(real_root) : 0;
    if (real == NULL) {
        ncm_fail(err, NCM_NOT_FOUND, _("There is no artifact %s."), inner);
        ncm_free(path);
        path = NULL;
    } else if (real_root == NULL || strncmp(real, real_root, n) != 0 ||
               (real[n] != '\0' && real[n] != '/')) {
        ncm_fail(err, NCM_REFUSED, _("The path leads out of the run's artifacts: %s"), inner);
        ncm_free(path);
        path = NULL;
    }
    free(real_root);
    free(real);
    return path;
}

bool ncm_artifact_list(const char *root, const char *inner, struct ncm_artifacts_snapshot *s,
                       struct ncm_err *err)
{
    struct ncm_dir_entry *entries = NULL;
    char *path = ncm_artifact_inside(root, inner, err);
    if (path == NULL)
        return false;
    bool ok = ncm_dir_list(path, MOST_ENTRIES, &entries, &s->n, &s->truncated, err);
    ncm_free(path);
    if (!ok)
        return false;
    s->items = ncm_arena_alloc(s->head.arena, s->n + 1, sizeof(*s->items));
    for (size_t i = 0; i < s->n; i++) {
        char *name =
            inner[0] == '\0' ? ncm_strdup(entries[i].name) : ncm_path_join(inner, entries[i].name);
        s->items[i].path = ncm_arena_cstr(s->head.arena, name);
        s->items[i].is_dir = entries[i].info.kind == NCM_FILE_DIR;
        s->items[i].size = s->items[i].is_dir ? -1 : entries[i].info.size;
        ncm_free(name);
    }
    ncm_dir_free(entries, s->n);
    return true;
}

/* Piece by piece, so that a file of any size takes no memory. */
static bool pour(const char *path, const struct ncm_fetch *f, struct ncm_artifact_snapshot *s,
                 struct ncm_err *err)
{
    struct ncm_buf piece;
    bool more = true, ok = true;
    ncm_buf_init(&piece, PIECE_BYTES + 1);
    while (ok && more) {
        ncm_buf_clear(&piece);
        bool stopped = f->control.cancel != NULL && atomic_load(f->control.cancel);
        ok = (!stopped || ncm_fail(err, NCM_CANCELLED, _("Cancelled."))) &&
             ncm_file_read(path, s->size, PIECE_BYTES, &piece, &more, err) &&
             f->sink(f->sink_to, piece.p, piece.len, err);
        s->size += (int64_t)piece.len;
    }
    ncm_buf_release(&piece);
    return ok;
}

bool ncm_artifact_read(const char *path, const struct ncm_fetch *f, struct ncm_artifact_snapshot *s,
                       struct ncm_err *err)
{
    struct ncm_buf content;
    struct ncm_file_info info;
    if (f->sink != NULL)
        return pour(path, f, s, err);
    int64_t most = f->query->limit > 0 ? f->query->limit : NCM_ARTIFACT_BYTES;
    if (most > NCM_ARTIFACT_MOST)
        most = NCM_ARTIFACT_MOST;
    ncm_buf_init(&content, (size_t)most + 1);
    bool ok = ncm_file_stat(path, &info, err) &&
              ncm_file_read(path, 0, (size_t)most, &content, &s->truncated, err);
    if (ok) {
        s->size = info.size;
        s->content = ncm_arena_str(s->head.arena, content.p, content.len);
        s->binary = memchr(content.p, '\0', content.len) != NULL;
    }
    ncm_buf_release(&content);
    return ok;
}
