#include "ui/theme.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/text.h"

static const char *const role_names[N_ROLES] = {
    [ROLE_TEXT] = "text",
    [ROLE_DIM] = "dim",
    [ROLE_HEAD] = "head",
    [ROLE_BAR] = "bar",
    [ROLE_BAR_ON] = "bar.on",
    [ROLE_BORDER] = "border",
    [ROLE_FOCUS] = "focus",
    [ROLE_SELECT] = "select",
    [ROLE_SELECT_OFF] = "select.off",
    [ROLE_MARK] = "mark",
    [ROLE_KEY] = "key",
    [ROLE_KEYTEXT] = "keytext",
    [ROLE_OK] = "ok",
    [ROLE_WARN] = "warn",
    [ROLE_FAIL] = "fail",
    [ROLE_RUN] = "run",
    [ROLE_UNKNOWN] = "unknown",
    [ROLE_MATCH] = "match",
    [ROLE_BETTER] = "better",
    [ROLE_WORSE] = "worse",
    [ROLE_DANGER] = "danger",
    [ROLE_INPUT] = "input",
    [ROLE_LINK] = "link",
    [ROLE_STAGE_NONE] = "stage.none",
    [ROLE_STAGE_STAGING] = "stage.staging",
    [ROLE_STAGE_PRODUCTION] = "stage.production",
    [ROLE_STAGE_ARCHIVED] = "stage.archived",
    [ROLE_SERIES1] = "series1",
    [ROLE_SERIES2] = "series2",
    [ROLE_SERIES3] = "series3",
    [ROLE_SERIES4] = "series4",
    [ROLE_SERIES5] = "series5",
    [ROLE_SERIES6] = "series6",
    [ROLE_SERIES7] = "series7",
    [ROLE_AXIS] = "axis",
    [ROLE_THRESHOLD] = "threshold",
    [ROLE_HEAT_NONE] = "heat.none",
    [ROLE_HEAT_OK] = "heat.ok",
    [ROLE_HEAT_WARN] = "heat.warn",
    [ROLE_HEAT_FAIL] = "heat.fail",
    [ROLE_HIST_CURRENT] = "hist.current",
    [ROLE_HIST_REFERENCE] = "hist.reference",
    [ROLE_HIST_BOTH] = "hist.both",
};

static const char *const colors8[] = {"black", "red",     "green", "yellow",
                                      "blue",  "magenta", "cyan",  "white"};

static const struct {
    const char *name;
    uint8_t bit;
} attr_names[] = {
    {"bold", ATTR_BOLD},       {"dim", ATTR_DIM},       {"underline", ATTR_UNDERLINE},
    {"reverse", ATTR_REVERSE}, {"italic", ATTR_ITALIC},
};

const char *theme_role_name(enum role role)
{
    return (unsigned)role < N_ROLES ? role_names[role] : "";
}

/* Where a value is being read. */
struct place {
    const char *file;
    int line;
    struct ncm_err *err;
};

/* Cuts blanks off both ends, in place. */
static char *trim(char *s)
{
    while (isspace((unsigned char)*s)) {
        s++;
    }
    size_t n = strlen(s);
    while (n > 0 && isspace((unsigned char)s[n - 1])) {
        s[--n] = '\0';
    }
    return s;
}

static bool read_hex(const char *s, uint32_t *out)
{
    uint32_t v = 0;

    if (s[0] != '#') {
        return false;
    }
    for (int i = 1; i <= 6; i++) {
        int c = tolower((unsigned char)s[i]);
        if (!isxdigit(c)) {
            return false;
        }
        v = v * 16 + (uint32_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
    }
    *out = v;
    return s[7] == '\0';
}

static bool read_color8(const char *s, int *out)
{
    int bright = strncmp(s, "bright-", 7) == 0 ? 8 : 0;

    s += bright ? 7 : 0;
    for (int i = 0; i < 8; i++) {
        if (strcmp(s, colors8[i]) == 0) {
            *out = i + bright;
            return true;
        }
    }
    return false;
}

static bool read_color(const struct place *at, char *s, uint32_t *rgb, int *color8)
{
    *rgb = RGB_DEFAULT;
    *color8 = -1;
    if (*s == '\0' || strcmp(s, "-") == 0) {
        return true;
    }
    char *slash = strchr(s, '/');
    if (slash != NULL) {
        *slash = '\0';
        if (!read_color8(slash + 1, color8)) {
            return ncm_fail(at->err, NCM_INVALID_DATA, _("%s:%d: '%s' is not one of the 8 colours"),
                            at->file, at->line, slash + 1);
        }
    }
    if (!read_hex(s, rgb)) {
        return ncm_fail(at->err, NCM_INVALID_DATA, _("%s:%d: '%s' is not a colour like #3fb950"),
                        at->file, at->line, s);
    }
    return true;
}

/* The bit of an attribute's name of n bytes; 0 where it is none. */
static uint8_t attr_bit(const char *word, size_t n)
{
    for (size_t i = 0; i < sizeof attr_names / sizeof *attr_names; i++) {
        if (strlen(attr_names[i].name) == n && memcmp(attr_names[i].name, word, n) == 0) {
            return attr_names[i].bit;
        }
    }
    return 0;
}

static bool read_attrs(const struct place *at, const char *s, uint8_t *out)
{
    *out = 0;
    for (s += strspn(s, " \t"); *s != '\0'; s += strspn(s, " \t")) {
        size_t n = strcspn(s, " \t");
        uint8_t bit = attr_bit(s, n);
        if (bit == 0) {
            return ncm_fail(at->err, NCM_INVALID_DATA,
                            _("%s:%d: '%.*s' is none of bold, dim, underline, reverse, italic"),
                            at->file, at->line, (int)n, s);
        }
        *out |= bit;
        s += n;
    }
    return true;
}

static bool read_style(const struct place *at, char *value, struct role_style *out)
{
    struct role_style style;
    char *fields[3] = {value, NULL, NULL};
    char *mono = strchr(value, '|');

    memset(&style, 0, sizeof style);
    style.fg = style.bg = RGB_DEFAULT;
    style.color8_fg = style.color8_bg = -1;
    if (mono != NULL) {
        *mono++ = '\0';
        if (!read_attrs(at, trim(mono), &style.mono_attrs)) {
            return false;
        }
    }
    for (int i = 1; i < 3 && fields[i - 1] != NULL; i++) {
        fields[i] = strchr(fields[i - 1], ',');
        if (fields[i] != NULL) {
            *fields[i]++ = '\0';
        }
    }
    if (!read_color(at, trim(fields[0]), &style.fg, &style.color8_fg) ||
        (fields[1] != NULL && !read_color(at, trim(fields[1]), &style.bg, &style.color8_bg)) ||
        (fields[2] != NULL && !read_attrs(at, trim(fields[2]), &style.attrs))) {
        return false;
    }
    *out = style;
    return true;
}

static bool unknown_role(const struct place *at, const char *key)
{
    const char *best = NULL;
    int score = -1;

    for (int i = 0; i < N_ROLES; i++) {
        int s = ncm_text_fuzzy(role_names[i], key);
        if (s > score) {
            score = s;
            best = role_names[i];
        }
    }
    if (best == NULL) {
        return ncm_fail(at->err, NCM_INVALID_DATA, _("%s:%d: unknown role '%s'"), at->file,
                        at->line, key);
    }
    return ncm_fail(at->err, NCM_INVALID_DATA, _("%s:%d: unknown role '%s', did you mean '%s'?"),
                    at->file, at->line, key, best);
}

static const char *builtin_text(const char *name)
{
    for (const struct theme_text *t = theme_builtin; t->name != NULL; t++) {
        if (strcmp(t->name, name) == 0) {
            return t->text;
        }
    }
    return NULL;
}

static bool parse_lines(const char *file, const char *text, size_t len, bool is_base,
                        struct theme *out, struct ncm_err *err);

static bool read_base(const struct place *at, const char *value, bool is_base, struct theme *out)
{
    const char *text = builtin_text(value);

    if (text == NULL) {
        return ncm_fail(at->err, NCM_INVALID_DATA, _("%s:%d: base is dark, light or mono"),
                        at->file, at->line);
    }
    if (!is_base) {
        char name[sizeof out->name];
        memcpy(name, out->name, sizeof name);
        if (!parse_lines(value, text, strlen(text), true, out, at->err)) {
            return false;
        }
        memcpy(out->name, name, sizeof name);
    }
    snprintf(out->base, sizeof out->base, "%s", value);
    return true;
}

static bool read_line(const struct place *at, char *line, bool is_base, struct theme *out)
{
    char *value = strchr(line, '=');

    line = trim(line);
    if (*line == '\0' || *line == '#') {
        return true;
    }
    if (value == NULL) {
        return ncm_fail(at->err, NCM_INVALID_DATA, _("%s:%d: expected 'role = colours'"), at->file,
                        at->line);
    }
    *value++ = '\0';
    char *key = trim(line);
    value = trim(value);
    if (strcmp(key, "name") == 0) {
        ncm_text_clip(out->name, sizeof out->name, value, strlen(value), 20);
        return true;
    }
    if (strcmp(key, "base") == 0) {
        return read_base(at, value, is_base, out);
    }
    if (strcmp(key, "background") == 0) {
        int unused;
        return read_color(at, value, &out->background, &unused);
    }
    for (int i = 0; i < N_ROLES; i++) {
        if (strcmp(key, role_names[i]) == 0) {
            return read_style(at, value, &out->styles[i]);
        }
    }
    return unknown_role(at, key);
}

static bool parse_lines(const char *file, const char *text, size_t len, bool is_base,
                        struct theme *out, struct ncm_err *err)
{
    struct place at = {file, 0, err};

    while (len > 0) {
        char line[512];
        const char *nl = memchr(text, '\n', len);
        size_t n = nl != NULL ? (size_t)(nl - text) : len;
        at.line++;
        if (n >= sizeof line) {
            return ncm_fail(err, NCM_INVALID_DATA, _("%s:%d: the line is too long"), file, at.line);
        }
        memcpy(line, text, n);
        line[n] = '\0';
        if (!read_line(&at, line, is_base, out)) {
            return false;
        }
        n += nl != NULL;
        text += n;
        len -= n;
    }
    return true;
}

bool theme_parse(const char *file, const char *text, size_t len, struct theme *out,
                 struct ncm_err *err)
{
    struct theme t;
    const char *dark = builtin_text("dark");

    memset(&t, 0, sizeof t);
    if (!parse_lines("dark", dark, strlen(dark), true, &t, err) ||
        !parse_lines(file, text, len, false, &t, err)) {
        return false;
    }
    *out = t;
    return true;
}
