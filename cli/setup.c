/* Commands about the program itself: doctor, demo, version. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "out.h"

/* ---- version -------------------------------------------------------------------------------- */

static void version_json(struct ncm_json *j, const void *item)
{
    (void)item;
    ncm_json_obj(j);
    cli_json_text(j, "version", NCM_VERSION);
    ncm_json_end_obj(j);
}

static void version_text(struct ncm_buf *out, const void *item)
{
    (void)item;
    ncm_buf_puts(out, "ncmlops " NCM_VERSION "\n");
}

bool cli_version(struct cli *c, struct ncm_err *err)
{
    struct cli_object o = {.item = c, .json = version_json, .text = version_text};
    return cli_print_object(c, &o, err);
}

/* ---- doctor --------------------------------------------------------------------------------- */

static const char *state_word(enum ncm_check_state s)
{
    return s == NCM_CHECK_OK ? "ok" : s == NCM_CHECK_WARN ? "warn" : "fail";
}

static void check_json(struct ncm_json *j, const void *item)
{
    const struct ncm_check *k = item;
    ncm_json_obj(j);
    cli_json_text(j, "name", k->name);
    cli_json_text(j, "state", state_word(k->state));
    cli_json_text(j, "message", k->what);
    cli_json_text(j, "hint", k->hint);
    ncm_json_end_obj(j);
}

static const char *state_sign(enum ncm_check_state s)
{
    if (!ncm_text_utf8()) {
        return s == NCM_CHECK_OK ? "+" : s == NCM_CHECK_WARN ? "!" : "x";
    }
    return s == NCM_CHECK_OK ? "●" : s == NCM_CHECK_WARN ? "▲" : "✖";
}

static void print_checks(const struct ncm_check *checks, size_t n)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 1024 * 1024);
    for (size_t i = 0; i < n; i++) {
        const struct ncm_check *k = &checks[i];
        ncm_buf_printf(&b, "%s %-11s ", state_sign(k->state), k->name);
        ncm_text_clean(&b, k->what, strlen(k->what), NCM_CLEAN_LINE);
        if (k->hint != NULL) {
            ncm_buf_puts(&b, "  (");
            ncm_text_clean(&b, k->hint, strlen(k->hint), NCM_CLEAN_LINE);
            ncm_buf_puts(&b, ")");
        }
        ncm_buf_putc(&b, '\n');
    }
    fwrite(b.p, 1, b.len, stdout);
    ncm_buf_release(&b);
}

static void add_check(struct ncm_check **checks, size_t *n, enum ncm_check_state state,
                      const char *name, const char *what, const char *hint)
{
    *checks = ncm_resize(*checks, *n + 1, sizeof **checks);
    (*checks)[(*n)++] = (struct ncm_check){.state = state,
                                           .name = ncm_strdup(name),
                                           .what = ncm_strdup(what),
                                           .hint = ncm_strdup(hint)};
}

static void terminal_check(struct ncm_check **checks, size_t *n)
{
    const char *term = getenv("TERM");
    char *what = ncm_sprintf(_("TERM is %s, %s"), term != NULL ? term : _("not set"),
                             ncm_text_utf8() ? "UTF-8" : "ASCII");
    if (term == NULL || strcmp(term, "dumb") == 0) {
        add_check(checks, n, NCM_CHECK_WARN, "terminal", what,
                  _("the dashboard needs a terminal that can place text"));
    } else {
        add_check(checks, n, NCM_CHECK_OK, "terminal", what,
                  ncm_text_utf8() ? NULL : _("LANG=C.UTF-8 draws finer curves"));
    }
    ncm_free(what);
}

/* Says after a moment, to a person at a terminal, that a lock is being waited for. */
struct waiting {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool started, done;
};

static void *tell_waiting(void *arg)
{
    struct waiting *w = arg;
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += 1;
    pthread_mutex_lock(&w->lock);
    while (!w->done && pthread_cond_timedwait(&w->over, &w->lock, &at) == 0) {}
    if (!w->done) {
        fputs(_("waiting for a lock…"), stderr);
        fflush(stderr);
        while (!w->done) {
            pthread_cond_wait(&w->over, &w->lock);
        }
        fputs("\r\033[K", stderr);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void waiting_begin(struct waiting *w, const struct cli *c)
{
    *w = (struct waiting){0};
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->over, NULL);
    w->started = !c->quiet && isatty(STDERR_FILENO) &&
                 pthread_create(&w->thread, NULL, tell_waiting, w) == 0;
}

static void waiting_end(struct waiting *w)
{
    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->over);
    pthread_mutex_unlock(&w->lock);
    if (w->started) {
        pthread_join(w->thread, NULL);
    }
    pthread_cond_destroy(&w->over);
    pthread_mutex_destroy(&w->lock);
}

bool cli_doctor(struct cli *c, struct ncm_err *err)
{
    struct ncm_check *checks = NULL;
    size_t n = 0;
    struct ncm_err closed;
    if (cli_session(c, &closed) != NULL) {
        struct waiting w;
        waiting_begin(&w, c);
        ncm_doctor(c->session, &checks, &n);
        waiting_end(&w);
    } else {
        add_check(&checks, &n, NCM_CHECK_FAIL, "store", closed.what,
                  closed.hint[0] != '\0' ? closed.hint : NULL);
    }
    terminal_check(&checks, &n);
    for (size_t i = 0; i < n; i++) {
        c->status = checks[i].state == NCM_CHECK_FAIL ? 1 : c->status;
    }
    bool ok = true;
    if (c->form == CLI_TABLE) {
        print_checks(checks, n);
    } else {
        struct cli_array array = {checks, sizeof *checks};
        struct cli_list l = {.n = n, .ctx = &array, .at = cli_array_at, .json = check_json};
        ok = cli_print_list(c, &l, err);
    }
    ncm_checks_free(checks, n);
    return ok;
}

/* ---- demo ----------------------------------------------------------------------------------- */

static volatile int companion_stop;

static void on_stop(int signal_number)
{
    (void)signal_number;
    companion_stop = 1;
}

static void catch_stop(int signal_number)
{
    struct sigaction sa = {.sa_handler = on_stop};
    sigemptyset(&sa.sa_mask);
    sigaction(signal_number, &sa, NULL);
}

/* Keeps two runs training while the screen is open; started before there is any thread. */
static pid_t start_companion(const char *path)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    struct ncm_err err;
    catch_stop(SIGTERM);
    catch_stop(SIGINT);
    catch_stop(SIGHUP);
    _exit(ncm_demo_train(path, &companion_stop, &err) ? 0 : 1);
}

static void stop_companion(pid_t pid)
{
    if (pid > 0) {
        kill(pid, SIGTERM);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    }
}

struct demo_place {
    const char *path;
};

static void demo_json(struct ncm_json *j, const void *item)
{
    const struct demo_place *p = item;
    char *uri = ncm_sprintf("sqlite:///%s", p->path);
    ncm_json_obj(j);
    cli_json_text(j, "path", p->path);
    cli_json_text(j, "uri", uri);
    ncm_json_end_obj(j);
    ncm_free(uri);
}

static void demo_text(struct ncm_buf *out, const void *item)
{
    const struct demo_place *p = item;
    ncm_buf_printf(out, _("The demo workspace is ready: %s"), p->path);
    ncm_buf_putc(out, '\n');
    char *config = ncm_demo_config(p->path);
    ncm_buf_printf(out, _("Open it with: ncmlops --config %s"), config);
    ncm_buf_putc(out, '\n');
    ncm_free(config);
}

static void demo_would_be_text(struct ncm_buf *out, const void *item)
{
    const struct demo_place *p = item;
    ncm_buf_printf(out, "%s\n  ", _("Nothing is done (--dry-run). It would be:"));
    ncm_text_clean(out, p->path, strlen(p->path), NCM_CLEAN_LINE);
    ncm_buf_putc(out, '\n');
}

static bool demo_would_be(struct cli *c, struct ncm_err *err)
{
    char *path = ncm_demo_path(cli_value(c, "dir"));
    struct demo_place place = {path};
    struct cli_object o = {.item = &place, .json = demo_json, .text = demo_would_be_text};
    bool ok = cli_print_object(c, &o, err);
    ncm_free(path);
    return ok;
}

bool cli_demo(struct cli *c, struct ncm_err *err)
{
    char *path;
    if (!cli_may_write(c, err)) {
        return false;
    }
    if (c->dry_run) {
        return demo_would_be(c, err);
    }
    if (!ncm_demo_make(cli_value(c, "dir"), &path, err)) {
        return false;
    }
    bool screen =
        c->script != NULL || (!c->form_given && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO));
    bool ok;
    if (screen) {
        pid_t companion = start_companion(path);
        char *config = ncm_demo_config(path);
        c->store = NULL;
        c->context = "demo";
        c->config = config;
        ok = cli_open_screen(c, true, err);
        c->config = c->context = NULL;
        ncm_free(config);
        stop_companion(companion);
    } else {
        struct demo_place place = {path};
        struct cli_object o = {.item = &place, .json = demo_json, .text = demo_text};
        ok = cli_print_object(c, &o, err);
    }
    c->store = NULL;
    ncm_free(path);
    return ok;
}
