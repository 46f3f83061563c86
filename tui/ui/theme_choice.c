/* Which theme: asked for, configured, chosen here before, or what suits the terminal. */
#include <string.h>

#include "api/output.h"
#include "ui/inside.h"

#define MAX_BYTES 4096

static char *state_file(void)
{
    char *dir = ncm_dir_state();
    char *file = ncm_path_join(dir, "ui.yaml");

    ncm_free(dir);
    return file;
}

/* The caller frees; NULL: none was chosen. */
static char *remembered(void)
{
    struct ncm_buf text;
    struct ncm_doc *doc = NULL;
    struct ncm_err err;
    bool truncated = false;
    char *name = NULL, *file = state_file();

    ncm_buf_init(&text, MAX_BYTES);
    if (ncm_file_read(file, 0, MAX_BYTES, &text, &truncated, &err) && !truncated &&
        ncm_yaml_parse(file, text.p, text.len, &doc, &err)) {
        name = ncm_strdup(ncm_node_str(ncm_doc_root(doc), "theme", NULL));
        ncm_doc_free(doc);
    }
    ncm_buf_release(&text);
    ncm_free(file);
    return name;
}

void theme_remember(const char *name)
{
    struct ncm_buf text;
    struct ncm_err ignored; /* then it is only for this time */

    for (const char *p = name; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == '"' || *p == '\\') {
            return;
        }
    }
    char *dir = ncm_dir_state(), *file = state_file();
    ncm_buf_init(&text, MAX_BYTES);
    ncm_buf_printf(&text, "theme: \"%s\"\n", name);
    if (ncm_dir_make(dir, 0700, &ignored)) {
        ncm_file_write(file, text.p, text.len, 0600, &ignored);
    }
    ncm_buf_release(&text);
    ncm_free(file);
    ncm_free(dir);
}

bool theme_start(struct ui *ui, struct ncm_err *err)
{
    const struct ncm_config *config = ui_config(ui);
    const char *name = ui->o.theme != NULL ? ui->o.theme : config != NULL ? config->theme : NULL;

    if (name != NULL) {
        return theme_load(name, &ui->theme, err);
    }
    char *chosen = remembered();
    bool there = chosen != NULL && theme_load(chosen, &ui->theme, err);
    ncm_free(chosen);
    if (there) {
        return true; /* one that is gone meanwhile is nobody's fault now */
    }
    ui->theme_free = true;
    return theme_load(term_says_light() ? "light" : "dark", &ui->theme, err);
}

void theme_background(struct ui *ui, bool light)
{
    struct theme theme;
    struct ncm_err err;

    if (ui->theme_free && theme_load(light ? "light" : "dark", &theme, &err)) {
        ui->theme = theme;
        term_set_styles(ui->theme.styles);
        term_repaint();
        ui_dirty(ui);
    }
}
