/* The line below the header: where we are, and which store this is and why. */
#include <stdio.h>
#include <string.h>

#include "ui/inside.h"

/* "try/mlflow.db" of "~/models/try/mlflow.db". */
static const char *last_parts(const char *path, int n)
{
    const char *p = path + strlen(path);

    while (p > path) {
        if (p[-1] == '/' && p[0] != '\0' && --n == 0) {
            break;
        }
        p--;
    }
    return p;
}

/* "mlflow.db · from the current folder · MLflow 3.17", cleaned. */
static void store_text(struct ui *ui, int cells, char *out, size_t outsz)
{
    const struct ncm_store_snapshot *store = ui_store(ui);
    const char *where = ncm_session_location(ui->now->session);
    const char *why = ncm_session_why(ui->now->session);
    const char *dot = ncm_text_utf8() ? " · " : " | ";
    char place[512], reason[256], release[160] = "";

    ncm_text_clip_middle(place, sizeof place, where, strlen(where), 200);
    ncm_text_clip(reason, sizeof reason, why, strlen(why), 60);
    if (store != NULL && store->release.len > 0) {
        ncm_text_clip(release, sizeof release, store->release.p, store->release.len, 40);
    }
    snprintf(out, outsz, "%s%s%s%s%s", place, reason[0] != '\0' ? dot : "", reason,
             release[0] != '\0' ? dot : "", release);
    for (int parts = 2; parts >= 1 && ncm_text_width(out) > cells; parts--) {
        const char *end = last_parts(where, parts);
        ncm_text_clip_middle(place, sizeof place, end, strlen(end), parts * 20);
        snprintf(out, outsz, "%s%s%s%s%s", place, reason[0] != '\0' ? dot : "", reason,
                 release[0] != '\0' ? dot : "", release);
    }
    if (ncm_text_width(out) > cells) {
        snprintf(out, outsz, "%s%s%s", place, release[0] != '\0' ? dot : "", release);
    }
    if (ncm_text_width(out) > cells) {
        ncm_text_clip_middle(out, outsz, where, strlen(where), cells);
    }
}

void trail_draw(struct ui *ui, const struct canvas *c)
{
    const struct pane_ops *ops = pane_ops_of(ui);
    char trail[1024] = "", right[1024];

    if (ops == NULL) {
        return;
    }
    int x = 1 + paint(c, 0, 1, ROLE_HEAD, 0, _(ops->title));
    if (ops->trail != NULL) {
        ops->trail(pane_of(ui), trail, sizeof trail);
    }
    if (trail[0] != '\0') {
        x += paint(c, 0, x, ROLE_BORDER, 0, ncm_text_utf8() ? " › " : " > ");
        int room = c->w - x - 1;
        char cut[1024];
        ncm_text_clip_middle(cut, sizeof cut, trail, strlen(trail), room);
        x += paint(c, 0, x, ROLE_TEXT, 0, cut);
    }
    int room = c->w - x - 4;
    if (room < 16) {
        return;
    }
    struct frame_layout l;
    layout_frame(term_rows(), term_cols(), &l);
    /* where there is a line for it at the bottom, it stands there */
    const struct ncm_err *err = l.own_message_row ? NULL : ncm_want_error(ui->now->store);
    const struct ncm_store_snapshot *store = ui_store(ui);
    enum role role = err != NULL                         ? ROLE_FAIL
                     : store != NULL && !store->writable ? ROLE_WARN
                                                         : ROLE_DIM;
    if (err != NULL) { /* why nothing comes is worth more than where it came from */
        ncm_text_clip(right, sizeof right, err->what, strlen(err->what), room);
    } else {
        store_text(ui, room, right, sizeof right);
    }
    paint(c, 0, c->w - 1 - ncm_text_width(right), role, 0, right);
}
