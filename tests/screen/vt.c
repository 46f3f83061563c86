#include "screen/vt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "screen/vt_inside.h"

enum { USUAL_MS = 3000 };

/* ---- time and failure ---- */

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t deadline(int ms)
{
    const char *slow = getenv("NCMLOPS_TEST_SLOW");
    long factor = slow ? strtol(slow, NULL, 10) : 1;
    return now_ms() + (int64_t)(ms > 0 ? ms : USUAL_MS) * (factor > 0 ? factor : 1);
}

static void keep_raw(const struct vt *vt)
{
    char path[PATH_MAX];
    const char *dir = getenv("out");
    if (!dir)
        return;
    snprintf(path, sizeof path, "%s/screen-%d.raw", dir, (int)vt->pid);
    FILE *f = fopen(path, "w");
    if (!f)
        return;
    fwrite(vt->raw, 1, vt->raw_len, f);
    fclose(f);
    fprintf(stderr, "the raw stream is in %s\n", path);
}

static void fail_at(struct vt *vt, const char *file, int line, const char *what, const char *text)
{
    fprintf(stderr, "%s:%d: %s: %s%s\n", file, line, what, text,
            vt->ended ? " (the program has ended)" : "");
    vt_dump(vt, stderr);
    keep_raw(vt);
    if (!vt->ended)
        kill(vt->pid, SIGKILL);
    _fail(file, line);
}

/* ---- libvterm's news ---- */

static int on_cursor(VTermPos pos, VTermPos old, int visible, void *user)
{
    struct vt *vt = user;
    (void)old;
    (void)visible;
    vt->cursor = pos;
    return 1;
}

static int on_prop(VTermProp prop, VTermValue *value, void *user)
{
    struct vt *vt = user;
    if (prop == VTERM_PROP_ALTSCREEN)
        vt->alternate = value->boolean;
    else if (prop == VTERM_PROP_CURSORVISIBLE)
        vt->cursor_visible = value->boolean;
    return 1;
}

static const VTermScreenCallbacks callbacks = {.movecursor = on_cursor, .settermprop = on_prop};

/* ---- start and end ---- */

const char *vt_program(void)
{
    const char *path = getenv("NCMLOPS_BIN");
    return path && *path ? path : "build/ncmlops";
}

static void clean_environment(const char *const *env)
{
    static const char *const gone[] = {"LINES",
                                       "COLUMNS",
                                       "NO_COLOR",
                                       "COLORTERM",
                                       "TMUX",
                                       "LANG",
                                       "LANGUAGE",
                                       "NCMLOPS_NOW",
                                       "NCMLOPS_CONTEXT",
                                       "NCMLOPS_LOG",
                                       "MLFLOW_TRACKING_URI",
                                       "MLFLOW_REGISTRY_URI",
                                       "XDG_CONFIG_HOME",
                                       "XDG_STATE_HOME",
                                       "XDG_CACHE_HOME",
                                       "VISUAL",
                                       "EDITOR",
                                       "BROWSER"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        unsetenv(gone[i]);
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    for (size_t i = 0; env && env[i]; i++) {
        const char *equals = strchr(env[i], '=');
        char name[128];
        if (!equals) {
            unsetenv(env[i]);
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int)(equals - env[i]), env[i]);
        setenv(name, equals + 1, 1);
    }
}

static _Noreturn void run_child(const char *const *env, const char *const *argv)
{
    sigset_t none;
    const char *path = strcmp(argv[0], "ncmlops") == 0 ? vt_program() : argv[0];
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    clean_environment(env);
    execvp(path, (char *const *)(uintptr_t)argv);
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    _exit(127);
}

struct vt *vt_spawn(int rows, int cols, const char *const *env, const char *const *argv)
{
    struct winsize ws = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    struct vt *vt = calloc(1, sizeof *vt);
    assert_non_null(vt);
    vt->rows = rows;
    vt->cols = cols;
    vt->term = vterm_new(rows, cols);
    vterm_set_utf8(vt->term, 1);
    vt->screen = vterm_obtain_screen(vt->term);
    vterm_screen_set_callbacks(vt->screen, &callbacks, vt);
    vterm_screen_enable_altscreen(vt->screen, 1);
    vt->cursor_visible = true;
    vterm_screen_reset(vt->screen, 1);
    vt->pid = forkpty(&vt->fd, NULL, NULL, &ws);
    if (vt->pid == 0)
        run_child(env, argv);
    assert_true(vt->pid > 0);
    fcntl(vt->fd, F_SETFL, O_NONBLOCK);
    fcntl(vt->fd, F_SETFD, FD_CLOEXEC);
    return vt;
}

pid_t vt_pid(const struct vt *vt)
{
    return vt->pid;
}

static void reap(struct vt *vt, bool block)
{
    if (!vt->ended && waitpid(vt->pid, &vt->status, block ? 0 : WNOHANG) == vt->pid)
        vt->ended = true;
}

static int release(struct vt *vt)
{
    int status = vt->status;
    if (vt->fd >= 0)
        close(vt->fd);
    vterm_free(vt->term);
    free(vt->raw);
    for (size_t i = 0; i < sizeof vt->lines / sizeof *vt->lines; i++)
        free(vt->lines[i]);
    free(vt);
    return status;
}

void vt_kill(struct vt *vt)
{
    reap(vt, false);
    if (!vt->ended)
        kill(vt->pid, SIGKILL);
    reap(vt, true);
    release(vt);
}

void vt_hang_up(struct vt *vt)
{
    close(vt->fd);
    vt->fd = -1;
}

/* ---- the stream ---- */

static void keep(struct vt *vt, const char *bytes, size_t len)
{
    if (vt->raw_len + len > vt->raw_cap) {
        vt->raw_cap = (vt->raw_len + len) * 2;
        vt->raw = realloc(vt->raw, vt->raw_cap);
        assert_non_null(vt->raw);
    }
    memcpy(vt->raw + vt->raw_len, bytes, len);
    vt->raw_len += len;
}

static void write_all(struct vt *vt, const char *bytes, size_t len)
{
    int64_t until = deadline(0);
    while (len > 0 && vt->fd >= 0 && now_ms() < until) {
        ssize_t n = write(vt->fd, bytes, len);
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            poll(&(struct pollfd){.fd = vt->fd, .events = POLLOUT}, 1, 20);
        } else {
            return; /* it has gone; the next wait says so */
        }
    }
}

/* The terminal's answers to what it was asked. */
static void answer(struct vt *vt)
{
    char bytes[1024];
    size_t n;
    while ((n = vterm_output_read(vt->term, bytes, sizeof bytes)) > 0)
        if (!vt->silent)
            write_all(vt, bytes, n);
}

bool vt_pump(struct vt *vt, int ms)
{
    char bytes[65536];
    struct pollfd p = {.fd = vt->stalled ? -1 : vt->fd, .events = POLLIN};
    poll(&p, 1, ms);
    ssize_t n = p.fd < 0 ? -1 : read(vt->fd, bytes, sizeof bytes);
    if (n <= 0) {
        reap(vt, false);
        return false;
    }
    keep(vt, bytes, (size_t)n);
    vterm_input_write(vt->term, bytes, (size_t)n);
    vterm_screen_flush_damage(vt->screen);
    answer(vt);
    return true;
}

int vt_close_(struct vt *vt, const char *file, int line)
{
    int64_t until = deadline(0);
    while (!vt->ended && now_ms() < until)
        if (!vt_pump(vt, 10) && vt->fd < 0)
            poll(NULL, 0, 5);
    if (!vt->ended)
        fail_at(vt, file, line, "the program did not end", "");
    while (vt_pump(vt, 0))
        continue;
    return release(vt);
}

/* ---- keys ---- */

void vt_send_n(struct vt *vt, const char *bytes, size_t len)
{
    while (vt_pump(vt, 0))
        continue;
    write_all(vt, bytes, len);
}

void vt_send(struct vt *vt, const char *bytes)
{
    vt_send_n(vt, bytes, strlen(bytes));
}

void vt_key(struct vt *vt, const char *name)
{
    static const struct {
        const char *name, *bytes;
    } keys[] = {
        {"Up", "\033OA"},      {"Down", "\033OB"},  {"Right", "\033OC"}, {"Left", "\033OD"},
        {"Home", "\033OH"},    {"End", "\033OF"},   {"PgUp", "\033[5~"}, {"PgDn", "\033[6~"},
        {"Enter", "\r"},       {"Esc", "\033"},     {"Tab", "\t"},       {"S-Tab", "\033[Z"},
        {"Backspace", "\177"}, {"Del", "\033[3~"},  {"Space", " "},      {"F1", "\033OP"},
        {"F2", "\033OQ"},      {"F3", "\033OR"},    {"F4", "\033OS"},    {"F5", "\033[15~"},
        {"F6", "\033[17~"},    {"F7", "\033[18~"},  {"F8", "\033[19~"},  {"F9", "\033[20~"},
        {"F10", "\033[21~"},   {"F11", "\033[23~"}, {"F12", "\033[24~"},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            vt_send(vt, keys[i].bytes);
            return;
        }
    }
    if (strncmp(name, "C-", 2) == 0 && name[2] && !name[3])
        vt_send_n(vt, &(char){(char)(name[2] & 31)}, 1);
    else
        vt_send(vt, name);
}

void vt_paste(struct vt *vt, const char *text)
{
    vt_send(vt, "\033[200~");
    vt_send(vt, text);
    vt_send(vt, "\033[201~");
}

void vt_resize(struct vt *vt, int rows, int cols)
{
    struct winsize ws = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    vt->rows = rows;
    vt->cols = cols;
    vterm_set_size(vt->term, rows, cols);
    ioctl(vt->fd, TIOCSWINSZ, &ws);
}

void vt_silent(struct vt *vt, bool silent)
{
    vt->silent = silent;
}

void vt_stall(struct vt *vt, bool stalled)
{
    vt->stalled = stalled;
}

/* ---- waiting ---- */

void vt_wait_for_(struct vt *vt, bool (*pred)(struct vt *vt, void *ctx), void *ctx, int ms,
                  const char *what, const char *file, int line)
{
    int64_t until = deadline(ms);
    while (vt_pump(vt, 0))
        continue;
    while (!pred(vt, ctx)) {
        bool came = vt_pump(vt, 20);
        if (!came && (now_ms() >= until || (vt->ended && !pred(vt, ctx))))
            fail_at(vt, file, line, "waited in vain for", what);
    }
}

struct wanted {
    const char *text;
    bool there;
    size_t n;
};

static bool text_is(struct vt *vt, void *ctx)
{
    const struct wanted *w = ctx;
    return vt_has(vt, w->text) == w->there;
}

static bool raw_is(struct vt *vt, void *ctx)
{
    const struct wanted *w = ctx;
    return vt_saw(vt, w->text);
}

static bool frames_are(struct vt *vt, void *ctx)
{
    const struct wanted *w = ctx;
    return vt_frames(vt) >= w->n;
}

void vt_wait_(struct vt *vt, const char *text, int ms, bool there, const char *file, int line)
{
    struct wanted w = {.text = text, .there = there};
    char what[300];
    snprintf(what, sizeof what, "%s\"%s\"", there ? "" : "the end of ", text);
    vt_wait_for_(vt, text_is, &w, ms, what, file, line);
}

void vt_wait_raw_(struct vt *vt, const char *raw, int ms, const char *file, int line)
{
    struct wanted w = {.text = raw};
    vt_wait_for_(vt, raw_is, &w, ms, raw, file, line);
}

void vt_wait_frame_(struct vt *vt, size_t n, int ms, const char *file, int line)
{
    struct wanted w = {.n = n};
    vt_wait_for_(vt, frames_are, &w, ms, "a frame", file, line);
}

void vt_wait_quiet(struct vt *vt, int quiet_ms)
{
    int64_t until = deadline(0);
    while (vt_pump(vt, quiet_ms) && now_ms() < until)
        continue;
}
