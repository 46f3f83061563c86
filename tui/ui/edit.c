/* A text in the person's own editor. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/output.h"
#include "ui/inside.h"

#define MAX_BYTES (1u << 20)

static bool write_all(int fd, const char *p, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        p += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* A file of mode 0600 with the text; NULL and a message where that fails. Caller frees. */
static char *temp_file(struct ui *ui, const char *text, const char *suffix)
{
    const char *dir = getenv("XDG_RUNTIME_DIR");

    dir = dir != NULL && *dir == '/' ? dir : getenv("TMPDIR");
    dir = dir != NULL && *dir == '/' ? dir : "/tmp";
    char *path = ncm_sprintf("%s/ncmlops-XXXXXX%s", dir, suffix);
    int fd = mkostemps(path, (int)strlen(suffix), O_CLOEXEC);
    if (fd < 0 || !write_all(fd, text, strlen(text))) {
        ui_message(ui, UI_BAD, _("cannot write %s: %s"), path, strerror(errno));
        if (fd >= 0) {
            unlink(path);
            close(fd);
        }
        ncm_free(path);
        return NULL;
    }
    close(fd);
    return path;
}

char *ui_edit(struct ui *ui, const char *initial, const char *suffix)
{
    /* A shell splits "$VISUAL" the way people write it ("code -w"), the path never. */
    static const char script[] = "exec ${VISUAL:-${EDITOR:-vi}} \"$1\"";
    const char *before = initial != NULL ? initial : "";
    char *path = temp_file(ui, before, suffix != NULL ? suffix : ".txt");
    char *result = NULL;
    struct ncm_buf text;
    struct ncm_err err;
    bool truncated = false;

    if (path == NULL) {
        return NULL;
    }
    int status = term_run((const char *const[]){"/bin/sh", "-c", script, "sh", path, NULL});
    term_repaint();
    ui_dirty(ui);
    ncm_buf_init(&text, MAX_BYTES);
    if (status != 0) {
        ui_message(ui, UI_BAD, _("the editor ended with %d: nothing was taken over"), status);
    } else if (!ncm_file_read(path, 0, MAX_BYTES, &text, &truncated, &err)) {
        ui_error(ui, &err);
    } else if (truncated) {
        ui_message(ui, UI_BAD, _("the text is too long"));
    } else {
        size_t had = strlen(before);
        if (text.len > 0 && text.p[text.len - 1] == '\n' && (had == 0 || before[had - 1] != '\n')) {
            text.p[--text.len] = '\0'; /* editors end the last line */
        }
        if (strcmp(text.p, before) == 0) {
            ui_message(ui, UI_INFO, _("left as it was"));
        } else {
            result = ncm_strdup(text.p);
        }
    }
    ncm_buf_release(&text);
    unlink(path);
    ncm_free(path);
    return result;
}
