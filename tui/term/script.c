#include "term/script.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "term/internal.h"
#include "term/screen.h"

enum { MAX_SCRIPT = 1 << 20, WAIT_MS = 10000 };

enum step_kind {
    STEP_KEY,
    STEP_WAIT,
    STEP_GONE,
    STEP_PASTE,
    STEP_RESIZE,
    STEP_SAVE,
    STEP_PAUSE,
    STEP_QUIT
};

struct step {
    enum step_kind kind;
    int line;
    char *text;
    int ms;
    int key;
    bool alt;
    int rows, cols;
};

static struct {
    char *name;
    struct step *steps;
    size_t n, cap, at;
    bool active;
    int64_t since_ms; /* when the present step began to wait; 0 = not yet */
    struct ncm_err failure;
} s;

/* ---- reading ---- */

static const struct {
    const char *name;
    int key;
} key_names[] = {
    {"Enter", TK_ENTER},  {"CR", TK_ENTER},  {"Esc", TK_ESC},   {"Tab", TK_TAB},
    {"S-Tab", TK_BTAB},   {"Up", TK_UP},     {"Down", TK_DOWN}, {"Left", TK_LEFT},
    {"Right", TK_RIGHT},  {"Home", TK_HOME}, {"End", TK_END},   {"PgUp", TK_PGUP},
    {"PgDn", TK_PGDN},    {"Ins", TK_INS},   {"Del", TK_DEL},   {"Backspace", TK_BACKSPACE},
    {"BS", TK_BACKSPACE}, {"Space", ' '},    {"lt", '<'},       {"gt", '>'},
    {"F1", TK_F1},        {"F2", TK_F2},     {"F3", TK_F3},     {"F4", TK_F4},
    {"F5", TK_F5},        {"F6", TK_F6},     {"F7", TK_F7},     {"F8", TK_F8},
    {"F9", TK_F9},        {"F10", TK_F10},   {"F11", TK_F11},   {"F12", TK_F12},
};

static struct step *add_step(enum step_kind kind, int line)
{
    s.steps = ncm_grow(s.steps, s.n, &s.cap, sizeof *s.steps);
    s.steps[s.n] = (struct step){.kind = kind, .line = line};
    return &s.steps[s.n++];
}

static bool wrong(struct ncm_err *err, int line, const char *what)
{
    return ncm_fail(err, NCM_USAGE, "%s:%d: %s", s.name, line, what);
}

/* <NAME> with len bytes of name. */
static bool named_key(const char *name, size_t len, int line, struct ncm_err *err)
{
    for (size_t i = 0; i < sizeof key_names / sizeof *key_names; i++) {
        if (strlen(key_names[i].name) == len && strncasecmp(key_names[i].name, name, len) == 0) {
            add_step(STEP_KEY, line)->key = key_names[i].key;
            return true;
        }
    }
    if (len == 3 && name[1] == '-' && (name[0] == 'C' || name[0] == 'A') && name[2] > 32) {
        struct step *step = add_step(STEP_KEY, line);
        step->alt = name[0] == 'A';
        step->key = step->alt ? name[2] : name[2] & 31;
        return true;
    }
    ncm_fail(err, NCM_USAGE, _("%s:%d: unknown key <%.*s>"), s.name, line, (int)len, name);
    return ncm_hint(err, "%s",
                    _("keys are characters, <Enter>, <Esc>, <Tab>, <Up>, <F1>, <Space>, "
                      "<C-c>, <lt> and the like"));
}

static bool keys(const char *p, size_t len, int line, struct ncm_err *err)
{
    while (len > 0) {
        const char *close = *p == '<' ? memchr(p, '>', len) : NULL;
        size_t used;
        if (close) {
            if (!named_key(p + 1, (size_t)(close - p - 1), line, err))
                return false;
            used = (size_t)(close - p + 1);
        } else {
            uint32_t cp;
            used = ncm_utf8_decode(p, len, &cp);
            add_step(STEP_KEY, line)->key = cp == '\t' ? TK_TAB : (int)cp;
        }
        p += used;
        len -= used;
    }
    return true;
}

/* "TEXT" at *p; moves *p behind it. NULL where it is not there; the caller frees. */
static char *quoted(const char **p, const char *end)
{
    struct ncm_buf out;
    const char *q = *p;
    if (q == end || *q++ != '"')
        return NULL;
    ncm_buf_init(&out, MAX_SCRIPT);
    for (; q < end && *q != '"'; q++) {
        char c = *q;
        if (c == '\\' && q + 1 < end) {
            c = *++q;
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
        }
        ncm_buf_putc(&out, c);
    }
    if (q == end || memchr(out.p, 0, out.len)) {
        ncm_buf_release(&out);
        return NULL;
    }
    *p = q + 1;
    char *text = ncm_buf_take(&out);
    ncm_buf_release(&out);
    return text;
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* A number of seconds or ms up to a day; false where the text is none. */
static bool number(const char *p, const char *end, double max, double *out)
{
    char text[32];
    if (p == end || (size_t)(end - p) >= sizeof text)
        return false;
    memcpy(text, p, (size_t)(end - p));
    text[end - p] = 0;
    return ncm_parse_double(text, out) && *out >= 0 && *out <= max;
}

static bool text_step(enum step_kind kind, const char *p, const char *end, int line,
                      struct ncm_err *err)
{
    char *text = quoted(&p, end);
    double seconds = WAIT_MS / 1000.0;
    if (!text)
        return wrong(err, line, _("text in double quotes is missing"));
    struct step *step = add_step(kind, line);
    step->text = text;
    p = skip_blanks(p, end);
    if (p < end && (kind == STEP_PASTE || !number(p, end, 86400, &seconds)))
        return wrong(err, line, _("seconds expected after the text"));
    step->ms = (int)(seconds * 1000);
    return true;
}

static bool size_step(const char *p, const char *end, int line, struct ncm_err *err)
{
    const char *x = memchr(p, 'x', (size_t)(end - p));
    double cols, rows;
    if (!x || !number(p, x, 4000, &cols) || !number(x + 1, end, 2000, &rows) || cols < 1 ||
        rows < 1)
        return wrong(err, line, _("a size such as 80x24 expected"));
    struct step *step = add_step(STEP_RESIZE, line);
    step->cols = (int)cols;
    step->rows = (int)rows;
    return true;
}

static bool is_word(const char *p, const char *end, const char *word)
{
    size_t len = strlen(word);
    return (size_t)(end - p) >= len && memcmp(p, word, len) == 0 &&
           (p + len == end || p[len] == ' ' || p[len] == '\t');
}

/* One line without blanks at its ends. */
static bool read_line(const char *p, const char *end, int line, struct ncm_err *err)
{
    static const struct {
        const char *word;
        enum step_kind kind;
    } words[] = {{"wait", STEP_WAIT},       {"gone", STEP_GONE},   {"paste", STEP_PASTE},
                 {"resize", STEP_RESIZE},   {"pause", STEP_PAUSE}, {"quit", STEP_QUIT},
                 {"save-screen", STEP_SAVE}};
    double ms;
    size_t i = 0;
    while (i < sizeof words / sizeof *words && !is_word(p, end, words[i].word))
        i++;
    if (i == sizeof words / sizeof *words)
        return keys(p, (size_t)(end - p), line, err);
    p = skip_blanks(p + strlen(words[i].word), end);
    switch (words[i].kind) {
    case STEP_RESIZE:
        return size_step(p, end, line, err);
    case STEP_PAUSE:
        if (!number(p, end, 86400000, &ms))
            return wrong(err, line, _("milliseconds expected"));
        add_step(STEP_PAUSE, line)->ms = (int)ms;
        return true;
    case STEP_SAVE:
        if (p == end)
            return wrong(err, line, _("the name of a file expected"));
        add_step(STEP_SAVE, line)->text = ncm_strndup(p, (size_t)(end - p));
        return true;
    case STEP_QUIT:
        add_step(STEP_QUIT, line);
        return p == end || wrong(err, line, _("nothing may follow this word"));
    default:
        return text_step(words[i].kind, p, end, line, err);
    }
}

static void forget(void)
{
    for (size_t i = 0; i < s.n; i++)
        ncm_free(s.steps[i].text);
    ncm_free(s.steps);
    ncm_free(s.name);
    memset(&s, 0, sizeof s);
}

bool script_parse(const char *name, const char *text, size_t len, struct ncm_err *err)
{
    const char *end = text + len;
    forget();
    s.name = ncm_strdup(name);
    for (int line = 1; text < end; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        const char *next = stop ? stop + 1 : end;
        if (!stop)
            stop = end;
        while (stop > text && (stop[-1] == ' ' || stop[-1] == '\t' || stop[-1] == '\r'))
            stop--;
        text = skip_blanks(text, stop);
        if (text < stop && *text != '#' && !read_line(text, stop, line, err))
            return false;
        text = next;
    }
    s.active = true;
    return true;
}

bool script_load(const char *path, struct ncm_err *err)
{
    struct ncm_buf text;
    char block[8192];
    size_t n;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!file)
        return ncm_fail(err, NCM_USAGE, _("the script %s cannot be read: %s"), path,
                        strerror(errno));
    ncm_buf_init(&text, MAX_SCRIPT);
    while ((n = fread(block, 1, sizeof block, file)) > 0)
        if (!ncm_buf_add(&text, block, n))
            break;
    bool done = !ferror(file) && !text.full;
    if (file != stdin)
        fclose(file);
    if (!done)
        ncm_fail(err, NCM_USAGE, _("the script %s cannot be read"), path);
    else
        done = script_parse(path, text.p, text.len, err);
    ncm_buf_release(&text);
    return done;
}

/* ---- running ---- */

bool script_active(void)
{
    return s.active;
}

bool script_done(struct ncm_err *err)
{
    if (s.failure.code == NCM_OK)
        return true;
    *err = s.failure;
    return false;
}

bool script_size(int *rows, int *cols)
{
    if (s.n == 0 || s.steps[0].kind != STEP_RESIZE)
        return false;
    *rows = s.steps[0].rows;
    *cols = s.steps[0].cols;
    return true;
}

static int end_script(void)
{
    s.active = false;
    input_quit(0);
    return 0;
}

static void save_screen(const struct step *step)
{
    struct ncm_buf out;
    FILE *file = fopen(step->text, "we");
    ncm_buf_init(&out, 64 << 20);
    term_dump(&out);
    bool done = file && fwrite(out.p, 1, out.len, file) == out.len;
    if (file && fclose(file) != 0)
        done = false;
    if (!done)
        ncm_fail(&s.failure, NCM_IO, _("%s:%d: the screen cannot be saved to %s: %s"), s.name,
                 step->line, step->text, strerror(errno));
    ncm_buf_release(&out);
}

/* Whether the step is over; else *ms tells when to look again at the latest. */
static bool wait_step(const struct step *step, int *ms)
{
    int64_t now = ncm_mono_ms();
    if (s.since_ms == 0)
        s.since_ms = now;
    bool over = now - s.since_ms >= step->ms;
    if (step->kind == STEP_PAUSE) {
        *ms = (int)(s.since_ms + step->ms - now);
        return over;
    }
    /* A picture that is still to be painted would answer for an older one. */
    if (term_can_paint() && screen_shows(step->text) == (step->kind == STEP_WAIT))
        return true;
    *ms = (int)(s.since_ms + step->ms - now);
    if (over && step->kind == STEP_WAIT)
        ncm_fail(&s.failure, NCM_IO, _("%s:%d: \"%s\" did not appear within %g s"), s.name,
                 step->line, step->text, step->ms / 1000.0);
    else if (over)
        ncm_fail(&s.failure, NCM_IO, _("%s:%d: \"%s\" did not go away within %g s"), s.name,
                 step->line, step->text, step->ms / 1000.0);
    return over;
}

static void press(const struct step *step)
{
    if (step->key == 3)
        input_quit(SIGINT); /* as the keyboard's does */
    else
        input_push(&(struct term_event){.kind = TERM_KEY, .key = step->key, .alt = step->alt});
}

int script_step(void)
{
    int ms = -1;
    while (s.active) {
        if (s.at == s.n) {
            s.active = false;
            if (term_state.offscreen)
                return end_script();
            break;
        }
        const struct step *step = &s.steps[s.at];
        switch (step->kind) {
        case STEP_KEY:
            press(step);
            s.at++;
            return 0;
        case STEP_PASTE:
            input_paste(step->text);
            s.at++;
            return 0;
        case STEP_QUIT:
            return end_script();
        case STEP_RESIZE:
            if (term_state.offscreen)
                term_resized(step->rows, step->cols);
            s.at++;
            break;
        case STEP_SAVE:
            if (!term_can_paint())
                return -1;
            save_screen(step);
            s.at++;
            break;
        case STEP_WAIT:
        case STEP_GONE:
        case STEP_PAUSE:
            if (!wait_step(step, &ms))
                return ms < 1 ? 1 : ms;
            s.since_ms = 0;
            s.at++;
            break;
        }
        if (s.failure.code != NCM_OK)
            return end_script();
    }
    return -1;
}
