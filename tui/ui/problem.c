/* What keeps the screen from its source: a line under the data, and all of it on a key. */
#include <stdio.h>
#include <string.h>

#include "ui/inside.h"

bool problem_line(struct ui *ui, char *out, size_t outsz)
{
    int64_t taken;
    const struct ncm_err *err =
        ui->now->session != NULL ? ncm_session_problem(ui->now->session, &taken) : NULL;
    char what[400], at[32];

    if (err == NULL) {
        return false;
    }
    ncm_text_clip(what, sizeof what, err->what, strlen(err->what), 240);
    if (taken != NCM_NO_TIME) {
        /* the day too, once it is another one */
        bool today = ncm_now_ms() - taken < 12 * 3600 * (int64_t)1000;
        today ? ncm_fmt_clock(at, sizeof at, taken) : ncm_fmt_time(at, sizeof at, taken, false);
        snprintf(out, outsz, _("data of %s: %s"), at, what);
    } else {
        snprintf(out, outsz, "%s", what);
    }
    return true;
}

static void line(struct ncm_buf *b, const char *name, const char *text)
{
    if (text[0] == '\0') {
        return;
    }
    int pad = 14 - ncm_text_width(name);
    ncm_buf_printf(b, "%s%*s", name, pad > 1 ? pad : 1, "");
    ncm_text_clean(b, text, strlen(text), NCM_CLEAN_LINE);
    ncm_buf_putc(b, '\n');
}

/* How many of the last characters announce something that does not follow. */
static size_t loose_end(const char *s)
{
    size_t len = strlen(s), n = 0;

    while (n < len && (s[len - n - 1] == ':' || s[len - n - 1] == ' ')) {
        n++;
    }
    return n;
}

/* No question failed: that alone does not mean that anybody answers. */
static void say_no_failure(struct ui *ui, const struct ncm_freshness_info *f)
{
    char age[40];

    if (f->unasked) {
        ui_message(ui, UI_INFO, _("nothing is connected here yet"));
    } else if (f->state == NCM_LOADING) {
        ui_message(ui, UI_INFO, _("an answer is still awaited"));
    } else if (f->state != NCM_LIVE && !ui->now->paused && f->age_ms >= 0) {
        ui_message(ui, UI_INFO, _("no new answer: what is shown is %s old"),
                   ncm_fmt_age(age, sizeof age, f->age_ms < 1000 ? 1000 : f->age_ms));
    } else {
        ui_message(ui, UI_INFO, _("nothing is wrong: the source answers"));
    }
}

/* What the pane's own sources do not answer, or could not read; false: nothing. */
static bool pane_trouble(struct ui *ui, struct ncm_buf *b)
{
    const struct pane_ops *ops = ui->now->session != NULL ? ui_panes[ui->now->active] : NULL;

    if (ops != NULL && ops->trouble != NULL) {
        ops->trouble(ui->now->pane[ui->now->active], b);
    }
    return b->len > 0;
}

static void say_retry(struct ncm_buf *b, const struct ncm_freshness_info *f)
{
    char text[64];

    if (f->retry_ms >= 0) {
        line(b, _("next try in"),
             ncm_fmt_duration(text, sizeof text, f->retry_ms < 1000 ? 1000 : f->retry_ms));
    }
    ncm_buf_printf(b, "\n%s\n",
                   _("It is tried again by itself, with growing pauses. What is shown dimmed is as "
                     "old as it says."));
}

void problem_open(struct ui *ui)
{
    int64_t taken;
    const struct ncm_err *err =
        ui->now->session != NULL ? ncm_session_problem(ui->now->session, &taken) : NULL;
    struct ncm_freshness_info f = world_freshness(ui->now);
    struct ncm_buf b;
    char text[64], detail[sizeof err->detail];

    ncm_buf_init(&b, 16384);
    if (pane_trouble(ui, &b)) {
        if (f.state == NCM_OFFLINE) {
            ncm_buf_putc(&b, '\n');
            say_retry(&b, &f);
        }
        ui_show_text(ui, _("What is wrong"), b.p);
        ncm_buf_release(&b);
        return;
    }
    if (err == NULL) {
        ncm_buf_release(&b);
        say_no_failure(ui, &f);
        return;
    }
    ncm_text_clean(&b, err->what, strlen(err->what), NCM_CLEAN_LINE);
    ncm_buf_puts(&b, "\n");
    if (err->hint[0] != '\0') {
        ncm_text_clean(&b, err->hint, strlen(err->hint), NCM_CLEAN_LINE);
        ncm_buf_puts(&b, "\n");
    }
    ncm_buf_puts(&b, "\n");
    snprintf(detail, sizeof detail, "%s", err->detail);
    detail[strlen(detail) - loose_end(detail)] = '\0';
    line(&b, _("detail"), detail);
    line(&b, _("store"), ncm_session_location(ui->now->session));
    line(&b, _("chosen by"), ncm_session_why(ui->now->session));
    line(&b, _("shown here"),
         taken != NCM_NO_TIME ? ncm_fmt_time(text, sizeof text, taken, true)
                              : _("nothing: none was read yet"));
    say_retry(&b, &f);
    ui_show_text(ui, _("What is wrong"), b.p);
    ncm_buf_release(&b);
}
