/* Curses: our picture of the screen handed to it row by row, and what roles look like in its terms.
 * It finds the shortest way from what is shown to what shall be. */
#include <fcntl.h>
#include <langinfo.h>
#include <string.h>
#include <unistd.h>

#define NCURSES_NOMACROS 1
#include <curses.h>

#include "term/color.h"
#include "term/internal.h"
#include "term/screen.h"

enum { MAX_PAIRS = 1024, MAX_COLS = 4096 };

static struct {
    SCREEN *screen;
    FILE *out;
    int colors;
    bool defaults;     /* the terminal's own colours can be asked for */
    bool line_drawing; /* lines by the terminal's alternate character set */
    int cursor;        /* what curs_set was told last */
} d;

/* ---- styles ---- */

static struct role_style styles[N_ROLES];
static bool styled;

struct look {
    bool known;
    attr_t attr;
    int pair;
};

static struct look looks[N_ROLES][N_ROLES + 1];
static struct {
    int fg, bg;
} pairs[MAX_PAIRS];
static int n_pairs;

/* Until a theme is set: no colours, and the selection reversed. */
static void plain_styles(void)
{
    for (int i = 0; i < N_ROLES; i++)
        styles[i] = (struct role_style){RGB_DEFAULT, RGB_DEFAULT, -1, -1, 0, 0};
    styles[ROLE_SELECT].attrs = styles[ROLE_SELECT].mono_attrs = ATTR_REVERSE;
    styled = true;
}

void display_restyle(void)
{
    memset(looks, 0, sizeof looks);
    n_pairs = 0;
}

void term_set_styles(const struct role_style *s)
{
    memcpy(styles, s, sizeof styles);
    styled = true;
    display_restyle();
    term_repaint();
}

static int color_number(uint32_t rgb, int color8, bool background)
{
    if (rgb == RGB_DEFAULT && color8 < 0)
        return -1;
    if (d.colors > 256) /* below 8 it would mean a palette colour */
        return rgb == RGB_DEFAULT ? -1 : rgb < 8 ? 0x010101 : (int)rgb;
    if (d.colors == 256)
        return rgb == RGB_DEFAULT ? -1 : color_nearest_256(rgb, background);
    if (color8 < 0)
        return color_nearest_basic(rgb, background, d.colors);
    return color8 < d.colors ? color8 : color8 & 7;
}

static int pair_of(int fg, int bg)
{
    if (fg < 0 && bg < 0 && d.defaults)
        return 0;
    for (int i = 0; i < n_pairs; i++)
        if (pairs[i].fg == fg && pairs[i].bg == bg)
            return i + 1;
    if (n_pairs == MAX_PAIRS || n_pairs + 1 >= COLOR_PAIRS)
        return 0;
    pairs[n_pairs].fg = fg;
    pairs[n_pairs].bg = bg;
    if (!d.defaults) {
        fg = fg < 0 ? COLOR_WHITE : fg;
        bg = bg < 0 ? COLOR_BLACK : bg;
    }
    return init_extended_pair(n_pairs + 1, fg, bg) == OK ? ++n_pairs : 0;
}

static attr_t attr_of(unsigned attrs)
{
    return (attrs & ATTR_BOLD ? A_BOLD : 0) | (attrs & ATTR_DIM ? A_DIM : 0) |
           (attrs & ATTR_UNDERLINE ? A_UNDERLINE : 0) | (attrs & ATTR_REVERSE ? A_REVERSE : 0) |
           (attrs & ATTR_ITALIC ? A_ITALIC : 0);
}

/* A role laid over another keeps what it does not say itself. */
static struct role_style merged(unsigned role, unsigned over)
{
    struct role_style s = styles[role];
    if (over == ROLE_NONE)
        return s;
    const struct role_style *o = &styles[over];
    if (o->fg != RGB_DEFAULT) {
        s.fg = o->fg;
        s.color8_fg = o->color8_fg;
    }
    if (o->bg != RGB_DEFAULT) {
        s.bg = o->bg;
        s.color8_bg = o->color8_bg;
    }
    s.attrs |= o->attrs;
    s.mono_attrs |= o->mono_attrs;
    return s;
}

static const struct look *look_of(unsigned role, unsigned over)
{
    struct look *l = &looks[role][over == ROLE_NONE ? N_ROLES : over];
    if (l->known)
        return l;
    struct role_style s = merged(role, over);
    l->known = true;
    if (d.colors == 0) {
        l->attr = attr_of(s.mono_attrs);
        return l;
    }
    int fg = color_number(s.fg, s.color8_fg, false), bg = color_number(s.bg, s.color8_bg, true);
    if (d.colors == 8 && s.color8_fg >= 8)
        l->attr |= A_BOLD;
    if (fg >= 0 && fg == bg) /* two colours that this terminal cannot tell apart */
        fg = bg == COLOR_BLACK || bg == COLOR_BLUE ? COLOR_WHITE : COLOR_BLACK;
    l->attr |= attr_of(s.attrs);
    l->pair = pair_of(fg, bg);
    return l;
}

/* ---- rows ---- */

/* The alternate character set's letter for a line, 0 for other characters. */
static wchar_t line_letter(uint32_t cp)
{
    switch (cp) {
    case 0x2500:
        return L'q';
    case 0x2502:
        return L'x';
    case 0x250C:
        return L'l';
    case 0x2510:
        return L'k';
    case 0x2514:
        return L'm';
    case 0x2518:
        return L'j';
    case 0x251C:
        return L't';
    case 0x2524:
        return L'u';
    case 0x252C:
        return L'w';
    case 0x2534:
        return L'v';
    case 0x253C:
        return L'n';
    default:
        return 0;
    }
}

static void cell_to_curses(const struct cell *c, cchar_t *out)
{
    wchar_t text[2 + CELL_MARKS] = {0};
    const struct look *l = look_of(c->role, c->over);
    attr_t attr = l->attr | attr_of(c->attrs);
    int pair = l->pair;
    for (int i = 0; i <= CELL_MARKS; i++)
        text[i] = (wchar_t)c->ch[i];
    if (c->ch[0] >= 0x2500 && c->ch[0] <= 0x253C && !ncm_text_utf8()) {
        wchar_t letter = line_letter(c->ch[0]);
        if (d.line_drawing && letter)
            attr |= A_ALTCHARSET;
        text[0] = d.line_drawing && letter ? letter
                  : c->ch[0] == 0x2500     ? L'-'
                  : c->ch[0] == 0x2502     ? L'|'
                                           : L'+';
    }
    setcchar(out, text, attr, 0, &pair);
}

static void send_row(const struct screen *s, int y)
{
    static cchar_t line[MAX_COLS + 1];
    const struct cell *row = screen_row(s, y);
    int n = 0;
    for (int x = 0; x < s->cols && n < MAX_COLS; x++)
        if (row[x].width > 0)
            cell_to_curses(&row[x], &line[n++]);
    mvwadd_wchnstr(stdscr, y, 0, line, n);
}

void display_update(bool force)
{
    const struct screen *back = screen_back(), *front = screen_front();
    size_t size = (size_t)back->cols * sizeof *back->cells;
    if (force)
        clearok(curscr, TRUE);
    for (int y = 0; y < back->rows; y++)
        if (force || memcmp(screen_row(back, y), screen_row(front, y), size) != 0)
            send_row(back, y);
    if (d.cursor != back->cursor_visible) {
        d.cursor = back->cursor_visible;
        curs_set(d.cursor);
    }
    wmove(stdscr, back->cursor_y, back->cursor_x);
    wnoutrefresh(stdscr);
    doupdate();
}

/* ---- open and close ---- */

/* Terminals that people really have and whose entry is often missing on the far side of an ssh:
 * all of them understand what xterm-256color says. */
static bool is_like_xterm(const char *term)
{
    static const char *const names[] = {"xterm",   "alacritty", "foot",   "kitty",   "ghostty",
                                        "wezterm", "tmux",      "screen", "konsole", "vte",
                                        "gnome",   "contour",   "rio",    "iterm",   "st-256"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(term, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static bool open_as(const char *term)
{
    if (!display_knows(term, fileno(d.out)))
        return false;
    /* The size comes from the terminal, never from LINES and COLUMNS. */
    use_env(FALSE);
    use_tioctl(TRUE);
    d.screen = newterm(term, d.out, stdin);
    return d.screen != NULL;
}

/* xterm-256color → xterm-direct. */
static bool open_direct(const char *term)
{
    char name[64];
    size_t len = strcspn(term, "-");
    if (len + sizeof "-direct" > sizeof name)
        return false;
    memcpy(name, term, len);
    memcpy(name + len, "-direct", sizeof "-direct");
    return open_as(name) || (strncmp(term, "xterm", 5) == 0 && open_as("xterm-direct"));
}

static void start_colors(bool color)
{
    d.colors = 0;
    if (!color || !has_colors() || start_color() != OK)
        return;
    d.defaults = use_default_colors() == OK;
    d.colors = COLORS >= 1 << 24 ? 1 << 24 : COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : 8;
    if (COLORS < 8)
        d.colors = 0;
}

bool display_open(const char *term, int fd, bool color, bool truecolor)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    d.out = own < 0 ? NULL : fdopen(own, "w");
    if (!d.out) {
        if (own >= 0)
            close(own);
        return false;
    }
    if (!((truecolor && color && open_direct(term)) || open_as(term) ||
          (is_like_xterm(term) && open_as("xterm-256color")))) {
        fclose(d.out);
        d.out = NULL;
        return false;
    }
    cbreak();
    noecho();
    nonl();
    typeahead(-1);
    d.cursor = 0;
    curs_set(0);
    start_colors(color);
    d.line_drawing = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    if (!styled)
        plain_styles();
    display_restyle();

    /* No key is the line discipline's: a ^C inside pasted text must not end the program, and a
     * stop by ^S looks like a hang. */
    struct termios modes;
    if (tcgetattr(fd, &modes) == 0) {
        modes.c_iflag &= (tcflag_t) ~(IXON | IXOFF);
        modes.c_lflag &= (tcflag_t) ~(IEXTEN | ISIG);
        tcsetattr(fd, TCSANOW, &modes);
        def_prog_mode();
    }
    return true;
}

void display_cut_off(void)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0) {
        dup3(null, display_fd(), O_CLOEXEC);
        close(null);
    }
}

void display_close(void)
{
    if (!d.screen)
        return;
    endwin();
    /* Without a screen of its own the last picture stays: the shell goes on below it. */
    char *own_screen = tigetstr((char *)(uintptr_t) "smcup");
    if (!own_screen || own_screen == (char *)-1) {
        fputs("\n", d.out);
        fflush(d.out);
    }
    delscreen(d.screen);
    fclose(d.out);
    d.screen = NULL;
    d.out = NULL;
    d.colors = 0;
}

void display_leave(void)
{
    endwin();
}

void display_enter(void)
{
    reset_prog_mode();
    /* Curses takes the screen back with its first update, and sets modes on its descriptor: that
     * must happen here, not inside a frame. */
    werase(stdscr);
    clearok(curscr, TRUE);
    wnoutrefresh(stdscr);
    doupdate();
    d.cursor = 0;
    curs_set(0);
}

void display_resize(int rows, int cols)
{
    resize_term(rows, cols);
}

int display_fd(void)
{
    return fileno(d.out);
}

int display_colors(void)
{
    return d.colors;
}
