/* What doctor asks: whether everything in the folder can be read, and whether others' changes are
 * told of. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/i18n.h"
#include "provider/mlflow_files/mlflow_files.h"
#include "provider/mlflow_files/watch.h"

struct exam {
    ncm_check_fn say;
    void *to;
    struct ncm_conn *c;
};

static void say(const struct exam *x, enum ncm_check_state state, const char *name, char *what,
                const char *hint)
{
    x->say(x->to, state, name, what, hint);
    ncm_free(what);
}

static bool read_all(const struct exam *x, const struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_fetch f = {.control = *control};
    struct ncm_conn *c = x->c;
    if (!files_scan_experiments(c, control, err))
        return false;
    for (size_t i = 0; i < c->n_experiments; i++)
        c->experiments[i]->wanted = c->experiments[i]->there && c->experiments[i]->ok;
    return files_list_runs(c, err) && files_scan_runs(c, &f, err);
}

static void say_runs(const struct exam *x, const struct ncm_control *control)
{
    struct ncm_err err;
    if (!read_all(x, control, &err)) {
        x->say(x->to, NCM_CHECK_FAIL, "runs", err.what, err.hint[0] != '\0' ? err.hint : NULL);
        return;
    }
    size_t n = 0;
    char *why;
    for (size_t i = 0; i < x->c->n_runs; i++)
        n += x->c->runs[i]->there && x->c->runs[i]->ok;
    size_t left_out = files_left_out(x->c, &why);
    if (left_out == 0)
        say(x, NCM_CHECK_OK, "runs", ncm_sprintf(_("all %zu can be read"), n), NULL);
    else
        say(x, NCM_CHECK_WARN, "runs",
            ncm_sprintf(_("%zu can be read, %zu meta.yaml files cannot be used; the first: %s"), n,
                        left_out, why),
            _("MLflow leaves these out too: repair or remove the files"));
    ncm_free(why);
}

static void say_watch(const struct exam *x)
{
    if (files_is_remote(x->c->root))
        say(x, NCM_CHECK_WARN, "watch",
            ncm_strdup(_("the folder lies on a network: changes show within seconds, not at once")),
            NULL);
    else
        say(x, NCM_CHECK_OK, "watch", ncm_strdup(_("the kernel tells of changes")), NULL);
}

static void say_writable(const struct exam *x)
{
    if (access(x->c->root, W_OK | X_OK) == 0)
        say(x, NCM_CHECK_OK, "permissions", ncm_strdup(_("this user may write to the folder")),
            NULL);
    else
        say(x, NCM_CHECK_WARN, "permissions",
            ncm_strdup(errno == EROFS ? _("it lies on a read-only file system")
                                      : _("this user may not write to the folder")),
            _("everything can be looked at, nothing changed"));
}

void files_examine(const struct ncm_place *place, const struct ncm_control *control,
                   ncm_check_fn fn, void *to)
{
    struct exam x = {.say = fn, .to = to};
    struct ncm_control own = *control;
    struct ncm_err err;
    if (!ncm_mlflow_files.open(place, &x.c, &own, &err)) {
        fn(to, NCM_CHECK_FAIL, "store", err.what, err.hint[0] != '\0' ? err.hint : NULL);
        return;
    }
    say_runs(&x, control);
    say_writable(&x);
    say_watch(&x);
    ncm_mlflow_files.close(x.c);
}
