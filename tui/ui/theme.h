/* Themes: how roles look. Text files in themes/; docs/configuration.md says what stands in them. */
#ifndef TUI_UI_THEME_H
#define TUI_UI_THEME_H

#include <stdbool.h>
#include <stddef.h>

#include "api/error.h"
#include "term/style.h"

struct theme {
    char name[64];
    char base[16];       /* "dark" "light" "mono": where roles that are not named come from */
    uint32_t background; /* what the colours are meant for */
    struct role_style styles[N_ROLES];
};

/* The built-in ones as text, ended by name == NULL. */
struct theme_text {
    const char *name;
    const char *text;
};
extern const struct theme_text theme_builtin[];

/* "bar.on" of ROLE_BAR_ON. */
const char *theme_role_name(enum role role);
/* Reads a theme. file: its name for messages ("file:line: unknown role 'x', did you mean 'y'?"). */
bool theme_parse(const char *file, const char *text, size_t len, struct theme *out,
                 struct ncm_err *err);
/* name: a built-in one, a file's path, or a file NAME.theme in `themes` beside the configuration
 * file or where the program is installed. NULL: dark. */
bool theme_load(const char *name, struct theme *out, struct ncm_err *err);
/* Calls add for every theme that can be loaded by name. */
void theme_list(void (*add)(void *to, const char *name), void *to);

#endif
