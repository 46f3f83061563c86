/* Choosing the colours, and the facts of the store. */
#include <string.h>

#include "ui/inside.h"

struct theme_choice {
    struct ui *ui;
    char **names;
    size_t n, cap;
};

static void add_name(void *to, const char *name)
{
    struct theme_choice *t = to;

    t->names = ncm_grow(t->names, t->n, &t->cap, sizeof *t->names);
    t->names[t->n++] = ncm_strdup(name);
}

static void use_theme(struct ui *ui, const char *name)
{
    struct ncm_err err;

    if (!theme_load(name, &ui->theme, &err)) {
        ui_error(ui, &err);
        return;
    }
    ui->theme_free = false;
    theme_remember(name);
    term_set_styles(ui->theme.styles);
    term_repaint();
    ui_dirty(ui);
}

static void chosen_theme(void *ctx, const size_t *chosen, size_t n)
{
    struct theme_choice *t = ctx;

    if (n > 0) {
        use_theme(t->ui, t->names[chosen[0]]);
    }
    for (size_t i = 0; i < t->n; i++) {
        ncm_free(t->names[i]);
    }
    ncm_free(t->names);
    ncm_free(t);
}

void theme_open(struct ui *ui, const char *name)
{
    if (name != NULL && *name != '\0') {
        use_theme(ui, name);
        return;
    }
    struct theme_choice *t = ncm_alloc(1, sizeof *t);
    t->ui = ui;
    theme_list(add_name, t);
    struct ui_pick_item *items = ncm_alloc(t->n, sizeof *items);
    for (size_t i = 0; i < t->n; i++) {
        items[i].label = t->names[i];
    }
    ui_pick(ui, _("Theme"), items, t->n, false, chosen_theme, t);
    ncm_free(items);
}

static void fact(struct ncm_buf *b, const char *name, struct ncm_str value)
{
    if (value.len == 0) {
        return;
    }
    int pad = 16 - ncm_text_width(name);
    ncm_buf_printf(b, "%s%*s", name, pad > 1 ? pad : 1, "");
    ncm_text_clean(b, value.p, value.len, NCM_CLEAN_LINE);
    ncm_buf_putc(b, '\n');
}

static struct ncm_str str_of(const char *s)
{
    return (struct ncm_str){s, strlen(s)};
}

static void count_fact(struct ncm_buf *b, const char *name, int64_t n)
{
    char text[32];

    if (n >= 0) {
        fact(b, name, str_of(ncm_fmt_count(text, sizeof text, n)));
    }
}

void store_info_open(struct ui *ui)
{
    struct ncm_buf b;
    const struct ncm_store_snapshot *s = ui_store(ui);

    if (ui->now->session == NULL) {
        ui_message(ui, UI_INFO, _("no store is open"));
        return;
    }
    ncm_buf_init(&b, 65536);
    fact(&b, _("store"), str_of(ncm_session_location(ui->now->session)));
    fact(&b, _("chosen by"), str_of(ncm_session_why(ui->now->session)));
    fact(&b, _("also here"), str_of(ncm_session_also(ui->now->session)));
    fact(&b, _("context"), str_of(ncm_session_context(ui->now->session)));
    if (s != NULL) {
        fact(&b, _("kind"), s->kind);
        fact(&b, _("written by"), s->release);
        fact(&b, _("schema"), s->schema);
        fact(&b, _("read-only"), s->why_read_only);
        fact(&b, _("server"), s->server);
        count_fact(&b, _("experiments"), s->n_experiments);
        count_fact(&b, _("runs"), s->n_runs);
        count_fact(&b, _("models"), s->n_models);
    }
    const struct ncm_err *err = ui->now->store != NULL ? ncm_want_error(ui->now->store) : NULL;
    if (err != NULL) {
        fact(&b, _("problem"), str_of(err->what));
        fact(&b, _("detail"), str_of(err->detail));
        fact(&b, _("hint"), str_of(err->hint));
    }
    const struct ncm_config *config = ncm_session_config(ui->now->session);
    if (config != NULL && config->path != NULL) {
        fact(&b, _("configuration"), str_of(config->path));
    }
    ui_show_text(ui, _("Store"), b.p);
    ncm_buf_release(&b);
}
