/* The first start without a store: what to do, and the demo. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ui/inside.h"
#include "ui/wrap.h"

/* Makes the workspace, then keeps its runs training until the program ends. */
struct demo {
    pthread_t thread;
    int bell;
    volatile int stop;
    bool taken;
    char *path;
    bool ok;
    struct ncm_err err;
};

static void *demo_thread(void *arg)
{
    struct demo *d = arg;
    struct ncm_err err;
    uint64_t one = 1;

    d->ok = ncm_demo_make(NULL, &d->path, &d->err);
    if (write(d->bell, &one, sizeof one) < 0 || !d->ok) {
        return NULL;
    }
    ncm_demo_train(d->path, &d->stop, &err);
    return NULL;
}

void demo_start(struct ui *ui)
{
    sigset_t all, old;

    for (size_t i = 0; i < ui->n_worlds; i++) {
        if (ui->worlds[i]->demo) {
            world_show(ui, ui->worlds[i]);
            return;
        }
    }
    if (ui->demo != NULL) {
        return;
    }
    struct demo *d = ncm_alloc(1, sizeof *d);
    d->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigfillset(&all);
    /* but a fault must reach its handler, which puts the terminal back */
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGABRT);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are the screen's */
    bool started = d->bell >= 0 && pthread_create(&d->thread, NULL, demo_thread, d) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!started) {
        if (d->bell >= 0) {
            close(d->bell);
        }
        ncm_free(d);
        ui_message(ui, UI_BAD, _("the demo cannot be started"));
        return;
    }
    ui->demo = d;
    ui_message(ui, UI_INFO, _("making the demo workspace…"));
}

void cluster_start(struct ui *ui)
{
    struct ncm_session_options o = ui->o.session;
    struct ncm_err err;

    o.need = NCM_NEED_NOTHING;
    if (!world_open(ui, &o, NULL, false, &err)) {
        ui_error(ui, &err);
    }
}

int demo_bell(const struct ui *ui)
{
    return ui->demo != NULL && !ui->demo->taken ? ui->demo->bell : -1;
}

void demo_poll(struct ui *ui)
{
    struct demo *d = ui->demo;
    uint64_t count;
    struct ncm_err err;

    if (d == NULL || d->taken || read(d->bell, &count, sizeof count) < 0) {
        return;
    }
    d->taken = true;
    message_clear(ui);
    if (!d->ok) {
        ui_error(ui, &d->err);
        demo_stop(ui);
        return;
    }
    struct ncm_session_options o = ui->o.session;
    char *config = ncm_demo_config(d->path);
    o.store = NULL;
    o.config = config;
    o.context = "demo";
    if (!world_open(ui, &o, NULL, true, &err)) {
        ui_error(ui, &err);
    }
    ncm_free(config);
    ui_dirty(ui);
}

void demo_stop(struct ui *ui)
{
    struct demo *d = ui->demo;

    if (d == NULL) {
        return;
    }
    __atomic_store_n(&d->stop, 1, __ATOMIC_RELAXED);
    pthread_join(d->thread, NULL);
    close(d->bell);
    ncm_free(d->path);
    ncm_free(d);
    ui->demo = NULL;
}

void start_screen_draw(struct ui *ui, const struct canvas *c)
{
    static const struct {
        const char *how, *what;
    } ways[] = {
        {":ctx", N_("a context of your configuration")}, /* where it has one */
        {"cd PROJECT && ncmlops", N_("opens the mlflow.db or mlruns that lies there")},
        {"ncmlops --store PATH", N_("an SQLite store or a folder anywhere")},
        {"ncmlops --store https://HOST", N_("a tracking server")},
        {"MLFLOW_TRACKING_URI=…", N_("the variable MLflow's own client reads")},
        {"ncmlops config init", N_("writes a configuration with a context")},
    };
    size_t first = ui->config != NULL && ui->config->n_contexts > 0 ? 0 : 1;
    int w = c->w > 76 ? 76 : c->w - 2;
    int x = (c->w - w) / 2, y = c->h > 18 ? 3 : c->h > 10 ? 1 : 0;

    paint(c, y, x, ROLE_HEAD, 0, _("No tracking store yet"));
    y += 1;
    /* what lies here and cannot be opened, before anything else */
    if (ui->start_why.detail[0] != '\0') {
        y += wrap_paint(c, y, x, w, c->h - y, ROLE_WARN, ui->start_why.what);
        y += wrap_paint(c, y, x, w, c->h - y, ROLE_TEXT, ui->start_why.hint);
        y += c->h > 12;
    }
    y += wrap_paint(c, y, x, w, c->h - y, ROLE_DIM,
                    _("ncmlops opens the store your training already writes: no server, no "
                      "import, nothing to configure."));
    y += c->h > 12;
    for (size_t i = first; i < sizeof ways / sizeof *ways && y < c->h; i++, y++) {
        paint(c, y, x, ROLE_KEY, 0, ways[i].how);
        if (w >= 70) {
            paint_cut(c, y, x + 32, w - 32, 0, ROLE_KEYTEXT, 0, _(ways[i].what));
        }
    }
    y += c->h > 12;
    if (y < c->h) {
        int at = x;
        at += paint(c, y, at, ROLE_BAR_ON, 0, " D ") + 1;
        paint(c, y, at, ROLE_TEXT, ATTR_BOLD,
              _("opens a demo: models, runs that train, everything to try"));
    }
    paint_cursor(c, y < c->h ? y : 0, x, false);
    if (ui->start_offer != NULL && y + 1 < c->h) {
        char *text =
            ncm_sprintf(_("what runs in the cluster of the kubeconfig (%s)"), ui->start_offer);
        int at = x + paint(c, y + 1, x, ROLE_BAR_ON, 0, " 4 ") + 1;
        paint_cut(c, y + 1, at, w - 4, 0, ROLE_TEXT, 0, text);
        ncm_free(text);
    }
}
