#include "term/term.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "term/internal.h"
#include "term/screen.h"
#include "term/script.h"

enum { MIN_ROWS = 8, MIN_COLS = 40, MAX_ROWS = 2000, MAX_COLS = 4000 };

#define ASK_BACKGROUND "\033]11;?\a"

struct term_state term_state = {.in_fd = -1, .out_fd = -1, .async_fd = -1};
static struct termios shell_modes;
static pid_t owner;

/* ---- size ---- */

int term_rows(void)
{
    return screen_back()->rows;
}

int term_cols(void)
{
    return screen_back()->cols;
}

bool term_too_small(void)
{
    return term_rows() < MIN_ROWS || term_cols() < MIN_COLS;
}

bool term_read_size(int *rows, int *cols)
{
    struct winsize ws;
    if (term_state.offscreen || ioctl(term_state.out_fd, TIOCGWINSZ, &ws) != 0 || ws.ws_row == 0 ||
        ws.ws_col == 0)
        return false;
    *rows = ws.ws_row < MAX_ROWS ? ws.ws_row : MAX_ROWS;
    *cols = ws.ws_col < MAX_COLS ? ws.ws_col : MAX_COLS;
    return true;
}

void term_resized(int rows, int cols)
{
    bool same = rows == term_rows() && cols == term_cols();
    if (!same) {
        screen_size(rows, cols);
        if (!term_state.offscreen)
            display_resize(rows, cols);
        input_push(&(struct term_event){.kind = TERM_RESIZE});
    }
    term_repaint();
}

/* ---- start ---- */

static bool is_set(const char *name)
{
    const char *v = getenv(name);
    return v && *v;
}

static bool wants_truecolor(void)
{
    const char *v = getenv("COLORTERM");
    return v && (strcmp(v, "truecolor") == 0 || strcmp(v, "24bit") == 0);
}

bool term_says_light(void)
{
    const char *v = getenv("COLORFGBG"); /* "0;15": foreground; perhaps more; background */
    const char *last = v ? strrchr(v, ';') : NULL;
    int n = last && last[1] >= '0' && last[1] <= '9' ? (int)strtol(last + 1, NULL, 10) : 0;
    return n == 7 || (n >= 9 && n <= 15);
}

static enum term_ladder choose_ladder(const char *plot, const char *term)
{
    if (!ncm_text_utf8() || (plot && strcmp(plot, "ascii") == 0))
        return LADDER_ASCII;
    if (plot && strcmp(plot, "quadrant") == 0)
        return LADDER_QUADRANT;
    if (plot && strcmp(plot, "braille") == 0)
        return LADDER_BRAILLE;
    return term && strcmp(term, "linux") == 0 ? LADDER_QUADRANT : LADDER_BRAILLE;
}

static void open_screen(int rows, int cols)
{
    screen_size(rows, cols);
    term_state.on = true;
    input_open();
    frame_open();
}

void term_start_offscreen(int rows, int cols)
{
    term_state.offscreen = true;
    term_state.gone = false;
    term_state.colors = 256;
    term_state.ladder = choose_ladder(term_state.options.plot, NULL);
    open_screen(rows, cols);
}

/* Another open file description of the terminal, so that O_NONBLOCK is ours alone. */
static int open_async(void)
{
    const char *name = ttyname(STDOUT_FILENO);
    int fd = name ? open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    if (fd < 0)
        fd = open("/dev/tty", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

static void close_all(void)
{
    if (term_state.async_fd >= 0)
        close(term_state.async_fd);
    if (term_state.out_fd >= 0)
        close(term_state.out_fd);
    term_state.async_fd = term_state.out_fd = term_state.in_fd = -1;
}

static void modes_on(void)
{
    static const char paste_focus[] = "\033[?2004h\033[?1004h";
    static const char mouse[] = "\033[?1000h\033[?1006h";
    frame_raw(paste_focus, sizeof paste_focus - 1);
    if (term_state.options.mouse)
        frame_raw(mouse, sizeof mouse - 1);
}

static void modes_off(void)
{
    ssize_t ignored = write(term_state.out_fd, TERM_MODES_OFF, sizeof TERM_MODES_OFF - 1);
    (void)ignored;
}

static bool open_tty(const char *term, struct ncm_err *err)
{
    term_state.in_fd = STDIN_FILENO;
    term_state.out_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    term_state.async_fd = open_async();
    if (term_state.out_fd < 0 || term_state.async_fd < 0 ||
        tcgetattr(term_state.out_fd, &shell_modes) != 0)
        return ncm_fail(err, NCM_IO, _("the terminal cannot be opened: %s"), strerror(errno));
    bool color = term_state.options.color != TERM_COLOR_NEVER && !is_set("NO_COLOR");
    if (!display_open(term, term_state.out_fd, color, wants_truecolor())) {
        ncm_fail(err, NCM_USAGE, _("the terminal type \"%s\" is not known on this machine"), term);
        return ncm_hint(err, "%s",
                        _("try TERM=xterm-256color, or the commands that need no "
                          "screen: ncmlops --help"));
    }
    return true;
}

static bool no_screen(struct ncm_err *err, const char *what)
{
    ncm_fail(err, NCM_USAGE, "%s", what);
    return ncm_hint(err, "%s",
                    _("the commands need no screen: ncmlops runs, ncmlops models, "
                      "ncmlops --help"));
}

bool term_start(const struct term_options *o, struct ncm_err *err)
{
    const char *term = getenv("TERM");
    static bool registered;
    int rows = 24, cols = 80;
    term_state.options = *o;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        if (!script_active())
            return no_screen(err, _("the dashboard needs a terminal for input and output"));
        script_size(&rows, &cols);
        term_start_offscreen(rows, cols);
        return signals_on(err);
    }
    if (!term || !*term || strcmp(term, "dumb") == 0)
        return no_screen(err, _("this terminal cannot show a dashboard (TERM is unset or dumb)"));
    term_state.offscreen = term_state.gone = false;
    if (!open_tty(term, err) || !signals_on(err)) {
        display_close();
        close_all();
        return false;
    }
    crash_arm(term_state.out_fd, &shell_modes);
    owner = getpid();
    if (!registered)
        registered = atexit(term_stop) == 0;
    term_state.colors = display_colors();
    term_state.ladder = choose_ladder(o->plot, term);
    term_read_size(&rows, &cols);
    open_screen(rows, cols);
    display_resize(rows, cols);
    modes_on();
    /* the Linux console would print the question */
    if (o->ask_background && strcmp(term, "linux") != 0)
        frame_raw(ASK_BACKGROUND, sizeof ASK_BACKGROUND - 1);
    return true;
}

enum term_ladder term_ladder(void)
{
    return ncm_text_utf8() ? term_state.ladder : LADDER_ASCII;
}

int term_colors(void)
{
    return term_state.colors;
}

/* ---- stop ---- */

/* The last words of a line that is stuck: they may still fit, and nobody waits for them. */
static void cut_off(void)
{
    ssize_t ignored = write(term_state.async_fd, TERM_MODES_OFF TERM_SCREEN_OFF,
                            sizeof TERM_MODES_OFF TERM_SCREEN_OFF - 1);
    (void)ignored;
    display_cut_off();
}

void term_stop(void)
{
    if (!term_state.on)
        return;
    if (!term_state.offscreen) {
        if (owner != getpid())
            return; /* a forked child runs our exit handlers: the screen is not its own */
        bool takes = frame_drain();
        if (takes)
            modes_off();
        else
            cut_off();
        display_close();
        tcsetattr(term_state.out_fd, takes ? TCSADRAIN : TCSANOW, &shell_modes);
        crash_disarm();
    }
    term_state.on = false;
    signals_off();
    frame_close();
    input_close();
    close_all();
    screen_release();
}

/* false where the line is stuck: then nothing can be left either. */
static bool leave(void)
{
    if (!frame_drain())
        return false;
    modes_off();
    display_leave();
    return true;
}

static void enter(void)
{
    int rows, cols;
    display_enter();
    modes_on();
    if (term_read_size(&rows, &cols))
        term_resized(rows, cols);
    term_repaint();
    input_push(&(struct term_event){.kind = TERM_RESUMED});
}

void term_continued(void)
{
    if (!term_state.on || term_state.offscreen || term_state.gone)
        return;
    if (leave())
        enter();
    else
        term_repaint();
}

void term_suspend(void)
{
    if (!term_state.on || term_state.offscreen || !leave())
        return;
    signals_stop_self();
    enter();
}

int term_run(const char *const *argv)
{
    extern char **environ;
    posix_spawnattr_t attr;
    sigset_t set;
    pid_t pid;
    int status = -1;
    if (!term_state.on || term_state.offscreen || !leave())
        return -1;
    signals_for_child(true);
    posix_spawnattr_init(&attr);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attr, &set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGPIPE);
    posix_spawnattr_setsigdefault(&attr, &set);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failed = posix_spawnp(&pid, argv[0], NULL, &attr, (char *const *)(uintptr_t)argv, environ);
    posix_spawnattr_destroy(&attr);
    if (failed == 0) {
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    signals_for_child(false);
    enter();
    return status;
}

/* ---- beside the screen ---- */

void term_bell(void)
{
    frame_raw("\a", 1);
}

void term_title(const char *text)
{
    struct ncm_buf out;
    ncm_buf_init(&out, 1024);
    ncm_buf_puts(&out, "\033]2;");
    ncm_text_clean(&out, text, strnlen(text, 200), NCM_CLEAN_LINE);
    ncm_buf_putc(&out, '\a');
    frame_raw(out.p, out.len);
    ncm_buf_release(&out);
}

static void add_base64(struct ncm_buf *out, const char *p, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t v = 0;
        for (size_t j = 0; j < 3; j++)
            v = v << 8 | (i + j < len ? (unsigned char)p[i + j] : 0);
        for (size_t j = 0; j < 4; j++)
            ncm_buf_putc(out, i + j <= len ? digits[v >> (18 - 6 * j) & 63] : '=');
    }
}

void term_ring(void)
{
    frame_raw("\a", 1);
}

void term_copy(const char *text)
{
    enum { MAX_COPY = 74994 / 4 * 3 };
    size_t len = strlen(text);
    struct ncm_buf out;
    if (len > MAX_COPY) {
        len = MAX_COPY;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    ncm_buf_init(&out, 1 << 20);
    ncm_buf_puts(&out, "\033]52;c;");
    add_base64(&out, text, len);
    ncm_buf_putc(&out, '\a');
    if (is_set("TMUX")) { /* also through tmux to the terminal around it, where that is allowed */
        ncm_buf_puts(&out, "\033Ptmux;\033\033]52;c;");
        add_base64(&out, text, len);
        ncm_buf_puts(&out, "\a\033\\");
    }
    frame_raw(out.p, out.len);
    ncm_buf_release(&out);
}
